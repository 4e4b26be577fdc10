#include "conclave/check/command.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <new>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "conclave/check/audit.hpp"
#include "conclave/check/checkpoint.hpp"
#include "conclave/check/compare.hpp"
#include "conclave/check/connections_command.hpp"
#include "conclave/check/counterexamples.hpp"
#include "conclave/check/epoch_command.hpp"
#include "conclave/check/exploring.hpp"
#include "conclave/check/graph_choice.hpp"
#include "conclave/check/interrupt.hpp"
#include "conclave/check/late_run.hpp"
#include "conclave/check/liveness_run.hpp"
#include "conclave/check/outcome.hpp"
#include "conclave/check/outputs.hpp"
#include "conclave/check/progress_display.hpp"
#include "conclave/check/reports.hpp"
#include "conclave/check/scenarios.hpp"
#include "conclave/check/words.hpp"
#include "conclave/spec/closed_system.hpp"

namespace conclave::check {
namespace {

using Clock = std::chrono::steady_clock;

// Says how far it came where explore() could not.
Report unfinished(const checker::Progress& progress, checker::Stop stop, Clock::time_point began) {
  Report report;
  report.verdict = checker::Verdict::aborted;
  report.stop = stop;
  report.states = progress.states;
  report.steps = progress.steps;
  report.bytes = progress.bytes;
  report.last_level_complete = false;
  report.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  return report;
}

Report explore_watched(const spec::Scenario& scenario, const Request& request, const std::string& label) {
  checker::Progress& progress = the_progress();
  const auto began = Clock::now();
  using Going = ProgressDisplay::Going;
  const ProgressDisplay display(progress, label, request.joined_reads ? Going::by_sweep : Going::by_level);
  try {
    return explore(scenario, request, progress);
  } catch (const std::bad_alloc&) {
    return unfinished(progress, checker::Stop::memory, began);
  } catch (const std::system_error& failure) {
    Report report = unfinished(progress, checker::Stop::disk, began);
    report.trouble = failure.what();
    return report;
  }
}

// Of the runs that several explorations have to show for one property. Of equally short ones the first.
void keep_shortest_shown(Outcome& outcome) {
  std::map<spec::Property, const Run*> best;
  for (const Explored& explored : outcome.explored) {
    for (const Run& run : explored.report.shown) {
      const Run*& place = best[run.property];
      if (place == nullptr || run.steps.size() < place->steps.size()) place = &run;
    }
  }
  std::set<const Run*> kept;
  for (const auto& [property, run] : best) kept.insert(run);
  for (Explored& explored : outcome.explored) {
    std::vector<Run> shown;
    for (Run& run : explored.report.shown) {
      if (kept.count(&run) != 0) shown.push_back(std::move(run));
    }
    explored.report.shown = std::move(shown);
  }
}

void explore_all(const Plan& plan, Outcome& outcome) {
  const CheckOptions& options = outcome.options;
  Request request;
  request.scope = options.scope;
  request.rules = options.rules;
  request.claim = options.claim;
  request.except = options.except;
  request.show = options.show;
  request.minimise = options.minimise;
  request.late_reads = options.late_reads;
  request.joined_reads = options.joined_reads;
  request.liveness = options.liveness;
  request.storage = options.storage;
  request.checkpoint = options.checkpoint;
  request.limits = limits_of(options.threads, options.memory_bytes);
  request.limits.depth_max = options.depth_max;
  request.limits.violations_max = static_cast<std::size_t>(options.counterexamples);
  const auto began = Clock::now();
  for (std::size_t i = 0; i < plan.scenarios.size(); ++i) {
    if (options.time_max_ms > 0) {
      const auto spent = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - began);
      request.limits.time_max = std::chrono::milliseconds(options.time_max_ms) - spent;
      if (request.limits.time_max.count() <= 0) {
        outcome.shorter_not_excluded = !counterexamples_of(outcome).empty();
        break;
      }
    }
    if (the_progress().interrupt) break;
    // All that was asked for was found: what is left to ask is whether another scenario has shorter runs.
    const auto limit = length_to_beat(outcome);
    if (limit && *limit < 2) break;
    // States at that depth are reached and not judged, so that only steps can break a claim in as many steps.
    if (limit) request.limits.depth_max = *limit;
    const std::string label = plan.scenarios.size() > 1 ? fmt::format("[{}/{}] ", i + 1, plan.scenarios.size()) : "";
    request.graph = graph_wanted(plan, options, i);
    Report report = explore_watched(plan.scenarios[i], request, label);
    if (options.graph && options.graph->of != GraphOf::runs && report.graph) outcome.graph = std::move(report.graph);
    if (limit) {
      std::erase_if(report.violations, [&limit](const Run& run) { return run.steps.size() - 1 >= *limit; });
      const bool shorter = !report.violations.empty();
      const bool looked = shorter || report.verdict == checker::Verdict::exhausted ||
                          report.stop == checker::Stop::depth || report.stop == checker::Stop::violation;
      // Of one run that is asked for, only the exploration that has it is told of.
      if (shorter && options.counterexamples == 1) outcome.explored.pop_back();
      if (shorter) outcome.explored.push_back(Explored{plan.scenarios[i], std::move(report)});
      keep_first_counterexamples(outcome);
      if (looked) continue;
      outcome.shorter_not_excluded = true;
      break;
    }
    const bool endless = report.liveness && report.liveness->eventually == checker::Prospect::violated;
    const bool stop = report.verdict == checker::Verdict::aborted || endless;
    outcome.explored.push_back(Explored{plan.scenarios[i], std::move(report)});
    if (stop) break;
  }
  keep_first_counterexamples(outcome);
  const bool violated = !counterexamples_of(outcome).empty();
  outcome.shorter_not_excluded = outcome.shorter_not_excluded || (violated && the_progress().interrupt);
  keep_shortest_shown(outcome);
  if (the_progress().interrupt && outcome.explored.size() < plan.scenarios.size()) outcome.trouble = "a signal";
}

// What --property names has to be judged somewhere, or "holds" would be said of nothing. Something: what is wrong.
std::optional<std::string> claim_out_of_scope(const Plan& plan, const CheckOptions& options) {
  spec::PropertySet open = options.claim;
  for (const spec::Scenario& scenario : plan.scenarios) {
    if (open == 0) break;
    open &= ~spec::ClosedSystem(scenario, options.scope, *options.rules).applicable();
  }
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    if ((open & spec::bit(info.property)) == 0) continue;
    return fmt::format("--property: found {}, which is not judged in this scope; expected {}", info.name,
                       info.assumes.empty() ? "another" : fmt::format("what it needs: {}", info.assumes));
  }
  return std::nullopt;
}

