#include "conclave/check/run.hpp"

#include <malloc.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

#include "conclave/check/checkpoint_run.hpp"
#include "conclave/check/election_system.hpp"
#include "conclave/check/graph_run.hpp"
#include "conclave/check/liveness_run.hpp"
#include "conclave/check/memory.hpp"
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

  Report report;
  report.checkpoint = checkpoints.report();
  report.verdict = result.verdict;
  report.stop = result.stop;
  report.states = result.states;
  report.steps = result.steps;
  report.levels = result.levels;
  report.last_level_complete = result.last_level_complete;
  report.bytes = result.bytes;
  report.bytes_on_disk = result.bytes_on_disk;
  report.omissions_expected = result.omissions_expected;
  report.seconds = result.seconds;
  Retelling<Words> retelling(system, layout);
  GraphSource<Words> source{explorer.traces(result.violations), result.states,
                            static_cast<std::uint32_t>(result.levels.size()),
                            result.verdict == checker::Verdict::exhausted};
  for (std::size_t number = 0; number < result.violations.size(); ++number) {
    const auto& finding = result.violations[number];
    report.violations.push_back(retelling.tell(finding, source.runs[number]));
    for (std::size_t i = 0; i < spec::properties_count; ++i) {
      const bool breaks = i == finding.property || (finding.also & bit(static_cast<Property>(i))) != 0;
      if (breaks && !report.first_seen[i]) report.first_seen[i] = finding.level;  // they come by length
    }
  }
  for (const auto& finding : result.observations) {
    report.first_seen[finding.property] = finding.level;
    const bool wanted = (request.show & bit(static_cast<Property>(finding.property))) != 0;
    if (!wanted) continue;
    source.runs.push_back(explorer.trace(finding));
    report.shown.push_back(retelling.tell(finding, source.runs.back()));
  }
  if (request.liveness && result.verdict == checker::Verdict::exhausted && result.violations.empty()) {
    report.liveness = judge_liveness<Words>(system, layout, request, adapter, explorer, progress);
  }
  if (request.graph && (request.graph->of != GraphOf::runs || !source.runs.empty())) {
    const auto time = request.limits.time_max;
    report.graph = draw_graph<Words>(system, layout, *request.graph, source, explorer, [&] {
      return progress.interrupt || (time.count() != 0 && std::chrono::steady_clock::now() >= began + time);
    });
  }
  return report;
}

Report explore_in(std::size_t words, const Start& start, const Request& request, checker::Progress& progress) {
  switch (words) {
    case 1: return explore_with<1>(start, request, progress);
    case 2: return explore_with<2>(start, request, progress);
    case 3: return explore_with<3>(start, request, progress);
    case 4: return explore_with<4>(start, request, progress);
    default: return explore_with<8>(start, request, progress);
  }
}

// Finds a layout, and a wider one whenever a field turns out too narrow. The numbers of local states and channels that
// an exploration has given out stay good for the next, which therefore starts with all it needs to know.
class Widening {
  static int bits_for(std::size_t count) { return static_cast<int>(std::bit_width(count)); }

 public:
  // `widths`: to begin with; empty for what the system needs at the least.
  Widening(ClosedSystem& system, const std::vector<int>& widths)
      : system_(system), widths_(widths.empty() ? system.fields().widths() : widths) {
    plan();
  }

  [[nodiscard]] std::size_t words() const { return words_; }
  [[nodiscard]] const Layout& layout() const { return *layout_; }
  [[nodiscard]] const std::vector<int>& widths() const { return widths_; }

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

// What limits leave to an exploration after its preparations, which count as well.
class Allowance {
  using Clock = std::chrono::steady_clock;

 public:
  Allowance(const checker::Limits& limits, const checker::Progress& progress)
      : limits_(limits), progress_(progress), deadline_(Clock::now() + limits.time_max) {}

  // Have the preparations to end? From any thread.
  bool over() {
    if (progress_.interrupt || (timed() && Clock::now() >= deadline_)) return true;
    // Looking takes some microseconds. Half is left for what is to come.
    constexpr std::uint32_t calls_between_looks = 64;
    if (limits_.memory_bytes != 0 && calls_++ % calls_between_looks == 0 && grown() > limits_.memory_bytes / 2) {
      large_ = true;
    }
    return large_;
  }
  // REQUIRES: the preparations have ended. What they need not keep goes back to the operating system.
  void settle(ClosedSystem& system) {
    ::malloc_trim(0);
    const std::size_t counted = system.bytes_used();
    const std::size_t uncounted = grown() > counted ? grown() - counted : 0;
    if (limits_.memory_bytes != 0) limits_.memory_bytes -= std::min(uncounted, limits_.memory_bytes - 1);
  }
  // Of now.
  [[nodiscard]] checker::Limits limits() const {
    checker::Limits left = limits_;
    const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
    if (timed()) left.time_max = std::max(time, std::chrono::milliseconds(1));
    return left;
  }

 private:
  [[nodiscard]] bool timed() const { return limits_.time_max.count() != 0; }
  [[nodiscard]] std::size_t grown() const {
    const std::size_t now = resident_bytes();
    return now > before_ ? now - before_ : 0;
  }

  checker::Limits limits_;
  const checker::Progress& progress_;
  Clock::time_point deadline_;
  std::size_t before_ = resident_bytes();
  std::atomic<std::uint32_t> calls_{0};
  std::atomic<bool> large_{false};
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
  const bool by_nature =
      info_of(property).kind == spec::PropertyKind::always && (request.except & bit(property)) == 0;
  return by_nature || (request.claim & bit(property)) != 0;
}

Report explore(const spec::Scenario& scenario, const Request& request, checker::Progress& progress) {
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
      Report report = explore_in(widening.words(), start, allowed, progress);
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
