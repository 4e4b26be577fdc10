// The reduced system beside the unreduced one, action by action, as a transition system of its own.
//
// Its states are pairs: what the same actions have led to without a reduction, and with it. That all reached pairs
// agree is what the reductions are argued to be, a bisimulation up to steps that change nothing which anybody could
// notice. Comparing the sets of states that each system reaches would say less: what one run has lost another may have.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "conclave/spec/closed_system.hpp"
#include "conclave/spec/layout.hpp"
#include "conclave/spec/worker.hpp"

namespace conclave::spec {

template <std::size_t Words>
struct PairState {
  PackedState<Words> plain;
  PackedState<Words> reduced;

  friend bool operator==(const PairState& left, const PairState& right) {
    return left.plain == right.plain && left.reduced == right.reduced;
  }
};

// How the two of a pair can differ.
enum class Disagreement : std::uint8_t {
  looks,    // after the same action a server looks otherwise to others, or other messages are on their way
  breaks,   // the same action breaks, or witnesses, other properties
  judged,   // the two states break, or witness, other properties
  actions,  // an action is possible in one alone, and it can be noticed
  count_
};
inline constexpr std::size_t disagreements_count = static_cast<std::size_t>(Disagreement::count_);
constexpr std::uint64_t bit(Disagreement disagreement) {
  return std::uint64_t{1} << static_cast<unsigned>(disagreement);
}
constexpr std::string_view sentence_of(Disagreement disagreement) {
  switch (disagreement) {
    case Disagreement::looks: return "after the same steps every server looks the same to all others";
    case Disagreement::breaks: return "the same step breaks the same properties";
    case Disagreement::judged: return "after the same steps the states break the same properties";
    case Disagreement::actions: return "after the same steps the same steps are possible";
    case Disagreement::count_: break;
  }
  return "?";
}

// `Reduced`: a worker of the reduced system; tests have some that reduce too much. One thread only.
template <std::size_t Words, class Reduced = Worker<Words>>
class SideBySide {
 public:
  using State = PairState<Words>;
  using Side = PackedState<Words>;

  // The system must be one that reduces; both sides share what it knows of local states. All must outlive this.
  SideBySide(ClosedSystem& system, const Layout& layout)
      : system_(system), layout_(layout), plain_(system, layout, false), reduced_(system, layout) {}

  template <class Emit>
  void initial(const Emit& emit) {
    std::vector<Side> plain;
    plain_.initial([&plain](const Side& state) { plain.push_back(state); });
    std::size_t at = 0;
    reduced_.initial([&](const Side& state) { emit(State{plain[at++], state}); });
  }

  // As a Worker's. The sets that are emitted and given back are of Disagreement.
  template <class Emit>
  std::uint64_t successors(const State& state, const Emit& emit) {
    const PropertySet plain_judged = collect(plain_, state.plain, plain_steps_);
    const PropertySet reduced_judged = collect(reduced_, state.reduced, reduced_steps_);
    compared_ += plain_steps_.size();
    std::uint64_t broken = 0;
    if (!same_judgement(state.plain, plain_judged, reduced_judged)) broken |= bit(Disagreement::judged);
    for (const Step& step : plain_steps_) {
      const Step* same = find(reduced_steps_, step.action);
      const Step after = same != nullptr ? *same : Step{step.action, state.reduced, 0};
      const bool looks = alike(step.next, after.next);
      std::uint64_t by_step = 0;
      if (same == nullptr) {
        // The reduced system has no such step where it would change nothing.
        unmatched_ += 1;
        if (!looks || step.broken != 0) by_step = bit(Disagreement::actions);
      } else {
        if (!looks) by_step |= bit(Disagreement::looks);
        if (step.broken != after.broken) by_step |= bit(Disagreement::breaks);
      }
      emit(State{step.next, after.next}, step.action, by_step);
    }
    for (std::size_t i = 0; i < reduced_steps_.size(); ++i) {
      const Step step = reduced_steps_[i];
      if (find(plain_steps_, step.action) != nullptr) continue;
      unmatched_ += 1;
      if (step.broken == 0 && only_spends(state.reduced, step.next)) continue;
      if (step.broken == 0 && alike(state.plain, step.next)) {
        emit(State{state.plain, step.next}, step.action, 0);
      } else if (!comes_to(state.plain, [&](const std::vector<Step>& steps, PropertySet) {
                   return find(steps, step.action) != nullptr;
                 })) {
        emit(State{state.plain, step.next}, step.action, bit(Disagreement::actions));
      }
    }
    return broken;
  }

  bool precedes(const State& left, const State& right) {
    if (!(left.plain == right.plain)) return plain_.precedes(left.plain, right.plain);
    return left.reduced == right.reduced ? false : reduced_.precedes(left.reduced, right.reduced);
  }

