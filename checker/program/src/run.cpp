#include "conclave/check/run.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conclave/check/checkpoint_run.hpp"
#include "conclave/check/election_system.hpp"
#include "conclave/check/graph_run.hpp"
#include "conclave/check/late_run.hpp"
#include "conclave/check/liveness_run.hpp"
#include "conclave/check/preparation.hpp"
#include "conclave/check/retelling.hpp"
#include "conclave/check/state_sets.hpp"
#include "conclave/checker/explorer.hpp"
#include "conclave/spec/layout.hpp"

namespace conclave::check {
namespace {

using spec::ClosedSystem;
using spec::Layout;
using spec::Property;

// What an exploration begins with, or goes on from.
struct Start {
  ClosedSystem& system;
  const Layout& layout;
  const std::vector<int>& widths;
  const Identity& identity;
  CheckpointReader* from;  // nullptr: from the beginning
  double spent_s;          // by earlier explorations
};

template <std::size_t Words>
Report explore_with(const Start& start, const Request& request, checker::Progress& progress) {
  auto& [system, layout, widths, identity, from, spent_s] = start;
  using State = spec::PackedState<Words>;
  const auto began = std::chrono::steady_clock::now();
  ElectionSystem<Words> adapter(system, layout, request);
  checker::Explorer<ElectionSystem<Words>> explorer(adapter, request.limits, progress,
                                                    make_set<State>(request.storage));
  Checkpoints<Words> checkpoints(explorer, system, widths, request, identity, spent_s);
  if (from != nullptr) checkpoints.resume(*from);
  const checker::Result<State> result = explorer.run();
  using checker::Stop;
  const bool unfinished = result.stop == Stop::depth || result.stop == Stop::time || result.stop == Stop::memory ||
                          result.stop == Stop::interrupted;
  if (unfinished) checkpoints.write_last();

  Report report = counts_of(result);
  report.checkpoint = checkpoints.report();
  Retelling<Words> retelling(system, layout);
  GraphSource<Words> source{{},
                            result.states,
                            static_cast<std::uint32_t>(result.levels.size()),
                            result.verdict == checker::Verdict::exhausted};
  for (auto& trace : explorer.traces(result.violations)) source.runs.push_back({std::move(trace)});
  for (std::size_t number = 0; number < result.violations.size(); ++number) {
    const auto& finding = result.violations[number];
    report.violations.push_back(retelling.tell(finding, source.runs[number].steps));
    for (std::size_t i = 0; i < spec::properties_count; ++i) {
      const bool breaks = i == finding.property || (finding.also & bit(static_cast<Property>(i))) != 0;
      if (breaks && !report.first_seen[i]) report.first_seen[i] = finding.level;  // they come by length
    }
  }
  for (const auto& finding : result.observations) {
    report.first_seen[finding.property] = finding.level;
    const bool wanted = (request.show & bit(static_cast<Property>(finding.property))) != 0;
    if (!wanted) continue;
    source.runs.push_back({explorer.trace(finding)});
    report.shown.push_back(retelling.tell(finding, source.runs.back().steps));
  }
  if (request.liveness && result.verdict == checker::Verdict::exhausted && result.violations.empty()) {
    Request judged = request;
    judged.limits.time_max = left_of(request.limits.time_max, began);
    report.liveness = judge_liveness<Words>(system, layout, judged, adapter, explorer, progress, source.runs);
  }
  if (request.graph && (request.graph->of != GraphOf::runs || !source.runs.empty())) {
    const auto time = request.limits.time_max;
    report.graph = draw_graph<Words>(system, layout, *request.graph, source, explorer, [&] {
      return progress.interrupt || (time.count() != 0 && std::chrono::steady_clock::now() >= began + time);
    });
  }
  return report;
}

}  // namespace

bool is_claim(Property property, const Request& request) {
  const bool by_nature =
      info_of(property).kind == spec::PropertyKind::always && (request.except & bit(property)) == 0;
  return by_nature || (request.claim & bit(property)) != 0;
}

Report explore(const spec::Scenario& scenario, const Request& request, checker::Progress& progress) {
  if (request.late_reads) return explore_late(scenario, request, progress);
  const auto began = std::chrono::steady_clock::now();
  ClosedSystem system(scenario, request.scope, *request.rules);
  Allowance allowance(request.limits, progress);
  const bool checkpoints = !request.checkpoint.write_to.empty() || !request.checkpoint.resume_from.empty();
  const Identity identity = checkpoints ? identity_of(scenario, request) : Identity{};
  std::optional<CheckpointReader> from;
  ResumedSystem resumed;
  if (!request.checkpoint.resume_from.empty()) {
    from.emplace(request.checkpoint.resume_from, identity);
    resumed = get_resumed(*from);
    system.restore(resumed.system);
    resumed.system = {};
  } else if (request.minimise) {
    system.minimise(request.limits.threads, [&allowance] { return allowance.over(); });
  }
  allowance.settle(system);
  Request allowed = request;
  Widening widening(system, resumed.widths);
  bool anew = false;
  for (;;) {
    try {
      reset(progress);
      allowed.limits = allowance.limits();
      const Start start{system,   widening.layout(),       widening.widths(),
                        identity, from ? &*from : nullptr, resumed.seconds};
      Report report =
          with_words(widening.words(), [&](auto words) { return explore_with<words()>(start, allowed, progress); });
      report.checkpoint.begun_anew = anew;
      report.applicable = system.applicable();
      report.tested = system.machine().tested_counts();
      report.rules = system.machine().rule_counts();
      report.quiet = system.quiet_counts();
      for (int i = 0; i < system.servers(); ++i) report.local_states.push_back(system.machine().locals(i));
      report.notifications = system.machine().notifications();
      report.local_steps = system.machine().remembered();
      report.seconds =
          resumed.seconds + std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
      return report;
    } catch (const spec::LayoutFull& full) {
      // Packed states are of the narrower layout, so all begins again, but for the numbers given out.
      anew = anew || from.has_value();
      from.reset();
      system.forget_quiet();
      widening.widen(full.field());
    }
  }
}

}  // namespace conclave::check
