#include <atomic>
#include <chrono>
#include <string>
#include <utility>

#include "conclave/check/connections_command.hpp"
#include "conclave/check/run.hpp"
#include "conclave/checker/explorer.hpp"

namespace conclave::check {
namespace {

using spec::ConnectionAction;
using spec::ConnectionSystem;
using spec::ConnectionWorld;
using State = ConnectionSystem::State;

class ConnectionsWorker {
 public:
  ConnectionsWorker(const ConnectionSystem& system, std::atomic<std::uint64_t>& all_cut)
      : system_(system), all_cut_(&all_cut) {}

  template <class Emit>
  void initial(const Emit& emit) {
    emit(ConnectionSystem::pack(ConnectionWorld{}));
  }
  template <class Emit>
  spec::PropertySet successors(const State& state, const Emit& emit) {
    return system_.successors(
        ConnectionSystem::unpack(state),
        [&emit](const ConnectionWorld& next, ConnectionAction action, spec::PropertySet seen) {
          emit(ConnectionSystem::pack(next), action.code(), seen);
        },
        cut_);
  }
  [[nodiscard]] bool precedes(const State& left, const State& right) const { return right.words < left.words; }
  void finish() { *all_cut_ += std::exchange(cut_, 0); }

 private:
  const ConnectionSystem& system_;
  std::atomic<std::uint64_t>* all_cut_;
  std::uint64_t cut_ = 0;
};

class ConnectionsAdapter {
 public:
  using State = ConnectionSystem::State;

  explicit ConnectionsAdapter(const ConnectionSystem& system) : system_(system) {}
  ConnectionsWorker worker() { return ConnectionsWorker(system_, cut_); }
  [[nodiscard]] std::vector<checker::Property> properties() const {
    std::vector<checker::Property> properties;
    for (const spec::ConnectionPropertyInfo& info : spec::connection_property_infos()) {
      const bool claim = info.kind == spec::PropertyKind::always;
      properties.push_back({std::string(info.name), std::string(info.sentence),
                            claim ? checker::Mode::claim : checker::Mode::observe});
    }
    return properties;
  }
  [[nodiscard]] std::size_t bytes_used() const { return 0; }
  [[nodiscard]] std::uint64_t cut() const { return cut_; }

 private:
  const ConnectionSystem& system_;
  std::atomic<std::uint64_t> cut_{0};
};

// Takes the actions of a run again, from the start and in one world that is never packed.
ConnectionsRun tell(const ConnectionSystem& system, const checker::Finding<State>& finding,
                    const std::vector<checker::TraceStep<State>>& trace) {
  ConnectionsRun run;
  run.property = static_cast<spec::ConnectionProperty>(finding.property);
  run.steps.push_back({});
  spec::PropertySet seen = 0;
  std::uint64_t cut = 0;
  for (std::size_t i = 1; i < trace.size(); ++i) {
    std::optional<ConnectionsRunStep> reached;
    const auto take = [&](const ConnectionWorld& next, ConnectionAction action, spec::PropertySet broken) {
      if (action.code() != trace[i].action) return;
      reached = ConnectionsRunStep{action, next};
      seen = broken;
    };
    system.successors(run.steps.back().world, take, cut);
    if (!reached) throw ReplayFailed("step " + std::to_string(i) + " of the run can't be taken");
    if (ConnectionSystem::pack(reached->world) != trace[i].state) {
      throw ReplayFailed("after step " + std::to_string(i) + " the run comes to another state when it is retold");
    }
    run.steps.push_back(*reached);
  }
  if (!finding.by_step) {
    seen = system.successors(
        run.steps.back().world, [](const ConnectionWorld&, ConnectionAction, spec::PropertySet) {}, cut);
  }
  if ((seen & spec::bit(run.property)) == 0) throw ReplayFailed("the run shows nothing when it is retold");
  return run;
}

}  // namespace

ConnectionsReport explore_connections(const ConnectionsOptions& options, const checker::Limits& limits,
                                      checker::Progress& progress) {
  const auto began = std::chrono::steady_clock::now();
  const ConnectionSystem system(options.scope, options.rules->rules);
  ConnectionsAdapter adapter(system);
  checker::Explorer<ConnectionsAdapter> explorer(adapter, limits, progress);
  const auto result = explorer.run();
  ConnectionsReport report;
  report.verdict = result.verdict;
  report.stop = result.stop;
  report.states = result.states;
  report.steps = result.steps;
  report.levels = result.levels.size();
  report.bytes = result.bytes;
  report.cut = adapter.cut();
  for (const auto& finding : result.violations) {
    report.first_seen[finding.property] = finding.level;
    report.violations.push_back(tell(system, finding, explorer.trace(finding)));
  }
  for (const auto& finding : result.observations) {
    report.first_seen[finding.property] = finding.level;
    const bool wanted = (options.show & spec::bit(static_cast<spec::ConnectionProperty>(finding.property))) != 0;
    if (wanted) report.shown.push_back(tell(system, finding, explorer.trace(finding)));
  }
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  return report;
}

}  // namespace conclave::check
