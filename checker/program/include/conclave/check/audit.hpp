// Reductions put to the test: the reduced system beside the unreduced one, and single steps under other histories.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conclave/check/audit_options.hpp"
#include "conclave/check/options.hpp"
#include "conclave/check/run_step.hpp"
#include "conclave/checker/result.hpp"
#include "conclave/config/zoo_cfg.hpp"
#include "conclave/spec/rules.hpp"
#include "conclave/spec/scope.hpp"

namespace conclave::check {

enum class Reduction : std::uint8_t {
  dead_votes,
  local_states,  // and dead votes, which it builds on
  late_reads,
  joined_reads,  // on top of late ones
  histories      // ranks instead of values, and one order for all that a symmetry maps onto each other
};
inline constexpr std::size_t reductions_count = 5;
std::string_view name_of(Reduction reduction);

// A random run ends after so many steps.
inline constexpr int audit_steps_max = 200;

// Where a reduction does not keep what it should.
struct AuditFailure {
  std::string sentence;        // what should have been
  std::string clause;          // what was instead
  std::vector<RunStep> steps;  // the run to it, without the reduction; none for `histories`
  bool shortest = false;
  std::vector<std::string> left_out;  // before the last step: what the reduction had changed, by server
};

// What was looked at of one reduction in one scenario.
struct Audit {
  Reduction reduction{};
  std::string not_used;        // why there is nothing to compare; empty if there is
  std::uint64_t pairs = 0;     // of states; with --runs each as often as it was met
  std::uint64_t steps = 0;     // of the unreduced system, or local ones (histories)
  std::uint64_t left_out = 0;  // steps that one of the two systems does without
  std::size_t renamings = 0;   // histories: other orders and numbers that each step was tried with
  std::uint64_t runs = 0;      // --runs: that were gone along
  checker::Verdict verdict = checker::Verdict::exhausted;
  checker::Stop stop = checker::Stop::none;
  std::size_t bytes = 0;
  double seconds = 0;
  std::optional<AuditFailure> failure;
};

// What to do. The rules must outlive the audit.
struct AuditRequest {
  spec::Scope scope;
  const spec::RuleVariant* rules = &spec::zookeeper_rules();
  checker::Limits limits;  // time for each reduction
  bool minimise = true;    // look at local-states too
  bool histories = true;   // and at histories
  AuditOptions options;
};

// One audit for each reduction. Throws std::bad_alloc, ReplayFailed.
std::vector<Audit> audit(const spec::Scenario& scenario, const AuditRequest& request, checker::Progress& progress);

// Of all scenarios of one call.
struct AuditOutcome {
  CheckOptions options;
  config::ZooCfg cfg;
  std::size_t scenarios = 0;  // to be audited
  std::uint64_t orders = 0;
  struct Audited {
    spec::Scenario scenario;
    std::vector<Audit> audits;
  };
  std::vector<Audited> audited;  // as far as it came: a failure ends it
  std::string trouble;           // why it was aborted, where no audit could say

  checker::Verdict verdict = checker::Verdict::exhausted;
  std::string why;
  bool failed = false;
  std::vector<std::string> warnings;
  ExitCode exit_code = ExitCode::holds;
};
// Fills in what follows from the audits: verdict, why, failed, warnings and exit code.
void conclude(AuditOutcome& outcome);
std::string audit_text_report(const AuditOutcome& outcome);
std::string audit_json_report(const AuditOutcome& outcome);  // docs/json.md

// Reads the configuration, audits, prints the report. REQUIRES: options.audit.
ExitCode run_audit(const CheckOptions& options);

}  // namespace conclave::check
