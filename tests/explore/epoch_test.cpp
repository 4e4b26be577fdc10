// The epoch phase: counts against the twin, what the claims catch, and that they are put to the test.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "conclave/check/epoch_command.hpp"
#include "epoch_twin.hpp"

namespace conclave::tests {
namespace {

using spec::EpochProperty;
using spec::EpochScope;

// Majorities; the observers have the ids after the voters.
struct Servers {
  int voters = 3;
  int observers = 0;
};

check::EpochReport explore(Servers servers, const EpochScope& scope,
                           const spec::EpochRuleVariant& rules = spec::zookeeper_epoch_rules(), int threads = 2) {
  std::vector<model::Member> members;
  for (int i = 1; i <= servers.voters + servers.observers; ++i) {
    const auto role = i > servers.voters ? model::LearnerType::observer : model::LearnerType::participant;
    members.push_back(model::Member{model::ServerId{i}, role, {}, {}});
  }
  check::EpochOptions options;
  options.scope = scope;
  options.rules = &rules;
  options.show = ~spec::PropertySet{0};
  checker::Limits limits;
  limits.threads = threads;
  checker::Progress progress;
  const auto configuration = model::Configuration::make(model::QuorumKind::majority, members);
  return check::explore_epochs(configuration, options, limits, progress);
}

spec::PropertySet seen_of(const check::EpochReport& report) {
  spec::PropertySet seen = 0;
  for (std::size_t i = 0; i < report.first_seen.size(); ++i) {
    if (report.first_seen[i]) seen |= spec::PropertySet{1} << i;
  }
  return seen;
}

void expect_the_same(Servers servers, const EpochScope& scope,
                     const spec::EpochRuleVariant& rules = spec::zookeeper_epoch_rules()) {
  SCOPED_TRACE(std::string(rules.name) + ", " + std::to_string(servers.voters) + " voters, " +
               std::to_string(servers.observers) + " observers, epochs " + std::to_string(scope.epochs) + ", stops " +
               std::to_string(scope.stops));
  const EpochTwinResult twin = explore_epochs_plainly(servers.voters, servers.observers, scope, rules);
  const check::EpochReport report = explore(servers, scope, rules);
  std::uint64_t states = 0;
  for (const std::uint64_t level : twin.levels) states += level;
  EXPECT_EQ(report.violations.empty(), !twin.violated);
  EXPECT_EQ(report.steps, twin.steps);
  EXPECT_EQ(report.levels, twin.levels.size());
  if (!twin.violated) {
    EXPECT_EQ(report.states, states);
    EXPECT_EQ(seen_of(report), twin.seen);
  }
}

TEST(EpochTwin, CountsTheSame) {
  expect_the_same({1}, EpochScope{3, 2, 3});
  expect_the_same({2}, EpochScope{2, 1, 2});
  expect_the_same({2}, EpochScope{3, 1, 3});
  expect_the_same({3}, EpochScope{1, 1, 0});
  expect_the_same({3}, EpochScope{2, 1, 1});
  expect_the_same({3}, EpochScope{1, 0, 2});
  expect_the_same({2}, EpochScope{1, 0, -1});
}

EpochScope with_observers(EpochScope scope) {
  scope.observers = true;
  return scope;
}
EpochScope with_ticks(EpochScope scope) {
  scope.ticks = true;
  return scope;
}

TEST(EpochTwin, CountsTheSameWithTicks) {
  expect_the_same({1}, with_ticks({2, 1, 2}));
  expect_the_same({2}, with_ticks({2, 1, 1}));
  expect_the_same({3}, with_ticks({1, 0, 1}));
  expect_the_same({2, 1}, with_ticks(with_observers({1, 1, 1})));
}

TEST(EpochTwin, CountsTheSameWithObservers) {
  expect_the_same({1, 1}, with_observers({2, 2, 2}));
  expect_the_same({1, 2}, with_observers({1, 1, 1}));
  expect_the_same({2, 1}, with_observers({2, 1, 1}));
  expect_the_same({2, 1}, with_observers({1, 1, 2}));
  expect_the_same({2, 1}, with_observers({1, 1, 1, 0b100}));
  expect_the_same({2, 1}, with_observers({1, 1, 1, 0b001}));
}

// Observers that stay away change nothing.
TEST(EpochTwin, CountsTheSameWithoutTheObserversOfAConfiguration) {
  const check::EpochReport without = explore({2}, {2, 1, 2});
  const check::EpochReport with = explore({2, 2}, {2, 1, 2});
  EXPECT_EQ(with.states, without.states);
  EXPECT_EQ(with.steps, without.steps);
  EXPECT_EQ(seen_of(with), seen_of(without));
}

TEST(EpochTwin, CountsTheSameWithServersThatKeepNoHistory) {
  expect_the_same({2}, EpochScope{2, 1, 2, 0b01});
  expect_the_same({2}, EpochScope{2, 1, 2, 0b11});
  for (const std::uint32_t without : {0b001U, 0b110U, 0b111U}) {
    expect_the_same({3}, EpochScope{2, 1, 1, without});
    expect_the_same({3}, EpochScope{1, 1, 1, without});
  }
}

TEST(EpochTwin, CountsTheSameWithEachBug) {
  for (const spec::EpochRuleVariant& bug : spec::seeded_epoch_bugs()) {
    expect_the_same({2}, EpochScope{2, 1, 2}, bug);
    expect_the_same({3}, EpochScope{2, 0, 1}, bug);
    expect_the_same({2, 1}, with_ticks(with_observers({2, 0, 1})), bug);
  }
}

TEST(EpochClaims, HoldAndEverythingIsReached) {
  const EpochScope scope{2, 1, 2};
  const check::EpochReport report = explore({3}, scope);
  EXPECT_EQ(report.verdict, checker::Verdict::exhausted);
  EXPECT_TRUE(report.violations.empty());
  for (const spec::EpochPropertyInfo& info : spec::epoch_property_infos()) {
    if (!spec::in_scope(info.property, scope)) continue;
    const bool reached = report.first_seen[static_cast<std::size_t>(info.property)].has_value();
    EXPECT_EQ(reached, info.kind != spec::PropertyKind::always) << info.name;
  }
  // Every run that is shown ends where it says: explore_epochs() has told each again in a fresh system.
  EXPECT_EQ(report.shown.size(), 10U);
}

TEST(EpochClaims, HoldWithObservers) {
  const check::EpochReport report = explore({2, 1}, with_observers({2, 1, 2}));
  EXPECT_EQ(report.verdict, checker::Verdict::exhausted);
  EXPECT_TRUE(report.violations.empty());
  for (const EpochProperty property : {EpochProperty::observer_up_to_date, EpochProperty::second_epoch,
                                       EpochProperty::learner_ahead, EpochProperty::transaction_committed}) {
    EXPECT_TRUE(report.first_seen[static_cast<std::size_t>(property)].has_value());
  }
}

// Among servers that keep a history and servers that keep none, whichever they are.
TEST(EpochClaims, HoldWithServersThatKeepNoHistory) {
  for (const std::uint32_t without : {0b001U, 0b011U, 0b111U}) {
    const check::EpochReport report = explore({3}, EpochScope{2, 1, 2, without});
    EXPECT_EQ(report.verdict, checker::Verdict::exhausted) << without;
    EXPECT_TRUE(report.violations.empty()) << without;
    const auto reached = [&](EpochProperty property) {
      return report.first_seen[static_cast<std::size_t>(property)].has_value();
    };
    EXPECT_TRUE(reached(EpochProperty::second_epoch)) << without;
    EXPECT_TRUE(reached(EpochProperty::learner_up_to_date)) << without;
    // A transaction needs a quorum of those that keep one.
    EXPECT_EQ(reached(EpochProperty::transaction_committed), without == 0b001U) << without;
  }
}

// Ticks take nothing from what can happen; and what they end is a stop that nobody has to spend.
TEST(EpochClaims, HoldWithTicks) {
  const check::EpochReport report = explore({3}, with_ticks({1, 1, 2}));
  EXPECT_EQ(report.verdict, checker::Verdict::exhausted);
  EXPECT_TRUE(report.violations.empty());
  EXPECT_TRUE(report.first_seen[static_cast<std::size_t>(EpochProperty::leader_gives_up)].has_value());
}

struct Caught {
  const char* bug;
  EpochScope scope;
  EpochProperty property;
  std::size_t steps = 0;  // of the shortest run; 0: any number
  Servers servers = {3};
};
std::ostream& operator<<(std::ostream& out, const Caught& caught) { return out << caught.bug; }

std::string name_of_caught(const testing::TestParamInfo<Caught>& info) {
  std::string name = info.param.bug;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

// Each for itself: some take long under the thread sanitizer.
class EpochBugs : public testing::TestWithParam<Caught> {};

TEST_P(EpochBugs, AreCaught) {
  const spec::EpochRuleVariant* bug = spec::find_seeded_epoch_bug(GetParam().bug);
  ASSERT_NE(bug, nullptr);
  const check::EpochReport report = explore(GetParam().servers, GetParam().scope, *bug);
  ASSERT_FALSE(report.violations.empty());
  EXPECT_EQ(report.violations.front().property, GetParam().property);
  const std::size_t steps = report.violations.front().steps.size() - 1;
  EXPECT_EQ(steps, GetParam().steps == 0 ? steps : GetParam().steps);
}

INSTANTIATE_TEST_SUITE_P(
    All, EpochBugs,
    testing::Values(Caught{"write-late", {2, 1, 3}, EpochProperty::as_recent_as_quorum},
                    Caught{"accept-alone", {2, 1, 3}, EpochProperty::as_recent_as_quorum},
                    Caught{"establish-alone", {3, 1, 3}, EpochProperty::committed_survives},
                    Caught{"ahead-ignored", {2, 1, 3}, EpochProperty::as_recent_as_quorum},
                    Caught{"zxid-only", {2, 1, 3}, EpochProperty::as_recent_as_quorum},
                    Caught{"accept-twice", {2, 0, 3}, EpochProperty::one_leader_per_epoch},
                    Caught{"accept-anything", {2, 1, 3}, EpochProperty::written_never_falls},
                    // The one server without history lets another be elected that lacks what it has seen.
                    Caught{"vouch-for-nothing", {3, 1, 3, 0b001}, EpochProperty::committed_survives},
                    // ZooKeeper's own.
                    Caught{"zk-1282", {3, 1, 3}, EpochProperty::committed_survives, 38},
                    Caught{"zk-4785", {3, 1, 3}, EpochProperty::committed_survives, 42}),
    name_of_caught);

// In whose bounds all can be explored with today's rules.
std::vector<Caught> small_bounds() {
  return {{"zk-790", {1, 0, 0}, EpochProperty::zxid_of_established, 5, {2}},
          {"zk-1192", {1, 0, 2}, EpochProperty::as_recent_as_quorum, 19},
          {"zk-1270", {2, 0, 4}, EpochProperty::written_never_falls, 20},
          {"zk-1294", with_ticks(with_observers({1, 0, 1})), EpochProperty::kept_by_quorum, 17, {2, 1}},
          {"zk-2959", with_observers({1, 0, 2}), EpochProperty::as_recent_as_quorum, 22, {2, 1}}};
}
INSTANTIATE_TEST_SUITE_P(Small, EpochBugs, testing::ValuesIn(small_bounds()), name_of_caught);

class EpochBounds : public testing::TestWithParam<Caught> {};

TEST_P(EpochBounds, HoldToday) {
  const check::EpochReport report = explore(GetParam().servers, GetParam().scope);
  EXPECT_TRUE(report.violations.empty());
  EXPECT_EQ(report.verdict, checker::Verdict::exhausted);
}
INSTANTIATE_TEST_SUITE_P(Small, EpochBounds, testing::ValuesIn(small_bounds()), name_of_caught);

// A leader that does not ask far enough proposes an epoch that learners refuse: it gets nowhere, and breaks nothing.
// Nor does one that tells its epoch before it has written it: it counts itself afterwards.
TEST(EpochClaims, AreKeptByLearnersWhereALeaderAsksTooFew) {
  for (const char* name : {"own-epoch", "propose-alone", "zk-1291", "zk-1343"}) {
    const check::EpochReport report = explore({3}, EpochScope{2, 1, 2}, *spec::find_seeded_epoch_bug(name));
    EXPECT_TRUE(report.violations.empty()) << name;
    EXPECT_EQ(report.verdict, checker::Verdict::exhausted);
  }
}

TEST(EpochThreads, DoNotChangeAnything) {
  const auto& bug = *spec::find_seeded_epoch_bug("accept-anything");
  const check::EpochReport one = explore({3}, EpochScope{2, 1, 2}, bug, 1);
  const check::EpochReport three = explore({3}, EpochScope{2, 1, 2}, bug, 3);
  EXPECT_EQ(one.states, three.states);
  ASSERT_EQ(one.violations.size(), three.violations.size());
  ASSERT_EQ(one.violations[0].steps.size(), three.violations[0].steps.size());
  for (std::size_t i = 1; i < one.violations[0].steps.size(); ++i) {
    EXPECT_EQ(one.violations[0].steps[i].action, three.violations[0].steps[i].action);
  }
}

}  // namespace
}  // namespace conclave::tests
