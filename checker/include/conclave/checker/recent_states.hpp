// The states that one thread has sent to the visited set lately.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "conclave/checker/transition_system.hpp"

namespace conclave::checker {

// A small table in which a newer state takes the place of an older one: most successors have been reached before, many
// of them a moment ago, and then the visited set, which lies in main memory, need not be asked. Exact: it holds whole
// states, each of which has been sent. One thread only.
template <PackableState State>
class RecentStates {
 public:
  RecentStates() {
    Words never;  // all ones is never a state (VisitedSet)
    never.fill(~std::uint64_t{0});
    slots_.assign(slots, never);
  }

  // Whether the state has been asked for lately; from now on it has.
  [[nodiscard]] bool contains(const State& state) {
    const auto words = std::bit_cast<Words>(state);
    std::uint64_t mixed = 0;
    for (const std::uint64_t word : words) mixed = (mixed ^ word) * 0x9e3779b97f4a7c15U;
    Words& slot = slots_[static_cast<std::size_t>(mixed >> (64U - slot_bits))];
    std::uint64_t difference = 0;
    for (std::size_t i = 0; i < words.size(); ++i) difference |= slot[i] ^ words[i];
    if (difference == 0) return true;
    slot = words;
    return false;
  }

  [[nodiscard]] std::size_t bytes_used() const { return slots_.size() * sizeof(Words); }

 private:
  using Words = std::array<std::uint64_t, sizeof(State) / sizeof(std::uint64_t)>;
  static constexpr unsigned slot_bits = 14;  // with one word a state, an eighth of a usual second-level cache
  static constexpr std::size_t slots = std::size_t{1} << slot_bits;

  std::vector<Words> slots_;
};

}  // namespace conclave::checker
