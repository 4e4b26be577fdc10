// The claims about what has to happen eventually, over all explorations of one call.
#pragma once

#include <string>

#include "conclave/checker/liveness_result.hpp"

namespace conclave::check {

struct Outcome;

struct LivenessOutcome {
  std::string not_judged;  // why, if it was not, or not everywhere
  bool limited = false;    // because of a limit that was asked for
  checker::Prospect eventually = checker::Prospect::holds;
  checker::Prospect possibly = checker::Prospect::holds;
  checker::LivenessCounts counts;  // summed up; `bytes` and `largest` of the largest
};

// REQUIRES: the options asked for it.
LivenessOutcome liveness_of(const Outcome& outcome);

// For the text report: standing and numbers of both claims, and the runs that show what fails.
void tell_liveness(std::string& text, const Outcome& outcome);
void tell_liveness_runs(std::string& text, const Outcome& outcome);

}  // namespace conclave::check
