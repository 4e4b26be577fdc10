// The step before, for states that runs lead to.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "conclave/checker/result.hpp"
#include "conclave/checker/state_set.hpp"

namespace conclave::checker {

// States that runs lead to, at their levels, and for some of them what is one step before. One thread only.
template <PackableState State>
class RunTargets {
 public:
  using Befores = std::vector<std::optional<TraceStep<State>>>;  // by target

  // Those of one level are looked for.
  void look_for(std::uint32_t level) {
    wanted_.assign(StateSet<State>::partitions, {});
    for (std::size_t i = 0; i < all_.size(); ++i) {
      if (all_[i].level == level) wanted_[StateSet<State>::partition_of(all_[i].state)].push_back(i);
    }
  }
  void add(const State& state, std::uint32_t level) { all_.push_back(Target{state, level}); }
  void move(std::size_t target, const State& state) { all_[target] = Target{state, all_[target].level - 1}; }
  [[nodiscard]] std::size_t size() const { return all_.size(); }
  [[nodiscard]] const State& state(std::size_t target) const { return all_[target].state; }
  [[nodiscard]] bool is_at(std::size_t target, std::uint32_t level) const { return all_[target].level == level; }

  // Whether one of these states leads to a target that is looked for, and is the first that does in Worker::precedes.
  // `not_followed`: claims out of whose violation no run goes on. From any thread, each with a worker of its own.
  template <class Worker>
  void search(Worker& worker, const std::vector<State>& states, PropertyMask not_followed, Befores& firsts) const {
    std::vector<std::pair<std::size_t, std::uint32_t>> hits;  // target, action
    for (const State& state : states) {
      hits.clear();
      const PropertyMask broken =
          worker.successors(state, [&](const State& next, std::uint32_t action, PropertyMask by_step) {
            if ((by_step & not_followed) != 0) return;
            for (const std::size_t i : wanted_[StateSet<State>::partition_of(next)]) {
              if (next == all_[i].state) hits.emplace_back(i, action);
            }
          });
      if ((broken & not_followed) != 0) continue;
      for (const auto& [i, action] : hits) take_first(worker, TraceStep<State>{action, state}, firsts[i]);
    }
  }
  template <class Worker>
  static void take_first(Worker& worker, const TraceStep<State>& step, std::optional<TraceStep<State>>& first) {
    const bool better = !first || (step.state == first->state ? step.action < first->action
                                                              : worker.precedes(step.state, first->state));
    if (better) first = step;
  }

 private:
  struct Target {
    State state;
    std::uint32_t level;
  };
  std::vector<Target> all_;
  std::vector<std::vector<std::size_t>> wanted_;  // by partition
};

}  // namespace conclave::checker
