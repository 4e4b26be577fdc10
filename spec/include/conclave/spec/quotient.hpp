// Local states that nothing can tell apart any more, found by minimising each server's local automaton.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "conclave/spec/local_machine.hpp"

namespace conclave::spec {

class ClosedSystem;

// The coarsest bisimulation of each server's local automaton: two local states are one if they show the same to the
// others (LocalFacts) and go, on every input, to states that are one again, breaking the same properties. Computed for
// each set of (participant, round) that may still be settled on: notifications that name another as their settled
// leader will not come any more, so they tell no states apart.
//
// Built from the automaton's closure: all local states under every notification that any server could ever send, in
// any order. That is feasible for one round and a handful of servers; otherwise build() gives up, says so, and the
// exploration goes without.
class Quotient {
 public:
  static constexpr std::size_t locals_max = 60'000;  // of all servers together
  static constexpr int notifications_max = 64;

  // Asked again and again, from several threads at once: true ends the work, and there is no quotient.
  using Enough = std::function<bool()>;

  // True if it can be used from now on. `threads`: at most so many at once. Throws std::bad_alloc.
  bool build(ClosedSystem& system, int threads, const Enough& enough);
  [[nodiscard]] bool built() const { return built_; }
  [[nodiscard]] std::size_t bytes_used() const {
    std::size_t bytes = 0;
    for (const auto& by_votes : representatives_) {
      for (const auto& classes : by_votes) bytes += classes.capacity() * sizeof(Narrow);
    }
    return bytes;
  }

  // [server][votes][local], empty if there is none; and back into one that was not built.
  using Narrow = std::uint16_t;  // any local state of a closure that is not too large
  using Representatives = std::vector<std::vector<std::vector<Narrow>>>;
  [[nodiscard]] const Representatives& representatives() const { return representatives_; }
  void restore(const Representatives& saved) {
    representatives_ = saved;
    built_ = !saved.empty();
  }

  // The representative of a local state where only `votes` can be settled on. Local states that are not in the closure
  // stand for themselves. The representative is the first of its class in the canonical encoding, whatever the numbers.
  [[nodiscard]] LocalId representative(int server, LocalId local, VoteSet votes) const {
    const auto& by_votes = representatives_[static_cast<std::size_t>(server)];
    const auto& classes = by_votes[votes & (by_votes.size() - 1)];
    return local < classes.size() ? classes[local] : local;
  }

 private:
  bool close(ClosedSystem& system, int threads, const Enough& enough);
  void minimise(ClosedSystem& system, int server, const Enough& enough);

  bool built_ = false;
  static_assert(locals_max <= std::size_t{1} << 16U);
  Representatives representatives_;
};

}  // namespace conclave::spec
