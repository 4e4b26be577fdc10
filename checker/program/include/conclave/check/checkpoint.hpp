// A file from which an exploration goes on.
//
// "conclave checkpoint 1", who made it and what of, as lines of text; a line "--"; the body, numbers as varints; and
// the CRC-32 of all that. The body's numbers are those of the program that wrote it: no other may read them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conclave/check/run.hpp"
#include "conclave/spec/saved_system.hpp"

namespace conclave::check {

// "what: how" for everything that has to be the same for an exploration to go on, the program first.
using Identity = std::vector<std::pair<std::string, std::string>>;
Identity identity_of(const spec::Scenario& scenario, const Request& request);

// Writes a file beside `path` and puts it in its place when it is whole. What was there stays until then, and whatever
// fails nothing else is left. Throws std::system_error.
class CheckpointWriter {
 public:
  CheckpointWriter(const std::string& path, const Identity& identity);
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;
  ~CheckpointWriter();

  void number(std::uint64_t value);
  void bytes(std::string_view value);  // with their length
  // Once, at the end: brings it to the disk, and in its place.
  void finish();

 private:
  void put(std::string_view raw);
  void flush();

  std::string path_;
  std::string name_;  // while it is not in its place
  int descriptor_ = -1;
  std::string buffer_;
  unsigned long crc_ = 0;
};

// Why a file is no checkpoint to go on from, in one sentence.
class BadCheckpoint : public std::exception {
 public:
  explicit BadCheckpoint(std::string why) : why_(std::move(why)) {}
  [[nodiscard]] const char* what() const noexcept override { return why_.c_str(); }

 private:
  std::string why_;
};

class CheckpointReader {
 public:
  // Reads it through once, for its checksum. Throws BadCheckpoint where it is none, not whole, or of something else.
  CheckpointReader(const std::string& path, const Identity& expected);
  CheckpointReader(const CheckpointReader&) = delete;
  CheckpointReader& operator=(const CheckpointReader&) = delete;
  ~CheckpointReader();

  // Each throws BadCheckpoint at the end of the body.
  std::uint64_t number();
  std::string bytes();
  [[nodiscard]] bool over() const { return left_ == 0 && at_ == buffer_.size(); }

 private:
  void check_whole();
  void check_identity(const Identity& expected);
  std::string line();
  char next();

  std::string path_;
  int descriptor_ = -1;
  std::uint64_t left_ = 0;  // of the body and not in the buffer
  std::string buffer_;
  std::size_t at_ = 0;
};

void put(CheckpointWriter& out, const spec::SavedSystem& saved);
spec::SavedSystem get_system(CheckpointReader& in);

}  // namespace conclave::check
