// Small systems given as lists of edges, and a judge of liveness that goes by the definitions.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <ostream>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "conclave/checker/fairness.hpp"
#include "conclave/checker/transition_system.hpp"

namespace conclave::checker {

struct Number {
  std::uint64_t value = 0;
  friend bool operator==(const Number&, const Number&) = default;
};

struct Edge {
  std::uint64_t from;
  std::uint64_t to;
  FairClass fair_class;
  Stocks stocks{};
};

// A system given as a list of edges. States that are not goals are pending.
struct Drawn {
  using State = Number;

  std::set<std::uint64_t> initial{0};
  std::set<std::uint64_t> goals;
  std::vector<Edge> edges;
  std::vector<std::pair<std::uint64_t, FairClass>> cuts;  // where a bound keeps a step from happening

  struct Worker {
    const Drawn* drawn;
    template <class Take>
    void initial(const Take& take) const {
      for (const std::uint64_t state : drawn->initial) take(Number{state});
    }
    template <class Take>
    PropertyMask successors(const Number& state, const Take& take) const {
      for (std::size_t i = 0; i < drawn->edges.size(); ++i) {
        const Edge& edge = drawn->edges[i];
        if (edge.from == state.value) take(Number{edge.to}, static_cast<std::uint32_t>(i), PropertyMask{0});
      }
      return 0;
    }
    [[nodiscard]] bool precedes(const Number& left, const Number& right) const { return left.value < right.value; }
    [[nodiscard]] bool pending(const Number& state) const { return drawn->goals.count(state.value) == 0; }
    template <class Step, class Cut>
    void fair_steps(const Number& state, const Step& step, const Cut& cut) const {
      successors(state, [&](const Number& next, std::uint32_t action, PropertyMask) {
        step(next, action, drawn->edges[action].fair_class, drawn->edges[action].stocks);
      });
      for (const auto& [where, fair_class] : drawn->cuts) {
        if (where == state.value) cut(fair_class);
      }
    }
  };
  [[nodiscard]] Worker worker() const { return Worker{this}; }
  [[nodiscard]] std::vector<Property> properties() const { return {}; }
  [[nodiscard]] std::size_t bytes_used() const { return 0; }
};
static_assert(FairSystem<Drawn>);

inline std::ostream& operator<<(std::ostream& out, const Drawn& drawn) {
  for (const std::uint64_t goal : drawn.goals) out << "goal " << goal << "; ";
  for (const Edge& edge : drawn.edges) {
    out << edge.from << " -" << int{edge.fair_class} << "," << edge.stocks.drawn << "/" << edge.stocks.refilled
        << "-> " << edge.to << "; ";
  }
  for (const auto& [state, fair_class] : drawn.cuts) out << state << " -" << int{fair_class} << "-> cut; ";
  return out;
}

// Judges by going through all sets of states in which a run could stay.
class Naive {
 public:
  explicit Naive(const Drawn& drawn) : drawn_(drawn) {
    std::vector<std::uint64_t> next(drawn.initial.begin(), drawn.initial.end());
    for (std::uint32_t level = 0; !next.empty(); ++level) {
      std::vector<std::uint64_t> reached;
      for (const std::uint64_t state : next) {
        if (!levels_.emplace(state, level).second) continue;
        for (const Edge& edge : drawn.edges) {
          if (edge.from == state) reached.push_back(edge.to);
        }
      }
      next = reached;
    }
    for (const auto& [state, level] : levels_) {
      if (drawn.goals.count(state) == 0) pending_.push_back(state);
    }
  }

  [[nodiscard]] bool pending(std::uint64_t state) const {
    return levels_.count(state) != 0 && drawn_.goals.count(state) == 0;
  }
  [[nodiscard]] std::uint32_t level(std::uint64_t state) const { return levels_.at(state); }
  [[nodiscard]] const std::vector<std::uint64_t>& all_pending() const { return pending_; }

