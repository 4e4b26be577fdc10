// What came of the claims about what has to happen eventually.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "conclave/checker/result.hpp"

namespace conclave::checker {

enum class Prospect : std::uint8_t {
  holds,
  violated,
  // Not violated by any run that stays within the bounds, and some run would go beyond one: what becomes of it is
  // not known.
  cut
};

// A run that goes on for ever: the stem, and then the cycle again and again.
template <class State>
struct Lasso {
  std::vector<TraceStep<State>> stem;   // from an initial state on; the first has no action
  std::vector<TraceStep<State>> cycle;  // ends in the state that it begins in; empty: nothing happens any more
  bool shortest_cycle = true;           // false: the search for a shortest one was given up
  bool unpromised = false;              // it needs steps that nothing promises
};

constexpr std::string_view name_of(Prospect prospect) {
  switch (prospect) {
    case Prospect::holds: return "holds";
    case Prospect::violated: return "violated";
    case Prospect::cut: return "cut";
  }
  return "?";
}

struct LivenessCounts {
  std::uint64_t pending = 0;      // states
  std::uint64_t steps = 0;        // of the system out of these
  std::uint64_t cycles = 0;       // strongly connected components with a cycle in them
  std::uint64_t largest = 0;      // states of the largest of these
  std::uint64_t fair_cycles = 0;  // those on which a fair run can stay for ever
  std::uint64_t fair_ends = 0;    // pending states in which nothing that is promised can happen
  std::uint64_t at_bound = 0;     // pending states in which a bound keeps a step from happening
  std::uint64_t hopeless = 0;     // pending states from which it can't be reached any more
  std::size_t bytes = 0;
  double seconds = 0;
};

template <class State>
struct LivenessResult {
  Prospect eventually = Prospect::holds;  // on every fair run
  Prospect possibly = Prospect::holds;    // from everywhere, by steps of the system: AG EF
  LivenessCounts counts;
  std::optional<Lasso<State>> lasso;       // `eventually` violated: a shortest stem, then a shortest fair cycle
  std::vector<TraceStep<State>> to_bound;  // cut: a shortest run to a pending state in which a bound cuts a step off
  std::vector<TraceStep<State>> to_hopeless;  // `possibly` violated: a shortest run
};

}  // namespace conclave::checker
