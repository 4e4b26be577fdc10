// The reduced closed system next to the unreduced one, action by action: everything that anybody can see of a server
// has to stay the same, and so do the properties that steps and states break. Comparing only the sets of states that
// were reached would miss a reduction that drops a vote which matters.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "conclave/spec/closed_system.hpp"
#include "conclave/spec/worker.hpp"

namespace conclave::spec::lockstep {

using State = PackedState<4>;

inline model::Ensemble ensemble_of(int voters, int observers) {
  std::vector<model::Member> members;
  for (int i = 1; i <= voters + observers; ++i) {
    const auto role = i <= voters ? model::LearnerType::participant : model::LearnerType::observer;
    members.push_back(model::Member{model::ServerId{i}, role, {}, {}});
  }
  return model::single_configuration(model::Configuration::make(model::QuorumKind::majority, members));
}

class Side {
 public:
  Side(const Scenario& scenario, const Scope& scope, bool minimise)
      : system_(scenario, scope, zookeeper_rules()), layout_(plan(system_, minimise)), worker_(system_, layout_) {}

  struct Next {
    State state{};
    PropertySet broken = 0;
  };
  State initial() {
    State first{};
    worker_.initial([&first](const State& state) { first = state; });
    return first;
  }
  std::map<std::uint32_t, Next> successors(const State& state, PropertySet& broken) {
    std::map<std::uint32_t, Next> next;
    broken = worker_.successors(state, [&next](const State& reached, std::uint32_t action, PropertySet by_step) {
      next[action] = Next{reached, by_step};
    });
    return next;
  }
  // Does a quorum run, and not all that run have settled on one that leads?
  bool pending(const State& state) {
    std::vector<LocalFacts> facts;
    StateView view(system_);
    for (int i = 0; i < system_.servers(); ++i) facts.push_back(system_.machine().facts(i, worker_.local(state, i)));
    for (std::size_t i = 0; i < facts.size(); ++i) {
      view.facts[i] = &facts[i];
      if (facts[i].life == Life::up) view.running |= 1U << static_cast<unsigned>(i);
    }
    return system_.quorum_among(view.running) && !view.all_settled();
  }
  // What others can see, in words, so that numbers of local states and notifications do not matter.
  std::string visible(const State& state) {
    std::string all;
    for (int i = 0; i < system_.servers(); ++i) all += visible_of(state, i);
    return all;
  }
  std::string visible_of(const State& state, int server) {
    const LocalFacts facts = system_.machine().facts(server, worker_.local(state, server));
    std::string all = std::to_string(static_cast<int>(facts.life)) + std::to_string(static_cast<int>(facts.state)) +
                      std::to_string(facts.in_election) + std::to_string(facts.finalizing) +
                      std::to_string(facts.leader) + "/" + std::to_string(facts.clock);
    for (const NotificationId offer : facts.offers) {
      all += offer == no_notification ? "-" : encode(system_.machine().notification(offer));
    }
    return all;
  }

 private:
  static Layout plan(ClosedSystem& system, bool minimise) {
    if (minimise) system.minimise(1);
    std::vector<int> widths = system.fields().widths();
    for (int i = 0; i < system.servers(); ++i) widths[system.fields().local(i)] = 18;
    return Layout::plan(widths, system.fields().growing(), 4).value();
  }

