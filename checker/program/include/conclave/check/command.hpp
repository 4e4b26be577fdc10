// `conclave check`.
#pragma once

#include <string>

#include "conclave/check/exit_code.hpp"
#include "conclave/check/options.hpp"

namespace conclave::check {

// Reads the configuration, explores, prints the report on stdout; errors and progress go to stderr.
// Handles SIGINT, SIGTERM and SIGHUP from then on.
ExitCode run_check(const CheckOptions& options);

// Writes a text to stdout. Gives `code`, or not_written, with a message on stderr, where that failed.
ExitCode printed(const std::string& text, ExitCode code);

}  // namespace conclave::check
