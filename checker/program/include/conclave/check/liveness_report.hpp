// What came of the claims about what has to happen eventually.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conclave/check/run_step.hpp"
#include "conclave/checker/liveness_result.hpp"

namespace conclave::check {

// A run without end. Its steps are those of the stem, and then those of the cycle, which leads back to where it began.
struct LassoRun {
  std::vector<RunStep> steps;
  std::size_t cycle_from = 0;  // steps[cycle_from] is the state in which the cycle begins. The last: it stays there
  bool unpromised = false;     // takes steps, over and over, that nothing promises
  bool shortest = true;        // a shortest stem and, with it, a shortest fair cycle
  // Promised actions that are possible at times on the cycle and never taken, each with a step after which it is not.
  struct Intermittent {
    spec::Action action;
    std::size_t impossible_after = 0;
  };
  std::vector<Intermittent> intermittent;
};

struct LivenessReport {
  std::string not_judged;  // why, if it was not
  bool limited = false;    // because of a limit that was asked for
  checker::Prospect eventually = checker::Prospect::holds;
  checker::Prospect possibly = checker::Prospect::holds;
  checker::LivenessCounts counts;
  std::optional<LassoRun> lasso;     // eventually: violated
  std::vector<RunStep> to_bound;     // eventually: cut
  std::vector<RunStep> to_hopeless;  // possibly: violated
};

}  // namespace conclave::check