  ClosedSystem system_;
  Layout layout_;
  Worker<4> worker_;
};

// Walks all pairs of states that the same actions lead to. Where roles end when nothing else moves, the reduced
// system may be at rest earlier, by the steps that would only have counted votes that can't matter: those are passed
// over.
inline void walk(int voters, int observers, Scope scope, bool minimise, std::size_t pairs_max) {
  const Scenario scenario = every_history(ensemble_of(voters, observers), voters).front();
  Scope unreduced = scope;
  unreduced.clear_dead_votes = false;
  Side full(scenario, unreduced, false);
  Side reduced(scenario, scope, minimise);
  std::map<std::pair<std::array<std::uint64_t, 4>, std::array<std::uint64_t, 4>>, bool> seen;
  std::deque<std::pair<State, State>> queue;
  const auto meet = [&](const State& left, const State& right) {
    if (seen.emplace(std::make_pair(left.words, right.words), true).second) queue.emplace_back(left, right);
  };
  meet(full.initial(), reduced.initial());
  std::size_t dropped = 0;
  for (; !queue.empty() && seen.size() < pairs_max; queue.pop_front()) {
    const auto [left, right] = queue.front();
    PropertySet left_broken = 0;
    PropertySet right_broken = 0;
    const auto left_next = full.successors(left, left_broken);
    const auto right_next = reduced.successors(right, right_broken);
    ASSERT_EQ(left_broken & ~bit(Property::no_deadlock), right_broken & ~bit(Property::no_deadlock));
    for (const auto& [action, next] : left_next) {
      const auto same = right_next.find(action);
      const Side::Next after = same == right_next.end() ? Side::Next{right, 0} : same->second;
      dropped += same == right_next.end() ? 1 : 0;
      ASSERT_EQ(full.visible(next.state), reduced.visible(after.state)) << "after action " << action;
      ASSERT_EQ(next.broken, after.broken) << "by action " << action;
      meet(next.state, after.state);
    }
    for (const auto& [action, next] : right_next) {
      const bool at_rest = Action::from(action).kind == ActionKind::end_role && scope.role_end == RoleEnd::lost;
      ASSERT_TRUE(left_next.count(action) == 1 || at_rest) << "only the reduced system has action " << action;
    }
  }
  const bool latest = scope.network.kind == NetworkKind::latest;  // elsewhere a message taken out is a step anyway
  EXPECT_TRUE(dropped > 0 || !latest) << "the reduction has dropped nothing, so nothing was compared";
}

// As walk(), along runs drawn at random, which get further where there are too many pairs to go through.
inline void wander(int voters, const Scope& scope, bool minimise, int runs) {
  const Scenario scenario = every_history(ensemble_of(voters, 0), voters).front();
  Scope unreduced = scope;
  unreduced.clear_dead_votes = false;
  Side full(scenario, unreduced, false);
  Side reduced(scenario, scope, minimise);
  std::mt19937 random(20'201'124);
  constexpr int steps_max = 120;
  for (int run = 0; run < runs; ++run) {
    State left = full.initial();
    State right = reduced.initial();
    for (int step = 0; step < steps_max; ++step) {
      PropertySet broken = 0;
      const auto left_next = full.successors(left, broken);
      const auto right_next = reduced.successors(right, broken);
      if (left_next.empty()) break;
      const auto [action, next] = *std::next(left_next.begin(), static_cast<int>(random() % left_next.size()));
      const auto same = right_next.find(action);
      const Side::Next after = same == right_next.end() ? Side::Next{right, 0} : same->second;
      ASSERT_EQ(full.visible(next.state), reduced.visible(after.state)) << "run " << run << ", step " << step;
      ASSERT_EQ(next.broken, after.broken) << "run " << run << ", step " << step;
      left = next.state;
      right = after.state;
    }
  }
}

inline Scope scope_of(int rounds, int crashes, int restarts, TimingKind timing = TimingKind::async) {
  Scope scope;
  scope.rounds = rounds;
  scope.crashes = crashes;
  scope.restarts = restarts;
  scope.timing = timing;
  return scope;
}

inline Scope at_any_time(Scope scope) {
  scope.role_end = RoleEnd::any;
  return scope;
}

inline Scope together(Scope scope) {
  scope.start = StartKind::together;
  return scope;
}
inline Scope fifo(int capacity, Scope scope) {
  scope.network = Network{NetworkKind::fifo, capacity};
  return scope;
}

inline constexpr std::size_t all = 10'000'000;

}  // namespace conclave::spec::lockstep
