// `conclave connections`: the connections of the election port, explored with servers that crash without a word.
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
#include "conclave/spec/connection_rules.hpp"
#include "conclave/spec/connection_system.hpp"

namespace conclave::check {

struct ConnectionsOptions {
  std::string file;                        // never empty
  spec::ConnectionScope scope;             // run_connections fills in what is given by ids
  std::vector<std::int64_t> servers;       // ids; empty: the two smallest
  std::vector<std::int64_t> wildcard;      // ids
  std::vector<std::int64_t> out_of_reach;  // ids
  std::optional<int> crashes;              // not given: by the number of servers
  std::optional<int> messages;
  const spec::ConnectionRuleVariant* rules = &spec::connection_rules();
  spec::PropertySet show = 0;
  int threads = 1;
  std::optional<std::size_t> memory_bytes;
  std::int64_t time_max_ms = 0;
  bool json = false;
};

struct ConnectionsRunStep {
  std::optional<spec::ConnectionAction> action;
  spec::ConnectionWorld world;  // after the step
};
struct ConnectionsRun {
  spec::ConnectionProperty property{};
  std::vector<ConnectionsRunStep> steps;
};

struct ConnectionsReport {
  checker::Verdict verdict = checker::Verdict::exhausted;
  checker::Stop stop = checker::Stop::none;
  std::uint64_t states = 0;
  std::uint64_t steps = 0;
  std::size_t levels = 0;
  std::size_t bytes = 0;
  double seconds = 0;
  std::uint64_t cut = 0;  // steps not taken: more connections or calls than there is room for
  std::array<std::optional<std::uint32_t>, spec::connection_properties_count> first_seen;
  std::vector<ConnectionsRun> violations;
  std::vector<ConnectionsRun> shown;
};

// Explores. Throws std::bad_alloc, and ReplayFailed (run.hpp) where a run can't be retold.
ConnectionsReport explore_connections(const ConnectionsOptions& options, const checker::Limits& limits,
                                      checker::Progress& progress);

// Reads the configuration, explores, prints the report on stdout; errors and progress go to stderr.
ExitCode run_connections(const ConnectionsOptions& options);

struct ConnectionsOutcome {
  ConnectionsOptions options;
  config::ZooCfg cfg;
  std::vector<model::ServerId> ids;  // of those explored, ascending
  ConnectionsReport report;
  ExitCode exit_code = ExitCode::holds;
};
std::string connections_text_report(const ConnectionsOutcome& outcome);
std::string connections_json_report(const ConnectionsOutcome& outcome);
std::string connections_listing();

}  // namespace conclave::check
