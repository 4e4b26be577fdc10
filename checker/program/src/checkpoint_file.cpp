#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "conclave/check/checkpoint.hpp"
#include "conclave/check/output_file.hpp"

namespace conclave::check {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view first_line = "conclave checkpoint 1";
constexpr std::string_view last_line = "--";
constexpr std::size_t crc_bytes = 4;
constexpr std::size_t chunk = std::size_t{1} << 18U;
constexpr std::size_t line_max = 4096;

unsigned long crc_of(unsigned long before, const char* data, std::size_t size) {
  return ::crc32_z(before, reinterpret_cast<const Bytef*>(data), size);
}

// Fills the buffer as far as the file goes.
std::size_t read_some(int descriptor, const std::string& path, char* data, std::size_t size) {
  std::size_t got = 0;
  while (got < size) {
    const ssize_t some = ::read(descriptor, data + got, size - got);
    if (some < 0 && errno == EINTR) continue;
    if (some < 0) throw std::system_error(errno, std::generic_category(), path);
    if (some == 0) break;
    got += static_cast<std::size_t>(some);
  }
  return got;
}

}  // namespace

CheckpointWriter::CheckpointWriter(const std::string& path, const Identity& identity) : path_(resolved(path)) {
  const fs::path target(path_);
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  name_ = (folder / ("." + target.filename().string() + ".XXXXXX")).string();
  descriptor_ = ::mkostemp(name_.data(), O_CLOEXEC);
  if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), path_);
  put(std::string(first_line) + "\n");
  for (const auto& [what, how] : identity) put(fmt::format("{}: {}\n", what, how));
  put(std::string(last_line) + "\n");
}

CheckpointWriter::~CheckpointWriter() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(name_.c_str());
}

void CheckpointWriter::number(std::uint64_t value) {
  std::array<char, 10> digits{};
  std::size_t count = 0;
  for (; value >= 0x80U; value >>= 7U) digits[count++] = static_cast<char>((value & 0x7fU) | 0x80U);
  digits[count++] = static_cast<char>(value);
  put({digits.data(), count});
}

void CheckpointWriter::bytes(std::string_view value) {
  number(value.size());
  put(value);
}

void CheckpointWriter::put(std::string_view raw) {
  buffer_ += raw;
  if (buffer_.size() >= chunk) flush();
}

void CheckpointWriter::flush() {
  crc_ = crc_of(crc_, buffer_.data(), buffer_.size());
  for (std::string_view rest = buffer_; !rest.empty();) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw std::system_error(errno, std::generic_category(), path_);
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
}

void CheckpointWriter::finish() {
  flush();
  for (std::size_t i = 0; i < crc_bytes; ++i) buffer_.push_back(static_cast<char>(crc_ >> (8 * i) & 0xffU));
  flush();
  const mode_t mask = ::umask(0);  // the only way to ask for it is to set it; nobody else makes files now
  ::umask(mask);
  const bool kept = ::fchmod(descriptor_, 0666U & ~mask) == 0 && ::fsync(descriptor_) == 0 &&
                    ::rename(name_.c_str(), path_.c_str()) == 0;
  if (!kept) throw std::system_error(errno, std::generic_category(), path_);
  ::close(descriptor_);
  descriptor_ = -1;
  // That the name outlives a power failure: a file system that can't do it is no reason to fail.
  const fs::path folder = fs::path(path_).has_parent_path() ? fs::path(path_).parent_path() : fs::path(".");
  const int opened = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return;
  ::fsync(opened);
  ::close(opened);
}

CheckpointReader::CheckpointReader(const std::string& path, const Identity& expected) : path_(path) {
  descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) throw BadCheckpoint(fmt::format("{}: {}", path, std::system_category().message(errno)));
  try {
    check_whole();
    check_identity(expected);
  } catch (...) {
    ::close(descriptor_);
    throw;
  }
}

CheckpointReader::~CheckpointReader() { ::close(descriptor_); }

