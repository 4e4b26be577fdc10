// What is claimed is put to the test and can fail; what is known not to hold fails where it is said to, only there.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support.hpp"
#include "twin.hpp"

namespace conclave::explore {
namespace {

using spec::Property;

check::Report explored_with(const std::string& bug, const spec::Scenario& scenario, const spec::Scope& scope) {
  check::Request request = request_for(scope);
  request.rules = spec::find_seeded_bug(bug);
  return explored(scenario, request);
}

// --- seeded bugs
// ------------------------------------------------------------------------------------------------------

TEST(SeededBugs, AreFoundByShortestRuns) {
  for (const char* name : {"no-majority", "round-forgotten", "leader-unchecked"}) {
    const spec::RuleVariant& bug = *spec::find_seeded_bug(name);
    for (const auto timing : {async, timely}) {
      SCOPED_TRACE(std::string(bug.name) + (timing == async ? ", async" : ", timely"));
      check::Request request = request_for(scope_with(timing, staggered, 0, 0, 2));
      request.rules = &bug;
      const check::Report report = explored(scenario_of(3), request);
      ASSERT_FALSE(report.violations.empty());
      EXPECT_NE(report.verdict, checker::Verdict::exhausted);
      for (const check::Run& run : report.violations) {
        EXPECT_FALSE(run.clause.empty());
        // The states one step before its end are looked at, and no claim is broken there or before.
        request.limits.depth_max = static_cast<std::uint32_t>(run.steps.size()) - 2;
        const check::Report shorter = explored(scenario_of(3), request);
        EXPECT_TRUE(shorter.violations.empty());
        EXPECT_EQ(shorter.verdict, checker::Verdict::bounded);
        EXPECT_EQ(shorter.stop, checker::Stop::depth);
      }
    }
  }
}

TEST(SeededBugs, AreNotFoundInTheRulesAsTheyAre) {
  for (const auto timing : {async, timely}) {
    const check::Report report = explored(scenario_of(3), request_for(scope_with(timing, staggered, 1, 1)));
    EXPECT_TRUE(report.violations.empty());
    EXPECT_EQ(report.verdict, checker::Verdict::exhausted);
  }
  EXPECT_TRUE(explored(scenario_of(3), request_for(scope_with(timely, staggered, 0, 0, 2))).violations.empty());
}

std::vector<std::string> broken_claims(const Twin::Counts& counts) {
  std::vector<std::string> names;
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    const bool broken = counts.first_seen[static_cast<std::size_t>(info.property)].has_value();
    if (info.kind == spec::PropertyKind::always && broken) names.emplace_back(info.name);
  }
  return names;
}

// Started together, on a quick network, everybody hears the best vote before it can decide for another: with one vote
// for a quorum the election still ends as it should, everywhere, and only a look into the tables tells.
TEST(SeededBugs, WithoutMajorityNothingIsSeenFromOutsideIfAllStartTogether) {
  const spec::RuleVariant* bug = spec::find_seeded_bug("no-majority");
  const spec::Scope scope = scope_with(timely, together);
  const Twin::Counts counts = Twin(scenario_of(3), scope, *bug).explore(true);
  EXPECT_EQ(broken_claims(counts), std::vector<std::string>{"quorum-behind-decision"});
  for (const int voters : {3, 4, 5}) {
    const check::Report report = explored_with("no-majority", scenario_of(voters), scope);
    EXPECT_EQ(names_of(report.violations), std::vector<std::string>{"quorum-behind-decision"});
  }
}

TEST(SeededBugs, WithoutMajorityOneServerAloneElectsItselfIfStartsAreStaggered) {
  const spec::RuleVariant* bug = spec::find_seeded_bug("no-majority");
  const spec::Scope scope = scope_with(timely, staggered);
  const Twin::Counts counts = Twin(scenario_of(3), scope, *bug).explore(true);
  // Start and silence: the step is broken, and so is the state after it.
  EXPECT_EQ(counts.first_seen[static_cast<std::size_t>(Property::quorum_behind_decision)], 2U);
  EXPECT_EQ(counts.first_seen[static_cast<std::size_t>(Property::quorum_took_part)], 2U);
  const check::Report report = explored_with("no-majority", scenario_of(3), scope);
  EXPECT_EQ(report.first_seen[static_cast<std::size_t>(Property::quorum_behind_decision)], 2U);
}

// --- known not to hold
// ------------------------------------------------------------------------------------------------

TEST(Refuted, SingleLeadingFailsWhereItIsSaidTo) {
  for (const int voters : {3, 4}) {
    for (const auto timing : {async, timely}) {
      for (const auto start : {staggered, together}) {
        const bool expected = timing == async || start == staggered;
        const check::Report report = explored(scenario_of(voters), request_for(scope_with(timing, start)));
        SCOPED_TRACE(std::to_string(voters) + " voters, " + describe(scope_with(timing, start)));
        EXPECT_EQ((report.applicable & bit(Property::single_leading)) != 0, expected);
        EXPECT_EQ(saw(report, Property::single_leading), expected);
        EXPECT_TRUE(report.violations.empty());
      }
    }
  }
}

// Where it is not recorded it is claimed, in the words of another property, of the first round.
TEST(Refuted, SingleLeadingHoldsElsewhere) {
  for (const int voters : {3, 4}) {
    check::Request request = request_for(scope_with(timely, together));
    request.claim = bit(Property::single_leading);
    const check::Report report = explored(scenario_of(voters), request);
    EXPECT_EQ(report.verdict, checker::Verdict::exhausted);
    EXPECT_NE(report.applicable & bit(Property::one_leader_per_round), 0U);
    EXPECT_TRUE(report.violations.empty());
  }
}

TEST(Refuted, RunsAreShownOnRequest) {
  check::Request request = request_for(scope_with(async, staggered));
  request.show = bit(Property::single_leading);
  const check::Report report = explored(scenario_of(3), request);
  ASSERT_EQ(names_of(report.shown), std::vector<std::string>{"single-leading"});
  int leading = 0;
  for (const spec::Server& server : report.shown[0].steps.back().servers) {
    leading += server.life == spec::Life::up && state_of(server.peer) == model::ServerState::leading ? 1 : 0;
  }
  EXPECT_EQ(leading, 2);
  EXPECT_EQ(report.verdict, checker::Verdict::exhausted);
}

// Today's rules: between QuorumPeer.setPeerState and setCurrentVote a leader answers with its old vote.
TEST(Refuted, AJoinerTakesARoundThatHasNotBegun) {
  check::Request request = request_for(scope_with(async, staggered));
  request.scope.grain = spec::Grain::fine;
  request.claim = bit(Property::decided_round_begun);
  const check::Report report = explored(scenario_of(3), request);
  ASSERT_EQ(names_of(report.violations), std::vector<std::string>{"decided-round-begun"});
  EXPECT_EQ(report.violations[0].steps.size() - 1, 20U);
}

// --- nothing holds vacuously ----------------------------------------------------------------------------------------

// In each of these scopes every property that applies is put to the test or reached.
TEST(Vacuity, EveryPropertyIsPutToTheTest) {
  const auto expect_tested = [](const spec::Scenario& scenario, const spec::Scope& scope, spec::PropertySet& tested) {
    SCOPED_TRACE(describe(scope));
    const check::Report report = explored(scenario, request_for(scope));
    EXPECT_EQ(report.verdict, checker::Verdict::exhausted);
    for (const spec::PropertyInfo& info : spec::property_infos()) {
      if ((report.applicable & bit(info.property)) == 0) continue;
      const bool judged = report.tested[static_cast<std::size_t>(info.property)] != 0;
      const bool awaited =
          info.kind != spec::PropertyKind::always && info.property != Property::decided_as_recent_as_supporters;
      EXPECT_TRUE(!awaited || saw(report, info.property)) << info.name;
      if (judged || saw(report, info.property)) tested |= bit(info.property);
    }
    // Those of states are put to the test by every state with a leader, and by every quiet one.
    if (saw(report, Property::some_leading)) {
      tested |= report.applicable & (bit(Property::quorum_took_part) | bit(Property::one_leader_per_round));
    }
    EXPECT_NE(report.quiet.settled, 0U);
    tested |= bit(Property::no_deadlock);
  };
  spec::PropertySet tested = 0;
  expect_tested(scenario_of(3, 1), scope_with(async, staggered), tested);
  expect_tested(scenario_of(3), scope_with(timely, together, 1, 0, 2), tested);
  expect_tested(scenario_of(3), on_fifo(scope_with(timely, staggered), 2), tested);
  expect_tested(with_zxids(grouped({{1, 1, 1}, {0}}), {1, 2, 3, 4}), scope_with(timely, together), tested);
  const model::Durable has{model::PeerEpoch{1}, model::PeerEpoch{1}, model::Zxid{5}};
  const model::Durable lost{model::PeerEpoch{0}, model::PeerEpoch{0}, model::unlogged};
  const spec::Scenario emptied = spec::given_history(
      majority(3), {{model::ServerId{1}, has}, {model::ServerId{2}, lost}, {model::ServerId{3}, has}});
  expect_tested(emptied, scope_with(async, staggered), tested);
  // Five servers are needed for this one: it has a test of its own, in the long ones.
  tested |= bit(Property::decided_as_recent_as_supporters);
  tested |= bit(Property::decided_round_begun);  // the fine grain: Refuted.AJoinerTakesARoundThatHasNotBegun
  tested |= bit(Property::no_rival_lead);        // restarts in time: QueueForWhoIsDown in mixed_test.cpp
  tested |= bit(Property::no_second_quorum);     // reconfigurations: ByHandTwoLeadersMay... in reconfig_test.cpp
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    EXPECT_NE(tested & bit(info.property), 0U) << info.name;
  }
}

