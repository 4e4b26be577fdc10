// From what was explored to a graph of it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "conclave/check/graph_run.hpp"
#include "conclave/check/graph_words.hpp"
#include "conclave/check/server_graph.hpp"
#include "conclave/check/state_graph.hpp"
#include "conclave/checker/result.hpp"
#include "conclave/spec/closed_system.hpp"
#include "conclave/spec/layout.hpp"
#include "conclave/spec/worker.hpp"

namespace conclave::check {

// In one thread. The graph is the same in every call, whatever numbers local states have got.
template <std::size_t Words>
class GraphBuilder {
 public:
  using State = spec::PackedState<Words>;
  using Trace = std::vector<checker::TraceStep<State>>;
  using Run = GraphRun<Words>;

  // The first two must outlive this. Throws spec::LayoutFull, as the worker does.
  GraphBuilder(spec::ClosedSystem& system, const spec::Layout& layout, const GraphWish& wish)
      : system_(system), wish_(wish), worker_(system, layout), words_(system) {}

  // From the initial state on, level by level. What leads out of states of this level was not explored.
  StateGraph states(std::uint32_t level_max) {
    worker_.initial([this](const State& state) { graph_.nodes[place(state, 0)].initial = true; });
    for (std::size_t i = 0; i < order_.size(); ++i) {
      if (graph_.nodes[i].level < level_max) {
        expand(i, true);
      } else {
        leave_out_steps(i);
      }
    }
    return finished();
  }

  // The states of the runs, one run after the other, and those that are one step beside them.
  StateGraph around(const std::vector<Run>& runs) {
    for (const Run& run : runs) add_run(run.steps);
    const std::size_t on_run = order_.size();
    for (std::size_t i = 0; i < on_run; ++i) expand(i, true);
    const std::size_t all = order_.size();
    for (std::size_t i = on_run; i < all; ++i) expand(i, false);
    mark(runs);
    return finished();
  }

  // To be called with each state that was reached.
  void look_at(const State& state, std::uint32_t level, ServerGraph& graph) {
    const std::size_t from = graph.reached(worker_.local(state, graph.server()), level);
    steps_of(state);
    for (const Step& step : steps_) {
      const spec::Action action = spec::Action::from(step.code);
      if (action.server != graph.server() || action.kind == spec::ActionKind::lose) continue;
      const std::size_t to = graph.role_of(worker_.local(step.next, graph.server()));
      if (from != to) graph.moves(from, to, action, heard_in(state, action), step.broken);
    }
  }

 private:
  using Key = std::array<std::uint64_t, Words>;
  struct Step {
    State next;
    std::uint32_t code;
    spec::PropertySet broken;
  };
  // All in `steps_`, by action; gives what the state itself breaks.
  spec::PropertySet steps_of(const State& state) {
    steps_.clear();
    const spec::PropertySet broken =
        worker_.successors(state, [this](const State& next, std::uint32_t code, spec::PropertySet by_step) {
          steps_.push_back(Step{next, code, by_step});
        });
    return broken;
  }

  // The number of the state's node, which is a new one if there was none.
  std::size_t place(const State& state, std::uint32_t level) {
    const auto [known, fresh] = index_.emplace(state.words, order_.size());
    if (fresh) {
      order_.push_back(state);
      GraphNode& node = graph_.nodes.emplace_back();
      node.level = level;
      node.lines = lines_of(state);
      const spec::PropertySet broken = steps_of(state);
      node.breaks = broken_names(broken);
      node.settled = (broken & spec::bit(spec::Property::all_settled)) != 0;
      node.end = steps_.empty();
    }
    return known->second;
  }

  void add_run(const Trace& run) {
    for (std::size_t i = 0; i < run.size(); ++i) {
      const bool there = index_.find(run[i].state.words) != index_.end();
      if (!there && order_.size() >= wish_.nodes_max) {
        left_out_.insert(run[i].state.words);
        continue;
      }
      GraphNode& node = graph_.nodes[place(run[i].state, static_cast<std::uint32_t>(i))];
      node.on_run = true;
      node.initial = node.initial || i == 0;
    }
  }

