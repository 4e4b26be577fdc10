// What servers that read late do on a `latest` network, however it is kept what each may have heard.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "conclave/spec/late_states.hpp"

namespace conclave::spec {

// `Own` derives from this, and says what comes of what a server may have heard:
//   const LateMachine::Wait* wait(int server)
//   const std::vector<LateMachine::Turn>& turns(int server, NotificationId offered)
//   const std::vector<LocalId>& at_least(int server, std::uint32_t silent)
// all as LateMachine's, of the state that was loaded last; until the next call.
template <class Own, std::size_t Words>
class LatestSteps : public LateStates<Words> {
 public:
  using State = PackedState<Words>;
  using LateStates<Words>::get;

 protected:
  using Base = LateStates<Words>;
  using Base::byte;
  using Base::faults;
  using Base::load;
  using Base::n_;
  using Base::put;
  using Base::quiet_;
  using Base::system_;
  using Base::tables_;
  using Base::view_;

  LatestSteps(ClosedSystem& system, LateMachine& late, const Layout& layout)
      : LateStates<Words>(system, late, layout) {}

  // Before any server starts, or where they start together.
  State initial_state() {
    State state{};
    if (system_.scope().start == StartKind::together) {
      for (int i = 0; i < n_; ++i) put(state, i, tables_.plain(i, 0, input::begin).next);
    }
    return state;
  }

  // Calls visit(notification, kind) for what the reader hears of the speaker: of what it has settled, or of the rest.
  template <class Visit>
  void for_each_offer(int reader, const LocalFacts& own, int speaker, const LocalFacts& other, bool settled,
                      const Visit& visit) {
    if (other.life != Life::up) return;
    const auto party = [](int server, const LocalFacts& facts) {
      return LocalSteps::Party{server, facts.counting, facts.state == model::ServerState::looking};
    };
    for (int kind = 0; kind < offers_count; ++kind) {
      const NotificationId offered = other.offers[static_cast<std::size_t>(kind)];
      const auto offer = static_cast<Offer>(kind);
      if ((offer == Offer::proposal) == settled || offered == no_notification) continue;
      if (system_.hears(party(reader, own), party(speaker, other), offer)) visit(offered, offer);
    }
  }

  // Calls step(State next, Action, PropertySet broken by the step) for every step of the loaded state that others
  // notice; `next` without what is heard anew. Gives the properties that the state itself breaks.
  template <class Step>
  PropertySet all_steps(const State& state, const Step& step) {
    bool role_ends = false;
    bool held_back = false;
    std::optional<bool> quiet;
    const auto taken = [&](const State& next, Action action, PropertySet broken) {
      role_ends = role_ends || action.kind == ActionKind::end_role;
      step(next, action, broken & late_properties);
    };
    for (int i = 0; i < n_; ++i) {
      const LocalFacts& own = view_.at(i);
      if (own.life == Life::unborn && system_.scope().start == StartKind::staggered) {
        plain(state, i, input::begin, ActionKind::start, taken);
      }
      if (own.life == Life::up && own.in_election) elect(state, i, taken);
      if (own.life == Life::up && !own.in_election) end_role(state, i, quiet, held_back, taken);
      faults(
          state, i, [&](const State& next) { plain(next, i, input::crash, ActionKind::crash, taken); },
          [&](const State& next) { plain(next, i, input::begin, ActionKind::restart, taken); });
    }
    return view_.judge(role_ends || !is_at_rest(), held_back, quiet_) & late_properties;
  }

 private:
  Own& own() { return static_cast<Own&>(*this); }
  [[nodiscard]] bool timely() const { return system_.scope().timing == TimingKind::timely; }
  // The same of all speakers, what was settled first: it overtakes what had been proposed.
  template <class Visit>
  void for_each_offer_to(int reader, const Visit& visit) {
    for (const bool settled : {true, false}) {
      for (int speaker = 0; speaker < n_; ++speaker) {
        for_each_offer(reader, view_.at(reader), speaker, view_.at(speaker), settled,
                       [&](NotificationId offered, Offer offer) { visit(offered, speaker, offer); });
      }
    }
  }

  // --- steps ---------------------------------------------------------------------------------------------------------

