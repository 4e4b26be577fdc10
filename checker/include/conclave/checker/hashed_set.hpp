// Sets that keep a hash of each state instead of the state: smaller, and perhaps not complete.
#pragma once

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "conclave/checker/pages.hpp"
#include "conclave/checker/run_store.hpp"
#include "conclave/checker/state_set.hpp"

namespace conclave::checker {

// 64 bits of each state (Wolper and Leroy's hash compaction, as TLC's fingerprints). Two states with one fingerprint
// are taken for one. One partition; not synchronised.
class FingerprintTable {
 public:
  // Whether the fingerprint was not there; now it is. nullopt: there is no room.
  template <class TakeBytes>
  std::optional<bool> add(XXH128_hash_t hash, const TakeBytes& take_bytes) {
    if ((used_ + 1) * 8 > capacity_ * 7 && !grow(take_bytes)) return std::nullopt;
    return insert(hash.low64 == 0 ? 1 : hash.low64);
  }
  [[nodiscard]] std::size_t bytes() const { return capacity_ * sizeof(std::uint64_t); }
  // The probability that among so many states any two had one fingerprint, at the most (the union bound over pairs).
  static double omissions(double states) { return states * (states - 1) / 2 * std::ldexp(1.0, -64); }

 private:
  bool insert(std::uint64_t fingerprint) {
    auto slot = static_cast<std::size_t>((fingerprint >> 8U & 0xffffffffU) * capacity_ >> 32U);
    while (slots_[slot] != 0) {
      if (slots_[slot] == fingerprint) return false;
      slot = slot + 1 == capacity_ ? 0 : slot + 1;
    }
    slots_[slot] = fingerprint;
    ++used_;
    return true;
  }
  template <class TakeBytes>
  bool grow(const TakeBytes& take_bytes) {
    constexpr std::size_t doubling_max = std::size_t{1} << 14U;
    const std::size_t before = capacity_;
    const std::size_t after = before < doubling_max ? std::max<std::size_t>(128, 2 * before) : before + before / 5;
    if (!take_bytes(after * sizeof(std::uint64_t), before * sizeof(std::uint64_t))) return false;
    Pages<std::uint64_t> old(after);
    std::swap(slots_, old);
    capacity_ = after;
    used_ = 0;
    for (std::size_t i = 0; i < before; ++i) {
      if (old[i] != 0) insert(old[i]);
    }
    return true;
  }

  Pages<std::uint64_t> slots_;
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;
};

// How much of memory the set of states takes, and a lock for each partition.
template <PackableState State>
class HashedSet : public StateSet<State> {
  using Base = StateSet<State>;

 public:
  using Base::partitions;

  void set_bytes_max(std::size_t bytes_max) override { bytes_max_.store(bytes_max, std::memory_order_relaxed); }
  [[nodiscard]] std::size_t bytes_used() const override {
    return bytes_.load(std::memory_order_relaxed) + waiting_.load(std::memory_order_relaxed) * sizeof(State) +
           store_.bytes_in_memory();
  }
  [[nodiscard]] std::uint64_t bytes_on_disk() const override { return store_.bytes_in_files(); }
  [[nodiscard]] bool exact() const override { return false; }

  [[nodiscard]] bool insert(std::size_t partition, std::span<const State> states, Level,
                            std::size_t& added) override {
    const std::scoped_lock lock(parts_[partition].mutex);
    if (bytes_used() + states.size() * sizeof(State) > bytes_max()) return false;
    for (const State& state : states) {
      const WordsOf<State> words = words_of(state);
      const std::optional<bool> fresh = add(partition, XXH3_128bits(words.data(), sizeof words));
      if (!fresh) return false;
      if (!*fresh) continue;
      parts_[partition].fresh.push_back(state);
      waiting_.fetch_add(1, std::memory_order_relaxed);
      ++added;
    }
    return true;
  }
  [[nodiscard]] bool close(std::size_t partition, Level level, std::size_t&) override {
    Partition& part = parts_[partition];
    const std::scoped_lock lock(part.mutex);
    std::vector<State> fresh = std::exchange(part.fresh, {});
    waiting_.fetch_sub(fresh.size(), std::memory_order_relaxed);
    accept(partition, fresh.size());
    if (fresh.empty()) return true;
    sort_states(fresh);
    RunWriter<State> writer(store_, partition);
    for (const State& state : fresh) writer.put(words_of(state));
    part.levels.push_back({level, writer.finish()});
    return bytes_used() <= bytes_max();
  }
  void collect(std::size_t partition, Level level, std::vector<State>& states) override {
    Partition& part = parts_[partition];
    const std::scoped_lock lock(part.mutex);
    append_level(store_, partition, part.levels, level, states);
  }

 protected:
  // The states of each level, which runs are told by, stay in memory, compressed; or in files of the folder.
  HashedSet() : store_(partitions) {}
  explicit HashedSet(const std::string& folder) : store_(partitions, folder) {}

