// Graphs in the languages of other tools, written by Boost.Graph.
#include <fmt/format.h>

#include <algorithm>
#include <boost/graph/adjacency_list.hpp>
#include <boost/graph/graphml.hpp>
#include <boost/graph/graphviz.hpp>
#include <ostream>
#include <sstream>
#include <string>
#include <string_view>

#include "conclave/check/state_graph.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

struct Node {
  std::string label;
  std::string breaks;
  std::uint32_t level = 0;
  bool initial = false;
  bool on_run = false;
  bool settled = false;
  bool end = false;
  std::uint64_t undrawn = 0;
};
struct Edge {
  std::string step;
  std::string breaks;
  bool on_run = false;
  bool on_cycle = false;
};
using Graph = boost::adjacency_list<boost::vecS, boost::vecS, boost::directedS, Node, Edge>;

Graph graph_from(const StateGraph& from) {
  Graph graph(from.nodes.size());
  for (std::size_t i = 0; i < from.nodes.size(); ++i) {
    const GraphNode& node = from.nodes[i];
    graph[i] = Node{join(node.lines, "\n"),
                    join(node.breaks, " "),
                    node.level,
                    node.initial,
                    node.on_run,
                    node.settled,
                    node.end,
                    node.undrawn};
  }
  for (const GraphEdge& edge : from.edges) {
    boost::add_edge(edge.from, edge.to, Edge{edge.label, join(edge.breaks, " "), edge.on_run, edge.on_cycle}, graph);
  }
  return graph;
}

// In quotes; every line begins at the left.
std::string dot_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\l";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\\l\"";
}

std::string title_of(const StateGraph& graph) {
  const bool dashed =
      std::any_of(graph.nodes.begin(), graph.nodes.end(), [](const GraphNode& node) { return node.undrawn > 0; });
  return fmt::format("{}: {}{}", graph.what, graph.shown,
                     dashed ? "; dashed: steps lead on to what is not drawn" : "");
}

// Nothing is said by colour or line alone.
void describe(std::ostream& out, const Node& node) {
  std::string label = node.initial ? "START\n" + node.label : node.label;
  if (!node.breaks.empty()) label += "\nBREAKS " + node.breaks;
  if (node.settled) label += "\nsettled";
  if (node.end && !node.settled) label += "\nnothing can happen";
  if (node.undrawn > 0) label += fmt::format("\n... {} more", node.undrawn);
  std::string styles = node.undrawn > 0 ? "rounded,dashed,filled" : "rounded,filled";
  const char* fill = !node.breaks.empty() ? "#ffd0cc" : node.settled ? "#d3eed6" : node.on_run ? "#fff0b8" : "white";
  out << "[label=" << dot_string(label) << ", style=\"" << styles << "\", fillcolor=\"" << fill << "\"";
  if (node.initial) out << ", penwidth=2.5";
  if (node.end) out << ", peripheries=2";
  out << "]";
}

void describe(std::ostream& out, const Edge& edge) {
  std::string label = edge.step;
  if (!edge.breaks.empty()) label += "\nBREAKS " + edge.breaks;
  if (edge.on_cycle) label += "\nover and over";
  out << "[label=" << dot_string(label);
  if (edge.on_run) out << ", penwidth=2.5";
  if (edge.on_cycle) out << ", color=\"#1f5fbf\", fontcolor=\"#1f5fbf\"";
  if (!edge.breaks.empty()) out << ", color=\"#c0271a\", fontcolor=\"#c0271a\"";
  out << "]";
}

bool ends_with_one_of(const std::string& path, std::initializer_list<std::string_view> endings) {
  for (const std::string_view ending : endings) {
    if (path.size() > ending.size() && path.ends_with(ending)) return true;
  }
  return false;
}

}  // namespace

std::string dot_of(const StateGraph& from) {
  const Graph graph = graph_from(from);
  const auto node = [&graph](std::ostream& out, std::size_t i) { describe(out, graph[i]); };
  const auto edge = [&graph](std::ostream& out, const auto& at) { describe(out, graph[at]); };
  const auto whole = [&from](std::ostream& out) {
    out << "graph [label=" << dot_string(title_of(from)) << ", labelloc=t, fontname=\"Helvetica\"]\n"
        << "node [shape=box, fontname=\"Helvetica\", fontsize=10]\n"
        << "edge [fontname=\"Helvetica\", fontsize=9]\n";
  };
  std::ostringstream out;
  boost::write_graphviz(out, graph, node, edge, whole);
  return out.str();
}

std::string graphml_of(const StateGraph& from) {
  Graph graph = graph_from(from);
  const boost::static_property_map<std::string, Graph*> title(title_of(from));
  const boost::static_property_map<std::string, Graph*> made_by(fmt::format("Conclave {}", version()));
  const boost::static_property_map<bool, Graph*> cut(from.cut);
  boost::dynamic_properties properties;
  properties.property("title", title);
  properties.property("made_by", made_by);
  properties.property("cut", cut);
  properties.property("label", boost::get(&Node::label, graph));
  properties.property("level", boost::get(&Node::level, graph));
  properties.property("initial", boost::get(&Node::initial, graph));
  properties.property("on_run", boost::get(&Node::on_run, graph));
  properties.property("settled", boost::get(&Node::settled, graph));
  properties.property("end", boost::get(&Node::end, graph));
  properties.property("breaks", boost::get(&Node::breaks, graph));
  properties.property("undrawn", boost::get(&Node::undrawn, graph));
  properties.property("step", boost::get(&Edge::step, graph));
  properties.property("step_on_run", boost::get(&Edge::on_run, graph));
  properties.property("step_on_cycle", boost::get(&Edge::on_cycle, graph));
  properties.property("step_breaks", boost::get(&Edge::breaks, graph));
  std::ostringstream out;
  boost::write_graphml(out, graph, properties, true);
  return out.str();
}

GraphWriter graph_writer(const std::string& path) {
  if (ends_with_one_of(path, {".dot", ".gv"})) return dot_of;
  if (ends_with_one_of(path, {".graphml"})) return graphml_of;
  return nullptr;
}

}  // namespace conclave::check
