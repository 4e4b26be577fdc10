// What is served over HTTP, as text. docs/operating.md describes both.
#pragma once

#include <string>

#include "conclave/status/shown.hpp"

namespace conclave::status {

inline constexpr const char* metrics_content_type = "text/plain; version=0.0.4; charset=utf-8";
inline constexpr const char* json_content_type = "application/json";
inline constexpr int status_format = 1;  // of status_json; rises when a member changes its meaning or goes

// Prometheus' text format 0.0.4, with HELP and TYPE for each metric.
[[nodiscard]] std::string metrics_text(const Shown& shown);

// One object, indented.
[[nodiscard]] std::string status_json(const Shown& shown);

}  // namespace conclave::status
