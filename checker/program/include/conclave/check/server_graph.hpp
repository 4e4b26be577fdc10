// One server's local automaton, as far as others can tell.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "conclave/check/graph_words.hpp"
#include "conclave/check/state_graph.hpp"
#include "conclave/spec/closed_system.hpp"

namespace conclave::check {

// Local states that look the same from outside are one role, and one node. The graph does not depend on the order in
// which states and steps are told.
class ServerGraph {
 public:
  // The system must outlive it. REQUIRES: the wish is for a server of the system.
  ServerGraph(spec::ClosedSystem& system, const GraphWish& wish);

  [[nodiscard]] int server() const { return server_; }
  // The server was reached in this local state, so many steps from the start. Gives the number of its role.
  std::size_t reached(spec::LocalId local, std::uint32_t level);
  std::size_t role_of(spec::LocalId local);
  // A step of this server leads from one role to another. `heard`: what it is about, or none.
  void moves(std::size_t from, std::size_t to, const spec::Action& action, spec::NotificationId heard,
             spec::PropertySet broken) {
    moves_[{from, to, action.code(), heard}] |= broken;
  }
  StateGraph draw();

 private:
  static constexpr std::uint32_t unreached = ~std::uint32_t{0};
  struct Role {
    std::string line;
    std::uint32_t level = unreached;
    std::set<spec::LocalId> locals;
  };
  // From, to, action, notification.
  using Move = std::tuple<std::size_t, std::size_t, std::uint32_t, spec::NotificationId>;

  static std::size_t add_role(const Role& role, StateGraph& graph);
  void add_moves(const std::map<std::size_t, std::size_t>& drawn, StateGraph& graph);

  spec::ClosedSystem& system_;
  GraphWish wish_;
  GraphWords words_;
  int server_ = 0;
  std::vector<Role> roles_;
  std::vector<std::size_t> role_by_local_;
  std::map<std::string, std::size_t> role_by_line_;
  std::map<Move, spec::PropertySet> moves_;
};

}  // namespace conclave::check
