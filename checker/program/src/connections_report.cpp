#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>

#include "conclave/check/connections_command.hpp"
#include "conclave/check/words.hpp"
#include "connections_words.hpp"

namespace conclave::check {
namespace {

using spec::ConnectionProperty;
using spec::PropertyKind;

std::string ids_of(const std::vector<model::ServerId>& ids, std::uint32_t chosen) {
  std::vector<model::ServerId> some;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if ((chosen >> i & 1U) != 0) some.push_back(ids[i]);
  }
  return id_set(some);
}

std::string bounds_text(const ConnectionsOutcome& outcome) {
  const spec::ConnectionScope& scope = outcome.options.scope;
  std::string text =
      fmt::format("servers {}; {}; {} beyond those of the starts", id_set(outcome.ids),
                  how_many(scope.crashes, "crash", "crashes"), how_many(scope.messages, "message", "messages"));
  if (scope.wildcard != 0) text += fmt::format("; {} at 0.0.0.0", ids_of(outcome.ids, scope.wildcard));
  if (scope.out_of_reach != 0) text += fmt::format("; {} out of reach", ids_of(outcome.ids, scope.out_of_reach));
  return text;
}

bool was_seen(const ConnectionsReport& report, ConnectionProperty property) {
  return report.first_seen[static_cast<std::size_t>(property)].has_value();
}

// A claim is put to the test by what it is about: servers at rest, messages that arrive, connections that are replaced.
bool was_tested(const ConnectionsReport& report, ConnectionProperty property) {
  switch (property) {
    case ConnectionProperty::message_arrives: return was_seen(report, ConnectionProperty::arrived);
    case ConnectionProperty::one_sender: return was_seen(report, ConnectionProperty::old_one_ended);
    default: return was_seen(report, ConnectionProperty::connected);
  }
}

std::string_view standing_of(const ConnectionsReport& report, const spec::ConnectionPropertyInfo& info) {
  const bool seen = was_seen(report, info.property);
  if (info.kind != PropertyKind::always) return seen ? "seen" : "not seen";
  if (seen) return "violated";
  if (!was_tested(report, info.property)) return "untested";
  return report.verdict == checker::Verdict::exhausted && report.cut == 0 ? "holds" : "so far";
}

std::string clause_of(const ConnectionsOutcome& outcome, const ConnectionsRun& run) {
  return connections_clause(outcome.ids, outcome.options.scope, run.property, run.steps.back().world);
}

std::string run_text(const ConnectionsOutcome& outcome, const ConnectionsRun& run) {
  const auto& info = spec::connection_property_infos()[static_cast<std::size_t>(run.property)];
  const bool reached = info.kind == PropertyKind::sometimes;
  std::string text = fmt::format("{} {} in {} (there is no shorter run)\n", info.name,
                                 reached ? "is reached" : "is broken", steps_in_words(run.steps.size() - 1));
  auto out = std::back_inserter(text);
  for (std::size_t i = 1; i < run.steps.size(); ++i) {
    const auto& before = run.steps[i - 1].world;
    const auto& after = run.steps[i].world;
    const spec::ConnectionAction& action = *run.steps[i].action;
    fmt::format_to(out, " {:2}. {}\n", i, connections_action_text(outcome.ids, action, before, after));
    for (const std::string& change : connections_changes(outcome.ids, action, before, after)) {
      fmt::format_to(out, "       {}\n", change);
    }
  }
  wrapped(text, reached ? "  reached: " : "  broken: ", words_of(std::string(info.sentence)), " ");
  if (!reached) wrapped(text, "  because: ", words_of(clause_of(outcome, run)), " ");
  return text;
}

bool same_steps(const ConnectionsRun& left, const ConnectionsRun& right) {
  return std::equal(left.steps.begin(), left.steps.end(), right.steps.begin(), right.steps.end(),
                    [](const auto& one, const auto& other) { return one.action == other.action; });
}

// A run that breaks several claims is told once.
std::string violations_text(const ConnectionsOutcome& outcome) {
  const std::vector<ConnectionsRun>& runs = outcome.report.violations;
  std::string text;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (i > 0 && same_steps(runs[i - 1], runs[i])) {
      const auto& info = spec::connection_property_infos()[static_cast<std::size_t>(runs[i].property)];
      wrapped(text, fmt::format("  {} is broken as well: ", info.name), words_of(clause_of(outcome, runs[i])), " ");
    } else {
      text += "\n" + run_text(outcome, runs[i]);
    }
  }
  return text;
}

