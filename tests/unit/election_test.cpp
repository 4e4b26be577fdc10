// The election's function where little is left to see from outside: events that do not fit, configurations that meet,
// the oracle, and predicates that today's ZooKeeper leaves without effect.
#include "conclave/model/election.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

namespace conclave::model {
namespace {

constexpr std::array ids{ServerId{1}, ServerId{2}, ServerId{3}, ServerId{4}};

Configuration majority(std::size_t voters, std::int64_t version = 0) {
  return Configuration::majority(std::span(ids).first(voters), ConfigVersion{version});
}
Configuration with_oracle(std::vector<std::int64_t> voters, std::int64_t version = 0) {
  std::vector<Member> members;
  for (const std::int64_t id : voters) members.push_back(Member{ServerId{id}, {}, {}, {}});
  return Configuration::make(QuorumKind::oracle_majority, members, ConfigVersion{version});
}

Notification says(std::int64_t from, std::int64_t leader, ServerState state = ServerState::looking,
                  ConfigIndex config = 0) {
  const Proposal proposal{PeerEpoch{0}, Zxid{0}, ServerId{leader}};
  return {ServerId{from}, Vote{proposal, Round{1}, notification_version, state}, config};
}
Message message(std::int64_t from, std::int64_t leader, ServerState state = ServerState::looking,
                ConfigIndex config = 0) {
  return message_of(says(from, leader, state, config));
}

struct Server {
  Ensemble ensemble;
  Peer peer;
  Effects effects;

  explicit Server(const Configuration& configuration, std::int64_t id = 1)
      : ensemble(single_configuration(configuration)), peer(make_peer(ensemble, ServerId{id}, {})) {}