  // States in which, or around which, a fair run can stay for ever.
  [[nodiscard]] std::set<std::uint64_t> lasting(bool promised_only) const {
    std::vector<const Edge*> usable;
    for (const Edge& edge : drawn_.edges) {
      if (pending(edge.from) && pending(edge.to) && may_stay(edge, promised_only)) usable.push_back(&edge);
    }
    std::set<std::uint64_t> lasting;
    for (std::uint32_t subset = 1; subset < (1U << usable.size()); ++subset) {
      std::vector<const Edge*> taken;
      for (std::size_t i = 0; i < usable.size(); ++i) {
        if ((subset >> i & 1U) != 0) taken.push_back(usable[i]);
      }
      if (!stays(taken)) continue;
      for (const Edge* edge : taken) lasting.insert(edge->from);
    }
    for (const std::uint64_t state : pending_) {
      if (promised(state).empty()) lasting.insert(state);
    }
    return lasting;
  }
  // Is there a closed walk of so many steps from here that a fair run can repeat?
  [[nodiscard]] bool fair_walk(std::uint64_t start, std::size_t steps, bool promised_only) const {
    return walk(start, start, steps, {}, promised_only);
  }
  [[nodiscard]] std::set<FairClass> promised(std::uint64_t state) const {
    std::set<FairClass> classes;
    for (const Edge& edge : drawn_.edges) {
      if (edge.from == state && edge.fair_class < fair_classes_max) classes.insert(edge.fair_class);
    }
    for (const auto& [where, fair_class] : drawn_.cuts) {
      if (where == state) classes.insert(fair_class);
    }
    return classes;
  }
  [[nodiscard]] bool cut(std::uint64_t state) const {
    return std::any_of(drawn_.cuts.begin(), drawn_.cuts.end(), [&](const auto& at) { return at.first == state; });
  }
  // By steps of the system.
  [[nodiscard]] std::set<std::uint64_t> reachable(const std::set<std::uint64_t>& from) const {
    std::set<std::uint64_t> reached = from;
    for (std::size_t before = 0; before != reached.size();) {
      before = reached.size();
      for (const Edge& edge : drawn_.edges) {
        const bool goes_on = reached.count(edge.from) != 0 && pending(edge.from);
        if (goes_on && edge.fair_class != environment) reached.insert(edge.to);
      }
    }
    return reached;
  }

 private:
  [[nodiscard]] bool may_stay(const Edge& edge, bool promised_only) const {
    return edge.fair_class != environment && !(promised_only && edge.fair_class == unpromised);
  }
  // Can a run take exactly these steps over and over, and be fair?
  [[nodiscard]] bool stays(const std::vector<const Edge*>& taken) const {
    std::set<std::uint64_t> states;
    for (const Edge* edge : taken) states.insert({edge->from, edge->to});
    for (const std::uint64_t from : states) {
      std::set<std::uint64_t> reached{from};
      for (std::size_t before = 0; before != reached.size();) {
        before = reached.size();
        for (const Edge* edge : taken) {
          if (reached.count(edge->from) != 0) reached.insert(edge->to);
        }
      }
      if (reached != states) return false;
    }
    return fair(taken, states);
  }
  [[nodiscard]] bool fair(const std::vector<const Edge*>& taken, const std::set<std::uint64_t>& states) const {
    const auto takes = [&taken](const auto& holds) {
      return std::any_of(taken.begin(), taken.end(), [&holds](const Edge* edge) { return holds(*edge); });
    };
    for (const FairClass fair_class : classes) {
      const bool done = takes([&](const Edge& edge) { return edge.fair_class == fair_class; });
      const auto impossible = [&](std::uint64_t state) { return promised(state).count(fair_class) == 0; };
      if (!done && std::none_of(states.begin(), states.end(), impossible)) return false;
    }
    for (const std::uint32_t stock : {1U, 2U}) {
      const bool drawn = takes([&](const Edge& edge) { return (edge.stocks.drawn & stock) != 0; });
      if (drawn && !takes([&](const Edge& edge) { return (edge.stocks.refilled & stock) != 0; })) return false;
    }
    return true;
  }
  [[nodiscard]] bool walk(std::uint64_t start, std::uint64_t at, std::size_t steps, std::vector<const Edge*> taken,
                          bool promised_only) const {
    if (steps == 0) {
      std::set<std::uint64_t> states;
      for (const Edge* edge : taken) states.insert(edge->from);
      return at == start && fair(taken, states);
    }
    return std::any_of(drawn_.edges.begin(), drawn_.edges.end(), [&](const Edge& edge) {
      if (edge.from != at || !may_stay(edge, promised_only) || !pending(edge.to)) return false;
      std::vector<const Edge*> then = taken;
      then.push_back(&edge);
      return walk(start, edge.to, steps - 1, then, promised_only);
    });
  }
  static constexpr FairClass classes[] = {0, 1, 2};

  const Drawn& drawn_;
  std::map<std::uint64_t, std::uint32_t> levels_;
  std::vector<std::uint64_t> pending_;
};

}  // namespace conclave::checker
