// What fairness promises of the steps of an election, and what is still to come in a state.
#pragma once

#include <cstdint>
#include <vector>

#include "conclave/spec/closed_system.hpp"
#include "conclave/spec/layout.hpp"
#include "conclave/spec/stable_vector.hpp"
#include "conclave/spec/state_view.hpp"

namespace conclave::spec {

enum class Promise : std::uint8_t {
  weakly_fair,  // a step that stays possible is taken
  none,         // may be taken or not: a role that ends though nothing is lost, a message that may have come long ago
  environment   // starts and faults
};

// Promises are made to classes of steps. Each (server, action, peer, offer) is one: what one connection carries does
// not make up for another.
inline constexpr int promise_classes_max = 250;

// One thread's view of one state after another.
template <std::size_t Words>
class Promises {
 public:
  // Both must outlive this.
  Promises(ClosedSystem& system, const Layout& layout)
      : system_(system), layout_(layout), view_(system), facts_(static_cast<std::size_t>(system.servers())) {}

  // From now on this state is the one at hand.
  void load(const PackedState<Words>& state) {
    state_ = state;
    view_.running = 0;
    for (int i = 0; i < system_.servers(); ++i) {
      const LocalFacts& facts = facts_of(i, layout_.get(state, system_.fields().local(i)));
      view_.facts[static_cast<std::size_t>(i)] = &facts;
      if (facts.life == Life::up) view_.running |= 1U << static_cast<unsigned>(i);
    }
  }

  // Do enough servers run to settle, and is the election not over yet?
  [[nodiscard]] bool pending() const { return view_.quorum_runs() && !view_.election_over(); }

  // Of an action that is possible here.
  [[nodiscard]] Promise promise(const Action& action) const {
    switch (action.kind) {
      case ActionKind::start:
      case ActionKind::crash:
      case ActionKind::restart:
      case ActionKind::lose: return Promise::environment;
      case ActionKind::read: return is_old_news(action) ? Promise::none : Promise::weakly_fair;
      case ActionKind::deliver:
        // What was on its way when its sender stopped may be lost with it, unless messages are faster.
        return view_.at(action.peer).life == Life::up || timely() ? Promise::weakly_fair : Promise::none;
      case ActionKind::end_role: return view_.role_lost(action.server, false) ? Promise::weakly_fair : Promise::none;
      default: return Promise::weakly_fair;
    }
  }

  // Is this the hearing of a proposal whose sender has settled, and does not say it again until it begins another
  // election? It was sent before, to whoever listened then; `latest` lets it be read again and again. But what holds up
  // finalizeWait in `timely` arrives.
  [[nodiscard]] bool is_old_news(const Action& action) const {
    return action.kind == ActionKind::read && action.offer == Offer::proposal && !view_.at(action.peer).in_election &&
           !(timely() && view_.at(action.server).finalizing);
  }
  // Does this step to `next` only end a wait, once more, by the answer of a server that has settled in vain? An answer
  // comes once for each question, and questions take time; but a leader waits for its quorum no longer than initLimit.
  [[nodiscard]] bool is_vain_answer(const Action& action, const PackedState<Words>& next) const {
    const bool answers = action.kind == ActionKind::read && action.offer != Offer::proposal;
    if (!answers || !view_.at(action.server).finalizing) return false;
    const bool settled = view_.at(action.peer).state != model::ServerState::looking;
    if (!settled || view_.role_lasts(action.peer)) return false;
    const std::size_t local = system_.fields().local(action.server);
    return system_.machine().only_stops_waiting(action.server, layout_.get(state_, local), layout_.get(next, local));
  }
  [[nodiscard]] static bool begins_election(const Action& action) {
    return action.kind == ActionKind::end_role || action.kind == ActionKind::begin;
  }

