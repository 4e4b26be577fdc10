// Remarks about a configuration that is not wrong.
#pragma once

#include <string>
#include <vector>

#include "conclave/config/zoo_cfg.hpp"

namespace conclave::config {

// What its settings lack, and how an ensemble of its servers stands, whatever file they came from.
[[nodiscard]] std::vector<std::string> notes_on(const ZooCfg& cfg);

}  // namespace conclave::config
