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
  VoteSet settled = 0;

  void add(const LocalFacts& facts) {
    for (std::size_t round = 0; round < by_round.size(); ++round) by_round[round] |= facts.support[round];
    settled |= facts.settled;
  }
  void add(const Support& other) {
    for (std::size_t round = 0; round < by_round.size(); ++round) by_round[round] |= other.by_round[round];
    settled |= other.settled;
  }
};

}  // namespace conclave::spec