std::string why_it_ended(const ConnectionsOutcome& outcome) {
  return stop_in_words(outcome.report.stop, {0, outcome.options.time_max_ms, outcome.options.memory_bytes});
}

std::string verdict_line(const ConnectionsOutcome& outcome) {
  const ConnectionsReport& report = outcome.report;
  if (!report.violations.empty()) {
    const auto property = static_cast<std::size_t>(report.violations.front().property);
    return fmt::format("violated - {}", spec::connection_property_infos()[property].name);
  }
  if (report.verdict != checker::Verdict::exhausted) {
    return fmt::format("{} - {}", name_of(report.verdict), why_it_ended(outcome));
  }
  if (report.cut > 0) return "bounded - more connections or calls than there is room for";
  const auto infos = spec::connection_property_infos();
  const auto untested = std::count_if(infos.begin(), infos.end(),
                                      [&](const auto& info) { return standing_of(report, info) == "untested"; });
  if (untested == 0) return "exhausted - every claim holds within these bounds";
  return fmt::format("exhausted - no claim fails within these bounds, and {} {} never put to the test", untested,
                     untested == 1 ? "was" : "were");
}

// What makes a verdict say less than it seems to.
std::vector<std::string> warnings_of(const ConnectionsOutcome& outcome) {
  const ConnectionsReport& report = outcome.report;
  const spec::ConnectionRuleVariant& rules = *outcome.options.rules;
  const bool whole = report.verdict == checker::Verdict::exhausted && report.cut == 0 && report.violations.empty();
  if (!whole || rules.needs.empty()) return {};
  return {fmt::format("{} breaks nothing here; to show it needs {}", rules.name, rules.needs)};
}

std::string conclusion(const ConnectionsOutcome& outcome) {
  const ConnectionsReport& report = outcome.report;
  const bool all = report.verdict == checker::Verdict::exhausted && report.cut == 0;
  std::string text;
  std::string sentence = "Only a part of the runs was explored; no claim failed in that part.";
  if (!report.violations.empty()) {
    sentence = fmt::format("Within these bounds a run breaks what is claimed. Bounds: {}.", bounds_text(outcome));
  } else if (all) {
    sentence = fmt::format(
        "Every run within these bounds was explored, and in none does a claim fail. Beyond them nothing is said. "
        "Bounds: {}.",
        bounds_text(outcome));
  }
  wrapped(text, "", words_of(sentence), " ");
  return text + fmt::format("verdict: {}\n", verdict_line(outcome));
}

nlohmann::json run_json(const ConnectionsOutcome& outcome, const ConnectionsRun& run) {
  using nlohmann::json;
  json steps = json::array();
  for (std::size_t i = 1; i < run.steps.size(); ++i) {
    const auto& before = run.steps[i - 1].world;
    const auto& after = run.steps[i].world;
    const spec::ConnectionAction& action = *run.steps[i].action;
    steps.push_back({{"action", connections_action_text(outcome.ids, action, before, after)},
                     {"server", outcome.ids[action.server].value},
                     {"changes", connections_changes(outcome.ids, action, before, after)}});
  }
  const auto& info = spec::connection_property_infos()[static_cast<std::size_t>(run.property)];
  return json{{"property", info.name}, {"clause", clause_of(outcome, run)}, {"steps", steps}};
}

}  // namespace

