// What servers heard, held against what the others' logs let them have said.
#include "conclave/logs/crossing.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "conclave/logs/clocks.hpp"
#include "log_builder.hpp"

namespace conclave::logs {
namespace {

using model::ServerState;
using model::Zxid;

constexpr Zxid epoch_one{1LL << 32};

Crossing crossed(const std::vector<LogBuilder>& builders) {
  Logs logs;
  std::vector<Explanation> explanations;
  for (const LogBuilder& builder : builders) {
    logs.servers.push_back(builder.log());
    explanations.push_back(builder.explained());
  }
  correct_clocks(logs);
  return cross(logs, explanations, std::vector<World>(builders.size(), world_of_three()));
}

// Server 2, elected by itself and server 1.
LogBuilder leader() {
  LogBuilder two(2);
  two.looks_and_hears_itself().hears_vote(1, 1).hears_vote(1, 2).leads(201);
  return two;
}

LogBuilder follower() {
  LogBuilder one(1);
  one.looks_and_hears_itself().hears_vote(2, 2).hears_vote(1, 2).follows(201);
  return one;
}

TEST(Crossing, FindsWhatWasSaid) {
  const Crossing crossing = crossed({follower(), leader()});
  EXPECT_TRUE(crossing.unsaid.empty());
  EXPECT_EQ(crossing.found, (std::vector<std::size_t>{1, 2}));
  EXPECT_EQ(crossing.uncovered, (std::vector<std::size_t>{0, 0}));
}

TEST(Crossing, WhatWasNotSaidIsNamed) {
  LogBuilder one(1);
  one.looks_and_hears_itself().hears_vote(2, 2).hears_vote(1, 2).hears_vote(2, 1).follows(201);
  const Crossing crossing = crossed({one, leader()});
  ASSERT_EQ(crossing.unsaid.size(), 1U);
  EXPECT_EQ(crossing.unsaid[0].server, 0U);
  EXPECT_EQ(crossing.unsaid[0].fact, 6U);
}

TEST(Crossing, WithoutTheSendersLogNothingIsJudged) {
  LogBuilder one = follower();
  one.hears(3, ServerState::looking, 3, 7, 5, ServerState::following);
  const Crossing crossing = crossed({one, leader()});
  EXPECT_TRUE(crossing.unsaid.empty());
  EXPECT_EQ(crossing.uncovered[0], 1U);
}

TEST(Crossing, NorOfATimeThatTheSendersLogDoesNotCover) {
  LogBuilder one = follower();
  one.says(UpToDate{}, 60'000).hears(2, ServerState::looking, 2, 7, 5, ServerState::following);
  const Crossing crossing = crossed({one, leader()});
  EXPECT_TRUE(crossing.unsaid.empty());
  EXPECT_EQ(crossing.uncovered[0], 1U);
}

TEST(Crossing, NorOfASenderWhoseLogHasNoWordOfAnElection) {
  LogBuilder two(2);
  two.says(ListensAt{"x"}).says(ListensAt{"y"}, 100'000);
  LogBuilder one(1);
  one.says(ListensAt{"z"}, 50'000).looks_and_hears_itself().hears_vote(2, 2);
  const Crossing crossing = crossed({one, two});
  EXPECT_TRUE(crossing.unsaid.empty());
  EXPECT_EQ(crossing.undecided[0].size(), 1U);
}

TEST(Crossing, NorOfASenderThatDiverges) {
  LogBuilder two(2);
  two.looks_and_hears_itself().leads(201);  // without a quorum
  two.says(Looking{}, 1000);                // its log goes on
  LogBuilder one = follower();
  one.hears(2, ServerState::leading, 2, 9, 9, ServerState::following);
  const Crossing crossing = crossed({one, two});
  EXPECT_TRUE(crossing.unsaid.empty());
  EXPECT_EQ(crossing.undecided[0].size(), 1U);
}

// Server 3 asks when the others have decided; what they answer tells their epoch.
Crossing asked_late(std::int64_t epoch_told, bool established) {
  LogBuilder two = leader();
  if (established) two.says(Established{epoch_one});
  two.hears(3, ServerState::looking, 3, 1, 0, ServerState::leading);
  LogBuilder three(3);
  three.looks_and_hears_itself().hears(2, ServerState::leading, 2, 1, epoch_told);
  return crossed({follower(), two, three});
}

TEST(Crossing, AnAnswerHasTheEpochOfTheEstablishedLeader) {
  EXPECT_TRUE(asked_late(0, false).unsaid.empty());
  EXPECT_EQ(asked_late(1, false).unsaid.size(), 1U);
  EXPECT_TRUE(asked_late(1, true).unsaid.empty());
  EXPECT_TRUE(asked_late(0, true).unsaid.empty());  // the moment before
  EXPECT_EQ(asked_late(2, true).unsaid.size(), 1U);
}

// Server 1 decides to answer as one that follows 2, and is looking when it writes the answer: real servers do that.
TEST(Crossing, AnAnswerMayBeWrittenInTheNextState) {
  LogBuilder two = leader();
  two.says(Established{epoch_one});
  LogBuilder three(3);
  three.looks_and_hears_itself().hears(1, ServerState::looking, 2, 1, 1);
  for (const bool ends : {false, true}) {
    LogBuilder one = follower();
    one.says(UpToDate{}).hears(3, ServerState::looking, 3, 1, 0, ServerState::following);
    if (ends) one.looks();
    EXPECT_EQ(crossed({one, two, three}).unsaid.size(), ends ? 0U : 1U);
  }
}

// Of servers in different time zones nothing is missed, and nothing held against them.
TEST(Crossing, AnotherTimeZoneIsAllowedFor) {
  constexpr int hour_ms = 3'600'000;
  const auto later_by = [](int ms, std::int64_t heard) {
    LogBuilder two(2);
    two.says(ListensAt{"x"}, ms);
    two.looks_and_hears_itself().hears_vote(1, 1).hears_vote(1, heard).leads(201).says(ListensAt{"x"});
    return crossed({follower(), two});
  };
  const Crossing same = later_by(1, 2);
  const Crossing other = later_by(hour_ms, 2);
  EXPECT_EQ(other.found, same.found);
  EXPECT_TRUE(other.apart.empty());
  EXPECT_TRUE(other.unsaid.empty());
  EXPECT_EQ(later_by(hour_ms, 3).unsaid.size(), 1U);
}

TEST(Crossing, LogsWithoutATimeInCommonAreSaidToBe) {
  LogBuilder two(2);
  two.says(ListensAt{"x"}, 3'600'000).looks_and_hears_itself();
  const Crossing crossing = crossed({follower(), two});
  EXPECT_EQ(crossing.apart, (std::vector<std::pair<std::size_t, std::size_t>>{{0, 1}}));
}

// Server 4 does not vote: what voters tell it is their last vote.
Crossing told_to_an_observer(const LogBuilder& voter, ServerState state, std::int64_t leader, std::int64_t round,
                             std::int64_t epoch) {
  LogBuilder four(4);
  four.hears(voter.log().sid.value, state, leader, round, epoch);
  return crossed({voter, four});
}

// WorkerReceiver answers from the start of a process on, with a clock of 0 until lookForLeader has begun.
TEST(Crossing, AProcessAnswersObserversBeforeItsFirstElection) {
  LogBuilder one(1);
  one.starts().looks().hears(1, ServerState::looking, 1, 1, 3);
  for (const std::int64_t round : {0, 1}) {
    EXPECT_TRUE(told_to_an_observer(one, ServerState::looking, 1, round, 3).unsaid.empty()) << round;
    EXPECT_EQ(told_to_an_observer(one, ServerState::looking, 1, round, 2).unsaid.size(), 1U) << round;
    EXPECT_EQ(told_to_an_observer(one, ServerState::looking, 2, round, 3).unsaid.size(), 1U) << round;
  }
  EXPECT_EQ(told_to_an_observer(one, ServerState::looking, 1, 2, 3).unsaid.size(), 1U);
  LogBuilder killed(1);
  killed.starts().says(ProcessStarted{}, 1000);
  EXPECT_EQ(told_to_an_observer(killed, ServerState::looking, 1, 0, 3).undecided[1].size(), 1U);
  EXPECT_EQ(told_to_an_observer(killed, ServerState::looking, 1, 1, 3).unsaid.size(), 1U);
}

TEST(Crossing, WhoseLogBeginsInTheMidstHasAVoteOfBefore) {
  LogBuilder one(1);
  one.looks().hears(1, ServerState::looking, 1, 4, 3).hears(2, ServerState::looking, 2, 4, 3);
  one.hears(1, ServerState::looking, 2, 4, 3).follows(201);
  for (const std::int64_t round : {3, 4}) {
    EXPECT_EQ(told_to_an_observer(one, ServerState::looking, 3, round, 2).undecided[1].size(), 1U) << round;
  }
  EXPECT_EQ(told_to_an_observer(one, ServerState::looking, 3, 2, 2).unsaid.size(), 1U);
  EXPECT_EQ(told_to_an_observer(one, ServerState::following, 3, 4, 2).undecided[1].size(),
            1U);  // before it is published
  EXPECT_EQ(told_to_an_observer(one, ServerState::following, 2, 4, 3).found[1], 1U);
  EXPECT_EQ(told_to_an_observer(one, ServerState::following, 3, 5, 2).unsaid.size(), 1U);
  const auto told_to_a_voter = [&](std::int64_t round) {
    LogBuilder three(3);
    three.looks_and_hears_itself().hears(1, ServerState::following, 3, round, 2);
    return crossed({one, three});
  };
  EXPECT_EQ(told_to_a_voter(3).undecided[1].size(), 1U);
  EXPECT_EQ(told_to_a_voter(4).unsaid.size(), 1U);
}

TEST(Crossing, WhatAKilledServerBeganWithMayHaveBeenLater) {
  LogBuilder two(2);
  two.starts().looks().says(ProcessStarted{}, 1000);  // killed before it heard itself
  LogBuilder one = follower();
  one.hears(2, ServerState::looking, 2, 1, 4, ServerState::following);
  EXPECT_TRUE(crossed({one, two}).unsaid.empty());
  LogBuilder other = follower();
  other.hears(2, ServerState::looking, 3, 1, 4, ServerState::following);
  EXPECT_EQ(crossed({other, two}).unsaid.size(), 1U);
}

}  // namespace
}  // namespace conclave::logs