// Of the files that were read, one that would be written to. Something: what is wrong.
std::optional<std::string> files_in_the_way(const config::ZooCfg& cfg, const Outcome& outcome) {
  std::vector<std::string> read;
  if (cfg.dynamic_file) read.push_back(*cfg.dynamic_file);
  if (outcome.next) read.push_back(outcome.next->file);
  if (outcome.next && outcome.next->dynamic_file) read.push_back(*outcome.next->dynamic_file);
  for (const std::string& file : read) {
    if (auto wrong = wrong_with(outcome.options.outputs, file)) return wrong;
  }
  return std::nullopt;
}

// Beyond what a minute and some gigabytes show, the user has to say how far to go.
void choose_epoch_bounds(EpochOptions& options, std::size_t servers) {
  if (options.scope.transactions < 0) options.scope.transactions = servers <= 4 ? 1 : 0;
  if (!options.stops_given) options.scope.stops = servers <= 3 ? 3 : 1;
}

template <class Report>
ExitCode code_of_report(const Report& report) {
  return report.violations.empty() ? code_of(report.verdict) : ExitCode::violated;
}

}  // namespace

ExitCode printed(const std::string& report, ExitCode code) {
  const bool written =
      std::fwrite(report.data(), 1, report.size(), stdout) == report.size() && std::fflush(stdout) == 0;
  if (written) return code;
  say(fmt::format("conclave: what there was to say could not be written to stdout: {}\n", std::strerror(errno)));
  return ExitCode::not_written;
}

