// What one network reaches and another does not.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conclave/check/options.hpp"
#include "conclave/check/run_step.hpp"
#include "conclave/checker/result.hpp"
#include "conclave/config/zoo_cfg.hpp"
#include "conclave/spec/properties.hpp"
#include "conclave/spec/rules.hpp"
#include "conclave/spec/scope.hpp"
#include "conclave/spec/server.hpp"

namespace conclave::check {

// A local state that one of the two alone reaches, with a shortest run to it.
struct Reached {
  int server = 0;  // participant
  spec::Server state;
  bool noticed = false;  // others can tell it from all that the other network reaches
  std::vector<RunStep> steps;
};

// One of the two networks.
struct Extent {
  spec::Network network;
  checker::Verdict verdict = checker::Verdict::exhausted;
  checker::Stop stop = checker::Stop::none;
  std::uint64_t states = 0;
  std::uint64_t steps = 0;
  double seconds = 0;
  std::size_t bytes = 0;
  std::array<std::optional<std::uint32_t>, spec::properties_count> first_seen;  // broken or witnessed: steps to it
  std::vector<std::size_t> locals;                                              // by participant
  std::optional<std::size_t> combinations;  // of all servers' local states; nothing where there are too many to keep
  // What the other has not reached:
  std::vector<std::size_t> only;          // local states, by participant
  std::vector<std::size_t> only_noticed;  // of these, what others can tell from all that the other reaches
  std::optional<std::size_t> only_combinations;
  std::vector<Reached> examples;  // the first few, those that others notice before those that they do not
};
inline constexpr std::size_t examples_max = 2;

struct Comparison {
  spec::PropertySet applicable = 0;
  std::array<Extent, 2> extents;
};

// What to do. The rules must outlive the comparison. Nothing is reduced.
struct CompareRequest {
  spec::Scope scope;  // but for its network
  const spec::RuleVariant* rules = &spec::zookeeper_rules();
  checker::Limits limits;  // for both together; of the time each gets half
  CompareOptions options;
};

// Throws std::bad_alloc, ReplayFailed.
Comparison compare(const spec::Scenario& scenario, const CompareRequest& request, checker::Progress& progress);

// Of all scenarios of one call.
struct CompareOutcome {
  CheckOptions options;
  config::ZooCfg cfg;
  std::size_t scenarios = 0;  // to be compared
  struct Compared {
    spec::Scenario scenario;
    Comparison comparison;
  };
  std::vector<Compared> compared;  // as far as it came
  std::string trouble;             // why it was aborted, where no exploration could say

  checker::Verdict verdict = checker::Verdict::exhausted;
  std::string why;
  ExitCode exit_code = ExitCode::holds;
};
std::string compare_text_report(const CompareOutcome& outcome);
std::string compare_json_report(const CompareOutcome& outcome);  // docs/json.md

// "latest", "fifo:2".
std::string network_text(const spec::Network& network);
// A local state in words: "LOOKING in round 1, proposes leader=3 ...; votes of 1: ...".
std::string local_state_text(const spec::Server& server);

// Reads the configuration, explores, prints the report. REQUIRES: options.compare.
ExitCode run_compare(const CheckOptions& options);

}  // namespace conclave::check
