// What the explorer can explore.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace conclave::checker {

// Sets of properties, by their index in TransitionSystem::properties().
using PropertyMask = std::uint64_t;
inline constexpr std::size_t properties_max = 64;

// What it means that a property is "broken" in a state or by a step.
enum class Mode : std::uint8_t {
  claim,   // a violation: the exploration ends with the level in which the first are found (Limits::violations_max)
  observe  // of interest: the first is remembered, and the exploration goes on
};

struct Property {
  std::string name;
  std::string sentence;
  Mode mode = Mode::claim;
};

// A state is a few 64-bit words, all of them significant, and never all ones (the visited set keeps that value for
// itself). Two states are the same if and only if their words are: nothing is hashed away.
// A state may have a member `std::uint64_t neighbourhood() const`, a function of its words: states with the same number
// are kept and expanded together. Worth having where a step mostly stays in the neighbourhood, if there are thousands
// of them, none with more than a small share of the states. It decides where states lie, never whether they are there.
template <class State>
concept PackableState = std::is_trivially_copyable_v<State> && std::equality_comparable<State> &&
                            std::has_unique_object_representations_v<State> && sizeof(State) %
                            sizeof(std::uint64_t) ==
                        0;

template <class State>
inline constexpr bool has_neighbourhood = requires(const State& state) {
  state.neighbourhood();
};

namespace detail {
template <class State>
struct AnyEmit {
  void operator()(const State&) const {}
  void operator()(const State&, std::uint32_t, PropertyMask) const {}
};
}  // namespace detail

// One thread's view of a system. Used by one thread at a time.
//   initial(emit)           calls emit(state) for each initial state
//   successors(state, emit) calls emit(next, action, broken) for each step, in an order that depends on the state
//                           alone; gives the properties that the state itself breaks
//   precedes(a, b)          a strict total order on states, the same in every run and with any number of threads:
//                           of several equally short counterexamples the first in this order is shown
template <class Worker, class State>
concept WorkerOf = requires(Worker worker, const State& state, const detail::AnyEmit<State>& emit) {
  worker.initial(emit);
  { worker.successors(state, emit) } -> std::convertible_to<PropertyMask>;
  { worker.precedes(state, state) } -> std::convertible_to<bool>;
};

// Called from several threads at once: worker() and bytes_used() must allow it.
template <class System>
concept TransitionSystem = requires(System& system) {
  requires PackableState<typename System::State>;
  { system.worker() } -> WorkerOf<typename System::State>;
  { system.properties() } -> std::convertible_to<std::vector<Property>>;
  { system.bytes_used() } -> std::convertible_to<std::size_t>;  // memory of its own, for the limit
};

}  // namespace conclave::checker
