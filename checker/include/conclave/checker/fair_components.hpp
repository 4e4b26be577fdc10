// Where a fair run can stay for ever.
#pragma once

#include <algorithm>
#include <bitset>
#include <boost/graph/filtered_graph.hpp>
#include <boost/graph/strong_components.hpp>
#include <boost/graph/two_bit_color_map.hpp>
#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "conclave/checker/pending_graph.hpp"

namespace conclave::checker {

// Tarjan's algorithm in Boost.Graph. Gives how many components there are; they are numbered from the sinks upwards.
template <class View>
Vertex connect(const View& view, std::vector<Vertex>& components) {
  const std::size_t count = boost::num_vertices(view);
  components.assign(count, 0);
  std::vector<Vertex> roots(count);
  std::vector<Vertex> times(count);
  const auto numbers = boost::get(boost::vertex_index, view);
  const auto map = [&numbers](std::vector<Vertex>& values) {
    return boost::make_iterator_property_map(values.begin(), numbers, values[0]);
  };
  return boost::strong_components(view, map(components),
                                  boost::root_map(map(roots))
                                      .discover_time_map(map(times))
                                      .color_map(boost::make_two_bit_color_map(count, numbers)));
}

// The strongly connected components of a pending graph, and which of them a fair run can stay in.
//
// Why maximal components are enough: a class that is possible in all states of a component, and whose steps all lead
// out of it, is neither taken nor impossible on any cycle in there. Otherwise there is a step of the class, or a state
// without one, for every class, and a cycle through all of these exists.
//
// Stocks are different. Where a component draws on one and never refills it, a run that stays draws no more some day:
// its drawing steps are left out, and what remains falls into smaller components, which are looked at in the same way.
template <class Graph>
class FairComponents {
 public:
  using Step = typename Graph::Step;

  // The graph must outlive this. promised_only: without steps that nothing promises.
  FairComponents(const Graph& graph, bool promised_only) : graph_(graph), left_out_(graph.edges(), false) {
    for (Vertex vertex = Graph::first; promised_only && vertex < graph.vertices(); ++vertex) {
      graph.for_each_step(vertex, [this](const Step& step) {
        if (step.fair_class == unpromised) left_out_[step.number] = true;
      });
    }
    do {
      connect(boost::filtered_graph(graph.rows(), Taken{this}), components_);
      find_cyclic();
    } while (leave_out_exhausted());
  }

  // Does a run that stays where `vertex` is take this step out of it?
  [[nodiscard]] bool stays(Vertex vertex, const Step& step) const {
    return step.target >= Graph::first && !left_out_[step.number] && components_[step.target] == components_[vertex];
  }
  // Can a fair run stay at or around this vertex?
  [[nodiscard]] bool lasting(Vertex vertex) const {
    const auto component = cyclic_.find(components_[vertex]);
    return (component != cyclic_.end() && component->second.fair()) || promised(vertex).none();
  }

  // Components with a cycle; those of them that are fair; states of the largest with a cycle.
  [[nodiscard]] std::uint64_t cycles() const { return cyclic_.size(); }
  [[nodiscard]] std::uint64_t fair_cycles() const {
    return static_cast<std::uint64_t>(
        std::count_if(cyclic_.begin(), cyclic_.end(), [](const auto& entry) { return entry.second.fair(); }));
  }
  [[nodiscard]] std::uint64_t largest() const {
    std::uint64_t largest = 0;
    for (const auto& [number, component] : cyclic_) largest = std::max(largest, component.states);
    return largest;
  }
  [[nodiscard]] std::size_t bytes_used() const {
    return components_.size() * sizeof(Vertex) * 3 + left_out_.size() / 8;
  }

 private:
  using Classes = std::bitset<fair_classes_max>;

  struct Taken {
    const FairComponents* self = nullptr;
    bool operator()(const typename Graph::Edge& edge) const { return !self->left_out_[self->graph_.number_of(edge)]; }
  };
  struct Component {
    std::uint64_t states = 0;
    Classes done;  // taken within it, or impossible somewhere in it, bounds or no bounds
    std::uint32_t drawn = 0;
    std::uint32_t refilled = 0;
    [[nodiscard]] bool fair() const { return done.all(); }
    [[nodiscard]] std::uint32_t exhausted() const { return drawn & ~refilled; }
  };

  // Which classes are possible, or would be but for a bound.
  [[nodiscard]] Classes promised(Vertex vertex) const {
    Classes classes;
    graph_.for_each_step(vertex, [&classes](const Step& step) {
      if (step.fair_class < fair_classes_max) classes.set(step.fair_class);
    });
    return classes;
  }

  void find_cyclic() {
    std::vector<bool> has_cycle(graph_.vertices(), false);  // by component
    for (Vertex vertex = Graph::first; vertex < graph_.vertices(); ++vertex) {
      graph_.for_each_step(vertex, [&](const Step& step) {
        if (stays(vertex, step)) has_cycle[components_[vertex]] = true;
      });
    }
    cyclic_.clear();
    for (Vertex vertex = Graph::first; vertex < graph_.vertices(); ++vertex) {
      if (!has_cycle[components_[vertex]]) continue;
      Component& component = cyclic_[components_[vertex]];
      ++component.states;
      component.done |= ~promised(vertex);
      graph_.for_each_step(vertex, [&](const Step& step) {
        if (!stays(vertex, step)) return;
        if (step.fair_class < fair_classes_max) component.done.set(step.fair_class);
        component.drawn |= step.stocks.drawn;
        component.refilled |= step.stocks.refilled;
      });
    }
  }

  // True if there were steps to be left out.
  bool leave_out_exhausted() {
    bool any = false;
    for (Vertex vertex = Graph::first; vertex < graph_.vertices(); ++vertex) {
      const auto component = cyclic_.find(components_[vertex]);
      if (component == cyclic_.end() || component->second.exhausted() == 0) continue;
      graph_.for_each_step(vertex, [&](const Step& step) {
        const bool draws = (step.stocks.drawn & component->second.exhausted()) != 0;
        if (!draws || !stays(vertex, step)) return;
        left_out_[step.number] = true;
        any = true;
      });
    }
    return any;
  }

  const Graph& graph_;
  std::vector<bool> left_out_;  // by step
  std::vector<Vertex> components_;
  std::unordered_map<Vertex, Component> cyclic_;
};

}  // namespace conclave::checker
