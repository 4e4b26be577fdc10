// What servers that read late do on a `latest` network, however it is kept what each may have heard.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "conclave/spec/late_states.hpp"

namespace conclave::spec {

// A state stands for one server or several in each place, its *members*: others see no difference but in what they
// propose, or proposed last. `Own` derives from this, puts them into members_, and says what comes of what they may
// have heard:
//   const LateMachine::Wait* wait(int server, LateId member)
//   const std::vector<LateMachine::Turn>& turns(int server, LateId member, NotificationId offered)
//   const std::vector<LocalId>& at_least(int server, LateId member, std::uint32_t silent)
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
      : LateStates<Words>(system, late, layout),
        members_(static_cast<std::size_t>(n_)),
        chosen_(static_cast<std::size_t>(n_)) {}

  [[nodiscard]] std::span<const LateId> members(int server) const {
    return members_[static_cast<std::size_t>(server)];
  }

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
      taken_.clear();
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

  std::vector<std::vector<LateId>> members_;  // by server, of the state that is loaded

 private:
  Own& own() { return static_cast<Own&>(*this); }
  [[nodiscard]] bool timely() const { return system_.scope().timing == TimingKind::timely; }
  // Members speak alike but for what they propose: those to be asked for all that is said.
  std::span<const LateId> speaking(int speaker, bool settled) {
    const std::span<const LateId> all = members(speaker);
    return settled ? all.first(1) : all;
  }

  // --- steps ---------------------------------------------------------------------------------------------------------

