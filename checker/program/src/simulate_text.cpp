// What random runs have shown, for people.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "conclave/check/reports.hpp"
#include "conclave/check/simulate_command.hpp"
#include "conclave/check/words.hpp"
#include "conclave/spec/liveness_claims.hpp"
#include "text_parts.hpp"

namespace conclave::check {
namespace {

using spec::PropertyKind;
using spec::RunEnd;

std::uint64_t ended(const SimulateReport& report, RunEnd end) { return report.ends[static_cast<std::size_t>(end)]; }
std::uint64_t done(const SimulateReport& report, spec::ActionKind kind) {
  return report.actions[static_cast<std::size_t>(kind)];
}
bool with_bug(const SimulateOutcome& outcome) { return outcome.options.rules != &spec::zookeeper_rules(); }
bool claimed(const SimulateOutcome& outcome, const spec::PropertyInfo& info) {
  return (simulated_claims(outcome.options) & spec::bit(info.property)) != 0;
}

void tell_draws(std::string& text, const SimulateReport& report) {
  const auto pair = [&](std::string_view usual, std::uint64_t others, std::string_view other) {
    return fmt::format("{} {}, {} {}", usual, grouped(report.runs - others), other, grouped(others));
  };
  wrapped(text, "  drawn, in runs: ",
          {pair("network latest", report.fifo, "fifo"), pair("timing async", report.timely, "timely"),
           pair("starts staggered", report.together, "together"), pair("grain coarse", report.fine, "fine"),
           pair("roles end when lost", report.roles_end_at_any_time, "at any time")},
          "; ");
  const auto times = [&](spec::ActionKind kind, std::string_view one, std::string_view several) {
    return counted(done(report, kind), one, several);
  };
  wrapped(text, "  happened: ",
          {times(spec::ActionKind::start, "start", "starts"), times(spec::ActionKind::crash, "crash", "crashes"),
           times(spec::ActionKind::restart, "restart", "restarts"),
           times(spec::ActionKind::lose, "message lost", "messages lost"),
           times(spec::ActionKind::resend, "notification time-out", "notification time-outs"),
           times(spec::ActionKind::silence, "decision by silence", "decisions by silence"),
           times(spec::ActionKind::end_role, "role ended", "roles ended")},
          ", ");
}

void tell_runs(std::string& text, const SimulateOutcome& outcome) {
  auto out = std::back_inserter(text);
  const SimulateReport& report = outcome.report;
  text += "simulated\n";
  const std::string sizes = report.servers_least == report.servers_most
                                ? fmt::format("{}", report.servers_most)
                                : fmt::format("{} to {}", report.servers_least, report.servers_most);
  const double rate = report.seconds > 0 ? static_cast<double>(report.steps) / report.seconds : 0;
  const std::string runs =
      outcome.options.run ? fmt::format("run {}", *outcome.options.run) : counted(report.runs, "run", "runs");
  fmt::format_to(out, "  {} of seed {}, of {} servers: {}; {:.2f} s, {} steps/s\n", runs, outcome.options.seed, sizes,
                 counted(report.steps, "step", "steps"), report.seconds, rate_in_words(rate));
  if (with_bug(outcome)) {
    paragraph(text,
              "  SEEDED BUG: ", fmt::format("{}: {}", outcome.options.rules->name, outcome.options.rules->sentence));
  }
  if (report.runs == 0) return;
  tell_draws(text, report);
  std::string failed;
  const std::uint64_t broken =
      ended(report, RunEnd::broken) + ended(report, RunEnd::stuck) + ended(report, RunEnd::unsettled);
  if (broken > 0) failed = fmt::format(", {} in which a claim failed", broken);
  fmt::format_to(out, "  ends, once faults stop: {} settled, {} with too few servers running{}\n",
                 grouped(ended(report, RunEnd::settled)), grouped(ended(report, RunEnd::no_quorum)), failed);
  fmt::format_to(out, "  local states: {}{} distinct; the most recent new local state in run {} of {}\n",
                 report.local_states_full ? "more than " : "", grouped(report.local_states),
                 grouped(report.last_new_run), grouped(report.runs));
}

void tell_claims(std::string& text, const SimulateOutcome& outcome) {
  auto out = std::back_inserter(text);
  const SimulateReport& report = outcome.report;
  text += "claims, as far as was tried\n";
  std::vector<std::string> elsewhere;
  const auto line = [&](std::string_view name, bool applies, std::uint64_t times, std::string_view unit) {
    if (report.failure && report.failure->name == name) {
      fmt::format_to(out, "  VIOLATED      {:<32} in run {}\n", name, grouped(report.failure->run));
    } else if (!applies) {
      elsewhere.emplace_back(name);
    } else if (times == 0) {
      fmt::format_to(out, "  untested      {}\n", name);
    } else {
      fmt::format_to(out, "  no violation  {:<32} tested in {} {}{}\n", name, grouped(times), unit,
                     times == 1 ? "" : "s");
    }
  };
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    if (!claimed(outcome, info)) continue;
    const bool applies = (report.applicable & spec::bit(info.property)) != 0;
    if (!applies && info.property == spec::Property::no_second_quorum) continue;  // which no run here is about
    const bool of_ends = info.property == spec::Property::no_deadlock;
    const bool of_states = judges_states(info.property) && !of_ends;
    line(info.name, applies, report.tested[static_cast<std::size_t>(info.property)],
         of_ends     ? "end"
         : of_states ? "state"
                     : "step");
  }
  line(spec::eventually_settled.name, true,
       ended(report, RunEnd::settled) + ended(report, RunEnd::stuck) + ended(report, RunEnd::unsettled), "end");
  if (!elsewhere.empty()) wrapped(text, "  not claimed in these runs: ", elsewhere, ", ");
}

void tell_coverage(std::string& text, const SimulateReport& report, const SimulateOutcome& outcome) {
  std::vector<std::string> refuted;
  std::vector<std::string> reached;
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    const std::uint64_t runs = report.seen[static_cast<std::size_t>(info.property)];
    if (claimed(outcome, info) || (report.applicable & spec::bit(info.property)) == 0) continue;
    const bool is_refuted = info.kind == PropertyKind::refuted;
    std::string seen =
        fmt::format("{} ({}in {})", info.name, is_refuted ? "broken " : "", counted(runs, "run", "runs"));
    if (is_refuted && runs == 0) seen = fmt::format("{} (not broken here)", info.name);
    if (is_refuted)
      refuted.push_back(std::move(seen));
    else if (runs > 0)
      reached.push_back(std::move(seen));
  }
  if (!refuted.empty()) wrapped(text, "known not to hold: ", refuted, ", ");
  if (!reached.empty()) wrapped(text, "reached: ", reached, ", ");
  std::vector<std::string> never;
  std::size_t taken = 0;
  for (const model::RuleInfo& info : model::rule_infos) {
    const bool was_taken = report.rules[static_cast<std::size_t>(info.rule)] > 0;
    taken += was_taken ? 1 : 0;
    if (!was_taken && !is_out_of_reach(info.rule)) never.emplace_back(info.name);
  }
  const std::string head =
      fmt::format("rules: {} taken{}", taken,
                  never.empty() ? "" : "; not taken (beside those for malformed messages and new configurations): ");
  wrapped(text, head, never, ", ");
}

