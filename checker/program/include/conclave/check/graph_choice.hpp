// Of which exploration the graph is drawn that --graph asks for.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "conclave/check/outcome.hpp"
#include "conclave/check/scenarios.hpp"
#include "conclave/check/state_graph.hpp"

namespace conclave::check {

// What is wrong with the server that --graph-of names; nothing if it takes part in one of the scenarios.
std::optional<std::string> wrong_with_graph(const Plan& plan, const CheckOptions& options);
// Is a graph wanted of the scenario with this number? Of runs, of all: only then is it known which is shown first.
// Otherwise of the first one (in which the server takes part).
std::optional<GraphWish> graph_wanted(const Plan& plan, const CheckOptions& options, std::size_t scenario);
// The graph that is to be written; nullptr if there is none.
const StateGraph* graph_of(const Outcome& outcome);

}  // namespace conclave::check
