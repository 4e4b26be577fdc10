// Breadth-first exploration of everything a transition system can reach.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "conclave/checker/barrier.hpp"
#include "conclave/checker/first_findings.hpp"
#include "conclave/checker/recent_states.hpp"
#include "conclave/checker/result.hpp"
#include "conclave/checker/run_search.hpp"
#include "conclave/checker/threads.hpp"
#include "conclave/checker/transition_system.hpp"
#include "conclave/checker/visited_set.hpp"

namespace conclave::checker {

// Goes level by level: all states that are n steps from an initial one before any that are n + 1. Hence runs to what is
// found are shortest, and counts, verdict and runs are the same with any number of threads: of several findings at the
// same level, the one whose state comes first in Worker::precedes is kept.
//
// Exceptions thrown by the system's workers end the exploration and come out of run() and trace().
template <TransitionSystem System>
class Explorer {
 public:
  using State = typename System::State;
  using Worker = decltype(std::declval<System&>().worker());

  // The system and the progress must outlive the explorer. Limits::memory_bytes counts the visited set, the system and
  // the workers; what the process holds besides is for the caller to leave room for. `visited` is empty; DiskSet and
  // those of hashed_set.hpp are others than the usual one.
  Explorer(System& system, const Limits& limits, Progress& progress,
           std::unique_ptr<StateSet<State>> visited = std::make_unique<VisitedSet<State>>())
      : system_(system),
        limits_(limits),
        progress_(progress),
        properties_(system.properties()),
        visited_(std::move(visited)) {
    for (std::size_t i = 0; i < properties_.size(); ++i) {
      if (properties_[i].mode == Mode::claim) claims_ |= PropertyMask{1} << i;
    }
  }
  Explorer(const Explorer&) = delete;
  Explorer& operator=(const Explorer&) = delete;

  // Called in run()'s thread before each level, with what is known then; it may read the set of states.
  using AtBarrier = std::function<void(const Barrier<State>&)>;
  void at_barrier(AtBarrier call) { at_barrier_ = std::move(call); }
  [[nodiscard]] StateSet<State>& visited() { return *visited_; }
  // run() goes on from there. REQUIRES: run() has not been called; the set holds what it held then.
  void resume(Barrier<State> from) { resumed_ = std::move(from); }

  // Once. Works in limits.threads threads and returns when all have ended.
  Result<State> run() {
    const auto began = std::chrono::steady_clock::now();
    deadline_ =
        limits_.time_max.count() == 0 ? std::chrono::steady_clock::time_point::max() : began + limits_.time_max;
    for (std::size_t i = 0; i < static_cast<std::size_t>(std::max(1, limits_.threads)); ++i) {
      lanes_.push_back(std::make_unique<Lane>(system_, i));
    }
    share_memory();
    Result<State> result;
    if (resumed_) {
      go_on(result);
    } else {
      insert_initial();
    }
    while (level_states_ > 0) {
      tell_barrier(result);
      if (at_limit()) break;
      const std::uint64_t steps_before = progress_.steps;
      explore_level();
      result.levels.push_back(LevelCounts{level_states_, progress_.steps - steps_before});
      result.last_level_complete = stop_ == Stop::none;
      merge_findings();
      if (!result.last_level_complete) break;
      level_states_ = next_states_.exchange(0);
      ++level_;
      if (stop_ == Stop::violation) break;
    }
    conclude(result);
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return result;
  }

  // A shortest run from an initial state to the finding. REQUIRES: it came from this explorer's run().
  std::vector<TraceStep<State>> trace(const Finding<State>& finding) { return traces({finding}).front(); }

