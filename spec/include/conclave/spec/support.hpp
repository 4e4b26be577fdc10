// Who may still come to be settled on: what the parts of a state add to the question.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "conclave/spec/local_machine.hpp"

namespace conclave::spec {

// Sums over local states and channels (see LocalFacts::support and LocalFacts::settled).
struct Support {
  std::array<std::uint64_t, prospect_rounds_max> by_round{};
  std::uint64_t after_crash = 0;
  std::uint64_t after_restart = 0;
  std::uint64_t coming_back = 0;
  VoteSet settled = 0;

  void add(const LocalFacts& facts) {
    for (std::size_t round = 0; round < by_round.size(); ++round) by_round[round] |= facts.support[round];
    after_crash |= facts.support_after_crash;
    after_restart |= facts.support_after_restart;
    coming_back |= facts.support_coming_back;
    settled |= facts.settled;
  }
  void add(const Support& other) {
    for (std::size_t round = 0; round < by_round.size(); ++round) by_round[round] |= other.by_round[round];
    after_crash |= other.after_crash;
    after_restart |= other.after_restart;
    coming_back |= other.coming_back;
    settled |= other.settled;
  }
};

}  // namespace conclave::spec
