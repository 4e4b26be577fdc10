// A lasso that was found on the graph of states, walked anew.
#pragma once

#include <cstdint>
#include <vector>

#include "conclave/check/liveness_report.hpp"
#include "conclave/check/run.hpp"
#include "conclave/spec/closed_system.hpp"

namespace conclave::check {

// What the graph says of a lasso: actions.
struct FoundLasso {
  std::vector<std::uint32_t> stem;
  std::vector<std::uint32_t> cycle;
};

// Takes the stem and then the cycle, with a closed system of its own and, beside it, by spec::Replay with the servers
// themselves, and judges by the definitions whether the cycle closes, settles nowhere and is fair.
// REQUIRES: the request has no reductions. Throws ReplayFailed if it is not so.
LassoRun walk_lasso(const spec::Scenario& scenario, const Request& request, const FoundLasso& lasso);

}  // namespace conclave::check