  // The same for several, which takes as long as for the longest of them.
  // The states of each earlier level are looked through for the predecessors of the runs' next states, and the first of
  // them in Worker::precedes is taken; that costs at most as much as the exploration up to there.
  std::vector<std::vector<TraceStep<State>>> traces(const std::vector<Finding<State>>& findings) {
    std::vector<std::vector<TraceStep<State>>> runs(findings.size());
    RunTargets<State> targets;
    std::uint32_t level = 0;
    for (std::size_t i = 0; i < findings.size(); ++i) {
      const Finding<State>& finding = findings[i];
      if (finding.by_step) runs[i].push_back(TraceStep<State>{finding.action, finding.state});
      const std::uint32_t at = finding.by_step ? finding.level - 1 : finding.level;
      targets.add(finding.by_step ? finding.from : finding.state, at);
      level = std::max(level, at);
    }
    for (; level > 0; --level) {
      const Befores before = predecessors(targets, level);
      for (std::size_t i = 0; i < targets.size(); ++i) {
        if (!targets.is_at(i, level)) continue;
        runs[i].push_back(TraceStep<State>{before[i].value().action, targets.state(i)});
        targets.move(i, before[i]->state);
      }
    }
    for (std::size_t i = 0; i < runs.size(); ++i) {
      runs[i].push_back(TraceStep<State>{0, targets.state(i)});
      std::reverse(runs[i].begin(), runs[i].end());
    }
    return runs;
  }

  // Calls visit(state, level) for every state reached, in no particular order. After run().
  template <class Visit>
  void for_each_state(const Visit& visit) {
    std::vector<State> states;
    for (std::uint32_t level = 0; level <= level_; ++level) {
      for (std::size_t part = 0; part < StateSet<State>::partitions; ++part) {
        states.clear();
        visited_->collect(part, static_cast<Level>(level), states);
        for (const State& state : states) visit(state, level);
      }
    }
  }

 private:
  // States that wait for a partition. Of neighbours few partitions get most; otherwise each state goes to another one,
  // and has to find it in a nearer cache than the whole set has room in: the more come at once the better, as long as
  // those that wait are few beside those that have been reached.
  static constexpr std::size_t batch_min = StateSet<State>::batch_max;
  static constexpr std::size_t batch_max = has_neighbourhood<State> ? batch_min : 64 * batch_min;
  static constexpr std::size_t reached_per_waiting = 4;
  static constexpr std::size_t between_looks = 4096;  // states expanded between two looks at the clock

  struct Step {
    State next;
    std::uint32_t action;
    PropertyMask broken;
  };

  // What one thread works with.
  struct alignas(64) Lane {
    Lane(System& system, std::size_t number)
        : worker(system.worker()), buffers(StateSet<State>::partitions), index(number) {}
    Worker worker;
    std::vector<std::vector<State>> buffers;  // successors on their way to a partition of the visited set
    std::size_t index;                        // among the lanes
    std::vector<State> frontier;
    RecentStates<State> recent;  // sent lately, so they need not be sent again
    std::uint64_t steps = 0;     // since they were last added to the progress
    std::array<std::optional<Finding<State>>, properties_max> found;
    FirstFindings<State> several;  // that break claims; Limits::violations_max > 1
    std::vector<Step> steps_out;   // likewise: of the state at hand
    std::exception_ptr failure;
  };

  // --- levels ------------------------------------------------------------------------------------------------------

  void insert_initial() {
    std::vector<State> states;
    lanes_[0]->worker.initial([&states](const State& state) { states.push_back(state); });
    for (const State& state : states) {
      std::size_t added = 0;
      if (!visited_->insert(StateSet<State>::partition_of(state), {&state, 1}, 0, added)) halt(Stop::memory);
      next_states_ += added;
    }
    progress_.states = next_states_.load();
    close_level(0);
    level_states_ = next_states_.exchange(0);
  }

  void go_on(Result<State>& result) {
    level_ = resumed_->level;
    level_states_ = resumed_->level_states;
    result.levels = resumed_->levels;
    const LevelCounts expanded = resumed_->expanded();
    progress_.states = expanded.states + level_states_;
    progress_.expanded = expanded.states;
    progress_.steps = expanded.steps;
    for (const Finding<State>& finding : resumed_->findings) {
      best_[finding.property] = finding;
      known_ |= PropertyMask{1} << finding.property;
    }
    for (const Finding<State>& finding : resumed_->several) {
      several_.add(finding, limits_.violations_max, order(lanes_[0]->worker));
    }
  }

  void tell_barrier(const Result<State>& result) {
    if (!at_barrier_) return;
    finish_workers();
    Barrier<State> barrier{result.levels, {}, several_.all(), level_, level_states_};
    for (const auto& found : best_) {
      if (found) barrier.findings.push_back(*found);
    }
    at_barrier_(barrier);
  }
  void finish_workers() {
    for (const auto& lane : lanes_) {
      if constexpr (requires { lane->worker.finish(); }) lane->worker.finish();
    }
  }

