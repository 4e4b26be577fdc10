// What takes minutes: the twin on larger scopes, and the explorer against itself on five servers.
#include <gtest/gtest.h>

#include "support.hpp"
#include "twin_compare.hpp"

namespace conclave::explore {
namespace {

std::vector<Case> large_cases() {
  std::vector<Case> cases;
  const auto add = [&cases](const std::string& name, const spec::Scenario& scenario, const spec::Scope& scope) {
    for (const Case& example : in_all_timings(name, scenario, scope)) cases.push_back(example);
  };
  add("three_latest_rounds", scenario_of(3), faults(0, 0, 2));
  add("four_latest", scenario_of(4), faults(0, 0, 1));
  add("four_in_groups_latest", with_zxids(grouped({{1}, {1}, {1, 0}}), {1, 2, 3, 4}), faults(0, 0, 1));
  return cases;
}

class LongTwinTest : public ::testing::TestWithParam<Case> {};
TEST_P(LongTwinTest, CountsTheSame) { expect_equal(GetParam()); }
INSTANTIATE_TEST_SUITE_P(Large, LongTwinTest, ::testing::ValuesIn(large_cases()),
                         [](const auto& info) { return info.param.name; });

// Five servers: no twin gets that far.
TEST(FiveServers, CountTheSameWithAnyNumberOfThreads) {
  check::Request request = request_for(scope_with(async, staggered));
  const check::Report one = explored(scenario_of(5), request);
  request.limits.threads = 2;
  const check::Report two = explored(scenario_of(5), request);
  EXPECT_EQ(one.verdict, checker::Verdict::exhausted);
  EXPECT_EQ(one.states, two.states);
  EXPECT_EQ(one.steps, two.steps);
  EXPECT_EQ(pairs_of(one.levels), pairs_of(two.levels));
  EXPECT_EQ(one.first_seen, two.first_seen);
  EXPECT_TRUE(one.violations.empty() && two.violations.empty());
  // Not to be seen with fewer.
  EXPECT_TRUE(saw(one, spec::Property::decided_as_recent_as_supporters));
  RecordProperty("states", std::to_string(one.states));
  RecordProperty("steps", std::to_string(one.steps));
}

TEST(FiveServers, FindTheSameWithEitherReduction) {
  check::Request request = request_for(scope_with(timely, together));
  request.limits.threads = 2;
  const check::Report both = explored(scenario_of(5), request);
  request.minimise = false;
  const check::Report votes_only = explored(scenario_of(5), request);
  EXPECT_EQ(both.verdict, votes_only.verdict);
  EXPECT_EQ(both.first_seen, votes_only.first_seen);
  EXPECT_LT(both.states, votes_only.states);
}

}  // namespace
}  // namespace conclave::explore
