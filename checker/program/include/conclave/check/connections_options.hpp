// The command line of `conclave connections`.
#pragma once

#include <string>

#include "conclave/check/connections_command.hpp"
#include "conclave/check/exit_code.hpp"

namespace conclave::check {

// Reads the command line, from `connections` on, and does what it says. Looks at $CONCLAVE_DEFAULT_CONFIG. What is
// wrong with it goes to stderr.
ExitCode run_connections_line(int argc, const char* const* argv);

}  // namespace conclave::check