  // Adds the edges out of a node; with `grows` also those to new nodes, while there is room.
  void expand(std::size_t from, bool grows) {
    const State state = order_[from];
    steps_of(state);
    std::vector<Step> steps = steps_;
    std::stable_sort(steps.begin(), steps.end(),
                     [](const Step& left, const Step& right) { return left.code < right.code; });
    for (const Step& step : steps) {
      const bool known = index_.find(step.next.words) != index_.end();
      if (!known && (!grows || order_.size() >= wish_.nodes_max)) {
        ++graph_.nodes[from].undrawn;
        if (grows) left_out_.insert(step.next.words);
        continue;
      }
      const spec::Action action = spec::Action::from(step.code);
      const std::size_t to = place(step.next, graph_.nodes[from].level + 1);
      graph_.edges.push_back(GraphEdge{from, to, words_.label(action, heard_in(state, action)), false, false,
                                       broken_names(step.broken)});
      codes_.push_back(step.code);
    }
  }

  void leave_out_steps(std::size_t from) {
    const State state = order_[from];
    steps_of(state);
    graph_.nodes[from].undrawn = steps_.size();
  }

  void mark(const std::vector<Run>& runs) {
    using Taken = std::set<std::tuple<std::size_t, std::size_t, std::uint32_t>>;
    Taken taken;
    Taken for_ever;
    for (const Run& run : runs) {
      for (std::size_t i = 1; i < run.steps.size(); ++i) {
        const auto from = index_.find(run.steps[i - 1].state.words);
        const auto to = index_.find(run.steps[i].state.words);
        if (from == index_.end() || to == index_.end()) continue;
        taken.emplace(from->second, to->second, run.steps[i].action);
        if (i > run.cycle_from) for_ever.emplace(from->second, to->second, run.steps[i].action);
      }
    }
    for (std::size_t i = 0; i < graph_.edges.size(); ++i) {
      GraphEdge& edge = graph_.edges[i];
      edge.on_run = taken.contains({edge.from, edge.to, codes_[i]});
      edge.on_cycle = for_ever.contains({edge.from, edge.to, codes_[i]});
    }
  }

  StateGraph finished() {
    graph_.nodes_in_all = order_.size() + left_out_.size();
    return std::move(graph_);
  }

  // --- words ---------------------------------------------------------------------------------------------------------

  std::vector<std::string> lines_of(const State& state) {
    std::vector<spec::LocalId> locals;
    std::vector<spec::ChannelId> channels;
    for (int i = 0; i < system_.servers(); ++i) locals.push_back(worker_.local(state, i));
    const bool fifo = system_.scope().network.kind == spec::NetworkKind::fifo;
    for (int from = 0; fifo && from < system_.servers(); ++from) {
      for (int to = 0; to < system_.servers(); ++to) channels.push_back(worker_.channel(state, from, to));
    }
    return words_.lines(locals, channels);
  }
  // The notification that a step is about.
  spec::NotificationId heard_in(const State& state, const spec::Action& action) {
    if (action.kind == spec::ActionKind::read) {
      const auto facts = system_.machine().facts(action.peer, worker_.local(state, action.peer));
      return facts.offers[static_cast<std::size_t>(action.offer)];
    }
    const bool message = action.kind == spec::ActionKind::deliver || action.kind == spec::ActionKind::lose;
    if (!message) return spec::no_notification;
    return system_.channels(action.peer).content(worker_.channel(state, action.peer, action.server)).front();
  }

  spec::ClosedSystem& system_;
  GraphWish wish_;
  spec::Worker<Words> worker_;
  GraphWords words_;
  StateGraph graph_;
  std::vector<Step> steps_;           // of the state at hand
  std::vector<State> order_;          // by node
  std::vector<std::uint32_t> codes_;  // the action of each edge
  std::map<Key, std::size_t> index_;
  std::set<Key> left_out_;
};

}  // namespace conclave::check
