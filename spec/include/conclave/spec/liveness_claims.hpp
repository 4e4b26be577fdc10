// What is claimed to happen eventually, by name.
#pragma once

#include <array>
#include <string_view>

namespace conclave::spec {

struct LivenessClaim {
  std::string_view name;
  std::string_view sentence;
  std::string_view assumes;
  std::string_view reason;  // who relies on it
};

// Promises (promises.hpp) says what settled and the assumption of fairness mean step by step.
inline constexpr LivenessClaim eventually_settled{
    "eventually-settled",
    "Once no server starts or fails any more and a quorum runs, all that run settle on one server that leads.",
    "weak fairness: a step of a server that stays possible is taken; a role that has lost what it stands on ends",
    "QuorumPeer.run: an ensemble with a quorum serves its clients again, without anybody's help"};
inline constexpr LivenessClaim settled_reachable{
    "settled-reachable",
    "Wherever a quorum runs, all that run can still come to settle on one server that leads, by steps of theirs.",
    "nothing about fairness", "no order of messages and waits leaves the ensemble beyond help"};
inline constexpr std::array liveness_claims = {eventually_settled, settled_reachable};

}  // namespace conclave::spec
