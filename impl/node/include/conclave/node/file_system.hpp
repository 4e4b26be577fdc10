// The calls to the operating system by which epochs are kept, apart, so that a test can count them, fail them, and end
// the process between any two.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <tl/expected.hpp>

namespace conclave::node {

// Each call is one of the system's (read() a few), does what that does, and gives its error. Threads: as the system's.
class FileSystem {
 public:
  template <class T>
  using Result = tl::expected<T, std::error_code>;

  FileSystem() = default;
  virtual ~FileSystem() = default;
  FileSystem(const FileSystem&) = delete;
  FileSystem& operator=(const FileSystem&) = delete;

  // The first bytes of a file. Nothing: there is no such file; that alone is no error.
  virtual Result<std::optional<std::string>> read(const std::string& path, std::size_t bytes_max) = 0;
  virtual Result<bool> exists(const std::string& path) = 0;
  virtual std::error_code make_folder(const std::string& path) = 0;
  virtual Result<int> create(const std::string& path) = 0;  // for writing; what was in it is gone
  virtual Result<int> open_folder(const std::string& path) = 0;
  virtual Result<std::size_t> write(int file, std::string_view text) = 0;  // how many bytes it has taken
  virtual std::error_code sync(int file) = 0;
  virtual std::error_code rename(const std::string& from, const std::string& to) = 0;
  virtual void close(int file) = 0;
};

// The real one.
[[nodiscard]] FileSystem& operating_system();

}  // namespace conclave::node
