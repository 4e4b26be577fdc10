// What joined reads have come to, looked at place by place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <unordered_map>
#include <vector>

#include "conclave/spec/joined_worker.hpp"
#include "conclave/spec/mixed_words.hpp"

namespace conclave::spec {

// The places of an exploration, each with all that may be true there. Read by several threads once it is whole.
template <std::size_t Words, std::size_t HeardWords>
class JoinedPlaces {
 public:
  using Place = PackedState<Words>;
  using Facts = PlaceFacts<HeardWords>;

  // The numbers are those of the exploration, and must outlive this.
  explicit JoinedPlaces(PlaceNumbers& numbers) : numbers_(numbers) {}

  // REQUIRES: the facts are closed.
  void add(const Place& place, std::span<const Facts> facts) {
    places_.emplace(place, std::vector<Facts>(facts.begin(), facts.end()));
  }
  // Throws std::logic_error for a place that was not reached.
  [[nodiscard]] std::span<const Facts> facts(const Place& place) const {
    const auto found = places_.find(place);
    if (found == places_.end())
      throw std::logic_error("a step of joined reads leads to a place that was not reached");
    return found->second;
  }
  [[nodiscard]] std::size_t size() const { return places_.size(); }
  [[nodiscard]] PlaceNumbers& numbers() const { return numbers_; }

 private:
  struct Hash {
    std::size_t operator()(const Place& place) const { return mixed_words(place.words); }
  };
  PlaceNumbers& numbers_;
  std::unordered_map<Place, std::vector<Facts>, Hash> places_;
};

// LateWorker's interface: its states are places, and their steps those of all that may be true there.
template <std::size_t Words, std::size_t HeardWords>
class PlacesWorker {
 public:
  using State = PackedState<Words>;

  // All must outlive the worker.
  PlacesWorker(ClosedSystem& system, LateMachine& late, const Layout& layout,
               const JoinedPlaces<Words, HeardWords>& places)
      : places_(places), worker_(system, late, layout, places.numbers()) {}

  template <class Emit>
  void initial(const Emit& emit) {
    worker_.initial([&emit](const State& place, const auto&) { emit(place); });
  }
  template <class Emit>
  PropertySet successors(const State& place, const Emit& emit) {
    return worker_.successors(place, places_.facts(place),
                              [&emit](const State& next, const auto&, std::uint32_t action, PropertySet broken) {
                                emit(next, action, broken);
                              });
  }
  bool precedes(const State& left, const State& right) { return worker_.precedes(left, right); }
  [[nodiscard]] LateId get(const State& state, int server) const { return worker_.get(state, server); }
  [[nodiscard]] std::size_t heard(const State& place) const {
    std::size_t sum = 0;
    for (const auto& facts : places_.facts(place)) sum += facts.heard.size();
    return sum;
  }
  // Do the servers look like these there, to all others?
  bool looks_like(const State& place, const std::vector<LocalFacts>& shown) {
    const std::span<const PlaceFacts<HeardWords>> facts = places_.facts(place);
    for (std::size_t i = 0; i < shown.size(); ++i) {
      if (!worker_.looks_like(place, static_cast<int>(i), facts[i], shown[i])) return false;
    }
    return true;
  }
  [[nodiscard]] std::size_t bytes_used() const { return worker_.bytes_used(); }

 private:
  const JoinedPlaces<Words, HeardWords>& places_;
  JoinedWorker<Words, HeardWords> worker_;
};

}  // namespace conclave::spec
