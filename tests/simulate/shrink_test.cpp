// Delta debugging: what is left still fails, and no part of it can go.
#include "conclave/spec/shrink.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <vector>

#include "conclave/spec/shrunk_run.hpp"

namespace conclave::spec {
namespace {

using Numbers = std::vector<int>;

Numbers up_to(int count) {
  Numbers numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

bool has(const Numbers& numbers, int sought) {
  return std::find(numbers.begin(), numbers.end(), sought) != numbers.end();
}

TEST(Shrink, LeavesWhatMattersWhereverItStands) {
  for (int first = 0; first < 40; first += 3) {
    for (int second = first + 1; second < 40; second += 5) {
      const auto fails = [&](const Numbers& kept) { return has(kept, first) && has(kept, second); };
      EXPECT_EQ(shrink(up_to(40), fails), (Numbers{first, second}));
    }
  }
}

TEST(Shrink, LeavesNothingWhereNothingMatters) {
  EXPECT_EQ(shrink(up_to(17), [](const Numbers&) { return true; }), Numbers{});
  EXPECT_EQ(shrink(Numbers{}, [](const Numbers&) { return true; }), Numbers{});
}

TEST(Shrink, KeepsAllWhereAllMatters) {
  EXPECT_EQ(shrink(up_to(9), [](const Numbers& kept) { return kept.size() == 9; }), up_to(9));
}

TEST(Shrink, WhatTheJudgeLeavesOutStaysOut) {
  // Half of what fails is never looked at.
  const auto fails = [](Numbers& kept) {
    if (!has(kept, 7)) return false;
    kept.erase(std::remove_if(kept.begin(), kept.end(), [](int number) { return number % 2 == 0; }), kept.end());
    return true;
  };
  EXPECT_EQ(shrink(up_to(30), fails), Numbers{7});
}

// --- runs ------------------------------------------------------------------------------------------------------------

model::Ensemble majority_of(int voters) {
  std::vector<model::Member> members;
  for (int id = 1; id <= voters; ++id) {
    members.push_back(model::Member{model::ServerId{id}, model::LearnerType::participant, {}, {}});
  }
  return model::single_configuration(model::Configuration::make(model::QuorumKind::majority, members));
}

// Five servers, started one by one; faults in plenty, though the bug needs none.
Swarm swarm_with_faults(std::uint64_t seed) {
  SwarmBounds bounds;
  bounds.ensemble = majority_of(5);
  bounds.network = Network{};
  bounds.timing = TimingKind::async;
  bounds.start = StartKind::staggered;
  bounds.grain = Grain::coarse;
  bounds.role_end = RoleEnd::lost;
  bounds.steps_max = 2000;
  Random random(seed);
  Swarm swarm = draw_swarm(bounds, random);
  swarm.rates = Rates{100, 5, 10, 0, 10, 5, 20, 0, 0, 10, 90};
  swarm.scope.crashes = swarm.scope.restarts = faults_max;
  swarm.down_max = 2;
  swarm.steps = 2000;
  return swarm;
}

bool fails_alike(const Trial& trial, const std::vector<Action>& schedule, Property property) {
  const RunRecord record = follow_schedule(trial, schedule, false);
  return record.end == RunEnd::broken && (record.broken & bit(property)) != 0;
}

// A known failure, and the least that shows it: one server starts, supports itself, and decides.
TEST(ShrinkRun, OneServerIsEnoughWhereMajoritiesAreNotAsked) {
  const StepObserver none;
  const RuleVariant& rules = *find_seeded_bug("no-majority");
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    const Swarm swarm = swarm_with_faults(seed);
    const Trial trial{swarm, rules, bit(Property::quorum_behind_decision), seed, none, nullptr};
    const RunRecord record = simulate_run(trial);
    ASSERT_EQ(record.end, RunEnd::broken);
    const ShrunkRun shrunk = shrink_run(trial, record);
    ASSERT_TRUE(shrunk.complete);
    ASSERT_EQ(shrunk.schedule.size(), 2U);
    EXPECT_EQ(shrunk.schedule[0], (Action{ActionKind::start, 0, 0, {}}));
    EXPECT_EQ(shrunk.schedule[1], (Action{ActionKind::silence, 0, 0, {}}));
    EXPECT_EQ(shrunk.swarm.scenario.participants.size(), 1U);
  }
}

TEST(ShrinkRun, NoStepThatIsLeftCanGo) {
  const StepObserver none;
  const PropertySet claims = bit(Property::leader_said_so) | bit(Property::quorum_behind_decision);
  int failures = 0;
  for (const char* bug : {"leader-unchecked", "round-forgotten"}) {
    const RuleVariant& rules = *find_seeded_bug(bug);
    for (std::uint64_t seed = 1; seed <= 25; ++seed) {
      const Swarm swarm = swarm_with_faults(seed);
      const Trial trial{swarm, rules, claims, seed, none, nullptr};
      const RunRecord record = simulate_run(trial);
      if (record.end != RunEnd::broken) continue;
      ++failures;
      const Failure failure = failure_of(record);
      const ShrunkRun shrunk = shrink_run(trial, record);
      ASSERT_TRUE(shrunk.complete);
      EXPECT_LE(shrunk.schedule.size(), record.schedule.size());
      const Trial again{shrunk.swarm, rules, bit(failure.property), seed, none, nullptr};
      ASSERT_TRUE(fails_alike(again, shrunk.schedule, failure.property));
      for (std::size_t i = 0; i < shrunk.schedule.size(); ++i) {
        std::vector<Action> less = shrunk.schedule;
        less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
        EXPECT_FALSE(fails_alike(again, less, failure.property)) << bug << ", seed " << seed << ": step " << i;
      }
    }
  }
  EXPECT_GE(failures, 10);
}

TEST(ShrinkRun, AnInterruptionLeavesARunThatFails) {
  const StepObserver none;
  const RuleVariant& rules = *find_seeded_bug("no-majority");
  const Swarm swarm = swarm_with_faults(3);
  const RunRecord record = simulate_run(Trial{swarm, rules, bit(Property::quorum_behind_decision), 3, none, nullptr});
  ASSERT_EQ(record.end, RunEnd::broken);
  const std::atomic<bool> interrupted{true};
  const Trial trial{swarm, rules, bit(Property::quorum_behind_decision), 3, none, &interrupted};
  const ShrunkRun shrunk = shrink_run(trial, record);
  EXPECT_FALSE(shrunk.complete);
  EXPECT_EQ(shrunk.record.end, RunEnd::broken);
  EXPECT_EQ(shrunk.record.schedule, record.schedule);
}

TEST(ShrinkRun, ALimitOfStepsLeavesARunThatFails) {
  const StepObserver none;
  const RuleVariant& rules = *find_seeded_bug("no-majority");
  const Swarm swarm = swarm_with_faults(3);
  const Trial trial{swarm, rules, bit(Property::quorum_behind_decision), 3, none, nullptr};
  const RunRecord record = simulate_run(trial);
  ASSERT_EQ(record.end, RunEnd::broken);
  const ShrunkRun shrunk = shrink_run(trial, record, 1);
  EXPECT_FALSE(shrunk.complete);
  EXPECT_EQ(shrunk.record.end, RunEnd::broken);
}

}  // namespace
}  // namespace conclave::spec
