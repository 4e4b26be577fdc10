// docs/json.md tells what the keys mean.
#include <optional>
#include <string>

#include "conclave/check/compare.hpp"
#include "conclave/check/words.hpp"
#include "json_parts.hpp"

namespace conclave::check {
namespace {

Json number_or_null(const std::optional<std::size_t>& number) { return number ? Json(*number) : Json(nullptr); }

Json extent_json(const Extent& extent, const spec::Scenario& scenario) {
  Json json{{"network", network_text(extent.network)},
            {"verdict", checker::name_of(extent.verdict)},
            {"states", extent.states},
            {"steps", extent.steps},
            {"seconds", extent.seconds}};
  json["local_states"] = extent.locals;
  json["combinations"] = number_or_null(extent.combinations);
  json["only_here"] = Json{{"local_states", extent.only},
                           {"noticed", extent.only_noticed},
                           {"combinations", number_or_null(extent.only_combinations)}};
  json["first_seen"] = Json::object();
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    const auto& seen = extent.first_seen[static_cast<std::size_t>(info.property)];
    if (seen) json["first_seen"][std::string(info.name)] = *seen;
  }
  json["examples"] = Json::array();
  for (const Reached& reached : extent.examples) {
    json["examples"].push_back(
        Json{{"server", scenario.participants[static_cast<std::size_t>(reached.server)].id.value},
             {"local_state", local_state_text(reached.state)},
             {"noticed", reached.noticed},
             {"length", reached.steps.size() - 1},
             {"steps", steps_json(reached.steps, scenario)}});
  }
  return json;
}

}  // namespace

std::string compare_json_report(const CompareOutcome& outcome) {
  Json json{{"version", version()}, {"file", outcome.cfg.file}, {"ensemble", ensemble_json(outcome.cfg)}};
  json["scope"] = spec::describe(outcome.options.scope);
  json["rules"] = outcome.options.rules->name;
  json["scenarios"] = outcome.scenarios;
  json["compared"] = Json::array();
  for (const auto& [scenario, comparison] : outcome.compared) {
    Json entry{{"history", history_json(scenario)}, {"networks", Json::array()}};
    for (const Extent& extent : comparison.extents) entry["networks"].push_back(extent_json(extent, scenario));
    json["compared"].push_back(std::move(entry));
  }
  json["verdict"] = checker::name_of(outcome.verdict);
  json["why"] = outcome.why;
  json["exit_code"] = status_of(outcome.exit_code);
  return json.dump(2) + "\n";
}

}  // namespace conclave::check
