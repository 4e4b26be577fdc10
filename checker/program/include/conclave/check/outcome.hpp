// All explorations of one call together, and what follows from them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conclave/check/exit_code.hpp"
#include "conclave/check/options.hpp"
#include "conclave/check/run.hpp"
#include "conclave/config/zoo_cfg.hpp"

namespace conclave::check {

struct Explored {
  spec::Scenario scenario;
  Report report;
};

// Sums over the explorations; of first_seen and levels the least and the most.
struct Totals {
  std::uint64_t states = 0;
  std::uint64_t steps = 0;
  std::size_t levels = 0;
  std::uint64_t looks = 0;  // --joined-reads
  std::uint64_t sweeps = 0;
  double seconds = 0;
  std::size_t bytes = 0;  // of the largest
  spec::PropertySet applicable = 0;
  spec::PropertySet suspected = 0;
  spec::QuietCounts quiet;
  std::array<std::optional<std::uint32_t>, spec::properties_count> first_seen;
  std::array<std::uint64_t, spec::properties_count> tested{};
  std::array<std::uint64_t, model::rules_count> rules{};
};

// A file that was written, or could not be.
struct Output {
  std::string kind;  // html
  std::string path;
  std::string what;           // that it shows
  std::string error;          // why it is not there; empty if it is
  std::string left_out = {};  // of a graph: how much it shows, where that is not all
};

struct Outcome {
  CheckOptions options;
  config::ZooCfg cfg;
  std::optional<config::ZooCfg> next;  // --reconfig
  spec::Tolerance tolerance;
  std::size_t scenarios = 0;          // to be explored
  std::uint64_t orders = 0;           // of initial votes altogether (any)
  std::vector<Explored> explored;     // as far as it came
  bool shorter_not_excluded = false;  // a claim is broken, and another scenario may have a shorter run to that
  std::optional<StateGraph> graph;    // of what was explored; of runs each report has its own
  std::string trouble;                // why it was aborted, where no exploration could say

  // From conclude():
  Totals totals;
  checker::Verdict verdict = checker::Verdict::exhausted;
  std::string why;  // bounded, aborted: what ended it
  bool violated = false;
  bool only_liveness_open = false;    // everything was explored, and what has to happen eventually is not known
  bool only_suspicions_open = false;  // --late-reads came to states that break a claim, and may be no run's
  bool only_omissions_open = false;   // all that was found was looked at, and some may not have been found
  std::vector<std::string> warnings;
  ExitCode exit_code = ExitCode::holds;

  std::vector<Output> outputs;  // from write_outputs()
};

// Fills in what is said to be from it.
void conclude(Outcome& outcome);

enum class Standing : std::uint8_t { holds, violated, suspected, untested, not_applicable, seen, not_seen };
// What an outcome says of a property. `holds` means: within what was explored.
Standing standing_of(const Outcome& outcome, spec::Property property);
std::string_view name_of(Standing standing);
// Is it treated as a claim here, by its nature or by --property?
bool is_claimed(const Outcome& outcome, spec::Property property);
// How often a claim was put to the test: local steps, or states for those that judge states.
std::uint64_t tested_count(const Outcome& outcome, spec::Property property);
bool judges_states(spec::Property property);
// Is the count that of all states, also of those in which nobody has decided yet and it says nothing?
bool counts_all_states(spec::Property property);

}  // namespace conclave::check
