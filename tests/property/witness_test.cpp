// Sentences that sound true of elections and are not: each with the run that shows it, found by the random schedules
// and shrunk. ZooKeeper does the same in each of them; the lines of the Java code are named.
#include <gtest/gtest.h>

#include <variant>
#include <vector>

#include "conclave/model/election.hpp"
#include "conclave/testing/schedule.hpp"

namespace conclave::testing {
namespace {

using namespace model;

constexpr ServerId one{1};
constexpr ServerId two{2};
constexpr ServerId three{3};

Member voter(ServerId id) { return {id, LearnerType::participant, {}, {}}; }
Member observer(ServerId id) { return {id, LearnerType::observer, {}, {}}; }
Durable logged(std::int64_t epoch, std::int64_t zxid) { return {PeerEpoch{epoch}, PeerEpoch{epoch}, Zxid{zxid}}; }
Action at(Act act, ServerId id) { return {act, id}; }
Action deliver(ServerId from, ServerId to) { return {Act::deliver, to, from}; }

// Each action has to be possible where it stands.
void run_all(Network<>& network, const std::vector<Action>& actions) {
  for (const Action& action : actions) EXPECT_TRUE(network.apply(action)) << text(action);
}

// Servers 2 and 3 elect 2, which has the longer log.
const std::vector<Action> two_is_elected = {
    at(Act::start, three), at(Act::start, two),     deliver(two, three),
    deliver(three, two),   at(Act::silence, three), at(Act::silence, two),
};

// "A decided vote is as recent as the log of everyone who supports it": not for an observer. A looking voter answers it
// with the vote of its last election, but with its own new round and state (WorkerReceiver.run, `!validVoter`), and
// the observer makes a quorum of such answers.
TEST(Witness, AnObserverMayDecideForAVoteThatNobodyProposesAnyMore) {
  Network<> network(
      {QuorumKind::majority, {observer(one), voter(two), voter(three)}, {logged(0, 0), logged(0, 1), logged(0, 0)}});
  run_all(network, two_is_elected);
  run_all(network,
          {at(Act::establish, two), at(Act::learn, three), at(Act::end_role, three), at(Act::end_role, two),
           at(Act::start, one), deliver(one, two), deliver(one, three), deliver(two, one), deliver(three, one)});
  run_all(network, {at(Act::silence, one)});
  EXPECT_EQ(state_of(*network.peer(one)), ServerState::observing);
  EXPECT_EQ(network.peer(one)->current_vote.proposal, (Proposal{PeerEpoch{1}, Zxid{1}, two}));
  EXPECT_EQ(network.peer(two)->proposal, (Proposal{PeerEpoch{1}, Zxid{2}, two}));
  EXPECT_EQ(network.peer(three)->proposal, (Proposal{PeerEpoch{1}, Zxid{2}, three}));
}

// The same sentence, of a voter: those who follow count, whatever they have logged themselves. Server 1 joined 2,
// which then restarted, and is elected by 1's word (receivedFollowingNotification, `recvset`).
TEST(Witness, AFollowerWithALongerLogSupportsItsLeaderAfterThatLeadersRestart) {
  Network<> network(
      {QuorumKind::majority, {voter(one), voter(two), voter(three)}, {logged(0, 7), logged(0, 1), logged(0, 0)}});
  run_all(network, two_is_elected);
  run_all(network,
          {at(Act::start, one), deliver(one, two), deliver(one, three), deliver(two, one), deliver(three, one)});
  ASSERT_EQ(network.peer(one)->role, Role{Following{two}});
  run_all(network,
          {at(Act::crash, three), at(Act::crash, two), at(Act::start, two), deliver(two, one), deliver(one, two)});
  EXPECT_EQ(network.peer(two)->role, Role{Leading{}});
  EXPECT_LT(network.peer(two)->current_vote.proposal.zxid, network.peer(one)->durable.last_zxid);
}

// "Nobody listens to a looking server without a zxid": but its vote, if its epoch is higher, ends the others' wait for
// silence (lookForLeader's inner loop looks at the order alone), and only then is it thrown away. As long as it sends
// again when the others do, they do not decide, though they are a quorum and agree.
TEST(Witness, AServerWithoutAZxidButWithAHighEpochCanStarveTheOthers) {
  Network<> network(
      {QuorumKind::majority, {voter(one), voter(two), voter(three)}, {logged(0, 1), logged(0, 0), logged(1, -1)}});
  run_all(network, {at(Act::start, two), at(Act::start, one), deliver(one, two), deliver(two, one),
                    at(Act::start, three), deliver(three, one), deliver(three, two)});
  for (int i = 0; i < 100; ++i) {
    run_all(network, {at(Act::time_out, one), at(Act::time_out, two), deliver(two, one), deliver(one, two)});
    EXPECT_EQ(network.peer(one)->role, Role{Finalizing{}});
    EXPECT_EQ(network.peer(two)->role, Role{Finalizing{}});
    run_all(network, {at(Act::time_out, three), deliver(three, one), deliver(three, two)});
    EXPECT_EQ(network.peer(one)->role, Role{Polling{}});
    EXPECT_EQ(network.peer(two)->role, Role{Polling{}});
  }
  EXPECT_TRUE(network.can_settle());
}

// "When nobody's patience ends, everyone stops talking": not a looking observer of a later round and a looking voter.
// Each answers the other at once, the one because the sender lags behind, the other because the sender does not vote.
TEST(Witness, AnObserverAndAVoterCanTalkWithoutEnd) {
  Network<> network(
      {QuorumKind::majority, {observer(one), voter(two), voter(three)}, {logged(0, 0), logged(0, 1), logged(0, 0)}});
  run_all(network, two_is_elected);
  // Server 3 is in its second round; 2 crashed and is in its first, and hears nothing of 3.
  run_all(network, {at(Act::end_role, three), at(Act::crash, two), at(Act::start, two), at(Act::start, one),
                    deliver(one, three), deliver(three, one)});
  ASSERT_EQ(network.peer(one)->clock, Round{2});
  run_all(network, {deliver(one, two), deliver(two, one)});
  for (int i = 0; i < 1000; ++i) run_all(network, {deliver(one, two), deliver(two, one)});
  EXPECT_EQ(network.peer(two)->clock, Round{1});
  EXPECT_EQ(state_of(*network.peer(one)), ServerState::looking);
}

}  // namespace
}  // namespace conclave::testing
