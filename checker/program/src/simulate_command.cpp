#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <new>
#include <string>
#include <utility>

#include "conclave/check/command.hpp"
#include "conclave/check/diagram.hpp"
#include "conclave/check/interrupt.hpp"
#include "conclave/check/outputs.hpp"
#include "conclave/check/reports.hpp"
#include "conclave/check/simulate_command.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

using Clock = std::chrono::steady_clock;

// Lives as long as the process: a signal may come at any time.
std::atomic<bool>& the_interrupt() {
  static std::atomic<bool> interrupt{false};
  return interrupt;
}

void say(const std::string& text) { static_cast<void>(std::fputs(text.c_str(), stderr)); }

ExitCode refused(const std::string& message, ExitCode code) {
  say(message + "\n");
  return code;
}

// One line on a terminal, written over and over.
class ProgressLine {
 public:
  void show(const SimulateReport& report) {
    const auto now = Clock::now();
    if (!terminal_ || now < due_) return;
    due_ = now + std::chrono::milliseconds(250);
    shown_ = true;
    const double rate = report.seconds > 0 ? static_cast<double>(report.steps) / report.seconds : 0;
    say(fmt::format("\r\033[K{} runs, {} steps, {}/s, {} local states, the last new one in run {}",
                    grouped(report.runs), rate_in_words(static_cast<double>(report.steps)), rate_in_words(rate),
                    grouped(report.local_states), grouped(report.last_new_run)));
  }
  ~ProgressLine() {
    if (shown_) say("\r\033[K");
  }

 private:
  bool terminal_ = ::isatty(STDERR_FILENO) == 1;
  bool shown_ = false;
  Clock::time_point due_ = Clock::now() + std::chrono::milliseconds(250);
};

// Something: what is wrong with the histories that were given.
std::optional<std::string> unknown_history(const SimulateOptions& options, const config::ZooCfg& cfg) {
  if (!options.bounds.histories) return std::nullopt;
  for (const spec::Participant& given : *options.bounds.histories) {
    const bool known = options.bounds.ensemble ? cfg.configuration.find(given.id) != nullptr
                                               : given.id.value >= 1 && given.id.value <= options.bounds.servers_min;
    if (!known) {
      return fmt::format("--history: found server {}; expected one of {}", given.id.value, cfg.file);
    }
  }
  return std::nullopt;
}

ExitCode code_of(const SimulateOutcome& outcome) {
  const SimulateReport& report = outcome.report;
  if (report.failure) return ExitCode::violated;
  if (report.interrupted) return ExitCode::aborted;
  if (report.timed_out && outcome.options.runs > 0) return ExitCode::bounded;
  return ExitCode::holds;
}

void warn(SimulateOutcome& outcome) {
  const SimulateReport& report = outcome.report;
  if (report.failure || outcome.options.run) return;  // one run is no reason to expect anything
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    const auto place = static_cast<std::size_t>(info.property);
    const bool applies = (report.applicable & spec::bit(info.property)) != 0;
    if (info.kind == spec::PropertyKind::sometimes && applies && report.seen[place] == 0 && report.runs > 0) {
      outcome.warnings.push_back(fmt::format("{} was not reached in any run: {}", info.name, info.sentence));
    }
  }
}

// The picture of a run knows of explorations alone: this is what it asks of one.
Outcome exploration_like(const SimulateOutcome& outcome, const spec::Swarm& swarm) {
  Outcome like;
  like.cfg = outcome.cfg;
  like.options.file = outcome.cfg.file;
  like.options.scope = swarm.scope;
  like.options.rules = outcome.options.rules;
  like.options.claim = outcome.options.claim;
  return like;
}

