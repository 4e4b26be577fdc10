// A shortest cycle through a state on which a fair run can stay.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "conclave/checker/fair_components.hpp"
#include "conclave/checker/pending_graph.hpp"

namespace conclave::checker {

template <class Graph>
struct FairCycle {
  std::vector<typename Graph::Step>
      steps;  // from the state asked about back to it; none: nothing promised happens there
  bool shortest = true;
};

// Searches breadth first through pairs of a state and what has been seen to on the way: the classes that were taken or
// impossible, and the stocks that were drawn on and refilled. Only the classes that are possible in the state asked
// about matter, for the others are impossible there. Where these are too many, or the pairs are, it goes to the
// nearest remedy for one after the other instead; that cycle is as good, and may be longer.
template <class Graph>
class FairCycleSearch {
 public:
  using Step = typename Graph::Step;

  // Both must outlive this.
  FairCycleSearch(const Graph& graph, const FairComponents<Graph>& components)
      : graph_(graph), components_(components) {}

  // REQUIRES: a fair run can stay there.
  FairCycle<Graph> from(Vertex start) {
    start_ = start;
    owed_.clear();
    graph_.for_each_step(start, [this](const Step& step) {
      const bool known = std::find(owed_.begin(), owed_.end(), step.fair_class) != owed_.end();
      if (step.fair_class < fair_classes_max && !known) owed_.push_back(step.fair_class);
    });
    FairCycle<Graph> cycle;
    if (owed_.empty()) return cycle;
    find_stocks();
    if (owed_.size() + 2 * stocks_.size() <= mask_bits && search(cycle)) return cycle;
    return piecewise();
  }

 private:
  using Mask = std::uint64_t;
  static constexpr std::size_t mask_bits = 64;
  static constexpr std::size_t pairs_max = 4'000'000;

  struct Node {
    Step by;  // that led here
    std::uint32_t parent;
    Mask done;
  };
  struct Key {
    Vertex vertex;
    Mask done;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return static_cast<std::size_t>((key.done ^ (std::uint64_t{key.vertex} << 17U)) * 0x9e3779b97f4a7c15U);
    }
  };

  // What the component draws on.
  void find_stocks() {
    stocks_.clear();
    std::unordered_set<Vertex> seen{start_};
    std::vector<Vertex> open{start_};
    while (!open.empty()) {
      const Vertex vertex = open.back();
      open.pop_back();
      for_each_inner(vertex, [&](const Step& step) {
        for (std::uint32_t left = step.stocks.drawn; left != 0; left &= left - 1) {
          const std::uint32_t stock = left & ~(left - 1);
          if (std::find(stocks_.begin(), stocks_.end(), stock) == stocks_.end()) stocks_.push_back(stock);
        }
        if (seen.insert(step.target).second) open.push_back(step.target);
      });
    }
  }

  // Bits: the owed classes, then for each stock whether it was drawn on and whether it was refilled.
  [[nodiscard]] Mask seen_to(const Step& step) const {
    Mask mask = 0;
    std::size_t bit = 0;
    for (const FairClass owed : owed_) mask |= Mask{owed == step.fair_class} << bit++;
    for (const std::uint32_t stock : stocks_) {
      mask |= Mask{(step.stocks.drawn & stock) != 0} << bit++;
      mask |= Mask{(step.stocks.refilled & stock) != 0} << bit++;
    }
    return mask;
  }
  // Of the owed classes those that are impossible here, bounds or no bounds.
  [[nodiscard]] Mask impossible(Vertex vertex) const {
    Mask mask = (Mask{1} << owed_.size()) - 1;
    graph_.for_each_step(vertex, [&](const Step& step) {
      for (std::size_t i = 0; i < owed_.size(); ++i) {
        if (owed_[i] == step.fair_class) mask &= ~(Mask{1} << i);
      }
    });
    return mask;
  }
  [[nodiscard]] bool all_seen_to(Mask done) const {
    for (std::size_t i = 0; i < owed_.size(); ++i) {
      if ((done >> i & 1U) == 0) return false;
    }
    for (std::size_t i = owed_.size(); i < owed_.size() + 2 * stocks_.size(); i += 2) {
      if ((done >> i & 3U) == 1) return false;
    }
    return true;
  }
  template <class Visit>
  void for_each_inner(Vertex vertex, const Visit& visit) const {
    graph_.for_each_step(vertex, [&](const Step& step) {
      if (components_.stays(vertex, step)) visit(step);
    });
  }

