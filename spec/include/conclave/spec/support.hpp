// Who may still come to be settled on: what the parts of a state add to the question.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "conclave/spec/scope.hpp"

namespace conclave::spec {

// Which votes can still matter: one bit for each (participant, round) that may be settled on, and one more for each
// that may gather a quorum all the same. See dead-votes.md in docs/.
using VoteSet = std::uint64_t;
inline constexpr int prospect_rounds_max = 3;
inline constexpr unsigned held_shift = participants_max * prospect_rounds_max;
inline constexpr VoteSet settled_mask = (VoteSet{1} << held_shift) - 1;
static_assert(2 * held_shift + participants_max <= 64);
// Rounds begin with 1. A seeded bug tells of settled votes in round -1 (zk-1818): those have bits of their own, which
// are nobody else's.
constexpr VoteSet vote_bit(int participant, std::int64_t round) {
  constexpr std::int64_t outside = std::int64_t{2} * held_shift;
  const std::int64_t first = round < 1 ? outside : (round - 1) * participants_max;
  return VoteSet{1} << static_cast<unsigned>(participant + first);
}

// What a local state, a channel, or several of them add to the question which votes can still matter (see Prospects).
struct Support {
  // By round, from 1; by participant X, one byte each: the set of participants that support X, or may yet, as far as
  // this part tells.
  std::array<std::uint64_t, prospect_rounds_max> by_round{};
  // Likewise, in every round: what it adds if it may crash and restart (or, down, restart), and what from round 2 on if
  // it may join an earlier round.
  std::uint64_t after_crash = 0;
  std::uint64_t after_restart = 0;
  std::uint64_t coming_back = 0;
  VoteSet settled = 0;  // what is said, or may be heard, to have been settled on

  // Twice for every step of an exploration.
  [[gnu::always_inline]] void add(const Support& other) {
    for (std::size_t round = 0; round < by_round.size(); ++round) by_round[round] |= other.by_round[round];
    after_crash |= other.after_crash;
    after_restart |= other.after_restart;
    coming_back |= other.coming_back;
    settled |= other.settled;
  }
};

}  // namespace conclave::spec
