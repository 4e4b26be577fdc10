// The reductions `late-reads` and `joined-reads`: explorations of what servers may have heard.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "conclave/check/options.hpp"
#include "conclave/check/run.hpp"

namespace conclave::check {

// As explore(), with Request::late_reads. It goes through states that include the like of every real one, and maybe
// others: so where nothing breaks a claim, no run does, and where something does, it is a suspicion, and no verdict.
// REQUIRES: !spec::LateMachine::why_not of the scenario's system.
Report explore_late(const spec::Scenario& scenario, const Request& request, checker::Progress& progress);

// "--late-reads" or "--joined-reads". REQUIRES: options.late_reads.
std::string_view late_option(const CheckOptions& options);
// What does not go with it, in one sentence, or empty.
std::string wrong_with_late_reads(const CheckOptions& options);
// The same where the ensemble decides: something, if the argument does not hold for it.
std::optional<std::string> no_late_reads_for(const spec::Scenario& scenario, const CheckOptions& options);

}  // namespace conclave::check
