// docs/json.md tells what the keys mean.
#include <string>

#include "conclave/check/audit.hpp"
#include "conclave/check/words.hpp"
#include "conclave/spec/scope.hpp"
#include "json_parts.hpp"

namespace conclave::check {
namespace {

Json failure_json(const AuditFailure& failure, const spec::Scenario& scenario) {
  Json json{{"expected", failure.sentence}, {"found", failure.clause}, {"left_out", failure.left_out}};
  if (failure.steps.empty()) return json;
  json["length"] = failure.steps.size() - 1;
  json["shortest"] = failure.shortest;
  json["steps"] = steps_json(failure.steps, scenario);
  return json;
}

Json audit_json(const Audit& audit, const spec::Scenario& scenario) {
  Json json{{"reduction", name_of(audit.reduction)}};
  json["not_used"] = audit.not_used.empty() ? Json(nullptr) : Json(audit.not_used);
  if (!audit.not_used.empty()) return json;
  json["verdict"] = checker::name_of(audit.verdict);
  if (audit.reduction == Reduction::histories) {
    json["local_steps"] = audit.steps;
    json["renamings"] = audit.renamings;
  } else {
    json["pairs"] = audit.pairs;
    json["steps"] = audit.steps;
    json["in_one_alone"] = audit.left_out;
    json["runs"] = audit.runs;
  }
  json["seconds"] = audit.seconds;
  json["failure"] = audit.failure ? failure_json(*audit.failure, scenario) : Json(nullptr);
  return json;
}

}  // namespace

std::string audit_json_report(const AuditOutcome& outcome) {
  const bool drawn = outcome.options.audit->runs > 0;
  const bool sampled = drawn && outcome.verdict == checker::Verdict::exhausted;
  Json json{{"version", version()}, {"file", outcome.cfg.file}, {"ensemble", ensemble_json(outcome.cfg)}};
  json["scope"] = spec::describe(outcome.options.scope);
  json["rules"] = outcome.options.rules->name;
  json["runs"] = outcome.options.audit->runs;
  json["seed"] = drawn ? Json(outcome.options.audit->seed) : Json(nullptr);
  json["scenarios"] = outcome.scenarios;
  json["audited"] = Json::array();
  for (const auto& [scenario, audits] : outcome.audited) {
    Json entry{{"history", history_json(scenario)}, {"reductions", Json::array()}};
    for (const Audit& audit : audits) entry["reductions"].push_back(audit_json(audit, scenario));
    json["audited"].push_back(std::move(entry));
  }
  json["warnings"] = outcome.warnings;
  json["verdict"] = sampled ? std::string_view("sampled") : checker::name_of(outcome.verdict);
  json["why"] = outcome.why;
  json["failed"] = outcome.failed;
  json["exit_code"] = status_of(outcome.exit_code);
  return json.dump(2) + "\n";
}

}  // namespace conclave::check