// The claims about single steps are put to the test in the smallest scope already.
TEST(Vacuity, ClaimsAboutStepsAreJudgedOften) {
  const check::Report report = explored(scenario_of(3), request_for(scope_with(async, staggered)));
  for (const Property property :
       {Property::quorum_behind_decision, Property::decided_is_initial, Property::decided_as_recent_as_voters,
        Property::proposals_rise, Property::weightless_never_elected, Property::leader_said_so}) {
    EXPECT_GT(report.tested[static_cast<std::size_t>(property)], 2U) << info_of(property).name;
  }
}

// Too few running, settled, and cut short by a bound: each is told from the others.
TEST(Vacuity, QuietStatesAreToldApart) {
  const check::Report crashes = explored(scenario_of(3), request_for(scope_with(async, staggered, 2)));
  EXPECT_NE(crashes.quiet.no_quorum, 0U);
  EXPECT_NE(crashes.quiet.settled, 0U);
  EXPECT_NE(crashes.quiet.cut, 0U);
  const check::Report together_timely = explored(scenario_of(3), request_for(scope_with(timely, together)));
  EXPECT_EQ(together_timely.quiet.no_quorum, 0U);
  EXPECT_EQ(together_timely.quiet.cut, 0U);
}

}  // namespace
}  // namespace conclave::explore