namespace {

// Ids into participants, which are sorted by them. Something: what is wrong.
std::optional<std::string> read_without_history(EpochOutcome& outcome) {
  for (const std::int64_t id : outcome.options.without_history) {
    std::uint32_t bit = 1;
    bool found = false;
    for (const model::Member& member : outcome.cfg.configuration.members()) {
      if (!outcome.options.scope.observers && !outcome.cfg.configuration.votes(member.id)) continue;
      found = member.id.value == id;
      if (found) break;
      bit <<= 1U;
    }
    const std::string_view expected = outcome.options.scope.observers ? "server" : "voter";
    if (!found)
      return fmt::format("--without-history: found {}; expected a {} of {}", id, expected, outcome.cfg.file);
    outcome.options.scope.without_history |= bit;
  }
  return std::nullopt;
}

// Takes the ids that were given, in their order, or the two smallest, and what else is given by ids. Something: what is
// wrong.
std::optional<std::string> read_servers(ConnectionsOutcome& outcome) {
  constexpr std::size_t servers_max = spec::connection_servers_max;
  ConnectionsOptions& options = outcome.options;
  std::set<std::int64_t> chosen(options.servers.begin(), options.servers.end());
  std::set<std::int64_t> voters;
  for (const model::Member& member : outcome.cfg.configuration.members()) {
    if (outcome.cfg.configuration.votes(member.id)) voters.insert(member.id.value);
  }
  for (auto id = voters.begin(); options.servers.empty() && id != voters.end() && chosen.size() < 2; ++id) {
    chosen.insert(*id);
  }
  for (const std::int64_t id : chosen) {
    if (voters.contains(id)) continue;
    return fmt::format("--servers: found {}; expected voters of {}", id, outcome.cfg.file);
  }
  if (chosen.size() < 2 || chosen.size() > servers_max) {
    return fmt::format("--servers: found {}; expected two or three", chosen.size());
  }
  for (const std::int64_t id : chosen) outcome.ids.push_back(model::ServerId{id});
  const auto read_ids = [&](const char* option, const std::vector<std::int64_t>& ids,
                            std::uint32_t& bits) -> std::optional<std::string> {
    for (const std::int64_t id : ids) {
      const auto place = chosen.find(id);
      if (place == chosen.end()) {
        return fmt::format("{}: found {}; expected one of the servers {}", option, id, id_set(outcome.ids));
      }
      bits |= 1U << static_cast<unsigned>(std::distance(chosen.begin(), place));
    }
    return std::nullopt;
  };
  if (auto wrong = read_ids("--wildcard", options.wildcard, options.scope.wildcard)) return wrong;
  return read_ids("--out-of-reach", options.out_of_reach, options.scope.out_of_reach);
}

// Who says in the file that its address is that of every interface.
std::uint32_t wildcards_of(const ConnectionsOutcome& outcome) {
  std::uint32_t bits = 0;
  for (const config::ServerLine& line : outcome.cfg.servers) {
    const auto place = std::find(outcome.ids.begin(), outcome.ids.end(), line.id);
    const bool wildcard = std::any_of(line.addresses.begin(), line.addresses.end(), [](const auto& address) {
      return address.host == "0.0.0.0" || address.host == "::";
    });
    if (wildcard && place != outcome.ids.end()) bits |= 1U << static_cast<unsigned>(place - outcome.ids.begin());
  }
  return bits;
}

}  // namespace