  // Steps of the unreduced system that were compared, and steps of either that the other has not got.
  [[nodiscard]] std::uint64_t compared() const { return compared_; }
  [[nodiscard]] std::uint64_t unmatched() const { return unmatched_; }
  [[nodiscard]] std::size_t bytes_used() const {
    std::size_t sum = plain_.bytes_used() + reduced_.bytes_used();
    for (const auto& facts : facts_) sum += facts.size() * sizeof(LocalFacts);
    return sum;
  }
  [[nodiscard]] LocalId local(const Side& state, int server) const { return plain_.local(state, server); }

 private:
  struct Step {
    std::uint32_t action = 0;
    Side next{};
    PropertySet broken = 0;
  };

  template <class Worker>
  static PropertySet collect(Worker& worker, const Side& state, std::vector<Step>& steps) {
    steps.clear();
    return worker.successors(state, [&steps](const Side& next, std::uint32_t action, PropertySet broken) {
      steps.push_back(Step{action, next, broken});
    });
  }
  static const Step* find(const std::vector<Step>& steps, std::uint32_t action) {
    const auto place =
        std::find_if(steps.begin(), steps.end(), [action](const Step& step) { return step.action == action; });
    return place == steps.end() ? nullptr : &*place;
  }

  // To everybody else: servers by what they show, and channels and budgets as they are.
  bool alike(const Side& left, const Side& right) {
    if (left == right) return true;
    const Fields& fields = system_.fields();
    for (int i = 0; i < system_.servers(); ++i) {
      const LocalId one = plain_.local(left, i);
      const LocalId other = plain_.local(right, i);
      if (one != other && !(facts_of(i, one) == facts_of(i, other))) return false;
    }
    for (auto field = static_cast<std::size_t>(system_.servers()); field < fields.count(); ++field) {
      if (layout_.get(left, field) != layout_.get(right, field)) return false;
    }
    return true;
  }
  LocalFacts facts_of(int server, LocalId id) {
    auto& known = facts_[static_cast<std::size_t>(server)];
    while (known.size() <= id) known.push_back(system_.machine().facts(server, static_cast<LocalId>(known.size())));
    return known[id];
  }

  // That nothing can happen any more may be seen a few steps sooner in the reduced system: by those that would change
  // only what can't matter any more.
  bool same_judgement(const Side& plain, PropertySet plain_judged, PropertySet reduced_judged) {
    if (plain_judged == reduced_judged) return true;
    constexpr PropertySet at_rest = bit(Property::no_deadlock);
    if ((plain_judged & ~at_rest) != (reduced_judged & ~at_rest)) return false;
    if ((reduced_judged & at_rest) == 0) return false;
    return comes_to(plain, [](const std::vector<Step>&, PropertySet judged) { return (judged & at_rest) != 0; });
  }

  // A step of the reduced system that counts again a vote which is cleared at once, and costs a resend: what follows
  // could as well have followed without it.
  [[nodiscard]] bool only_spends(const Side& before, const Side& after) const {
    const std::size_t resends = system_.fields().resends();
    for (std::size_t field = 0; field < system_.fields().count(); ++field) {
      if (field != resends && layout_.get(before, field) != layout_.get(after, field)) return false;
    }
    return true;
  }

  // Does the unreduced system come to a state that is looked for, by steps alone that the reduced one does without
  // here, as nobody can notice them? REQUIRES: reduced_steps_ are those of the state beside it.
  template <class Sought>
  bool comes_to(const Side& from, const Sought& sought) {
    std::vector<Side> reached{from};
    std::vector<Step> steps;
    for (std::size_t i = 0; i < reached.size() && reached.size() < unnoticed_max; ++i) {
      const PropertySet judged = collect(plain_, reached[i], steps);
      if (sought(steps, judged)) return true;
      for (const Step& step : steps) {
        const bool in_both = find(reduced_steps_, step.action) != nullptr;
        const bool unnoticed = !in_both && step.broken == 0 && alike(from, step.next);
        const bool known = std::find(reached.begin(), reached.end(), step.next) != reached.end();
        if (unnoticed && !known) reached.push_back(step.next);
      }
    }
    return false;
  }
  // Each such step fills or changes a place in a table of votes.
  static constexpr std::size_t unnoticed_max = 10'000;

  ClosedSystem& system_;
  const Layout& layout_;
  Worker<Words> plain_;
  Reduced reduced_;
  std::array<std::vector<LocalFacts>, participants_max> facts_;
  std::vector<Step> plain_steps_;
  std::vector<Step> reduced_steps_;
  std::uint64_t compared_ = 0;
  std::uint64_t unmatched_ = 0;
};

}  // namespace conclave::spec
