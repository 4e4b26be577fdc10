#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

#include "conclave/check/command.hpp"
#include "conclave/check/compare.hpp"
#include "conclave/check/exploring.hpp"
#include "conclave/check/interrupt.hpp"
#include "conclave/check/progress_display.hpp"
#include "conclave/check/run.hpp"
#include "conclave/check/scenarios.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

using Clock = std::chrono::steady_clock;

void compare_all(const Plan& plan, CompareOutcome& outcome) {
  const CheckOptions& options = outcome.options;
  CompareRequest request;
  request.scope = options.scope;
  request.rules = options.rules;
  request.options = *options.compare;
  request.limits = limits_of(options.threads, options.memory_bytes);
  request.limits.depth_max = options.depth_max;
  const auto began = Clock::now();
  for (std::size_t i = 0; i < plan.scenarios.size() && !the_progress().interrupt; ++i) {
    if (options.time_max_ms > 0) {
      const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began).count();
      const auto left = (options.time_max_ms - spent) / static_cast<std::int64_t>(plan.scenarios.size() - i);
      request.limits.time_max = std::chrono::milliseconds(std::max<std::int64_t>(left, 2));
    }
    const ProgressDisplay display(
        the_progress(), plan.scenarios.size() > 1 ? fmt::format("[{}/{}] ", i + 1, plan.scenarios.size()) : "");
    try {
      outcome.compared.push_back({plan.scenarios[i], compare(plan.scenarios[i], request, the_progress())});
    } catch (const std::bad_alloc&) {
      outcome.trouble = "the available memory was used up (--memory sets a limit)";
      return;
    }
  }
  if (the_progress().interrupt) outcome.trouble = "a signal";
}

void conclude(CompareOutcome& outcome) {
  using checker::Verdict;
  const CheckOptions& options = outcome.options;
  for (const auto& [scenario, comparison] : outcome.compared) {
    for (const Extent& extent : comparison.extents) {
      if (extent.verdict <= outcome.verdict) continue;
      outcome.verdict = extent.verdict;
      outcome.why = stop_in_words(extent.stop, {options.depth_max, options.time_max_ms, options.memory_bytes});
    }
  }
  if (!outcome.trouble.empty()) {
    outcome.verdict = Verdict::aborted;
    outcome.why = outcome.trouble;
  }
  outcome.exit_code = code_of(outcome.verdict);
}

}  // namespace

ExitCode run_compare(const CheckOptions& options) {
  auto cfg = config::read_zoo_cfg(options.file);
  if (!cfg) return refused(cfg.error().message(), ExitCode::bad_input);
  interrupt_on_signals(the_progress().interrupt);
  CompareOutcome outcome;
  outcome.options = options;
  const auto plan = plan_of(*cfg, options);
  if (!plan) return refused(plan.error().message, plan.error().code);
  outcome.cfg = std::move(*cfg);
  outcome.scenarios = plan->scenarios.size();
  if (outcome.options.scope.rounds == 0) outcome.options.scope.rounds = default_rounds(*plan, options);
  try {
    compare_all(*plan, outcome);
  } catch (const ReplayFailed& failure) {
    return refused(fmt::format("conclave: internal defect: a run could not be replayed: {}", failure.what()),
                   ExitCode::internal_defect);
  }
  conclude(outcome);
  return printed(options.json ? compare_json_report(outcome) : compare_text_report(outcome), outcome.exit_code);
}

}  // namespace conclave::check