  bool at_limit() {
    if (progress_.interrupt) halt(Stop::interrupted);
    if (std::chrono::steady_clock::now() >= deadline_) halt(Stop::time);
    const bool deep = (limits_.depth_max != 0 && level_ >= limits_.depth_max) || level_ >= level_max;
    if (deep) halt(Stop::depth);
    return stop_ != Stop::none;
  }

  void explore_level() {
    progress_.level = level_;
    progress_.level_states = level_states_;
    progress_.level_expanded = 0;
    next_partition_ = 0;
    const std::size_t reached = static_cast<std::size_t>(progress_.states) / StateSet<State>::partitions;
    batch_ = std::clamp(reached / reached_per_waiting, batch_min, batch_max);
    // Here, and not in the threads: each of those would get a heap of its own.
    for (const auto& lane : lanes_) {
      for (auto& buffer : lane->buffers) buffer.reserve(batch_);
    }
    share_memory();
    in_parallel([this](Lane& lane) { work(lane); });
    if (stop_ == Stop::none) close_level(static_cast<Level>(level_ + 1));
  }

  void close_level(Level level) {
    next_partition_ = 0;
    in_parallel([this, level](Lane& lane) {
      std::size_t added = 0;
      for (std::size_t part = next_partition_++; part < StateSet<State>::partitions; part = next_partition_++) {
        if (!visited_->close(part, level, added)) halt(Stop::memory);
        if (!report(lane, 0)) break;
      }
      next_states_.fetch_add(added, std::memory_order_relaxed);
      progress_.states.fetch_add(added, std::memory_order_relaxed);
    });
  }

  // Runs the task once per lane, each in a thread of its own.
  template <class Task>
  void in_parallel(const Task& task) {
    in_threads(lanes_.size(), [this, &task](std::size_t i) {
      Lane& lane = *lanes_[i];
      try {
        task(lane);
      } catch (...) {
        lane.failure = std::current_exception();
        halt(Stop::interrupted);
      }
    });
    for (const auto& lane : lanes_) {
      if (lane->failure) std::rethrow_exception(lane->failure);
    }
  }

  void work(Lane& lane) {
    for (;;) {
      const std::size_t part = next_partition_.fetch_add(1);
      if (part >= StateSet<State>::partitions) break;
      lane.frontier.clear();
      visited_->collect(part, static_cast<Level>(level_), lane.frontier);
      // Neighbours one after another have much in common: what the worker looks up, and successors. Where nobody says
      // what neighbours are, it costs more than it gives.
      if constexpr (has_neighbourhood<State>) sort_states(lane.frontier);
      if (!expand(lane)) return;
    }
    // Each from another partition on, or else all would wait for one another at every one.
    const std::size_t first = lane.index * lane.buffers.size() / lanes_.size();
    for (std::size_t part = 0; part < lane.buffers.size(); ++part) flush(lane, (first + part) % lane.buffers.size());
  }

  // False: something has stopped the exploration.
  bool expand(Lane& lane) {
    std::size_t done = 0;
    for (const State& state : lane.frontier) {
      if (wants_several()) {
        expand_unbroken(lane, state);
      } else {
        const PropertyMask broken =
            lane.worker.successors(state, [&](const State& next, std::uint32_t action, PropertyMask by_step) {
              ++lane.steps;
              keep(lane, by_step, Finding<State>{0, true, state, action, next, level_ + 1});
              send(lane, next);
            });
        keep(lane, broken, Finding<State>{0, false, State{}, 0, state, level_});
      }
      if (++done % between_looks == 0 && !report(lane, between_looks)) return false;
    }
    return report(lane, done % between_looks);
  }

