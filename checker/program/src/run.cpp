#include "conclave/check/run.hpp"

#include <algorithm>
#include <bit>
#include <chrono>
#include <string>
#include <utility>

#include "conclave/checker/explorer.hpp"
#include "conclave/spec/layout.hpp"
#include "conclave/spec/worker.hpp"

namespace conclave::check {
namespace {

using spec::ClosedSystem;
using spec::Layout;
using spec::Property;
using spec::PropertySet;
using spec::Server;

// The closed system in the shape the explorer takes.
template <std::size_t Words>
class Adapter {
 public:
  using State = spec::PackedState<Words>;

  Adapter(ClosedSystem& system, const Layout& layout, const Request& request)
      : system_(system), layout_(layout), request_(request) {}

  spec::Worker<Words> worker() { return spec::Worker<Words>(system_, layout_); }
  [[nodiscard]] std::vector<checker::Property> properties() const {
    std::vector<checker::Property> properties;
    for (const spec::PropertyInfo& info : spec::property_infos()) {
      const auto mode = is_claim(info.property, request_) ? checker::Mode::claim : checker::Mode::observe;
      properties.push_back({std::string(info.name), std::string(info.sentence), mode});
    }
    return properties;
  }
  std::size_t bytes_used() { return system_.bytes_used(); }

 private:
  ClosedSystem& system_;
  const Layout& layout_;
  const Request& request_;
};

std::string name_of(const ClosedSystem& system, int server) { return std::to_string(system.id(server).value); }

// The clause of a property of states. Those of steps are put into words where the step is taken.
std::string explain_state(const ClosedSystem& system, Property property, const std::vector<Server>& servers) {
  std::string leading;
  std::string restless;
  std::string started;
  for (int i = 0; i < system.servers(); ++i) {
    const Server& server = servers[static_cast<std::size_t>(i)];
    if (server.life != spec::Life::unborn) started += (started.empty() ? "" : ", ") + name_of(system, i);
    if (server.life != spec::Life::up) continue;
    const model::ServerState state = state_of(server.peer);
    if (state == model::ServerState::leading) {
      leading += (leading.empty() ? "" : " and ") + name_of(system, i) + " (round " +
                 std::to_string(server.peer.clock.value) + ")";
    }
    if (state == model::ServerState::looking) restless += (restless.empty() ? "" : ", ") + name_of(system, i);
  }
  switch (property) {
    case Property::single_leading:
    case Property::one_leader_per_round: return "LEADING at once: " + leading;
    case Property::quorum_took_part: return "a server has decided, though only {" + started + "} have started";
    case Property::no_deadlock:
      return restless.empty() ? "settled on servers that do not lead, for good" : "looking for ever: " + restless;
    default: return std::string(info_of(property).sentence);
  }
}

// What everybody can see of a server has to be the same in the replay and in the exploration.
bool looks_alike(const Server& left, const Server& right, const spec::Scope& scope) {
  if (left.life != right.life) return false;
  const bool latest = scope.network.kind == spec::NetworkKind::latest;
  for (int kind = 0; kind < spec::offers_count; ++kind) {
    if (!latest && static_cast<spec::Offer>(kind) != spec::Offer::proposal) continue;  // in channels, if anywhere
    if (!(offer_of(left, static_cast<spec::Offer>(kind)) == offer_of(right, static_cast<spec::Offer>(kind)))) {
      return false;
    }
  }
  if (left.life != spec::Life::up) return true;
  return left.peer.role == right.peer.role && left.peer.clock == right.peer.clock &&
         left.peer.received == right.peer.received && left.peer.unpublished == right.peer.unpublished;
}

template <std::size_t Words>
class Retelling {
 public:
  using State = spec::PackedState<Words>;

  Retelling(ClosedSystem& system, const Layout& layout) : system_(system), worker_(system, layout) {}

  Run tell(const checker::Finding<State>& finding, const std::vector<checker::TraceStep<State>>& trace) {
    Run run;
    run.property = static_cast<Property>(finding.property);
    spec::Replay replay(system_);
    run.steps.push_back(RunStep{{}, {}, replay.servers(), 0, 0, {}, replay.under_way()});
    for (std::size_t i = 1; i < trace.size(); ++i) {
      const spec::Action action = spec::Action::from(trace[i].action);
      const spec::Replay::Step step = replay.take(action, run.property);
      if (!step.possible) throw ReplayFailed("step " + std::to_string(i) + " of the run can't be taken");
      compare(replay.servers(), trace[i].state, i);
      run.steps.push_back(
          RunStep{action, step.heard, replay.servers(), step.broken, step.sent_at, step.gone, replay.under_way()});
      if (i + 1 == trace.size()) run.clause = step.clause;
    }
    const bool broken_by_step = (run.steps.back().broken & bit(run.property)) != 0;
    if (finding.by_step && !broken_by_step) throw ReplayFailed("the last step of the run breaks nothing when retold");
    if (!finding.by_step) run.clause = explain_state(system_, run.property, replay.servers());
    return run;
  }

