// From a configuration and the command line to what has to be explored.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "conclave/check/exit_code.hpp"
#include "conclave/check/options.hpp"
#include "conclave/config/zoo_cfg.hpp"
#include "conclave/spec/scope.hpp"

namespace conclave::check {

// More voters than this are not explored unless --starts says how many of them may start.
inline constexpr std::size_t voters_unasked_max = 6;

struct Plan {
  std::vector<spec::Scenario> scenarios;
  std::uint64_t orders = 0;  // --history any: of initial votes, before symmetry
};
struct Refusal {
  std::string message;
  ExitCode code = ExitCode::bad_input;
};

tl::expected<Plan, Refusal> plan_of(const config::ZooCfg& cfg, const CheckOptions& options);
// In the midst of a reconfiguration to `next`. REQUIRES: options.reconfig.
tl::expected<Plan, Refusal> plan_of(const config::ZooCfg& cfg, const config::ZooCfg& next,
                                    const CheckOptions& options);

// Two rounds show more, and three servers can afford them. A seeded bug gets what it takes to show.
// Mixed releases don't: each has its own bugs, and what is asked is what they do to each other.
int default_rounds(const Plan& plan, const CheckOptions& options);

// Members of the smallest quorums.
std::size_t smallest_quorum(const model::Configuration& configuration);

}  // namespace conclave::check