  // What comes after a broken claim is no other counterexample: it is not followed.
  void expand_unbroken(Lane& lane, const State& state) {
    lane.steps_out.clear();
    const PropertyMask broken =
        lane.worker.successors(state, [&lane](const State& next, std::uint32_t action, PropertyMask by_step) {
          ++lane.steps;
          lane.steps_out.push_back(Step{next, action, by_step});
        });
    keep(lane, broken, Finding<State>{0, false, State{}, 0, state, level_});
    if ((broken & claims_) != 0) return;
    for (const Step& step : lane.steps_out) {
      keep(lane, step.broken, Finding<State>{0, true, state, step.action, step.next, level_ + 1});
      if ((step.broken & claims_) == 0) send(lane, step.next);
    }
  }

  // Tells the progress, and looks whether to go on.
  bool report(Lane& lane, std::size_t expanded) {
    progress_.expanded.fetch_add(expanded, std::memory_order_relaxed);
    progress_.level_expanded.fetch_add(expanded, std::memory_order_relaxed);
    progress_.steps.fetch_add(std::exchange(lane.steps, 0), std::memory_order_relaxed);
    progress_.bytes.store(visited_->bytes_used() + other_bytes_, std::memory_order_relaxed);
    if (progress_.interrupt.load(std::memory_order_relaxed)) halt(Stop::interrupted);
    if (std::chrono::steady_clock::now() >= deadline_) halt(Stop::time);
    return stop_.load(std::memory_order_relaxed) == Stop::none;
  }

  void send(Lane& lane, const State& next) {
    if (lane.recent.contains(next)) return;
    const std::size_t part = StateSet<State>::partition_of(next);
    lane.buffers[part].push_back(next);
    if (lane.buffers[part].size() >= batch_) flush(lane, part);
  }

  void flush(Lane& lane, std::size_t part) {
    auto& buffer = lane.buffers[part];
    std::size_t added = 0;
    const bool fits = buffer.empty() || visited_->insert(part, buffer, static_cast<Level>(level_ + 1), added);
    if (!fits) halt(Stop::memory);
    buffer.clear();
    next_states_.fetch_add(added, std::memory_order_relaxed);
    progress_.states.fetch_add(added, std::memory_order_relaxed);
  }

  void halt(Stop why) {
    Stop none = Stop::none;
    stop_.compare_exchange_strong(none, why);
  }

  // The visited set gets what the rest leaves of the limit.
  void share_memory() {
    std::size_t others = system_.bytes_used();
    for (const auto& lane : lanes_) {
      others += lane->frontier.capacity() * sizeof(State) + lane->recent.bytes_used();
      others += lane->buffers.size() * (batch_ * sizeof(State) + sizeof(lane->buffers[0]));
      if constexpr (requires { lane->worker.bytes_used(); }) others += lane->worker.bytes_used();
    }
    other_bytes_ = others;
    if (limits_.memory_bytes == 0) return;
    visited_->set_bytes_max(limits_.memory_bytes > others ? limits_.memory_bytes - others : 0);
  }

  // --- findings ----------------------------------------------------------------------------------------------------

  void keep(Lane& lane, PropertyMask broken, Finding<State> finding) {
    const PropertyMask claims = wants_several() ? broken & claims_ : 0;
    if (claims != 0) {
      finding.property = static_cast<std::size_t>(std::countr_zero(claims));
      finding.also = claims & (claims - 1);
      lane.several.add(finding, limits_.violations_max, order(lane.worker));
    }
    for (broken &= ~known_; broken != 0; broken &= broken - 1) {
      finding.property = static_cast<std::size_t>(std::countr_zero(broken));
      finding.also = claims & ~(PropertyMask{1} << finding.property);
      auto& best = lane.found[finding.property];
      if (!best || order(lane.worker)(finding, *best)) best = finding;
    }
  }
  [[nodiscard]] bool wants_several() const { return limits_.violations_max > 1; }

  static FindingOrder<Worker> order(Worker& worker) { return FindingOrder<Worker>{worker}; }

  // Brings the lanes' findings together at the end of a level.
  void merge_findings() {
    for (const auto& lane : lanes_) {
      for (std::size_t i = 0; i < properties_.size(); ++i) {
        auto& found = lane->found[i];
        if (!found) continue;
        if (!best_[i] || order(lanes_[0]->worker)(*found, *best_[i])) best_[i] = found;
        found.reset();
      }
      for (const Finding<State>& found : lane->several.take()) {
        several_.add(found, limits_.violations_max, order(lanes_[0]->worker));
      }
    }
    for (std::size_t i = 0; i < properties_.size(); ++i) {
      if (best_[i]) known_ |= PropertyMask{1} << i;
    }
    const bool enough = wants_several() ? several_.size() == limits_.violations_max : (known_ & claims_) != 0;
    if (enough) halt(Stop::violation);
  }