void tell_failure(std::string& text, const SimulateOutcome& outcome) {
  auto out = std::back_inserter(text);
  const SimulatedFailure& failure = *outcome.report.failure;
  const spec::ShrunkRun& shrunk = failure.shrunk;
  const spec::Swarm& swarm = shrunk.swarm;
  const std::size_t last = failure.told.steps.size() - 1;
  const bool in_calm = shrunk.record.end != RunEnd::broken;
  fmt::format_to(out, "\n{} is broken in run {}\n", failure.name, grouped(failure.run));
  paragraph(text, "  ",
            fmt::format("found after {}; shrunk to {} of {}{}", counted(shrunk.steps_before, "step", "steps"),
                        counted(in_calm ? shrunk.schedule.size() : last, "step", "steps"),
                        counted(swarm.scenario.participants.size(), "server", "servers"),
                        shrunk.complete ? ", none of which can be left out"
                                        : " (it may get smaller still: the limit of steps tried was reached)"));
  wrapped(text, "  this run: ", swarm_in_words(swarm), "; ");
  tell_opening(text, failure.told.steps.front(), swarm.scenario);
  if (in_calm && shrunk.record.calm_from < last) {
    if (shrunk.record.calm_from > 0) tell_steps(text, failure.told.steps, 1, shrunk.record.calm_from, swarm.scenario);
    text += "  from here on nobody starts or fails, and every message arrives\n";
    tell_steps(text, failure.told.steps, shrunk.record.calm_from + 1, last, swarm.scenario);
  } else {
    tell_steps(text, failure.told.steps, 1, last, swarm.scenario);
  }
  if (failure.not_told > 0) {
    fmt::format_to(out, "  and so on: {} that are not told\n", counted(failure.not_told, "step", "steps"));
  }
  paragraph(text, "  broken: ", failure.sentence);
  if (!failure.told.clause.empty() && failure.told.clause != failure.sentence) {
    fmt::format_to(out, "  because: {}\n", failure.told.clause);
  }
  fmt::format_to(out, "repeat: {}\n", repeat_command(outcome));
}

