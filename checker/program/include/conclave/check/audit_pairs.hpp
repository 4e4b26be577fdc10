// The two systems side by side in the explorer, and what becomes of a difference that it finds.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conclave/check/audit.hpp"
#include "conclave/check/retelling.hpp"
#include "conclave/checker/explorer.hpp"
#include "conclave/checker/threads.hpp"
#include "conclave/spec/random.hpp"
#include "conclave/spec/side_by_side.hpp"

namespace conclave::check {

// What all workers together have compared.
struct AuditTally {
  std::atomic<std::uint64_t> compared{0};
  std::atomic<std::uint64_t> left_out{0};
};

// In words: which properties are in one set alone; what the reduction has made of each server; how servers look that
// should look the same. `plain` and `reduced`: a server each.
std::string properties_apart(spec::PropertySet plain, spec::PropertySet reduced);
std::vector<std::string> left_out_in_words(const spec::Scenario& scenario, const std::vector<spec::Server>& plain,
                                           const std::vector<spec::Server>& reduced);
std::string looks_apart(const spec::Scenario& scenario, const std::vector<spec::Server>& plain,
                        const std::vector<spec::Server>& reduced);

// One thread's, which adds to the tally what it has compared. `Beside`: SideBySide or LateBeside.
template <class Beside>
class TallyingWorker : public Beside {
 public:
  // The rest is for `Beside`.
  template <class... Arguments>
  explicit TallyingWorker(AuditTally& tally, Arguments&... arguments) : Beside(arguments...), tally_(tally) {}
  // Once, when everything has been looked at.
  void finish() {
    tally_.compared += this->compared();
    tally_.left_out += this->unmatched();
  }

 private:
  AuditTally& tally_;
};

// What is claimed of pairs: the sentences of so many kinds.
template <class Kind>
std::vector<checker::Property> pair_properties(std::size_t kinds) {
  std::vector<checker::Property> properties;
  for (std::size_t i = 0; i < kinds; ++i) {
    const std::string sentence(sentence_of(static_cast<Kind>(i)));
    properties.push_back({sentence, sentence, checker::Mode::claim});
  }
  return properties;
}

// `Reduced`: see spec::SideBySide.
template <std::size_t Words, class Reduced = spec::Worker<Words>>
class PairSystem {
 public:
  using State = spec::PairState<Words>;
  using Side = spec::PackedState<Words>;
  using Finding = checker::Finding<State>;
  using Trace = std::vector<checker::TraceStep<State>>;

  using Worker = TallyingWorker<spec::SideBySide<Words, Reduced>>;

  // All must outlive this.
  PairSystem(spec::ClosedSystem& system, const spec::Layout& layout, AuditTally& tally)
      : system_(system), layout_(layout), tally_(tally) {}

  Worker worker() { return Worker(tally_, system_, layout_); }
  [[nodiscard]] std::vector<checker::Property> properties() const {
    return pair_properties<spec::Disagreement>(spec::disagreements_count);
  }
  std::size_t bytes_used() { return system_.bytes_used(); }