  using Befores = typename RunTargets<State>::Befores;

  // For each target of this level: the first state of the level before from which one step leads to it, and that step.
  Befores predecessors(RunTargets<State>& targets, std::uint32_t level) {
    targets.look_for(level);
    const PropertyMask not_followed = wants_several() ? claims_ : 0;
    std::vector<Befores> firsts(lanes_.size(), Befores(targets.size()));
    next_partition_ = 0;
    in_parallel([&](Lane& lane) {
      for (std::size_t part = next_partition_++; part < StateSet<State>::partitions; part = next_partition_++) {
        lane.frontier.clear();
        visited_->collect(part, static_cast<Level>(level - 1), lane.frontier);
        targets.search(lane.worker, lane.frontier, not_followed, firsts[lane.index]);
      }
    });
    Befores best(targets.size());
    for (const Befores& some : firsts) {
      for (std::size_t i = 0; i < some.size(); ++i) {
        if (some[i]) RunTargets<State>::take_first(lanes_[0]->worker, *some[i], best[i]);
      }
    }
    return best;
  }

  void conclude(Result<State>& result) {
    // Without what follows a broken claim it is not through.
    if (wants_several() && several_.size() > 0) halt(Stop::violation);
    result.stop = stop_;
    result.states = progress_.states;
    result.steps = progress_.steps;
    share_memory();
    result.bytes = visited_->bytes_used() + other_bytes_;
    for (std::size_t i = 0; i < properties_.size(); ++i) {
      if (!best_[i]) continue;
      (properties_[i].mode == Mode::claim ? result.violations : result.observations).push_back(*best_[i]);
    }
    // One level can show a state that breaks a claim and a step out of it that breaks another: only the shorter run is
    // known to be shortest among all that break a claim.
    std::uint32_t shortest = ~std::uint32_t{0};
    for (const Finding<State>& found : result.violations) shortest = std::min(shortest, found.level);
    std::erase_if(result.violations, [shortest](const Finding<State>& found) { return found.level > shortest; });
    if (wants_several()) {
      several_.add_to(result.violations, limits_.violations_max, order(lanes_[0]->worker));
    }
    const bool users =
        stop_ == Stop::depth || stop_ == Stop::time || (stop_ == Stop::memory && limits_.memory_is_users);
    if (stop_ == Stop::none || stop_ == Stop::violation) {
      const bool through = level_states_ == 0 && several_.size() == 0;
      result.verdict = through ? Verdict::exhausted : Verdict::bounded;
    } else {
      result.verdict = users ? Verdict::bounded : Verdict::aborted;
    }
    result.bytes_on_disk = visited_->bytes_on_disk();
    result.omissions_expected = visited_->omissions_expected();
    if (!visited_->exact() && result.verdict == Verdict::exhausted) {
      result.verdict = Verdict::bounded;
      if (result.stop == Stop::none) result.stop = Stop::omissions;
    }
    finish_workers();
  }

  System& system_;
  Limits limits_;
  Progress& progress_;
  std::vector<Property> properties_;
  PropertyMask claims_ = 0;
  std::unique_ptr<StateSet<State>> visited_;
  AtBarrier at_barrier_;
  std::optional<Barrier<State>> resumed_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::array<std::optional<Finding<State>>, properties_max> best_;
  PropertyMask known_ = 0;  // found at an earlier level
  FirstFindings<State> several_;
  std::uint32_t level_ = 0;
  std::uint64_t level_states_ = 0;
  std::size_t other_bytes_ = 0;
  std::size_t batch_ = batch_min;  // of this level
  std::chrono::steady_clock::time_point deadline_;
  std::atomic<std::size_t> next_partition_{0};
  std::atomic<std::uint64_t> next_states_{0};
  std::atomic<Stop> stop_{Stop::none};
};

}  // namespace conclave::checker
