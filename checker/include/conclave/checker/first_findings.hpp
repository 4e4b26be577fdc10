// The first few of many findings, in an order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include "conclave/checker/result.hpp"

namespace conclave::checker {

// By length, steps before states, and then by Worker::precedes. The worker must outlive it.
template <class Worker>
struct FindingOrder {
  Worker& worker;

  template <class State>
  bool operator()(const Finding<State>& left, const Finding<State>& right) const {
    if (left.level != right.level) return left.level < right.level;
    // A level shows all steps that lead out of it, but not all states that they lead to.
    if (left.by_step != right.by_step) return left.by_step;
    if (!(left.state == right.state)) return worker.precedes(left.state, right.state);
    if (left.by_step && !(left.from == right.from)) return worker.precedes(left.from, right.from);
    return left.action < right.action;
  }
};

// What is kept does not depend on the order in which it was added, so parts of what was found can be brought together
// in any order. Not synchronised. `precedes(a, b)`: a strict total order on what is added, the same in all calls.
template <class State>
class FirstFindings {
 public:
  // Keeps at most `max` findings. Takes O(log max) comparisons. REQUIRES: 0 < max, the same in all calls.
  template <class Precedes>
  void add(const Finding<State>& finding, std::size_t max, const Precedes& precedes) {
    if (kept_.size() == max) {
      if (!precedes(finding, kept_.front())) return;
      std::pop_heap(kept_.begin(), kept_.end(), precedes);
      kept_.pop_back();
    }
    kept_.push_back(finding);
    std::push_heap(kept_.begin(), kept_.end(), precedes);
  }

  // All that are kept, from then on no longer here. In no particular order.
  std::vector<Finding<State>> take() {
    std::vector<Finding<State>> all;
    all.swap(kept_);
    return all;
  }
  [[nodiscard]] std::size_t size() const { return kept_.size(); }
  [[nodiscard]] const std::vector<Finding<State>>& all() const { return kept_; }

  // Leaves of these, which are the first of each claim, one for each state or step; adds others up to `max` in all; and
  // brings all into order.
  template <class Precedes>
  void add_to(std::vector<Finding<State>>& firsts, std::size_t max, const Precedes& precedes) const {
    std::vector<Finding<State>> chosen;
    const auto add = [&chosen](const Finding<State>& finding) {
      const auto same = [&finding](const Finding<State>& other) {
        return finding.by_step == other.by_step && finding.state == other.state && finding.from == other.from &&
               finding.action == other.action;
      };
      if (std::none_of(chosen.begin(), chosen.end(), same)) chosen.push_back(finding);
    };
    for (const Finding<State>& first : firsts) add(first);
    std::vector<Finding<State>> others = kept_;
    std::sort(others.begin(), others.end(), precedes);
    for (const Finding<State>& other : others) {
      if (chosen.size() < max) add(other);
    }
    std::sort(chosen.begin(), chosen.end(), precedes);
    firsts = std::move(chosen);
  }

 private:
  std::vector<Finding<State>> kept_;  // a heap, the last in order at its front
};

}  // namespace conclave::checker
