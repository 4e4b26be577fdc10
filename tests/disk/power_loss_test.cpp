// The power fails before any call by which epochs are written, and what is on the disk afterwards is whatever POSIX
// allows: an epoch that was promised is there, and one that was not is whole or not there at all.
#include <gtest/gtest.h>

#include <functional>
#include <set>
#include <string>

#include "conclave/node/epoch_files.hpp"
#include "conclave/node/storage.hpp"
#include "faulty_files.hpp"
#include "memory_disk.hpp"

namespace conclave::node {
namespace {

using model::Durable;
using model::PeerEpoch;

struct PowerLoss {};

const std::string data_dir = "/var/zk";

// What a server does from election to election. With two digits and one, a torn number shows: it is another one.
constexpr std::int64_t epochs[] = {9, 10, 127};

// What the world has been told (`promised`), and what the write under way would make of it (`next`).
struct Progress {
  Durable promised;
  Durable next;
};

void establish(EpochFiles& files, Progress& progress, PeerEpoch epoch) {
  progress.next.accepted_epoch = epoch;
  files.write_accepted(epoch);
  progress.promised = progress.next;
  progress.next.current_epoch = epoch;
  files.write_current(epoch);
  progress.promised = progress.next;
}

// Runs until the power fails before call `last`, or to the end. True: it has failed.
bool run(MemoryDisk& disk, Progress& progress, int last) {
  FaultyFiles files(disk, [&](int number, FileCall) -> std::error_code {
    if (number == last) throw PowerLoss{};
    return {};
  });
  try {
    DiskEpochFiles epoch_files(data_dir, files);
    const std::int64_t done = progress.promised.current_epoch.value;
    for (const std::int64_t epoch : epochs) {
      if (epoch > done) establish(epoch_files, progress, PeerEpoch{epoch});
    }
    return false;
  } catch (const PowerLoss&) {
    return true;
  }
}

std::string show(const tl::expected<Durable, std::string>& found) {
  if (!found) return found.error();
  return "acceptedEpoch " + std::to_string(found->accepted_epoch.value) + ", currentEpoch " +
         std::to_string(found->current_epoch.value);
}

// What is wrong with what a server finds; empty: nothing.
std::string complaint(const tl::expected<Durable, std::string>& found, const Progress& progress) {
  if (found && (*found == progress.promised || *found == progress.next)) return "";
  return "promised: " + show(progress.promised) + "; found: " + show(found);
}

TEST(PowerLoss, WhateverIsOnTheDiskIsTheOldEpochOrTheNew) {
  int states = 0;
  for (int last = 1;; ++last) {
    MemoryDisk disk;
    Progress progress;
    const bool failed = run(disk, progress, last);
    for (const Tree& tree : disk.after_power_loss()) {
      ++states;
      MemoryDisk found(tree);
      ASSERT_EQ(complaint(read_epochs(data_dir, found), progress), "") << "before call " << last;
    }
    if (!failed) break;
  }
  EXPECT_GT(states, 150);
}

// The second time it fails while what the first has left is put in order.
TEST(PowerLoss, TwiceInARow) {
  for (int first = 1;; ++first) {
    MemoryDisk disk;
    Progress progress;
    if (!run(disk, progress, first)) break;
    for (const Tree& tree : disk.after_power_loss()) {
      for (int second = 1;; ++second) {
        MemoryDisk again(tree);
        Progress later;
        later.promised = later.next = read_epochs(data_dir, again).value();
        const bool failed = run(again, later, second);
        for (const Tree& left : again.after_power_loss()) {
          MemoryDisk found(left);
          ASSERT_EQ(complaint(read_epochs(data_dir, found), later), "") << "before call " << first << ", " << second;
        }
        if (!failed) break;
      }
    }
  }
}

// The process is killed, so that all it did can be seen, and yet not all of it is on the disk. Who starts from that
// must not lose it any more.
TEST(PowerLoss, AfterAKill) {
  for (int last = 1;; ++last) {
    MemoryDisk disk;
    Progress progress;
    if (!run(disk, progress, last)) break;
    const auto found = read_epochs(data_dir, disk);
    ASSERT_EQ(complaint(found, progress), "");
    const DiskEpochFiles started(data_dir, disk);
    for (const Tree& tree : disk.after_power_loss()) {
      MemoryDisk again(tree);
      ASSERT_EQ(show(read_epochs(data_dir, again)), show(found)) << "before call " << last;
    }
  }
}

// Files that forget something, each in its own way. The search above has to see each of them.
class Careless : public FileSystem {
 public:
  enum class Mistake { none, files_not_synced, folders_not_synced, written_in_place };
  Careless(FileSystem& real, Mistake mistake) : real_(real), mistake_(mistake) {}

