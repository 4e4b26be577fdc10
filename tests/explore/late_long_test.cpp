// Late reads beside the unreduced system, among four servers and more.
#include <gtest/gtest.h>

#include "late.hpp"
#include "support.hpp"

namespace conclave::explore {
namespace {

TEST(LateReadsLong, HaveTheLikeOfEveryRunAmongFourServers) {
  beside(scenario_of(4), scope_with(async, together));
  beside(spec::every_history(majority(5), 4).front(), scope_with(async, staggered));
  beside(spec::every_history(majority(5), 4).front(), scope_with(timely, together, 1));
}

TEST(LateReadsLong, HaveTheLikeOfEveryRunWithMoreFaults) {
  beside(scenario_of(3), scope_with(async, staggered, 1, 1, 2));
  beside(scenario_of(3), scope_with(async, staggered, 2, 0, 2));
  beside(scenario_of(3), scope_with(timely, staggered, 1, 1, 2));
  beside(scenario_of(3), scope_with(async, together, 1, 0, 3));
}

TEST(LateReadsLong, HaveTheLikeOfEveryRunWithGroupsAndWeights) {
  beside(with_zxids(grouped({{1, 1}, {1, 1}}), {1, 2, 3, 4}), scope_with(async, together));
  beside(with_zxids(grouped({{1, 1, 1}, {0, 0}}), {1, 2, 3, 5, 4}), scope_with(timely, together));
}

TEST(LateReadsLong, HaveTheLikeOfEveryRunOverFifoChannels) {
  beside(spec::every_history(majority(5), 3).front(), on_fifo(scope_with(async, staggered, 1), 2));
  beside(scenario_of(3), on_fifo(scope_with(async, staggered, 1, 1), 4));
  beside(scenario_of(3), on_fifo(scope_with(async, together, 1, 1, 2), 1));
  beside(scenario_of(3), roles_end_at_any_time(on_fifo(scope_with(async, together, 0, 0, 2), 1)));
}

}  // namespace
}  // namespace conclave::explore
