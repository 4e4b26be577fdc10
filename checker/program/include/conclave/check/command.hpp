// `conclave check`.
#pragma once

#include "conclave/check/exit_code.hpp"
#include "conclave/check/options.hpp"

namespace conclave::check {

// Reads the configuration, explores, prints the report on stdout; errors and progress go to stderr.
// Handles SIGINT and SIGTERM from then on.
ExitCode run_check(const CheckOptions& options);

}  // namespace conclave::check
