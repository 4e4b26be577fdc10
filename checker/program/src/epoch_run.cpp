#include <algorithm>
#include <bit>
#include <chrono>
#include <string>
#include <utility>

#include "conclave/check/epoch_command.hpp"
#include "conclave/check/preparation.hpp"
#include "conclave/check/run.hpp"
#include "conclave/checker/explorer.hpp"
#include "conclave/spec/epoch_worker.hpp"
#include "conclave/spec/layout.hpp"

namespace conclave::check {
namespace {

using spec::EpochAction;
using spec::EpochSystem;
using spec::Layout;

template <std::size_t Words>
class EpochAdapter {
 public:
  using State = spec::PackedState<Words>;

  EpochAdapter(EpochSystem& system, const Layout& layout) : system_(system), layout_(layout) {}
  spec::EpochWorker<Words> worker() { return spec::EpochWorker<Words>(system_, layout_); }
  [[nodiscard]] std::vector<checker::Property> properties() const {
    std::vector<checker::Property> properties;
    for (const spec::EpochPropertyInfo& info : spec::epoch_property_infos()) {
      const bool claim = info.kind == spec::PropertyKind::always;
      properties.push_back({std::string(info.name), std::string(info.sentence),
                            claim ? checker::Mode::claim : checker::Mode::observe});
    }
    return properties;
  }
  std::size_t bytes_used() { return system_.bytes_used(); }

 private:
  EpochSystem& system_;
  const Layout& layout_;
};

// Takes the actions of a run again, from the start, in a system that has seen none of them.
template <std::size_t Words>
EpochRun tell(EpochSystem& explored, EpochSystem& fresh, const Layout& layout,
              const checker::Finding<spec::PackedState<Words>>& finding,
              const std::vector<checker::TraceStep<spec::PackedState<Words>>>& trace) {
  using State = spec::PackedState<Words>;
  spec::EpochWorker<Words> original(explored, layout);
  spec::EpochWorker<Words> worker(fresh, layout);
  EpochRun run;
  run.property = static_cast<spec::EpochProperty>(finding.property);
  State state{};
  const auto servers = [&] {
    std::vector<spec::EpochServer> values;
    values.reserve(static_cast<std::size_t>(fresh.servers()));
    for (int i = 0; i < fresh.servers(); ++i) values.push_back(fresh.machine().value(i, worker.local(state, i)));
    return values;
  };
  run.steps.push_back(EpochRunStep{{}, {}, servers()});
  spec::PropertySet seen = 0;
  for (std::size_t i = 1; i < trace.size(); ++i) {
    const EpochAction action = EpochAction::from(trace[i].action);
    std::optional<State> reached;
    worker.successors(state, [&](const State& next, std::uint32_t code, spec::PropertySet broken) {
      if (code != trace[i].action) return;
      reached = next;
      seen = broken;
    });
    if (!reached) throw ReplayFailed("step " + std::to_string(i) + " of the run can't be taken");
    std::optional<model::Packet> packet;
    if (action.kind == spec::EpochActionKind::deliver) {
      const auto content = fresh.channels(action.peer).content(worker.channel(state, action.peer, action.server));
      packet = fresh.machine().packet(content.front());
    }
    state = *reached;
    if (worker.canonical(state) != original.canonical(trace[i].state)) {
      throw ReplayFailed("after step " + std::to_string(i) + " the run comes to another state when it is retold");
    }
    run.steps.push_back(EpochRunStep{action, packet, servers()});
  }
  if (!finding.by_step) seen = worker.successors(state, [](const State&, std::uint32_t, spec::PropertySet) {});
  if ((seen & spec::bit(run.property)) == 0) throw ReplayFailed("the run shows nothing when it is retold");
  return run;
}

template <std::size_t Words>
EpochReport explore_with(EpochSystem& system, const model::Configuration& configuration, const Layout& layout,
                         const EpochOptions& options, const checker::Limits& limits, checker::Progress& progress) {
  EpochAdapter<Words> adapter(system, layout);
  checker::Explorer<EpochAdapter<Words>> explorer(adapter, limits, progress);
  const auto result = explorer.run();
  EpochReport report;
  report.verdict = result.verdict;
  report.stop = result.stop;
  report.states = result.states;
  report.steps = result.steps;
  report.levels = result.levels.size();
  report.bytes = result.bytes;
  report.cut = system.cut();
  for (int i = 0; i < system.servers(); ++i) report.local_states.push_back(system.machine().locals(i));
  const auto retell = [&](const auto& finding) {
    EpochSystem fresh(configuration, options.scope, *options.rules);
    return tell<Words>(system, fresh, layout, finding, explorer.trace(finding));
  };
  for (const auto& finding : result.violations) {
    report.first_seen[finding.property] = finding.level;
    report.violations.push_back(retell(finding));
  }
  for (const auto& finding : result.observations) {
    report.first_seen[finding.property] = finding.level;
    const bool wanted = (options.show & spec::bit(static_cast<spec::EpochProperty>(finding.property))) != 0;
    if (wanted) report.shown.push_back(retell(finding));
  }
  return report;
}

int bits_for(std::size_t count) { return static_cast<int>(std::bit_width(count)); }

void widen(std::vector<int>& widths, EpochSystem& system, const Layout& layout, std::size_t full) {
  for (int i = 0; i < system.servers(); ++i) {
    int& width = widths[system.fields().local(i)];
    width = std::max(width, bits_for(system.machine().locals(i)));
    for (int to = 0; to < system.servers(); ++to) {
      int& carried = widths[system.fields().channel(i, to)];
      if (carried > 0) carried = std::max(carried, bits_for(system.channels(i).size()));
    }
  }
  widths[full] = std::max(widths[full], layout.width(full) + 1);
}

}  // namespace

EpochReport explore_epochs(const model::Configuration& configuration, const EpochOptions& options,
                           const checker::Limits& limits, checker::Progress& progress) {
  const auto began = std::chrono::steady_clock::now();
  EpochSystem system(configuration, options.scope, *options.rules);
  std::vector<int> widths = system.fields().widths();
  for (;;) {
    reset(progress);
    const auto [words, layout] = roomy_layout(widths, system.fields().growing());
    try {
      EpochReport report = with_wide_words(words, [&, &planned = layout](auto count) {
        return explore_with<count()>(system, configuration, planned, options, limits, progress);
      });
      report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
      return report;
    } catch (const spec::LayoutFull& full) {
      widen(widths, system, layout, full.field());
    }
  }
}

}  // namespace conclave::check
