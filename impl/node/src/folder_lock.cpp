#include "conclave/node/folder_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

namespace conclave::node {

tl::expected<FolderLock, std::string> FolderLock::take(const std::string& data_dir) {
  std::error_code unmade;
  std::filesystem::create_directories(data_dir, unmade);
  const int descriptor = ::open(data_dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return tl::unexpected(data_dir + ": can't be opened: " + std::strerror(errno));
  FolderLock lock(descriptor);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return lock;
  if (errno != EWOULDBLOCK) return tl::unexpected(data_dir + ": can't be locked: " + std::strerror(errno));
  return tl::unexpected(data_dir + ": found it in use by another node; expected a dataDir of its own");
}

FolderLock::FolderLock(FolderLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FolderLock& FolderLock::operator=(FolderLock&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

FolderLock::~FolderLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace conclave::node
