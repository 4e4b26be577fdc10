// Where an exploration keeps the states that it has reached, and what all ways of doing so have in common.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "conclave/checker/transition_system.hpp"

namespace conclave::checker {

using Level = std::uint16_t;
inline constexpr Level level_max = std::numeric_limits<Level>::max() - 1;

// A state as its words, and an order of them: the last word counts most.
template <PackableState State>
using WordsOf = std::array<std::uint64_t, sizeof(State) / sizeof(std::uint64_t)>;
template <PackableState State>
WordsOf<State> words_of(const State& state) {
  return std::bit_cast<WordsOf<State>>(state);
}
template <std::size_t N>
bool words_less(const std::array<std::uint64_t, N>& left, const std::array<std::uint64_t, N>& right) {
  for (std::size_t i = N; i-- > 1;) {
    if (left[i] != right[i]) return left[i] < right[i];
  }
  return left[0] < right[0];
}

template <PackableState State>
void sort_states(std::vector<State>& states) {
  std::sort(states.begin(), states.end(),
            [](const State& left, const State& right) { return words_less(words_of(left), words_of(right)); });
}

// Where a state lies, never whether it is there. The constants are those of MurmurHash3's finalizer.
template <std::size_t N>
std::uint64_t hash_of(const std::array<std::uint64_t, N>& words) {
  std::uint64_t mixed = 0;
  for (const std::uint64_t word : words) {
    mixed ^= word;
    mixed ^= mixed >> 33U;
    mixed *= 0xff51afd7ed558ccdU;
    mixed ^= mixed >> 33U;
    mixed *= 0xc4ceb9fe1a85ec53U;
    mixed ^= mixed >> 33U;
  }
  return mixed;
}

// States lie in 256 partitions. The explorer brings states in batches for one partition, level by level, and then
// closes the level; what it gets back of a closed level are the states that were new then.
template <PackableState State>
class StateSet {
 public:
  static constexpr std::size_t partitions = 256;
  static constexpr std::size_t batch_max = 64;  // of which the cache misses overlap

  StateSet() = default;
  StateSet(const StateSet&) = delete;
  StateSet& operator=(const StateSet&) = delete;
  virtual ~StateSet() = default;

  [[nodiscard]] static std::size_t partition_of(const State& state) {
    if constexpr (has_neighbourhood<State>) {
      return static_cast<std::size_t>(hash_of(std::array{std::uint64_t{state.neighbourhood()}}) >> 56U);
    } else {
      return static_cast<std::size_t>(hash_of(words_of(state)) >> 56U);
    }
  }

  // How much it may take of memory. From any thread.
  virtual void set_bytes_max(std::size_t bytes_max) = 0;
  [[nodiscard]] virtual std::size_t bytes_used() const = 0;
  [[nodiscard]] virtual std::uint64_t bytes_on_disk() const { return 0; }

  // Adds those that are not there yet. `added` grows by how many were, as far as that is known before the level is
  // closed. False: the memory bound does not allow it (some may have been added then). REQUIRES: all are of this
  // partition; the level is the last one that was closed, plus one. From any thread. Throws std::system_error.
  [[nodiscard]] virtual bool insert(std::size_t partition, std::span<const State> states, Level level,
                                    std::size_t& added) = 0;

  // All states of the level have been inserted. `added` grows by those new ones that insert() did not count.
  // Once for each partition and level. False and throws: as insert(). From any thread.
  [[nodiscard]] virtual bool close(std::size_t partition, Level level, std::size_t& added) = 0;

  // Appends the states of a closed level in one partition. From any thread. Throws std::system_error.
  virtual void collect(std::size_t partition, Level level, std::vector<State>& states) = 0;

  // Appends all states up to a closed level, with theirs. From any thread. Throws std::system_error.
  virtual void collect_up_to(std::size_t partition, Level last, std::vector<std::pair<State, Level>>& states) {
    std::vector<State> some;
    for (std::uint32_t level = 0; level <= last; ++level) {
      some.clear();
      collect(partition, static_cast<Level>(level), some);
      for (const State& state : some) states.emplace_back(state, static_cast<Level>(level));
    }
  }

  // Are states told apart by nothing but themselves? If not, some may have been taken for others that were there.
  [[nodiscard]] virtual bool exact() const = 0;
  // How many that probably were, at the most. 0 if exact. After the last level was closed.
  [[nodiscard]] virtual double omissions_expected() const = 0;
};

}  // namespace conclave::checker
