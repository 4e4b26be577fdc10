#include "conclave/spec/rules.hpp"

#include <algorithm>
#include <array>

#include "conclave/spec/zookeeper_bugs.hpp"

namespace conclave::spec {
namespace {

using model::Configuration;
using model::Round;
using model::Vote;
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

// Votes of different rounds are added up: an earlier round's vote is counted, and equality forgets the round. ZooKeeper
// did only the second, before ZOOKEEPER-159, and that alone changes nothing: recvset is emptied when the round changes
// and takes votes of the current round only, and settled votes are compared without their round anyway.
struct RoundForgotten : ZooKeeperRules {
  static constexpr bool earlier(Round, Round) { return false; }
  static constexpr bool equal(const Vote& left, const Vote& right) {
    Vote moved = right;
    moved.round = left.round;
    return model::votes_equal(left, moved);
  }
};

// Both replace what the reductions are argued from: the quorum test, and which votes are equal.
template <class Rules>
constexpr RuleVariant variant(std::string_view name, std::string_view sentence, int rounds_min = 1) {
  constexpr bool reducible = false;
  return RuleVariant{name, sentence, &model::step_with<Rules>, rounds_min, RulesOf::seeded_bug, reducible};
}

constexpr RuleVariant unchanged{"zookeeper", "the rules as they are", &model::step, 1, RulesOf::today};

// Those that ZooKeeper never had come first.
constexpr std::array made_up = {
    variant<WithoutMajority>("no-majority", "a single equal vote passes for a quorum"),
    variant<RoundForgotten>("round-forgotten", "votes of different rounds are added up", 2),
};

}  // namespace

const RuleVariant& zookeeper_rules() { return unchanged; }

std::span<const RuleVariant> seeded_bugs() {
  static const auto all = [] {
    std::array<RuleVariant, made_up.size() + bugs_count> bugs{};
    const auto historic = zookeeper_bug_variants();
    std::copy(historic.begin(), historic.end(), std::copy(made_up.begin(), made_up.end(), bugs.begin()));
    return bugs;
  }();
  return all;
}

const RuleVariant* find_seeded_bug(std::string_view name) {
  if (name == "leader-unchecked") name = "zk-159";  // what it was called before
  for (const RuleVariant& bug : seeded_bugs()) {
    if (bug.name == name) return &bug;
  }
  return nullptr;
}

}  // namespace conclave::spec
