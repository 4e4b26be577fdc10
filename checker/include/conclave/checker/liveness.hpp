// What has to happen eventually, under weak fairness, on the graph of reached states.
//
// Needs the headers of Boost.Graph.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "conclave/checker/fair_components.hpp"
#include "conclave/checker/fair_cycle.hpp"
#include "conclave/checker/liveness_result.hpp"
#include "conclave/checker/pending_graph.hpp"
#include "conclave/checker/result.hpp"

namespace conclave::checker {

// Judges the two claims
//   eventually: on every fair run (fairness.hpp), once the environment takes no more steps, whatever is pending is
//               discharged some time later
//   possibly:   from wherever it is pending there is such a run, fair or not
template <FairSystem System>
class LivenessCheck {
 public:
  using State = typename System::State;

  // All must outlive this. REQUIRES: the explorer's exploration has exhausted the system.
  // Throws what PendingGraph throws, here and in run().
  LivenessCheck(System& system, Explorer<System>& explorer, const Limits& limits, Progress& progress)
      : system_(system), explorer_(explorer), graph_(system, explorer, limits, progress) {}

  // Once.
  LivenessResult<State> run() {
    result_.counts.pending = graph_.vertices() - Graph::first;
    result_.counts.steps = graph_.edges();
    const bool has_unpromised = look_around();
    // A run that needs no step beyond what is promised says more, so those are looked for first.
    const bool found = has_unpromised && judge(true);
    if (!found) judge(false);
    judge_hope();
    if (result_.eventually != Prospect::violated && result_.counts.at_bound > 0) {
      result_.eventually = Prospect::cut;
      result_.to_bound = run_to(least([this](Vertex vertex) { return at_bound(vertex); }));
    }
    result_.counts.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    return std::move(result_);
  }

 private:
  using Graph = PendingGraph<System>;
  using Step = typename Graph::Step;

  [[nodiscard]] bool at_bound(Vertex vertex) const {
    bool found = false;
    graph_.for_each_step(vertex, [&found](const Step& step) { found = found || step.target == Graph::beyond; });
    return found;
  }

  // Counts bounds and ends. True if some step is taken that nothing promises.
  bool look_around() {
    bool has_unpromised = false;
    for (Vertex vertex = Graph::first; vertex < graph_.vertices(); ++vertex) {
      bool promised = false;
      graph_.for_each_step(vertex, [&](const Step& step) {
        promised = promised || step.fair_class < fair_classes_max;
        has_unpromised = has_unpromised || step.fair_class == unpromised;
      });
      if (!promised) ++result_.counts.fair_ends;
      if (at_bound(vertex)) ++result_.counts.at_bound;
    }
    return has_unpromised;
  }

  // Looks for runs on which it never comes. True if there are any, with the lasso in the result.
  bool judge(bool promised_only) {
    const FairComponents<Graph> components(graph_, promised_only);
    result_.counts.cycles = components.cycles();
    result_.counts.fair_cycles = components.fair_cycles();
    result_.counts.largest = components.largest();
    result_.counts.bytes = graph_.bytes_used() + components.bytes_used();
    if (result_.counts.fair_cycles + result_.counts.fair_ends == 0) return false;
    result_.eventually = Prospect::violated;
    find_lasso(components);
    return true;
  }

  // --- runs to be shown --------------------------------------------------------------------------------------------

  // Those of the vertices with this property that are fewest steps away, the first few of them in the order of states.
  template <class Holds>
  std::vector<Vertex> nearest(const Holds& holds, std::size_t max) {
    std::vector<Vertex> found;
    Level level = std::numeric_limits<Level>::max();
    for (Vertex vertex = Graph::first; vertex < graph_.vertices(); ++vertex) {
      if (graph_.level(vertex) > level || !holds(vertex)) continue;
      if (graph_.level(vertex) < level) found.clear();
      level = graph_.level(vertex);
      found.push_back(vertex);
    }
    auto worker = system_.worker();
    const auto middle = found.begin() + static_cast<std::ptrdiff_t>(std::min(max, found.size()));
    std::partial_sort(found.begin(), middle, found.end(), [&](Vertex left, Vertex right) {
      return left != right && worker.precedes(graph_.state(left), graph_.state(right));
    });
    found.erase(middle, found.end());
    return found;
  }
  template <class Holds>
  Vertex least(const Holds& holds) {
    return nearest(holds, 1).front();
  }