void CheckpointReader::check_whole() {
  struct stat found {};
  const bool regular = ::fstat(descriptor_, &found) == 0 && S_ISREG(found.st_mode);
  const auto size = regular ? static_cast<std::uint64_t>(found.st_size) : 0;
  std::string start(std::min<std::uint64_t>(size, first_line.size()), '\0');
  start.resize(read_some(descriptor_, path_, start.data(), start.size()));
  if (start != first_line) {
    throw BadCheckpoint(
        fmt::format("{}: found no checkpoint; expected one that --checkpoint wrote, which begins "
                    "with \"{}\"",
                    path_, first_line));
  }
  unsigned long crc = crc_of(0, start.data(), start.size());
  std::uint64_t rest = size - start.size();
  std::string data(chunk, '\0');
  while (rest > crc_bytes) {
    const std::size_t wanted = std::min<std::uint64_t>(chunk, rest - crc_bytes);
    if (read_some(descriptor_, path_, data.data(), wanted) != wanted) break;
    crc = crc_of(crc, data.data(), wanted);
    rest -= wanted;
  }
  unsigned long written = ~0UL;
  if (rest == crc_bytes && read_some(descriptor_, path_, data.data(), crc_bytes) == crc_bytes) {
    written = 0;
    for (std::size_t i = 0; i < crc_bytes; ++i) {
      written |= static_cast<unsigned long>(static_cast<std::uint8_t>(data[i])) << (8 * i);
    }
  }
  if (written != crc) {
    throw BadCheckpoint(
        fmt::format("{}: found a damaged checkpoint: its checksum is wrong; expected it as it was "
                    "written",
                    path_));
  }
  ::lseek(descriptor_, 0, SEEK_SET);
  left_ = size - crc_bytes;
}

void CheckpointReader::check_identity(const Identity& expected) {
  line();
  for (const auto& [what, how] : expected) {
    const std::string is = line();
    const std::string has_to_be = fmt::format("{}: {}", what, how);
    if (is == has_to_be) continue;
    const std::string found = is.starts_with(what + ": ") ? is.substr(what.size() + 2) : "another kind of line";
    throw BadCheckpoint(
        fmt::format("{}: found a checkpoint of another {}: {}; expected {}", path_, what, found, how));
  }
  if (line() != last_line) {
    throw BadCheckpoint(fmt::format("{}: found a checkpoint of another program; expected one of this", path_));
  }
}

std::string CheckpointReader::line() {
  std::string read;
  for (char some = next(); some != '\n'; some = next()) {
    read.push_back(some);
    if (read.size() > line_max) throw BadCheckpoint(path_ + ": found a line without end in it");
  }
  return read;
}

char CheckpointReader::next() {
  if (at_ == buffer_.size()) {
    if (left_ == 0) throw BadCheckpoint(path_ + ": it ends too early");
    buffer_.resize(std::min<std::uint64_t>(left_, chunk));
    buffer_.resize(read_some(descriptor_, path_, buffer_.data(), buffer_.size()));
    if (buffer_.empty()) throw BadCheckpoint(path_ + ": it became shorter while it was read");
    left_ -= buffer_.size();
    at_ = 0;
  }
  return buffer_[at_++];
}

std::uint64_t CheckpointReader::number() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7U) {
    const auto byte = static_cast<std::uint8_t>(next());
    value |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
    if ((byte & 0x80U) == 0) return value;
  }
  throw BadCheckpoint(path_ + ": found a number without end in it");
}

std::string CheckpointReader::bytes() {
  const std::uint64_t size = number();
  if (size > left_ + (buffer_.size() - at_)) throw BadCheckpoint(path_ + ": it ends too early");
  std::string read;
  read.reserve(static_cast<std::size_t>(size));
  while (read.size() < size) {
    read.push_back(next());
    const std::size_t more = std::min(buffer_.size() - at_, static_cast<std::size_t>(size) - read.size());
    read.append(buffer_, at_, more);
    at_ += more;
  }
  return read;
}

}  // namespace conclave::check
