#include "conclave/check/graph_choice.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

bool takes_part(const spec::Scenario& scenario, model::ServerId server) {
  const auto& all = scenario.participants;
  return std::any_of(all.begin(), all.end(), [server](const auto& one) { return one.id == server; });
}

}  // namespace

std::optional<std::string> wrong_with_graph(const Plan& plan, const CheckOptions& options) {
  if (!options.graph || options.graph->of != GraphOf::server) return std::nullopt;
  const model::ServerId server = options.graph->server;
  std::vector<model::ServerId> known;
  for (const spec::Scenario& scenario : plan.scenarios) {
    if (takes_part(scenario, server)) return std::nullopt;
    for (const spec::Participant& participant : scenario.participants) {
      if (std::find(known.begin(), known.end(), participant.id) == known.end()) known.push_back(participant.id);
    }
  }
  std::sort(known.begin(), known.end());
  return fmt::format("--graph-of: found server:{}; expected one of the servers {}", server.value, id_set(known));
}

std::optional<GraphWish> graph_wanted(const Plan& plan, const CheckOptions& options, std::size_t scenario) {
  if (!options.graph || options.graph->of == GraphOf::runs) return options.graph;
  std::size_t first = 0;
  const bool of_server = options.graph->of == GraphOf::server;
  while (of_server && !takes_part(plan.scenarios[first], options.graph->server)) ++first;
  return scenario == first ? options.graph : std::nullopt;
}

const StateGraph* graph_of(const Outcome& outcome) {
  if (outcome.graph) return &*outcome.graph;
  const StateGraph* of_shown = nullptr;
  for (const Explored& explored : outcome.explored) {
    const Report& report = explored.report;
    if (!report.graph) continue;
    const bool goes_on = report.liveness && report.liveness->lasso;
    if (!report.violations.empty() || goes_on) return &*report.graph;
    if (!report.shown.empty() && of_shown == nullptr) of_shown = &*report.graph;
  }
  return of_shown;
}

}  // namespace conclave::check
