// What the reports for programs share (docs/json.md).
#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "conclave/check/outcome.hpp"
#include "conclave/check/run_step.hpp"
#include "conclave/config/zoo_cfg.hpp"
#include "conclave/model/rule.hpp"
#include "conclave/spec/properties.hpp"
#include "conclave/spec/scope.hpp"

namespace conclave::check {

using Json = nlohmann::ordered_json;

Json ensemble_json(const config::ZooCfg& cfg);
Json history_json(const spec::Scenario& scenario);
Json steps_json(const std::vector<RunStep>& steps, const spec::Scenario& scenario);
Json outputs_json(const std::vector<Output>& outputs);
Json rules_json(const std::array<std::uint64_t, model::rules_count>& counts);  // by the rules' names
std::string_view name_of(spec::PropertyKind kind);

}  // namespace conclave::check
