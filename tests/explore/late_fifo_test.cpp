// Late reads over FIFO channels: they leave out no run either, whatever the channels take, lose or carry twice.
#include <gtest/gtest.h>

#include "late.hpp"
#include "support.hpp"

namespace conclave::explore {
namespace {

using spec::bit;
using spec::late_properties;

spec::Scope with_troubles(spec::Scope scope, int losses, int resends) {
  scope.losses = losses;
  scope.resends = resends;
  return scope;
}

TEST(LateFifo, HasTheLikeOfEveryRunInOneRound) {
  for (const int capacity : {1, 2, 4}) {
    for (const auto start : {staggered, together}) {
      for (const int crashes : {0, 1, 2})
        beside(scenario_of(3), on_fifo(scope_with(async, start, crashes), capacity));
    }
  }
  beside(scenario_of(3), on_fifo(scope_with(async, staggered, 1, 1), 1));
}

TEST(LateFifo, HasTheLikeOfEveryRunInSeveralRounds) {
  for (const int capacity : {1, 2}) {
    for (const int crashes : {0, 1})
      beside(scenario_of(3), on_fifo(scope_with(async, staggered, crashes, 0, 2), capacity));
    beside(scenario_of(2), on_fifo(scope_with(async, staggered, 1, 1, 3), capacity));
  }
  beside(scenario_of(2), roles_end_at_any_time(on_fifo(scope_with(async, staggered, 1, 1, 3), 1)));
}

TEST(LateFifo, HasTheLikeOfWhatIsLostOrSaidAgain) {
  for (const int crashes : {0, 1}) {
    beside(scenario_of(3), with_troubles(on_fifo(scope_with(async, staggered, crashes), 2), 1, 1));
    beside(scenario_of(2), with_troubles(on_fifo(scope_with(async, staggered, crashes, 0, 2), 2), 2, 2));
  }
}

TEST(LateFifo, HasTheLikeOfEveryRunWithWeights) {
  beside(with_zxids(grouped({{2, 1, 1}}), {3, 1, 2}), on_fifo(scope_with(async, staggered, 1), 2));
  beside(with_zxids(grouped({{1, 1}, {0}}), {1, 2, 3}), on_fifo(scope_with(async, staggered, 1), 2));
}

// With this rule a server is settled by less than a quorum, and that is not looked for.
TEST(LateFifo, IsFoundOutWhereItDoesNotHold) {
  spec::RuleVariant bug = *spec::find_seeded_bug("zk-157");
  bug.reducible = true;  // which it is not
  const check::Audit audit = late_audit(scenario_of(3), on_fifo(scope_with(async, staggered), 1), bug);
  ASSERT_TRUE(audit.failure);
  EXPECT_EQ(audit.failure->sentence, sentence_of(spec::Lack::like));
  EXPECT_GT(audit.failure->steps.size(), 2U);
}

// One exploration stands for every capacity, and for all that is lost or said again.
TEST(LateFifo, IsTheSameWhateverTheChannelsTake) {
  const auto levels = [](const spec::Scope& scope) {
    check::Request request = request_for(scope);
    request.late_reads = true;
    request.limits.threads = scope.losses + 1;
    const check::Report report = explored(spec::every_history(majority(5), 4).front(), request);
    EXPECT_EQ(report.verdict, checker::Verdict::exhausted);
    EXPECT_EQ(report.suspected, 0U);
    return pairs_of(report.levels);
  };
  const spec::Scope scope = scope_with(async, staggered, 1);
  const auto one = levels(on_fifo(scope, 1));
  EXPECT_EQ(one, levels(on_fifo(scope, 4)));
  EXPECT_EQ(one, levels(with_troubles(on_fifo(scope, 2), 3, 2)));
}

TEST(LateFifo, SuspectsWhereARunBreaksAClaim) {
  spec::RuleVariant bug = *spec::find_seeded_bug("no-majority");
  bug.reducible = true;  // which it is not: but no vote that this test needs is dropped
  check::Request request = request_for(on_fifo(scope_with(async, staggered), 1));
  request.rules = &bug;
  request.except = ~late_properties;
  EXPECT_EQ(names_of(explored(scenario_of(3), request).violations), std::vector<std::string>{"quorum-took-part"});
  request.late_reads = true;
  EXPECT_NE(explored(scenario_of(3), request).suspected & bit(spec::Property::quorum_took_part), 0U);
  request.rules = &spec::zookeeper_rules();
  EXPECT_EQ(explored(scenario_of(3), request).suspected, 0U);
}

}  // namespace
}  // namespace conclave::explore