  // What was settled comes first: it overtakes what had been proposed.
  template <class Step>
  void elect(const State& state, int server, const Step& step) {
    for (const bool settled : {true, false}) {
      for (const LateId member : members(server)) read(state, server, member, settled, step);
    }
    for (const LateId member : members(server)) {
      const LateMachine::Wait* wait = own().wait(server, member);
      if (wait == nullptr || (timely() && is_held_up(server, *wait))) continue;
      take(state, Action{ActionKind::silence, byte(server), 0, {}}, wait->decided, step);
    }
  }
  // Of all speakers, what they have settled, or the rest.
  template <class Step>
  void read(const State& state, int server, LateId member, bool settled, const Step& step) {
    for (int speaker = 0; speaker < n_; ++speaker) {
      const auto read = [&](NotificationId offered, Offer offer) {
        const Action action{ActionKind::read, byte(server), byte(speaker), offer};
        for (const LateMachine::Turn& turn : own().turns(server, member, offered)) take(state, action, turn, step);
      };
      for (const LateId other : speaking(speaker, settled)) {
        for_each_offer(server, view_.at(server), speaker, tables_.facts(speaker, other), settled, read);
      }
    }
  }
  // timely: has somebody something better to say, whichever of its members it is?
  bool is_held_up(int server, const LateMachine::Wait& wait) {
    for (int speaker = 0; speaker < n_; ++speaker) {
      const std::span<const LateId> all = members(speaker);
      const auto says_better = [&](LateId other) {
        bool better = false;
        for (const bool settled : {true, false}) {
          for_each_offer(server, view_.at(server), speaker, tables_.facts(speaker, other), settled,
                         [&](NotificationId offered, Offer offer) {
                           if (is_old_news(server, speaker, offered, offer, true) || overtaken(speaker, offer))
                             return;
                           better = better || holds_up(server, wait, offered);
                         });
        }
        return better;
      };
      if (std::all_of(all.begin(), all.end(), says_better)) return true;
    }
    return false;
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
    for (const LateId member : members(server)) {
      take(state, Action{kind, byte(server), 0, {}}, tables_.plain(server, member, input), step);
    }
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
  [[nodiscard]] bool is_old_news(int reader, int speaker, NotificationId offered, Offer offer, bool waits) {
    if (offer != Offer::proposal || view_.at(speaker).in_election || system_.machine().keeps_order()) return false;
    return !waits || round_of(offered) < view_.at(reader).clock;
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
    looking_.clear();
    for (int i = 0; i < n_; ++i) {
      if (view_.at(i).life == Life::up && view_.at(i).in_election) looking_.push_back(i);
    }
    return some_are_quiet(0, old_news);
  }
  // Likewise, of all whose members are these from the first up to that one of looking_.
  bool some_are_quiet(std::size_t at, bool old_news) {
    if (at == looking_.size()) {
      return std::all_of(looking_.begin(), looking_.end(), [&](int server) { return may_rest(server, old_news); });
    }
    const int server = looking_[at];
    for (const LateId member : members(server)) {
      chosen_[static_cast<std::size_t>(server)] = member;
      bool move = false;
      for (std::size_t i = 0; !move && i < at; ++i) move = moves(server, looking_[i]) || moves(looking_[i], server);
      if (!move && some_are_quiet(at + 1, old_news)) return true;
    }
    return false;
  }
  // Is what the one proposes more than what the other does, so that reading it is noticed? A quorum may come of it as
  // well, which is not looked at here.
  bool moves(int reader, int speaker) {
    const LateId member = chosen_[static_cast<std::size_t>(reader)];
    const LocalFacts& own = tables_.facts(reader, member);
    bool noticed = false;
    for_each_offer(reader, own, speaker, tables_.facts(speaker, chosen_[static_cast<std::size_t>(speaker)]), false,
                   [&](NotificationId offered, Offer) {
                     LocalFacts then =
                         tables_.local_facts(reader, tables_.read(reader, tables_.bare(reader, member), offered));
                     then.finalizing = own.finalizing;
                     noticed = noticed || !(then == own);
                   });
    return noticed;
  }
  bool may_rest(int server, bool old_news) {
    const std::uint32_t silent = ~view_.running & ((1U << static_cast<unsigned>(n_)) - 1U);
    const std::vector<LocalId>& least = own().at_least(server, chosen_[static_cast<std::size_t>(server)], silent);
    return std::any_of(least.begin(), least.end(), [&](LocalId local) { return may_rest(server, local, old_news); });
  }
  bool may_rest(int server, LocalId at, bool old_news) {
    for (const bool settled : {true, false}) {
      for (int speaker = 0; speaker < n_; ++speaker) {
        if (!rests_after(server, speaker, settled, old_news, at)) return false;
      }
    }
    return true;
  }
  // Does the server still rest when it has read what the speaker says, and is `at` then? Who may have proposed this or
  // that proposed what lets it rest; then nothing was stored. What is old can take the place of an answer; but where
  // all are at rest, who has settled has so on one that leads with a quorum, and every answer says the same.
  bool rests_after(int server, int speaker, bool settled, bool old_news, LocalId& at) {
    const LocalFacts& own = tables_.facts(server, chosen_[static_cast<std::size_t>(server)]);
    const LateId& chosen = chosen_[static_cast<std::size_t>(speaker)];
    const bool looks = view_.at(speaker).life == Life::up && view_.at(speaker).in_election;
    const std::span<const LateId> all = looks ? std::span<const LateId>(&chosen, 1) : speaking(speaker, settled);
    for (const LateId member : all) {
      LocalId then = at;
      bool rests = true;
      for_each_offer(server, own, speaker, tables_.facts(speaker, member), settled,
                     [&](NotificationId offered, Offer offer) {
                       if (!rests || (!old_news && is_old_news(server, speaker, offered, offer, false))) return;
                       then = tables_.read(server, then, offered);
                       rests = tables_.local_facts(server, then) == own;  // which does not wait
                     });
      if (!rests) continue;
      if (all.size() == 1) at = then;
      return true;
    }
    return false;
  }

  std::vector<LateMachine::Turn> taken_;  // of the server at hand
  std::vector<std::int64_t> rounds_;      // by notification
  std::vector<int> looking_;              // servers; for is_quiet()
  std::vector<LateId> chosen_;            // of the members, by server; likewise
};

}  // namespace conclave::spec
