// Remarks about a configuration that is not wrong.
#pragma once

#include <string>
#include <vector>

#include "conclave/config/zoo_cfg.hpp"

namespace conclave::config {

// How an ensemble of these members stands, whatever file they came from.
[[nodiscard]] std::vector<std::string> notes_on_members(const ZooCfg& cfg);

}  // namespace conclave::config
