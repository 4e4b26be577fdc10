// Many random runs, by several threads, counted in the order of their numbers.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>
#include <unordered_set>
#include <utility>

#include "conclave/check/retelling.hpp"
#include "conclave/check/simulate_command.hpp"
#include "conclave/spec/liveness_claims.hpp"

namespace conclave::check {
namespace {

using Clock = std::chrono::steady_clock;
using spec::RunEnd;

bool failed(RunEnd end) { return end == RunEnd::broken || end == RunEnd::stuck || end == RunEnd::unsettled; }

spec::RunRecord tallied_run(const SimulateOptions& options, std::uint64_t number, const std::atomic<bool>& stop,
                            RunTally& tally) {
  const spec::Swarm swarm = swarm_of_run(options, number);
  std::unordered_set<std::uint64_t> seen;
  const auto note = [&](const spec::World& world, int server) {
    const std::uint64_t fingerprint = std::hash<std::string_view>{}(spec::local_state(world, server));
    if (seen.insert(fingerprint).second) tally.local_states.push_back(fingerprint);
  };
  const spec::StepObserver observer = [&](const spec::World& world, const spec::Action* action,
                                          const spec::Replay::Step* step) {
    if (action == nullptr) {
      tally.applicable = world.applicable();
      for (int i = 0; i < world.servers(); ++i) note(world, i);
      return;
    }
    ++tally.actions[static_cast<std::size_t>(action->kind)];
    for (std::size_t i = 0; i < spec::properties_count; ++i) tally.tested[i] += step->tested >> i & 1U;
    for (std::size_t i = 0; i < model::rules_count; ++i) {
      if (step->rules.has(static_cast<model::Rule>(i))) ++tally.rules[i];
    }
    note(world, action->server);
  };
  spec::RunRecord record = spec::simulate_run(
      spec::Trial{swarm, *options.rules, simulated_claims(options), seed_of_run(options, number), observer, &stop});
  tally.end = record.end;
  tally.steps = record.schedule.size();
  tally.servers = swarm.scenario.participants.size();
  tally.scope = swarm.scope;
  tally.seen = record.seen;
  for (const spec::Property property : {spec::Property::quorum_took_part, spec::Property::one_leader_per_round}) {
    const bool judged = (tally.applicable & spec::bit(property)) != 0;
    if (judged) tally.tested[static_cast<std::size_t>(property)] = tally.steps + 1;
  }
  const bool had_to_settle = tally.end == RunEnd::settled || tally.end == RunEnd::stuck;
  if (had_to_settle) tally.tested[static_cast<std::size_t>(spec::Property::no_deadlock)] = 1;
  return record;
}

// What threads have finished, until it is its turn to be counted.
class Finished {
 public:
  struct Entry {
    RunTally tally;
    spec::RunRecord record;
  };

  Finished(std::uint64_t first, std::uint64_t last, int threads)
      : next_(first), last_(last), turn_(first), lead_max_(static_cast<std::uint64_t>(threads) * 8) {}

  // A number for a thread to run; nothing when it is to end. Waits while others are far behind.
  std::optional<std::uint64_t> take_number() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return closed_ || next_ > last_ || next_ < turn_ + lead_max_; });
    if (closed_ || next_ > last_) return std::nullopt;
    return next_++;
  }
  void put(std::uint64_t number, Entry entry) {
    const std::scoped_lock lock(mutex_);
    entries_.emplace(number, std::move(entry));
    news_.notify_one();
  }
  // A thread can't go on.
  void fail(std::exception_ptr why) {
    const std::scoped_lock lock(mutex_);
    failure_ = std::move(why);
    news_.notify_one();
  }
  [[nodiscard]] std::exception_ptr failure() {
    const std::scoped_lock lock(mutex_);
    return failure_;
  }
  // The run whose turn it is, if it is finished before the time is over.
  std::optional<Entry> take(Clock::time_point until) {
    std::unique_lock lock(mutex_);
    const auto something = [this] { return failure_ != nullptr || entries_.count(turn_) > 0; };
    if (!news_.wait_until(lock, until, something) || entries_.count(turn_) == 0) return std::nullopt;
    Entry entry = std::move(entries_.extract(turn_).mapped());
    ++turn_;
    room_.notify_all();
    return entry;
  }
  void close() {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    room_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable room_;
  std::condition_variable news_;
  std::map<std::uint64_t, Entry> entries_;
  std::uint64_t next_;
  std::uint64_t last_;
  std::uint64_t turn_;
  std::uint64_t lead_max_;
  bool closed_ = false;
  std::exception_ptr failure_;
};

