// The epoch's function: what comes at the wrong moment, from the wrong server or twice, and what is remembered of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>

#include "conclave/model/epoch.hpp"

namespace conclave::model {
namespace {

constexpr std::array five_ids{ServerId{1}, ServerId{2}, ServerId{3}, ServerId{4}, ServerId{5}};
Ensemble ensemble_of(std::size_t voters, std::int64_t version = 0) {
  return single_configuration(Configuration::majority(std::span(five_ids).first(voters), ConfigVersion{version}));
}

// A server that is told what happens to it, and what it has done last.
struct Server {
  Ensemble ensemble;
  EpochPeer peer;
  EpochEffects effects;

  Server(std::size_t voters, std::int64_t id, std::int64_t accepted, Zxid zxid = {9})
      : ensemble(ensemble_of(voters)), peer(make(id, accepted, zxid)) {}

  EpochPeer make(std::int64_t id, std::int64_t accepted, Zxid zxid) const {
    return make_epoch_peer(ensemble, ServerId{id}, Durable{PeerEpoch{accepted}, PeerEpoch{0}, zxid});
  }
  template <class Rules = ZooKeeperEpochRules>
  Server& take(const EpochEvent& event) {
    const EpochTransition made = epoch_step_with<Rules>(ensemble, peer, event);
    peer = made.peer;
    effects = made.effects;
    return *this;
  }
  template <class Rules = ZooKeeperEpochRules>
  Server& hear(std::int64_t from, const Packet& packet) {
    return take<Rules>(PacketFrom{ServerId{from}, packet});
  }
  bool does(std::initializer_list<EpochEffect> expected) const {
    return std::equal(effects.begin(), effects.end(), expected.begin(), expected.end());
  }
  bool ignores(const EpochEvent& event) {
    const EpochTransition made = epoch_step(ensemble, peer, event);
    return made.peer == peer && made.effects.empty();
  }
};

FollowerInfo info(std::int64_t accepted, std::int64_t version = 0) {
  return {PeerEpoch{accepted}, LearnerType::participant, ConfigVersion{version}};
}
AckEpoch ack_epoch(Zxid zxid = {9}) { return {PeerEpoch{0}, zxid}; }
EpochEffect send(std::int64_t to, const Packet& packet) { return SendPacket{ServerId{to}, packet}; }
EpochEffect disconnect(std::int64_t from) { return Disconnect{ServerId{from}}; }
EpochEffect over(EndReason reason) { return RoleOver{reason}; }
template <class Set>
bool are(const Set& set, std::initializer_list<std::int64_t> ids) {
  return std::equal(set.begin(), set.end(), ids.begin(), ids.end(),
                    [](ServerId left, std::int64_t right) { return left.value == right; });
}

// Server 3 of three leads, server 1 has taken over its history and acknowledged it: established, of epoch 1.
Server established() {
  Server leader(3, 3, 0);
  leader.take(Lead{}).hear(1, info(0)).hear(1, ack_epoch()).hear(1, EpochAck{PeerEpoch{1}});
  return leader;
}
// Server 5 of five leads and waits for one more to take over its history; 1 and 2 have got it.
Server synchronising() {
  Server leader(5, 5, 0);
  leader.take(Lead{}).hear(2, info(0)).hear(1, info(0)).hear(2, ack_epoch()).hear(1, ack_epoch());
  return leader;
}
Server follower(std::int64_t accepted = 0, Zxid zxid = {9}) {
  Server learner(3, 1, accepted, zxid);
  learner.take(Follow{ServerId{3}, Zxid{9}});
  return learner;
}
Server acknowledged() {
  Server learner = follower();
  learner.hear(3, LeaderInfo{PeerEpoch{1}}).hear(3, Synchronise{Zxid{9}, Zxid{9}}).hear(3, NewLeader{PeerEpoch{1}});
  return learner;
}

TEST(EpochRole, BeginsOnce) {
  EXPECT_TRUE(established().ignores(Lead{}));
  EXPECT_TRUE(established().ignores(Follow{ServerId{1}}));
  EXPECT_TRUE(follower().ignores(Lead{}));
  EXPECT_TRUE(follower().ignores(Follow{ServerId{2}}));
  EXPECT_TRUE(Server(3, 2, 0).ignores(Follow{ServerId{2}}));
  Server learner(3, 2, 0);
  EXPECT_TRUE(learner.take(Follow{ServerId{1}, Zxid{9}}).does({Connect{ServerId{1}, info(0)}}));
}

TEST(EpochRole, WithoutOneNothingMatters) {
  Server nobody(3, 2, 0);
  for (const std::int64_t id : {0, 1, 2, 3}) {
    EXPECT_TRUE(nobody.ignores(PacketFrom{ServerId{id}, info(4)}));
    EXPECT_TRUE(nobody.ignores(PacketFrom{ServerId{id}, LeaderInfo{PeerEpoch{9}}}));
    EXPECT_TRUE(nobody.ignores(LinkLost{ServerId{id}}));
  }
  EXPECT_TRUE(nobody.ignores(LimitOver{}));
  EXPECT_TRUE(nobody.ignores(Tick{}));
}

TEST(EpochRole, EndsAsItBegan) {
  Server learner = follower();
  for (const std::int64_t other : {0, 2, 4}) EXPECT_TRUE(learner.ignores(LinkLost{ServerId{other}}));
  EXPECT_TRUE(learner.ignores(Tick{}));
  EXPECT_TRUE(learner.take(LinkLost{ServerId{3}}).does({over(EndReason::link_lost)}));
  EXPECT_EQ(learner.peer, Server(3, 1, 0).peer);
  EXPECT_TRUE(follower().take(LimitOver{}).does({over(EndReason::limit_over)}));
  Server leader(3, 3, 0);
  leader.take(Lead{}).hear(1, info(0, 1));
  EXPECT_TRUE(leader.ignores(Tick{}));
  EXPECT_TRUE(leader.take(LimitOver{}).does({over(EndReason::limit_over)}));
  EXPECT_EQ(leader.peer, Server(3, 3, 0).peer);
}

TEST(EpochLeaderHears, AnAcceptedEpochAsHighAsItsOwnProposal) {
  Server leader(3, 3, 2);
  EXPECT_TRUE(
      leader.take(Lead{}).hear(1, info(3)).does({WriteAccepted{PeerEpoch{4}}, send(1, LeaderInfo{PeerEpoch{4}})}));
  // Once proposed it stays.
  EXPECT_TRUE(leader.hear(2, info(9)).does({send(2, LeaderInfo{PeerEpoch{4}})}));
}

// No file says so, but the arithmetic does not depend on it.
TEST(EpochLeaderHears, NegativeEpochsAsAnyOther) {
  Server leader(3, 3, -5);
  EXPECT_EQ(leader.take(Lead{}).peer.leading.epoch, PeerEpoch{-4});
  Server nearly(3, 3, -1);
  EXPECT_EQ(nearly.take(Lead{}).hear(1, info(-5)).effects[0], EpochEffect{WriteAccepted{PeerEpoch{0}}});
}

TEST(EpochLeaderHears, EachLearnerOnceAndInOrder) {
  Server leader(5, 5, 0);
  leader.take(Lead{}).hear(2, info(0)).hear(2, info(0));
  EXPECT_TRUE(are(leader.peer.leading.connected, {2, 5}));
  ASSERT_EQ(leader.peer.leading.learners.size(), 1U);
  EXPECT_EQ(leader.peer.leading.learners[0], (LearnerLink{ServerId{2}, LearnerPhase::waiting_for_epoch, Zxid{0}}));
  leader.hear(9, FollowerInfo{PeerEpoch{0}, LearnerType::observer, {}}).hear(1, info(0));
  EXPECT_TRUE(are(leader.peer.leading.connected, {1, 2, 5}));
  ASSERT_EQ(leader.peer.leading.learners.size(), 3U);
  EXPECT_EQ(leader.peer.leading.learners[0].sid, ServerId{1});
  EXPECT_EQ(leader.peer.leading.learners[2].sid, ServerId{9});
  EXPECT_TRUE(leader.ignores(LinkLost{ServerId{0}}));
  leader.take(LinkLost{ServerId{2}});
  ASSERT_EQ(leader.peer.leading.learners.size(), 2U);
  EXPECT_EQ(leader.peer.leading.learners[1].sid, ServerId{9});
}

TEST(EpochLeaderHears, WhoHasALaterConfiguration) {
  for (const std::int64_t version : {4, 5, 6}) {
    Server leader(3, 3, 0);
    leader.ensemble = ensemble_of(3, 5);
    leader.take(Lead{}).hear(1, info(0, version));
    EXPECT_EQ(leader.does({disconnect(1)}), version > 5);
    EXPECT_EQ(leader.peer.leading.learners.empty(), version > 5);
  }
}

TEST(EpochLeaderHears, MoreLearnersThanThereIsRoomFor) {
  Server leader(3, 3, 0);
  leader.take(Lead{});
  const auto all = static_cast<std::int64_t>(servers_max);
  for (std::int64_t id = 100; id < 100 + all; ++id) {
    leader.hear(id, FollowerInfo{PeerEpoch{0}, LearnerType::observer, {}});
    ASSERT_TRUE(leader.effects.empty());
  }
  EXPECT_TRUE(leader.hear(100 + all, info(0)).does({disconnect(100 + all)}));
  EXPECT_TRUE(leader.hear(100, info(0)).effects.empty());
  EXPECT_EQ(leader.peer.leading.learners.size(), servers_max);
}

TEST(EpochLeaderHears, OnlyWhoVotesIsAQuorum) {
  Server stranger(3, 9, 0);  // not in the configuration, and yet told to lead
  stranger.take(Lead{}).hear(1, info(0)).hear(2, info(0)).hear(3, info(0));
  EXPECT_EQ(stranger.peer.leading.phase, LeadPhase::collecting);
  Server leader(3, 3, 0);
  leader.take(Lead{}).hear(1, info(0)).hear(9, info(0)).hear(9, ack_epoch());
  EXPECT_TRUE(are(leader.peer.leading.accepted, {3}));
  leader.hear(1, ack_epoch(unlogged));
  EXPECT_TRUE(are(leader.peer.leading.accepted, {3}));
  EXPECT_EQ(leader.peer.leading.phase, LeadPhase::proposing);
}

TEST(EpochLeaderHears, ThatOthersAcceptWhereItHasNoDatabase) {
  Server leader(3, 3, 0, unlogged);
  leader.take(Lead{}).hear(1, info(0)).hear(2, info(0));
  EXPECT_TRUE(leader.peer.leading.accepted.empty());
  leader.hear(1, AckEpoch{PeerEpoch{0}, Zxid{-2}}).hear(2, AckEpoch{PeerEpoch{0}, Zxid{-2}});
  EXPECT_TRUE(are(leader.peer.leading.accepted, {1, 2}));
  EXPECT_EQ(leader.peer.leading.phase, LeadPhase::proposing);
}

TEST(EpochLeaderHears, OfAHistoryWhereItHasNone) {
  Server leader(3, 3, 0, no_history);
  leader.take(Lead{}).hear(1, info(0)).hear(1, AckEpoch{PeerEpoch{0}, Zxid{-2}});
  EXPECT_TRUE(leader.does({over(EndReason::no_history)}));
}

TEST(EpochLeaderHears, AnAcknowledgementOutOfPlace) {
  Server leader(3, 3, 0);
  leader.take(Lead{}).hear(1, info(0));
  for (const std::int64_t unknown : {0, 2}) {
    EXPECT_TRUE(Server(leader).hear(unknown, ack_epoch()).does({disconnect(unknown)}));
    EXPECT_TRUE(Server(leader).hear(unknown, EpochAck{PeerEpoch{1}}).does({disconnect(unknown)}));
    EXPECT_TRUE(Server(leader).hear(unknown, UpToDate{}).does({disconnect(unknown)}));
    EXPECT_TRUE(leader.ignores(PacketFrom{ServerId{unknown}, Ping{}}));
  }
  EXPECT_TRUE(Server(leader).hear(1, EpochAck{PeerEpoch{1}}).does({disconnect(1)}));
  leader.hear(1, ack_epoch());
  EXPECT_TRUE(Server(leader).hear(1, ack_epoch()).does({disconnect(1)}));
  EXPECT_TRUE(Server(leader).hear(1, UpToDate{}).does({disconnect(1)}));
  Server early(3, 3, 0);
  EXPECT_TRUE(early.take(Lead{}).hear(9, info(0)).hear(9, ack_epoch()).does({disconnect(9)}));
}

TEST(EpochLeaderHears, WhoHasTakenOverItsHistory) {
  Server leader = synchronising();
  EXPECT_TRUE(are(leader.peer.leading.accepted, {1, 2, 5}));
  for (const std::int64_t other : {0, 2}) {  // another epoch's
    leader.hear(2, EpochAck{PeerEpoch{other}});
    EXPECT_TRUE(are(leader.peer.leading.acknowledged, {5}));
    leader.hear(2, info(0)).hear(2, AckEpoch{std::nullopt, Zxid{9}});
  }
  EXPECT_TRUE(leader.hear(2, EpochAck{PeerEpoch{1}}).effects.empty());
  EXPECT_TRUE(are(leader.peer.leading.acknowledged, {2, 5}));
  EXPECT_TRUE(leader.ignores(PacketFrom{ServerId{2}, UpToDate{}}));  // strange, but by now no reason to part
  EXPECT_TRUE(leader.hear(1, EpochAck{PeerEpoch{1}})
                  .does({Established{ServerId{5}, PeerEpoch{1}}, send(1, UpToDate{}), send(2, UpToDate{})}));
  EXPECT_TRUE(are(leader.peer.leading.acknowledged, {1, 2, 5}));
  EXPECT_TRUE(leader.ignores(PacketFrom{ServerId{2}, UpToDate{}}));
}

TEST(EpochLeaderHears, ALateLearnerWhateverItsHistory) {
  Server leader = established();
  leader.peer.durable.last_zxid = Zxid{5};
  leader.hear(2, info(7)).hear(2, AckEpoch{PeerEpoch{7}, Zxid{0x700000001}});
  EXPECT_TRUE(leader.does({send(2, Synchronise{Zxid{0x700000001}, Zxid{5}}), send(2, NewLeader{PeerEpoch{1}})}));
}

TEST(EpochLeaderTicks, PingsThoseThatHaveItsHistory) {
  Server leader = established();
  leader.hear(2, info(0));
  EXPECT_TRUE(leader.take(Tick{}).does({send(1, Ping{})}));
  leader.hear(2, ack_epoch());
  EXPECT_TRUE(leader.take(Tick{}).does({send(1, Ping{}), send(2, Ping{})}));
}

TEST(EpochLeaderTicks, AndGivesUpAlone) {
  Server leader(3, 1, 0);
  leader.take(Lead{}).hear(3, info(0)).hear(3, ack_epoch()).hear(3, EpochAck{PeerEpoch{1}});
  EXPECT_TRUE(leader.take(LinkLost{ServerId{3}}).take(Tick{}).does({over(EndReason::quorum_lost)}));
}

TEST(EpochLearnerHears, NothingOutOfPlace) {
  const Server begun = follower();
  const Server accepted = Server(begun).hear(3, LeaderInfo{PeerEpoch{1}});
  const Server synchronised = Server(accepted).hear(3, Synchronise{Zxid{9}, Zxid{9}});
  const Server done = Server(acknowledged()).hear(3, UpToDate{});
  const auto ends = [](Server learner, const Packet& packet) {
    return learner.hear(3, packet).does({over(EndReason::unexpected_packet)});
  };
  for (const Server& at : {accepted, synchronised, acknowledged(), done}) {
    EXPECT_TRUE(ends(at, LeaderInfo{PeerEpoch{1}}));
    EXPECT_TRUE(ends(at, info(0)));
  }
  for (const Server& at : {begun, synchronised, acknowledged(), done}) {
    EXPECT_TRUE(ends(at, Synchronise{Zxid{9}, Zxid{9}}));
  }
  for (const Server& at : {begun, accepted, acknowledged(), done}) EXPECT_TRUE(ends(at, NewLeader{PeerEpoch{1}}));
  for (const Server& at : {begun, accepted, synchronised, done}) EXPECT_TRUE(ends(at, UpToDate{}));
  for (const Server& at : {begun, accepted}) EXPECT_TRUE(ends(at, Ping{}));
}

TEST(EpochLearnerHears, PingsOnceTheHistoryIsThere) {
  Server learner = follower();
  learner.hear(3, LeaderInfo{PeerEpoch{1}}).hear(3, Synchronise{Zxid{9}, Zxid{9}});
  EXPECT_TRUE(learner.effects.empty());
  EXPECT_TRUE(learner.ignores(PacketFrom{ServerId{3}, Ping{}}));
  learner = acknowledged();
  EXPECT_TRUE(learner.does({WriteCurrent{PeerEpoch{1}}, send(3, EpochAck{PeerEpoch{1}})}));
  EXPECT_EQ(learner.peer.durable.current_epoch, PeerEpoch{1});
  EXPECT_TRUE(learner.ignores(PacketFrom{ServerId{3}, Ping{}}));
  learner.hear(3, UpToDate{});
  EXPECT_TRUE(learner.does({send(3, EpochAck{PeerEpoch{1}}), Established{ServerId{3}, PeerEpoch{1}}}));
  EXPECT_TRUE(learner.hear(3, Ping{}).does({send(3, Ping{})}));
}

TEST(EpochLearnerHears, AHistoryThatIsThenItsOwn) {
  Server learner = follower();
  learner.hear(3, LeaderInfo{PeerEpoch{1}}).hear(3, Synchronise{Zxid{9}, Zxid{12}});
  EXPECT_EQ(learner.peer.learning.history, Zxid{12});
  learner.hear(3, NewLeader{PeerEpoch{1}});
  EXPECT_EQ(learner.peer.learning.history, Zxid{0});
  EXPECT_EQ(learner.peer.durable.last_zxid, Zxid{12});
}

// --- other rules, as a study of them would have them ---

struct LateWrites : ZooKeeperEpochRules {
  static constexpr bool leader_writes_first = false;
  static constexpr bool learner_writes_first = false;
  static constexpr bool history_first = false;
};
struct LateEpoch : ZooKeeperEpochRules {
  static constexpr bool current_before_ack = false;
};
struct NoVoucher : ZooKeeperEpochRules {
  static constexpr bool vouches = false;
};

TEST(EpochRules, DecideWhatIsWrittenWhen) {
  Server leader(3, 3, 0);
  leader.take<LateWrites>(Lead{}).hear<LateWrites>(1, info(0));
  EXPECT_TRUE(leader.does({send(1, LeaderInfo{PeerEpoch{1}}), WriteAccepted{PeerEpoch{1}}}));
  Server learner = follower();
  learner.hear<LateWrites>(3, LeaderInfo{PeerEpoch{1}});
  EXPECT_TRUE(learner.does({send(3, ack_epoch()), WriteAccepted{PeerEpoch{1}}}));
  learner.hear<LateWrites>(3, Synchronise{Zxid{9}, Zxid{12}});
  Server same = learner;
  same.peer.durable.last_zxid = Zxid{12};
  const EpochEffect acknowledges = send(3, EpochAck{PeerEpoch{1}});
  EXPECT_TRUE(learner.hear<LateWrites>(3, NewLeader{PeerEpoch{1}})
                  .does({WriteCurrent{PeerEpoch{1}}, WriteHistory{Zxid{12}}, acknowledges}));
  EXPECT_TRUE(same.hear<LateWrites>(3, NewLeader{PeerEpoch{1}}).does({WriteCurrent{PeerEpoch{1}}, acknowledges}));
}

TEST(EpochRules, MayLeaveTheEpochToTheEnd) {
  for (const Zxid zxid : {Zxid{9}, no_history}) {
    Server learner = follower(0, zxid);
    learner.hear<LateEpoch>(3, LeaderInfo{PeerEpoch{1}}).hear<LateEpoch>(3, Synchronise{zxid, Zxid{9}});
    const EpochEffect acknowledges = send(3, EpochAck{PeerEpoch{1}});
    EXPECT_TRUE(learner.hear<LateEpoch>(3, NewLeader{PeerEpoch{1}}).does({acknowledges}));
    learner.hear<LateEpoch>(3, UpToDate{});
    ASSERT_GT(learner.effects.size(), 1U);
    EXPECT_EQ(learner.effects[0] == EpochEffect{WriteCurrent{PeerEpoch{1}}}, zxid != no_history);
  }
}

struct NeverForLong : ZooKeeperEpochRules {
  template <class Contains>
  static constexpr bool enough(LeadPhase phase, const Configuration& configuration, const Contains& contains) {
    return phase != LeadPhase::established && configuration.contains_quorum(contains);
  }
};

TEST(EpochRules, MayAskMoreOfAnEstablishedLeader) {
  EXPECT_TRUE(established().take<NeverForLong>(Tick{}).does({over(EndReason::quorum_lost)}));
}

TEST(EpochRules, MayForbidToVouch) {
  for (const Zxid zxid : {Zxid{9}, no_history}) {
    Server learner = follower(0, zxid);
    learner.hear<NoVoucher>(3, LeaderInfo{PeerEpoch{1}}).hear<NoVoucher>(3, Synchronise{zxid, Zxid{9}});
    learner.hear<NoVoucher>(3, NewLeader{PeerEpoch{1}});
    EXPECT_EQ(learner.effects[0] == EpochEffect{WriteCurrent{PeerEpoch{1}}}, zxid != no_history);
  }
}

// --- two configurations ---

// 1, 2 and 3 are committed; 3, 4 and 5 have been seen last, in this version.
Server between(std::int64_t version) {
  Server leader(3, 3, 0);
  leader.ensemble = ensemble_of(3, 5);
  leader.ensemble.configurations.push_back(
      Configuration::majority(std::span(five_ids).last(3), ConfigVersion{version}));
  leader.peer.last_seen = ConfigIndex{1};
  return leader;
}

TEST(EpochInTwoConfigurations, NeedsAQuorumOfTheNewerOneToo) {
  const auto holds = [](const Server& server, std::initializer_list<std::int64_t> ids) {
    return holds_quorum(server.ensemble, server.peer,
                        [&](ServerId id) { return std::find(ids.begin(), ids.end(), id.value) != ids.end(); });
  };
  for (const std::int64_t older : {4, 5}) EXPECT_TRUE(holds(between(older), {1, 2}));
  EXPECT_FALSE(holds(between(6), {1, 2}));
  EXPECT_TRUE(holds(between(6), {2, 3, 4}));
  EXPECT_FALSE(holds(between(6), {3, 4, 5}));
  Server alone = between(6);
  alone.peer.last_seen.reset();
  EXPECT_TRUE(holds(alone, {1, 2}));
  EXPECT_FALSE(holds(alone, {1}));
}

TEST(EpochInTwoConfigurations, CountsAcknowledgementsOfBoth) {
  Server leader = between(6);
  leader.take(Lead{}).hear(1, info(0)).hear(4, info(0)).hear(9, info(0));
  leader.hear(1, ack_epoch()).hear(4, ack_epoch()).hear(9, ack_epoch());
  leader.hear(1, EpochAck{PeerEpoch{1}}).hear(9, EpochAck{PeerEpoch{1}});
  EXPECT_EQ(leader.peer.leading.phase, LeadPhase::synchronising);
  EXPECT_TRUE(are(leader.peer.leading.acknowledged, {1, 3}));
  leader.hear(4, EpochAck{PeerEpoch{1}});
  EXPECT_EQ(leader.peer.leading.phase, LeadPhase::established);
  EXPECT_TRUE(are(leader.peer.leading.acknowledged, {1, 3, 4}));
}

TEST(EpochPeers, AreWhatTheirConfigurationMakesOfThem) {
  const std::array members{Member{ServerId{1}, LearnerType::observer, {}, {}}, Member{ServerId{2}, {}, {}, {}}};
  Ensemble ensemble = ensemble_of(1);
  ensemble.configurations.push_back(Configuration::make(QuorumKind::majority, members));
  EXPECT_EQ(make_epoch_peer(ensemble, ServerId{1}, {}).learner_type, LearnerType::participant);
  EXPECT_EQ(make_epoch_peer(ensemble, ServerId{1}, {}, 1).learner_type, LearnerType::observer);
  EXPECT_EQ(make_epoch_peer(ensemble, ServerId{1}, {}, 1).committed, 1);
  EXPECT_EQ(make_epoch_peer(ensemble, ServerId{9}, {}, 1).learner_type, LearnerType::participant);
}

TEST(EpochWrites, BecomeTheDurableState) {
  Durable durable{PeerEpoch{1}, PeerEpoch{2}, Zxid{3}};
  for (const EpochEffect& write : std::initializer_list<EpochEffect>{
           WriteAccepted{PeerEpoch{4}}, WriteCurrent{PeerEpoch{5}}, WriteHistory{Zxid{6}}}) {
    EXPECT_TRUE(is_write(write));
    apply_write(durable, write);
  }
  EXPECT_EQ(durable, (Durable{PeerEpoch{4}, PeerEpoch{5}, Zxid{6}}));
  EXPECT_FALSE(is_write(disconnect(1)));
  EXPECT_EQ(first_zxid_of(PeerEpoch{5}), Zxid{0x500000000});
  EXPECT_EQ(epoch_of(first_zxid_of(PeerEpoch{-5})), PeerEpoch{-5});
}

}  // namespace
}  // namespace conclave::model
