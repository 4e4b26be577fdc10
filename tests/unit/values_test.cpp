// The small values that the rules are made of, and the loop of the coarse grain.
#include <gtest/gtest.h>

#include <array>
#include <initializer_list>

#include "conclave/model/coarse.hpp"

namespace conclave::model {
namespace {

using Three = FixedVector<int, 3>;

Three three(std::initializer_list<int> items) {
  Three made;
  for (const int item : items) made.push_back(item);
  return made;
}

TEST(FixedVectors, CompareWhatTheyHoldAndNothingElse) {
  EXPECT_EQ(three({1, 2}), three({1, 2}));
  EXPECT_FALSE(three({1}) == three({1, 2}));
  EXPECT_FALSE(three({1, 2}) == three({1}));
  EXPECT_FALSE(three({1}) == three({2}));
  EXPECT_FALSE(three({1, 2, 3}) == three({1, 3, 3}));
  Three left = three({1, 2});
  Three right = three({1, 3});
  left.erase(1);
  right.erase(1);
  EXPECT_EQ(left, right);
}

TEST(FixedVectors, AreCopiedWhole) {
  const Three full = three({1, 2, 3});
  Three copy = full;
  EXPECT_EQ(copy, full);
  copy = *&copy;
  EXPECT_EQ(copy, full);
  copy = three({4});
  EXPECT_EQ(copy, three({4}));
  EXPECT_TRUE(full.full());
  EXPECT_FALSE(copy.full());
}

TEST(FixedVectors, KeepTheOrder) {
  Three made = three({1, 3});
  made.insert(1, 2);
  EXPECT_EQ(made, three({1, 2, 3}));
  made.erase(0);
  EXPECT_EQ(made, three({2, 3}));
}

Vote vote_for(std::int64_t leader, std::int64_t round = 1, ServerState state = ServerState::looking) {
  return Vote{Proposal{PeerEpoch{1}, Zxid{1}, ServerId{leader}}, Round{round}, 0, state};
}

TEST(VoteTables, TakeNoMoreThanThereIsRoomFor) {
  VoteTable votes;
  const auto most = static_cast<std::int64_t>(voters_max);
  for (std::int64_t id = 0; id < most; ++id) votes.put(ServerId{id}, vote_for(1));
  votes.put(ServerId{most}, vote_for(1));
  EXPECT_EQ(votes.size(), voters_max);
  EXPECT_EQ(votes.find(ServerId{most}), nullptr);
  votes.put(ServerId{0}, vote_for(2));
  EXPECT_EQ(*votes.find(ServerId{0}), vote_for(2));
}

TEST(Votes, AreEqualAsZooKeeperHasIt) {
  const auto settled = [](std::int64_t epoch, std::int64_t leader, std::int32_t version) {
    return Vote{Proposal{PeerEpoch{epoch}, Zxid{0}, ServerId{leader}}, Round{1}, version, ServerState::following};
  };
  for (const std::int64_t other : {1, 3}) {
    EXPECT_FALSE(votes_equal(vote_for(2, 2), vote_for(2, other)));
    EXPECT_FALSE(votes_equal(settled(2, 2, 0), settled(2, other, 0)));
    EXPECT_FALSE(votes_equal(settled(2, 2, 0), settled(2, other, 2)));
    EXPECT_FALSE(votes_equal(settled(2, 2, 0), settled(other, 2, 0)));
  }
  EXPECT_TRUE(votes_equal(settled(2, 2, 0), settled(1, 2, 2)));
  EXPECT_FALSE(votes_equal(settled(2, 2, 0), vote_for(2, 9)));
  EXPECT_FALSE(votes_equal(vote_for(2, 9), settled(2, 2, 0)));
}

TEST(Leaders, HaveToHaveSaidSo) {
  Peer peer;
  peer.id = ServerId{1};
  peer.clock = Round{5};
  for (const std::int64_t round : {4, 5, 6}) {
    EXPECT_EQ(ZooKeeperRules::leader_confirmed(peer, {}, ServerId{1}, Round{round}), round == 5);
  }
  VoteTable votes;
  for (const ServerState state :
       {ServerState::looking, ServerState::following, ServerState::leading, ServerState::observing}) {
    votes.put(ServerId{2}, vote_for(2, 5, state));
    EXPECT_EQ(ZooKeeperRules::leader_confirmed(peer, votes, ServerId{2}, Round{5}), state == ServerState::leading);
  }
  EXPECT_FALSE(ZooKeeperRules::leader_confirmed(peer, votes, ServerId{3}, Round{5}));
}

TEST(RuleSets, HoldWhatWasAdded) {
  RuleSet rules;
  EXPECT_TRUE(rules.empty());
  rules.add(Rule::count_settled);
  EXPECT_FALSE(rules.empty());
  EXPECT_TRUE(rules.has(Rule::count_settled));
  EXPECT_FALSE(rules.has(Rule::count_same_round));
}

TEST(Names, AreThoseOfZooKeeperAndOurs) {
  EXPECT_EQ(name_of(Rule::drop_short), "drop-short");
  EXPECT_EQ(name_of(ServerState::observing), "OBSERVING");
  EXPECT_EQ(name_of(static_cast<ServerState>(server_states)), "?");
}

TEST(DurableStates, StandBack) {
  const Durable durable{PeerEpoch{3}, PeerEpoch{2}, no_history};
  EXPECT_EQ(standing_back(durable), (Durable{PeerEpoch{3}, PeerEpoch{least}, no_history}));
}

// --- the coarse grain ---

constexpr std::array ids{ServerId{1}, ServerId{2}, ServerId{3}};
Ensemble of_three() { return single_configuration(Configuration::majority(ids)); }
Message looking(std::int64_t from, std::int64_t round, std::int64_t zxid, ConfigIndex config = 0) {
  const Proposal proposal{PeerEpoch{0}, Zxid{zxid}, ServerId{from}};
  const Vote vote{proposal, Round{round}, notification_version, ServerState::looking};
  return message_of(Notification{ServerId{from}, vote, config});
}

TEST(Coarse, ShowsEachOfItsSteps) {
  const Ensemble ensemble = of_three();
  const Peer peer = make_peer(ensemble, ServerId{1}, {});
  int steps = 0;
  react_by(step, ensemble, peer, Start{}, [&](const Peer&, const Event&, const Transition&) { ++steps; });
  EXPECT_EQ(steps, 3);  // the start, its own copy received, and processed
}

TEST(Coarse, LeavesTheQueueUntilTheElectionBegins) {
  const Ensemble ensemble = of_three();
  const Transition made = react(ensemble, make_peer(ensemble, ServerId{1}, {}), Received{looking(2, 0, 0)});
  EXPECT_EQ(made.peer.received.size(), 1U);
  EXPECT_EQ(made.peer.role, Role{BeforeElection{}});
}

TEST(Coarse, StopsWhileThereIsRoomForOneMoreStep) {
  const Ensemble ensemble = of_three();
  Peer peer = make_peer(ensemble, ServerId{1}, {});
  for (std::int64_t zxid = 1; zxid <= 30; ++zxid) peer = react(ensemble, peer, Received{looking(2, 1, zxid)}).peer;
  ASSERT_EQ(peer.received.size(), 30U);
  const Transition made = react(ensemble, peer, Start{});
  EXPECT_EQ(made.effects.size(), 18U);  // with 16 there was still room for 8, with 18 there is not
  EXPECT_FALSE(made.peer.received.empty());
  EXPECT_TRUE(in_election(made.peer));
  EXPECT_GT(react(ensemble, made.peer, Process{}).peer.proposal, made.peer.proposal);
}

TEST(Coarse, DoesNotAnswerItselfForEver) {
  const std::array members{Member{ServerId{1}, LearnerType::observer, {}, {}}, Member{ServerId{2}, {}, {}, {}}};
  const Ensemble ensemble = single_configuration(Configuration::make(QuorumKind::majority, members));
  const Transition made = react(ensemble, make_peer(ensemble, ServerId{1}, {}), Received{looking(1, 1, 0)});
  ASSERT_EQ(made.effects.size(), 1U);
  EXPECT_EQ(std::get<SendTo>(made.effects[0]).to, ServerId{1});
}

TEST(Coarse, StartsAgainOnlyWhereTheElectionWasReplaced) {
  Ensemble ensemble = of_three();
  ensemble.reconfig_enabled = true;
  ensemble.configurations.push_back(Configuration::majority(ids, ConfigVersion{5}));
  ensemble.configurations.push_back(Configuration::majority(std::span(ids).first(2), ConfigVersion{6}));
  const Peer peer = make_peer(ensemble, ServerId{1}, {});
  const Transition same = react(ensemble, peer, Received{looking(2, 0, 0, 1)});
  EXPECT_EQ(same.peer.committed, 1);
  EXPECT_EQ(same.peer.role, Role{BeforeElection{}});
  const Transition other = react(ensemble, peer, Received{looking(2, 0, 0, 2)});
  EXPECT_EQ(other.peer.committed, 2);
  EXPECT_EQ(other.peer.role, Role{Polling{}});
}

}  // namespace
}  // namespace conclave::model
