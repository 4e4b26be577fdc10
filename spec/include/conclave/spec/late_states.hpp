// What late workers of both networks share: states of numbers for late servers, their votes, and the environment.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conclave/spec/late_view.hpp"
#include "conclave/spec/layout.hpp"
#include "conclave/spec/state_view.hpp"

namespace conclave::spec {

// A state is a number of LateMachine's for each server, and what is spent; its fields are those of ClosedSystem. Not
// synchronised: each thread has its own. Throws LayoutFull.
template <std::size_t Words>
class LateStates {
 public:
  using State = PackedState<Words>;

  [[nodiscard]] LateId get(const State& state, int server) const {
    return layout_.get(state, system_.fields().local(server));
  }
  // Do the servers look like these there, to all others?
  bool looks_like(const State& state, const std::vector<LocalFacts>& shown) {
    for (int i = 0; i < n_; ++i) {
      if (!(tables_.facts(i, get(state, i)) == shown[static_cast<std::size_t>(i)])) return false;
    }
    return true;
  }
  // Hands over what was counted since it was last called.
  void finish() {
    system_.absorb(quiet_);
    quiet_ = {};
  }

 protected:
  // All must outlive this.
  LateStates(ClosedSystem& system, LateMachine& late, const Layout& layout)
      : system_(system), late_(late), layout_(layout), n_(system.servers()), view_(system), tables_(system, late) {}

  void put(State& state, int server, LateId id) const { layout_.set(state, system_.fields().local(server), id); }
  void load(const State& state) {
    view_.running = 0;
    for (int i = 0; i < n_; ++i) {
      const LocalFacts& facts = tables_.facts(i, get(state, i));
      view_.facts[static_cast<std::size_t>(i)] = &facts;
      if (facts.life == Life::up) view_.running |= 1U << static_cast<unsigned>(i);
    }
  }
  std::size_t heard_in(const State& state) {
    std::size_t sum = 0;
    for (int i = 0; i < n_; ++i) sum += late_.heard(i, get(state, i));
    return sum;
  }
  // The servers and what is spent, in bytes, the same in every run.
  std::string servers_in_bytes(const State& state) {
    std::string bytes;
    for (int i = 0; i < n_; ++i) {
      const std::string own = late_.bytes(i, get(state, i));
      bytes += std::to_string(own.size()) + ' ' + own;
    }
    return bytes + spent_in_bytes(state);
  }
  [[nodiscard]] std::string spent_in_bytes(const State& state) const {
    std::string bytes;
    for (const std::size_t field : {system_.fields().crashes(), system_.fields().restarts()}) {
      bytes.push_back(static_cast<char>(layout_.get(state, field)));
    }
    return bytes;
  }

  // Without what can't matter where only these votes can.
  void clear(State& state, VoteSet votes) {
    const std::uint32_t number = tables_.number_of(votes);
    for (int i = 0; i < n_; ++i) {
      const LateId before = get(state, i);
      if (!tables_.facts(i, before).in_election) continue;
      const LateId id = tables_.cleared(i, before, votes, number);
      if (id != before) put(state, i, id);
    }
  }
  // What the servers say of who may still be settled on.
  Support support_of(const State& state) {
    Support all;
    for (int i = 0; i < n_; ++i) all.add(tables_.support(i, get(state, i)));
    return all;
  }
  // Who may still be settled on: Prospects, without what waits add in `timely`.
  VoteSet votes_of(const State& state, const Support& all) {
    const Fields& fields = system_.fields();
    const std::uint64_t anew =
        system_.support_anew(all, spent(state, fields.crashes()), spent(state, fields.restarts()));
    VoteSet held = 0;
    return system_.supported(all, anew, ~0U, held);
  }

  // Calls crash(state) and restart(state), with what they spend spent, where one is possible.
  template <class Crash, class Restart>
  void faults(const State& state, int server, const Crash& crash, const Restart& restart) {
    const Scope& scope = system_.scope();
    const LocalFacts& own = view_.at(server);
    if (own.life == Life::up && crashes_spent(state) < scope.crashes) {
      State next = state;
      if (scope.restarts > 0) bump(next, system_.fields().crashes());
      crash(next);
    }
    if (own.life == Life::down && spent(state, system_.fields().restarts()) < scope.restarts) {
      State next = state;
      bump(next, system_.fields().restarts());
      put(next, server, 0);
      restart(next);
    }
  }
  [[nodiscard]] std::size_t restarts_spent(const State& state) const {
    return static_cast<std::size_t>(spent(state, system_.fields().restarts()));
  }
  static std::uint8_t byte(int server) { return static_cast<std::uint8_t>(server); }

  ClosedSystem& system_;
  LateMachine& late_;
  const Layout& layout_;
  int n_;
  StateView view_;  // of the state at hand
  LateView tables_;
  QuietCounts quiet_;

 private:
  [[nodiscard]] int spent(const State& state, std::size_t field) const {
    return static_cast<int>(layout_.get(state, field));
  }
  [[nodiscard]] int crashes_spent(const State& state) const {
    if (system_.scope().restarts > 0) return spent(state, system_.fields().crashes());
    int down = 0;
    for (int i = 0; i < n_; ++i) down += view_.at(i).life == Life::down ? 1 : 0;
    return down;
  }
  void bump(State& state, std::size_t field) const { layout_.set(state, field, layout_.get(state, field) + 1); }
};

}  // namespace conclave::spec
