// One thread's view of a closed system on a `latest` network whose servers read late: states into successor states, by
// tables.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conclave/spec/late_states.hpp"

namespace conclave::spec {

// The same interface as Worker's.
template <std::size_t Words>
class LateWorker : public LateStates<Words> {
 public:
  using State = PackedState<Words>;
  using LateStates<Words>::get;

  // All must outlive the worker.
  LateWorker(ClosedSystem& system, LateMachine& late, const Layout& layout)
      : LateStates<Words>(system, late, layout) {}

  template <class Emit>
  void initial(const Emit& emit) {
    State state{};
    if (system_.scope().start == StartKind::together) {
      for (int i = 0; i < n_; ++i) put(state, i, tables_.plain(i, 0, input::begin).next);
    }
    emit(hear_and_clear(state));
  }

  // Calls emit(State next, std::uint32_t action code, PropertySet broken by the step) for every step that others
  // notice. Gives the properties that the state itself breaks.
  template <class Emit>
  PropertySet successors(const State& state, const Emit& emit) {
    load(state);
    votes_here_ = votes_of(state, support_of(state));
    bool role_ends = false;
    bool held_back = false;
    std::optional<bool> quiet;
    const auto step = [&](State next, Action action, PropertySet broken) {
      role_ends = role_ends || action.kind == ActionKind::end_role;
      emit(hear_and_clear(next, action.server), action.code(), broken & late_properties);
    };
    for (int i = 0; i < n_; ++i) {
      const LocalFacts& own = view_.at(i);
      if (own.life == Life::unborn && system_.scope().start == StartKind::staggered) {
        plain(state, i, input::begin, ActionKind::start, step);
      }
      if (own.life == Life::up && own.in_election) elect(state, i, step);
      if (own.life == Life::up && !own.in_election) end_role(state, i, quiet, held_back, step);
      faults(
          state, i, [&](const State& next) { plain(next, i, input::crash, ActionKind::crash, step); },
          [&](const State& next) { plain(next, i, input::begin, ActionKind::restart, step); });
    }
    return view_.judge(role_ends || !is_quiet(state, true), held_back, quiet_) & late_properties;
  }

  bool precedes(const State& left, const State& right) {
    return left == right ? false : canonical(left) < canonical(right);
  }
  // The state in bytes, the same in every run.
  std::string canonical(const State& state) { return servers_in_bytes(state); }
  [[nodiscard]] std::size_t bytes_used() const { return tables_.bytes_used(); }

 private:
  using Base = LateStates<Words>;
  using Base::byte;
  using Base::clear;
  using Base::faults;
  using Base::layout_;
  using Base::load;
  using Base::n_;
  using Base::put;
  using Base::quiet_;
  using Base::servers_in_bytes;
  using Base::support_of;
  using Base::system_;
  using Base::tables_;
  using Base::view_;
  using Base::votes_of;
  [[nodiscard]] bool timely() const { return system_.scope().timing == TimingKind::timely; }

  // --- what is on offer ----------------------------------------------------------------------------------------------

  // Calls visit(notification, speaker, kind) for all that the reader hears of those servers.
  template <class FactsOf, class Visit>
  void for_each_offer(int reader, const FactsOf& facts_of, const Visit& visit) {
    const auto party = [&facts_of](int server) {
      const LocalFacts& facts = facts_of(server);
      return LocalSteps::Party{server, facts.counting, facts.state == model::ServerState::looking};
    };
    for (const bool settled : {true, false}) {  // what was settled first: it overtakes what had been proposed
      for (int speaker = 0; speaker < n_; ++speaker) {
        const LocalFacts& other = facts_of(speaker);
        if (other.life != Life::up) continue;
        for (int kind = 0; kind < offers_count; ++kind) {
          const NotificationId offered = other.offers[static_cast<std::size_t>(kind)];
          const auto offer = static_cast<Offer>(kind);
          if ((offer == Offer::proposal) == settled || offered == no_notification) continue;
          if (system_.hears(party(reader), party(speaker), offer)) visit(offered, speaker, offer);
        }
      }
    }
  }