namespace {

// With the progress shown. Memory that was used up is a verdict; a code is for what ends without one.
template <class Report, class Explore>
std::optional<ExitCode> explored(Report& report, const Explore& explore) {
  const auto began = Clock::now();
  const ProgressDisplay display(the_progress(), "");
  try {
    report = explore();
  } catch (const std::bad_alloc&) {
    report.verdict = checker::Verdict::aborted;
    report.stop = checker::Stop::memory;
    report.states = the_progress().states;
    report.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  } catch (const ReplayFailed& failure) {
    return refused(fmt::format("conclave: internal defect: a finding could not be replayed: {}", failure.what()),
                   ExitCode::internal_defect);
  }
  return std::nullopt;
}

}  // namespace

ExitCode run_check(const CheckOptions& options) {
  if (options.audit) return run_audit(options);
  if (options.compare) return run_compare(options);
  auto wrong = wrong_with(options.outputs, options.file);
  if (wrong) return refused("conclave: " + *wrong, ExitCode::wrong_use);
  auto cfg = config::read_zoo_cfg(options.file);
  if (!cfg) return refused(cfg.error().message(), ExitCode::bad_input);
  interrupt_on_signals(the_progress().interrupt);
  Outcome outcome;
  outcome.options = options;
  if (options.reconfig) {
    auto next = config::read_zoo_cfg(options.reconfig->file);
    if (!next) return refused(next.error().message(), ExitCode::bad_input);
    outcome.next = std::move(*next);
  }
  wrong = files_in_the_way(*cfg, outcome);
  if (wrong) return refused("conclave: " + *wrong, ExitCode::wrong_use);
  const auto plan = outcome.next ? plan_of(*cfg, *outcome.next, options) : plan_of(*cfg, options);
  if (!plan) return refused(plan.error().message, plan.error().code);
  outcome.cfg = std::move(*cfg);
  outcome.tolerance = spec::tolerance_of(outcome.cfg.configuration);
  outcome.scenarios = plan->scenarios.size();
  outcome.orders = plan->orders;
  if (outcome.options.scope.rounds == 0) {
    outcome.options.scope.rounds = default_rounds(*plan, options);
  }
  if (const auto wrong_claim = claim_out_of_scope(*plan, outcome.options)) {
    return refused("conclave: " + *wrong_claim, ExitCode::wrong_use);
  }
  const bool checkpoints = !options.checkpoint.write_to.empty() || !options.checkpoint.resume_from.empty();
  if (checkpoints && plan->scenarios.size() != 1) {
    return refused(
        fmt::format("conclave: {}: found {} histories to be explored one after the other; expected one, "
                    "which {}--history ID=EPOCH:ZXID,... chooses",
                    options.checkpoint.write_to.empty() ? "--resume" : "--checkpoint", plan->scenarios.size(),
                    options.reconfig ? "--reconfigured and --last-seen with " : ""),
        ExitCode::wrong_use);
  }
  if (const auto wrong_graph = wrong_with_graph(*plan, options)) {
    return refused("conclave: " + *wrong_graph, ExitCode::wrong_use);
  }
  if (options.late_reads) {
    const auto why = no_late_reads_for(plan->scenarios.front(), outcome.options);
    if (why) return refused(fmt::format("conclave: {}", *why), ExitCode::wrong_use);
  }
  if (const auto why = why_not_judged(options.scope); options.liveness && !why.empty()) {
    return refused(fmt::format("conclave: --liveness: {}", why), ExitCode::wrong_use);
  }
  try {
    explore_all(*plan, outcome);
  } catch (const BadCheckpoint& wrong) {
    return refused(fmt::format("conclave: --resume: {}", wrong.what()), ExitCode::bad_input);
  } catch (const std::invalid_argument& wrong) {
    return refused(fmt::format("conclave: --resume: {}: {}", options.checkpoint.resume_from, wrong.what()),
                   ExitCode::bad_input);
  } catch (const ReplayFailed& failure) {
    return refused(fmt::format("conclave: internal defect: a finding could not be replayed: {}", failure.what()),
                   ExitCode::internal_defect);
  }
  conclude(outcome);
  write_outputs(outcome);
  for (const Output& output : outcome.outputs) {
    if (!output.error.empty()) say(fmt::format("conclave: can't write {}\n", output.error));
    if (!output.left_out.empty()) say(fmt::format("conclave: {} shows {}\n", output.path, output.left_out));
  }
  const std::string report = options.json ? json_report(outcome) : text_report(outcome);
  return printed(report, outcome.exit_code);
}

