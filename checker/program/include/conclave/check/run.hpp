// One exploration of one scenario: the election plugged into the explorer, with its findings replayed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conclave/check/checkpoint_options.hpp"
#include "conclave/check/liveness_report.hpp"
#include "conclave/check/run_step.hpp"
#include "conclave/check/state_graph.hpp"
#include "conclave/check/storage.hpp"
#include "conclave/checker/result.hpp"
#include "conclave/model/event.hpp"
#include "conclave/spec/closed_system.hpp"
#include "conclave/spec/properties.hpp"
#include "conclave/spec/replay.hpp"
#include "conclave/spec/rules.hpp"
#include "conclave/spec/scope.hpp"
#include "conclave/spec/server.hpp"

namespace conclave::check {

// What to do. The rules must outlive the exploration.
struct Request {
  spec::Scope scope;
  const spec::RuleVariant* rules = &spec::zookeeper_rules();
  checker::Limits limits;
  spec::PropertySet claim = 0;   // known-not-to-hold properties that are to be treated as claims
  spec::PropertySet except = 0;  // claims that are only watched
  spec::PropertySet show = 0;    // properties whose first run is wanted though the exploration goes on
  bool minimise = true;          // a reduction: one representative for local states that nothing can tell apart
  bool joined_reads = false;     // with late_reads: what servers may have heard is joined
  bool late_reads = false;       // a reduction: what servers read is decided when it matters (late_run.hpp)
  bool liveness = false;         // judge what has to happen eventually, once everything is explored
  std::optional<GraphWish> graph;
  Storage storage;
  CheckpointRequest checkpoint;
};

// A shortest run to a property's violation or its witness (checker::Finding), replayed through the step function.
struct Run {
  spec::Property property{};
  std::vector<RunStep> steps;
  std::string clause;          // which part of the property failed, in words
  spec::PropertySet also = 0;  // other claims that its last state or step breaks; only where several runs were wanted
};

// A finding whose replay did not come to the same states. That is a defect of the checker.
class ReplayFailed : public std::exception {
 public:
  explicit ReplayFailed(std::string why) : why_(std::move(why)) {}
  [[nodiscard]] const char* what() const noexcept override { return why_.c_str(); }

 private:
  std::string why_;
};

struct Report {
  checker::Verdict verdict = checker::Verdict::exhausted;
  checker::Stop stop = checker::Stop::none;
  std::uint64_t states = 0;
  std::uint64_t steps = 0;
  std::uint64_t looks = 0;   // Request::joined_reads: at states, again where more may have been read
  std::uint64_t sweeps = 0;  // likewise: over all of them
  std::vector<checker::LevelCounts> levels;
  bool last_level_complete = true;
  std::size_t bytes = 0;
  std::uint64_t bytes_on_disk = 0;
  double omissions_expected = 0;  // checker::StateSet
  std::string trouble;            // Stop::disk: what is wrong there
  double seconds = 0;
  spec::PropertySet applicable = 0;
  spec::PropertySet suspected = 0;  // Request::late_reads: broken in a state that may be no run's
  std::vector<Run> violations;      // of claims that failed, by length; checker::Result tells which
  std::vector<Run> shown;           // Request::show
  std::array<std::optional<std::uint32_t>, spec::properties_count> first_seen;  // steps of the shortest run to it
  std::array<std::uint64_t, spec::properties_count> tested{};  // distinct local steps that put it to the test
  std::array<std::uint64_t, model::rules_count> rules{};       // distinct local steps that took the rule
  spec::QuietCounts quiet;
  std::vector<std::size_t> local_states;  // per participant
  std::size_t notifications = 0;
  std::size_t local_steps = 0;             // distinct (local state, input) pairs
  std::optional<LivenessReport> liveness;  // Request::liveness
  CheckpointReport checkpoint;
  std::optional<StateGraph> graph;  // Request::graph; none where there is nothing to draw
};

// What an exploration counted, and what ended it.
template <class State>
Report counts_of(const checker::Result<State>& result) {
  Report report;
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
  return report;
}

// Explores. Throws std::bad_alloc, ReplayFailed, BadCheckpoint, std::invalid_argument where a checkpoint's numbers do
// not fit together, and std::system_error where the disk fails. The progress may be watched, and interrupted, from
// other threads.
Report explore(const spec::Scenario& scenario, const Request& request, checker::Progress& progress);

// Is the property a claim of this request (and not only of interest)?
bool is_claim(spec::Property property, const Request& request);

}  // namespace conclave::check