  // The state with all that may have been heard in it, and without what can't matter any more.
  State hear_and_clear(State state) {
    hear(state, everybody);
    clear(state, votes_of(state, support_of(state)));
    return state;
  }
  // The same of a state that a step of one server has led to from the state at hand. Where the same votes can matter as
  // before, nobody has more to hear but of that server, which has to hear of all.
  State hear_and_clear(State next, int changed) {
    const std::uint32_t one = 1U << static_cast<unsigned>(changed);
    hear(next, one);
    const VoteSet votes = votes_of(next, support_of(next));
    if (votes != votes_here_) hear(next, everybody);
    clear(next, votes);
    return next;
  }
  static constexpr std::uint32_t everybody = ~0U;
  // What these servers have to say, and all that is to be heard by them.
  void hear(State& state, std::uint32_t servers) {
    const auto now = [&](int server) -> const LocalFacts& { return tables_.facts(server, get(state, server)); };
    for (int i = 0; i < n_; ++i) {
      if (now(i).life != Life::up || !now(i).in_election) continue;
      const LateId before = get(state, i);
      LateId id = before;
      const bool all = (servers >> static_cast<unsigned>(i) & 1U) != 0;
      for_each_offer(i, now, [&](NotificationId offered, int speaker, Offer) {
        if (all || (servers >> static_cast<unsigned>(speaker) & 1U) != 0) id = tables_.heard(i, id, offered);
      });
      if (id != before) put(state, i, id);
    }
  }

  // --- steps ---------------------------------------------------------------------------------------------------------

  template <class Step>
  void elect(const State& state, int server, const Step& step) {
    const LateId id = get(state, server);
    const auto now = [this](int other) -> const LocalFacts& { return view_.at(other); };
    taken_.clear();
    const LateMachine::Wait* wait = tables_.wait(server, id);
    bool better = false;
    for_each_offer(server, now, [&](NotificationId offered, int speaker, Offer offer) {
      const Action action{ActionKind::read, byte(server), byte(speaker), offer};
      for (const LateMachine::Turn& turn : tables_.turns(server, id, offered)) take(state, action, turn, step);
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
      if (!quiet) quiet = is_quiet(state, false);
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

  // May all that look have read what is on offer, and no more, and none has anything to do? Who has stored more has no
  // less to do. `old_news`: what was said in elections that are over has to be read as well.
  bool is_quiet(const State& state, bool old_news) {
    const std::uint32_t silent = ~view_.running;
    for (int i = 0; i < n_; ++i) {
      if (view_.at(i).life != Life::up || !view_.at(i).in_election) continue;
      const std::vector<LocalId>& least =
          tables_.at_least(i, get(state, i), silent & ((1U << static_cast<unsigned>(n_)) - 1U));
      const auto rests = [&](LocalId local) { return may_rest(i, local, old_news); };
      if (std::none_of(least.begin(), least.end(), rests)) return false;
    }
    return true;
  }
  bool may_rest(int server, LocalId at, bool old_news) {
    const auto now = [this](int other) -> const LocalFacts& { return view_.at(other); };
    bool rests = true;
    for_each_offer(server, now, [&](NotificationId offered, int speaker, Offer offer) {
      if (!rests || (!old_news && is_old_news(server, speaker, offer, false))) return;
      at = tables_.read(server, at, offered);
      rests = tables_.local_facts(server, at) == now(server);  // and does not wait, which a late state never does
    });
    return rests;
  }

  std::vector<LateMachine::Turn> taken_;  // of the server at hand
  VoteSet votes_here_ = 0;                // that can matter in the state at hand
  std::vector<std::int64_t> rounds_;      // by notification
};

}  // namespace conclave::spec
