// The explorer by itself, on systems of a few lines each.
#include "conclave/checker/explorer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/breadth_first_search.hpp>
#include <cstdint>
#include <functional>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace conclave::checker {
namespace {

struct Number {
  std::uint64_t value = 0;
  friend bool operator==(const Number&, const Number&) = default;
};

// A graph of numbers, given as a function. Property 0 is a claim, property 1 is only watched.
struct Graph {
  using State = Number;
  using Emit = std::function<void(std::uint64_t, std::uint32_t, PropertyMask)>;

  std::vector<std::uint64_t> initial;
  std::function<PropertyMask(std::uint64_t, const Emit&)> expand;

  struct Worker {
    const Graph* graph;
    template <class Take>
    void initial(const Take& take) const {
      for (const std::uint64_t state : graph->initial) take(Number{state});
    }
    template <class Take>
    PropertyMask successors(const Number& state, const Take& take) const {
      return graph->expand(state.value, [&take](std::uint64_t next, std::uint32_t action, PropertyMask broken) {
        take(Number{next}, action, broken);
      });
    }
    [[nodiscard]] bool precedes(const Number& left, const Number& right) const { return left.value < right.value; }
  };
  [[nodiscard]] Worker worker() const { return Worker{this}; }
  [[nodiscard]] std::vector<Property> properties() const {
    return {{"claimed", "", Mode::claim}, {"watched", "", Mode::observe}, {"also claimed", "", Mode::claim}};
  }
  [[nodiscard]] std::size_t bytes_used() const { return 0; }
};

struct Explored {
  Result<Number> result;
  std::vector<std::vector<TraceStep<Number>>> traces;  // of the violations, then of the observations
};
Explored explored(Graph graph, const Limits& limits = {}) {
  Progress progress;
  Explorer<Graph> explorer(graph, limits, progress);
  Explored explored{explorer.run(), {}};
  for (const auto& finding : explored.result.violations) explored.traces.push_back(explorer.trace(finding));
  for (const auto& finding : explored.result.observations) explored.traces.push_back(explorer.trace(finding));
  return explored;
}
Limits with_threads(int threads) {
  Limits limits;
  limits.threads = threads;
  return limits;
}

// The counts of a grid are known: steps right and down from one corner.
Graph grid(std::uint64_t side) {
  return {{0}, [side](std::uint64_t state, const Graph::Emit& emit) {
            if (state % side + 1 < side) emit(state + 1, 1, 0);
            if (state / side + 1 < side) emit(state + side, 2, 0);
            return PropertyMask{0};
          }};
}
// Levels without end, so that only a limit ends an exploration.
Graph chain(std::uint64_t broken_at) {
  return {{0}, [broken_at](std::uint64_t state, const Graph::Emit& emit) {
            emit(state + 1, 7, 0);
            return PropertyMask{state == broken_at ? 1U : 0U};
          }};
}
constexpr std::uint64_t never = ~std::uint64_t{0};
// Wide as well: each level is three times the one before.
Graph tree() {
  return {{1}, [](std::uint64_t state, const Graph::Emit& emit) {
            for (std::uint64_t child = 0; child < 3; ++child) emit(state * 3 + child, 0, 0);
            return PropertyMask{0};
          }};
}

TEST(Explorer, CountsAGrid) {
  for (const int threads : {1, 2, 5}) {
    const Explored all = explored(grid(100), with_threads(threads));
    EXPECT_EQ(all.result.verdict, Verdict::exhausted);
    EXPECT_EQ(all.result.stop, Stop::none);
    EXPECT_EQ(all.result.states, 10'000U);
    EXPECT_EQ(all.result.steps, 2U * 99U * 100U);
    ASSERT_EQ(all.result.levels.size(), 199U);
    for (std::uint64_t level = 0; level < 199; ++level) {
      EXPECT_EQ(all.result.levels[level].states, level < 100 ? level + 1 : 199 - level);
    }
    EXPECT_TRUE(all.result.last_level_complete);
  }
}

// Two violations, equally short: the first in the order of states is given, whoever comes upon it.
TEST(Explorer, GivesTheFirstOfTwoEquallyShortViolations) {
  for (const int threads : {1, 2, 3, 8}) {
    Graph graph = grid(50);
    const auto plain = graph.expand;
    graph.expand = [plain](std::uint64_t state, const Graph::Emit& emit) {
      plain(state, emit);
      return PropertyMask{state == 12 || state == 8 * 50 + 4 || state == 6 * 50 + 6 ? 1U : 0U};
    };
    const Explored all = explored(graph, with_threads(threads));
    EXPECT_EQ(all.result.stop, Stop::violation);
    EXPECT_EQ(all.result.verdict, Verdict::bounded);
    ASSERT_EQ(all.result.violations.size(), 1U);
    EXPECT_EQ(all.result.violations[0].state, Number{12});
    EXPECT_EQ(all.result.violations[0].level, 12U);
    EXPECT_FALSE(all.result.violations[0].by_step);
    EXPECT_EQ(all.traces[0].size(), 13U);
    EXPECT_EQ(all.result.levels.size(), 13U);
  }
}

// A run to a state in the middle of a grid could go many ways: it is always told the same way.
TEST(Explorer, TellsTheSameRunWithAnyNumberOfThreads) {
  std::vector<std::uint64_t> told;
  for (const int threads : {1, 2, 3, 8}) {
    Graph graph = grid(50);
    const auto plain = graph.expand;
    graph.expand = [plain](std::uint64_t state, const Graph::Emit& emit) {
      plain(state, emit);
      return PropertyMask{state == 20 * 50 + 20 ? 1U : 0U};
    };
    const Explored all = explored(graph, with_threads(threads));
    ASSERT_EQ(all.traces.size(), 1U);
    std::vector<std::uint64_t> run;
    for (const auto& step : all.traces[0]) run.push_back(step.state.value);
    EXPECT_EQ(run.size(), 41U);
    if (told.empty()) told = run;
    EXPECT_EQ(told, run);
  }
}

// Broken in several levels, claimed and watched: the shallower counts.
TEST(Explorer, GivesTheShallower) {
  Graph graph = chain(never);
  graph.expand = [](std::uint64_t state, const Graph::Emit& emit) {
    if (state < 20) emit(state + 1, 0, 0);
    return PropertyMask{(state == 3 || state == 5 ? 2U : 0U) | (state == 9 || state == 7 ? 1U : 0U)};
  };
  const Explored all = explored(graph);
  ASSERT_EQ(all.result.violations.size(), 1U);
  EXPECT_EQ(all.result.violations[0].level, 7U);
  ASSERT_EQ(all.result.observations.size(), 1U);
  EXPECT_EQ(all.result.observations[0].level, 3U);
}

// By a step out of a level and by a state of the next the run is equally long; by a state of the level it is shorter.
TEST(Explorer, KnowsStepsFromStates) {
  Graph graph = chain(never);
  graph.expand = [](std::uint64_t state, const Graph::Emit& emit) {
    if (state < 9) emit(state + 1, 30 + static_cast<std::uint32_t>(state), state == 4 ? 1U : 0U);
    return PropertyMask{0};
  };
  const Explored all = explored(graph);
  ASSERT_EQ(all.result.violations.size(), 1U);
  const Finding<Number>& finding = all.result.violations[0];
  EXPECT_TRUE(finding.by_step);
  EXPECT_EQ(finding.level, 5U);
  EXPECT_EQ(finding.from, Number{4});
  ASSERT_EQ(all.traces[0].size(), 6U);
  EXPECT_EQ(all.traces[0].back().action, 34U);
  EXPECT_EQ(all.traces[0].back().state, Number{5});
}

// One claim broken by a state, another by a step out of it: only the first is a shortest violation.
TEST(Explorer, GivesViolationsThatAreEquallyShort) {
  Graph graph = chain(never);
  graph.expand = [](std::uint64_t state, const Graph::Emit& emit) {
    emit(state + 1, 0, state == 6 ? 4U : 0U);
    return PropertyMask{state == 6 ? 1U : 0U};
  };
  const Explored all = explored(graph);
  ASSERT_FALSE(all.result.violations.empty());
  EXPECT_EQ(all.result.violations[0].level, 6U);
  for (const auto& finding : all.result.violations) EXPECT_EQ(finding.level, 6U);
}

TEST(Explorer, LooksAtInitialStates) {
  const Explored all = explored(chain(0), with_threads(2));
  ASSERT_EQ(all.result.violations.size(), 1U);
  EXPECT_EQ(all.result.violations[0].level, 0U);
  ASSERT_EQ(all.traces[0].size(), 1U);
  EXPECT_EQ(all.traces[0][0].state, Number{0});
}

TEST(Explorer, IsThroughWhereThereIsNoInitialState) {
  Graph graph = grid(3);
  graph.initial.clear();
  const Explored all = explored(graph);
  EXPECT_EQ(all.result.verdict, Verdict::exhausted);
  EXPECT_EQ(all.result.states, 0U);
  EXPECT_TRUE(all.result.levels.empty());
}

TEST(Explorer, TakesAnInitialStateOnce) {
  Graph graph = grid(10);
  graph.initial = {0, 11, 0, 11};
  const Explored all = explored(graph);
  EXPECT_EQ(all.result.states, 100U);
  EXPECT_EQ(all.result.levels[0].states, 2U);
}

// Levels do not fit into a byte.
TEST(Explorer, TellsALongRunRightToItsEnd) {
  for (const std::uint64_t length : {300U, 400U}) {
    const Explored all = explored(chain(length), with_threads(2));
    ASSERT_EQ(all.traces.size(), 1U);
    ASSERT_EQ(all.traces[0].size(), length + 1);
    for (std::uint64_t i = 0; i <= length; ++i) {
      EXPECT_EQ(all.traces[0][i].state, Number{i});
      EXPECT_EQ(all.traces[0][i].action, i == 0 ? 0U : 7U);
    }
  }
}

TEST(Explorer, CallsNothingExhaustedThatALimitEnded) {
  Limits depth;
  depth.depth_max = 9;
  const Explored shallow = explored(chain(never), depth);
  EXPECT_EQ(shallow.result.stop, Stop::depth);
  EXPECT_EQ(shallow.result.verdict, Verdict::bounded);
  EXPECT_EQ(shallow.result.levels.size(), 9U);
  EXPECT_EQ(shallow.result.states, 10U);

  Limits time;
  time.time_max = std::chrono::milliseconds(20);
  const Explored brief = explored(tree(), time);
  EXPECT_EQ(brief.result.stop, Stop::time);
  EXPECT_EQ(brief.result.verdict, Verdict::bounded);

  Limits memory;
  memory.threads = 2;
  memory.memory_bytes = 4'000'000;
  const Explored small = explored(tree(), memory);
  EXPECT_EQ(small.result.stop, Stop::memory);
  EXPECT_EQ(small.result.verdict, Verdict::aborted);
  EXPECT_LE(small.result.bytes, memory.memory_bytes + memory.memory_bytes / 2);
  memory.memory_is_users = true;
  EXPECT_EQ(explored(tree(), memory).result.verdict, Verdict::bounded);
}

// A limit that is as deep as the system leaves nothing out, and one that comes after the end is none.
TEST(Explorer, IsThroughWhereTheLimitIsTheEnd) {
  Limits limits;
  limits.depth_max = 20;
  EXPECT_EQ(explored(grid(10), limits).result.verdict, Verdict::exhausted);
  limits.depth_max = 19;  // the levels of the grid
  EXPECT_EQ(explored(grid(10), limits).result.verdict, Verdict::exhausted);
  limits.depth_max = 18;
  EXPECT_EQ(explored(grid(10), limits).result.verdict, Verdict::bounded);
}

TEST(Explorer, CanBeInterrupted) {
  Graph graph = tree();
  Progress progress;
  Limits limits;
  limits.threads = 2;
  Explorer<Graph> explorer(graph, limits, progress);
  std::thread someone([&progress] {
    while (progress.states < 1'000) std::this_thread::yield();
    progress.interrupt = true;
  });
  const Result<Number> result = explorer.run();
  someone.join();
  EXPECT_EQ(result.stop, Stop::interrupted);
  EXPECT_EQ(result.verdict, Verdict::aborted);
  EXPECT_GE(result.states, 1'000U);
}

TEST(Explorer, LetsExceptionsOut) {
  for (const int threads : {1, 3}) {
    Graph graph = grid(100);
    const auto plain = graph.expand;
    graph.expand = [plain](std::uint64_t state, const Graph::Emit& emit) {
      if (state == 50 * 100 + 50) throw std::runtime_error("no such state");
      return plain(state, emit);
    };
    EXPECT_THROW(explored(graph, with_threads(threads)), std::runtime_error);
  }
}

// A library's breadth-first search comes to the same distances, on a graph that nobody has drawn.
TEST(Explorer, AgreesWithBoostGraph) {
  using Library = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS>;
  constexpr std::uint64_t nodes = 10'000;
  std::mt19937_64 random(2);
  std::vector<std::vector<std::uint64_t>> edges(nodes);
  Library library(nodes);
  for (std::uint64_t from = 0; from < nodes; ++from) {
    for (std::uint64_t count = random() % 4; count > 0; --count) {
      edges[from].push_back(random() % nodes);
      boost::add_edge(from, edges[from].back(), library);
    }
  }
  std::vector<std::uint64_t> distances(nodes, never);
  distances[0] = 0;
  const auto recorder = boost::record_distances(distances.data(), boost::on_tree_edge{});
  boost::breadth_first_search(library, boost::vertex(0, library), boost::visitor(boost::make_bfs_visitor(recorder)));

  Graph graph{{0}, [&edges](std::uint64_t state, const Graph::Emit& emit) {
                for (const std::uint64_t next : edges[state]) emit(next, static_cast<std::uint32_t>(next), 0);
                return PropertyMask{0};
              }};
  Progress progress;
  Explorer<Graph> explorer(graph, with_threads(3), progress);
  const Result<Number> result = explorer.run();
  std::vector<std::uint64_t> levels(nodes, never);
  explorer.for_each_state([&levels](const Number& state, std::uint32_t level) { levels[state.value] = level; });
  EXPECT_EQ(levels, distances);
  EXPECT_EQ(result.states, nodes - static_cast<std::uint64_t>(std::count(levels.begin(), levels.end(), never)));

  for (std::uint64_t target = 0; target < nodes; target += 97) {
    if (distances[target] == never) continue;
    Finding<Number> finding;
    finding.state = Number{target};
    finding.level = static_cast<std::uint32_t>(distances[target]);
    const auto run = explorer.trace(finding);
    ASSERT_EQ(run.size(), distances[target] + 1);
    EXPECT_EQ(run.front().state, Number{0});
    for (std::size_t i = 1; i < run.size(); ++i) {
      const auto& out = edges[run[i - 1].state.value];
      EXPECT_NE(std::find(out.begin(), out.end(), run[i].state.value), out.end());
    }
  }
}

// A state of two words, of which only both together tell it.
struct Pairs {
  struct State {
    std::uint64_t left = 0;
    std::uint64_t right = 0;
    friend bool operator==(const State&, const State&) = default;
  };
  struct Worker {
    template <class Take>
    void initial(const Take& take) const {
      take(State{});
    }
    template <class Take>
    PropertyMask successors(const State& state, const Take& take) const {
      if (state.left < 60) take(State{state.left + 1, state.right}, 1, 0);
      if (state.right < 60) take(State{state.left, state.right + 1}, 2, 0);
      return state.left == 30 && state.right == 31 ? 1 : 0;
    }
    [[nodiscard]] bool precedes(const State& a, const State& b) const {
      return a.left != b.left ? a.left < b.left : a.right < b.right;
    }
  };
  [[nodiscard]] Worker worker() const { return {}; }
  [[nodiscard]] std::vector<Property> properties() const { return {{"watched", "", Mode::observe}}; }
  [[nodiscard]] std::size_t bytes_used() const { return 0; }
};

TEST(Explorer, TakesStatesOfTwoWords) {
  Pairs system;
  Progress progress;
  Explorer<Pairs> explorer(system, with_threads(2), progress);
  const auto result = explorer.run();
  EXPECT_EQ(result.states, 61U * 61U);
  EXPECT_EQ(result.steps, 2U * 60U * 61U);
  ASSERT_EQ(result.observations.size(), 1U);
  EXPECT_EQ(explorer.trace(result.observations[0]).size(), 62U);
}

}  // namespace
}  // namespace conclave::checker
