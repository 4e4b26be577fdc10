// What was explored as a graph, cut so that a person can read it, and the files that other tools take it from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "conclave/model/types.hpp"

namespace conclave::check {

enum class GraphOf : std::uint8_t {
  states,  // from the initial one on, breadth first
  runs,    // the states of the runs that are shown, and those one step beside them
  server   // what others can tell of one server: its role, round and vote, and what takes it from one to the next
};

inline constexpr std::size_t graph_nodes_default = 50;
inline constexpr std::size_t graph_nodes_max = 100'000;

// Which graph is wanted.
struct GraphWish {
  GraphOf of = GraphOf::states;
  model::ServerId server{0};                    // GraphOf::server
  std::size_t nodes_max = graph_nodes_default;  // more are counted, not drawn
};

struct GraphNode {
  std::vector<std::string> lines;  // a server, or a part of one, each
  std::uint32_t level = 0;         // steps from the start
  bool initial = false;
  bool on_run = false;              // of GraphOf::runs
  bool settled = false;             // all that run have settled on one that leads
  bool end = false;                 // no step leads out of it
  std::vector<std::string> breaks;  // properties that do not hold in it
  std::size_t undrawn = 0;          // steps out of it, to what is not drawn
};

struct GraphEdge {
  std::size_t from = 0;
  std::size_t to = 0;
  std::string label;  // GraphOf::server: a line for each kind of step
  bool on_run = false;
  bool on_cycle = false;            // of a run that goes on for ever: over and over, once the run is here
  std::vector<std::string> breaks;  // properties that the step breaks
};

struct StateGraph {
  GraphWish wish;
  std::string what;   // "of the states"
  std::string shown;  // "50 of 1,540 states"
  bool cut = false;   // not all are drawn
  std::uint64_t nodes_in_all = 0;
  std::vector<GraphNode> nodes;
  std::vector<GraphEdge> edges;
};

// Whole files, in the languages of Graphviz and of GraphML. The words in them are of ids, votes and properties alone:
// nothing of a user's file.
std::string dot_of(const StateGraph& graph);
std::string graphml_of(const StateGraph& graph);
// By the ending of a file's name; nothing where there is no format of that name.
using GraphWriter = std::string (*)(const StateGraph&);
GraphWriter graph_writer(const std::string& path);

}  // namespace conclave::check
