#include "conclave/check/late_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <utility>
#include <vector>

#include "conclave/check/exploring.hpp"
#include "conclave/check/joined_system.hpp"
#include "conclave/check/preparation.hpp"
#include "conclave/check/state_sets.hpp"
#include "conclave/checker/explorer.hpp"
#include "conclave/checker/join_explorer.hpp"
#include "conclave/spec/late_fifo_worker.hpp"
#include "conclave/spec/late_worker.hpp"

namespace conclave::check {
namespace {

using spec::ClosedSystem;
using spec::LateMachine;
using spec::Layout;

// `Worker`: LateWorker or LateFifoWorker.
template <class Worker>
class LateSystem {
 public:
  using State = typename Worker::State;

  // All must outlive this.
  LateSystem(ClosedSystem& system, LateMachine& late, const Layout& layout)
      : system_(system), late_(late), layout_(layout) {}

  Worker worker() { return Worker(system_, late_, layout_); }
  // What is broken here need not be broken by any run, so that the exploration goes on.
  [[nodiscard]] std::vector<checker::Property> properties() const {
    std::vector<checker::Property> properties;
    for (const spec::PropertyInfo& info : spec::property_infos()) {
      properties.push_back({std::string(info.name), std::string(info.sentence), checker::Mode::observe});
    }
    return properties;
  }
  std::size_t bytes_used() { return system_.bytes_used() + late_.bytes_used(); }