  std::vector<TraceStep<State>> run_to(Vertex vertex) {
    Finding<State> finding;
    finding.state = graph_.state(vertex);
    finding.level = graph_.level(vertex);
    return explorer_.trace(finding);
  }

  void find_lasso(const FairComponents<Graph>& components) {
    constexpr std::size_t entries_max = 16;  // of equally short stems so many are tried
    std::optional<FairCycle<Graph>> best;
    Vertex entry = 0;
    for (const Vertex vertex : nearest([&](Vertex at) { return components.lasting(at); }, entries_max)) {
      FairCycle<Graph> cycle = FairCycleSearch<Graph>(graph_, components).from(vertex);
      if (best && best->steps.size() <= cycle.steps.size()) continue;
      best = std::move(cycle);
      entry = vertex;
    }
    Lasso<State> lasso;
    lasso.stem = run_to(entry);
    lasso.shortest_cycle = best->shortest;
    Vertex at = entry;
    for (const Step& step : best->steps) {
      lasso.cycle.push_back(TraceStep<State>{action_of(at, step), graph_.state(step.target)});
      lasso.unpromised = lasso.unpromised || step.fair_class == unpromised;
      at = step.target;
    }
    result_.lasso = std::move(lasso);
  }

  // The first action that is such a step.
  std::uint32_t action_of(Vertex from, const Step& step) {
    std::uint32_t least = std::numeric_limits<std::uint32_t>::max();
    auto worker = system_.worker();
    worker.fair_steps(
        graph_.state(from),
        [&](const State& next, std::uint32_t action, FairClass fair_class, const Stocks& stocks) {
          const bool same =
              fair_class == step.fair_class && stocks == step.stocks && next == graph_.state(step.target);
          if (same) least = std::min(least, action);
        },
        [](FairClass) {});
    return least;
  }

  // --- AG EF -------------------------------------------------------------------------------------------------------

  // Components are numbered from the sinks upwards: those that a step leads to come before.
  void judge_hope() {
    std::vector<Vertex> components;
    connect(graph_.rows(), components);
    std::vector<bool> to_goal(components.size(), false);  // by component
    std::vector<bool> to_bound(components.size(), false);
    to_goal[components[Graph::discharged]] = true;
    to_bound[components[Graph::beyond]] = true;
    for (const Vertex vertex : by_component(components)) {
      if (vertex < Graph::first) continue;
      graph_.for_each_step(vertex, [&](const Step& step) {
        if (to_goal[components[step.target]]) to_goal[components[vertex]] = true;
        if (to_bound[components[step.target]]) to_bound[components[vertex]] = true;
      });
    }
    const auto hopeless = [&](Vertex vertex) {
      return !to_goal[components[vertex]] && !to_bound[components[vertex]];
    };
    for (Vertex vertex = Graph::first; vertex < graph_.vertices(); ++vertex) {
      if (hopeless(vertex)) ++result_.counts.hopeless;
      if (!to_goal[components[vertex]]) result_.possibly = Prospect::cut;
    }
    if (result_.counts.hopeless == 0) return;
    result_.possibly = Prospect::violated;
    result_.to_hopeless = run_to(least(hopeless));
  }

  // The vertices, those of a component together.
  static std::vector<Vertex> by_component(const std::vector<Vertex>& components) {
    std::vector<Vertex> places(components.size() + 1, 0);
    for (const Vertex component : components) ++places[component + 1];
    for (std::size_t i = 1; i < places.size(); ++i) places[i] += places[i - 1];
    std::vector<Vertex> order(components.size());
    for (Vertex vertex = 0; vertex < order.size(); ++vertex) order[places[components[vertex]]++] = vertex;
    return order;
  }

  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  System& system_;
  Explorer<System>& explorer_;
  Graph graph_;
  LivenessResult<State> result_;
};

}  // namespace conclave::checker