  // False: given up.
  bool search(FairCycle<Graph>& cycle) {
    std::vector<Node> nodes{Node{Step{start_, unpromised, {}, 0}, 0, 0}};
    std::unordered_set<Key, KeyHash> seen;
    for (std::uint32_t at = 0; at < nodes.size() && nodes.size() < pairs_max; ++at) {
      std::uint32_t goal = 0;
      const Node node = nodes[at];
      for_each_inner(node.by.target, [&](const Step& step) {
        const Mask done = node.done | seen_to(step) | impossible(step.target);
        if (goal != 0 || !seen.insert(Key{step.target, done}).second) return;
        if (step.target == start_ && all_seen_to(done)) goal = static_cast<std::uint32_t>(nodes.size());
        nodes.push_back(Node{step, at, done});
      });
      if (goal == 0) continue;
      for (; goal != 0; goal = nodes[goal].parent) cycle.steps.push_back(nodes[goal].by);
      std::reverse(cycle.steps.begin(), cycle.steps.end());
      return true;
    }
    return false;
  }

  FairCycle<Graph> piecewise() const {
    FairCycle<Graph> cycle;
    cycle.shortest = false;
    for (const FairClass owed : owed_) {
      const auto remedy = [&](const Step& step) {
        if (step.fair_class == owed) return true;
        bool possible = false;
        graph_.for_each_step(step.target, [&](const Step& out) { possible = possible || out.fair_class == owed; });
        return !possible;
      };
      see_to(remedy, cycle);
    }
    for (const std::uint32_t stock : stocks_) {
      see_to([stock](const Step& step) { return (step.stocks.refilled & stock) != 0; }, cycle);
    }
    if (cycle.steps.back().target != start_) {
      walk([this](const Step& step) { return step.target == start_; }, cycle);
    }
    return cycle;
  }
  template <class Remedy>
  void see_to(const Remedy& remedy, FairCycle<Graph>& cycle) const {
    if (std::none_of(cycle.steps.begin(), cycle.steps.end(), remedy)) walk(remedy, cycle);
  }
  // On from where the cycle has come to, until a step like this.
  template <class Remedy>
  void walk(const Remedy& remedy, FairCycle<Graph>& cycle) const {
    const Vertex from = cycle.steps.empty() ? start_ : cycle.steps.back().target;
    std::vector<Node> nodes{Node{Step{from, unpromised, {}, 0}, 0, 0}};
    std::unordered_set<Vertex> seen;
    for (std::uint32_t at = 0; at < nodes.size(); ++at) {
      std::uint32_t goal = 0;
      for_each_inner(Vertex{nodes[at].by.target}, [&](const Step& step) {
        const bool there = remedy(step);
        if (goal != 0 || (!seen.insert(step.target).second && !there)) return;
        if (there) goal = static_cast<std::uint32_t>(nodes.size());
        nodes.push_back(Node{step, at, 0});
      });
      if (goal == 0) continue;
      std::vector<Step> steps;
      for (; goal != 0; goal = nodes[goal].parent) steps.push_back(nodes[goal].by);
      cycle.steps.insert(cycle.steps.end(), steps.rbegin(), steps.rend());
      return;
    }
  }

  const Graph& graph_;
  const FairComponents<Graph>& components_;
  Vertex start_ = 0;
  std::vector<FairClass> owed_;
  std::vector<std::uint32_t> stocks_;  // a bit each
};

}  // namespace conclave::checker
