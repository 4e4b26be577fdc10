// Where promises are kept: acceptedEpoch and currentEpoch.
#pragma once

#include <stdexcept>
#include <string>

#include "conclave/model/types.hpp"
#include "conclave/node/file_system.hpp"

namespace conclave::node {

// The upper half of a zxid, and an int of Java's where servers tell each other.
inline constexpr std::int64_t epoch_last = 0x7fffffff;

// An epoch could not be written. Whoever promises it all the same may break a promise after a crash, so the process
// has to end.
class WriteFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// When a call returns, the epoch survives a crash; before, the old one does. Throws WriteFailed.
class EpochFiles {
 public:
  EpochFiles() = default;
  virtual ~EpochFiles() = default;
  EpochFiles(const EpochFiles&) = delete;
  EpochFiles& operator=(const EpochFiles&) = delete;
  virtual void write_accepted(model::PeerEpoch epoch) = 0;  // QuorumPeer.setAcceptedEpoch
  virtual void write_current(model::PeerEpoch epoch) = 0;   // QuorumPeer.setCurrentEpoch
};

// DIR/version-2/: a new file beside the old one, synced, and put in its place by renaming (AtomicFileOutputStream).
class DiskEpochFiles : public EpochFiles {
 public:
  // Makes the folder where there is none, and writes what read_epochs() finds there, so that from here on it is there
  // for good. Throws WriteFailed, also for what can't be read. `files` must outlive it.
  explicit DiskEpochFiles(const std::string& data_dir, FileSystem& files = operating_system());
  void write_accepted(model::PeerEpoch epoch) override;
  void write_current(model::PeerEpoch epoch) override;

 private:
  bool exists(const std::string& path);
  void make_folder(const std::string& path);
  void replace(const std::string& name, model::PeerEpoch epoch);
  FileSystem& files_;
  std::string folder_;
};

}  // namespace conclave::node
