// What an exploration knows between two levels, so that it can be gone on with later.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "conclave/checker/result.hpp"
#include "conclave/checker/run_store.hpp"
#include "conclave/checker/state_set.hpp"

namespace conclave::checker {

// Beside the states themselves, which are in the set: all levels up to `level` are closed there.
template <class State>
struct Barrier {
  std::vector<LevelCounts> levels;       // that have been expanded
  std::vector<Finding<State>> findings;  // the first of each property
  std::vector<Finding<State>> several;   // that break claims; Limits::violations_max > 1
  std::uint32_t level = 0;               // to be expanded next
  std::uint64_t level_states = 0;        // in it

  // The sum of `levels`.
  [[nodiscard]] LevelCounts expanded() const {
    LevelCounts sum;
    for (const LevelCounts& counts : levels) {
      sum.states += counts.states;
      sum.steps += counts.steps;
    }
    return sum;
  }
};

// A partition's states up to a level, level by level, ascending within each, as put(level, states, bytes).
// Throws what the set does, and what put does.
template <PackableState State, class Put>
void for_each_run(StateSet<State>& set, std::size_t partition, Level last, const Put& put) {
  std::vector<std::pair<State, Level>> all;
  set.collect_up_to(partition, last, all);
  std::sort(all.begin(), all.end(), [](const auto& left, const auto& right) {
    if (left.second != right.second) return left.second < right.second;
    return words_less(words_of(left.first), words_of(right.first));
  });
  for (std::size_t i = 0; i < all.size();) {
    const Level level = all[i].second;
    RunCodec<std::tuple_size_v<WordsOf<State>>> codec;
    std::vector<std::uint8_t> bytes;
    std::uint64_t states = 0;
    for (; i < all.size() && all[i].second == level; ++i, ++states) codec.encode(words_of(all[i].first), bytes);
    put(level, states, bytes);
  }
}

// The states of a run. REQUIRES: so many were encoded into these bytes.
template <PackableState State>
std::vector<State> decoded_run(const std::vector<std::uint8_t>& bytes, std::uint64_t states) {
  RunCodec<std::tuple_size_v<WordsOf<State>>> codec;
  std::vector<State> run;
  run.reserve(static_cast<std::size_t>(states));
  const std::uint8_t* at = bytes.data();
  WordsOf<State> words;
  for (std::uint64_t i = 0; i < states; ++i) {
    at = codec.decode(at, words);
    run.push_back(std::bit_cast<State>(words));
  }
  return run;
}

}  // namespace conclave::checker
