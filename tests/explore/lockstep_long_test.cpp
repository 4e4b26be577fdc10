// Scopes that take minutes, and random runs where there is no end to the pairs.
#include "lockstep.hpp"

namespace conclave::spec::lockstep {
namespace {

TEST(LockstepLong, FourServersTimely) {
  for (const bool minimise : {false, true}) walk(4, 0, scope_of(1, 1, 0, TimingKind::timely), minimise, 150'000);
  // Who settles on the second best does so late, after the best has stopped.
  walk(4, 0, together(scope_of(1, 1, 0, TimingKind::timely)), true, all);
  walk(4, 0, scope_of(2, 1, 0, TimingKind::timely), false, 150'000);
  walk(4, 0, together(scope_of(2, 2, 0, TimingKind::timely)), false, 150'000);
}
TEST(LockstepLong, FiveServersAtRandom) {
  for (const bool minimise : {false, true}) {
    wander(5, scope_of(1, 1, 0, TimingKind::timely), minimise, 2'000);
    wander(5, together(scope_of(1, 1, 0, TimingKind::timely)), minimise, 4'000);
    wander(5, together(scope_of(1, 2, 0, TimingKind::timely)), minimise, 4'000);
  }
  wander(5, scope_of(2, 1, 0, TimingKind::timely), false, 2'000);
  wander(5, scope_of(2, 2, 0, TimingKind::timely), false, 2'000);
  wander(5, scope_of(2, 1, 0), false, 1'000);
  wander(5, at_any_time(scope_of(2, 1, 0)), false, 1'000);
  wander(3, fifo(4, scope_of(2, 1, 1)), false, 1'000);
  wander(3, fifo(4, at_any_time(scope_of(2, 1, 1))), false, 1'000);
}
TEST(LockstepLong, FiveServersTimely) { walk(5, 0, together(scope_of(2, 1, 0, TimingKind::timely)), false, 100'000); }

}  // namespace
}  // namespace conclave::spec::lockstep
