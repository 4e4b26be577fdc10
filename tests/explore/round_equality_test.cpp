// Equality of votes that forgets the round is, by itself, no bug in today's rules: recvset is emptied when the round
// changes and takes votes of the current round only, and settled votes are compared without their round anyway. So no
// property can notice it, and here is the evidence: every count of an exhausted exploration with several rounds is the
// same. What does break is the old rule as a whole (--seed-bug round-forgotten), where earlier rounds are counted too.
#include <gtest/gtest.h>

#include <array>

#include "conclave/check/run.hpp"

namespace conclave::check {
namespace {

struct RoundUnequalled : model::ZooKeeperRules {
  static constexpr bool equal(const model::Vote& left, const model::Vote& right) {
    model::Vote moved = right;
    moved.round = left.round;
    return model::votes_equal(left, moved);
  }
};

Report explore_three(const spec::RuleVariant& rules, spec::TimingKind timing) {
  constexpr std::array<model::ServerId, 3> ids = {model::ServerId{1}, model::ServerId{2}, model::ServerId{3}};
  const model::Ensemble ensemble = model::single_configuration(model::Configuration::majority(ids));
  Request request;
  request.scope.rounds = 2;
  request.scope.timing = timing;
  if (timing == spec::TimingKind::async) request.scope.role_end = spec::RoleEnd::any;
  request.rules = &rules;
  checker::Progress progress;
  return explore(spec::every_history(ensemble, 3).front(), request, progress);
}

TEST(RoundEquality, ByItselfChangesNothing) {
  const spec::RuleVariant unequalled{"round-unequalled", "", &model::step_with<RoundUnequalled>};
  for (const auto timing : {spec::TimingKind::async, spec::TimingKind::timely}) {
    const Report changed = explore_three(unequalled, timing);
    const Report unchanged = explore_three(spec::zookeeper_rules(), timing);
    EXPECT_EQ(changed.verdict, checker::Verdict::exhausted);
    EXPECT_TRUE(changed.violations.empty());
    EXPECT_GT(changed.states, 100U);
    EXPECT_EQ(changed.states, unchanged.states);
    EXPECT_EQ(changed.steps, unchanged.steps);
    EXPECT_EQ(changed.first_seen, unchanged.first_seen);
  }
}

TEST(RoundEquality, WithEarlierRoundsCountedIsFound) {
  for (const auto timing : {spec::TimingKind::async, spec::TimingKind::timely}) {
    const Report report = explore_three(*spec::find_seeded_bug("round-forgotten"), timing);
    ASSERT_FALSE(report.violations.empty());
    EXPECT_EQ(report.violations.front().property, spec::Property::quorum_behind_decision);
  }
}

}  // namespace
}  // namespace conclave::check
