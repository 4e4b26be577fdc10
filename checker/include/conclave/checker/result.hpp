// What an exploration found, and how much it looked at.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conclave/checker/transition_system.hpp"

namespace conclave::checker {

enum class Verdict : std::uint8_t {
  exhausted,  // everything within the bounds of the system has been looked at
  bounded,    // a limit that the user set stopped it
  aborted     // memory, a signal or an error stopped it
};
constexpr std::string_view name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::exhausted: return "exhausted";
    case Verdict::bounded: return "bounded";
    case Verdict::aborted: return "aborted";
  }
  return "?";
}

// Why an exploration ended before it was through.
enum class Stop : std::uint8_t {
  none,
  violation,
  depth,
  time,
  memory,
  interrupted,
  disk,      // it can't be written or read
  omissions  // it went through, but states were told apart by hashes of them, and some may have been missed
};

struct Limits {
  int threads = 1;
  std::size_t memory_bytes = 0;           // 0: none
  bool memory_is_users = false;           // reached: bounded, not aborted
  std::uint32_t depth_max = 0;            // levels; 0: none
  std::chrono::milliseconds time_max{0};  // 0: none
  // 1: the exploration ends with the level in which a claim is first broken. More: it goes on past what breaks a claim,
  // though not out of it, until so many states and steps that do are found.
  std::size_t violations_max = 1;
};

// Written by the exploring threads, read by whoever shows progress. `interrupt` may be set from a signal handler.
struct Progress {
  std::atomic<std::uint64_t> states{0};
  std::atomic<std::uint64_t> steps{0};
  std::atomic<std::uint64_t> expanded{0};  // states whose successors are known
  std::atomic<std::uint64_t> level{0};
  std::atomic<std::uint64_t> level_states{0};  // of the level at hand
  std::atomic<std::uint64_t> level_expanded{0};
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<bool> interrupt{false};
};
static_assert(std::atomic<bool>::is_always_lock_free);

// One step of a run: the action and the state after it. The first has no action.
template <class State>
struct TraceStep {
  std::uint32_t action = 0;
  State state{};
};

// A property broken (or witnessed) by a shortest run; where Limits::violations_max > 1, by a shortest of those that
// break no claim before their end.
template <class State>
struct Finding {
  std::size_t property = 0;
  bool by_step = false;  // broken by the last step of the run, not by the state it leads to
  State from{};          // by_step only
  std::uint32_t action = 0;
  State state{};
  std::uint32_t level = 0;  // steps of the run
  PropertyMask also = 0;    // other claims that the same state or step breaks; violations_max > 1 only
};

struct LevelCounts {
  std::uint64_t states = 0;  // first reached at this level
  std::uint64_t steps = 0;   // that leave them
};

template <class State>
struct Result {
  Verdict verdict = Verdict::exhausted;
  Stop stop = Stop::none;
  std::uint64_t states = 0;
  std::uint64_t steps = 0;
  std::vector<LevelCounts> levels;
  bool last_level_complete = true;
  // Of claims. violations_max 1: at most one a property, all equally short. More: these, and then others up to so many,
  // each another state or step, by length, steps before states, and then by Worker::precedes.
  std::vector<Finding<State>> violations;
  std::vector<Finding<State>> observations;  // observed properties, the first of each
  std::size_t bytes = 0;                     // visited set, system and workers at the end
  std::uint64_t bytes_on_disk = 0;
  double omissions_expected = 0;  // StateSet::omissions_expected
  double seconds = 0;
};

}  // namespace conclave::checker