std::string page_of(const SimulateOutcome& outcome) {
  const SimulatedFailure& failure = *outcome.report.failure;
  const spec::Swarm& swarm = failure.shrunk.swarm;
  Diagram diagram = diagram_of(exploration_like(outcome, swarm), swarm.scenario, failure.told);
  diagram.name = failure.name;
  diagram.sentence = failure.sentence;
  if (failure.shrunk.record.end != spec::RunEnd::broken) {
    diagram.verdict = fmt::format("Not settled after {}", steps_in_words(failure.told.steps.size() - 1));
    diagram.clause = failure.told.clause;
  }
  for (auto& [what, value] : diagram.facts) {
    if (what == "bounds") value = join(swarm_in_words(swarm), "; ");
  }
  diagram.facts.emplace_back("repeat", repeat_command(outcome));
  return html_page(diagram);
}

std::string trace_of(const SimulateOutcome& outcome) {
  const SimulatedFailure& failure = *outcome.report.failure;
  const ItfHead head{outcome.cfg.file, failure.name, failure.sentence, std::nullopt};
  return itf_trace(head, failure.told.steps, failure.shrunk.swarm.scenario);
}

}  // namespace

void write_simulated(SimulateOutcome& outcome) {
  const auto write = [&](const char* kind, const char* ending, const std::string& path,
                         std::string (*text)(const SimulateOutcome&)) {
    if (path.empty()) return;
    if (!outcome.report.failure) {
      outcome.warnings.push_back(fmt::format("--{}: no file was written, for no run has failed", kind));
      return;
    }
    Output output = write_run(kind, ending, path, outcome.report.failure->name, text(outcome));
    if (!output.error.empty()) {
      outcome.exit_code = ExitCode::not_written;
      say(fmt::format("conclave: can't write {}\n", output.error));
    }
    outcome.outputs.push_back(std::move(output));
  };
  write("html", ".html", outcome.options.outputs.html, page_of);
  write("itf", ".itf.json", outcome.options.outputs.itf, trace_of);
}

ExitCode run_simulate(const SimulateOptions& options) {
  auto wrong = wrong_with(options.outputs, options.file);
  if (wrong) return refused("conclave: " + *wrong, ExitCode::wrong_use);
  SimulateOutcome outcome;
  outcome.options = options;
  if (options.file.empty()) {
    const auto& [least, most] = std::pair(options.bounds.servers_min, options.bounds.servers_max);
    outcome.cfg.file = least == most ? fmt::format("{} voters", least) : fmt::format("{} to {} voters", least, most);
  } else {
    auto cfg = config::read_zoo_cfg(options.file);
    if (!cfg) return refused(cfg.error().message(), ExitCode::bad_input);
    if (cfg->dynamic_file) wrong = wrong_with(options.outputs, *cfg->dynamic_file);
    if (wrong) return refused("conclave: " + *wrong, ExitCode::wrong_use);
    outcome.options.bounds.ensemble = model::single_configuration(cfg->configuration);
    outcome.options.bounds.ensemble->reconfig_enabled = cfg->reconfig_enabled;
    outcome.cfg = std::move(*cfg);
  }
  interrupt_on_signals(the_interrupt());
  if (const auto unknown = unknown_history(outcome.options, outcome.cfg)) {
    return refused("conclave: " + *unknown, ExitCode::wrong_use);
  }
  try {
    ProgressLine line;
    outcome.report =
        simulate(outcome.options, the_interrupt(), [&line](const SimulateReport& report) { line.show(report); });
  } catch (const ReplayFailed& failure) {
    return refused(fmt::format("conclave: internal defect: a finding could not be replayed: {}", failure.what()),
                   ExitCode::internal_defect);
  } catch (const std::bad_alloc&) {
    return refused("conclave: aborted: there was not enough memory; fewer --threads need less", ExitCode::aborted);
  }
  outcome.exit_code = code_of(outcome);
  warn(outcome);
  write_simulated(outcome);
  return printed(options.json ? simulate_json_report(outcome) : simulate_text_report(outcome), outcome.exit_code);
}

}  // namespace conclave::check
