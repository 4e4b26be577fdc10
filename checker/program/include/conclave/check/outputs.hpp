// The files that a check writes beside its report.
#pragma once

#include <optional>
#include <string>

#include "conclave/check/outcome.hpp"

namespace conclave::check {

// What is wrong with the places that files are to be written to, as far as that can be seen beforehand. `input`: a
// file that must not be written over.
std::optional<std::string> wrong_with(const OutputOptions& wanted, const std::string& input);

// Writes what was asked for and notes it in the outcome: Outcome::outputs, a warning where there was nothing to
// write, and ExitCode::not_written where a file could not be. REQUIRES: conclude() was called.
void write_outputs(Outcome& outcome);

// Writes one run to `path`, or into it, if it is a folder, by the name of the property.
Output write_run(const std::string& kind, const std::string& ending, const std::string& path, const std::string& name,
                 const std::string& content);

}  // namespace conclave::check
