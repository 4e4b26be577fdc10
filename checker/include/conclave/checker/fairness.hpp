// What a transition system says of its steps so that it can be asked what has to happen eventually.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "conclave/checker/transition_system.hpp"

namespace conclave::checker {

// Weak fairness is promised to classes of steps: a class that stays possible from some point on is taken again and
// again. So on a cycle that can go on for ever each class is taken somewhere, or impossible somewhere. A step that
// leads back to the state it comes from is a step too.
using FairClass = std::uint8_t;
inline constexpr std::size_t fair_classes_max = 250;  // classes are numbered from 0
inline constexpr FairClass unpromised = 254;          // the system may take the step, and need not
inline constexpr FairClass environment = 255;  // an input or a fault: what is asked about is the time after them

// Some steps draw on a stock that is not endless, as one that hears a message once more which was sent once. A run that
// draws on a stock for ever has to refill it for ever. (Strong fairness, asked of the surroundings.)
struct Stocks {
  std::uint32_t drawn = 0;  // sets of stocks, by their number
  std::uint32_t refilled = 0;
  friend constexpr bool operator==(const Stocks&, const Stocks&) = default;
};
inline constexpr std::size_t stocks_max = 32;

namespace detail {
struct AnyStep {
  template <class State>
  void operator()(const State&, std::uint32_t, FairClass, const Stocks&) const {}
};
struct AnyCut {
  void operator()(FairClass) const {}
};
}  // namespace detail

// A worker that also knows
//   pending(state)            whether what has to come eventually is still to come here. Where it has come, or is not
//                             owed any more, nothing is asked of what follows
//   fair_steps(state, step, cut)
//                             calls step(next, action, class, stocks) for each step, as successors() has them, and
//                             cut(class) for each class of which a bound of the system, and nothing else, keeps a
//                             step from happening here. REQUIRES: pending(state)
template <class Worker, class State>
concept FairWorkerOf = WorkerOf<Worker, State> &&
    requires(Worker worker, const State& state, const detail::AnyStep& step, const detail::AnyCut& cut) {
  { worker.pending(state) } -> std::convertible_to<bool>;
  worker.fair_steps(state, step, cut);
};

template <class System>
concept FairSystem = TransitionSystem<System> && requires(System& system) {
  { system.worker() } -> FairWorkerOf<typename System::State>;
};

}  // namespace conclave::checker
