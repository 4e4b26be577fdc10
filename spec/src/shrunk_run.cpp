#include "conclave/spec/shrunk_run.hpp"

#include <algorithm>
#include <bit>
#include <utility>

#include "conclave/spec/shrink.hpp"

namespace conclave::spec {
namespace {

class Shrinker {
 public:
  Shrinker(const Trial& trial, const RunRecord& record, std::uint64_t steps_max)
      : trial_(trial), failure_(failure_of(record)), steps_max_(steps_max) {
    result_.swarm = trial.swarm;
    result_.steps_before = record.schedule.size();
    result_.schedule = record.schedule;
    if (in_calm()) result_.schedule.resize(record.calm_from);
  }

  ShrunkRun run() {
    // First as it is, which leaves out what was chosen after the failure and what was not possible.
    attempt(result_.swarm, result_.schedule);
    start_apart();
    leave_out_idle_steps();
    leave_out_unrelated_steps();
    plain_histories();
    leave_out_servers();
    leave_out_steps();
    if (plain_histories()) leave_out_steps();
    leave_out_absent();
    // What is left is taken once more, to its end: the record is of it and nothing else.
    const Trial last = trial_of(result_.swarm);
    result_.record = follow_schedule(Trial{last.swarm, last.rules, last.claims, last.seed, none_, nullptr},
                                     result_.schedule, in_calm());
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool in_calm() const { return failure_.end != RunEnd::broken; }
  [[nodiscard]] Trial trial_of(const Swarm& swarm) const {
    const PropertySet claims = in_calm() ? trial_.claims : bit(failure_.property);
    return Trial{swarm, trial_.rules, claims, trial_.seed, none_, trial_.interrupt};
  }
  [[nodiscard]] bool out_of_steps() {
    const bool stop = result_.steps_tried >= steps_max_ || (trial_.interrupt != nullptr && *trial_.interrupt);
    if (stop) result_.complete = false;
    return stop;
  }

  // Does it still fail so? Then `schedule` becomes what of it was taken.
  bool fails(const Swarm& swarm, std::vector<Action>& schedule) {
    if (out_of_steps()) return false;
    RunRecord record = follow_schedule(trial_of(swarm), schedule, in_calm());
    result_.steps_tried += record.schedule.size() + swarm.scenario.participants.size();
    if (record.end != failure_.end) return false;
    schedule = std::move(record.schedule);
    if (in_calm()) schedule.resize(record.calm_from);
    return true;
  }
  // The same, and what fails is kept.
  bool attempt(Swarm swarm, std::vector<Action> schedule) {
    if (!fails(swarm, schedule)) return false;
    result_.swarm = std::move(swarm);
    result_.schedule = std::move(schedule);
    return true;
  }

  // Started one by one servers can be left out.
  void start_apart() {
    if (result_.swarm.scope.start == StartKind::staggered) return;
    Swarm swarm = result_.swarm;
    swarm.scope.start = StartKind::staggered;
    std::vector<Action> schedule;
    for (std::size_t i = 0; i < swarm.scenario.participants.size(); ++i) {
      schedule.push_back(Action{ActionKind::start, static_cast<std::uint8_t>(i), 0, {}});
    }
    schedule.insert(schedule.end(), result_.schedule.begin(), result_.schedule.end());
    attempt(swarm, std::move(schedule));
  }

  // All the same; else each the plainest, one after the other. True: some have changed.
  bool plain_histories() {
    const model::Durable plain{model::PeerEpoch{1}, model::PeerEpoch{1}, model::Zxid{1}};
    Swarm swarm = result_.swarm;
    bool changed = false;
    for (Participant& one : swarm.scenario.participants) {
      changed = changed || !(one.durable == plain);
      one.durable = plain;
    }
    if (!changed || attempt(swarm, result_.schedule)) return changed;
    changed = false;
    for (std::size_t i = 0; i < swarm.scenario.participants.size(); ++i) {
      swarm = result_.swarm;
      Participant& one = swarm.scenario.participants[i];
      if (one.durable == plain) continue;
      one.durable = plain;
      changed = attempt(swarm, result_.schedule) || changed;
    }
    return changed;
  }

  void leave_out_servers() {
    if (result_.swarm.scope.start == StartKind::together) return;
    std::vector<std::uint8_t> servers;
    for (std::size_t i = 0; i < result_.swarm.scenario.participants.size(); ++i) {
      servers.push_back(static_cast<std::uint8_t>(i));
    }
    shrink(std::move(servers), [&](const std::vector<std::uint8_t>& kept) {
      const auto in = [&kept](std::uint8_t server) { return std::binary_search(kept.begin(), kept.end(), server); };
      std::vector<Action> schedule;
      for (const Action& action : result_.schedule) {
        if (in(action.server) && (!has_peer(action) || in(action.peer))) schedule.push_back(action);
      }
      return attempt(result_.swarm, std::move(schedule));
    });
  }
  static bool has_peer(const Action& action) {
    return action.kind == ActionKind::read || action.kind == ActionKind::deliver || action.kind == ActionKind::lose;
  }

  // All at once that change nothing in the server that takes them: most of what a server hears it knows already.
  void leave_out_idle_steps() {
    std::vector<Action> busy;
    std::vector<Server> before;
    const StepObserver note = [&](const World& world, const Action* action, const Replay::Step*) {
      const std::vector<Server>& now = world.replay().servers();
      if (action == nullptr) {
        before = now;
        return;
      }
      const bool hears = action->kind == ActionKind::read || action->kind == ActionKind::deliver;
      const bool idle = hears && now[action->server].peer == before[action->server].peer;
      if (!idle) busy.push_back(*action);
      before[action->server] = now[action->server];
    };
    watch(note);
    attempt(result_.swarm, std::move(busy));
  }

  // What happened before the failure at other servers matters only where somebody heard of it, and so on.
  void leave_out_unrelated_steps() {
    if (in_calm()) return;
    std::vector<std::size_t> sent_at;
    watch([&](const World&, const Action* action, const Replay::Step* step) {
      if (action != nullptr) sent_at.push_back(step->sent_at);
    });
    const std::vector<Action>& all = result_.schedule;
    if (all.empty() || sent_at.size() != all.size()) return;
    std::vector<std::size_t> until(result_.swarm.scenario.participants.size(), 0);  // steps are counted from 1
    until[all.back().server] = all.size();
    std::vector<Action> related;
    for (std::size_t i = all.size(); i > 0; --i) {
      const Action& action = all[i - 1];
      if (i > until[action.server]) continue;
      related.push_back(action);
      if (has_peer(action)) until[action.peer] = std::max(until[action.peer], sent_at[i - 1]);
    }
    std::reverse(related.begin(), related.end());
    attempt(result_.swarm, std::move(related));
  }

  // Goes through the run as it is by now.
  void watch(const StepObserver& observer) {
    const Trial trial = trial_of(result_.swarm);
    follow_schedule(Trial{trial.swarm, trial.rules, trial.claims, trial.seed, observer, trial.interrupt},
                    result_.schedule, false);
    result_.steps_tried += result_.schedule.size();
  }

  void leave_out_steps() {
    result_.schedule =
        shrink(result_.schedule, [this](std::vector<Action>& less) { return fails(result_.swarm, less); });
  }

  // Those that never start take no part. Indices change.
  void leave_out_absent() {
    Swarm swarm = result_.swarm;
    if (swarm.scope.start == StartKind::together) return;
    std::vector<int> place(swarm.scenario.participants.size(), -1);
    for (const Action& action : result_.schedule) {
      if (action.kind == ActionKind::start) place[action.server] = 0;
    }
    std::vector<Participant> kept;
    std::vector<std::uint32_t> speeds;
    for (std::size_t i = 0; i < place.size(); ++i) {
      if (place[i] < 0) continue;
      place[i] = static_cast<int>(kept.size());
      kept.push_back(swarm.scenario.participants[i]);
      speeds.push_back(swarm.speeds[i]);
    }
    if (kept.empty()) return;
    swarm.scenario.participants = std::move(kept);
    swarm.speeds = std::move(speeds);
    std::vector<Action> schedule = result_.schedule;
    for (Action& action : schedule) {
      action.server = static_cast<std::uint8_t>(place[action.server]);
      action.peer = static_cast<std::uint8_t>(has_peer(action) ? place[action.peer] : 0);
    }
    attempt(swarm, std::move(schedule));
  }

  const Trial& trial_;
  Failure failure_;
  std::uint64_t steps_max_;
  ShrunkRun result_;
  StepObserver none_;
};

}  // namespace

Failure failure_of(const RunRecord& record) {
  Failure failure{record.end, Property::count_};
  if (record.end == RunEnd::broken) {
    failure.property = static_cast<Property>(std::countr_zero(record.broken));
  }
  return failure;
}

ShrunkRun shrink_run(const Trial& trial, const RunRecord& record, std::uint64_t steps_max) {
  return Shrinker(trial, record, steps_max).run();
}

}  // namespace conclave::spec