  // A difference in words, with the run to it. Throws ReplayFailed.
  AuditFailure tell(const Finding& finding, const Trace& trace, bool shortest) {
    AuditFailure failure;
    const auto kind = static_cast<spec::Disagreement>(finding.property);
    failure.sentence = sentence_of(kind);
    failure.shortest = shortest;
    // The unreduced system's own steps; some may be the reduced one's alone.
    std::vector<checker::TraceStep<Side>> run;
    for (const auto& step : trace) {
      if (run.empty() || !(run.back().state == step.state.plain)) run.push_back({step.action, step.state.plain});
    }
    Retelling<Words> retelling(system_, layout_);
    failure.steps = retelling.steps(run);
    const State& before = finding.by_step ? finding.from : finding.state;
    failure.left_out = left_out_in_words(system_.scenario(), servers_of(before.plain), servers_of(before.reduced));
    spec::Worker<Words> plain(system_, layout_, false);
    Reduced reduced(system_, layout_);
    std::optional<spec::PropertySet> broken;
    std::optional<spec::PropertySet> broken_reduced;
    const spec::PropertySet judged =
        plain.successors(before.plain, [&](const Side&, std::uint32_t action, spec::PropertySet by_step) {
          if (action == finding.action) broken = by_step;
        });
    const spec::PropertySet judged_reduced =
        reduced.successors(before.reduced, [&](const Side&, std::uint32_t action, spec::PropertySet by_step) {
          if (action == finding.action) broken_reduced = by_step;
        });
    switch (kind) {
      case spec::Disagreement::looks:
        failure.clause =
            looks_apart(system_.scenario(), servers_of(finding.state.plain), servers_of(finding.state.reduced));
        break;
      case spec::Disagreement::breaks:
        failure.clause = properties_apart(broken.value_or(0), broken_reduced.value_or(0));
        break;
      case spec::Disagreement::judged: failure.clause = properties_apart(judged, judged_reduced); break;
      case spec::Disagreement::actions:
        failure.clause = broken ? "the reduced system does not take this step" : "only the reduced system can go on:";
        if (!broken) failure.clause += " " + action_in_words(finding.action);
        break;
      case spec::Disagreement::count_: break;
    }
    return failure;
  }

 private:
  std::vector<spec::Server> servers_of(const Side& side) {
    std::vector<spec::Server> servers;
    for (int i = 0; i < system_.servers(); ++i) {
      servers.push_back(system_.machine().decoded(i, layout_.get(side, system_.fields().local(i))));
    }
    return servers;
  }
  [[nodiscard]] std::string action_in_words(std::uint32_t code) const;

  spec::ClosedSystem& system_;
  const spec::Layout& layout_;
  AuditTally& tally_;
};

std::string bare_action_text(const spec::Action& action, const spec::Scenario& scenario);

template <std::size_t Words, class Reduced>
std::string PairSystem<Words, Reduced>::action_in_words(std::uint32_t code) const {
  return bare_action_text(spec::Action::from(code), system_.scenario());
}

// Every reachable pair of such a system as PairSystem is. The shortest run to a difference, if there is one.
template <class System>
void audit_every(System& pairs, const AuditTally& tally, const checker::Limits& limits, checker::Progress& progress,
                 Audit& audit) {
  checker::Explorer<System> explorer(pairs, limits, progress);
  const auto result = explorer.run();
  audit.pairs = result.states;
  audit.steps = tally.compared;
  audit.left_out = tally.left_out;
  audit.verdict = result.verdict;
  audit.stop = result.stop;
  audit.bytes = result.bytes;
  if (result.violations.empty()) return;
  const auto& first = result.violations.front();
  audit.failure = pairs.tell(first, explorer.trace(first), true);
}

// The pairs along random runs: the same runs with any number of threads, and of several differences that of the first
// run.
template <class System>
class AuditRuns {
 public:
  using State = typename System::State;

  // All must outlive this.
  AuditRuns(System& system, const AuditOptions& options, const checker::Limits& limits, checker::Progress& progress)
      : system_(system), options_(options), limits_(limits), progress_(progress) {}

