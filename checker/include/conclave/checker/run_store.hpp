// Sorted states, compressed, in memory or in files: what of a partition was reached at one level.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "conclave/checker/state_set.hpp"

namespace conclave::checker {

// Where the bytes of a run lie.
struct RunPlace {
  std::uint64_t offset = 0;  // in the file; in memory the run's number
  std::uint64_t bytes = 0;
  std::uint64_t states = 0;
};

// Bytes of runs, partition by partition. One partition is used by one thread at a time.
class RunStore {
 public:
  // In memory.
  explicit RunStore(std::size_t partitions) : blobs_(partitions) {}
  // In files of the folder, one a partition, that have no names there: whatever ends the program, nothing is left.
  // Throws std::system_error if none can be made there.
  RunStore(std::size_t partitions, std::string folder) : folder_(std::move(folder)), files_(partitions) {
    open(files_[0]);
  }
  RunStore(const RunStore&) = delete;
  RunStore& operator=(const RunStore&) = delete;
  ~RunStore() {
    for (const File& file : files_) {
      if (file.descriptor >= 0) ::close(file.descriptor);
    }
  }

  [[nodiscard]] bool in_files() const { return !files_.empty(); }
  [[nodiscard]] std::size_t bytes_in_memory() const { return memory_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t bytes_in_files() const { return written_.load(std::memory_order_relaxed); }

  // In memory: a whole run. Gives its number.
  std::uint64_t keep(std::size_t partition, std::vector<std::uint8_t> run) {
    run.shrink_to_fit();
    memory_.fetch_add(run.capacity() + sizeof(std::vector<std::uint8_t>), std::memory_order_relaxed);
    blobs_[partition].push_back(std::move(run));
    return blobs_[partition].size() - 1;
  }
  // In files: at the end. Gives where that is. Throws std::system_error, as for a full disk.
  std::uint64_t append(std::size_t partition, std::span<const std::uint8_t> bytes) {
    File& file = files_[partition];
    if (file.descriptor < 0) open(file);
    const std::uint64_t offset = file.bytes;
    while (!bytes.empty()) {
      const ssize_t written = ::pwrite(file.descriptor, bytes.data(), bytes.size(), static_cast<::off_t>(file.bytes));
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) throw std::system_error(written < 0 ? errno : ENOSPC, std::generic_category(), folder_);
      file.bytes += static_cast<std::uint64_t>(written);
      bytes = bytes.subspan(static_cast<std::size_t>(written));
      written_.fetch_add(static_cast<std::uint64_t>(written), std::memory_order_relaxed);
    }
    return offset;
  }
  // Where the next bytes will lie. REQUIRES: in_files().
  [[nodiscard]] std::uint64_t end(std::size_t partition) const { return files_[partition].bytes; }

  // REQUIRES: the bytes are there. Throws std::system_error.
  void read(std::size_t partition, const RunPlace& run, std::uint64_t at, std::span<std::uint8_t> bytes) const {
    if (!in_files()) {
      const auto& blob = blobs_[partition][static_cast<std::size_t>(run.offset)];
      std::copy_n(blob.begin() + static_cast<std::ptrdiff_t>(at), bytes.size(), bytes.begin());
      return;
    }
    std::uint64_t offset = run.offset + at;
    while (!bytes.empty()) {
      const ssize_t got =
          ::pread(files_[partition].descriptor, bytes.data(), bytes.size(), static_cast<::off_t>(offset));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) throw std::system_error(got < 0 ? errno : EIO, std::generic_category(), folder_);
      offset += static_cast<std::uint64_t>(got);
      bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
  }

 private:
  struct File {
    int descriptor = -1;
    std::uint64_t bytes = 0;
  };
  void open(File& file) const {
    file.descriptor = ::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (file.descriptor >= 0) return;
    // A file system that has no files without names.
    std::string name = folder_ + "/conclave-states-XXXXXX";
    file.descriptor = ::mkostemp(name.data(), O_CLOEXEC);
    if (file.descriptor < 0) throw std::system_error(errno, std::generic_category(), folder_);
    ::unlink(name.c_str());
  }

  std::string folder_;
  std::vector<File> files_;
  std::vector<std::vector<std::vector<std::uint8_t>>> blobs_;
  std::atomic<std::size_t> memory_{0};
  std::atomic<std::uint64_t> written_{0};
};

// A state of one word is written as the distance to the one before it; of several, each word as those of its bytes that
// differ from the one before, and which they are.
template <std::size_t N>
class RunCodec {
 public:
  using Words = std::array<std::uint64_t, N>;
  static constexpr std::size_t bytes_max = N == 1 ? 10 : 9 * N;  // of one state