  Result<std::optional<std::string>> read(const std::string& path, std::size_t bytes_max) override {
    return real_.read(path, bytes_max);
  }
  Result<bool> exists(const std::string& path) override { return real_.exists(path); }
  std::error_code make_folder(const std::string& path) override { return real_.make_folder(path); }
  Result<int> create(const std::string& path) override {
    std::string place = path;
    if (mistake_ == Mistake::written_in_place) place.resize(path.rfind('.'));
    const auto file = real_.create(place);
    if (file && mistake_ == Mistake::files_not_synced) unsynced_.insert(*file);
    return file;
  }
  Result<int> open_folder(const std::string& path) override {
    const auto file = real_.open_folder(path);
    if (file && mistake_ == Mistake::folders_not_synced) unsynced_.insert(*file);
    return file;
  }
  Result<std::size_t> write(int file, std::string_view text) override { return real_.write(file, text); }
  std::error_code sync(int file) override { return unsynced_.count(file) > 0 ? std::error_code() : real_.sync(file); }
  std::error_code rename(const std::string& from, const std::string& to) override {
    return mistake_ == Mistake::written_in_place ? std::error_code() : real_.rename(from, to);
  }
  void close(int file) override {
    unsynced_.erase(file);
    real_.close(file);
  }

 private:
  FileSystem& real_;
  Mistake mistake_;
  std::set<int> unsynced_;
};

// Only between the epochs, with the first start behind it. The first complaint.
std::string first_complaint(Careless::Mistake mistake) {
  for (int last = 1;; ++last) {
    MemoryDisk disk({true, "", {{"var", {true, "", {{"zk", {}}}}}}});
    DiskEpochFiles first_start(data_dir, disk);
    Careless careless(disk, mistake);
    FaultyFiles files(careless, [&](int number, FileCall) -> std::error_code {
      if (number == last) throw PowerLoss{};
      return {};
    });
    Progress progress;
    bool failed = false;
    try {
      DiskEpochFiles epoch_files(data_dir, files);
      for (const std::int64_t epoch : epochs) establish(epoch_files, progress, PeerEpoch{epoch});
    } catch (const PowerLoss&) {
      failed = true;
    }
    for (const Tree& tree : disk.after_power_loss()) {
      MemoryDisk found(tree);
      const std::string wrong = complaint(read_epochs(data_dir, found), progress);
      if (!wrong.empty()) return wrong;
    }
    if (!failed) return "";
  }
}

TEST(PowerLoss, EachCarelessnessIsNoticed) {
  EXPECT_EQ(first_complaint(Careless::Mistake::none), "");
  EXPECT_NE(first_complaint(Careless::Mistake::files_not_synced), "");
  EXPECT_NE(first_complaint(Careless::Mistake::folders_not_synced), "");
  EXPECT_NE(first_complaint(Careless::Mistake::written_in_place), "");
}

// A folder that is not synced into its own vanishes with all that is in it.
TEST(PowerLoss, TheFirstFolderIsThereForGood) {
  MemoryDisk disk({true, "", {{"var", {true, "", {{"zk", {}}}}}}});
  Progress progress;
  ASSERT_FALSE(run(disk, progress, 0));
  const auto trees = disk.after_power_loss();
  ASSERT_EQ(trees.size(), 1U);
  MemoryDisk found(*trees.begin());
  EXPECT_EQ(complaint(read_epochs(data_dir, found), progress), "");
}

TEST(PowerLoss, EachCallThatFailsIsSaidAndPromisesNothing) {
  const std::errc reasons[] = {std::errc::no_space_on_device, std::errc::io_error, std::errc::read_only_file_system};
  for (const std::errc reason : reasons) {
    for (int last = 1;; ++last) {
      MemoryDisk disk;
      Progress progress;
      FaultyFiles files(disk, [&](int number, FileCall) {
        return number == last ? std::make_error_code(reason) : std::error_code();
      });
      std::string said;
      try {
        DiskEpochFiles epoch_files(data_dir, files);
        for (const std::int64_t epoch : epochs) establish(epoch_files, progress, PeerEpoch{epoch});
      } catch (const WriteFailed& failure) {
        said = failure.what();
      }
      if (files.calls() < last) break;
      EXPECT_NE(said.find(std::make_error_code(reason).message()), std::string::npos) << last << " " << said;
      EXPECT_EQ(said.find("/"), 0U) << "which file? " << said;
      // Nothing is tried again: after a failed sync nobody knows what is on the disk.
      EXPECT_EQ(files.calls(), last);
      for (const Tree& tree : disk.after_power_loss()) {
        MemoryDisk found(tree);
        ASSERT_EQ(complaint(read_epochs(data_dir, found), progress), "") << last;
      }
    }
  }
}

}  // namespace
}  // namespace conclave::node
