#include "conclave/check/trace_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstddef>
#include <string>
#include <system_error>

#include "conclave/check/options.hpp"

namespace conclave::check {

namespace {

std::string wrong_with_number(const std::string& text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number > 0) return "";
  return fmt::format("found '{}'; expected the number of an election, from 1 on, as the report has it", text);
}

}  // namespace

CLI::App* add_trace(CLI::App& app, TraceOptions& options) {
  CLI::App* trace =
      app.add_subcommand("trace", "replay what servers have logged, or nodes recorded, against the model");
  trace
      ->add_option("FILE", options.files,
                   "logs of real ZooKeeper servers, or recordings of `conclave node --record`, of one server or of "
                   "several; what they are, their content tells")
      ->required();
  trace
      ->add_option("--config", options.config,
                   "a zoo.cfg that says who votes, for logs; without it that is taken from what they hear")
      ->check(wrong_name);
  CLI::Option* html = trace->add_option("--html", options.html, "draw an election of the logs as a page of its own")
                          ->check(wrong_name);
  trace
      ->add_option("--election", options.election,
                   "which one, as the report numbers them (default: the first that diverges, or the last)")
      ->needs(html)
      ->check(wrong_with_number);
  trace->add_flag("--all", options.all, "tell each line of the recordings, or each step that the logs show");
  trace->add_flag("--json", options.json, "one JSON document on stdout");
  return trace;
}

}  // namespace conclave::check