  // timely, latest: reading. Some wait is over before everything has been read once more.
  [[nodiscard]] bool takes_no_time(const Action& action) const { return timely() && action.kind == ActionKind::read; }
  [[nodiscard]] static bool ends_wait(const Action& action) {
    return action.kind == ActionKind::silence || action.kind == ActionKind::end_role;
  }

  // The class of a weakly fair action. RoleEnd::lost lets a role end for a leader or followers that might still come
  // back only when nothing else happens. That one of these roles then ends is promised, and not which.
  [[nodiscard]] int promise_class(const Action& action) const {
    constexpr int kinds_of_one = static_cast<int>(ActionKind::start) - static_cast<int>(ActionKind::process);
    // Of the two kinds of answers each server hears the one or the other.
    constexpr int kinds_heard = offers_count - 1;
    constexpr int reads_max = participants_max * participants_max * kinds_heard;
    constexpr int at_rest = reads_max + participants_max * kinds_of_one;
    static_assert(at_rest < promise_classes_max);
    const int pair = action.server * system_.servers() + action.peer;
    if (action.kind == ActionKind::deliver) return pair;
    if (action.kind == ActionKind::read) {
      const Offer offer = action.offer == Offer::voted ? Offer::answer : action.offer;
      return pair * kinds_heard + static_cast<int>(offer);
    }
    const bool waited =
        at_rest_only() && action.kind == ActionKind::end_role && !view_.role_lost(action.server, true);
    if (waited) return at_rest;
    return reads_max + action.server * kinds_of_one + static_cast<int>(action.kind) -
           static_cast<int>(ActionKind::process);
  }

  // Calls cut(Action) for each promised action that only a bound on rounds or resends keeps from being possible.
  // `moves`: a server can take a promised step here other than to end its role.
  template <class Cut>
  void for_each_cut(bool moves, const Cut& cut) const {
    const Scope& scope = system_.scope();
    for (int i = 0; i < system_.servers(); ++i) {
      const LocalFacts& own = view_.at(i);
      if (own.life != Life::up) continue;
      const auto server = static_cast<std::uint8_t>(i);
      const bool last_round = own.clock >= scope.rounds;
      if (own.before_election && last_round) cut(Action{ActionKind::begin, server, 0, {}});
      const bool settled = own.state != model::ServerState::looking && !own.unpublished;
      const bool patient = at_rest_only() && moves;
      if (settled && last_round && view_.role_lost(i, patient)) cut(Action{ActionKind::end_role, server, 0, {}});
      if (idle(i) && own.in_election && !own.finalizing && own.waiting == 0 && resends_spent()) {
        cut(Action{ActionKind::resend, server, 0, {}});
      }
    }
  }

 private:
  [[nodiscard]] bool at_rest_only() const { return system_.scope().role_end == RoleEnd::lost; }
  [[nodiscard]] bool timely() const { return system_.scope().timing == TimingKind::timely; }
  const LocalFacts& facts_of(int server, LocalId id) {
    auto& known = facts_[static_cast<std::size_t>(server)];
    while (known.size() <= id) known.push_back(system_.machine().facts(server, static_cast<LocalId>(known.size())));
    return known[id];
  }
  // fifo: nothing is on its way to or from the server, so that only a notification time-out can go on.
  [[nodiscard]] bool idle(int server) const {
    if (system_.scope().network.kind != NetworkKind::fifo) return false;
    for (int other = 0; other < system_.servers(); ++other) {
      const bool busy = layout_.get(state_, system_.fields().channel(other, server)) != 0 ||
                        layout_.get(state_, system_.fields().channel(server, other)) != 0;
      if (busy) return false;
    }
    return true;
  }
  [[nodiscard]] bool resends_spent() const {
    return layout_.get(state_, system_.fields().resends()) >= static_cast<std::uint32_t>(system_.scope().resends);
  }

  ClosedSystem& system_;
  const Layout& layout_;
  PackedState<Words> state_{};
  StateView view_;
  std::vector<StableVector<LocalFacts>> facts_;
};

}  // namespace conclave::spec
