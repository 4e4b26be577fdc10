// How far the clocks of servers are apart, by the votes that they heard of each other.
#include "conclave/logs/clocks.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <vector>

#include "log_builder.hpp"

namespace conclave::logs {
namespace {

constexpr int hour_ms = 3'600'000;

// Three servers elect 3, and each hears one vote only after `slow_ms`; their clocks are ahead by so much.
Logs logs_of(const std::vector<int>& ahead_ms, int slow_ms = 1) {
  LogBuilder one(1);
  one.says(ListensAt{"x"}, ahead_ms[0]).starts().looks().hears_vote(1, 1);
  one.hears_after(slow_ms, 2, 2).hears_vote(3, 3).hears_vote(1, 3).follows(201);
  LogBuilder two(2);
  two.says(ListensAt{"x"}, ahead_ms[1]).starts().looks().hears_vote(2, 2);
  two.hears_vote(1, 1).hears_after(slow_ms, 3, 3).hears_vote(2, 3).hears_vote(1, 3).follows(201);
  LogBuilder three(3);
  three.says(ListensAt{"x"}, ahead_ms[2]).starts().looks().hears_vote(3, 3);
  three.hears_vote(2, 2).hears_after(slow_ms, 1, 1).hears_vote(1, 3).hears_vote(2, 3).leads(201);
  Logs logs;
  for (const LogBuilder* builder : {&one, &two, &three}) logs.servers.push_back(builder->log());
  correct_clocks(logs);
  return logs;
}

TEST(Clocks, OfOneMachineAreTheSame) {
  for (const int slow_ms : {1, 30, 1'500, 20'000}) EXPECT_TRUE(logs_of({1, 1, 1}, slow_ms).clocks.empty()) << slow_ms;
}

TEST(Clocks, OneThatIsOffIsPutRight) {
  const Logs logs = logs_of({1, 1, 7'001});
  ASSERT_EQ(logs.clocks.size(), 1U);
  const ClockDifference& three = logs.clocks[0];
  EXPECT_EQ(three.server, 2U);
  EXPECT_EQ(three.with, 0U);
  EXPECT_LE(three.ahead_ms - three.give_or_take_ms, 7'000);
  EXPECT_GE(three.ahead_ms + three.give_or_take_ms, 7'000);
  EXPECT_LT(three.give_or_take_ms, 20);
  const Fact& fact = logs.servers[2].facts[0];
  EXPECT_EQ(fact.ahead_ms, three.ahead_ms);
  EXPECT_EQ(fact.time_ms + fact.ahead_ms, 1'007'001);
  EXPECT_EQ(logs.servers[1].facts[0].ahead_ms, 0);
}

// The others' is the one that is right, whatever their ids.
TEST(Clocks, TheOneThatMostHaveIsKept) {
  const Logs logs = logs_of({2 * hour_ms, 1, 1});
  ASSERT_EQ(logs.clocks.size(), 1U);
  EXPECT_EQ(logs.clocks[0].server, 0U);
  EXPECT_EQ(logs.clocks[0].with, 1U);
  EXPECT_EQ(logs.clocks[0].ahead_ms, 2 * hour_ms);  // as time zones are
}

// A vote that is long under way says less, and nothing else than the others.
TEST(Clocks, EachServerHasOneDifferenceHoweverSlowItsVotes) {
  for (const int slow_ms : {1, 500, 3'000}) {
    const Logs logs = logs_of({1, 100'001, 100'001}, slow_ms);
    ASSERT_EQ(logs.clocks.size(), 1U) << slow_ms;
    EXPECT_EQ(logs.clocks[0].server, 0U);
    EXPECT_LE(logs.clocks[0].ahead_ms - logs.clocks[0].give_or_take_ms, -100'000);
    EXPECT_GE(logs.clocks[0].ahead_ms + logs.clocks[0].give_or_take_ms, -100'000);
    EXPECT_EQ(logs.clocks[0].against, 0U);
  }
}

TEST(Clocks, WhatIsHeardInOneDirectionAloneDoesNotTell) {
  LogBuilder one(1);
  one.looks_and_hears_itself().hears_vote(2, 2);
  LogBuilder two(2);
  two.says(ListensAt{"x"}, hour_ms).looks_and_hears_itself();
  Logs logs;
  logs.servers = {one.log(), two.log()};
  correct_clocks(logs);
  EXPECT_TRUE(logs.clocks.empty());
}

// A process that starts again may vote as the one before.
TEST(Clocks, AVoteOfTwoElectionsDoesNotTell) {
  LogBuilder one(1);
  one.looks_and_hears_itself().hears_vote(2, 2);
  one.says(ListensAt{"x"}, hour_ms).looks_and_hears_itself().hears_vote(2, 2);
  LogBuilder two(2);
  two.says(ListensAt{"x"}, hour_ms).looks_and_hears_itself().hears_vote(1, 1);
  Logs logs;
  logs.servers = {one.log(), two.log()};
  correct_clocks(logs);
  EXPECT_TRUE(logs.clocks.empty());
}

// Of elections of two each: server 2 is ahead of 1, and neither of 3. Its clock was set meanwhile.
TEST(Clocks, BoundsThatContradictEachOtherAreWidened) {
  constexpr std::int64_t ahead_ms = 60'000;
  std::vector<LogBuilder> builders = {LogBuilder(1), LogBuilder(2), LogBuilder(3)};
  for (std::int64_t round = 1; round <= 3; ++round) {
    LogBuilder& behind = builders[static_cast<std::size_t>(round - 1)];
    LogBuilder& ahead = builders[static_cast<std::size_t>(round % 3)];
    behind.at(hour_ms * round);
    ahead.at(hour_ms * round + (round == 1 ? ahead_ms : 0));
    for (LogBuilder* log : {&behind, &ahead}) {
      const std::int64_t own = log->log().sid.value;
      const std::int64_t other = (log == &ahead ? behind : ahead).log().sid.value;
      log->looks().hears_vote(own, own, round).hears_vote(other, other, round);
    }
  }
  Logs logs;
  for (const LogBuilder& builder : builders) logs.servers.push_back(builder.log());
  correct_clocks(logs);
  ASSERT_EQ(logs.clocks.size(), 1U);
  EXPECT_EQ(logs.clocks[0].server, 1U);
  EXPECT_GE(logs.clocks[0].give_or_take_ms, ahead_ms / 2);
}

// By the votes of its later election server 2's clock was right again.
TEST(Clocks, OneThatWasSetMeanwhileIsSaidToBe) {
  LogBuilder one(1);
  LogBuilder two(2);
  two.says(ListensAt{"x"}, 60'001);
  for (std::int64_t round = 1; round <= 4; ++round) {
    const bool set = round == 4;
    if (set) two.says(ListensAt{"x"}, -60'000);
    for (LogBuilder* log : {&one, &two}) log->says(ListensAt{"x"}, 10'000).looks();
    one.hears_vote(1, 1, round).hears_vote(2, 2, round).leads(201);
    two.hears_vote(2, 2, round).hears_vote(1, 1, round).follows(201);
  }
  Logs logs;
  logs.servers = {one.log(), two.log()};
  correct_clocks(logs);
  ASSERT_EQ(logs.clocks.size(), 1U);
  EXPECT_EQ(logs.clocks[0].votes, 7U);
  EXPECT_EQ(logs.clocks[0].against, 1U);
}

}  // namespace
}  // namespace conclave::logs
