// Who calls whom: each decision, for all that it can be asked.
#include <gtest/gtest.h>

#include <cstdint>

#include "conclave/model/connections.hpp"

namespace conclave::model {
namespace {

TEST(Connections, AreThoseThatTheLargerServerHasOpened) {
  for (const std::int64_t own : {-1, 1, 2, 3}) {
    for (const std::int64_t other : {-1, 1, 2, 3}) {
      const CallAnswer answer = answer_call(ServerId{own}, ServerId{other});
      EXPECT_EQ(answer == CallAnswer::ignore_it, own == other);
      EXPECT_EQ(answer == CallAnswer::call_back, other < own);
      EXPECT_EQ(answer == CallAnswer::take_it, other > own);
      // What one of two keeps, the other takes.
      const bool kept = keeps_own_call(ServerId{own}, ServerId{other});
      EXPECT_EQ(kept, answer_call(ServerId{other}, ServerId{own}) == CallAnswer::take_it);
    }
  }
}

TEST(Connections, AreCalledForOnlyWhereThereIsNoneAndOneAtATime) {
  EXPECT_EQ(call_wanted(true, true), CallWanted::no);
  EXPECT_EQ(call_wanted(true, false), CallWanted::no);
  EXPECT_EQ(call_wanted(false, true), CallWanted::waiting);
  EXPECT_EQ(call_wanted(false, false), CallWanted::now);
}

TEST(Connections, AreCalledForAgainWhereSomebodyWaitsForThat) {
  EXPECT_TRUE(calls_again(true, false));
  EXPECT_FALSE(calls_again(true, true));
  EXPECT_FALSE(calls_again(false, false));
  EXPECT_FALSE(calls_again(false, true));
}

TEST(Connections, BeginWithTheLastMessageWhereNothingNewerWaits) {
  EXPECT_TRUE(sends_last_again(true, true));
  EXPECT_FALSE(sends_last_again(true, false));
  EXPECT_FALSE(sends_last_again(false, true));
  EXPECT_FALSE(sends_last_again(false, false));
}

}  // namespace
}  // namespace conclave::model
