// What the reports for people share.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "conclave/check/outcome.hpp"
#include "conclave/config/zoo_cfg.hpp"
#include "conclave/model/rule.hpp"

namespace conclave::check {

// A sentence on lines that a terminal shows whole.
void paragraph(std::string& text, const std::string& head, const std::string& sentence);
// "1 step", "1,234 steps".
std::string counted(std::size_t number, std::string_view one, std::string_view several);
// The configuration as it was read.
void tell_ensemble(std::string& text, const config::ZooCfg& cfg);
// The files that were asked for; nothing where there are none.
void tell_outputs(std::string& text, const std::vector<Output>& outputs);
// What the closed system never does: it sends no malformed message, and its configuration stays as it is unless it
// `reconfigures`.
bool is_out_of_reach(model::Rule rule, bool reconfigures = false);

}  // namespace conclave::check
