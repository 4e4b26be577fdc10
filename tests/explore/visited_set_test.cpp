// The set of visited states against a plain set, with several threads at it.
#include "conclave/checker/visited_set.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <random>
#include <set>
#include <thread>
#include <vector>

namespace conclave::checker {
namespace {

using State = std::array<std::uint64_t, 2>;
using Set = VisitedSet<State>;

std::vector<State> some_states(std::uint64_t seed, std::size_t count) {
  std::mt19937_64 random(seed);
  std::vector<State> states;
  // Small numbers, so that many come twice, here and elsewhere.
  for (std::size_t i = 0; i < count; ++i) states.push_back({random() % 300, random() % 100});
  return states;
}

std::size_t insert(Set& set, const State& state, Level level) {
  std::size_t added = 0;
  EXPECT_TRUE(set.insert(Set::partition_of(state), {&state, 1}, level, added));
  return added;
}

TEST(VisitedSet, IsASet) {
  Set set;
  std::map<State, Level> plain;
  Level level = 0;
  for (const State& state : some_states(1, 50'000)) {
    level = static_cast<Level>((level + 1) % 400);
    const bool fresh = plain.emplace(state, level).second;
    ASSERT_EQ(insert(set, state, level), fresh ? 1U : 0U);
  }
  Level found = 0;
  for (const auto& [state, first] : plain) {
    ASSERT_TRUE(set.find(state, found));
    EXPECT_EQ(found, first);
  }
  EXPECT_FALSE(set.find({300, 0}, found));
  EXPECT_FALSE(set.find({0, 100}, found));
}

// A batch of one partition may be larger than what is looked up at once, and hold a state twice.
TEST(VisitedSet, TakesBatches) {
  Set set;
  std::vector<std::vector<State>> batches(Set::partitions);
  std::set<State> plain;
  for (const State& state : some_states(2, 40'000)) {
    batches[Set::partition_of(state)].push_back(state);
    plain.insert(state);
  }
  std::size_t added = 0;
  for (std::size_t part = 0; part < Set::partitions; ++part) {
    ASSERT_TRUE(set.insert(part, batches[part], 3, added));
  }
  EXPECT_EQ(added, plain.size());
  std::vector<State> collected;
  for (std::size_t part = 0; part < Set::partitions; ++part) set.collect(part, 3, collected);
  EXPECT_EQ(std::set<State>(collected.begin(), collected.end()), plain);
  EXPECT_EQ(collected.size(), plain.size());
}

TEST(VisitedSet, KeepsItsBound) {
  Set set;
  set.set_bytes_max(1'000'000);
  std::uint64_t number = 0;
  bool fits = true;
  while (fits) {
    const State state{++number, number};
    std::size_t added = 0;
    fits = set.insert(Set::partition_of(state), {&state, 1}, 0, added);
    ASSERT_LE(set.bytes_used(), 1'000'000U);
  }
  EXPECT_GT(number * sizeof(State), 400'000U);
  Level level = 0;
  for (std::uint64_t i = 1; i < number; ++i) ASSERT_TRUE(set.find({i, i}, level));
}

TEST(VisitedSet, IsASetForSeveralThreads) {
  Set set;
  constexpr int threads = 4;
  std::array<std::size_t, threads> added{};
  std::vector<std::thread> pool;
  for (int i = 0; i < threads; ++i) {
    pool.emplace_back([&set, &added, i] {
      std::size_t mine = 0;
      for (const State& state : some_states(static_cast<std::uint64_t>(i) + 10, 20'000)) {
        if (!set.insert(Set::partition_of(state), {&state, 1}, 1, mine)) std::abort();
        Level level = 0;
        if (!set.find(state, level) || level != 1) std::abort();
      }
      added[static_cast<std::size_t>(i)] = mine;
    });
  }
  for (std::thread& thread : pool) thread.join();
  std::set<State> plain;
  for (int i = 0; i < threads; ++i) {
    for (const State& state : some_states(static_cast<std::uint64_t>(i) + 10, 20'000)) plain.insert(state);
  }
  std::size_t sum = 0;
  for (const std::size_t count : added) sum += count;
  EXPECT_EQ(sum, plain.size());
}

}  // namespace
}  // namespace conclave::checker
