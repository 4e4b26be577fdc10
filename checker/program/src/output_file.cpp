#include "conclave/check/output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

namespace conclave::check {
namespace {

namespace fs = std::filesystem;

std::string failed(const std::string& path, int error) { return path + ": " + std::strerror(error); }

// Closes at the end of its life; close() tells whether the kernel was content.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  [[nodiscard]] int number() const { return number_; }
  int close() {
    const int closed = ::close(number_);
    number_ = -1;
    return closed;
  }

 private:
  int number_;
};

// 0, or an errno.
int write_all(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

mode_t mode_for(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) == 0) return found.st_mode & 07777U;
  // The only way to ask for the mask is to set it; nobody else makes files here.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  return 0666U & ~mask;
}

std::optional<std::string> write_directly(const std::string& path, std::string_view content) {
  Descriptor file(::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
  if (file.number() < 0) return failed(path, errno);
  if (const int error = write_all(file.number(), content); error != 0) return failed(path, error);
  if (file.close() != 0) return failed(path, errno);
  return std::nullopt;
}

// Names outlive a power failure only when their folder is on the disk too; a file system that can't do it is no reason
// to fail.
void sync_folder(const fs::path& folder) {
  const Descriptor opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (opened.number() >= 0) ::fsync(opened.number());
}

}  // namespace

std::string resolved(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(path, error);
  return error ? path : real.string();
}

bool is_no_regular_file(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode);
}

std::optional<std::string> write_whole(const std::string& path, std::string_view content) {
  if (is_no_regular_file(path)) return write_directly(path, content);
  const fs::path target = resolved(path);
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  const std::string pattern = (folder / ("." + target.filename().string() + ".XXXXXX")).string();
  std::vector<char> name(pattern.begin(), pattern.end());
  name.push_back('\0');
  Descriptor file(::mkostemp(name.data(), O_CLOEXEC));
  if (file.number() < 0) return failed(path, errno);
  int error = write_all(file.number(), content);
  if (error == 0 && ::fchmod(file.number(), mode_for(target.string())) != 0) error = errno;
  if (error == 0 && ::fsync(file.number()) != 0) error = errno;
  if (file.close() != 0 && error == 0) error = errno;
  if (error == 0 && ::rename(name.data(), target.c_str()) != 0) error = errno;
  if (error == 0) {
    sync_folder(folder);
    return std::nullopt;
  }
  ::unlink(name.data());
  return failed(path, error);
}

std::optional<std::string> why_not_writable(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) == 0) {
    if (S_ISDIR(found.st_mode)) return failed(path, EISDIR);
    if (!S_ISREG(found.st_mode)) {
      if (::access(path.c_str(), W_OK) != 0) return failed(path, errno);
      return std::nullopt;
    }
  }
  const fs::path target = resolved(path);
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  if (::stat(folder.c_str(), &found) != 0) return failed(path, errno);
  if (!S_ISDIR(found.st_mode)) return failed(path, ENOTDIR);
  if (::access(folder.c_str(), W_OK | X_OK) != 0) return failed(path, errno);
  return std::nullopt;
}

std::optional<std::string> wrong_with_output(const std::string& option, const std::string& path,
                                             const std::vector<std::string>& inputs, const std::string& which) {
  for (const std::string& input : inputs) {
    std::error_code error;
    if (!fs::equivalent(path, input, error) || error) continue;
    return option + ": found " + path + ", which " + which + "; expected another file";
  }
  if (const auto wrong = why_not_writable(path)) return option + ": can't write " + *wrong;
  return std::nullopt;
}

}  // namespace conclave::check
