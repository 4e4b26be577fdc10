// A run that the explorer has found, told again with the servers themselves.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "conclave/check/run.hpp"
#include "conclave/checker/result.hpp"
#include "conclave/spec/layout.hpp"
#include "conclave/spec/replay.hpp"
#include "conclave/spec/worker.hpp"

namespace conclave::check {

// The clause of a property of states. Those of steps are put into words where the step is taken.
std::string explain_state(const spec::Scenario& scenario, spec::Property property,
                          const std::vector<spec::Server>& servers);
// What everybody can see of a server has to be the same in the replay and in the exploration.
bool looks_alike(const spec::Server& left, const spec::Server& right, const spec::Scope& scope);

template <std::size_t Words>
class Retelling {
 public:
  using State = spec::PackedState<Words>;

  // Both must outlive this.
  Retelling(spec::ClosedSystem& system, const spec::Layout& layout) : system_(system), worker_(system, layout) {}

  // Throws ReplayFailed where the servers come to other states than the explorer did.
  Run tell(const checker::Finding<State>& finding, const std::vector<checker::TraceStep<State>>& trace) {
    Run run;
    run.property = static_cast<spec::Property>(finding.property);
    run.also = finding.also;
    run.steps = steps(trace, run.property, &run.clause);
    const bool broken_by_step = (run.steps.back().broken & bit(run.property)) != 0;
    if (finding.by_step && !broken_by_step) throw ReplayFailed("the last step of the run breaks nothing when retold");
    if (!finding.by_step) run.clause = explain_state(system_.scenario(), run.property, run.steps.back().servers);
    return run;
  }

  // The same without a finding. `clause`: how the last step broke the property, in words.
  std::vector<RunStep> steps(const std::vector<checker::TraceStep<State>>& trace,
                             spec::Property watched = spec::Property::no_deadlock, std::string* clause = nullptr) {
    std::vector<RunStep> steps;
    spec::Replay replay(system_);
    steps.push_back(RunStep{{}, {}, replay.servers(), 0, 0, {}, replay.under_way()});
    for (std::size_t i = 1; i < trace.size(); ++i) {
      const spec::Action action = spec::Action::from(trace[i].action);
      const spec::Replay::Step step = replay.take(action, watched);
      if (!step.possible) throw ReplayFailed("step " + std::to_string(i) + " of the run can't be taken");
      compare(replay.servers(), trace[i].state, i);
      steps.push_back(
          RunStep{action, step.heard, replay.servers(), step.broken, step.sent_at, step.gone, replay.under_way()});
      if (i + 1 == trace.size() && clause != nullptr) *clause = step.clause;
    }
    return steps;
  }

 private:
  void compare(const std::vector<spec::Server>& servers, const State& state, std::size_t step) {
    for (int i = 0; i < system_.servers(); ++i) {
      const spec::Server explored = system_.machine().decoded(i, worker_.local(state, i));
      if (looks_alike(servers[static_cast<std::size_t>(i)], explored, system_.scope())) continue;
      throw ReplayFailed("server " + std::to_string(system_.id(i).value) + " is in another state after step " +
                         std::to_string(step) + " when the run is retold");
    }
  }

  spec::ClosedSystem& system_;
  spec::Worker<Words> worker_;
};

}  // namespace conclave::check
