// The set of states that have been reached, with the level of each.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "conclave/checker/pages.hpp"
#include "conclave/checker/state_set.hpp"

namespace conclave::checker {

// Exact: the states themselves are stored, whole, and compared. Next to each stands its level in two bytes, so that the
// states of a level (the frontier) and the predecessors on a shortest path are found by a walk through the table, and
// no queue and no parent pointers are kept.
//
// Why not one big table of atomics: it would have to grow all at once, with twice its memory in use. Here the table is
// 256 small ones, each with a lock of its own and growing by itself, by a fifth at a time. Threads bring states in
// batches for one of them, so a lock is taken once per batch and the cache misses of a batch overlap.
template <PackableState State>
class VisitedSet final : public StateSet<State> {
  using Base = StateSet<State>;

 public:
  using Base::batch_max;
  using Base::partitions;

  // Nothing is added beyond.
  void set_bytes_max(std::size_t bytes_max) override { bytes_max_.store(bytes_max, std::memory_order_relaxed); }

  // `added` is exact.
  [[nodiscard]] bool insert(std::size_t partition, std::span<const State> states, Level level,
                            std::size_t& added) override {
    Partition& part = parts_[partition];
    const std::scoped_lock lock(part.mutex);
    std::array<std::size_t, batch_max> slots;
    for (std::size_t done = 0; done < states.size(); done += batch_max) {
      const std::size_t count = std::min(batch_max, states.size() - done);
      if (!reserve(part, count)) return false;
      for (std::size_t i = 0; i < count; ++i) {
        slots[i] = part.start(hash_of(words_of(states[done + i])));
        __builtin_prefetch(&part.keys[slots[i]]);
      }
      for (std::size_t i = 0; i < count; ++i) {
        if (part.insert(slots[i], words_of(states[done + i]), level)) ++added;
      }
    }
    return true;
  }
  [[nodiscard]] bool close(std::size_t, Level, std::size_t&) override { return true; }

  // Also of a level that is not closed.
  void collect(std::size_t partition, Level level, std::vector<State>& states) override {
    Partition& part = parts_[partition];
    const std::scoped_lock lock(part.mutex);
    const Level tag = tag_of(level);
    for (std::size_t slot = 0; slot < part.capacity; ++slot) {
      if (part.tags[slot] == tag) states.push_back(std::bit_cast<State>(unmask(part.keys[slot])));
    }
  }

  // In one walk through the table.
  void collect_up_to(std::size_t partition, Level last, std::vector<std::pair<State, Level>>& states) override {
    Partition& part = parts_[partition];
    const std::scoped_lock lock(part.mutex);
    for (std::size_t slot = 0; slot < part.capacity; ++slot) {
      if (part.tags[slot] == 0 || part.tags[slot] > tag_of(last)) continue;
      states.emplace_back(std::bit_cast<State>(unmask(part.keys[slot])), static_cast<Level>(part.tags[slot] - 1));
    }
  }

  // Whether the state is there, and with what level. From any thread.
  [[nodiscard]] bool find(const State& state, Level& level) {
    const Words words = words_of(state);
    Partition& part = parts_[Base::partition_of(state)];
    const std::scoped_lock lock(part.mutex);
    if (part.capacity == 0) return false;
    const Words masked = mask(words);
    for (std::size_t slot = part.start(hash_of(words));; slot = slot + 1 == part.capacity ? 0 : slot + 1) {
      if (part.tags[slot] == 0) return false;
      if (!same(part.keys[slot], masked)) continue;
      level = static_cast<Level>(part.tags[slot] - 1);
      return true;
    }
  }

  // All states of a partition with their levels, in no particular order, and out of the set. From any thread.
  [[nodiscard]] std::vector<std::pair<State, Level>> take(std::size_t partition) {
    Partition& part = parts_[partition];
    const std::scoped_lock lock(part.mutex);
    std::vector<std::pair<State, Level>> taken;
    taken.reserve(part.used);
    for (std::size_t slot = 0; slot < part.capacity; ++slot) {
      if (part.tags[slot] == 0) continue;
      taken.emplace_back(std::bit_cast<State>(unmask(part.keys[slot])), static_cast<Level>(part.tags[slot] - 1));
    }
    bytes_.fetch_sub(std::exchange(part.capacity, 0) * slot_bytes, std::memory_order_relaxed);
    part.keys = {};
    part.tags = {};
    part.used = 0;
    return taken;
  }

  [[nodiscard]] bool exact() const override { return true; }
  [[nodiscard]] double omissions_expected() const override { return 0; }
  [[nodiscard]] std::size_t bytes_used() const override { return bytes_.load(std::memory_order_relaxed); }

