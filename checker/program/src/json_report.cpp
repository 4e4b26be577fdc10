// docs/json.md tells what the keys mean; tests/cli holds both to it.
#include <string>
#include <vector>

#include "conclave/check/counterexamples.hpp"
#include "conclave/check/liveness_outcome.hpp"
#include "conclave/check/releases.hpp"
#include "conclave/check/reports.hpp"
#include "conclave/check/words.hpp"
#include "json_parts.hpp"

namespace conclave::check {
namespace {

Json ids(const std::vector<model::ServerId>& servers) {
  Json list = Json::array();
  for (const model::ServerId id : servers) list.push_back(id.value);
  return list;
}

Json tolerance_json(const spec::Tolerance& tolerance) {
  if (!tolerance.complete) return nullptr;
  Json sets = Json::array();
  for (const auto& set : tolerance.smallest_fatal) sets.push_back(ids(set));
  return Json{{"any_crashes", tolerance.any_crashes}, {"smallest_fatal", std::move(sets)}};
}

Json reconfiguration_json(const Outcome& outcome) {
  if (!outcome.next) return nullptr;
  return Json{{"file", outcome.next->file},
              {"enabled", outcome.cfg.reconfig_enabled},
              {"ensemble", ensemble_json(*outcome.next)}};
}

Json scope_of(const Outcome& outcome) {
  const CheckOptions& options = outcome.options;
  const spec::Scope& scope = options.scope;
  const bool latest = scope.network.kind == spec::NetworkKind::latest;
  Json json{{"network", latest ? "latest" : "fifo:" + std::to_string(scope.network.capacity)},
            {"timing", scope.timing == spec::TimingKind::async ? "async" : "timely"},
            {"role_ends", scope.role_end == spec::RoleEnd::any ? "any" : "lost"},
            {"grain", scope.grain == spec::Grain::coarse ? "coarse" : "fine"},
            {"start", scope.start == spec::StartKind::staggered ? "staggered" : "together"},
            {"crashes", scope.crashes},
            {"restarts", scope.restarts},
            {"rounds", scope.rounds},
            {"resends", scope.resends},
            {"losses", scope.losses}};
  json["starts"] = options.starts ? Json(*options.starts) : Json(nullptr);
  json["history"] = options.history == HistoryKind::any     ? "any"
                    : options.history == HistoryKind::equal ? "equal"
                                                            : "given";
  const bool orders = options.history == HistoryKind::any && !options.reconfig;
  json["orders"] = orders ? Json(outcome.orders) : Json(nullptr);
  json["scenarios"] = outcome.scenarios;
  json["reductions"] = Json::array();
  const bool reducible = options.releases.empty() && scope.vote_epoch == spec::VoteEpoch::voted && !options.reconfig;
  if (reducible && scope.clear_dead_votes) json["reductions"].push_back("dead-votes");
  if (reducible && options.minimise && !options.late_reads) json["reductions"].push_back("local-states");
  if (options.late_reads) json["reductions"].push_back("late-reads");
  if (options.joined_reads) json["reductions"].push_back("joined-reads");
  json["rules"] = rules_name(options);
  json["epochs"] = scope.vote_epoch == spec::VoteEpoch::voted ? "voted" : "established";
  json["kept"] = options.storage.keeping == Keeping::states         ? "states"
                 : options.storage.keeping == Keeping::fingerprints ? "fingerprints"
                                                                    : "bits";
  json["in_words"] = spec::describe(scope);
  return json;
}

Json quiet_json(const spec::QuietCounts& quiet) {
  return Json{{"settled", quiet.settled}, {"too_few_running", quiet.no_quorum}, {"cut_by_bound", quiet.cut}};
}

std::string_view name_of_stop(checker::Stop stop) {
  switch (stop) {
    case checker::Stop::none: return "none";
    case checker::Stop::violation: return "violation";
    case checker::Stop::depth: return "depth";
    case checker::Stop::time: return "time";
    case checker::Stop::memory: return "memory";
    case checker::Stop::interrupted: return "interrupted";
    case checker::Stop::omissions: return "omissions";
    case checker::Stop::disk: return "disk";
  }
  return "?";
}

Json scenario_json(const Explored& explored) {
  const Report& report = explored.report;
  Json levels = Json::array();
  for (const checker::LevelCounts& level : report.levels)
    levels.push_back(Json{{"states", level.states}, {"steps", level.steps}});
  Json json{{"history", history_json(explored.scenario)}};
  json["oracle_grants"] =
      explored.scenario.oracle_grants ? Json(explored.scenario.oracle_grants->value) : Json(nullptr);
  json["verdict"] = checker::name_of(report.verdict);
  json["stop"] = name_of_stop(report.stop);
  json["states"] = report.states;
  json["steps"] = report.steps;
  json["levels"] = std::move(levels);
  json["looks"] = report.sweeps == 0 ? Json(nullptr) : Json(report.looks);
  json["sweeps"] = report.sweeps == 0 ? Json(nullptr) : Json(report.sweeps);
  json["last_level_complete"] = report.last_level_complete;
  json["ends"] = quiet_json(report.quiet);
  json["local_states"] = report.local_states;
  json["notifications"] = report.notifications;
  json["local_steps"] = report.local_steps;
  json["seconds"] = report.seconds;
  json["bytes"] = report.bytes;
  json["bytes_on_disk"] = report.bytes_on_disk;
  json["omissions_expected"] = report.omissions_expected;
  return json;
}

Json properties_json(const Outcome& outcome) {
  Json list = Json::array();
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    const auto seen = outcome.totals.first_seen[static_cast<std::size_t>(info.property)];
    Json json{
        {"name", info.name}, {"kind", check::name_of(info.kind)}, {"claimed", is_claimed(outcome, info.property)}};
    json["standing"] = check::name_of(standing_of(outcome, info.property));
    json["tested"] = tested_count(outcome, info.property);
    json["first_seen"] = seen ? Json(*seen) : Json(nullptr);
    json["sentence"] = info.sentence;
    list.push_back(std::move(json));
  }
  return list;
}

Json run_json(const Run& run, const char* why, std::size_t scenario_number, const spec::Scenario& scenario) {
  Json also = Json::array();
  for (const spec::PropertyInfo& other : spec::property_infos()) {
    if ((run.also & spec::bit(other.property)) != 0) also.push_back(other.name);
  }
  return Json{{"property", spec::info_of(run.property).name},
              {"why", why},
              {"scenario", scenario_number},
              {"length", run.steps.size() - 1},
              {"clause", run.clause},
              {"also", std::move(also)},
              {"steps", steps_json(run.steps, scenario)}};
}

Json runs_json(const Outcome& outcome) {
  Json list = Json::array();
  for (const auto& [exploration, run] : counterexamples_of(outcome)) {
    list.push_back(run_json(*run, "violation", exploration, outcome.explored[exploration].scenario));
  }
  for (std::size_t i = 0; i < outcome.explored.size(); ++i) {
    const auto& [scenario, report] = outcome.explored[i];
    for (const Run& run : report.shown) list.push_back(run_json(run, "shown", i, scenario));
  }
  return list;
}

Json liveness_json(const Outcome& outcome) {
  if (!outcome.options.liveness) return nullptr;
  const LivenessOutcome liveness = liveness_of(outcome);
  const checker::LivenessCounts& counts = liveness.counts;
  Json json{{"not_judged", liveness.not_judged.empty() ? Json(nullptr) : Json(liveness.not_judged)},
            {"eventually_settled", checker::name_of(liveness.eventually)},
            {"settled_reachable", checker::name_of(liveness.possibly)},
            {"pending", counts.pending},
            {"cycles", counts.cycles},
            {"fair_cycles", counts.fair_cycles},
            {"fair_ends", counts.fair_ends},
            {"at_bound", counts.at_bound},
            {"hopeless", counts.hopeless}};
  json["lasso"] = nullptr;
  for (std::size_t i = 0; i < outcome.explored.size(); ++i) {
    const auto& [scenario, report] = outcome.explored[i];
    if (!report.liveness || !report.liveness->lasso) continue;
    const LassoRun& lasso = *report.liveness->lasso;
    json["lasso"] = Json{{"scenario", i},
                         {"cycle_from", lasso.cycle_from},
                         {"unpromised", lasso.unpromised},
                         {"shortest", lasso.shortest},
                         {"steps", steps_json(lasso.steps, scenario)}};
    break;
  }
  return json;
}

}  // namespace

