// A global state as its servers' facts, and what can be said of it without taking a step.
#pragma once

#include <algorithm>
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

// `System` has servers(), scope(), scenario() and quorum_among(Set, ConfigSet): do these contain a quorum, in each of
// these configurations, of servers that can found one?
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

  // Has a settled server settled on a leader that has its quorums? Any other role ends, sooner or later.
  [[nodiscard]] bool role_lasts(int server) const {
    const int leader = at(server).leader;
    if (leader < 0 || at(leader).life != Life::up) return false;
    return at(leader).state == model::ServerState::leading && has_quorum(leader);
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

  // Is there nothing more to elect? In the midst of a reconfiguration a leader that has its quorums is enough: it
  // completes that, and so takes in those that can't follow it before.
  [[nodiscard]] bool election_over() const {
    return all_settled() || (reconfigures(system_.scenario()) && leaders_with_quorums() > 0);
  }

  // Do those that run contain all the quorums that they need? One in the newest configuration that any of them has
  // committed, and one in each newer one that any of them has last seen.
  [[nodiscard]] bool quorum_runs() const {
    unsigned all = 0;
    unsigned newest = first_configuration;
    for (int i = 0; i < n_; ++i) {
      if (at(i).life != Life::up) continue;
      const unsigned own = at(i).counting;
      all |= own;
      newest = std::max(newest, own & ~(own - 1U));  // committed: the oldest that counts for it
    }
    const unsigned needed = all & ~(newest - 1U);
    return needed != 0 && system_.quorum_among(running, static_cast<ConfigSet>(needed));
  }

  // The properties that the state breaks or witnesses. `progress`: something but starts and faults can happen;
  // `held_back`: a role would end, were it not for the bound on rounds.
  PropertySet judge(bool progress, bool held_back, QuietCounts& quiet) const {
    PropertySet broken = 0;
    Set started{};
    bool any_settled = false;
    unsigned counting = 0;  // sets of configurations, those that count for who has settled
    for (int i = 0; i < n_; ++i) {
      const LocalFacts& own = at(i);
      if (own.life != Life::unborn) insert(started, i);
      if (own.life != Life::up || own.state == model::ServerState::looking) continue;
      any_settled = true;
      counting |= 1U << own.counting;
      if (own.state != model::ServerState::leading) continue;
      for (int j = 0; j < i; ++j) {
        const bool both =
            at(j).life == Life::up && at(j).state == model::ServerState::leading && at(j).clock == own.clock;
        if (both) broken |= bit(Property::single_leading);
        if (both && own.clock == 1) broken |= bit(Property::one_leader_per_round);
      }
    }
    for (unsigned set = first_configuration; set < config_sets; ++set) {
      const bool asked = (counting >> set & 1U) != 0;
      if (asked && !system_.quorum_among(started, static_cast<ConfigSet>(set))) {
        broken |= bit(Property::quorum_took_part);
      }
    }
    if (any_settled && reconfigures(system_.scenario()) && leaders_with_quorums() > 1) {
      broken |= bit(Property::no_second_quorum);
    }
    if (any_settled && size_of(running) == n_ && all_settled()) broken |= bit(Property::all_settled);
    if (!progress) broken |= judge_quiet(held_back, quiet);
    return broken;
  }

 private:
  [[nodiscard]] int leaders_with_quorums() const {
    int leaders = 0;
    for (int i = 0; i < n_; ++i) {
      const bool leads = at(i).life == Life::up && at(i).state == model::ServerState::leading;
      leaders += leads && has_quorum(i) ? 1 : 0;
    }
    return leaders;
  }
  // Does a quorum of servers support one that leads, itself among them?
  [[nodiscard]] bool has_quorum(int leader, int but_for = -1) const {
    Set supporters{};
    for (int i = 0; i < n_; ++i) {
      if (i == but_for) continue;
      const bool follows =
          at(i).life == Life::up && at(i).state != model::ServerState::looking && at(i).leader == leader;
      if (follows) insert(supporters, i);
    }
    return system_.quorum_among(supporters, at(leader).counting);
  }
  PropertySet judge_quiet(bool held_back, QuietCounts& quiet) const {
    if (!quorum_runs()) {
      ++quiet.no_quorum;
    } else if (election_over()) {
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