void tell_verdict(std::string& text, const SimulateOutcome& outcome) {
  auto out = std::back_inserter(text);
  const SimulateReport& report = outcome.report;
  tell_outputs(text, outcome.outputs);
  for (const std::string& warning : outcome.warnings) paragraph(text, "warning: ", warning);
  text += "\n";
  const std::string bug =
      with_bug(outcome) ? fmt::format(" With the seeded bug {}.", outcome.options.rules->name) : "";
  if (report.failure) {
    paragraph(text, "", fmt::format("A run breaks what is claimed ({}).{}", report.failure->name, bug));
  } else {
    paragraph(text, "",
              fmt::format("No claim failed in what was tried: {} with {}, of more than can be counted. That shows "
                          "nothing of the others.{}",
                          counted(report.runs, "run", "runs"), counted(report.steps, "step", "steps"), bug));
  }
  fmt::format_to(out, "verdict: {} - {}\n", verdict_of(outcome), why_of(outcome));
}

}  // namespace

std::string_view verdict_of(const SimulateOutcome& outcome) {
  switch (outcome.exit_code) {
    case ExitCode::bounded: return "bounded";
    case ExitCode::aborted: return "aborted";
    default: return outcome.report.failure ? "violated" : "sampled";
  }
}

std::string why_of(const SimulateOutcome& outcome) {
  const SimulateReport& report = outcome.report;
  if (report.failure) return report.failure->name;
  const std::string runs =
      outcome.options.run ? fmt::format("run {}", *outcome.options.run) : counted(report.runs, "run", "runs");
  const std::string found = fmt::format("no violation found in {}", runs);
  if (report.interrupted) return fmt::format("a signal ended it; {}", found);
  const bool too_few = report.timed_out && outcome.options.runs > 0;
  return too_few ? fmt::format("the time of --time is over; {} of {}", found, grouped(outcome.options.runs)) : found;
}

std::vector<std::string> swarm_in_words(const spec::Swarm& swarm) {
  const spec::Scope& scope = swarm.scope;
  const spec::Rates& rates = swarm.rates;
  const bool fifo = scope.network.kind == spec::NetworkKind::fifo;
  std::vector<std::string> words;
  words.push_back(fifo ? fmt::format("fifo:{}", scope.network.capacity) : "latest");
  words.emplace_back(scope.timing == spec::TimingKind::async ? "async" : "timely");
  words.emplace_back(scope.start == spec::StartKind::staggered ? "staggered" : "together");
  words.emplace_back(scope.grain == spec::Grain::coarse ? "coarse" : "fine");
  words.emplace_back(scope.role_end == spec::RoleEnd::any ? "roles end at any time" : "roles end when lost");
  if (rates.crash > 0) words.emplace_back(rates.restart > 0 ? "crashes and restarts" : "crashes");
  if (rates.lose > 0) words.emplace_back("messages are lost");
  if (rates.cut > 0) words.emplace_back("connections are cut");
  return words;
}

std::string repeat_command(const SimulateOutcome& outcome) {
  std::string command = fmt::format("conclave simulate {}", join(outcome.options.repeat, " "));
  command += fmt::format(" --seed {}", outcome.options.seed);
  if (outcome.report.failure) command += fmt::format(" --run {}", outcome.report.failure->run);
  return command;
}

std::string simulate_text_report(const SimulateOutcome& outcome) {
  std::string text;
  if (outcome.options.file.empty()) {
    text += outcome.cfg.file + ", any majority of which is a quorum\n";
  } else {
    tell_ensemble(text, outcome.cfg);
  }
  tell_runs(text, outcome);
  if (outcome.report.runs > 0) {
    tell_claims(text, outcome);
    tell_coverage(text, outcome.report, outcome);
  }
  if (outcome.report.failure) tell_failure(text, outcome);
  tell_verdict(text, outcome);
  return text;
}

}  // namespace conclave::check
