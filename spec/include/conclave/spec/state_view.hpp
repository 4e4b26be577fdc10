// A global state as its servers' facts, and what can be said of it without taking a step.
#pragma once

#include <array>
#include <bit>
#include <bitset>
#include <cstddef>
#include <cstdint>

#include "conclave/spec/closed_system.hpp"

namespace conclave::spec {

// Sets of participants: bit masks where they are few, as in explorations.
inline void insert(std::uint32_t& set, int server) { set |= 1U << static_cast<unsigned>(server); }
inline int size_of(std::uint32_t set) { return std::popcount(set); }
template <std::size_t Size>
void insert(std::bitset<Size>& set, int server) {
  set.set(static_cast<std::size_t>(server));
}
template <std::size_t Size>
int size_of(const std::bitset<Size>& set) {
  return static_cast<int>(set.count());
}

// `System` has servers(), scope() and quorum_among(Set): do these contain a quorum of servers that can found one?
template <class System, class Set, int ServersMax>
struct BasicStateView {
  explicit BasicStateView(const System& system) : system_(system), n_(system.servers()) {}

  std::array<const LocalFacts*, static_cast<std::size_t>(ServersMax)> facts{};
  Set running{};

  [[nodiscard]] const LocalFacts& at(int server) const { return *facts[static_cast<std::size_t>(server)]; }

  // Has the role of a settled server lost what it stands on? `patient`: as far as servers know that do not wait for
  // messages still on their way or elections still going on.
  [[nodiscard]] bool role_lost(int server, bool patient) const {
    const LocalFacts& own = at(server);
    if (own.state == model::ServerState::leading) return !patient && !has_quorum(server);
    if (own.leader < 0 || at(own.leader).life != Life::up) return true;
    const model::ServerState leader = at(own.leader).state;
    // Who took over its epoch hears no more of a leader that leads anew.
    const bool anew = own.established != 0 && at(own.leader).established != own.established;
    if (leader == model::ServerState::leading) return anew;
    return leader != model::ServerState::looking || !patient;
  }

  // Does a quorum follow another server that leads?
  [[nodiscard]] bool rival_of(int server) const {
    for (int i = 0; i < n_; ++i) {
      const bool leads = at(i).life == Life::up && at(i).state == model::ServerState::leading;
      if (i != server && leads && has_quorum(i, server)) return true;
    }
    return false;
  }

  // Can the server establish an epoch as a leader, or take over that of the one it follows?
  [[nodiscard]] bool may_establish(int server) const {
    const LocalFacts& own = at(server);
    const bool settled = own.life == Life::up && own.state != model::ServerState::looking && !own.unpublished;
    if (!settled || own.established != 0 || own.leader < 0) return false;
    const LocalFacts& leader = at(own.leader);
    if (leader.life != Life::up || leader.state != model::ServerState::leading || leader.unpublished) return false;
    return own.leader == server ? has_quorum(server) : leader.established != 0;
  }

  // Have all running servers settled on one and the same, which runs and leads? True if none runs.
  [[nodiscard]] bool all_settled() const {
    std::int8_t chosen = -1;
    for (int i = 0; i < n_; ++i) {
      const LocalFacts& own = at(i);
      if (own.life != Life::up) continue;
      if (own.state == model::ServerState::looking || own.leader < 0) return false;
      if (chosen >= 0 && own.leader != chosen) return false;
      chosen = own.leader;
    }
    return chosen < 0 || (at(chosen).life == Life::up && at(chosen).state == model::ServerState::leading);
  }

  // The properties that the state breaks or witnesses. `progress`: something but starts and faults can happen;
  // `held_back`: a role would end, were it not for the bound on rounds.
  PropertySet judge(bool progress, bool held_back, QuietCounts& quiet) const {
    PropertySet broken = 0;
    Set started{};
    bool any_settled = false;
    for (int i = 0; i < n_; ++i) {
      const LocalFacts& own = at(i);
      if (own.life != Life::unborn) insert(started, i);
      if (own.life != Life::up || own.state == model::ServerState::looking) continue;
      any_settled = true;
      if (own.state != model::ServerState::leading) continue;
      for (int j = 0; j < i; ++j) {
        const bool both =
            at(j).life == Life::up && at(j).state == model::ServerState::leading && at(j).clock == own.clock;
        if (both) broken |= bit(Property::single_leading);
        if (both && own.clock == 1) broken |= bit(Property::one_leader_per_round);
      }
    }
    if (any_settled && !system_.quorum_among(started)) broken |= bit(Property::quorum_took_part);
    if (any_settled && size_of(running) == n_ && all_settled()) broken |= bit(Property::all_settled);
    if (!progress) broken |= judge_quiet(held_back, quiet);
    return broken;
  }

 private:
  // Does a quorum of servers support one that leads, itself among them?
  [[nodiscard]] bool has_quorum(int leader, int but_for = -1) const {
    Set supporters{};
    for (int i = 0; i < n_; ++i) {
      if (i == but_for) continue;
      const bool follows =
          at(i).life == Life::up && at(i).state != model::ServerState::looking && at(i).leader == leader;
      if (follows) insert(supporters, i);
    }
    return system_.quorum_among(supporters);
  }
  PropertySet judge_quiet(bool held_back, QuietCounts& quiet) const {
    if (!system_.quorum_among(running)) {
      ++quiet.no_quorum;
    } else if (all_settled()) {
      ++quiet.settled;
    } else if (held_back || waits_for_bound()) {
      ++quiet.cut;
    } else {
      return bit(Property::no_deadlock);
    }
    return 0;
  }
  // Some server could go on, were it not for the number of resends or rounds.
  [[nodiscard]] bool waits_for_bound() const {
    const bool fifo = system_.scope().network.kind == NetworkKind::fifo;
    for (int i = 0; i < n_; ++i) {
      if (at(i).life != Life::up) continue;
      if (fifo && at(i).in_election && !at(i).finalizing) return true;
      if (at(i).before_election) return true;
    }
    return false;
  }

  const System& system_;
  int n_;
};

using StateView = BasicStateView<ClosedSystem, std::uint32_t, participants_max>;

}  // namespace conclave::spec