 private:
  void compare(const std::vector<Server>& servers, const State& state, std::size_t step) {
    for (int i = 0; i < system_.servers(); ++i) {
      const Server explored = system_.machine().decoded(i, worker_.local(state, i));
      if (looks_alike(servers[static_cast<std::size_t>(i)], explored, system_.scope())) continue;
      throw ReplayFailed("server " + name_of(system_, i) + " is in another state after step " + std::to_string(step) +
                         " when the run is retold");
    }
  }

  ClosedSystem& system_;
  spec::Worker<Words> worker_;
};

template <std::size_t Words>
Report explore_with(ClosedSystem& system, const Layout& layout, const Request& request, checker::Progress& progress) {
  using State = spec::PackedState<Words>;
  Adapter<Words> adapter(system, layout, request);
  checker::Explorer<Adapter<Words>> explorer(adapter, request.limits, progress);
  const checker::Result<State> result = explorer.run();

  Report report;
  report.verdict = result.verdict;
  report.stop = result.stop;
  report.states = result.states;
  report.steps = result.steps;
  report.levels = result.levels;
  report.last_level_complete = result.last_level_complete;
  report.bytes = result.bytes;
  report.seconds = result.seconds;
  Retelling<Words> retelling(system, layout);
  for (const auto& finding : result.violations) {
    report.first_seen[finding.property] = finding.level;
    report.violations.push_back(retelling.tell(finding, explorer.trace(finding)));
  }
  for (const auto& finding : result.observations) {
    report.first_seen[finding.property] = finding.level;
    const bool wanted = (request.show & bit(static_cast<Property>(finding.property))) != 0;
    if (wanted) report.shown.push_back(retelling.tell(finding, explorer.trace(finding)));
  }
  return report;
}

Report explore_in(std::size_t words, ClosedSystem& system, const Layout& layout, const Request& request,
                  checker::Progress& progress) {
  switch (words) {
    case 1: return explore_with<1>(system, layout, request, progress);
    case 2: return explore_with<2>(system, layout, request, progress);
    case 3: return explore_with<3>(system, layout, request, progress);
    case 4: return explore_with<4>(system, layout, request, progress);
    default: return explore_with<8>(system, layout, request, progress);
  }
}

// Finds a layout, and a wider one whenever a field turns out too narrow. The numbers of local states and channels that
// an exploration has given out stay good for the next, which therefore starts with all it needs to know.
class Widening {
  static int bits_for(std::size_t count) { return static_cast<int>(std::bit_width(count)); }

 public:
  explicit Widening(ClosedSystem& system) : system_(system), widths_(system.fields().widths()) { plan(); }

  [[nodiscard]] std::size_t words() const { return words_; }
  [[nodiscard]] const Layout& layout() const { return *layout_; }

  void widen(std::size_t full) {
    for (int i = 0; i < system_.servers(); ++i) {
      int& width = widths_[system_.fields().local(i)];
      width = std::max(width, bits_for(system_.machine().locals(i)));
    }
    for (int from = 0; from < system_.servers(); ++from) {
      for (int to = 0; to < system_.servers(); ++to) {
        const std::size_t field = system_.fields().channel(from, to);
        if (field >= system_.fields().growing() || widths_[field] == 0) continue;
        widths_[field] = std::max(widths_[field], bits_for(system_.channels(from).size()));
      }
    }
    widths_[full] = std::max(widths_[full], layout_->width(full) + 1);
    plan();
  }

 private:
  void plan() {
    for (words_ = 1;; words_ = words_ < 4 ? words_ + 1 : 8) {
      layout_ = Layout::plan(widths_, system_.fields().growing(), words_);
      if (layout_ || words_ == 8) break;
    }
    if (!layout_) throw ReplayFailed("a state does not fit into eight words");
  }

  ClosedSystem& system_;
  std::vector<int> widths_;
  std::size_t words_ = 1;
  std::optional<Layout> layout_;
};

void reset(checker::Progress& progress) {
  progress.states = 0;
  progress.steps = 0;
  progress.expanded = 0;
  progress.level = 0;
  progress.level_states = 0;
  progress.level_expanded = 0;
}

}  // namespace

bool is_claim(Property property, const Request& request) {
  return info_of(property).kind == spec::PropertyKind::always || (request.claim & bit(property)) != 0;
}

Report explore(const spec::Scenario& scenario, const Request& request, checker::Progress& progress) {
  const auto began = std::chrono::steady_clock::now();
  ClosedSystem system(scenario, request.scope, *request.rules);
  if (request.minimise) system.minimise(request.limits.threads);
  Widening widening(system);
  for (;;) {
    try {
      reset(progress);
      Report report = explore_in(widening.words(), system, widening.layout(), request, progress);
      report.applicable = system.applicable();
      report.tested = system.machine().tested_counts();
      report.rules = system.machine().rule_counts();
      report.quiet = system.quiet_counts();
      for (int i = 0; i < system.servers(); ++i) report.local_states.push_back(system.machine().locals(i));
      report.notifications = system.machine().notifications();
      report.local_steps = system.machine().remembered();
      report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
      return report;
    } catch (const spec::LayoutFull& full) {
      widening.widen(full.field());
    }
  }
}

}  // namespace conclave::check