 private:
  ClosedSystem& system_;
  LateMachine& late_;
  const Layout& layout_;
};

template <class Worker>
Report explore_by(ClosedSystem& system, LateMachine& late, const Layout& layout, const Request& request,
                  checker::Progress& progress) {
  using State = typename Worker::State;
  LateSystem<Worker> adapter(system, late, layout);
  checker::Explorer<LateSystem<Worker>> explorer(adapter, request.limits, progress, make_set<State>(request.storage));
  const checker::Result<State> result = explorer.run();
  Report report = counts_of(result);
  for (const auto& finding : result.observations) {
    report.suspected |= spec::bit(static_cast<spec::Property>(finding.property));
  }
  return report;
}

template <std::size_t Words, std::size_t HeardWords>
Report join_by(ClosedSystem& system, LateMachine& late, const Layout& layout, const Request& request,
               checker::Progress& progress) {
  spec::PlaceNumbers numbers(late, system.servers());
  JoinedSystem<Words, HeardWords> adapter(system, late, layout, numbers);
  checker::JoinExplorer<JoinedSystem<Words, HeardWords>> explorer(adapter, request.limits, progress);
  const checker::JoinResult result = explorer.run();
  Report report;
  report.verdict = result.verdict;
  report.stop = result.stop;
  report.states = result.places;
  report.steps = result.steps;
  report.looks = result.looks;
  report.sweeps = result.sweeps;
  report.last_level_complete = result.stop == checker::Stop::none;
  report.bytes = result.bytes;
  report.suspected = result.broken;
  using Worker = spec::JoinedWorker<Words, HeardWords>;
  report.quiet.settled = result.marked[Worker::settled];
  report.quiet.no_quorum = result.marked[Worker::too_few];
  report.quiet.cut = result.marked[Worker::cut];
  return report;
}

template <std::size_t Words>
Report join_with(ClosedSystem& system, LateMachine& late, const Layout& layout, const Request& request,
                 checker::Progress& progress) {
  try {
    return join_by<Words, heard_words>(system, late, layout, request, progress);
  } catch (const spec::HeardFull&) {
    reset(progress);
    return join_by<Words, heard_words_wide>(system, late, layout, request, progress);
  }
}

template <std::size_t Words>
Report explore_with(ClosedSystem& system, LateMachine& late, const Layout& layout, const Request& request,
                    checker::Progress& progress) {
  if (request.joined_reads) return join_with<Words>(system, late, layout, request, progress);
  if (system.scope().network.kind == spec::NetworkKind::fifo) {
    return explore_by<spec::LateFifoWorker<Words>>(system, late, layout, request, progress);
  }
  return explore_by<spec::LateWorker<Words>>(system, late, layout, request, progress);
}

void widen(std::vector<int>& widths, ClosedSystem& system, LateMachine& late, const Layout& layout,
           std::size_t full) {
  const bool fifo = system.scope().network.kind == spec::NetworkKind::fifo;
  for (int i = 0; i < system.servers(); ++i) {
    int& width = widths[system.fields().local(i)];
    width = std::max(width, static_cast<int>(std::bit_width(late.count(i))));
    for (int to = 0; fifo && to < system.servers(); ++to) {
      int& channel = widths[system.fields().channel(i, to)];
      if (to != i) channel = std::max(channel, static_cast<int>(std::bit_width(system.channels(i).size())));
    }
  }
  widths[full] = std::max(widths[full], layout.width(full) + 1);
}

}  // namespace

Report explore_late(const spec::Scenario& scenario, const Request& request, checker::Progress& progress) {
  const auto began = std::chrono::steady_clock::now();
  ClosedSystem system(scenario, request.scope, *request.rules);
  LateMachine late(system);
  std::vector<int> widths = system.fields().widths();
  for (;;) {
    reset(progress);
    const auto [words, layout] = roomy_layout(widths, system.fields().growing());
    try {
      Report report = with_wide_words(words, [&, &planned = layout](auto count) {
        return explore_with<count()>(system, late, planned, request, progress);
      });
      report.applicable = system.applicable() & spec::late_properties & ~request.except;
      report.suspected &= report.applicable;
      report.rules = system.machine().rule_counts();
      if (!request.joined_reads) report.quiet = system.quiet_counts();
      for (int i = 0; i < system.servers(); ++i) report.local_states.push_back(late.count(i));
      report.notifications = system.machine().notifications();
      report.local_steps = system.machine().remembered();
      report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
      return report;
    } catch (const spec::LayoutFull& full) {
      system.forget_quiet();
      widen(widths, system, late, layout, full.field());
    }
  }
}

std::string_view late_option(const CheckOptions& options) {
  return options.joined_reads ? "--joined-reads" : "--late-reads";
}

std::string wrong_with_late_reads(const CheckOptions& options) {
  if (!options.late_reads) return "";
  const auto refused = [&options](const std::string& found, const char* why) {
    return fmt::format("{}: found it with {}; expected one of them, for {}", late_option(options), found, why);
  };
  constexpr const char* no_runs = "its states stand for many, and no run is told from them";
  if (options.rules != &spec::zookeeper_rules() || !options.releases.empty()) {
    return refused(
        options.rules->of == spec::RulesOf::seeded_bug && options.releases.empty() ? "--seed-bug" : "--zookeeper",
        "it is argued for today's rules");
  }
  if (options.scope.vote_epoch == spec::VoteEpoch::established)
    return refused("--epochs established", "it is argued for votes that keep their epoch");
  if (options.scope.rounds > spec::prospect_rounds_max) {
    return fmt::format("{}: found it with --rounds {}; expected at most --rounds {}", late_option(options),
                       options.scope.rounds, spec::prospect_rounds_max);
  }
  if (options.reconfig) return refused("--reconfig", "it is argued for one configuration");
  if (options.liveness) return refused("--liveness", "it keeps what can be reached, not runs without end");
  if (options.claim != 0)
    return refused("--property", "it judges all claims about states at once (--except NAME leaves one out)");
  if (options.show != 0) return refused("--show", no_runs);
  if (!options.outputs.html.empty()) return refused("--html", no_runs);
  if (!options.outputs.itf.empty()) return refused("--itf", no_runs);
  if (options.graph) return refused("--graph", no_runs);
  if (options.counterexamples > 1) return refused("--counterexamples", no_runs);
  if (options.audit)
    return refused("--audit", "that looks at late and joined reads by itself, beside the unreduced system");
  if (options.compare) return refused("--compare", "that explores without any reduction");
  if (!options.checkpoint.write_to.empty()) return refused("--checkpoint", "its states are not kept in checkpoints");
  if (!options.checkpoint.resume_from.empty()) return refused("--resume", "its states are not kept in checkpoints");
  if (!options.scope.clear_dead_votes) return refused("--no-reduction dead-votes", "it rests on that");
  const bool timely = options.scope.timing == spec::TimingKind::timely;
  if (timely && options.scope.network.kind == spec::NetworkKind::fifo) {
    return refused("--network fifo and --timing timely", "there what may have been dropped holds nobody up");
  }
  if (options.joined_reads) {
    if (options.scope.network.kind == spec::NetworkKind::fifo) {
      return refused("--network fifo", "there the order of what is on its way is not joined");
    }
    if (options.depth_max != 0) return refused("--depth", "it does not go level by level");
    constexpr const char* grows = "what may have been read grows, and is kept with each state";
    if (options.storage.keeping == Keeping::fingerprints) return refused("--fingerprints", grows);
    if (options.storage.keeping == Keeping::bits) return refused("--bitstate", grows);
    if (!options.storage.folder.empty()) return refused("--disk", grows);
  }
  if (options.scope.grain == spec::Grain::fine) return refused("--grain fine", "it is argued for the coarse one");
  return "";
}

std::optional<std::string> no_late_reads_for(const spec::Scenario& scenario, const CheckOptions& options) {
  const ClosedSystem system(scenario, options.scope, *options.rules);
  const auto why = LateMachine::why_not(system);
  if (!why) return std::nullopt;
  return fmt::format("{}: {}: {}", late_option(options), options.file, *why);
}

}  // namespace conclave::check
