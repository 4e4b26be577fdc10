// With every reduction and without, the servers come to the same states as far as others can tell, each by itself and
// all together where nothing can happen any more.
#include "reach.hpp"

#include <gtest/gtest.h>

namespace conclave::spec::lockstep {
namespace {

TEST(Reach, IsTheSameAmongThreeServers) {
  for (const auto timing : {TimingKind::async, TimingKind::timely}) {
    for (const int crashes : {0, 1}) {
      compare_reach(3, 0, scope_of(1, crashes, 0, timing));
      compare_reach(3, 0, together(scope_of(1, crashes, 0, timing)));
    }
  }
  compare_reach(3, 0, scope_of(1, 1, 1));
  compare_reach(3, 0, scope_of(1, 2, 0));
}

TEST(Reach, IsTheSameInTwoRounds) {
  compare_reach(3, 0, scope_of(2, 0, 0));
  compare_reach(3, 0, together(scope_of(2, 1, 0, TimingKind::timely)));
  compare_reach(2, 0, at_any_time(scope_of(2, 1, 1)));
}

TEST(Reach, IsTheSameOnFifo) {
  compare_reach(3, 0, fifo(1, scope_of(1, 0, 0)));
  compare_reach(3, 0, fifo(2, together(scope_of(1, 0, 0, TimingKind::timely))));
  compare_reach(2, 0, fifo(2, scope_of(2, 1, 1)));
}

TEST(Reach, IsTheSameWithObservers) {
  compare_reach(2, 1, scope_of(1, 1, 0));
  compare_reach(3, 1, together(scope_of(1, 0, 0, TimingKind::timely)));
}

TEST(Reach, IsTheSameAmongFourServers) { compare_reach(4, 0, together(scope_of(1, 0, 0, TimingKind::timely))); }

}  // namespace
}  // namespace conclave::spec::lockstep