  // nullopt: no room. One thread a partition.
  virtual std::optional<bool> add(std::size_t partition, XXH128_hash_t hash) = 0;
  // So many new states at a level. One thread a partition.
  virtual void accept(std::size_t partition, std::size_t fresh) = 0;

  // False: that would be more than there is.
  bool take_bytes(std::size_t more, std::size_t less) {
    bytes_.fetch_add(more, std::memory_order_relaxed);
    const bool fits = bytes_used() <= bytes_max();
    bytes_.fetch_sub(fits ? less : more, std::memory_order_relaxed);
    return fits;
  }
  [[nodiscard]] std::size_t bytes_max() const { return bytes_max_.load(std::memory_order_relaxed); }

 private:
  struct alignas(64) Partition {
    std::mutex mutex;
    std::vector<State> fresh;  // of the level at hand
    std::vector<LevelRun> levels;
  };
  RunStore store_;
  std::array<Partition, partitions> parts_;
  std::atomic<std::size_t> bytes_max_{std::numeric_limits<std::size_t>::max()};
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::size_t> waiting_{0};  // states in `fresh`
};

template <PackableState State>
class FingerprintSet final : public HashedSet<State> {
  using Base = HashedSet<State>;

 public:
  FingerprintSet() = default;
  // Throws std::system_error.
  explicit FingerprintSet(const std::string& folder) : Base(folder) {}

  [[nodiscard]] double omissions_expected() const override {
    return FingerprintTable::omissions(static_cast<double>(states_.load()));
  }

 private:
  std::optional<bool> add(std::size_t partition, XXH128_hash_t hash) override {
    return tables_[partition].add(
        hash, [this](std::size_t more, std::size_t less) { return this->take_bytes(more, less); });
  }
  void accept(std::size_t, std::size_t fresh) override { states_.fetch_add(fresh); }

  std::array<FingerprintTable, StateSet<State>::partitions> tables_;
  std::atomic<std::uint64_t> states_{0};
};

// Three bits for each state in a field of a fixed size (Holzmann's bitstate hashing; the positions by double hashing,
// as in Dillinger and Manolios, "Bloom Filters in Probabilistic Verification", 2004). It never gets too full to go on;
// it takes more and more states for others.
template <PackableState State>
class BitstateSet final : public HashedSet<State> {
  using Base = HashedSet<State>;

 public:
  static constexpr unsigned bits_each = 3;

  // The field has so many bytes, rounded up to whole words in each partition. Throws std::bad_alloc.
  explicit BitstateSet(std::size_t bytes) { make_fields(bytes); }
  // Throws std::system_error as well.
  BitstateSet(std::size_t bytes, const std::string& folder) : Base(folder) { make_fields(bytes); }

  [[nodiscard]] double omissions_expected() const override {
    double sum = 0;
    for (const Field& field : fields_) sum += field.omitted;
    return sum;
  }
  // The share of bits that are set, 0 to 1.
  [[nodiscard]] double fill() const {
    double set = 0;
    for (const Field& field : fields_) set += static_cast<double>(field.set);
    return set / static_cast<double>(bits_ * fields_.size());
  }

 private:
  struct alignas(64) Field {
    Pages<std::uint64_t> words;
    std::uint64_t set = 0;
    std::uint64_t set_before = 0;  // when the level began
    double omitted = 0;
  };
  void make_fields(std::size_t bytes) {
    constexpr std::size_t word_bits = 64;
    const std::size_t words = std::max<std::size_t>(1, (bytes / 8 + fields_.size() - 1) / fields_.size());
    bits_ = words * word_bits;
    for (Field& field : fields_) field.words = Pages<std::uint64_t>(words);
    static_cast<void>(this->take_bytes(words * 8 * fields_.size(), 0));
  }
  std::optional<bool> add(std::size_t partition, XXH128_hash_t hash) override {
    Field& field = fields_[partition];
    bool fresh = false;
    std::uint64_t at = hash.low64;
    for (unsigned i = 0; i < bits_each; ++i, at += hash.high64) {
      const std::uint64_t bit = at % bits_;
      std::uint64_t& word = field.words[static_cast<std::size_t>(bit / 64)];
      const std::uint64_t mask = std::uint64_t{1} << (bit % 64);
      if ((word & mask) != 0) continue;
      word |= mask;
      ++field.set;
      fresh = true;
    }
    return fresh;
  }
  // A state that is new is missed if its bits are set already: with the share that is set in the middle of the level,
  // so many are missed for each that is not.
  void accept(std::size_t partition, std::size_t fresh) override {
    Field& field = fields_[partition];
    const double share = static_cast<double>(field.set + field.set_before) / 2 / static_cast<double>(bits_);
    const double missed = std::pow(share, bits_each);
    if (missed < 1) field.omitted += static_cast<double>(fresh) * missed / (1 - missed);
    field.set_before = field.set;
  }

  std::array<Field, StateSet<State>::partitions> fields_;
  std::uint64_t bits_ = 0;
};

}  // namespace conclave::checker
