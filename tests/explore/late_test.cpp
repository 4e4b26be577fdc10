// Late reads leave out no run, as far as others can tell, and judge the same.
#include <gtest/gtest.h>

#include "late.hpp"
#include "support.hpp"

namespace conclave::explore {
namespace {

using spec::bit;
using spec::late_properties;

TEST(LateReads, HaveTheLikeOfEveryRunInOneRound) {
  for (const auto timing : {async, timely}) {
    for (const auto start : {staggered, together}) {
      for (const int crashes : {0, 1, 2}) beside(scenario_of(3), scope_with(timing, start, crashes));
      beside(scenario_of(3), scope_with(timing, start, 1, 1));
    }
  }
}

TEST(LateReads, HaveTheLikeOfEveryRunInSeveralRounds) {
  for (const auto timing : {async, timely}) {
    for (const int crashes : {0, 1}) beside(scenario_of(3), scope_with(timing, staggered, crashes, 0, 2));
    beside(scenario_of(3), scope_with(timing, together, 1, 1, 2));
    beside(scenario_of(2), scope_with(timing, staggered, 1, 1, 3));
  }
  beside(scenario_of(2), roles_end_at_any_time(scope_with(async, staggered, 1, 1, 3)));
  beside(scenario_of(3), roles_end_at_any_time(scope_with(async, together, 0, 0, 2)));
}

TEST(LateReads, HaveTheLikeOfEveryRunWithWeights) {
  for (const auto timing : {async, timely}) {
    beside(with_zxids(grouped({{2, 1, 1}}), {3, 1, 2}), scope_with(timing, staggered, 1, 0, 2));
    beside(with_zxids(grouped({{1, 1}, {0}}), {1, 2, 3}), scope_with(timing, staggered, 1, 0, 2));
  }
}

// With these rules a vote that was heard can keep a server from deciding, or count for what it does not say.
TEST(LateReads, AreFoundOutWhereTheyDoNotHold) {
  for (const char* name : {"zk-480"}) {
    const check::Audit audit =
        late_audit(scenario_of(3), scope_with(async, together, 1, 0, 2), *spec::find_seeded_bug(name));
    ASSERT_TRUE(audit.failure) << name;
    EXPECT_EQ(audit.failure->sentence, sentence_of(spec::Lack::like));
    EXPECT_GT(audit.failure->steps.size(), 2U);
    EXPECT_TRUE(audit.failure->shortest);
  }
}

TEST(LateReads, SuspectWhereARunBreaksAClaim) {
  spec::RuleVariant bug = *spec::find_seeded_bug("no-majority");
  bug.reducible = true;  // which it is not: but no vote that this test needs is dropped
  check::Request request = request_for(scope_with(async, staggered));
  request.rules = &bug;
  request.except = ~late_properties;
  EXPECT_EQ(names_of(explored(scenario_of(3), request).violations), std::vector<std::string>{"quorum-took-part"});
  request.late_reads = true;
  const check::Report late = explored(scenario_of(3), request);
  EXPECT_TRUE(late.violations.empty());
  EXPECT_NE(late.suspected & bit(spec::Property::quorum_took_part), 0U);
  request.rules = &spec::zookeeper_rules();
  EXPECT_EQ(explored(scenario_of(3), request).suspected, 0U);
}

// Who is a quorum alone never rests before it has decided.
TEST(LateReads, SuspectNothingWhereNothingCanBeReadLate) {
  check::Request request = request_for(scope_with(async, staggered));
  request.late_reads = true;
  for (const spec::Scenario& scenario :
       {scenario_of(1), spec::every_history(grouped({{1, 0}}), 2).front(), scenario_of(2)}) {
    const check::Report report = explored(scenario, request);
    EXPECT_EQ(report.verdict, checker::Verdict::exhausted);
    EXPECT_EQ(report.suspected, 0U);
  }
}

TEST(LateReads, CountTheSameWithAnyNumberOfThreads) {
  check::Request request = request_for(scope_with(async, staggered, 1, 0, 2));
  request.late_reads = true;
  const spec::Scenario scenario = spec::every_history(majority(5), 4).front();
  request.limits.threads = 1;
  const check::Report one = explored(scenario, request);
  request.limits.threads = 4;
  const check::Report four = explored(scenario, request);
  EXPECT_EQ(one.verdict, checker::Verdict::exhausted);
  EXPECT_EQ(one.suspected, 0U);
  EXPECT_EQ(pairs_of(one.levels), pairs_of(four.levels));
}

}  // namespace
}  // namespace conclave::explore