std::string connections_text_report(const ConnectionsOutcome& outcome) {
  const ConnectionsReport& report = outcome.report;
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "{}\nexplored\n  bounds: {}\n", outcome.cfg.file, bounds_text(outcome));
  text += "  each server starts at any moment or never, and may start again; a crash closes no connection\n";
  if (outcome.options.rules != &spec::connection_rules()) {
    wrapped(text, fmt::format("  seeded bug {}: ", outcome.options.rules->name),
            words_of(std::string(outcome.options.rules->sentence)), " ");
  }
  fmt::format_to(out, "  {} states, {} steps, {} levels; {:.2f} s; {}\n", grouped(report.states),
                 grouped(report.steps), report.levels, report.seconds, bytes_in_words(report.bytes));
  if (report.cut > 0) {
    fmt::format_to(out, "  {} steps were not taken: more than {} connections of two servers, or {} calls\n",
                   grouped(report.cut), spec::links_max, spec::backlog_max);
  }
  text += "claims\n";
  for (const auto& info : spec::connection_property_infos()) {
    if (info.kind != PropertyKind::always) continue;
    fmt::format_to(out, "  {:9} {}\n", standing_of(report, info), info.name);
  }
  text += "reached\n";
  for (const auto& info : spec::connection_property_infos()) {
    if (info.kind == PropertyKind::always) continue;
    const auto first = report.first_seen[static_cast<std::size_t>(info.property)];
    fmt::format_to(out, "  {:21} {}\n", info.name, first ? "after " + steps_in_words(*first) : "not");
  }
  for (const ConnectionsRun& run : report.shown) text += "\n" + run_text(outcome, run);
  text += violations_text(outcome);
  text += "\n";
  for (const std::string& warning : warnings_of(outcome)) text += "warning: " + warning + "\n";
  return text + conclusion(outcome);
}

std::string connections_json_report(const ConnectionsOutcome& outcome) {
  using nlohmann::json;
  const ConnectionsReport& report = outcome.report;
  const auto numbers = [](const std::vector<model::ServerId>& ids, std::uint32_t chosen) {
    json some = json::array();
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if ((chosen >> i & 1U) != 0) some.push_back(ids[i].value);
    }
    return some;
  };
  json properties = json::array();
  for (const auto& info : spec::connection_property_infos()) {
    const auto first = report.first_seen[static_cast<std::size_t>(info.property)];
    properties.push_back({{"name", info.name},
                          {"sentence", info.sentence},
                          {"standing", standing_of(report, info)},
                          {"first_seen", first ? json(*first) : json()}});
  }
  json runs = json::array();
  for (const ConnectionsRun& run : report.violations) runs.push_back(run_json(outcome, run));
  for (const ConnectionsRun& run : report.shown) runs.push_back(run_json(outcome, run));
  const spec::ConnectionScope& scope = outcome.options.scope;
  const std::string verdict = verdict_line(outcome);
  const json document = {{"version", version()},
                         {"exit_code", status_of(outcome.exit_code)},
                         {"why", why_it_ended(outcome)},
                         {"file", outcome.cfg.file},
                         {"bounds",
                          {{"servers", numbers(outcome.ids, ~0U)},
                           {"crashes", scope.crashes},
                           {"messages", scope.messages},
                           {"wildcard", numbers(outcome.ids, scope.wildcard)},
                           {"out_of_reach", numbers(outcome.ids, scope.out_of_reach)}}},
                         {"rules", outcome.options.rules->name},
                         {"warnings", warnings_of(outcome)},
                         {"verdict", verdict.substr(0, verdict.find(' '))},
                         {"states", report.states},
                         {"steps", report.steps},
                         {"levels", report.levels},
                         {"seconds", report.seconds},
                         {"bytes", report.bytes},
                         {"cut", report.cut},
                         {"properties", properties},
                         {"runs", runs}};
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string connections_listing() {
  std::string text;
  auto out = std::back_inserter(text);
  const auto list = [&](PropertyKind kind, std::string_view title) {
    fmt::format_to(out, "{}\n", title);
    for (const auto& info : spec::connection_property_infos()) {
      if (info.kind == kind) fmt::format_to(out, "  {}\n      {}\n", info.name, info.sentence);
    }
  };
  list(PropertyKind::always, "claims: a violation is an error");
  list(PropertyKind::sometimes, "\nreached in some runs: --show NAME prints the shortest");
  text += "\nbugs for --seed-bug, each a rule as it must not be\n";
  for (const spec::ConnectionRuleVariant& bug : spec::seeded_connection_bugs()) {
    fmt::format_to(out, "  {}\n      {}\n", bug.name, bug.sentence);
    if (!bug.method.empty()) fmt::format_to(out, "      ZooKeeper: {}\n", bug.method);
    if (!bug.needs.empty()) fmt::format_to(out, "      needs: {}\n", bug.needs);
  }
  return text;
}

}  // namespace conclave::check
