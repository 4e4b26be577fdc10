#include "conclave/spec/rules.hpp"

#include <array>

namespace conclave::spec {
namespace {

using model::Configuration;
using model::Peer;
using model::Round;
using model::ServerId;
using model::Vote;
using model::VoteTable;
using model::ZooKeeperRules;

// The majority test deleted: one vote is enough.
struct WithoutMajority : ZooKeeperRules {
  template <class Acknowledges>
  static constexpr bool contains_quorum(const Configuration& configuration, const Acknowledges& acknowledges) {
    for (const model::Member& member : configuration.members()) {
      if (configuration.votes(member.id) && acknowledges(member.id)) return true;
    }
    return false;
  }
};

// Votes of different rounds are added up (as before ZOOKEEPER-157): an earlier round's vote is counted, and equality
// forgets the round. The second alone changes nothing: recvset is emptied when the round changes and takes votes of the
// current round only, and settled votes are compared without their round anyway.
struct RoundForgotten : ZooKeeperRules {
  static constexpr bool earlier(Round, Round) { return false; }
  static constexpr bool equal(const Vote& left, const Vote& right) {
    Vote moved = right;
    moved.round = left.round;
    return model::votes_equal(left, moved);
  }
};

// A leader is believed without its own word (as before ZOOKEEPER-159).
struct LeaderUnchecked : ZooKeeperRules {
  static constexpr bool leader_confirmed(const Peer&, const VoteTable&, ServerId, Round) { return true; }
};

template <class Rules>
constexpr RuleVariant variant(std::string_view name, std::string_view sentence, int rounds_min = 1) {
  return RuleVariant{name, sentence, &model::step_with<Rules>, rounds_min};
}

constexpr RuleVariant unchanged = variant<ZooKeeperRules>("zookeeper", "the rules as they are");

constexpr std::array bugs = {
    variant<WithoutMajority>("no-majority", "a single equal vote passes for a quorum"),
    variant<RoundForgotten>("round-forgotten", "votes of different rounds are added up", 2),
    variant<LeaderUnchecked>("leader-unchecked", "a leader is followed without its own word that it leads"),
};

}  // namespace

const RuleVariant& zookeeper_rules() { return unchanged; }

std::span<const RuleVariant> seeded_bugs() { return bugs; }

const RuleVariant* find_seeded_bug(std::string_view name) {
  for (const RuleVariant& bug : bugs) {
    if (bug.name == name) return &bug;
  }
  return nullptr;
}

}  // namespace conclave::spec
