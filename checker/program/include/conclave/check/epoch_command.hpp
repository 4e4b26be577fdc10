// `conclave epoch`: what comes after an election, explored with any outcome of the elections.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conclave/check/exit_code.hpp"
#include "conclave/checker/result.hpp"
#include "conclave/config/zoo_cfg.hpp"
#include "conclave/spec/epoch_rules.hpp"
#include "conclave/spec/epoch_system.hpp"

namespace conclave::check {

struct EpochOptions {
  std::string file;                           // never empty
  spec::EpochScope scope;                     // run_epoch fills in who keeps no history
  std::vector<std::int64_t> without_history;  // ids
  bool stops_given = false;                   // without it the number of voters decides
  const spec::EpochRuleVariant* rules = &spec::zookeeper_epoch_rules();
  spec::PropertySet show = 0;
  int threads = 1;
  std::optional<std::size_t> memory_bytes;
  std::int64_t time_max_ms = 0;
  bool json = false;
};

struct EpochRunStep {
  std::optional<spec::EpochAction> action;
  std::optional<model::Packet> packet;     // deliver: what is taken
  std::vector<spec::EpochServer> servers;  // after the step
};
struct EpochRun {
  spec::EpochProperty property{};
  std::vector<EpochRunStep> steps;
};

struct EpochReport {
  checker::Verdict verdict = checker::Verdict::exhausted;
  checker::Stop stop = checker::Stop::none;
  std::uint64_t states = 0;
  std::uint64_t steps = 0;
  std::size_t levels = 0;
  std::size_t bytes = 0;
  double seconds = 0;
  std::uint64_t cut = 0;  // steps not taken: beyond the last epoch
  std::vector<std::size_t> local_states;
  std::array<std::optional<std::uint32_t>, spec::epoch_properties_count> first_seen;
  std::vector<EpochRun> violations;
  std::vector<EpochRun> shown;
};

// Explores. Throws std::bad_alloc, and ReplayFailed (run.hpp) where a run can't be retold in a fresh system.
EpochReport explore_epochs(const model::Configuration& configuration, const EpochOptions& options,
                           const checker::Limits& limits, checker::Progress& progress);

// Reads the configuration, explores, prints the report on stdout; errors and progress go to stderr.
ExitCode run_epoch(const EpochOptions& options);

struct EpochOutcome {
  EpochOptions options;
  config::ZooCfg cfg;
  EpochReport report;
  ExitCode exit_code = ExitCode::holds;
};
std::string epoch_text_report(const EpochOutcome& outcome);
std::string epoch_json_report(const EpochOutcome& outcome);
// The claims, what is reached, and the bugs that can be seeded.
std::string epoch_listing();

}  // namespace conclave::check