  template <class Step>
  void elect(const State& state, int server, const Step& step) {
    taken_.clear();
    const LateMachine::Wait* wait = own().wait(server);
    bool better = false;
    for_each_offer_to(server, [&](NotificationId offered, int speaker, Offer offer) {
      const Action action{ActionKind::read, byte(server), byte(speaker), offer};
      for (const LateMachine::Turn& turn : own().turns(server, offered)) take(state, action, turn, step);
      if (wait == nullptr || !timely() || is_old_news(server, speaker, offer, true)) return;
      better = better || (!overtaken(speaker, offer) && holds_up(server, *wait, offered));
    });
    if (wait != nullptr && !better)
      take(state, Action{ActionKind::silence, byte(server), 0, {}}, wait->decided, step);
  }
  // May the reader have heard already that the speaker has settled since? Then it hears no more of what was proposed.
  [[nodiscard]] bool overtaken(int speaker, Offer offer) {
    return offer == Offer::proposal && !view_.at(speaker).in_election && system_.machine().keeps_order();
  }
  // timely: does hearing this end the wait for something better?
  bool holds_up(int server, const LateMachine::Wait& wait, NotificationId offered) {
    const LocalId then = tables_.read(server, wait.waits, offered);
    if (tables_.local_facts(server, wait.waits).finalizing) return then != wait.waits;
    const LocalFacts& own = tables_.local_facts(server, wait.waits);
    const auto proposal = static_cast<std::size_t>(Offer::proposal);
    const LocalFacts& shown = tables_.local_facts(server, then);
    return shown.in_election && shown.clock == own.clock && shown.offers[proposal] != own.offers[proposal];
  }
  // From whom it was heard makes no difference: one step for each that it may come to.
  template <class Step>
  void take(const State& state, const Action& action, const LateMachine::Turn& turn, const Step& step) {
    for (const LateMachine::Turn& other : taken_) {
      if (other.next == turn.next && (turn.broken & ~other.broken) == 0) return;
    }
    taken_.push_back(turn);
    State next = state;
    put(next, action.server, turn.next);
    step(next, action, turn.broken);
  }
  template <class Step>
  void plain(const State& state, int server, Input input, ActionKind kind, const Step& step) {
    const LateMachine::Turn turn = tables_.plain(server, get(state, server), input);
    State next = state;
    put(next, server, turn.next);
    step(next, Action{kind, byte(server), 0, {}}, turn.broken);
  }
  template <class Step>
  void end_role(const State& state, int server, std::optional<bool>& quiet, bool& held_back, const Step& step) {
    if (view_.at(server).clock >= system_.scope().rounds) {
      held_back = held_back || view_.role_lost(server, false);
      return;
    }
    bool ends = system_.scope().role_end == RoleEnd::any || view_.role_lost(server, true);
    if (!ends && view_.role_lost(server, false)) {
      if (!quiet) quiet = is_quiet(false);
      ends = *quiet;
    }
    if (ends) plain(state, server, input::end_role, ActionKind::end_role, step);
  }

  // --- rest ----------------------------------------------------------------------------------------------------------

  // Worker's: what was said in an election that is over for its speaker, and can be heard again and again. A wait is
  // held up by what is of its own round all the same.
  [[nodiscard]] bool is_old_news(int reader, int speaker, Offer offer, bool waits) {
    const LocalFacts& other = view_.at(speaker);
    if (offer != Offer::proposal || other.in_election || system_.machine().keeps_order()) return false;
    return !waits || round_of(other.offers[static_cast<std::size_t>(offer)]) < view_.at(reader).clock;
  }
  std::int64_t round_of(NotificationId id) {
    while (rounds_.size() <= id) {
      const auto next = static_cast<NotificationId>(rounds_.size());
      rounds_.push_back(next == no_notification ? 0 : system_.machine().notification(next).vote.round.value);
    }
    return rounds_[id];
  }

  // May nothing move at all? Then nothing does for those who do not read old news again, either; and old news that is
  // read last can hide from the one what is there to be found for the other.
  bool is_at_rest() { return is_quiet(true) && (system_.machine().keeps_order() || is_quiet(false)); }
  // May all that look have read what is on offer, and no more, and none has anything to do? Who has stored more has no
  // less to do. `old_news`: what was said in elections that are over has to be read as well.
  bool is_quiet(bool old_news) {
    const std::uint32_t silent = ~view_.running & ((1U << static_cast<unsigned>(n_)) - 1U);
    for (int i = 0; i < n_; ++i) {
      if (view_.at(i).life != Life::up || !view_.at(i).in_election) continue;
      const std::vector<LocalId>& least = own().at_least(i, silent);
      const auto rests = [&](LocalId local) { return may_rest(i, local, old_news); };
      if (std::none_of(least.begin(), least.end(), rests)) return false;
    }
    return true;
  }
  bool may_rest(int server, LocalId at, bool old_news) {
    bool rests = true;
    for_each_offer_to(server, [&](NotificationId offered, int speaker, Offer offer) {
      if (!rests || (!old_news && is_old_news(server, speaker, offer, false))) return;
      at = tables_.read(server, at, offered);
      rests =
          tables_.local_facts(server, at) == view_.at(server);  // and does not wait, which a late state never does
    });
    return rests;
  }

  std::vector<LateMachine::Turn> taken_;  // of the server at hand
  std::vector<std::int64_t> rounds_;      // by notification
};

}  // namespace conclave::spec