void work(const SimulateOptions& options, const std::atomic<bool>& stop, Finished& finished) {
  try {
    while (const auto number = finished.take_number()) {
      Finished::Entry entry;
      entry.record = tallied_run(options, *number, stop, entry.tally);
      if (stop) return;
      if (!failed(entry.tally.end)) entry.record = {};
      finished.put(*number, std::move(entry));
    }
  } catch (...) {
    finished.fail(std::current_exception());
  }
}

class Counter {
 public:
  explicit Counter(SimulateReport& report) : report_(report) {}

  void add(const RunTally& tally) {
    ++report_.runs;
    report_.steps += tally.steps;
    report_.servers_least = report_.runs == 1 ? tally.servers : std::min(report_.servers_least, tally.servers);
    report_.servers_most = std::max(report_.servers_most, tally.servers);
    ++report_.ends[static_cast<std::size_t>(tally.end)];
    report_.applicable |= tally.applicable;
    for (std::size_t i = 0; i < spec::properties_count; ++i) {
      report_.seen[i] += tally.seen >> i & 1U;
      report_.tested[i] += tally.tested[i];
    }
    for (std::size_t i = 0; i < model::rules_count; ++i) report_.rules[i] += tally.rules[i];
    for (std::size_t i = 0; i < action_kinds; ++i) report_.actions[i] += tally.actions[i];
    report_.fifo += tally.scope.network.kind == spec::NetworkKind::fifo ? 1 : 0;
    report_.timely += tally.scope.timing == spec::TimingKind::timely ? 1 : 0;
    report_.together += tally.scope.start == spec::StartKind::together ? 1 : 0;
    report_.fine += tally.scope.grain == spec::Grain::fine ? 1 : 0;
    report_.roles_end_at_any_time += tally.scope.role_end == spec::RoleEnd::any ? 1 : 0;
    if (report_.local_states_full) return;
    const std::size_t before = known_.size();
    known_.insert(tally.local_states.begin(), tally.local_states.end());
    if (known_.size() > before) report_.last_new_run = report_.runs;
    report_.local_states = known_.size();
    report_.local_states_full = known_.size() > local_states_max;
  }

 private:
  SimulateReport& report_;
  std::unordered_set<std::uint64_t> known_;
};

// Takes the shrunk run from the start once more, and writes down what each step does.
Run told(const spec::ShrunkRun& shrunk, const spec::RuleVariant& rules, std::size_t steps_max) {
  const spec::Failure failure = spec::failure_of(shrunk.record);
  const bool in_calm = failure.end != RunEnd::broken;
  Run run;
  run.property = in_calm ? spec::Property::no_deadlock : failure.property;
  const spec::LocalSteps steps(shrunk.swarm.scenario, shrunk.swarm.scope, rules);
  spec::World world(steps);
  const auto look = [&] {
    RunStep step;
    step.servers = world.replay().servers();
    step.under_way = world.replay().under_way();
    return step;
  };
  run.steps.push_back(look());
  spec::PropertySet broken = world.judge_state();
  const std::vector<spec::Action>& schedule = shrunk.record.schedule;
  for (std::size_t i = 0; i < std::min(steps_max, schedule.size()); ++i) {
    if (!world.possible(schedule[i])) {
      throw ReplayFailed("step " + std::to_string(i + 1) + " of the shrunk run can't be taken");
    }
    spec::Replay::Step step = world.take(schedule[i], run.property);
    RunStep seen = look();
    seen.action = schedule[i];
    seen.heard = step.heard;
    seen.broken = broken = step.broken;
    seen.sent_at = step.sent_at;
    seen.gone = std::move(step.gone);
    run.clause = step.clause;
    run.steps.push_back(std::move(seen));
  }
  if (!in_calm && (broken & spec::bit(run.property)) == 0) {
    throw ReplayFailed("the last step of the shrunk run breaks nothing when it is told");
  }
  if (failure.end == RunEnd::stuck && steps_max >= schedule.size() && !world.stuck()) {
    throw ReplayFailed("after the last step of the shrunk run something can still happen when it is told");
  }
  if (run.clause.empty()) {
    run.clause = explain_state(shrunk.swarm.scenario, run.property, run.steps.back().servers);
  }
  return run;
}

