#include "conclave/check/trace_options.hpp"

#include <CLI/CLI.hpp>

namespace conclave::check {

CLI::App* add_trace(CLI::App& app, TraceOptions& options) {
  CLI::App* trace = app.add_subcommand("trace", "replay what nodes have recorded, and tell it as one story");
  trace->add_option("FILE", options.files, "recordings of `conclave node --record`, of one server or of several")
      ->required();
  trace->add_flag("--all", options.all, "tell each line of the recordings");
  trace->add_flag("--json", options.json, "one JSON document on stdout (docs/recordings.md)");
  return trace;
}

}  // namespace conclave::check