  template <class Rules = ZooKeeperRules>
  Server& take(const Event& event) {
    const Transition made = step_with<Rules>(ensemble, peer, event);
    peer = made.peer;
    effects = made.effects;
    return *this;
  }
  template <class Rules = ZooKeeperRules>
  Server& hear(const Message& heard) {
    return take<Rules>(Received{heard}).template take<Rules>(Process{});
  }
  bool ignores(const Event& event) const {
    const Transition made = step(ensemble, peer, event);
    return made.peer == peer && made.effects.empty();
  }
  int decisions() const {
    return static_cast<int>(std::count_if(effects.begin(), effects.end(), [](const Effect& effect) {
      return std::holds_alternative<Decided>(effect);
    }));
  }
};

// Of three; it waits for something better than a vote for 2.
Server finalizing() {
  Server server(majority(3));
  server.take(Start{}).hear(message(2, 2)).hear(message(1, 2));
  return server;
}
Server oracle_of_two(bool grants) {
  Server server(with_oracle({1, 2}));
  server.take(OracleRead{Oracle{true, grants}}).take(Start{});
  return server;
}

TEST(Events, ThatDoNotFitChangeNothing) {
  Server server(majority(3));
  EXPECT_TRUE(server.ignores(VotePublished{}));
  server.take(Received{message(2, 2)});
  ASSERT_EQ(server.peer.received.size(), 1U);
  EXPECT_TRUE(server.ignores(Process{}));
  server.take(Start{});
  EXPECT_TRUE(server.ignores(NotificationTimeout{true}));
  server.take(Process{});
  EXPECT_TRUE(server.ignores(Process{}));
  Server waiting = finalizing();
  ASSERT_EQ(waiting.peer.role, Role{Finalizing{}});
  waiting.take(Received{message(3, 1)});
  EXPECT_TRUE(waiting.ignores(Silence{}));
}

TEST(Decisions, LeaveNothingOfTheElection) {
  Server server = finalizing();
  EXPECT_FALSE(server.peer.tracked);  // no oracle will ask
  server.take(Silence{});
  EXPECT_EQ(server.decisions(), 1);
  EXPECT_EQ(server.peer.notification_timeout_ms, 0);
  EXPECT_EQ(server.peer.unpublished, (Vote{{PeerEpoch{0}, Zxid{0}, ServerId{2}}, Round{1}, 0, ServerState::looking}));
  Server other = oracle_of_two(true).hear(message(1, 1));
  EXPECT_TRUE(other.peer.tracked);
  EXPECT_FALSE(other.take(Silence{}).peer.tracked);
  EXPECT_EQ(Server(majority(3)).peer.current_vote.state, ServerState::looking);
}

TEST(Messages, OfVersionOneHaveNoConfiguration) {
  for (const std::int32_t version : {0, 1, 2}) {
    Server server(majority(3));
    Message heard = message(2, 2);
    heard.version = version;
    heard.config_text = ConfigText::bad_length;
    server.take(Received{heard});
    EXPECT_EQ(server.peer.received.size(), version < 2 ? 1U : 0U);
  }
}

TEST(NewConfigurations, AreAdoptedAsTheyAre) {
  Server server(majority(3));
  server.ensemble.reconfig_enabled = true;
  server.ensemble.configurations.push_back(majority(3, 5));
  server.ensemble.configurations.push_back(majority(2, 5));
  server.ensemble.configurations.push_back(majority(2, 6));
  server.peer.learner_type = LearnerType::observer;  // as its own file has it, whatever the list says
  server.peer.oracle = Oracle{false, true};
  Server same = Server(server).take(Received{message(2, 2, ServerState::looking, 1)});
  EXPECT_EQ(same.peer.committed, 1);
  EXPECT_EQ(same.peer.last_seen, ConfigIndex{1});
  EXPECT_EQ(same.peer.learner_type, LearnerType::observer);
  EXPECT_EQ(same.peer.oracle, (Oracle{true, true}));
  for (const ConfigIndex seen : {ConfigIndex{2}, ConfigIndex{3}}) {  // of the same version, and of a later one
    Server later = server;
    later.peer.last_seen = seen;
    EXPECT_EQ(later.take(Received{message(2, 2, ServerState::looking, 1)}).peer.last_seen, seen);
  }
  Server older = server;
  older.peer.last_seen = ConfigIndex{0};
  EXPECT_EQ(older.take(Received{message(2, 2, ServerState::looking, 1)}).peer.last_seen, ConfigIndex{1});
}

TEST(NewConfigurations, ThatMayNotBeAdoptedRestartAllTheSame) {
  Server server(majority(3));
  server.ensemble.configurations.push_back(majority(2, 5));
  server.peer.learner_type = LearnerType::observer;
  server.peer.oracle = Oracle{false, true};
  server.take(Received{message(2, 2, ServerState::looking, 1)});
  EXPECT_EQ(server.peer.committed, 0);
  EXPECT_EQ(server.peer.learner_type, LearnerType::observer);
  EXPECT_EQ(server.peer.oracle, (Oracle{false, true}));
  ASSERT_EQ(server.effects.size(), 1U);
  EXPECT_EQ(server.effects[0], (Effect{ConfigurationAdopted{0, true}}));
}

TEST(Oracles, AreAskedOnlyByTwoVotersThatHaveOne) {
  EXPECT_EQ(oracle_of_two(true).hear(message(1, 1)).peer.role, Role{Finalizing{}});
  EXPECT_EQ(oracle_of_two(false).hear(message(1, 1)).peer.role, Role{Polling{}});
  for (const Configuration& configuration : {majority(2), with_oracle({1, 2, 3})}) {
    Server server(configuration);
    server.take(OracleRead{Oracle{true, true}}).take(Start{}).hear(message(1, 1));
    EXPECT_EQ(server.peer.role, Role{Polling{}});
  }
}

TEST(Oracles, MayBeThoseOfTheConfigurationSeenLast) {
  for (const bool grants : {false, true}) {
    Server server(majority(3));
    server.ensemble.configurations.push_back(with_oracle({1, 4}, 5));
    server.peer.last_seen = ConfigIndex{1};
    server.take(OracleRead{Oracle{true, grants}}).take(Start{}).hear(message(2, 2)).hear(message(1, 2));
    EXPECT_EQ(std::holds_alternative<Finalizing>(server.peer.role), grants);
  }
}

TEST(Oracles, AreAskedAgainOnceTheWaitHasGrown) {
  for (const std::int32_t most_ms : {200, 400}) {
    Server server(with_oracle({1, 2}));
    server.ensemble.timing.notification_interval_max_ms = most_ms;
    server.take(Start{}).hear(message(1, 1)).take(OracleRead{Oracle{true, true}}).take(NotificationTimeout{true});
    EXPECT_EQ(server.decisions(), most_ms == 400 ? 1 : 0);
  }
}

TEST(Oracles, MakeAServerFollowOnce) {
  for (const bool grants : {false, true}) {
    Server server(with_oracle({1, 2, 3}));
    server.take(OracleRead{Oracle{true, grants}}).take(Start{}).hear(message(2, 2, ServerState::leading));
    EXPECT_EQ(server.decisions(), grants ? 0 : 1);
  }
  // Both voters say so: it joins, and the oracle has no more to say.
  Server server = oracle_of_two(false).hear(message(1, 2, ServerState::following));
  EXPECT_EQ(server.hear(message(2, 2, ServerState::leading)).decisions(), 1);
}

// --- predicates that a study of older rules replaces ---

struct AtOnce : ZooKeeperRules {
  static constexpr bool done_at_once(std::size_t heard, std::size_t voters, Weight weight) {
    return heard >= voters && weight.value != 0;
  }
};
struct Suffices : ZooKeeperRules {
  static constexpr LeadersWord word_of_leader(const Vote&, Round) { return LeadersWord::suffices; }
};
struct BeginsAnew : ZooKeeperRules {
  static constexpr LeadersWord word_of_leader(const Vote&, Round) { return LeadersWord::begins_anew; }
};

TEST(Rules, MayEndTheElectionOnceAllWereHeard) {
  Server server(majority(2));
  server.take<AtOnce>(Start{}).hear<AtOnce>(message(1, 1));
  EXPECT_EQ(server.decisions(), 0);
  EXPECT_EQ(server.hear<AtOnce>(message(2, 2)).decisions(), 1);
  EXPECT_EQ(server.peer.role, Role{Following{ServerId{2}}});
  // An observer has nobody to propose: no weight, and no end.
  const std::array members{Member{ServerId{1}, LearnerType::observer, {}, {}},
                           Member{ServerId{2}, LearnerType::participant, Weight{0}, 1}};
  Server watcher(Configuration::make(QuorumKind::hierarchical, members));
  EXPECT_EQ(watcher.take<AtOnce>(Start{}).hear<AtOnce>(message(2, 2)).decisions(), 0);
  EXPECT_EQ(watcher.peer.recvset.size(), 1U);
}

TEST(Rules, MayTakeALeaderAtItsWord) {
  Server server(majority(3));
  server.take<Suffices>(Start{}).hear<Suffices>(message(2, 2, ServerState::leading));
  EXPECT_EQ(server.peer.role, Role{Following{ServerId{2}}});
  Server anew(majority(3));
  anew.take<BeginsAnew>(Start{}).hear<BeginsAnew>(message(2, 2, ServerState::leading));
  EXPECT_EQ(anew.peer.clock, Round{2});
  EXPECT_EQ(anew.peer.current_vote, says(2, 2, ServerState::leading).vote);
}

// --- to whom all is sent ---

std::vector<std::int64_t> receivers(std::vector<std::int64_t> committed, std::vector<std::int64_t> last_seen) {
  Server server(with_oracle(std::move(committed)));
  if (!last_seen.empty()) {
    server.ensemble.configurations.push_back(with_oracle(std::move(last_seen)));
    server.peer.last_seen = ConfigIndex{1};
  }
  std::vector<std::int64_t> found;
  for_each_voter(server.ensemble, server.peer, [&](ServerId id) { found.push_back(id.value); });
  return found;
}

TEST(Receivers, AreTheVotersOfBothConfigurationsOnce) {
  using Ids = std::vector<std::int64_t>;
  EXPECT_EQ(receivers({1, 3, 5}, {}), (Ids{1, 3, 5}));
  EXPECT_EQ(receivers({1, 3, 5}, {2, 3, 4}), (Ids{1, 2, 3, 4, 5}));
  EXPECT_EQ(receivers({2, 3, 4}, {1, 3, 5, 6}), (Ids{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(receivers({1, 2}, {1, 2}), (Ids{1, 2}));
  EXPECT_EQ(receivers({5, 6}, {1, 2}), (Ids{1, 2, 5, 6}));
}

}  // namespace
}  // namespace conclave::model
