// One server in a folder: two would break each other's promises.
#pragma once

#include <string>
#include <tl/expected.hpp>

namespace conclave::node {

// Held until it is destroyed, or the process ends, however it does. Nothing is written: the folder itself is locked
// (flock), so also where it is reached by another name, and on one machine only.
class FolderLock {
 public:
  // Makes the folder where there is none. The error is a sentence: it is in use, or can't be opened.
  [[nodiscard]] static tl::expected<FolderLock, std::string> take(const std::string& data_dir);

  FolderLock(FolderLock&& other) noexcept;
  FolderLock& operator=(FolderLock&& other) noexcept;
  ~FolderLock();

 private:
  explicit FolderLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace conclave::node
