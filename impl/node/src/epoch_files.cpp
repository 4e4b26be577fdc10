#include "conclave/node/epoch_files.hpp"

#include <filesystem>
#include <string_view>

#include "conclave/node/storage.hpp"

namespace conclave::node {
namespace {

[[noreturn]] void fail(const std::string& path, const char* what, const std::error_code& error) {
  throw WriteFailed(path + ": can't " + what + ": " + error.message());
}

class Descriptor {
 public:
  Descriptor(FileSystem& files, const std::string& path, FileSystem::Result<int> opened)
      : files_(files), path_(path), number_(opened.value_or(-1)) {
    if (!opened) fail(path, "be opened", opened.error());
  }
  ~Descriptor() { files_.close(number_); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  void write(std::string_view text) const {
    while (!text.empty()) {
      const auto count = files_.write(number_, text);
      if (!count) fail(path_, "be written", count.error());
      text.remove_prefix(*count);
    }
  }
  void sync() const {
    if (const auto error = files_.sync(number_)) fail(path_, "be synced", error);
  }

 private:
  FileSystem& files_;
  const std::string& path_;
  int number_;
};

}  // namespace

DiskEpochFiles::DiskEpochFiles(const std::string& data_dir, FileSystem& files)
    : files_(files), folder_(data_dir + "/version-2") {
  make_folder(data_dir);
  make_folder(folder_);
  const auto found = read_epochs(data_dir, files);
  if (!found) throw WriteFailed(found.error());
  // Also where both are there: whoever wrote them may have ended before they were on the disk for good. In this order:
  // currentEpoch 0 alone is a first start that was cut short, and nothing has been promised.
  replace("currentEpoch", found->current_epoch);
  replace("acceptedEpoch", found->accepted_epoch);
}

void DiskEpochFiles::write_accepted(model::PeerEpoch epoch) { replace("acceptedEpoch", epoch); }
void DiskEpochFiles::write_current(model::PeerEpoch epoch) { replace("currentEpoch", epoch); }

bool DiskEpochFiles::exists(const std::string& path) {
  const auto found = files_.exists(path);
  if (!found) fail(path, "be looked for", found.error());
  return *found;
}

// With the folders above it. A folder that is not in its own folder for good takes with it whatever is in it, so that
// is synced; where the folder is there already too, for whoever made it may have been killed before.
void DiskEpochFiles::make_folder(const std::string& path) {
  const std::string above = std::filesystem::path(path).parent_path().string();
  const bool there = exists(path);
  if (!there) {
    if (!above.empty() && above != path) make_folder(above);
    const auto error = files_.make_folder(path);
    if (error && error != std::errc::file_exists) fail(path, "be made", error);
  }
  const std::string synced = above.empty() ? "." : above;
  const auto opened = files_.open_folder(synced);
  // /home need not be readable for who lives there.
  if (there && !opened && opened.error() == std::errc::permission_denied) return;
  Descriptor(files_, synced, opened).sync();
}

void DiskEpochFiles::replace(const std::string& name, model::PeerEpoch epoch) {
  const std::string path = folder_ + "/" + name;
  if (epoch.value > epoch_last) {
    throw WriteFailed(path + ": can't be " + std::to_string(epoch.value) + ": the last epoch that there is was used");
  }
  const std::string fresh = path + ".tmp";
  {
    const Descriptor file(files_, fresh, files_.create(fresh));
    file.write(std::to_string(epoch.value));
    file.sync();
  }
  if (const auto error = files_.rename(fresh, path)) fail(path, "be replaced", error);
  Descriptor(files_, folder_, files_.open_folder(folder_)).sync();
}

}  // namespace conclave::node
