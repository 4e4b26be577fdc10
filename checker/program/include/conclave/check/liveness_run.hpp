// The claims about what has to happen eventually, judged on a finished exploration.
#pragma once

#include <string_view>
#include <vector>

#include "conclave/check/election_system.hpp"
#include "conclave/check/graph_run.hpp"
#include "conclave/check/liveness_report.hpp"
#include "conclave/check/run.hpp"
#include "conclave/checker/explorer.hpp"

namespace conclave::check {

// Both claims, with runs that show what fails; one that goes on for ever is put before `runs` as well. REQUIRES: the
// exploration has exhausted the system. The limit on time counts from here.
// Throws ReplayFailed, std::bad_alloc.
template <std::size_t Words>
LivenessReport judge_liveness(spec::ClosedSystem& system, const spec::Layout& layout, const Request& request,
                              ElectionSystem<Words>& adapter, checker::Explorer<ElectionSystem<Words>>& explorer,
                              checker::Progress& progress, std::vector<GraphRun<Words>>& runs);

// Why what happens eventually can't be judged in this scope, with what to ask for instead; empty if it can.
// docs/liveness.md has the argument.
std::string_view why_not_judged(const spec::Scope& scope);

}  // namespace conclave::check
