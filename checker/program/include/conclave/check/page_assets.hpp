// The files in checker/program/page/, put into the program when it is built.
#pragma once

#include <string_view>

namespace conclave::check {

extern const std::string_view run_css;
extern const std::string_view run_js;

}  // namespace conclave::check
