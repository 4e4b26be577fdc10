// A survey as text.
#pragma once

#include <string>
#include <vector>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/status/survey.hpp"

namespace conclave::status {

inline constexpr int survey_format = 1;  // of survey_json; rises when a member changes its meaning or goes

// A table with a line for each server, and what they say together.
[[nodiscard]] std::string survey_text(const config::ZooCfg& cfg, const std::vector<ServerReport>& reports);

// One object, indented.
[[nodiscard]] std::string survey_json(const config::ZooCfg& cfg, const std::vector<ServerReport>& reports);

}  // namespace conclave::status
