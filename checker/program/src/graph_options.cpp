#include "conclave/check/graph_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <string_view>
#include <system_error>

#include "conclave/check/options.hpp"
#include "conclave/check/state_graph.hpp"

namespace conclave::check {
namespace {

constexpr std::string_view server_prefix = "server:";

std::optional<GraphWish> parse_graph_of(std::string_view text) {
  GraphWish wish;
  if (text == "states") return wish;
  if (text == "runs") {
    wish.of = GraphOf::runs;
    return wish;
  }
  if (!text.starts_with(server_prefix)) return std::nullopt;
  text.remove_prefix(server_prefix.size());
  wish.of = GraphOf::server;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), wish.server.value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return wish;
}

}  // namespace

void GraphCommandLine::add_to(CLI::App& check) {
  CLI::Option* file =
      check
          .add_option("--graph", file_, "what was explored as a graph, for Graphviz (.dot, .gv) or others (.graphml)")
          ->check(wrong_name)
          ->type_name("FILE")
          ->group("Files");
  check
      .add_option("--graph-of", of_,
                  "states (default): from the start on; runs: those that are shown, and what is beside them; "
                  "server:ID: one server's roles")
      ->check(wrong_nothing)
      ->type_name("WHAT")
      ->needs(file)
      ->group("Files");
  check.add_option("--graph-max", nodes_max_, fmt::format("at most N nodes (default {})", graph_nodes_default))
      ->check(CLI::Range(std::size_t{1}, graph_nodes_max))
      ->needs(file)
      ->group("Files");
}

std::optional<std::string> GraphCommandLine::read(CheckOptions& options) const {
  if (file_.empty()) return std::nullopt;
  if (graph_writer(file_) == nullptr) {
    return fmt::format("--graph: found '{}'; expected a name that ends with .dot, .gv or .graphml", file_);
  }
  const auto wish = parse_graph_of(of_.value_or("states"));
  if (!wish) return fmt::format("--graph-of: found '{}'; expected states, runs, or server:ID, like server:1", *of_);
  options.outputs.graph = file_;
  options.graph = *wish;
  options.graph->nodes_max = nodes_max_.value_or(graph_nodes_default);
  return std::nullopt;
}

}  // namespace conclave::check
