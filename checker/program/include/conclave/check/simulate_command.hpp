// `conclave simulate`: seeded random runs, where there are too many servers or faults for exploring everything.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "conclave/check/exit_code.hpp"
#include "conclave/check/options.hpp"
#include "conclave/check/outcome.hpp"
#include "conclave/check/run.hpp"
#include "conclave/config/zoo_cfg.hpp"
#include "conclave/model/rule.hpp"
#include "conclave/spec/shrunk_run.hpp"
#include "conclave/spec/simulation.hpp"
#include "conclave/spec/swarm.hpp"

namespace conclave::check {

inline constexpr std::size_t action_kinds = static_cast<std::size_t>(spec::ActionKind::lose) + 1;
// So many are told apart, which takes a gigabyte.
inline constexpr std::uint64_t local_states_max = 20'000'000;
inline constexpr std::size_t run_ends = static_cast<std::size_t>(spec::RunEnd::interrupted) + 1;

// One run that went to its end, as far as it is counted.
struct RunTally {
  spec::RunEnd end = spec::RunEnd::interrupted;
  std::uint64_t steps = 0;
  std::size_t servers = 0;
  spec::Scope scope;
  spec::PropertySet applicable = 0;
  spec::PropertySet seen = 0;  // broken or witnessed at some time
  std::array<std::uint64_t, spec::properties_count> tested{};
  std::array<std::uint64_t, model::rules_count> rules{};  // steps that took it
  std::array<std::uint64_t, action_kinds> actions{};
  std::vector<std::uint64_t> local_states;  // fingerprints, each once, in the order of their appearance
};

// The claim that failed and the run that shows it, made small and told.
struct SimulatedFailure {
  std::uint64_t run = 0;  // its number
  std::string name;
  std::string sentence;
  spec::ShrunkRun shrunk;
  Run told;
  std::size_t not_told = 0;  // steps without faults that are not told, for they go on and on
};

struct SimulateReport {
  std::uint64_t runs = 0;  // that went to their end
  std::uint64_t steps = 0;
  std::size_t servers_least = 0;
  std::size_t servers_most = 0;
  std::array<std::uint64_t, run_ends> ends{};
  std::array<std::uint64_t, spec::properties_count> seen{};    // runs
  std::array<std::uint64_t, spec::properties_count> tested{};  // steps, or states for those that judge states
  std::array<std::uint64_t, model::rules_count> rules{};       // steps
  std::array<std::uint64_t, action_kinds> actions{};
  std::uint64_t fifo = 0;  // runs, as the following
  std::uint64_t timely = 0;
  std::uint64_t together = 0;
  std::uint64_t fine = 0;
  std::uint64_t roles_end_at_any_time = 0;
  std::uint64_t local_states = 0;    // distinct ones, by fingerprints of 64 bits
  bool local_states_full = false;    // there are more: local_states_max were counted
  std::uint64_t last_new_run = 0;    // the last run that came to one that was new; 0: none
  spec::PropertySet applicable = 0;  // in some run
  std::optional<SimulatedFailure> failure;
  bool timed_out = false;
  bool interrupted = false;
  double seconds = 0;
};

struct SimulateOptions {
  std::string file;          // empty: majorities of as many voters as the bounds say
  spec::SwarmBounds bounds;  // run_simulate fills in the ensemble
  std::uint64_t seed = 1;
  std::uint64_t runs = 0;            // 0: as many as there is time for
  std::optional<std::uint64_t> run;  // this one alone
  std::int64_t time_max_ms = 0;      // 0: none
  int threads = 1;
  spec::PropertySet claim = 0;
  const spec::RuleVariant* rules = &spec::zookeeper_rules();
  bool json = false;
  OutputOptions outputs;
  std::vector<std::string> repeat;  // the options that a run depends on, as they were given
};

// The claims of all these runs.
spec::PropertySet simulated_claims(const SimulateOptions& options);
// The run of this number, from 1, and what it is like. `observer` may be empty.
spec::Swarm swarm_of_run(const SimulateOptions& options, std::uint64_t run);
std::uint64_t seed_of_run(const SimulateOptions& options, std::uint64_t run);

// Runs, in the order of their numbers, whatever the threads: the report is the same up to its seconds, unless time or
// an interruption ended it. Ends with the first run that fails. Throws ReplayFailed where the shrunk run does not fail
// when it is told. `after` sees how far it has come, from the calling thread.
SimulateReport simulate(const SimulateOptions& options, const std::atomic<bool>& interrupt,
                        const std::function<void(const SimulateReport&)>& after = {});

struct SimulateOutcome {
  SimulateOptions options;
  config::ZooCfg cfg;  // of an ensemble without a file only its name
  SimulateReport report;
  std::vector<std::string> warnings;
  std::vector<Output> outputs;
  ExitCode exit_code = ExitCode::holds;
};
// Each ends with a newline.
std::string simulate_text_report(const SimulateOutcome& outcome);
std::string simulate_json_report(const SimulateOutcome& outcome);
// The verdict in a word, and in a few more.
std::string_view verdict_of(const SimulateOutcome& outcome);
std::string why_of(const SimulateOutcome& outcome);
// What a run was like, a phrase for each bound and fault.
std::vector<std::string> swarm_in_words(const spec::Swarm& swarm);
// The command that makes the failing run again.
std::string repeat_command(const SimulateOutcome& outcome);
// The run's pages, where they were asked for.
void write_simulated(SimulateOutcome& outcome);

// Reads the configuration, simulates, prints the report on stdout; errors and progress go to stderr.
ExitCode run_simulate(const SimulateOptions& options);

}  // namespace conclave::check
