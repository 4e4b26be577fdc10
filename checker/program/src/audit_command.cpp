#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "conclave/check/audit.hpp"
#include "conclave/check/command.hpp"
#include "conclave/check/exploring.hpp"
#include "conclave/check/interrupt.hpp"
#include "conclave/check/preparation.hpp"
#include "conclave/check/progress_display.hpp"
#include "conclave/check/run.hpp"
#include "conclave/check/scenarios.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

using Clock = std::chrono::steady_clock;

void audit_all(const Plan& plan, AuditOutcome& outcome) {
  const CheckOptions& options = outcome.options;
  AuditRequest request;
  request.scope = options.scope;
  request.rules = options.rules;
  request.minimise = options.minimise;
  // New epochs are none of the histories that a server is told apart by, and releases are.
  const bool plain = options.releases.empty() && options.scope.vote_epoch == spec::VoteEpoch::voted;
  request.histories = options.history == HistoryKind::any && !options.every_order && plain;
  request.options = *options.audit;
  request.limits = limits_of(options.threads, options.memory_bytes);
  request.limits.depth_max = options.depth_max;
  const auto began = Clock::now();
  for (std::size_t i = 0; i < plan.scenarios.size() && !the_progress().interrupt; ++i) {
    // Each audit that is still to come gets the same.
    const std::size_t to_come = reductions_count * (plan.scenarios.size() - i);
    request.limits.time_max = left_of(std::chrono::milliseconds(options.time_max_ms), began, to_come);
    const ProgressDisplay display(
        the_progress(), plan.scenarios.size() > 1 ? fmt::format("[{}/{}] ", i + 1, plan.scenarios.size()) : "");
    try {
      outcome.audited.push_back({plan.scenarios[i], audit(plan.scenarios[i], request, the_progress())});
    } catch (const std::bad_alloc&) {
      outcome.trouble = "the available memory was used up (--memory sets a limit)";
      return;
    }
    const auto& audits = outcome.audited.back().audits;
    if (std::any_of(audits.begin(), audits.end(), [](const Audit& audit) { return audit.failure.has_value(); }))
      return;
  }
  if (the_progress().interrupt) outcome.trouble = "a signal";
}

}  // namespace

void conclude(AuditOutcome& outcome) {
  using checker::Verdict;
  const CheckOptions& options = outcome.options;
  bool compared = false;
  for (const auto& [scenario, audits] : outcome.audited) {
    for (const Audit& audit : audits) {
      if (!audit.not_used.empty()) continue;
      compared = true;
      outcome.failed = outcome.failed || audit.failure.has_value();
      if (audit.verdict <= outcome.verdict) continue;
      outcome.verdict = audit.verdict;
      outcome.why = stop_in_words(audit.stop, {options.depth_max, options.time_max_ms, options.memory_bytes});
    }
  }
  if (outcome.failed) outcome.why = "a difference was found";
  if (!outcome.trouble.empty()) {
    outcome.verdict = Verdict::aborted;
    outcome.why = outcome.trouble;
  }
  outcome.exit_code = code_of(outcome.verdict);
  if (outcome.failed) outcome.exit_code = ExitCode::violated;
  if (!compared && outcome.trouble.empty()) {
    outcome.warnings.emplace_back("no reduction is used in this scope, so that nothing was compared");
  }
  for (const Reduction reduction : {Reduction::dead_votes, Reduction::local_states}) {
    std::uint64_t left_out = 0;
    bool used = false;
    for (const auto& [scenario, audits] : outcome.audited) {
      for (const Audit& audit : audits) {
        if (audit.reduction != reduction || !audit.not_used.empty()) continue;
        used = true;
        left_out += audit.left_out;
      }
    }
    const bool whole = outcome.verdict == Verdict::exhausted && !outcome.failed;
    if (used && whole && left_out == 0 && options.scope.network.kind == spec::NetworkKind::latest) {
      outcome.warnings.push_back(
          fmt::format("{} has left out no step here, so there was little to compare", name_of(reduction)));
    }
  }
}

ExitCode run_audit(const CheckOptions& options) {
  auto cfg = config::read_zoo_cfg(options.file);
  if (!cfg) return refused(cfg.error().message(), ExitCode::bad_input);
  interrupt_on_signals(the_progress().interrupt);
  AuditOutcome outcome;
  outcome.options = options;
  const auto plan = plan_of(*cfg, options);
  if (!plan) return refused(plan.error().message, plan.error().code);
  outcome.cfg = std::move(*cfg);
  outcome.scenarios = plan->scenarios.size();
  outcome.orders = plan->orders;
  if (outcome.options.scope.rounds == 0) outcome.options.scope.rounds = default_rounds(*plan, options);
  try {
    audit_all(*plan, outcome);
  } catch (const ReplayFailed& failure) {
    return refused(fmt::format("conclave: internal defect: a finding could not be replayed: {}", failure.what()),
                   ExitCode::internal_defect);
  }
  conclude(outcome);
  return printed(options.json ? audit_json_report(outcome) : audit_text_report(outcome), outcome.exit_code);
}

}  // namespace conclave::check
