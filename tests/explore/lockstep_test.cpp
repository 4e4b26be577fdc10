// Scopes that take seconds.
#include "lockstep.hpp"

namespace conclave::spec::lockstep {
namespace {

TEST(Lockstep, OneRound) {
  for (const bool minimise : {false, true}) {
    walk(3, 0, scope_of(1, 0, 0), minimise, all);
    walk(3, 0, scope_of(1, 1, 0), minimise, all);
    walk(3, 0, scope_of(1, 0, 0, TimingKind::timely), minimise, all);
  }
}
TEST(Lockstep, Restarts) {
  for (const bool minimise : {false, true}) walk(3, 0, scope_of(1, 1, 1), minimise, 60'000);
}
TEST(Lockstep, TwoRounds) {
  walk(3, 0, scope_of(2, 1, 0), false, all);
  walk(3, 0, at_any_time(scope_of(2, 0, 0)), false, 60'000);
  walk(3, 0, scope_of(2, 1, 0, TimingKind::timely), false, all);
}
TEST(Lockstep, Observers) {
  walk(2, 1, scope_of(2, 0, 0), false, 60'000);
  walk(2, 1, at_any_time(scope_of(2, 0, 0)), false, 60'000);
  walk(3, 1, scope_of(1, 0, 0), true, 60'000);
}
TEST(Lockstep, Fifo) {
  walk(3, 0, fifo(1, scope_of(1, 0, 0)), false, all);
  walk(3, 0, fifo(2, scope_of(1, 1, 0, TimingKind::timely)), false, 60'000);
  walk(3, 0, fifo(1, scope_of(2, 0, 0)), false, 60'000);
  walk(3, 0, fifo(1, at_any_time(scope_of(2, 0, 0))), false, 60'000);
  walk(3, 0, fifo(2, scope_of(2, 1, 0, TimingKind::timely)), false, 60'000);
  walk(3, 0, fifo(1, scope_of(1, 1, 1)), false, 60'000);
  walk(2, 1, fifo(1, at_any_time(scope_of(2, 0, 0))), false, 60'000);
}

TEST(Lockstep, FifoRestarts) {
  walk(3, 0, fifo(1, scope_of(2, 1, 1)), false, 150'000);
  walk(3, 0, fifo(1, at_any_time(scope_of(2, 1, 1))), false, 150'000);
  walk(3, 0, fifo(3, together(scope_of(2, 1, 1))), false, 150'000);
  walk(3, 0, fifo(2, together(scope_of(2, 1, 1, TimingKind::timely))), false, 150'000);
}

TEST(Lockstep, FourServers) { walk(4, 0, scope_of(1, 0, 0), true, 60'000); }
TEST(Lockstep, FourServersTimely) {
  walk(4, 0, scope_of(1, 1, 0, TimingKind::timely), true, 20'000);
  walk(4, 0, together(scope_of(2, 1, 0, TimingKind::timely)), false, 20'000);
}
TEST(Lockstep, FiveServersAtRandom) {
  wander(5, together(scope_of(1, 1, 0, TimingKind::timely)), true, 500);
  wander(5, scope_of(2, 1, 0), false, 100);
}

}  // namespace
}  // namespace conclave::spec::lockstep