 private:
  using Words = WordsOf<State>;

  // Fresh pages are zero, so zero means empty: states are stored inverted, because all ones is never a state and all
  // zeroes often is.
  static Words mask(Words words) {
    for (std::uint64_t& word : words) word = ~word;
    return words;
  }
  static Words unmask(const Words& words) { return mask(words); }
  static Level tag_of(Level level) { return static_cast<Level>(level + 1); }

  // std::array's == is a call of memcmp here, which took a quarter of the time.
  static bool same(const Words& left, const Words& right) {
    std::uint64_t difference = 0;
    for (std::size_t i = 0; i < left.size(); ++i) difference |= left[i] ^ right[i];
    return difference == 0;
  }

  struct alignas(64) Partition {  // threads at two of them shall not share a cache line
    std::mutex mutex;
    Pages<Words> keys;
    Pages<Level> tags;
    std::size_t capacity = 0;
    std::size_t used = 0;

    [[nodiscard]] std::size_t start(std::uint64_t hashed) const {
      // The upper half of a product, as far as 48 bits of hash tell it: no division. Partitions stay below 2^32 slots.
      return static_cast<std::size_t>(((hashed & 0xffffffffU) * capacity) >> 32U);
    }
    bool insert(std::size_t slot, const Words& words, Level level) {
      const Words masked = mask(words);
      constexpr Words empty{};
      while (!same(keys[slot], empty)) {
        if (same(keys[slot], masked)) return false;
        slot = slot + 1 == capacity ? 0 : slot + 1;
      }
      keys[slot] = masked;
      tags[slot] = tag_of(level);
      ++used;
      return true;
    }
  };

  // Short states: at most 7/8 full, and growing by a fifth once it is large: between 0.73 and 0.875 of the slots are in
  // use. Of long ones few share a cache line, so a search through a full table is dear: 3/4, and growing by a half.
  static constexpr bool long_states = sizeof(Words) > 16;
  static constexpr std::size_t full_eighths = long_states ? 6 : 7;
  static bool has_room(const Partition& part, std::size_t more) {
    return (part.used + more) * 8 <= part.capacity * full_eighths;
  }
  // Giving pages back interrupts every core, so small partitions, whose slack weighs nothing, grow in few steps.
  static std::size_t grown(std::size_t capacity) {
    constexpr std::size_t quadrupling_max = std::size_t{1} << 12U;
    constexpr std::size_t doubling_max = std::size_t{1} << 14U;
    if (capacity < doubling_max) return capacity * (capacity < quadrupling_max ? 4 : 2);
    return capacity + capacity / (long_states ? 2 : 5);
  }
  bool reserve(Partition& part, std::size_t more) {
    if (has_room(part, more)) return true;
    std::size_t capacity = std::max(grown(part.capacity), std::size_t{128});
    while ((part.used + more) * 8 > capacity * full_eighths) capacity = grown(capacity);
    // Near the bound by no more than has to be.
    const std::size_t least = (part.used + more) * 8 / full_eighths + 1;
    if (!take_bytes(capacity * slot_bytes)) {
      capacity = std::min(capacity, std::max(least, part.capacity + part.capacity / 5));
      if (!take_bytes(capacity * slot_bytes)) return false;
    }
    move_to(part, capacity);
    return true;
  }
  // False: the bound does not allow it, and nothing was taken.
  bool take_bytes(std::size_t bytes) {
    const std::size_t before = bytes_.fetch_add(bytes, std::memory_order_relaxed);
    if (before + bytes <= bytes_max_.load(std::memory_order_relaxed)) return true;
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    return false;
  }
  void move_to(Partition& part, std::size_t capacity) {
    Pages<Words> keys(capacity);
    Pages<Level> tags(capacity);
    std::swap(part.keys, keys);
    std::swap(part.tags, tags);
    const std::size_t old_capacity = std::exchange(part.capacity, capacity);
    part.used = 0;
    for (std::size_t slot = 0; slot < old_capacity; ++slot) {
      if (tags[slot] == 0) continue;
      const Words words = unmask(keys[slot]);
      part.insert(part.start(hash_of(words)), words, static_cast<Level>(tags[slot] - 1));
    }
    bytes_.fetch_sub(old_capacity * slot_bytes, std::memory_order_relaxed);
  }
  static constexpr std::size_t slot_bytes = sizeof(Words) + sizeof(Level);

  std::array<Partition, partitions> parts_;
  std::atomic<std::size_t> bytes_max_{std::numeric_limits<std::size_t>::max()};
  std::atomic<std::size_t> bytes_{0};
};

}  // namespace conclave::checker
