// The epoch's function, packet by packet, and an epoch established while this file is compiled.
#include "conclave/model/epoch.hpp"

#include <gtest/gtest.h>

#include <array>

namespace conclave::model {
namespace {

constexpr std::array voters{ServerId{1}, ServerId{2}, ServerId{3}};
constexpr Ensemble three() { return single_configuration(Configuration::majority(voters)); }

// Delivers what the servers send each other until nothing is left. `peers[i]` has the id i + 1.
template <std::size_t Count>
struct World {
  Ensemble ensemble;
  std::array<EpochPeer, Count> peers;
  FixedVector<PacketFrom, 32> waiting;
  FixedVector<ServerId, 32> receivers;
  int established = 0;
  int over = 0;

  constexpr void take(std::size_t index, const EpochEvent& event) {
    const EpochTransition made = epoch_step(ensemble, peers[index], event);
    peers[index] = made.peer;
    for (const EpochEffect& effect : made.effects) {
      if (const auto* connect = std::get_if<Connect>(&effect)) send(index, connect->leader, Packet{connect->info});
      if (const auto* packet = std::get_if<SendPacket>(&effect)) send(index, packet->to, packet->packet);
      if (std::holds_alternative<Established>(effect)) ++established;
      if (std::holds_alternative<RoleOver>(effect)) ++over;
    }
  }
  constexpr void send(std::size_t from, ServerId to, const Packet& packet) {
    waiting.push_back(PacketFrom{ServerId{static_cast<std::int64_t>(from) + 1}, packet});
    receivers.push_back(to);
  }
  constexpr void run() {
    while (!waiting.empty()) {
      const PacketFrom packet = waiting[0];
      const auto to = static_cast<std::size_t>(receivers[0].value - 1);
      waiting.erase(0);
      receivers.erase(0);
      take(to, packet);
    }
  }
};

constexpr bool establishes_epoch_of_three() {
  World<3> world{three(), {}, {}, {}};
  for (std::size_t i = 0; i < 3; ++i) {
    const Durable durable{PeerEpoch{static_cast<std::int64_t>(4 + i)}, PeerEpoch{4}, Zxid{0x400000007}};
    world.peers[i] = make_epoch_peer(world.ensemble, voters[i], durable);
  }
  world.take(2, Lead{});
  world.take(0, Follow{ServerId{3}});
  world.take(1, Follow{ServerId{3}});
  world.run();
  bool agreed = world.established == 3 && world.over == 0;
  for (const EpochPeer& peer : world.peers) {
    // 6 was the largest accepted, so the new one is 7.
    agreed = agreed && peer.durable.accepted_epoch == PeerEpoch{7} && peer.durable.current_epoch == PeerEpoch{7};
  }
  return agreed;
}
static_assert(establishes_epoch_of_three());

EpochPeer server(std::int64_t id, std::int64_t accepted, std::int64_t current, std::int64_t zxid) {
  return make_epoch_peer(three(), ServerId{id}, Durable{PeerEpoch{accepted}, PeerEpoch{current}, Zxid{zxid}});
}
EpochTransition at(const EpochPeer& peer, const EpochEvent& event) { return epoch_step(three(), peer, event); }
template <class Packet>
PacketFrom from(std::int64_t id, const Packet& packet) {
  return PacketFrom{ServerId{id}, model::Packet{packet}};
}
const LeadingEpoch& leading(const EpochTransition& made) { return made.peer.leading; }
FollowerInfo info(std::int64_t accepted) {
  return FollowerInfo{PeerEpoch{accepted}, LearnerType::participant, ConfigVersion{0}};
}

TEST(EpochLeader, ProposesOneMoreThanAQuorumHasAccepted) {
  EpochTransition made = at(server(3, 2, 2, 0), Lead{});
  EXPECT_TRUE(made.effects.empty());
  made = at(made.peer, from(1, info(5)));
  ASSERT_EQ(made.effects.size(), 2U);
  EXPECT_EQ(made.effects[0], EpochEffect{WriteAccepted{PeerEpoch{6}}});
  EXPECT_EQ(made.effects[1], (EpochEffect{SendPacket{ServerId{1}, LeaderInfo{PeerEpoch{6}}}}));
}

TEST(EpochLeader, AnObserverRaisesTheEpochButIsNoQuorum) {
  const std::array members{Member{ServerId{1}, LearnerType::observer, {}, {}}, Member{ServerId{2}, {}, {}, {}},
                           Member{ServerId{3}, {}, {}, {}}};
  const Ensemble ensemble = single_configuration(Configuration::make(QuorumKind::majority, members));
  EpochTransition made = epoch_step(ensemble, make_epoch_peer(ensemble, ServerId{3}, {}), Lead{});
  made = epoch_step(ensemble, made.peer, from(1, FollowerInfo{PeerEpoch{8}, LearnerType::observer, {}}));
  EXPECT_TRUE(made.effects.empty());
  EXPECT_EQ(leading(made).phase, LeadPhase::collecting);
  made = epoch_step(ensemble, made.peer, from(2, info(0)));
  EXPECT_EQ(made.effects[0], EpochEffect{WriteAccepted{PeerEpoch{9}}});
}

TEST(EpochLeader, SendsALearnerAwayThatIsAheadAndGoesOn) {
  EpochTransition made = at(server(3, 2, 2, 0x200000001), Lead{});
  made = at(made.peer, from(1, info(2)));
  made = at(made.peer, from(1, AckEpoch{PeerEpoch{2}, Zxid{0x200000002}}));
  ASSERT_EQ(made.effects.size(), 1U);
  EXPECT_EQ(made.effects[0], EpochEffect{Disconnect{ServerId{1}}});
  EXPECT_EQ(leading(made).phase, LeadPhase::proposing);
  EXPECT_TRUE(leading(made).learners.empty());
}

TEST(EpochLeader, AnAcknowledgementWithoutEpochDoesNotCount) {
  EpochTransition made = at(server(3, 2, 2, 0), Lead{});
  made = at(made.peer, from(1, info(2)));
  made = at(made.peer, from(1, AckEpoch{std::nullopt, Zxid{0}}));
  EXPECT_TRUE(made.effects.empty());
  made = at(made.peer, from(2, info(2)));
  made = at(made.peer, from(2, AckEpoch{PeerEpoch{2}, Zxid{0}}));
  // Now there is a quorum, and the first one is served as well.
  ASSERT_EQ(made.effects.size(), 5U);
  EXPECT_EQ(made.effects[0], EpochEffect{WriteCurrent{PeerEpoch{3}}});
  EXPECT_EQ(made.effects[2], (EpochEffect{SendPacket{ServerId{1}, NewLeader{PeerEpoch{3}}}}));
}

// Any id may connect, and there are more ids than room: only who votes is remembered.
TEST(EpochLeader, StrangersThatAcknowledgeAreNotRemembered) {
  EpochPeer leader = at(server(3, 0, 0, 0), Lead{}).peer;
  leader = at(leader, from(1, info(0))).peer;
  leader = at(leader, from(1, AckEpoch{PeerEpoch{0}, Zxid{0}})).peer;
  ASSERT_EQ(leader.leading.phase, LeadPhase::synchronising);
  for (std::int64_t stranger = 100; stranger < 100 + 2 * static_cast<std::int64_t>(servers_max); ++stranger) {
    leader = at(leader, from(stranger, info(0))).peer;
    leader = at(leader, from(stranger, AckEpoch{PeerEpoch{0}, Zxid{0}})).peer;
    leader = at(leader, from(stranger, EpochAck{PeerEpoch{1}})).peer;
    leader = at(leader, LinkLost{ServerId{stranger}}).peer;
  }
  ASSERT_EQ(leader.leading.acknowledged.size(), 1U);
  EXPECT_EQ(leader.leading.acknowledged[0], ServerId{3});
  EXPECT_EQ(leader.leading.phase, LeadPhase::synchronising);
  EXPECT_EQ(at(leader, from(1, EpochAck{PeerEpoch{1}})).peer.leading.phase, LeadPhase::established);
}

TEST(EpochLeader, AloneIsAQuorumOfOne) {
  const std::array one{ServerId{1}};
  const Ensemble ensemble = single_configuration(Configuration::majority(one));
  const EpochTransition made = epoch_step(ensemble, make_epoch_peer(ensemble, ServerId{1}, {}), Lead{});
  ASSERT_EQ(made.effects.size(), 3U);
  EXPECT_EQ(made.effects[0], EpochEffect{WriteAccepted{PeerEpoch{1}}});
  EXPECT_EQ(made.effects[1], EpochEffect{WriteCurrent{PeerEpoch{1}}});
  EXPECT_EQ(made.effects[2], (EpochEffect{Established{ServerId{1}, PeerEpoch{1}}}));
}

TEST(EpochLeader, GivesUpWithoutAQuorumOnceEstablished) {
  World<3> world{three(), {server(1, 0, 0, 0), server(2, 0, 0, 0), server(3, 0, 0, 0)}, {}, {}};
  world.take(2, Lead{});
  world.take(0, Follow{ServerId{3}});
  world.run();
  EXPECT_EQ(world.established, 2);
  world.take(2, Tick{});
  EXPECT_EQ(world.over, 0);
  world.run();  // the ping and its answer
  world.take(2, LinkLost{ServerId{1}});
  world.take(2, LimitOver{});  // initLimit means nothing to an established leader
  EXPECT_EQ(world.over, 0);
  world.take(2, Tick{});
  EXPECT_EQ(world.over, 1);
  EXPECT_EQ(world.peers[2].role, EpochRole::none);
}

TEST(EpochLearner, WritesTheEpochBeforeItAccepts) {
  EpochTransition made = at(server(1, 4, 3, 9), Follow{ServerId{3}});
  EXPECT_EQ(made.effects[0], (EpochEffect{Connect{ServerId{3}, info(4)}}));
  made = at(made.peer, from(3, LeaderInfo{PeerEpoch{5}}));
  ASSERT_EQ(made.effects.size(), 2U);
  EXPECT_EQ(made.effects[0], EpochEffect{WriteAccepted{PeerEpoch{5}}});
  EXPECT_EQ(made.effects[1], (EpochEffect{SendPacket{ServerId{3}, AckEpoch{PeerEpoch{3}, Zxid{9}}}}));
}

TEST(EpochLearner, AnEpochAcceptedBeforeIsNotAcceptedTwice) {
  EpochTransition made = at(server(1, 5, 3, 9), Follow{ServerId{3}});
  made = at(made.peer, from(3, LeaderInfo{PeerEpoch{5}}));
  ASSERT_EQ(made.effects.size(), 1U);
  EXPECT_EQ(made.effects[0], (EpochEffect{SendPacket{ServerId{3}, AckEpoch{std::nullopt, Zxid{9}}}}));
}

TEST(EpochLearner, RefusesAnEpochBelowItsOwn) {
  EpochTransition made = at(server(1, 6, 3, 9), Follow{ServerId{3}});
  made = at(made.peer, from(3, LeaderInfo{PeerEpoch{5}}));
  ASSERT_EQ(made.effects.size(), 1U);
  EXPECT_EQ(made.effects[0], EpochEffect{RoleOver{EndReason::epoch_too_low}});
}

TEST(EpochLearner, TakesOverTheHistoryBeforeTheEpoch) {
  EpochTransition made = at(server(1, 4, 3, 9), Follow{ServerId{3}});
  made = at(made.peer, from(3, LeaderInfo{PeerEpoch{5}}));
  made = at(made.peer, from(3, Synchronise{Zxid{9}, Zxid{12}}));
  EXPECT_TRUE(made.effects.empty());
  made = at(made.peer, from(3, NewLeader{PeerEpoch{5}}));
  ASSERT_EQ(made.effects.size(), 3U);
  EXPECT_EQ(made.effects[0], EpochEffect{WriteHistory{Zxid{12}}});
  EXPECT_EQ(made.effects[1], EpochEffect{WriteCurrent{PeerEpoch{5}}});
  EXPECT_EQ(made.effects[2], (EpochEffect{SendPacket{ServerId{3}, EpochAck{PeerEpoch{5}}}}));
}

TEST(EpochLearner, TruncatesAtOnce) {
  EpochTransition made = at(server(1, 4, 3, 9), Follow{ServerId{3}});
  made = at(made.peer, from(3, LeaderInfo{PeerEpoch{5}}));
  made = at(made.peer, from(3, Synchronise{Zxid{9}, Zxid{7}}));
  ASSERT_EQ(made.effects.size(), 1U);
  EXPECT_EQ(made.effects[0], EpochEffect{WriteHistory{Zxid{7}}});
}

TEST(EpochLearner, HearsItsLeaderOnly) {
  const EpochTransition made = at(server(1, 4, 3, 9), Follow{ServerId{3}});
  const EpochTransition other = at(made.peer, from(2, LeaderInfo{PeerEpoch{5}}));
  EXPECT_TRUE(other.effects.empty());
  EXPECT_EQ(other.peer, made.peer);
}

// --- a server that keeps no history ---

EpochPeer without(std::int64_t id, std::int64_t accepted, std::int64_t current) {
  return server(id, accepted, current, no_history.value);
}
// Server 3 leads without a history; server 1 has said FOLLOWERINFO and got LEADERINFO.
EpochTransition leads_without(std::int64_t current, std::int64_t accepted) {
  EpochTransition made = at(without(3, 4, current), Lead{});
  return at(made.peer, from(1, info(accepted)));
}

TEST(EpochWithoutHistory, RegistersAsAnObserverWhereThereIsAHistoryAndIsCounted) {
  const EpochTransition learner = at(without(1, 4, 4), Follow{ServerId{3}, Zxid{0}});
  const FollowerInfo said{PeerEpoch{4}, LearnerType::observer, ConfigVersion{0}};
  EXPECT_EQ(learner.effects[0], (EpochEffect{Connect{ServerId{3}, said}}));
  EpochTransition leader = at(server(3, 4, 4, 9), Lead{});
  leader = at(leader.peer, from(1, said));
  EXPECT_EQ(leading(leader).phase, LeadPhase::proposing);
}

TEST(EpochWithoutHistory, RegistersAsAFollowerWhereTheLeaderHasNoneEither) {
  const EpochTransition learner = at(without(1, 4, 4), Follow{ServerId{3}, no_history});
  EXPECT_EQ(learner.effects[0], (EpochEffect{Connect{ServerId{3}, info(4)}}));
}

TEST(EpochWithoutHistory, VouchesForTheEpochOfAHistoryItHasSeen) {
  EpochTransition made = at(without(1, 4, 3), Follow{ServerId{3}});
  made = at(made.peer, from(3, LeaderInfo{PeerEpoch{5}}));
  EXPECT_EQ(made.effects[1], (EpochEffect{SendPacket{ServerId{3}, AckEpoch{PeerEpoch{3}, no_history}}}));
  made = at(made.peer, from(3, Synchronise{no_history, Zxid{0x400000007}}));
  EXPECT_TRUE(made.effects.empty());
  made = at(made.peer, from(3, NewLeader{PeerEpoch{5}}));
  ASSERT_EQ(made.effects.size(), 2U);
  EXPECT_EQ(made.effects[0], EpochEffect{WriteCurrent{PeerEpoch{5}}});
  EXPECT_EQ(made.effects[1], (EpochEffect{SendPacket{ServerId{3}, EpochAck{PeerEpoch{5}}}}));
  EXPECT_EQ(made.peer.durable.last_zxid, no_history);
}

TEST(EpochWithoutHistory, EstablishesAnEpochThatIsOfNoHistory) {
  World<3> world{three(), {without(1, 0, 0), without(2, 0, 0), without(3, 0, 0)}, {}, {}};
  world.take(2, Lead{});
  world.take(0, Follow{ServerId{3}});
  world.take(1, Follow{ServerId{3}});
  world.run();
  EXPECT_EQ(world.established, 3);
  for (const EpochPeer& peer : world.peers) {
    EXPECT_EQ(peer.durable.accepted_epoch, PeerEpoch{1});
    EXPECT_EQ(peer.durable.current_epoch, PeerEpoch{0});
  }
}

TEST(EpochWithoutHistory, GivesWayToALearnerThatCanLead) {
  // Even to an empty one of the same epoch.
  EpochTransition made = leads_without(2, 4);
  made = at(made.peer, from(1, AckEpoch{PeerEpoch{2}, Zxid{0}}));
  ASSERT_EQ(made.effects.size(), 1U);
  EXPECT_EQ(made.effects[0], EpochEffect{RoleOver{EndReason::no_history}});
}

TEST(EpochWithoutHistory, GivesWayOnceEstablished) {
  World<3> world{three(), {server(1, 0, 0, 7), without(2, 0, 0), without(3, 0, 0)}, {}, {}};
  world.take(2, Lead{});
  world.take(1, Follow{ServerId{3}});
  world.run();
  EXPECT_EQ(world.established, 2);
  world.take(0, Follow{ServerId{3}});
  world.run();
  EXPECT_EQ(world.peers[2].role, EpochRole::none);
}

TEST(EpochWithoutHistory, RefusesALearnerThatIsBehind) {
  EpochTransition made = leads_without(2, 4);
  made = at(made.peer, from(1, AckEpoch{PeerEpoch{1}, Zxid{0x100000009}}));
  ASSERT_EQ(made.effects.size(), 1U);
  EXPECT_EQ(made.effects[0], EpochEffect{Disconnect{ServerId{1}}});
  // It comes back, and has by now accepted the epoch: nothing more is known of its history, and it is not newer.
  made = at(made.peer, from(1, info(5)));
  made = at(made.peer, from(1, AckEpoch{std::nullopt, Zxid{0x100000009}}));
  EXPECT_EQ(made.effects[0], EpochEffect{Disconnect{ServerId{1}}});
  // Nobody else comes, so the leader knows why it could not lead.
  made = at(made.peer, LimitOver{});
  EXPECT_EQ(made.effects[0], EpochEffect{RoleOver{EndReason::no_history}});
}

TEST(EpochWithoutHistory, GivesWayWhereItCantTell) {
  EpochTransition made = leads_without(2, 5);  // server 1 has heard of epoch 6 from somebody else
  made = at(made.peer, from(1, AckEpoch{std::nullopt, Zxid{0x100000009}}));
  EXPECT_EQ(made.effects[0], EpochEffect{RoleOver{EndReason::no_history}});
}

// It could not lead, so the leader would have given way for nothing, each time that it comes.
TEST(EpochWithoutHistory, DoesNotGiveWayToAServerWithoutADatabase) {
  for (const auto epoch : {std::optional(PeerEpoch{9}), std::optional<PeerEpoch>()}) {
    const EpochTransition made = at(leads_without(2, 5).peer, from(1, AckEpoch{epoch, unlogged}));
    EXPECT_EQ(made.effects[0], EpochEffect{Disconnect{ServerId{1}}});
    EXPECT_EQ(made.peer.role, EpochRole::leading);
  }
}

TEST(EpochWithoutHistory, DoesNotGiveWayToAnObserver) {
  const std::array members{Member{ServerId{1}, LearnerType::observer, {}, {}}, Member{ServerId{2}, {}, {}, {}},
                           Member{ServerId{3}, {}, {}, {}}};
  const Ensemble ensemble = single_configuration(Configuration::make(QuorumKind::majority, members));
  const Durable durable{PeerEpoch{0}, PeerEpoch{0}, no_history};
  EpochTransition made = epoch_step(ensemble, make_epoch_peer(ensemble, ServerId{3}, durable), Lead{});
  made = epoch_step(ensemble, made.peer, from(2, FollowerInfo{PeerEpoch{0}, LearnerType::observer, {}}));
  made = epoch_step(ensemble, made.peer, from(1, FollowerInfo{PeerEpoch{0}, LearnerType::observer, {}}));
  made = epoch_step(ensemble, made.peer, from(1, AckEpoch{PeerEpoch{0}, Zxid{5}}));
  ASSERT_EQ(made.effects.size(), 1U);
  EXPECT_EQ(made.effects[0], EpochEffect{Disconnect{ServerId{1}}});
}

TEST(EpochWithHistory, FollowsNobodyWithout) {
  EpochTransition made = at(server(1, 4, 3, 9), Follow{ServerId{3}});
  made = at(made.peer, from(3, LeaderInfo{PeerEpoch{5}}));
  made = at(made.peer, from(3, Synchronise{Zxid{9}, no_history}));
  EXPECT_EQ(made.effects[0], EpochEffect{RoleOver{EndReason::unexpected_packet}});
}

TEST(EpochDurable, SaysWhatNoServerStartsFrom) {
  EXPECT_EQ(check(Durable{PeerEpoch{3}, PeerEpoch{3}, Zxid{0x300000001}}), DurableError::none);
  EXPECT_EQ(check(Durable{PeerEpoch{3}, PeerEpoch{2}, Zxid{0x300000001}}), DurableError::current_behind_history);
  EXPECT_EQ(check(Durable{PeerEpoch{2}, PeerEpoch{3}, Zxid{0}}), DurableError::accepted_behind_current);
}

}  // namespace
}  // namespace conclave::model
