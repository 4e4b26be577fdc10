// The command line of `conclave trace`.
#pragma once

#include "conclave/check/trace_command.hpp"

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace conclave::check {

// Adds the subcommand, which writes into `options`. Both must outlive the parsing.
CLI::App* add_trace(CLI::App& app, TraceOptions& options);

}  // namespace conclave::check
