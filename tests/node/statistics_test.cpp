#include "conclave/node/statistics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <numeric>

namespace conclave::node {
namespace {

using namespace std::chrono_literals;
using model::ServerState;

TEST(DurationHistogram, ABoundBelongsToItsOwnBucket) {
  DurationHistogram durations;
  durations.add(10ms);
  durations.add(10ms + 1ns);
  durations.add(60s);
  durations.add(61s);
  durations.add(-5ms);
  EXPECT_EQ(durations.counts()[0], 2U);
  EXPECT_EQ(durations.counts()[1], 1U);
  EXPECT_EQ(durations.counts()[11], 1U);
  EXPECT_EQ(durations.counts()[12], 1U);
  EXPECT_EQ(durations.count(), 5U);
  EXPECT_EQ(std::accumulate(durations.counts().begin(), durations.counts().end(), std::uint64_t{0}), 5U);
  EXPECT_EQ(durations.sum(), 121s + 20ms + 1ns);
  EXPECT_EQ(durations.least(), 0s);
  EXPECT_EQ(durations.most(), 61s);
  EXPECT_EQ(durations.last(), 0s);
}

TEST(DurationHistogram, EmptyItHasNoExtremes) {
  const DurationHistogram durations;
  EXPECT_EQ(durations.least(), 0s);
  EXPECT_EQ(durations.most(), 0s);
}

TEST(DurationHistogram, BoundsRise) {
  const auto& bounds = DurationHistogram::bounds_ms;
  EXPECT_EQ(std::adjacent_find(bounds.begin(), bounds.end(), std::greater_equal<>()), bounds.end());
}

TEST(Statistics, UnavailableOverSeveralElections) {
  const Clock::time_point begin{};
  Statistics statistics(begin);
  statistics.election_began(begin);
  statistics.decided(ServerState::following, begin + 300ms);
  EXPECT_EQ(statistics.state_since(), begin + 300ms);
  statistics.role_ended(begin + 5s);
  statistics.election_began(begin + 5s);
  statistics.decided(ServerState::leading, begin + 5s + 40ms);
  statistics.established(begin + 6s);
  EXPECT_EQ(statistics.election_time().count(), 2U);
  EXPECT_EQ(statistics.election_time().sum(), 340ms);
  EXPECT_EQ(statistics.unavailable_time().count(), 1U);
  EXPECT_EQ(statistics.unavailable_time().sum(), 6s);
  // Established again without an election in between: nothing was unavailable.
  statistics.established(begin + 7s);
  EXPECT_EQ(statistics.unavailable_time().count(), 1U);
  statistics.role_ended(begin + 8s);
  statistics.election_began(begin + 8s);
  statistics.established(begin + 9s);
  EXPECT_EQ(statistics.unavailable_time().sum(), 7s);
  EXPECT_EQ(statistics.decisions(ServerState::following), 1U);
  EXPECT_EQ(statistics.decisions(ServerState::leading), 1U);
  EXPECT_EQ(statistics.roles_ended(), 2U);
  EXPECT_EQ(statistics.elections(), 3U);
}

TEST(Statistics, TheLastWordOfEachServer) {
  Statistics statistics{Clock::time_point{}};
  EXPECT_FALSE(statistics.heard_from(model::ServerId{2}));
  model::Message message;
  message.from = model::ServerId{2};
  message.leader = model::ServerId{3};
  statistics.heard(message, Clock::time_point{1s});
  message.leader = model::ServerId{4};
  statistics.heard(message, Clock::time_point{2s});
  const auto heard = statistics.heard_from(model::ServerId{2});
  ASSERT_TRUE(heard);
  EXPECT_EQ(heard->leader, model::ServerId{4});
  EXPECT_EQ(heard->at, Clock::time_point{2s});
}

}  // namespace
}  // namespace conclave::node
