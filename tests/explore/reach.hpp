// What a system reaches, as far as others can tell.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "lockstep.hpp"

namespace conclave::spec::lockstep {

struct Reach {
  std::size_t states = 0;
  std::vector<std::set<std::string>> locals;  // by server: what others see of it
  std::set<std::string> ends;  // what others see of all, where nothing can happen but starts and faults
  PropertySet seen = 0;        // broken or witnessed somewhere
};

struct HashOfState {
  std::size_t operator()(const State& state) const {
    std::uint64_t mixed = 0;
    for (const std::uint64_t word : state.words) mixed = (mixed ^ word) * 0x9e3779b97f4a7c15U;
    return static_cast<std::size_t>(mixed ^ (mixed >> 32U));
  }
};

inline Reach reach_of(const Scenario& scenario, const Scope& scope, bool minimise) {
  Side side(scenario, scope, minimise);
  Reach reach;
  reach.locals.resize(scenario.participants.size());
  std::unordered_set<State, HashOfState> seen;
  std::vector<State> open{side.initial()};
  seen.insert(open.front());
  while (!open.empty()) {
    const State state = open.back();
    open.pop_back();
    PropertySet broken = 0;
    bool moves = false;
    for (const auto& [action, next] : side.successors(state, broken)) {
      moves = moves || Action::from(action).kind < ActionKind::start;
      reach.seen |= next.broken;
      if (seen.insert(next.state).second) open.push_back(next.state);
    }
    reach.seen |= broken;
    for (std::size_t i = 0; i < reach.locals.size(); ++i) {
      reach.locals[i].insert(side.visible_of(state, static_cast<int>(i)));
    }
    if (!moves) reach.ends.insert(side.visible(state));
  }
  reach.states = seen.size();
  return reach;
}

inline void compare_reach(int voters, int observers, Scope scope) {
  SCOPED_TRACE(describe(scope));
  const Scenario scenario = every_history(ensemble_of(voters, observers), voters).front();
  const Reach reduced = reach_of(scenario, scope, false);
  const bool latest = scope.network.kind == NetworkKind::latest;
  const Reach minimised = latest && scope.rounds == 1 ? reach_of(scenario, scope, true) : reduced;
  scope.clear_dead_votes = false;
  const Reach whole = reach_of(scenario, scope, false);
  EXPECT_FALSE(whole.ends.empty());
  for (const Reach* other : {&reduced, &minimised}) {
    EXPECT_EQ(whole.locals, other->locals);
    const auto& more = other->ends;
    EXPECT_TRUE(std::includes(more.begin(), more.end(), whole.ends.begin(), whole.ends.end()));
    // With restarts an old proposal and an answer can be heard in turns for ever, which is no end, unless neither
    // matters any more.
    if (scope.restarts == 0) {
      EXPECT_EQ(whole.ends, more);
    }
    EXPECT_EQ(whole.seen, other->seen);
    EXPECT_LE(other->states, whole.states);
  }
  EXPECT_TRUE(!latest || minimised.states < whole.states) << "nothing was reduced, so nothing was compared";
}

}  // namespace conclave::spec::lockstep
