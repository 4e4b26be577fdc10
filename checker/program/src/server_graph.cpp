#include "conclave/check/server_graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "conclave/check/words.hpp"

namespace conclave::check {

ServerGraph::ServerGraph(spec::ClosedSystem& system, const GraphWish& wish)
    : system_(system), wish_(wish), words_(system) {
  while (system_.id(server_) != wish_.server) ++server_;
}

std::size_t ServerGraph::role_of(spec::LocalId local) {
  constexpr std::size_t unknown = ~std::size_t{0};
  if (local >= role_by_local_.size()) role_by_local_.resize(local + std::size_t{1}, unknown);
  std::size_t& role = role_by_local_[local];
  if (role != unknown) return role;
  const std::string line = role_line(system_.machine().decoded(server_, local));
  role = role_by_line_.emplace(line, roles_.size()).first->second;
  if (role == roles_.size()) roles_.push_back(Role{line, unreached, {}});
  return role;
}

std::size_t ServerGraph::reached(spec::LocalId local, std::uint32_t level) {
  const std::size_t number = role_of(local);
  roles_[number].locals.insert(local);
  roles_[number].level = std::min(roles_[number].level, level);
  return number;
}

StateGraph ServerGraph::draw() {
  std::vector<std::size_t> by_level;
  for (std::size_t i = 0; i < roles_.size(); ++i) {
    if (roles_[i].level != unreached) by_level.push_back(i);
  }
  std::sort(by_level.begin(), by_level.end(), [this](std::size_t left, std::size_t right) {
    return std::tie(roles_[left].level, roles_[left].line) < std::tie(roles_[right].level, roles_[right].line);
  });
  StateGraph graph;
  std::map<std::size_t, std::size_t> drawn;
  for (const std::size_t role : by_level) {
    if (drawn.size() < wish_.nodes_max) drawn.emplace(role, add_role(roles_[role], graph));
  }
  graph.nodes_in_all = by_level.size();
  add_moves(drawn, graph);
  return graph;
}

std::size_t ServerGraph::add_role(const Role& role, StateGraph& graph) {
  GraphNode node;
  node.lines = {role.line, role.locals.size() == 1 ? "1 local state"
                                                   : fmt::format("{} local states", grouped(role.locals.size()))};
  node.level = role.level;
  node.initial = role.level == 0;
  node.end = true;
  graph.nodes.push_back(std::move(node));
  return graph.nodes.size() - 1;
}

void ServerGraph::add_moves(const std::map<std::size_t, std::size_t>& drawn, StateGraph& graph) {
  std::map<std::pair<std::size_t, std::size_t>, std::map<std::string, spec::PropertySet>> edges;
  for (const auto& [move, broken] : moves_) {
    const auto& [from, to, code, heard] = move;
    if (!drawn.contains(from)) continue;
    GraphNode& node = graph.nodes[drawn.at(from)];
    node.end = false;
    if (drawn.contains(to)) {
      edges[{drawn.at(from), drawn.at(to)}][words_.label(spec::Action::from(code), heard)] |= broken;
    } else {
      ++node.undrawn;
    }
  }
  for (const auto& [ends, labels] : edges) {
    GraphEdge edge{ends.first, ends.second, "", false, false, {}};
    spec::PropertySet all_broken = 0;
    for (const auto& [text, broken] : labels) {
      edge.label += (edge.label.empty() ? "" : "\n") + text;
      all_broken |= broken;
    }
    edge.breaks = broken_names(all_broken);
    graph.edges.push_back(std::move(edge));
  }
}

}  // namespace conclave::check
