// Every count that is used as a regression constant anywhere comes out twice: of the explorer's tables, and of a
// second explorer that has none.
#include "twin.hpp"

#include <gtest/gtest.h>

#include "twin_compare.hpp"

namespace conclave::explore {
namespace {

std::vector<Case> small_cases() {
  std::vector<Case> cases;
  const auto add = [&cases](const std::string& name, const spec::Scenario& scenario, const spec::Scope& scope) {
    for (const Case& example : in_all_timings(name, scenario, scope)) cases.push_back(example);
  };
  const spec::Scenario two = scenario_of(2);
  const spec::Scenario three = scenario_of(3);
  add("two_latest", two, faults(0, 0, 1));
  add("two_latest_rounds", two, faults(0, 0, 2));
  add("two_latest_three_rounds", two, faults(0, 0, 3));
  add("two_latest_faults", two, faults(2, 1, 2));
  add("two_fifo1", two, on_fifo(faults(1, 1, 2), 1));
  add("two_fifo2", two, on_fifo(faults(1, 1, 2), 2));
  add("two_fifo4", two, on_fifo(faults(1, 1, 2), 4));
  add("three_latest", three, faults(0, 0, 1));
  add("three_latest_crash", three, faults(1, 0, 1));
  add("three_latest_crashes", three, faults(2, 0, 1));
  add("three_latest_restart", three, faults(1, 1, 1));
  add("three_fifo1", three, on_fifo(faults(0, 0, 1), 1));
  add("three_fifo2", three, on_fifo(faults(0, 0, 1), 2));
  add("three_fifo4", three, on_fifo(faults(0, 0, 1), 4));
  add("three_fifo1_crash", three, on_fifo(faults(1, 0, 1), 1));
  spec::Scope lossy = on_fifo(faults(0, 0, 1), 1);
  lossy.resends = 1;
  lossy.losses = 1;
  add("two_fifo1_loss", two, lossy);
  add("three_fifo1_loss", three, lossy);
  add("two_and_observer_latest", scenario_of(2, 1), faults(1, 0, 2));
  add("two_and_observer_fifo1", scenario_of(2, 1), on_fifo(faults(0, 0, 1), 1));
  add("unlogged_latest", with_zxids(majority(3), {-1, 1, 2}), faults(1, 0, 1));
  add("groups_latest", with_zxids(grouped({{1}, {2, 0}}), {1, 2, 3}), faults(1, 0, 1));
  add("any_order_latest", with_zxids(majority(3), {2, 3, 1}), faults(1, 1, 1));
  return cases;
}
// Two rounds of three servers are small only where roles end for a reason.
std::vector<Case> lost_cases() {
  const auto two_rounds = [](spec::StartKind start, int crashes) { return scope_with(async, start, crashes, 0, 2); };

  const auto in = [](spec::StartKind start, int crashes) { return scope_with(timely, start, crashes, 0, 2); };
  return {{"three_latest_rounds_timely", scenario_of(3), in(staggered, 0)},
          {"three_latest_rounds_timely_together", scenario_of(3), in(together, 0)},
          {"three_latest_rounds_crash_timely_together", scenario_of(3), in(together, 1)},
          {"three_fifo1_rounds_timely", scenario_of(3), on_fifo(in(staggered, 0), 1)},
          {"three_latest_rounds_async", scenario_of(3), two_rounds(staggered, 0)},
          {"three_latest_rounds_crash_async", scenario_of(3), two_rounds(staggered, 1)},
          {"three_latest_rounds_restart_async_together", scenario_of(3), scope_with(async, together, 1, 1, 2)},
          {"three_fifo1_rounds_crash_async", scenario_of(3), on_fifo(two_rounds(staggered, 1), 1)},
          {"three_fifo2_rounds_async_together", scenario_of(3), on_fifo(two_rounds(together, 1), 2)}};
}

class TwinTest : public ::testing::TestWithParam<Case> {};
TEST_P(TwinTest, CountsTheSame) { expect_equal(GetParam()); }
TEST_P(TwinTest, CountsTheSameWithEachBug) {
  for (const spec::RuleVariant& bug : spec::seeded_bugs()) expect_equal(GetParam(), bug);
}
INSTANTIATE_TEST_SUITE_P(Small, TwinTest, ::testing::ValuesIn(small_cases()),
                         [](const auto& info) { return info.param.name; });
INSTANTIATE_TEST_SUITE_P(Lost, TwinTest, ::testing::ValuesIn(lost_cases()),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace conclave::explore