std::string json_report(const Outcome& outcome) {
  Json json{{"version", version()}, {"file", outcome.cfg.file}};
  json["ensemble"] = ensemble_json(outcome.cfg);
  json["tolerance"] = tolerance_json(outcome.tolerance);
  json["reconfiguration"] = reconfiguration_json(outcome);
  json["scope"] = scope_of(outcome);
  json["scenarios"] = Json::array();
  for (const Explored& explored : outcome.explored) json["scenarios"].push_back(scenario_json(explored));
  json["runs"] = runs_json(outcome);
  const Totals& totals = outcome.totals;
  json["totals"] = Json{{"states", totals.states},
                        {"steps", totals.steps},
                        {"ends", quiet_json(totals.quiet)},
                        {"seconds", totals.seconds},
                        {"bytes", totals.bytes}};
  json["counterexamples"] = outcome.options.counterexamples;
  json["properties"] = properties_json(outcome);
  json["rules"] = rules_json(totals.rules);
  json["liveness"] = liveness_json(outcome);
  json["warnings"] = outcome.warnings;
  json["outputs"] = outputs_json(outcome.outputs);
  json["verdict"] = outcome.violated ? "violated" : std::string(checker::name_of(outcome.verdict));
  json["why"] = outcome.why;
  json["exit_code"] = status_of(outcome.exit_code);
  // A file name need not be UTF-8; a document has to be.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace conclave::check
