// A failing run made small: fewer servers, fewer faults, fewer steps, plainer histories.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "conclave/spec/simulation.hpp"

namespace conclave::spec {

// What a run failed of: one property, or (unsettled, stuck) that the ensemble does not settle.
struct Failure {
  RunEnd end = RunEnd::broken;
  Property property = Property::count_;  // broken only
};
Failure failure_of(const RunRecord& record);

struct ShrunkRun {
  Swarm swarm;  // its participants are those that start
  std::vector<Action>
      schedule;      // with faults; those without follow from the seed where the failure is one of the calm
  RunRecord record;  // of the shrunk run, failure included
  std::size_t steps_before = 0;   // of the run that failed
  std::uint64_t steps_tried = 0;  // in all attempts together
  bool complete = true;           // false: it was given up for the limit of steps, or interrupted
};

inline constexpr std::uint64_t shrink_steps_max = 2'000'000;

// The same for the same run, whatever the machine. REQUIRES: `record` is what simulate_run(trial) gave, and it failed.
ShrunkRun shrink_run(const Trial& trial, const RunRecord& record, std::uint64_t steps_max = shrink_steps_max);

}  // namespace conclave::spec
