// The explorer of places with facts, on drawn graphs, beside a fixed point that is found without any order.
#include "conclave/checker/join_explorer.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <vector>

namespace conclave::checker {
namespace {

struct Number {
  std::uint64_t value = 0;
  friend bool operator==(const Number&, const Number&) = default;
};
struct Bits {
  std::uint64_t bits = 0;
  Bits& operator|=(Bits other) {
    bits |= other.bits;
    return *this;
  }
  friend bool operator==(const Bits&, const Bits&) = default;
};
constexpr std::size_t facts_each = 2;

// A step that is possible with the facts that it needs: it adds some, and keeps some.
struct Edge {
  std::uint64_t from = 0;
  std::uint64_t to = 0;
  std::uint64_t needs = 0;
  std::uint64_t adds = 0;
  std::uint64_t keeps = 0;
};

struct Places {
  using Place = Number;
  using Facts = Bits;

  std::vector<Edge> edges;
  std::vector<std::size_t> measure_of;  // by place
  std::uint64_t initial_facts = 1;
  std::uint64_t throws_at = ~std::uint64_t{0};

  class Worker {
   public:
    explicit Worker(const Places& places) : places_(places) {}
    template <class Emit>
    void initial(const Emit& emit) {
      const std::vector<Bits> facts{{places_.initial_facts}, {0}};
      emit(Number{0}, std::span<const Bits>(facts));
    }
    template <class Emit>
    PropertyMask successors(const Number& place, std::span<const Bits> facts, const Emit& emit) {
      if (place.value == places_.throws_at) throw std::runtime_error("as asked");
      last_ = facts[0].bits;
      for (const Edge& edge : places_.edges) {
        if (edge.from != place.value || (edge.needs & ~facts[0].bits) != 0) continue;
        const std::vector<Bits> next{{(facts[0].bits & edge.keeps) | edge.adds}, {facts[1].bits | edge.needs}};
        emit(Number{edge.to}, std::span<const Bits>(next), 0U, PropertyMask{edge.needs == 7 ? 2U : 0U});
      }
      return (facts[0].bits & 8U) != 0 ? 1 : 0;
    }
    [[nodiscard]] std::size_t measure(const Number& place) const { return places_.measure_of[place.value]; }
    [[nodiscard]] std::size_t mark() const { return last_ % marks_max; }
    [[nodiscard]] std::size_t bytes_used() const { return 0; }