ExitCode run_epoch(const EpochOptions& options) {
  auto cfg = config::read_zoo_cfg(options.file);
  if (!cfg) return refused(cfg.error().message(), ExitCode::bad_input);
  interrupt_on_signals(the_progress().interrupt);
  const bool observers = options.scope.observers;
  const std::size_t servers = observers ? cfg->configuration.members().size() : cfg->configuration.voters();
  if (servers > static_cast<std::size_t>(spec::participants_max)) {
    return refused(fmt::format("{}: found {} {}; expected at most {}, which is what can be explored", cfg->file,
                               servers, observers ? "servers" : "voters", spec::participants_max),
                   ExitCode::bad_input);
  }
  if (observers && servers == cfg->configuration.voters()) {
    return refused(
        fmt::format("conclave: --observers: found none in {}; expected a server line with :observer", cfg->file),
        ExitCode::wrong_use);
  }
  EpochOutcome outcome;
  outcome.options = options;
  outcome.cfg = std::move(*cfg);
  choose_epoch_bounds(outcome.options, servers);
  if (const auto wrong = read_without_history(outcome)) return refused("conclave: " + *wrong, ExitCode::wrong_use);
  checker::Limits limits = limits_of(options.threads, options.memory_bytes);
  limits.time_max = std::chrono::milliseconds(options.time_max_ms);
  const auto failed = explored(outcome.report, [&] {
    return explore_epochs(outcome.cfg.configuration, outcome.options, limits, the_progress());
  });
  if (failed) return *failed;
  outcome.exit_code = code_of_report(outcome.report);
  return printed(options.json ? epoch_json_report(outcome) : epoch_text_report(outcome), outcome.exit_code);
}

ExitCode run_connections(const ConnectionsOptions& options) {
  auto cfg = config::read_zoo_cfg(options.file);
  if (!cfg) return refused(cfg.error().message(), ExitCode::bad_input);
  interrupt_on_signals(the_progress().interrupt);
  if (cfg->configuration.voters() < 2) {
    return refused(fmt::format("{}: found {}; expected two voters or more, which can connect", cfg->file,
                               how_many(static_cast<int>(cfg->configuration.voters()), "voter", "voters")),
                   ExitCode::bad_input);
  }
  ConnectionsOutcome outcome;
  outcome.options = options;
  outcome.cfg = std::move(*cfg);
  if (const auto wrong = read_servers(outcome)) return refused("conclave: " + *wrong, ExitCode::wrong_use);
  spec::ConnectionScope& scope = outcome.options.scope;
  scope.wildcard |= wildcards_of(outcome);
  scope.servers = static_cast<int>(outcome.ids.size());
  // Three servers have so many states that the user has to say how far to go.
  scope.crashes = options.crashes.value_or(scope.servers == 2 ? 2 : 0);
  scope.messages = options.messages.value_or(scope.servers == 2 ? 1 : 0);
  checker::Limits limits = limits_of(options.threads, options.memory_bytes);
  limits.time_max = std::chrono::milliseconds(options.time_max_ms);
  const auto failed =
      explored(outcome.report, [&] { return explore_connections(outcome.options, limits, the_progress()); });
  if (failed) return *failed;
  outcome.exit_code = code_of_report(outcome.report);
  // There is room for so many connections and calls, and a run would have had more.
  if (outcome.exit_code == ExitCode::holds && outcome.report.cut > 0) outcome.exit_code = ExitCode::bounded;
  return printed(options.json ? connections_json_report(outcome) : connections_text_report(outcome),
                 outcome.exit_code);
}

}  // namespace conclave::check