SimulatedFailure failure_from(const SimulateOptions& options, std::uint64_t number, const spec::RunRecord& record,
                              const std::atomic<bool>& interrupt) {
  constexpr std::size_t calm_told_max = 200;
  SimulatedFailure failure;
  failure.run = number;
  const spec::Swarm swarm = swarm_of_run(options, number);
  const spec::StepObserver none;
  failure.shrunk = spec::shrink_run(
      spec::Trial{swarm, *options.rules, simulated_claims(options), seed_of_run(options, number), none, &interrupt},
      record);
  const spec::RunRecord& small = failure.shrunk.record;
  if (!failed(small.end)) throw ReplayFailed("the shrunk run does not fail when it is made again");
  const std::size_t told_max = small.calm_from + calm_told_max;
  const bool in_calm = small.end != RunEnd::broken;
  const std::size_t steps = in_calm ? std::min(told_max, small.schedule.size()) : small.schedule.size();
  failure.not_told = small.schedule.size() - steps;
  failure.told = told(failure.shrunk, *options.rules, steps);
  if (small.end == RunEnd::unsettled) {
    failure.name = spec::eventually_settled.name;
    failure.sentence = spec::eventually_settled.sentence;
    failure.told.clause = "once faults stop the servers have far more time than they need, and do not settle";
  } else {
    const spec::PropertyInfo& info = spec::info_of(failure.told.property);
    failure.name = info.name;
    failure.sentence = info.sentence;
  }
  return failure;
}

}  // namespace

spec::PropertySet simulated_claims(const SimulateOptions& options) {
  spec::PropertySet claims = options.claim;
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    if (info.kind == spec::PropertyKind::always) claims |= spec::bit(info.property);
  }
  return claims;
}

spec::Swarm swarm_of_run(const SimulateOptions& options, std::uint64_t run) {
  spec::Random random(spec::seed_of(options.seed, 2 * run));
  return spec::draw_swarm(options.bounds, random);
}

std::uint64_t seed_of_run(const SimulateOptions& options, std::uint64_t run) {
  return spec::seed_of(options.seed, 2 * run + 1);
}

SimulateReport simulate(const SimulateOptions& options, const std::atomic<bool>& interrupt,
                        const std::function<void(const SimulateReport&)>& after) {
  using namespace std::chrono_literals;
  const auto began = Clock::now();
  const auto deadline =
      options.time_max_ms > 0 ? began + std::chrono::milliseconds(options.time_max_ms) : Clock::time_point::max();
  const std::uint64_t first = options.run.value_or(1);
  const std::uint64_t last = options.run ? first : options.runs > 0 ? options.runs : ~std::uint64_t{0} - 1;
  Finished finished(first, last, options.threads);
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  threads.reserve(static_cast<std::size_t>(options.threads));
  for (int i = 0; i < options.threads; ++i) {
    threads.emplace_back([&] { work(options, stop, finished); });
  }
  SimulateReport report;
  Counter counter(report);
  std::optional<std::pair<std::uint64_t, spec::RunRecord>> failure;
  for (std::uint64_t number = first; number <= last && !failure;) {
    report.interrupted = interrupt;
    report.timed_out = Clock::now() >= deadline;
    if (report.interrupted || report.timed_out || finished.failure()) break;
    auto entry = finished.take(std::min(deadline, Clock::now() + 100ms));
    if (!entry) continue;
    counter.add(entry->tally);
    if (failed(entry->tally.end)) failure.emplace(number, std::move(entry->record));
    report.seconds = std::chrono::duration<double>(Clock::now() - began).count();
    if (after) after(report);
    ++number;
  }
  stop = true;
  finished.close();
  for (std::thread& thread : threads) thread.join();
  if (finished.failure() && !failure) std::rethrow_exception(finished.failure());
  if (failure) report.failure = failure_from(options, failure->first, failure->second, interrupt);
  report.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  return report;
}

}  // namespace conclave::check
