#include "conclave/node/file_system.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace conclave::node {
namespace {

constexpr mode_t folder_mode = 0755;
constexpr mode_t file_mode = 0644;

std::error_code last_error() { return {errno, std::generic_category()}; }

// Again for as long as a signal has interrupted it.
template <class Call>
auto patiently(const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

class OperatingSystem : public FileSystem {
 public:
  Result<std::optional<std::string>> read(const std::string& path, std::size_t bytes_max) override {
    const auto file = open(path, O_RDONLY | O_NONBLOCK);  // or a pipe would keep it waiting for somebody to write
    if (!file && file.error() == std::errc::no_such_file_or_directory) return std::nullopt;
    if (!file) return tl::unexpected(file.error());
    struct stat about {};
    if (::fstat(*file, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode)) {
      ::close(*file);
      return tl::unexpected(std::make_error_code(std::errc::not_supported));
    }
    std::string text(bytes_max, '\0');
    std::size_t size = 0;
    ssize_t count = 0;
    do {
      count = patiently([&] { return ::read(*file, text.data() + size, text.size() - size); });
      if (count > 0) size += static_cast<std::size_t>(count);
    } while (count > 0 && size < text.size());
    const std::error_code error = last_error();
    ::close(*file);
    if (count < 0) return tl::unexpected(error);
    text.resize(size);
    return text;
  }

  Result<bool> exists(const std::string& path) override {
    struct stat about {};
    if (::stat(path.c_str(), &about) == 0) return true;
    if (errno == ENOENT) return false;
    return tl::unexpected(last_error());
  }

  std::error_code make_folder(const std::string& path) override {
    return ::mkdir(path.c_str(), folder_mode) == 0 ? std::error_code() : last_error();
  }

  Result<int> create(const std::string& path) override { return open(path, O_WRONLY | O_CREAT | O_TRUNC); }
  Result<int> open_folder(const std::string& path) override { return open(path, O_RDONLY | O_DIRECTORY); }

  Result<std::size_t> write(int file, std::string_view text) override {
    const ssize_t count = patiently([&] { return ::write(file, text.data(), text.size()); });
    if (count < 0) return tl::unexpected(last_error());
    return static_cast<std::size_t>(count);
  }

  std::error_code sync(int file) override {
    return patiently([&] { return ::fsync(file); }) == 0 ? std::error_code() : last_error();
  }

  std::error_code rename(const std::string& from, const std::string& to) override {
    return std::rename(from.c_str(), to.c_str()) == 0 ? std::error_code() : last_error();
  }

  void close(int file) override { ::close(file); }

 private:
  static Result<int> open(const std::string& path, int flags) {
    const int file = patiently([&] { return ::open(path.c_str(), flags | O_CLOEXEC, file_mode); });
    if (file < 0) return tl::unexpected(last_error());
    return file;
  }
};

}  // namespace

FileSystem& operating_system() {
  static OperatingSystem real;
  return real;
}

}  // namespace conclave::node
