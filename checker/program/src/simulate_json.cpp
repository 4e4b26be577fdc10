// docs/simulate.md tells what the keys mean; tests/simulate holds both to it.
#include <string>

#include "conclave/check/reports.hpp"
#include "conclave/check/simulate_command.hpp"
#include "conclave/check/words.hpp"
#include "json_parts.hpp"

namespace conclave::check {
namespace {

std::uint64_t ended(const SimulateReport& report, spec::RunEnd end) {
  return report.ends[static_cast<std::size_t>(end)];
}

Json properties_json(const SimulateOutcome& outcome) {
  const SimulateReport& report = outcome.report;
  Json list = Json::array();
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    const auto place = static_cast<std::size_t>(info.property);
    list.push_back(Json{{"name", info.name},
                        {"kind", name_of(info.kind)},
                        {"claimed", (simulated_claims(outcome.options) & spec::bit(info.property)) != 0},
                        {"applies", (report.applicable & spec::bit(info.property)) != 0},
                        {"tested", report.tested[place]},
                        {"runs", report.seen[place]},
                        {"sentence", info.sentence}});
  }
  return list;
}

Json failure_json(const SimulateOutcome& outcome) {
  if (!outcome.report.failure) return nullptr;
  const SimulatedFailure& failure = *outcome.report.failure;
  const spec::ShrunkRun& shrunk = failure.shrunk;
  Json json{{"run", failure.run},
            {"property", failure.name},
            {"sentence", failure.sentence},
            {"clause", failure.told.clause},
            {"repeat", repeat_command(outcome)},
            {"found_after", shrunk.steps_before},
            {"length", failure.told.steps.size() - 1},
            {"shrunk_completely", shrunk.complete},
            {"steps_tried", shrunk.steps_tried}};
  json["calm_from"] = shrunk.record.end == spec::RunEnd::broken ? Json(nullptr) : Json(shrunk.record.calm_from);
  json["not_told"] = failure.not_told;
  json["in_words"] = swarm_in_words(shrunk.swarm);
  json["history"] = history_json(shrunk.swarm.scenario);
  json["steps"] = steps_json(failure.told.steps, shrunk.swarm.scenario);
  return json;
}

}  // namespace

std::string simulate_json_report(const SimulateOutcome& outcome) {
  const SimulateOptions& options = outcome.options;
  const SimulateReport& report = outcome.report;
  Json json{{"version", version()}};
  json["file"] = options.file.empty() ? Json(nullptr) : Json(options.file);
  json["ensemble"] = options.file.empty() ? Json(nullptr) : ensemble_json(outcome.cfg);
  json["servers"] = Json{{"least", report.servers_least}, {"most", report.servers_most}};
  json["seed"] = options.seed;
  json["rules"] = options.rules->name;
  json["runs"] = report.runs;
  json["runs_asked"] = options.run ? Json(1) : options.runs > 0 ? Json(options.runs) : Json(nullptr);
  json["steps"] = report.steps;
  json["ends"] = Json{{"settled", ended(report, spec::RunEnd::settled)},
                      {"too_few_running", ended(report, spec::RunEnd::no_quorum)},
                      {"broken", ended(report, spec::RunEnd::broken)},
                      {"stuck", ended(report, spec::RunEnd::stuck)},
                      {"unsettled", ended(report, spec::RunEnd::unsettled)}};
  json["drawn"] = Json{{"fifo", report.fifo},
                       {"timely", report.timely},
                       {"together", report.together},
                       {"fine", report.fine},
                       {"roles_end_at_any_time", report.roles_end_at_any_time}};
  json["actions"] = Json::object();
  for (std::size_t i = 0; i < action_kinds; ++i) {
    json["actions"][std::string(name_of(static_cast<spec::ActionKind>(i)))] = report.actions[i];
  }
  json["local_states"] = report.local_states;
  json["local_states_full"] = report.local_states_full;
  json["last_new_run"] = report.last_new_run;
  json["properties"] = properties_json(outcome);
  json["coverage"] = rules_json(report.rules);
  json["failure"] = failure_json(outcome);
  json["warnings"] = outcome.warnings;
  json["outputs"] = outputs_json(outcome.outputs);
  json["seconds"] = report.seconds;
  json["verdict"] = verdict_of(outcome);
  json["why"] = why_of(outcome);
  json["exit_code"] = status_of(outcome.exit_code);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace conclave::check
