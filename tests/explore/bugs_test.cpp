// ZooKeeper's own bugs: each switch breaks one claim, by a run of exactly this length, and today's rules break none in
// the same scope.
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "conclave/spec/zookeeper_bugs.hpp"
#include "support.hpp"

namespace conclave::explore {
namespace {

using spec::Bug;
using spec::Property;

// Voters 1, 2, ... with these epochs and zxids.
spec::Scenario with_histories(const model::Ensemble& ensemble,
                              const std::vector<std::pair<std::int64_t, std::int64_t>>& histories) {
  std::vector<spec::Participant> participants;
  for (const auto& [epoch, zxid] : histories) {
    const model::ServerId id{static_cast<std::int64_t>(participants.size()) + 1};
    participants.push_back({id, {model::PeerEpoch{epoch}, model::PeerEpoch{epoch}, model::Zxid{zxid}}});
  }
  return spec::given_history(ensemble, participants);
}

// Of an ensemble these, whose zxids are as their ids.
spec::Scenario some_of(const model::Ensemble& ensemble, const std::vector<std::int64_t>& ids) {
  std::vector<spec::Participant> participants;
  for (const std::int64_t id : ids) {
    participants.push_back({model::ServerId{id}, {model::PeerEpoch{1}, model::PeerEpoch{1}, model::Zxid{id}}});
  }
  spec::Scenario scenario = spec::given_history(ensemble, participants);
  std::erase_if(scenario.participants, [&](const spec::Participant& participant) {
    return std::find(ids.begin(), ids.end(), participant.id.value) == ids.end();
  });
  return scenario;
}

struct Found {
  Bug bug;
  Property property;
  std::uint32_t steps;
  spec::Scope scope;
  spec::Scenario scenario;
};

std::ostream& operator<<(std::ostream& out, const Found& found) {
  return out << spec::zookeeper_bugs()[static_cast<std::size_t>(found.bug)].name << ", " << describe(found.scope);
}

class ZooKeeperBugs : public testing::TestWithParam<Found> {};

TEST_P(ZooKeeperBugs, BreakOneClaimByAShortestRunOfThisLength) {
  const Found& found = GetParam();
  const auto index = static_cast<std::size_t>(found.bug);
  const spec::RuleVariant& rules = spec::zookeeper_bug_variants()[index];
  EXPECT_EQ(rules.name, spec::zookeeper_bugs()[index].name);
  EXPECT_GE(found.scope.rounds, rules.rounds_min);
  for (const bool reduced : {true, false}) {
    SCOPED_TRACE(reduced ? "with reductions" : "without reductions");
    check::Request request = reduced ? request_for(found.scope) : plain(found.scope);
    request.rules = &rules;
    const check::Report report = explored(found.scenario, request);
    const auto names = names_of(report.violations);
    EXPECT_NE(std::find(names.begin(), names.end(), info_of(found.property).name), names.end())
        << testing::PrintToString(names);
    for (const check::Run& run : report.violations) {
      // With local states made one, a state may count as quiet before the last steps, which change nothing there.
      const bool sooner = reduced && run.property == Property::no_deadlock;
      const std::size_t steps = run.steps.size() - 1;
      EXPECT_TRUE(sooner ? steps <= found.steps : steps == found.steps) << steps << " steps";
    }
  }
}

TEST_P(ZooKeeperBugs, AreNotInTodaysRules) {
  const Found& found = GetParam();
  const check::Report report = explored(found.scenario, request_for(found.scope));
  EXPECT_TRUE(report.violations.empty()) << testing::PrintToString(names_of(report.violations));
  EXPECT_EQ(report.verdict, checker::Verdict::exhausted);
  EXPECT_NE(report.applicable & bit(found.property), 0U);
}

const spec::Scope plain_scope = scope_with(async, staggered);
const spec::Scope two_rounds = roles_end_at_any_time(scope_with(async, staggered, 0, 0, 2));

// The runs that docs/bugs.md shows.
std::vector<Found> all_found() {
  const model::Ensemble three = majority(3);
  const spec::Scenario emptied = with_histories(three, {{1, 5}, {0, -1}, {0, 0}});
  const spec::Scenario circle = with_histories(three, {{2, 5}, {1, 5}, {0, 0}});
  const model::Ensemble zero_group = grouped({{1, 1, 1}, {0, 0}});
  return {
      {Bug::zk_157, Property::elections_end_settled, 7, plain_scope, scenario_of(3)},
      {Bug::zk_159, Property::leader_said_so, 7, plain_scope, scenario_of(3)},
      {Bug::zk_261, Property::unlogged_not_counted, 4, plain_scope, emptied},
      {Bug::zk_275, Property::better_votes_adopted, 7, two_rounds, scenario_of(3)},
      {Bug::zk_480, Property::joins_round_quorum, 5, plain_scope, scenario_of(3)},
      {Bug::zk_491, Property::weightless_never_elected, 6, plain_scope, some_of(zero_group, {2, 3, 4})},
      {Bug::zk_498, Property::no_deadlock, 4, plain_scope, some_of(zero_group, {2, 3})},
      {Bug::zk_975_word, Property::quorum_behind_decision, 7, plain_scope, scenario_of(3)},
      {Bug::zk_975_all, Property::quorum_behind_decision, 5, plain_scope, scenario_of(3)},
      {Bug::zk_1419, Property::proposals_rise, 3, plain_scope, circle},
      {Bug::zk_1514, Property::leader_said_so, 11, two_rounds, scenario_of(3)},
      {Bug::zk_1732, Property::joins_settled_quorum, 12, two_rounds, scenario_of(3)},
      {Bug::zk_1818, Property::quorum_behind_decision, 4, plain_scope, scenario_of(3)},
      {Bug::zk_3537, Property::joins_round_quorum, 8, plain_scope, scenario_of(3)},
  };
}

// Its last column: fewer voters.
std::vector<Found> found_in_fewer() {
  const model::Ensemble two = majority(2);
  const spec::Scope faulty = scope_with(async, staggered, 1, 1, 2);
  const spec::Scenario zero = with_zxids(grouped({{1}, {0}}), {1, 2});
  return {
      {Bug::zk_157, Property::elections_end_settled, 7, two_rounds, scenario_of(2)},
      {Bug::zk_261, Property::unlogged_not_counted, 4, plain_scope, with_histories(two, {{1, 5}, {0, -1}})},
      {Bug::zk_275, Property::better_votes_adopted, 9, faulty, scenario_of(2)},
      {Bug::zk_480, Property::joins_round_quorum, 5, plain_scope, scenario_of(2)},
      {Bug::zk_491, Property::weightless_never_elected, 4, plain_scope, zero},
      {Bug::zk_498, Property::no_deadlock, 1, plain_scope, zero},
      {Bug::zk_975_word, Property::quorum_behind_decision, 8, scope_with(async, staggered, 1, 1, 1), scenario_of(2)},
      {Bug::zk_975_all, Property::quorum_behind_decision, 3, plain_scope, scenario_of(2)},
      {Bug::zk_1419, Property::proposals_rise, 3, plain_scope, with_histories(two, {{2, 5}, {1, 5}})},
      {Bug::zk_1818, Property::quorum_behind_decision, 2, plain_scope, scenario_of(1)},
  };
}

std::string name_of_found(const testing::TestParamInfo<Found>& tested) {
  std::string name(spec::zookeeper_bugs()[static_cast<std::size_t>(tested.param.bug)].name);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
INSTANTIATE_TEST_SUITE_P(All, ZooKeeperBugs, testing::ValuesIn(all_found()), name_of_found);
INSTANTIATE_TEST_SUITE_P(Fewer, ZooKeeperBugs, testing::ValuesIn(found_in_fewer()), name_of_found);

// `-` in that column.
TEST(ZooKeeperBugsInTwoVoters, AreNotSeenOfThese) {
  const spec::Scope scope = roles_end_at_any_time(scope_with(async, staggered, 1, 1, 2));
  for (const Bug bug : {Bug::zk_159, Bug::zk_1514, Bug::zk_1732, Bug::zk_3537}) {
    check::Request request = request_for(scope);
    request.rules = &spec::zookeeper_bug_variants()[static_cast<std::size_t>(bug)];
    const check::Report report = explored(scenario_of(2), request);
    EXPECT_EQ(report.verdict, checker::Verdict::exhausted);
    EXPECT_TRUE(report.violations.empty()) << testing::PrintToString(names_of(report.violations));
  }
}

// What ZOOKEEPER-1818 does beside naming no round: an answer takes the place of the vote that the elected waits for.
TEST(ZooKeeperBug1818, LeavesAnElectedServerLooking) {
  for (const int voters : {2, 3}) {
    check::Request request = plain(scope_with(async, staggered, 0, 0, 2));
    request.liveness = true;
    const check::Report today = explored(scenario_of(voters), request);
    ASSERT_TRUE(today.liveness);
    EXPECT_EQ(today.liveness->eventually, checker::Prospect::holds);
    request.rules = &spec::zookeeper_bug_variants()[static_cast<std::size_t>(Bug::zk_1818)];
    request.except = bit(Property::quorum_behind_decision);
    const check::Report report = explored(scenario_of(voters), request);
    EXPECT_TRUE(report.violations.empty()) << testing::PrintToString(names_of(report.violations));
    ASSERT_TRUE(report.liveness && report.liveness->lasso);
    EXPECT_EQ(report.liveness->eventually, checker::Prospect::violated);
    EXPECT_EQ(report.liveness->lasso->steps.size() - 1, 5U);
  }
}

// Those of mixed ensembles and of queues are tried in mixed_test.cpp.
TEST(ZooKeeperBugsTable, IsTriedAsAWholeButForOne) {
  std::set<Bug> tried = {Bug::zk_2988, Bug::zk_975_queue, Bug::zk_1808, Bug::zk_1817};
  for (const Found& found : all_found()) EXPECT_TRUE(tried.insert(found.bug).second);
  EXPECT_EQ(tried.size(), spec::bugs_count);
}

// --- releases -----------------------------------------------------------------------------------------------------

std::set<std::string> bugs_in(const std::string& version) {
  const auto all = spec::known_releases();
  const auto place =
      std::find_if(all.begin(), all.end(), [&](spec::Release release) { return name_of(release) == version; });
  std::set<std::string> names;
  if (place == all.end()) return {"unknown release"};
  for (const spec::ZooKeeperBug& bug : spec::zookeeper_bugs()) {
    if ((bugs_of(*place) & bit(bug.bug)) != 0) names.emplace(bug.name);
  }
  return names;
}

using Names = std::set<std::string>;

TEST(ZooKeeperReleases, HadWhatTheirSourcesSay) {
  EXPECT_EQ(bugs_in("3.0.1"),
            (Names{"zk-261", "zk-275", "zk-480", "zk-975-word", "zk-975-all", "zk-975-queue", "zk-1732", "zk-2988"}));
  EXPECT_EQ(bugs_in("3.2.0"), (Names{"zk-261", "zk-480", "zk-491", "zk-498", "zk-975-word", "zk-975-all",
                                     "zk-975-queue", "zk-1732", "zk-2988"}));
  EXPECT_EQ(bugs_in("3.3.6"), (Names{"zk-261", "zk-975-word", "zk-975-all", "zk-975-queue", "zk-1514", "zk-1732",
                                     "zk-2988", "zk-3537"}));
  EXPECT_EQ(bugs_in("3.4.3"), (Names{"zk-261", "zk-1419", "zk-1514", "zk-1732", "zk-2988", "zk-3537"}));
  EXPECT_EQ(bugs_in("3.4.5"), (Names{"zk-261", "zk-1732", "zk-2988", "zk-3537"}));
  EXPECT_EQ(bugs_in("3.4.6"), (Names{"zk-261", "zk-2988", "zk-3537"}));
  EXPECT_EQ(bugs_in("3.5.3"), (Names{"zk-261", "zk-1818", "zk-2988", "zk-3537"}));
  EXPECT_EQ(bugs_in("3.5.5"), (Names{"zk-261", "zk-3537"}));
  EXPECT_EQ(bugs_in("3.6.0"), Names{});
  EXPECT_EQ(bugs_in("3.9.5"), Names{});
}

// All bugs of a release at once: its rules break what the telling ones of them break alone, and sooner or as soon.
TEST(ZooKeeperReleases, HaveAllTheirBugsAtOnce) {
  const auto first_broken = [](const spec::RuleVariant& rules) {
    check::Request request = request_for(scope_with(async, staggered, 0, 0, 2));
    request.rules = &rules;
    const check::Report report = explored(scenario_of(3), request);
    return report.violations.empty() ? std::size_t{1000} : report.violations.front().steps.size();
  };
  const auto alone = [&](Bug bug) {
    return first_broken(spec::zookeeper_bug_variants()[static_cast<std::size_t>(bug)]);
  };
  EXPECT_EQ(first_broken(*spec::rules_of_release("3.3.6")),
            std::min({alone(Bug::zk_975_word), alone(Bug::zk_975_all), alone(Bug::zk_1514), alone(Bug::zk_3537)}));
  EXPECT_EQ(first_broken(*spec::rules_of_release("3.5.0")), alone(Bug::zk_1818));
}

TEST(ZooKeeperReleases, HaveTodaysRulesOnceAllIsMended) {
  for (const char* version : {"3.6.0", "3.8.0", "3.9.5"}) {
    const spec::RuleVariant* rules = spec::rules_of_release(version);
    ASSERT_NE(rules, nullptr);
    EXPECT_EQ(rules->step, &model::step);
    EXPECT_EQ(rules->of, spec::RulesOf::release);
  }
  EXPECT_NE(spec::rules_of_release("3.5.10")->step, &model::step);
  for (const char* unknown : {"", "3", "3.4", "3.4.15", "2.2.1", "3.10.0", "3.4.5 ", "latest"}) {
    EXPECT_EQ(spec::rules_of_release(unknown), nullptr) << unknown;
  }
}

// No exploration has servers with different configurations, so the one rule that takes them is tried by hand.
TEST(ZooKeeperBug2988, TakesUpAVoteForAServerThatItDoesNotKnow) {
  const model::Ensemble ensemble = majority(3);
  const model::Durable durable{model::PeerEpoch{1}, model::PeerEpoch{1}, model::Zxid{1}};
  const model::Peer fresh = model::make_peer(ensemble, model::ServerId{1}, durable);
  const model::Peer looking = model::step(ensemble, fresh, model::Start{}).peer;
  const model::Proposal stranger{model::PeerEpoch{1}, model::Zxid{9}, model::ServerId{7}};
  const model::Vote vote{stranger, looking.clock, model::notification_version, model::ServerState::looking};
  model::Peer told = looking;
  told.received.push_back(model::Notification{model::ServerId{2}, vote});
  const spec::RuleVariant& old = spec::zookeeper_bug_variants()[static_cast<std::size_t>(Bug::zk_2988)];
  EXPECT_EQ(old.step(ensemble, told, model::Process{}).peer.proposal, stranger);
  EXPECT_EQ(model::step(ensemble, told, model::Process{}).peer.proposal, looking.proposal);
}

}  // namespace
}  // namespace conclave::explore
