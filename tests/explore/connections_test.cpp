// Connections: counts against the twin, what the claims catch, and that they are put to the test.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <set>
#include <string>
#include <vector>

#include "conclave/check/connections_command.hpp"
#include "connections_twin.hpp"

namespace conclave::tests {
namespace {

using spec::ConnectionProperty;
using spec::ConnectionScope;

const spec::ConnectionRuleVariant& bug(std::string_view name) {
  const auto* found = spec::find_seeded_connection_bug(name);
  EXPECT_NE(found, nullptr) << name;
  return found == nullptr ? spec::connection_rules() : *found;
}

check::ConnectionsReport explore(const ConnectionScope& scope,
                                 const spec::ConnectionRuleVariant& rules = spec::connection_rules(),
                                 int threads = 2) {
  check::ConnectionsOptions options;
  options.scope = scope;
  options.rules = &rules;
  options.show = ~spec::PropertySet{0};
  checker::Limits limits;
  limits.threads = threads;
  checker::Progress progress;
  return check::explore_connections(options, limits, progress);
}

spec::PropertySet seen_of(const check::ConnectionsReport& report) {
  spec::PropertySet seen = 0;
  for (std::size_t i = 0; i < report.first_seen.size(); ++i) {
    if (report.first_seen[i]) seen |= spec::PropertySet{1} << i;
  }
  return seen;
}

void expect_the_same(const ConnectionScope& scope, const spec::ConnectionRuleVariant& rules) {
  SCOPED_TRACE(std::string(rules.name) + ", " + std::to_string(scope.servers) + " servers, " +
               std::to_string(scope.crashes) + " crashes, " + std::to_string(scope.messages) + " messages");
  const ConnectionsTwinResult twin = explore_connections_plainly(scope, rules.rules);
  const check::ConnectionsReport report = explore(scope, rules);
  std::uint64_t states = 0;
  for (const std::uint64_t level : twin.levels) states += level;
  EXPECT_EQ(report.cut, 0U);
  EXPECT_EQ(report.violations.empty(), !twin.violated);
  EXPECT_EQ(report.steps, twin.steps);
  EXPECT_EQ(report.levels, twin.levels.size());
  EXPECT_TRUE(twin.comes_to_rest);
  if (!twin.violated) {
    EXPECT_EQ(report.states, states);
    EXPECT_EQ(seen_of(report), twin.seen);
  }
}

TEST(ConnectionsTwin, CountsTheSame) {
  expect_the_same({2, 0, 0}, spec::connection_rules());
  expect_the_same({2, 1, 1}, spec::connection_rules());
  expect_the_same({2, 2, 0}, spec::connection_rules());
  expect_the_same({2, 0, 3}, spec::connection_rules());
  expect_the_same({3, 0, 0, 0b010, 0b001}, spec::connection_rules());
}

TEST(ConnectionsClaims, HoldAndEverythingIsReached) {
  const check::ConnectionsReport report = explore({2, 2, 1});
  EXPECT_EQ(report.verdict, checker::Verdict::exhausted);
  EXPECT_EQ(report.cut, 0U);
  EXPECT_TRUE(report.violations.empty());
  for (const auto& info : spec::connection_property_infos()) {
    if (info.property == ConnectionProperty::timed_out) continue;  // there is nobody out of reach
    const bool reached = report.first_seen[static_cast<std::size_t>(info.property)].has_value();
    EXPECT_EQ(reached, info.kind != spec::PropertyKind::always) << info.name;
  }
}

TEST(ConnectionsClaims, HoldWithServersAtAnyAddressAndOutOfReach) {
  EXPECT_TRUE(explore({2, 2, 1, 0b11}).violations.empty());
  for (const std::uint32_t away : {0b001U, 0b010U, 0b100U}) {
    const check::ConnectionsReport report = explore({3, 0, 0, 0, away});
    EXPECT_EQ(report.verdict, checker::Verdict::exhausted) << away;
    EXPECT_TRUE(report.violations.empty()) << away;
    EXPECT_TRUE(report.first_seen[static_cast<std::size_t>(ConnectionProperty::timed_out)].has_value()) << away;
  }
}

struct Caught {
  const char* bug;
  ConnectionScope scope;
  ConnectionProperty property;
  std::size_t steps;
};
std::ostream& operator<<(std::ostream& out, const Caught& caught) { return out << caught.bug; }

constexpr Caught all_caught[] = {
    {"no-call-back", {2, 0, 0}, ConnectionProperty::connected_at_rest, 9},
    {"old-one-stays", {2, 0, 0}, ConnectionProperty::one_sender, 11},
    {"last-not-again", {2, 0, 0}, ConnectionProperty::message_arrives, 15},
    {"zk-453", {2, 1, 0}, ConnectionProperty::connected_at_rest, 12},
    {"zk-822-entry", {2, 0, 1}, ConnectionProperty::one_sender, 14},
    {"zk-822-time-out", {3, 0, 0, 0, 0b001}, ConnectionProperty::connected_at_rest, 4},
    {"zk-2164", {2, 0, 0, 0b01}, ConnectionProperty::connected_at_rest, 10},
    {"zk-2781", {2, 0, 0}, ConnectionProperty::connected_at_rest, 9},
    {"zk-2781-race", {2, 0, 0}, ConnectionProperty::connected_at_rest, 11},
};
TEST(ConnectionsClaims, AreTriedWithEachSeededBug) {
  EXPECT_EQ(std::size(all_caught), spec::seeded_connection_bugs().size());
}

// Each for itself: some take long under the thread sanitizer.
class ConnectionsBugs : public testing::TestWithParam<Caught> {};

// docs/connections.md shows these runs. In the same bounds the rules as they are break nothing.
TEST_P(ConnectionsBugs, AreCaught) {
  const check::ConnectionsReport report = explore(GetParam().scope, bug(GetParam().bug));
  ASSERT_FALSE(report.violations.empty());
  EXPECT_EQ(report.violations.front().property, GetParam().property);
  EXPECT_EQ(report.violations.front().steps.size() - 1, GetParam().steps);
  EXPECT_TRUE(explore(GetParam().scope).violations.empty());
}

TEST_P(ConnectionsBugs, AreCountedTheSameByTheTwin) {
  const spec::ConnectionRuleVariant& rules = bug(GetParam().bug);
  expect_the_same({2, 0, 0}, rules);
  expect_the_same({2, 1, 1, 0b01}, rules);
  expect_the_same({2, 0, 1, 0b10}, rules);
  expect_the_same({3, 0, 0, 0, 0b010}, rules);
}

INSTANTIATE_TEST_SUITE_P(All, ConnectionsBugs, testing::ValuesIn(all_caught),
                         [](const testing::TestParamInfo<Caught>& info) {
                           std::string name = info.param.bug;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

// What a bug needs it needs.
// Without its message it takes a longer run, to another claim.
TEST(ConnectionsClaims, Catch822WithoutAMessageTheLongWay) {
  const check::ConnectionsReport report = explore({2, 0, 0}, bug("zk-822-entry"));
  ASSERT_FALSE(report.violations.empty());
  EXPECT_EQ(report.violations.front().property, ConnectionProperty::connected_at_rest);
  EXPECT_EQ(report.violations.front().steps.size() - 1, 19U);
}

TEST(ConnectionsClaims, CatchNothingWhereABugHasNothingToShow) {
  EXPECT_TRUE(explore({2, 0, 1}, bug("zk-453")).violations.empty());
  EXPECT_TRUE(explore({2, 1, 1, 0b10}, bug("zk-2164")).violations.empty());
  EXPECT_TRUE(explore({2, 1, 1}, bug("zk-822-time-out")).violations.empty());
}

// Is there a way from this world to one in which two servers are connected, with one more message and no fault?
bool can_connect(const spec::ConnectionWorld& start, const spec::ConnectionRuleVariant& rules) {
  const spec::ConnectionSystem system({2, 0, 1}, rules.rules);
  std::set<std::array<std::uint64_t, spec::ConnectionSystem::words>> known;
  std::vector<spec::ConnectionWorld> open{start};
  std::uint64_t cut = 0;
  while (!open.empty()) {
    const spec::ConnectionWorld world = open.back();
    open.pop_back();
    if (!known.insert(spec::ConnectionSystem::pack(world).words).second) continue;
    const auto take = [&](const spec::ConnectionWorld& next, spec::ConnectionAction, spec::PropertySet) {
      open.push_back(next);
    };
    if ((system.successors(world, take, cut) & bit(ConnectionProperty::connected)) != 0) return true;
  }
  return false;
}

// ZooKeeper's rule of today, without any fault. What mends it is that a server which looks for a leader says it again.
TEST(ConnectionsClaims, AreBrokenByForgottenCallsUntilSomethingIsSaidAgain) {
  for (const char* name : {"zk-2781", "zk-2781-race"}) {
    const check::ConnectionsReport report = explore({2, 0, 0}, bug(name));
    ASSERT_EQ(report.violations.size(), 2U) << name;
    EXPECT_EQ(report.violations[1].property, ConnectionProperty::message_arrives) << name;
    EXPECT_TRUE(can_connect(report.violations[0].steps.back().world, bug(name))) << name;
  }
}

TEST(ConnectionsState, IsPackedExactly) {
  // From one world to the next along a run with everything in it; the explorer itself compares words alone.
  for (const auto& run : explore({2, 2, 1}).shown) {
    for (const auto& step : run.steps) {
      const auto packed = spec::ConnectionSystem::pack(step.world);
      EXPECT_EQ(spec::ConnectionSystem::pack(spec::ConnectionSystem::unpack(packed)).words, packed.words);
    }
  }
}

TEST(ConnectionsThreads, DoNotChangeAnything) {
  const auto& race = bug("zk-822-entry");
  const check::ConnectionsReport one = explore({2, 1, 1}, race, 1);
  const check::ConnectionsReport three = explore({2, 1, 1}, race, 3);
  EXPECT_EQ(one.states, three.states);
  ASSERT_EQ(one.violations.size(), three.violations.size());
  ASSERT_EQ(one.violations[0].steps.size(), three.violations[0].steps.size());
  for (std::size_t i = 1; i < one.violations[0].steps.size(); ++i) {
    EXPECT_EQ(one.violations[0].steps[i].action, three.violations[0].steps[i].action);
  }
}

}  // namespace
}  // namespace conclave::tests