   private:
    const Places& places_;
    std::uint64_t last_ = 0;
  };
  [[nodiscard]] Worker worker() const { return Worker(*this); }
  [[nodiscard]] std::size_t facts_of_a_place() const { return facts_each; }
  [[nodiscard]] std::size_t measures() const { return 1 + *std::max_element(measure_of.begin(), measure_of.end()); }
  [[nodiscard]] std::size_t bytes_used() const { return 0; }
};

using Reached = std::map<std::uint64_t, std::vector<std::uint64_t>>;

struct Found {
  JoinResult result;
  Reached reached;
};
Found explored(Places& places, const Limits& limits = {}) {
  Progress progress;
  JoinExplorer<Places> explorer(places, limits, progress);
  Found found{explorer.run(), {}};
  explorer.for_each_place([&](const Number& place, std::span<const Bits> facts) {
    for (const Bits one : facts) found.reached[place.value].push_back(one.bits);
  });
  return found;
}

// All edges, again and again, until nothing changes.
Reached by_repetition(const Places& places) {
  Reached reached{{0, {places.initial_facts, 0}}};
  for (bool changes = true; changes;) {
    changes = false;
    for (const Edge& edge : places.edges) {
      const auto from = reached.find(edge.from);
      if (from == reached.end() || (edge.needs & ~from->second[0]) != 0) continue;
      const std::uint64_t first = (from->second[0] & edge.keeps) | edge.adds;
      const std::uint64_t second = from->second[1] | edge.needs;
      const auto [to, fresh] = reached.emplace(edge.to, std::vector<std::uint64_t>{0, 0});
      changes = changes || fresh || (first & ~to->second[0]) != 0 || (second & ~to->second[1]) != 0;
      to->second[0] |= first;
      to->second[1] |= second;
    }
  }
  return reached;
}

Places drawn() {
  constexpr int places_max = 24;
  constexpr int bits = 16;
  Places places;
  const int count = *rc::gen::inRange(1, places_max);
  for (int i = 0; i < count; ++i) places.measure_of.push_back(*rc::gen::inRange<std::size_t>(0, 6));
  const int edges = *rc::gen::inRange(0, 3 * count);
  for (int i = 0; i < edges; ++i) {
    Edge edge;
    edge.from = *rc::gen::inRange<std::uint64_t>(0, static_cast<std::uint64_t>(count));
    edge.to = *rc::gen::inRange<std::uint64_t>(0, static_cast<std::uint64_t>(count));
    edge.needs = *rc::gen::inRange<std::uint64_t>(0, bits) & *rc::gen::inRange<std::uint64_t>(0, bits);
    edge.adds = *rc::gen::inRange<std::uint64_t>(0, bits);
    edge.keeps = *rc::gen::inRange<std::uint64_t>(0, bits);
    places.edges.push_back(edge);
  }
  return places;
}

RC_GTEST_PROP(JoinExplorer, ReachesTheLeastFixedPoint, ()) {
  Places places = drawn();
  const Found found = explored(places);
  const Reached expected = by_repetition(places);
  RC_ASSERT(found.reached == expected);
  RC_ASSERT(found.result.verdict == Verdict::exhausted);
  RC_ASSERT(found.result.places == expected.size());
  RC_ASSERT(found.result.looks >= found.result.places);
  std::uint64_t marked = 0;
  std::array<std::uint64_t, marks_max> expected_marks{};
  for (const auto& [place, facts] : expected) ++expected_marks[facts[0] % marks_max];
  for (const std::uint64_t count : found.result.marked) marked += count;
  RC_ASSERT(found.result.marked == expected_marks);
  RC_ASSERT(marked == found.result.places);
  PropertyMask broken = 0;
  for (const auto& [place, facts] : expected) {
    broken |= (facts[0] & 8U) != 0 ? 1U : 0U;
    for (const Edge& edge : places.edges) {
      if (edge.from == place && edge.needs == 7 && (edge.needs & ~facts[0]) == 0) broken |= 2U;
    }
  }
  RC_ASSERT(found.result.broken == broken);
  RC_TAG(found.result.sweeps > 1 ? "looked again" : "in one sweep");
}

RC_GTEST_PROP(JoinExplorer, CountsTheSameWithAnyNumberOfThreads, ()) {
  Places places = drawn();
  Limits limits;
  const Found one = explored(places, limits);
  limits.threads = 3;
  const Found three = explored(places, limits);
  RC_ASSERT(three.reached == one.reached);
  RC_ASSERT(three.result.looks == one.result.looks);
  RC_ASSERT(three.result.steps == one.result.steps);
  RC_ASSERT(three.result.sweeps == one.result.sweeps);
  RC_ASSERT(three.result.marked == one.result.marked);
}

// Along a chain of rising measures one sweep is enough, and each place is looked at once, however many ways lead there.
TEST(JoinExplorer, LooksOnceWhereEveryStepRaisesTheMeasure) {
  Places places;
  constexpr std::uint64_t count = 200;
  for (std::uint64_t i = 0; i < count; ++i) {
    places.measure_of.push_back(i);
    for (std::uint64_t j = 0; j < i; ++j)
      places.edges.push_back({j, i, 0, std::uint64_t{1} << (j % 60), ~std::uint64_t{0}});
  }
  const Found found = explored(places);
  EXPECT_EQ(found.result.places, count);
  EXPECT_EQ(found.result.looks, count);
  EXPECT_EQ(found.result.steps, count * (count - 1) / 2);
  EXPECT_EQ(found.result.sweeps, 1U);
}

TEST(JoinExplorer, LooksAgainWhereAStepLowersTheMeasure) {
  Places places;
  places.measure_of = {0, 1, 2};
  // The way back from 1 brings to 0 what the second step from 0 needs, and that what the step to 2 needs. It gets back
  // to 0 as well, in a third sweep that brings nothing new.
  places.edges = {{0, 1, 0, 0, 0}, {1, 0, 0, 4, 0}, {0, 1, 4, 2, 0}, {1, 2, 2, 0, 0}};
  const Found found = explored(places);
  EXPECT_EQ(found.reached.count(2), 1U);
  EXPECT_EQ(found.result.sweeps, 3U);
  EXPECT_EQ(found.reached, by_repetition(places));
  EXPECT_GT(found.result.looks, found.result.places);
}

Places long_chain() {
  constexpr std::uint64_t count = 3000;
  Places places;
  for (std::uint64_t i = 0; i < count; ++i) {
    places.measure_of.push_back(i);
    if (i > 0) places.edges.push_back({i - 1, i, 0, 0, 0});
  }
  return places;
}

TEST(JoinExplorer, EndsAtALimit) {
  Places places = long_chain();
  Limits limits;
  limits.memory_bytes = 1;
  EXPECT_EQ(explored(places, limits).result.verdict, Verdict::aborted);
  limits.memory_is_users = true;
  const Found found = explored(places, limits);
  EXPECT_EQ(found.result.verdict, Verdict::bounded);
  EXPECT_EQ(found.result.stop, Stop::memory);
  EXPECT_LT(found.result.places, 3000U);
  limits = {};
  limits.time_max = std::chrono::milliseconds(1);
  Progress progress;
  JoinExplorer<Places> explorer(places, limits, progress);
  const JoinResult late = explorer.run();
  EXPECT_EQ(late.verdict, Verdict::bounded);
  EXPECT_EQ(late.stop, Stop::time);
}

TEST(JoinExplorer, IsInterrupted) {
  Places places = long_chain();
  Progress progress;
  progress.interrupt = true;
  JoinExplorer<Places> explorer(places, {}, progress);
  const JoinResult result = explorer.run();
  EXPECT_EQ(result.verdict, Verdict::aborted);
  EXPECT_EQ(result.stop, Stop::interrupted);
}

TEST(JoinExplorer, HandsOnWhatAWorkerThrows) {
  Places places = long_chain();
  places.throws_at = 7;
  Limits limits;
  for (const int threads : {1, 2}) {
    limits.threads = threads;
    EXPECT_THROW(explored(places, limits), std::runtime_error);
  }
}

}  // namespace
}  // namespace conclave::checker
