// What has to happen eventually: small systems whose answer is known, and a judge that goes by the definitions.
#include "conclave/checker/liveness.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <ostream>
#include <set>
#include <vector>

#include "../property/check.hpp"
#include "drawn_system.hpp"

namespace conclave::checker {
namespace {

LivenessResult<Number> judged(Drawn drawn, int threads = 1) {
  Limits limits;
  limits.threads = threads;
  Progress progress;
  Explorer<Drawn> explorer(drawn, limits, progress);
  explorer.run();
  LivenessCheck<Drawn> check(drawn, explorer, limits, progress);
  return check.run();
}

constexpr Stocks draws(int stock) { return {1U << stock, 0}; }
constexpr Stocks refills(int stock) { return {0, 1U << stock}; }

constexpr FairClass a = 0;
constexpr FairClass b = 1;

std::vector<std::uint64_t> states_of(const std::vector<TraceStep<Number>>& steps) {
  std::vector<std::uint64_t> states;
  for (const TraceStep<Number>& step : steps) states.push_back(step.state.value);
  return states;
}
using States = std::vector<std::uint64_t>;

TEST(Liveness, HoldsWhereEveryPathEndsInTheGoal) {
  const auto result = judged({{0}, {3}, {{0, 1, a}, {0, 2, b}, {1, 3, a}, {2, 3, b}}, {}});
  EXPECT_EQ(result.eventually, Prospect::holds);
  EXPECT_EQ(result.possibly, Prospect::holds);
  EXPECT_EQ(result.counts.pending, 3U);
  EXPECT_FALSE(result.lasso);
}

TEST(Liveness, FindsAFairCycle) {
  const auto result = judged({{0}, {9}, {{0, 1, a}, {1, 2, a}, {2, 1, b}, {0, 9, a}}, {}});
  EXPECT_EQ(result.eventually, Prospect::violated);
  EXPECT_EQ(result.counts.fair_cycles, 1U);
  ASSERT_TRUE(result.lasso);
  EXPECT_EQ(states_of(result.lasso->stem), (States{0, 1}));
  EXPECT_EQ(states_of(result.lasso->cycle), (States{2, 1}));
  EXPECT_TRUE(result.lasso->shortest_cycle);
  // 1 and 2 are also beyond hope.
  EXPECT_EQ(result.possibly, Prospect::violated);
  EXPECT_EQ(result.counts.hopeless, 2U);
  EXPECT_EQ(states_of(result.to_hopeless), (States{0, 1}));
}

// b stays possible all around the cycle and is never taken: no fair run stays there.
TEST(Liveness, IgnoresAnUnfairCycle) {
  const auto result = judged({{0}, {2}, {{0, 1, a}, {1, 0, a}, {0, 2, b}, {1, 2, b}}, {}});
  EXPECT_EQ(result.eventually, Prospect::holds);
  EXPECT_EQ(result.counts.cycles, 1U);
  EXPECT_EQ(result.counts.fair_cycles, 0U);
}

// b is possible in one of two states only, again and again: weak fairness promises nothing.
TEST(Liveness, IsAboutWhatStaysPossible) {
  const auto result = judged({{0}, {2}, {{0, 1, a}, {1, 0, a}, {0, 2, b}}, {}});
  EXPECT_EQ(result.eventually, Prospect::violated);
  EXPECT_EQ(result.possibly, Prospect::holds);
  EXPECT_EQ(states_of(result.lasso->cycle), (States{1, 0}));
}

// The maximal component is fair, and no cycle with fewer states is: the witness has to go around both of its loops.
TEST(Liveness, GoesAroundSeveralLoops) {
  constexpr FairClass c = 2;
  Drawn drawn{{0}, {9}, {{0, 1, a}, {1, 0, a}, {0, 2, b}, {2, 0, c}}, {}};
  for (const std::uint64_t state : {0U, 1U, 2U}) {
    for (const FairClass fair_class : {a, b, c}) drawn.edges.push_back({state, 9, fair_class});
  }
  const auto result = judged(drawn);
  EXPECT_EQ(result.eventually, Prospect::violated);
  EXPECT_EQ(result.lasso->cycle.size(), 4U);
}

// Two ways to one state, by one of which the goal was passed: what comes after is the same for both.
TEST(Liveness, SeesPastJoins) {
  const auto result = judged({{0}, {1}, {{0, 1, a}, {0, 2, a}, {1, 3, a}, {2, 3, a}}, {}});
  EXPECT_EQ(result.eventually, Prospect::violated);
  EXPECT_EQ(states_of(result.lasso->stem).back(), 3U);
  EXPECT_TRUE(result.lasso->cycle.empty());
}
TEST(Liveness, IsNotMisledByJoins) {
  const auto result = judged({{0}, {4}, {{0, 1, a}, {0, 2, a}, {1, 3, a}, {2, 3, a}, {3, 4, a}}, {}});
  EXPECT_EQ(result.eventually, Prospect::holds);
}

TEST(Liveness, TakesAnEndForARunThatStaysThere) {
  const auto result = judged({{0}, {2}, {{0, 1, a}, {0, 2, a}}, {}});
  EXPECT_EQ(result.eventually, Prospect::violated);
  EXPECT_EQ(result.counts.fair_ends, 1U);
  EXPECT_EQ(states_of(result.lasso->stem), (States{0, 1}));
  EXPECT_TRUE(result.lasso->cycle.empty());
  EXPECT_EQ(judged({{0}, {1}, {{0, 1, a}}, {}}).eventually, Prospect::holds);  // an end in the goal is none
}

// Nothing promises that the environment acts, nor the system where it need not.
TEST(Liveness, DoesNotCountOnTheEnvironment) {
  const auto by_environment = judged({{0}, {1}, {{0, 1, environment}}, {}});
  EXPECT_EQ(by_environment.eventually, Prospect::violated);
  EXPECT_EQ(by_environment.possibly, Prospect::violated);
  const auto by_choice = judged({{0}, {1}, {{0, 1, unpromised}}, {}});
  EXPECT_EQ(by_choice.eventually, Prospect::violated);
  EXPECT_EQ(by_choice.possibly, Prospect::holds);
}

TEST(Liveness, TakesALoopForAStep) {
  // The loop is a step of the class whose other step would reach the goal.
  const auto same = judged({{0}, {1}, {{0, 0, a}, {0, 1, a}}, {}});
  EXPECT_EQ(same.eventually, Prospect::violated);
  EXPECT_EQ(states_of(same.lasso->cycle), (States{0}));
  const auto other = judged({{0}, {1}, {{0, 0, a}, {0, 1, b}}, {}});
  EXPECT_EQ(other.eventually, Prospect::holds);
  EXPECT_EQ(judged({{0}, {1}, {{0, 0, environment}, {0, 1, a}}, {}}).eventually, Prospect::holds);
}

// A cycle that only a step that nothing promises keeps up. One without is preferred, though it is further away.
TEST(Liveness, SaysWhetherItTakesUnpromisedSteps) {
  Drawn drawn{{0}, {9}, {{0, 1, a}, {1, 0, unpromised}, {0, 9, b}}, {}};
  const auto with = judged(drawn);
  EXPECT_EQ(with.eventually, Prospect::violated);
  EXPECT_EQ(states_of(with.lasso->stem), (States{0, 1}));  // where nothing that is promised is possible
  EXPECT_TRUE(with.lasso->cycle.empty());
  drawn.edges.push_back({1, 9, a});
  const auto needed = judged(drawn);
  EXPECT_TRUE(needed.lasso->unpromised);
  EXPECT_EQ(states_of(needed.lasso->cycle), (States{1, 0}));
  drawn.edges.push_back({1, 2, a});
  drawn.edges.push_back({2, 2, a});
  const auto without = judged(drawn);
  EXPECT_FALSE(without.lasso->unpromised);
  EXPECT_EQ(states_of(without.lasso->stem), (States{0, 1, 2}));
}

// A cycle that draws on something which nothing on it refills can't go on for ever.
TEST(Liveness, DrawsOnNoStockForEver) {
  Drawn drawn{{0}, {9}, {{0, 1, unpromised, draws(3)}, {1, 0, a}, {0, 9, b}, {1, 2, a}, {2, 9, a}}, {}};
  EXPECT_EQ(judged(drawn).eventually, Prospect::holds);
  drawn.edges.push_back({1, 0, a, refills(4)});
  EXPECT_EQ(judged(drawn).eventually, Prospect::holds);
  drawn.edges.push_back({1, 0, a, refills(3)});
  const auto refilled = judged(drawn);
  EXPECT_EQ(refilled.eventually, Prospect::violated);
  EXPECT_EQ(refilled.lasso->cycle.back().action, drawn.edges.size() - 1);
  // Without the steps that draw, two smaller cycles are left, of which one is fair.
  const auto split = judged({{0},
                             {9},
                             {{0, 1, a},
                              {1, 0, a},
                              {1, 2, a, draws(0)},
                              {2, 3, a},
                              {3, 2, a},
                              {3, 0, a, draws(0)},
                              {0, 9, b},
                              {1, 9, b},
                              {2, 9, b}},
                             {}});
  EXPECT_EQ(split.eventually, Prospect::violated);
  EXPECT_EQ(split.counts.cycles, 2U);
  EXPECT_EQ(split.counts.fair_cycles, 1U);
  EXPECT_EQ(states_of(split.lasso->stem), (States{0, 1, 2}));
}

TEST(Liveness, KnowsNotWhatLiesBeyondABound) {
  // Where it ends, only a bound stands in the way.
  const auto end = judged({{0}, {2}, {{0, 1, a}, {0, 2, a}}, {{1, a}}});
  EXPECT_EQ(end.eventually, Prospect::cut);
  EXPECT_EQ(end.possibly, Prospect::cut);
  EXPECT_EQ(end.counts.at_bound, 1U);
  EXPECT_EQ(states_of(end.to_bound), (States{0, 1}));
  // The cycle is fair only because the step out of it is cut off everywhere.
  const auto cycle = judged({{0}, {}, {{0, 1, a}, {1, 0, a}}, {{0, b}, {1, b}}});
  EXPECT_EQ(cycle.eventually, Prospect::cut);
  // Cut off in one state of two, it would not be promised anyway.
  const auto real = judged({{0}, {}, {{0, 1, a}, {1, 0, a}}, {{0, b}}});
  EXPECT_EQ(real.eventually, Prospect::violated);
  EXPECT_EQ(real.possibly, Prospect::cut);
}

// More classes than there are bits in a word: a fair cycle all the same, though the search for a shortest one is given
// up.
TEST(Liveness, GoesAroundForManyClasses) {
  constexpr std::uint64_t count = 70;
  Drawn drawn{{0}, {count}, {}, {}};
  for (std::uint64_t from = 0; from < count; ++from) {
    drawn.edges.push_back({from, (from + 1) % count, static_cast<FairClass>(from)});
    for (std::uint64_t other = 0; other < count; ++other) {
      drawn.edges.push_back({from, count, static_cast<FairClass>(other)});
    }
  }
  const auto result = judged(drawn);
  EXPECT_EQ(result.eventually, Prospect::violated);
  EXPECT_FALSE(result.lasso->shortest_cycle);
  EXPECT_EQ(result.lasso->cycle.size() % count, 0U);
  EXPECT_EQ(result.lasso->cycle.back().state, Number{0});
  // One class that no step on it takes, and no fair run stays.
  for (std::uint64_t from = 0; from < count; ++from) drawn.edges.push_back({from, count, 100});
  EXPECT_EQ(judged(drawn).eventually, Prospect::holds);
}

TEST(Liveness, IsAboutWhatIsReached) {
  EXPECT_EQ(judged({{0}, {1}, {{0, 1, a}, {5, 6, a}, {6, 5, a}}, {}}).eventually, Prospect::holds);
  EXPECT_EQ(judged({{0, 5}, {1}, {{0, 1, a}, {5, 6, a}, {6, 5, a}}, {}}).eventually, Prospect::violated);
}

TEST(Liveness, RefusesAGraphTooLarge) {
  Drawn drawn;
  for (std::uint64_t i = 0; i < 20'000; ++i) drawn.edges.push_back({i / 2, i, a});
  // Only this test cares about the time of Drawn's search through all edges, so they are few and the limit is low.
  drawn.edges.resize(600);
  Limits limits;
  Progress progress;
  Explorer<Drawn> explorer(drawn, limits, progress);
  explorer.run();
  limits.memory_bytes = progress.bytes + 1000;
  EXPECT_THROW(LivenessCheck<Drawn>(drawn, explorer, limits, progress), GraphTooLarge);
  limits.memory_bytes = 0;
  limits.time_max = std::chrono::milliseconds{-1};  // over before it begins
  EXPECT_THROW(LivenessCheck<Drawn>(drawn, explorer, limits, progress), GraphOutOfTime);
  progress.interrupt = true;
  EXPECT_THROW(LivenessCheck<Drawn>(drawn, explorer, limits, progress), GraphInterrupted);
}

// --- by definition -------------------------------------------------------------------------------------------------

Drawn some_drawing() {
  Drawn drawn;
  const auto states = *rc::gen::inRange<std::uint64_t>(1, 7);
  const auto state = rc::gen::inRange<std::uint64_t>(0, states);
  const auto fair_class =
      rc::gen::weightedElement<FairClass>({{4, 0}, {4, 1}, {2, 2}, {1, unpromised}, {1, environment}});
  const auto stocks = rc::gen::weightedElement<Stocks>(
      {{8, {}}, {2, {1, 0}}, {1, {2, 0}}, {1, {3, 0}}, {1, {0, 1}}, {1, {0, 2}}, {1, {1, 2}}, {1, {0, 3}}});
  const auto edges = *rc::gen::inRange<std::size_t>(0, 12);
  for (std::size_t i = 0; i < edges; ++i) drawn.edges.push_back({*state, *state, *fair_class, *stocks});
  drawn.goals = *rc::gen::container<std::set<std::uint64_t>>(
      *rc::gen::weightedElement<std::size_t>({{1, 0}, {4, 1}, {2, 2}}), state);
  const auto cuts = *rc::gen::weightedElement<std::size_t>({{6, 0}, {1, 1}, {1, 3}});
  for (std::size_t i = 0; i < cuts; ++i) {
    drawn.cuts.emplace_back(*state, *rc::gen::element<FairClass>(0, 1, 2));
  }
  return drawn;
}

void is_a_path(const Drawn& drawn, std::uint64_t from, const std::vector<TraceStep<Number>>& steps) {
  for (const TraceStep<Number>& step : steps) {
    const Edge& edge = drawn.edges.at(step.action);
    RC_ASSERT(edge.from == from);
    RC_ASSERT(edge.to == step.state.value);
    from = step.state.value;
  }
}

// The lasso by the definition: a path from the start, and a cycle that lasts; and none is shorter.
void lasso_is_right(const Drawn& drawn, const Naive& naive, const Lasso<Number>& lasso) {
  const std::set<std::uint64_t> promised_lasting = naive.lasting(true);
  const bool promised_only = !promised_lasting.empty();
  const std::set<std::uint64_t> lasting = promised_only ? promised_lasting : naive.lasting(false);
  RC_ASSERT(lasso.unpromised == !promised_only);
  const std::uint64_t entry = lasso.stem.back().state.value;
  RC_ASSERT(lasting.count(entry) != 0U);
  for (const std::uint64_t state : lasting) RC_ASSERT(naive.level(state) + 1 >= lasso.stem.size());
  is_a_path(drawn, lasso.stem.front().state.value, {lasso.stem.begin() + 1, lasso.stem.end()});
  is_a_path(drawn, entry, lasso.cycle);
  RC_ASSERT(lasso.shortest_cycle);
  if (lasso.cycle.empty()) {
    RC_ASSERT(naive.promised(entry).empty());
    return;
  }
  RC_ASSERT(lasso.cycle.back().state.value == entry);
  RC_ASSERT(naive.fair_walk(entry, lasso.cycle.size(), promised_only));
  for (std::size_t shorter = 1; shorter < std::min<std::size_t>(lasso.cycle.size(), 7); ++shorter) {
    for (const std::uint64_t state : lasting) {
      if (naive.level(state) + 1 == lasso.stem.size()) RC_ASSERT(!naive.fair_walk(state, shorter, promised_only));
    }
  }
}

TEST(Liveness, AgreesWithTheDefinitions) {
  testing::holds(1000, [] {
    const Drawn drawn = some_drawing();
    RC_LOG() << drawn;
    const Naive naive(drawn);
    const auto result = judged(drawn, *rc::gen::inRange(1, 3));
    const bool violated = !naive.lasting(false).empty();
    bool at_bound = false;
    bool no_hope = false;
    bool no_sure_hope = false;
    for (const std::uint64_t state : naive.all_pending()) {
      at_bound = at_bound || naive.cut(state);
      const std::set<std::uint64_t> reached = naive.reachable({state});
      const auto ends = [&](std::uint64_t at) { return !naive.pending(at); };
      const auto cut = [&](std::uint64_t at) { return naive.pending(at) && naive.cut(at); };
      const bool hope = std::any_of(reached.begin(), reached.end(), ends);
      no_sure_hope = no_sure_hope || !hope;
      no_hope = no_hope || (!hope && !std::any_of(reached.begin(), reached.end(), cut));
    }
    RC_TAG(violated ? "violated" : at_bound ? "cut" : "holds");
    RC_ASSERT(result.counts.pending == naive.all_pending().size());
    RC_ASSERT((result.eventually == Prospect::violated) == violated);
    RC_ASSERT((result.eventually == Prospect::cut) == (!violated && at_bound));
    RC_ASSERT((result.possibly == Prospect::violated) == no_hope);
    RC_ASSERT((result.possibly == Prospect::cut) == (!no_hope && no_sure_hope));
    RC_ASSERT(result.lasso.has_value() == violated);
    if (result.lasso) lasso_is_right(drawn, naive, *result.lasso);
  });
}

}  // namespace
}  // namespace conclave::checker