  // REQUIRES: words are not below those written before, if N is 1.
  void encode(const Words& words, std::vector<std::uint8_t>& bytes) {
    if constexpr (N == 1) {
      std::uint64_t rest = words[0] - last_[0];
      for (; rest >= 0x80U; rest >>= 7U) bytes.push_back(static_cast<std::uint8_t>((rest & 0x7fU) | 0x80U));
      bytes.push_back(static_cast<std::uint8_t>(rest));
    } else {
      for (std::size_t i = 0; i < N; ++i) encode_word(words[i], words[i] ^ last_[i], bytes);
    }
    last_ = words;
  }
  // Gives where the next state begins. REQUIRES: a whole state is there.
  const std::uint8_t* decode(const std::uint8_t* bytes, Words& words) {
    if constexpr (N == 1) {
      std::uint64_t distance = 0;
      unsigned shift = 0;
      for (; (*bytes & 0x80U) != 0; shift += 7U) distance |= static_cast<std::uint64_t>(*bytes++ & 0x7fU) << shift;
      distance |= static_cast<std::uint64_t>(*bytes++) << shift;
      last_[0] += distance;
    } else {
      for (std::size_t i = 0; i < N; ++i) bytes = decode_word(bytes, last_[i]);
    }
    words = last_;
    return bytes;
  }

 private:
  static void encode_word(std::uint64_t word, std::uint64_t changed, std::vector<std::uint8_t>& bytes) {
    const std::size_t mask_at = bytes.size();
    bytes.push_back(0);
    for (unsigned i = 0; i < 8; ++i) {
      if ((changed >> (8U * i) & 0xffU) == 0) continue;
      bytes[mask_at] = static_cast<std::uint8_t>(bytes[mask_at] | 1U << i);
      bytes.push_back(static_cast<std::uint8_t>(word >> (8U * i)));
    }
  }
  static const std::uint8_t* decode_word(const std::uint8_t* bytes, std::uint64_t& word) {
    const std::uint8_t mask = *bytes++;
    for (unsigned i = 0; i < 8; ++i) {
      if ((mask >> i & 1U) == 0) continue;
      const std::uint64_t byte = *bytes++;
      word = (word & ~(std::uint64_t{0xff} << (8U * i))) | byte << (8U * i);
    }
    return bytes;
  }

  Words last_{};
};

// Writes one run. States have to come in ascending order of words_less, none twice.
template <PackableState State>
class RunWriter {
 public:
  RunWriter(RunStore& store, std::size_t partition) : store_(store), partition_(partition) {
    if (store.in_files()) place_.offset = store.end(partition);
  }
  void put(const WordsOf<State>& words) {
    codec_.encode(words, bytes_);
    ++place_.states;
    constexpr std::size_t chunk = std::size_t{1} << 16U;
    if (store_.in_files() && bytes_.size() >= chunk) flush();
  }
  // Once, at the end.
  RunPlace finish() {
    if (store_.in_files()) {
      flush();
    } else {
      place_.bytes = bytes_.size();
      place_.offset = store_.keep(partition_, std::move(bytes_));
    }
    return place_;
  }

 private:
  void flush() {
    store_.append(partition_, bytes_);
    place_.bytes += bytes_.size();
    bytes_.clear();
  }

  RunStore& store_;
  std::size_t partition_;
  RunCodec<std::tuple_size_v<WordsOf<State>>> codec_;
  std::vector<std::uint8_t> bytes_;
  RunPlace place_;
};

// Reads one run from its beginning.
template <PackableState State>
class RunReader {
 public:
  using Words = WordsOf<State>;
  static constexpr std::size_t buffer_usual = std::size_t{1} << 16U;

  RunReader(const RunStore& store, std::size_t partition, const RunPlace& place, std::size_t buffer = buffer_usual)
      : store_(&store), partition_(partition), place_(place), left_(place.states) {
    constexpr std::size_t buffer_min = 16 * Codec::bytes_max;
    buffer_.resize(std::min<std::uint64_t>(std::max(buffer, buffer_min), place.bytes));
    next();
  }
  [[nodiscard]] bool over() const { return over_; }
  // REQUIRES: !over().
  [[nodiscard]] const Words& head() const { return head_; }
  void next() {
    over_ = left_ == 0;
    if (over_) return;
    --left_;
    if (filled_ - used_ < Codec::bytes_max && read_ < place_.bytes) refill();
    const std::uint8_t* begin = buffer_.data() + used_;
    used_ += static_cast<std::size_t>(codec_.decode(begin, head_) - begin);
  }

 private:
  using Codec = RunCodec<std::tuple_size_v<Words>>;
  void refill() {
    const std::size_t kept = filled_ - used_;
    std::copy_n(buffer_.begin() + static_cast<std::ptrdiff_t>(used_), kept, buffer_.begin());
    const auto more = static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size() - kept, place_.bytes - read_));
    store_->read(partition_, place_, read_, {buffer_.data() + kept, more});
    read_ += more;
    used_ = 0;
    filled_ = kept + more;
  }

  const RunStore* store_;
  std::size_t partition_;
  RunPlace place_;
  std::uint64_t left_;
  std::uint64_t read_ = 0;
  Codec codec_;
  std::vector<std::uint8_t> buffer_;
  std::size_t used_ = 0;
  std::size_t filled_ = 0;
  Words head_{};
  bool over_ = false;
};

// A run of one level.
struct LevelRun {
  Level level;
  RunPlace place;
};
// Appends the states of all runs of this level.
template <PackableState State>
void append_level(const RunStore& store, std::size_t partition, const std::vector<LevelRun>& runs, Level level,
                  std::vector<State>& states) {
  for (const LevelRun& run : runs) {
    if (run.level != level) continue;
    for (RunReader<State> reader(store, partition, run.place); !reader.over(); reader.next()) {
      states.push_back(std::bit_cast<State>(reader.head()));
    }
  }
}

}  // namespace conclave::checker