  void run(Audit& audit) {
    if (limits_.time_max.count() != 0) deadline_ = Clock::now() + limits_.time_max;
    const auto threads = static_cast<std::size_t>(std::max(1, limits_.threads));
    std::vector<std::exception_ptr> failures(threads);
    checker::in_threads(threads, [&](std::size_t thread) {
      try {
        work();
      } catch (...) {
        failures[thread] = std::current_exception();
        stop_ = checker::Stop::interrupted;
      }
    });
    for (const std::exception_ptr& failure : failures) {
      if (failure) std::rethrow_exception(failure);
    }
    audit.pairs = progress_.states;
    audit.runs = done_;
    audit.bytes = system_.bytes_used();
    audit.stop = stop_;
    if (stop_ != checker::Stop::none) {
      audit.verdict = stop_ == checker::Stop::interrupted ? checker::Verdict::aborted : checker::Verdict::bounded;
    }
    if (first_) audit.failure = system_.tell(first_->finding, first_->trace, false);
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Found {
    std::uint64_t run = 0;
    typename System::Finding finding;
    typename System::Trace trace;
  };
  struct Choice {
    State next;
    std::uint32_t action = 0;
  };

  void work() {
    typename System::Worker worker = system_.worker();
    for (;;) {
      const std::uint64_t number = next_++;
      if (number >= options_.runs || stop_ != checker::Stop::none || number > first_run_) break;
      go_along(worker, number);
      if (stop_ == checker::Stop::none) ++done_;
    }
    worker.finish();
  }

  void go_along(typename System::Worker& worker, std::uint64_t number) {
    spec::Random random(spec::seed_of(options_.seed, number));
    State state{};
    worker.initial([&state](const State& initial) { state = initial; });
    typename System::Trace trace{{0, state}};
    std::vector<Choice> choices;
    for (int step = 0; step <= audit_steps_max; ++step) {
      if (progress_.interrupt) stop_ = checker::Stop::interrupted;
      if (limits_.time_max.count() != 0 && Clock::now() >= deadline_) stop_ = checker::Stop::time;
      if (stop_ != checker::Stop::none) return;
      choices.clear();
      std::optional<typename System::Finding> found;
      const auto note = [&](std::uint64_t kinds, typename System::Finding finding) {
        if (kinds == 0 || found) return;
        finding.property = static_cast<std::size_t>(std::countr_zero(kinds));
        found = finding;
      };
      const auto level = static_cast<std::uint32_t>(step);
      const std::uint64_t judged =
          worker.successors(state, [&](const State& next, std::uint32_t action, std::uint64_t by_step) {
            note(by_step, {0, true, state, action, next, level + 1});
            choices.push_back({next, action});
          });
      ++progress_.states;
      progress_.steps += choices.size();
      note(judged, {0, false, State{}, 0, state, level});
      if (found) {
        if (found->by_step) trace.push_back({found->action, found->state});
        return keep(Found{number, *found, std::move(trace)});
      }
      if (choices.empty()) return;
      const Choice& choice = choices[random.below(static_cast<std::uint32_t>(choices.size()))];
      state = choice.next;
      trace.push_back({choice.action, choice.next});
    }
  }
  void keep(Found found) {
    const std::scoped_lock lock(mutex_);
    if (first_ && first_->run <= found.run) return;
    first_run_ = found.run;
    first_ = std::move(found);
  }

  System& system_;
  const AuditOptions& options_;
  const checker::Limits& limits_;
  checker::Progress& progress_;
  Clock::time_point deadline_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<std::uint64_t> done_{0};
  std::atomic<std::uint64_t> first_run_{~std::uint64_t{0}};
  std::atomic<checker::Stop> stop_{checker::Stop::none};
  std::mutex mutex_;
  std::optional<Found> first_;
};

template <class System>
void audit_random(System& pairs, const AuditTally& tally, const AuditOptions& options, const checker::Limits& limits,
                  checker::Progress& progress, Audit& audit) {
  AuditRuns<System>(pairs, options, limits, progress).run(audit);
  audit.steps = tally.compared;
  audit.left_out = tally.left_out;
}

// Both of PairSystem's.
template <std::size_t Words, class Reduced = spec::Worker<Words>>
void audit_every_pair(spec::ClosedSystem& system, const spec::Layout& layout, const checker::Limits& limits,
                      checker::Progress& progress, Audit& audit) {
  AuditTally tally;
  PairSystem<Words, Reduced> pairs(system, layout, tally);
  audit_every(pairs, tally, limits, progress, audit);
}
template <std::size_t Words, class Reduced = spec::Worker<Words>>
void audit_random_pairs(spec::ClosedSystem& system, const spec::Layout& layout, const AuditOptions& options,
                        const checker::Limits& limits, checker::Progress& progress, Audit& audit) {
  AuditTally tally;
  PairSystem<Words, Reduced> pairs(system, layout, tally);
  audit_random(pairs, tally, options, limits, progress, audit);
}

}  // namespace conclave::check
