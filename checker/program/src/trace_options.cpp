#include "conclave/check/trace_options.hpp"

#include <CLI/CLI.hpp>

namespace conclave::check {

CLI::App* add_trace(CLI::App& app, TraceOptions& options) {
  CLI::App* trace =
      app.add_subcommand("trace", "replay what servers have logged, or nodes recorded, against the model");
  trace
      ->add_option("FILE", options.files,
                   "logs of real ZooKeeper servers, or recordings of `conclave node --record`, of one server or of "
                   "several; what they are, their content tells")
      ->required();
  trace->add_option("--config", options.config,
                    "a zoo.cfg that says who votes, for logs; without it that is taken from what they hear");
  CLI::Option* html = trace->add_option("--html", options.html, "draw an election of the logs as a page of its own");
  trace
      ->add_option("--election", options.election,
                   "which one, as the report numbers them (default: the first that diverges, or the last)")
      ->needs(html)
      ->check(CLI::PositiveNumber);
  trace->add_flag("--all", options.all, "tell each line of the recordings, or each step that the logs show");
  trace->add_flag("--json", options.json, "one JSON document on stdout");
  return trace;
}

}  // namespace conclave::check
