// Elections in the midst of a reconfiguration: which moments there are, that both explorers see the same in them, and
// what can come of them.
#include "conclave/spec/reconfiguration.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "conclave/spec/local_steps.hpp"
#include "conclave/spec/server.hpp"
#include "support.hpp"
#include "twin_compare.hpp"

namespace conclave::explore {
namespace {

using spec::Knowledge;
using spec::Property;

using Ids = std::vector<std::int64_t>;

model::Configuration of(const Ids& voters, const Ids& observers, std::int64_t version) {
  std::vector<model::Member> members;
  for (const std::int64_t id : voters) {
    members.push_back(model::Member{model::ServerId{id}, model::LearnerType::participant, {}, {}});
  }
  for (const std::int64_t id : observers) {
    members.push_back(model::Member{model::ServerId{id}, model::LearnerType::observer, {}, {}});
  }
  return model::Configuration::make(model::QuorumKind::majority, members, model::ConfigVersion{version});
}

// From these voters to those.
spec::Reconfiguration change(const model::Configuration& from, const model::Configuration& to, bool enabled = true) {
  spec::Reconfiguration reconfiguration;
  reconfiguration.ensemble = model::single_configuration(from);
  reconfiguration.ensemble.configurations.push_back(to);
  reconfiguration.ensemble.reconfig_enabled = enabled;
  return reconfiguration;
}
spec::Reconfiguration change(const Ids& from, const Ids& to, bool enabled = true) {
  return change(of(from, {}, 1), of(to, {}, 2), enabled);
}

// Each server with what it knows: "1- 2s 3c", the lowest initial vote first.
std::string told(const spec::Scenario& scenario) {
  std::vector<spec::Participant> row = scenario.participants;
  std::stable_sort(row.begin(), row.end(), [](const auto& left, const auto& right) {
    return left.durable.last_zxid < right.durable.last_zxid;
  });
  std::string text;
  for (const spec::Participant& participant : row) {
    const char* knows[] = {"-", "s", "c"};
    text += (text.empty() ? "" : " ") + std::to_string(participant.id.value) +
            knows[static_cast<std::size_t>(knowledge_of(participant))];
  }
  return text;
}
std::set<std::string> all_told(const std::vector<spec::Scenario>& scenarios) {
  std::set<std::string> all;
  for (const spec::Scenario& scenario : scenarios) all.insert(told(scenario));
  EXPECT_EQ(all.size(), scenarios.size()) << "a moment twice";
  return all;
}

// --- the moments ----------------------------------------------------------------------------------------------------

// Naively: everything that servers may know in every order, and of those that are alike the first.
std::set<std::string> naive_moments(const spec::Reconfiguration& all) {
  const auto& old = all.ensemble.configurations[0];
  const auto& next = all.ensemble.configurations[1];
  std::vector<model::ServerId> ids = spec::all_members(all.ensemble);
  std::set<std::string> kept;
  std::set<std::string> shapes;
  std::sort(ids.begin(), ids.end());
  do {
    std::size_t choices = 1;
    for (std::size_t i = 0; i < ids.size(); ++i) choices *= 3;
    for (std::size_t choice = 0; choice < choices; ++choice) {
      std::string text;
      std::string shape;
      std::size_t rest = choice;
      bool ahead = false;
      bool in_order = true;
      int knowing = 0;
      int committed = 0;
      bool old_committed = false;
      std::set<model::ServerId> logged;
      for (const model::ServerId id : ids) {
        const std::size_t knows = rest % 3;
        rest /= 3;
        in_order = in_order && !(ahead && knows == 0);
        ahead = ahead || knows != 0;
        knowing += knows != 0 ? 1 : 0;
        committed += knows == 2 ? 1 : 0;
        old_committed = old_committed || (knows == 2 && old.votes(id));
        if (knows != 0) logged.insert(id);
        text += (text.empty() ? "" : " ") + std::to_string(id.value) + "-sc"[knows];
        shape += std::to_string(int{old.votes(id)}) + std::to_string(int{next.votes(id)}) + "-sc"[knows];
      }
      const auto has = [&logged](model::ServerId id) { return logged.contains(id); };
      const bool quorums = old.contains_quorum(has) && next.contains_quorum(has);
      const bool fits = knowing > 0 && committed < static_cast<int>(ids.size()) && in_order &&
                        (committed == 0 || (quorums && old_committed));
      if (fits && shapes.insert(shape).second) kept.insert(text);
    }
  } while (std::next_permutation(ids.begin(), ids.end()));
  return kept;
}

TEST(Moments, AreAllThatCanBeUpToSymmetry) {
  for (const auto& [from, to] : std::vector<std::pair<Ids, Ids>>{
           {{1, 2}, {1, 2, 3}}, {{1, 2, 3}, {1, 2}}, {{1, 2, 3}, {1, 2, 4}}, {{1, 2, 3}, {1, 2, 3, 4}}}) {
    const auto reconfiguration = change(from, to);
    EXPECT_EQ(all_told(every_moment(reconfiguration)), naive_moments(reconfiguration));
  }
}

TEST(Moments, AreThoseThatWereAskedFor) {
  auto asked = change({1, 2}, {1, 2, 3});
  asked.committed = {{model::ServerId{2}}};
  asked.seen = {{model::ServerId{3}}};
  EXPECT_EQ(all_told(every_moment(asked)), (std::set<std::string>{}));  // the quorum of the old one is both
  asked.seen = {{model::ServerId{1}}};
  EXPECT_EQ(all_told(every_moment(asked)), (std::set<std::string>{"3- 1s 2c", "3- 2c 1s"}));
  const auto equal = every_moment(asked, {});
  ASSERT_EQ(equal.size(), 1U);
  EXPECT_EQ(told(equal.front()), "1s 2c 3-");
}

TEST(Moments, WithoutReconfigEnabledNothingIsProposed) {
  for (const spec::Scenario& scenario : every_moment(change({1, 2, 3}, {1, 2, 4}, false))) {
    for (const spec::Participant& participant : scenario.participants) {
      EXPECT_NE(knowledge_of(participant), Knowledge::seen);
    }
  }
}

// So who has the new configuration may have logged less than who has not.
TEST(Moments, WithoutReconfigEnabledEveryOrderCanBe) {
  EXPECT_EQ(all_told(every_moment(change({1, 2}, {1, 3}, false))).size(), 36U);
  EXPECT_TRUE(all_told(every_moment(change({1, 2}, {1, 3}, false))).contains("1c 2- 3-"));
}

TEST(Moments, ObserversAreToldOfWhatIsCommittedAlone) {
  const auto scenarios = every_moment(change(of({1, 2}, {3, 4}, 1), of({1, 2, 3}, {4}, 2)));
  EXPECT_FALSE(scenarios.empty());
  for (const spec::Scenario& scenario : scenarios) {
    const auto& [one, two, to_vote, to_observe] = std::tie(scenario.participants[0], scenario.participants[1],
                                                           scenario.participants[2], scenario.participants[3]);
    EXPECT_NE(knowledge_of(to_vote), Knowledge::seen);
    EXPECT_NE(knowledge_of(to_observe), Knowledge::seen);
    if (knowledge_of(to_vote) == Knowledge::none) continue;
    // It has logged no more than what is committed.
    for (const spec::Participant& voter : {one, two}) {
      const bool more = voter.durable.last_zxid > to_vote.durable.last_zxid;
      EXPECT_TRUE(more || knowledge_of(voter) == Knowledge::none) << told(scenario);
    }
  }
}

// --- one server -----------------------------------------------------------------------------------------------------

// {1 2 3} to {1 2 4}; 1 has committed it, 2 has seen it.
struct Replaced {
  spec::Scenario scenario = [] {
    auto given = change({1, 2, 3}, {1, 2, 4});
    given.committed = {{model::ServerId{1}}};
    given.seen = {{model::ServerId{2}}};
    return every_moment(given, {}).front();
  }();
  spec::Scope scope;
  spec::LocalSteps steps{scenario, scope, spec::zookeeper_rules()};
};

TEST(ReconfigServers, AreToldApartByWhatTheyKnow) {
  const Replaced replaced;
  std::set<std::string> encodings;
  for (const spec::Life life : {spec::Life::unborn, spec::Life::up, spec::Life::down}) {
    for (const model::ConfigIndex committed : {model::ConfigIndex{0}, model::ConfigIndex{1}}) {
      for (const auto seen : {std::optional<model::ConfigIndex>{}, std::optional<model::ConfigIndex>{1}}) {
        spec::Server server = replaced.steps.blank(1);
        server.life = life;
        server.peer.committed = committed;
        server.peer.last_seen = seen;
        const std::string bytes = encode(server);
        encodings.insert(bytes);
        const spec::Server again = decode(bytes, replaced.steps.blank(0));
        EXPECT_EQ(again.life, life);
        EXPECT_EQ(again.peer.committed, committed);
        EXPECT_EQ(again.peer.last_seen, seen);
        EXPECT_EQ(encode(again), bytes);
      }
    }
  }
  EXPECT_EQ(encodings.size(), 12U);
}

TEST(ReconfigServers, WhatAMessageSaysOfItsConfigurationIsKept) {
  model::Notification said{model::ServerId{3}, {}, 1};
  said.vote.state = model::ServerState::observing;
  EXPECT_EQ(spec::decode_notification(spec::encode(said)), said);
  model::Notification other = said;
  other.config = 0;
  EXPECT_NE(spec::encode(other), spec::encode(said));
}

TEST(ReconfigServers, TheDiskKeepsConfigurations) {
  const Replaced replaced;
  const spec::LocalSteps& steps = replaced.steps;
  const spec::Server up = steps.compute(2, steps.blank(2), spec::input::begin, {}).server;
  ASSERT_EQ(up.peer.committed, 0);
  // Server 3, which is to leave, hears of that.
  const auto told = offer_of(steps.compute(0, steps.blank(0), spec::input::begin, {}).server, spec::Offer::proposal);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->config, 1);
  const spec::LocalSteps::Outcome heard = steps.compute(2, up, spec::input::receive_base, *told);
  EXPECT_TRUE(heard.rules.has(model::Rule::restart_for_newer_config));
  EXPECT_EQ(heard.server.peer.committed, 1);
  EXPECT_EQ(heard.server.peer.proposal.leader, model::no_server);
  const spec::Server down = steps.compute(2, heard.server, spec::input::crash, {}).server;
  EXPECT_EQ(down.life, spec::Life::down);
  EXPECT_EQ(down.peer.committed, 1);
  EXPECT_FALSE(steps.may_restart({2, spec::counting_for(replaced.scenario.ensemble, down.peer)}));
  EXPECT_TRUE(steps.may_restart({2, spec::first_configuration}));
}

TEST(ReconfigServers, HearWhoWritesToThem) {
  const Replaced replaced;
  const spec::LocalSteps& steps = replaced.steps;
  constexpr spec::ConfigSet old = 1;
  constexpr spec::ConfigSet next = 2;
  constexpr spec::ConfigSet both = 3;
  using spec::Offer;
  // Server 4 (number 3) votes in the new one alone: who knows of no other writes nothing to it, but answers.
  EXPECT_FALSE(steps.can_hear({3, next}, {0, old}, Offer::proposal));
  EXPECT_FALSE(steps.can_hear({3, next}, {0, old}, Offer::answer));
  EXPECT_TRUE(steps.can_hear({3, next}, {0, old}, Offer::courtesy));
  EXPECT_FALSE(steps.can_hear({3, next}, {0, old, true}, Offer::courtesy)) << "who looks begins anew instead";
  EXPECT_TRUE(steps.can_hear({3, old}, {0, old, true}, Offer::courtesy));
  EXPECT_TRUE(steps.can_hear({3, next}, {0, both}, Offer::proposal));
  EXPECT_TRUE(steps.can_hear({3, next}, {0, both}, Offer::answer));
  EXPECT_FALSE(steps.can_hear({3, next}, {0, both}, Offer::courtesy));
  // Server 4 writes to server 3 (number 2) where it knows the old one alone, and hears no answer it has not asked for.
  EXPECT_TRUE(steps.can_hear({2, both}, {3, old}, Offer::proposal));
  EXPECT_FALSE(steps.can_hear({2, both}, {3, next}, Offer::proposal));
  EXPECT_FALSE(steps.can_hear({3, next}, {2, both}, Offer::answer));
}

// --- both explorers -------------------------------------------------------------------------------------------------

void expect_equal_everywhere(const spec::Reconfiguration& reconfiguration, const spec::Scope& scope,
                             std::size_t every = 1) {
  const auto scenarios = every_moment(reconfiguration);
  for (std::size_t i = 0; i < scenarios.size(); i += every) {
    for (const Case& example : in_all_timings(told(scenarios[i]), scenarios[i], scope)) expect_equal(example);
  }
}

TEST(ReconfigTwin, ASecondOfTwo) { expect_equal_everywhere(change({1}, {1, 2}), faults(1, 1, 2)); }
TEST(ReconfigTwin, AThirdOfThree) { expect_equal_everywhere(change({1, 2}, {1, 2, 3}), faults(1, 0, 1)); }
TEST(ReconfigTwin, AThirdOfThreeRestarts) { expect_equal_everywhere(change({1, 2}, {1, 2, 3}), faults(1, 1, 1), 3); }
TEST(ReconfigTwin, TwoOfThreeInTwoRounds) {
  expect_equal_everywhere(change({1, 2, 3}, {1, 2}), scope_with(async, staggered, 0, 0, 2), 5);
}
TEST(ReconfigTwin, NobodyTakesItOver) { expect_equal_everywhere(change({1, 2}, {1, 2, 3}, false), faults(1, 1, 1)); }
TEST(ReconfigTwin, AnotherInPlaceOfTheThird) {
  expect_equal_everywhere(change({1, 2, 3}, {1, 2, 4}), faults(0, 0, 1), 60);
}
TEST(ReconfigTwin, AnObserverThatIsToVote) {
  expect_equal_everywhere(change(of({1, 2}, {3}, 1), of({1, 2, 3}, {}, 2)), faults(1, 0, 1));
}
TEST(ReconfigTwin, AVoterThatIsToObserve) {
  expect_equal_everywhere(change(of({1, 2, 3}, {}, 1), of({1, 2}, {3}, 2)), faults(1, 0, 1), 2);
}
TEST(ReconfigTwin, ByHandUnderTheSameVersion) {
  expect_equal_everywhere(change(of({1, 2}, {}, 0), of({1, 2, 3}, {}, 0), false), faults(1, 0, 1), 3);
}
TEST(ReconfigTwin, ANewVersionOfTheSame) {
  expect_equal_everywhere(change({1, 2, 3}, {1, 2, 3}), faults(1, 1, 1), 5);
}

// --- what comes of it -----------------------------------------------------------------------------------------------

std::set<model::ServerId> ids(const Ids& numbers) {
  std::set<model::ServerId> set;
  for (const std::int64_t id : numbers) set.insert(model::ServerId{id});
  return set;
}
std::vector<spec::Participant> histories(const Ids& zxids) {
  std::vector<spec::Participant> all;
  for (const std::int64_t zxid : zxids) {
    const model::Durable durable{model::PeerEpoch{1}, model::PeerEpoch{1}, model::Zxid{zxid}};
    all.push_back(spec::Participant{model::ServerId{static_cast<std::int64_t>(all.size()) + 1}, durable});
  }
  return all;
}

// 3 makes room for 4, and all but 1 have seen that. docs/reconfiguration.md; real servers: tests/interop.
TEST(Reconfig, WhoJoinsAndIsAheadIsWaitedFor) {
  for (const bool adds : {false, true}) {
    auto seen = change({1, 2, 3}, adds ? Ids{1, 2, 3, 4} : Ids{1, 2, 4});
    seen.committed = ids({});
    seen.seen = ids({2, 3, 4});
    const check::Request request = request_for(faults(0, 0, 1));
    const check::Report ahead = explored(every_moment(seen, histories({1, 2, 2, 3})).front(), request);
    EXPECT_EQ(names_of(ahead.violations), std::vector<std::string>{"no-deadlock"});
    EXPECT_EQ(ahead.violations.front().steps.size(), 8U);
    const check::Report level = explored(every_moment(seen, histories({1, 2, 2, 2})).front(), request);
    EXPECT_TRUE(level.violations.empty());
    EXPECT_EQ(level.verdict, checker::Verdict::exhausted);
  }
}

TEST(Reconfig, ByHandTwoLeadersMayHaveTheirQuorums) {
  auto given = change({1, 2, 3}, {1, 2, 4}, false);
  given.committed = ids({2, 4});
  check::Request request = request_for(faults(0, 0, 1));
  request.except = bit(Property::no_deadlock);
  const check::Report report = explored(every_moment(given, histories({1, 1, 1, 1})).front(), request);
  EXPECT_EQ(names_of(report.violations), std::vector<std::string>{"no-second-quorum"});
}

TEST(Reconfig, TheRulesForNewConfigurationsAreTaken) {
  const check::Request request = request_for(faults(0, 0, 1));
  const auto taken = [&request](const spec::Scenario& scenario, model::Rule rule) {
    return explored(scenario, request).rules[static_cast<std::size_t>(rule)] > 0;
  };
  auto fewer = change({1, 2, 3}, {1, 2});
  fewer.committed = ids({1});
  EXPECT_TRUE(taken(every_moment(fewer).front(), model::Rule::restart_for_newer_config));
  auto same = change({1, 2, 3}, {1, 2, 3});
  same.committed = ids({1});
  EXPECT_TRUE(taken(every_moment(same).front(), model::Rule::adopt_newer_config));
}

}  // namespace
}  // namespace conclave::explore
