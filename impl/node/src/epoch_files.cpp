#include "conclave/node/epoch_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace conclave::node {
namespace {

[[noreturn]] void fail(const std::string& what, const std::string& path) {
  throw WriteFailed(path + ": can't " + what + ": " + std::strerror(errno));
}

class Descriptor {
 public:
  Descriptor(const std::string& path, int flags)
      : path_(path), number_(::open(path.c_str(), flags | O_CLOEXEC, 0644)) {
    if (number_ < 0) fail("open", path);
  }
  ~Descriptor() { ::close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  void write(const std::string& text) const {
    for (std::size_t done = 0; done < text.size();) {
      const ssize_t count = ::write(number_, text.data() + done, text.size() - done);
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) fail("write", path_);
      done += static_cast<std::size_t>(count);
    }
  }
  void sync() const {
    if (::fsync(number_) != 0) fail("sync", path_);
  }

 private:
  std::string path_;
  int number_;
};

}  // namespace

DiskEpochFiles::DiskEpochFiles(const std::string& data_dir) : folder_(data_dir + "/version-2") {
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  if (error) throw WriteFailed(folder_ + ": can't be made: " + error.message());
  // In this order: currentEpoch 0 alone is a first start that was cut short, and nothing has been promised.
  if (!std::filesystem::exists(folder_ + "/currentEpoch")) replace("currentEpoch", model::PeerEpoch{0});
  if (!std::filesystem::exists(folder_ + "/acceptedEpoch")) replace("acceptedEpoch", model::PeerEpoch{0});
}

void DiskEpochFiles::write_accepted(model::PeerEpoch epoch) { replace("acceptedEpoch", epoch); }
void DiskEpochFiles::write_current(model::PeerEpoch epoch) { replace("currentEpoch", epoch); }

void DiskEpochFiles::replace(const std::string& name, model::PeerEpoch epoch) {
  const std::string path = folder_ + "/" + name;
  const std::string fresh = path + ".tmp";
  {
    const Descriptor file(fresh, O_WRONLY | O_CREAT | O_TRUNC);
    file.write(std::to_string(epoch.value));
    file.sync();
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) fail("replace", path);
  Descriptor(folder_, O_RDONLY | O_DIRECTORY).sync();
}

}  // namespace conclave::node
