// One thread's view of a closed system on a `fifo` network whose servers read late: states into successor states.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conclave/spec/late_channels.hpp"
#include "conclave/spec/late_states.hpp"

namespace conclave::spec {

// The same interface as Worker's. A channel of a state is what may still be on its way: what is in the real channel is
// there, in that order. A message that the reader may have read without anybody's noticing stays there, and any may be
// passed over, as if it had been dropped; so it makes no difference how many a channel takes. docs/late-reads.md.
template <std::size_t Words>
class LateFifoWorker : public LateStates<Words> {
 public:
  using State = PackedState<Words>;
  using LateStates<Words>::get;

  // All must outlive the worker.
  LateFifoWorker(ClosedSystem& system, LateMachine& late, const Layout& layout)
      : LateStates<Words>(system, late, layout), channels_(system) {}

  template <class Emit>
  void initial(const Emit& emit) {
    State state{};
    if (system_.scope().start == StartKind::together) {
      std::vector<std::uint32_t> sends;
      for (int i = 0; i < n_; ++i) {
        const LateMachine::Turn turn = tables_.plain(i, 0, input::begin);
        put(state, i, turn.next);
        sends.push_back(turn.sends);
      }
      for (int i = 0; i < n_; ++i) send(state, i, sends[static_cast<std::size_t>(i)]);
    }
    settle(state);
    emit(state);
  }

  // Calls emit(State next, std::uint32_t action code, PropertySet broken by the step) for every step that others
  // notice. Gives the properties that the state itself breaks.
  template <class Emit>
  PropertySet successors(const State& state, const Emit& emit) {
    load(state);
    bool role_ends = false;
    bool held_back = false;
    bool looks = false;
    std::optional<bool> quiet;
    const auto step = [&](State next, Action action, PropertySet broken) {
      role_ends = role_ends || action.kind == ActionKind::end_role;
      settle(next);
      emit(next, action.code(), broken & late_properties);
    };
    for (int i = 0; i < n_; ++i) {
      const LocalFacts& own = view_.at(i);
      if (own.life == Life::unborn && system_.scope().start == StartKind::staggered) {
        start(state, i, ActionKind::start, step);
      }
      if (own.life == Life::up) {
        looks = looks || own.in_election;
        if (own.in_election) {
          elect(state, i, step);
        } else {
          end_role(state, i, held_back, quiet, step);
        }
      }
      faults(
          state, i, [&](const State& next) { crash(next, i, step); },
          [&](const State& next) { start(next, i, ActionKind::restart, step); });
    }
    // Where a server looks, it sends its vote once more in the end: only the bound on that keeps it from going on.
    return view_.judge(role_ends || looks, held_back, quiet_) & late_properties;
  }

  bool precedes(const State& left, const State& right) {
    return left == right ? false : canonical(left) < canonical(right);
  }
  // The state in bytes, the same in every run.
  std::string canonical(const State& state) {
    std::string bytes = servers_in_bytes(state);
    for (int from = 0; from < n_; ++from) {
      for (int to = 0; to < n_; ++to) {
        if (from == to) continue;
        const LateChannels::Content& content = channels_.content(from, channel(state, from, to));
        bytes += std::to_string(content.any_time) + ' ' + std::to_string(content.messages.size()) + ' ';
        for (const NotificationId id : content.messages) bytes += encode(system_.machine().notification(id));
      }
    }
    return bytes;
  }
  // How many notifications its servers may have heard.
  std::size_t heard(const State& state) { return this->heard_in(state); }
  [[nodiscard]] std::size_t bytes_used() const { return tables_.bytes_used() + channels_.bytes_used(); }

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

  const LocalFacts& facts(const State& state, int server) { return tables_.facts(server, get(state, server)); }
  [[nodiscard]] ChannelId channel(const State& state, int from, int to) const {
    return layout_.get(state, system_.fields().channel(from, to));
  }
  void set_channel(State& state, int from, int to, ChannelId content) const {
    layout_.set(state, system_.fields().channel(from, to), content);
  }

  // --- messages ------------------------------------------------------------------------------------------------------

  // REQUIRES: those that are up are so in the state at hand, or in `next` alike.
  void send(State& next, int from, std::uint32_t sends) {
    if (sends == 0) return;
    while (sends_.size() <= sends) {
      sends_.push_back(system_.machine().sends(static_cast<std::uint32_t>(sends_.size())));
    }
    for (const Sent& sent : sends_[sends]) {
      if (facts(next, sent.to).life == Life::up) push(next, from, sent.to, sent.notification);
    }
  }
  // What is said again right after it was said may be read again anyway.
  void push(State& state, int from, int to, NotificationId id) {
    const ChannelId before = channel(state, from, to);
    const ChannelId after = channels_.append(from, before, id);
    if (after != before) set_channel(state, from, to, after);
  }

  // The state with all that may have been answered and heard in it, and without what can't matter any more.
  void settle(State& state) {
    while (answer(state)) {
    }
    hear(state);
    compact(state);
    Support all = support_of(state);
    for (int from = 0; from < n_; ++from) {
      for (int to = 0; to < n_; ++to) {
        if (from == to) continue;
        if (const ChannelId content = channel(state, from, to)) all.add(channels_.support(from, content));
      }
    }
    clear(state, votes_of(state, all));
  }
  // Calls visit(from, to, content) for every channel that is not empty.
  template <class Visit>
  void for_each_channel(const State& state, const Visit& visit) {
    for (int to = 0; to < n_; ++to) {
      if (facts(state, to).life != Life::up) continue;
      for (int from = 0; from < n_; ++from) {
        if (from == to) continue;
        if (const ChannelId content = channel(state, from, to)) visit(from, to, content);
      }
    }
  }
  // What may be sent back for what may be read. Whoever is answered may not have been yet, which makes no difference:
  // what is on its way need not be read. Was there anything new?
  bool answer(State& state) {
    const State before = state;
    for_each_channel(before, [&](int from, int to, ChannelId content) {
      for (const NotificationId id : channels_.content(from, content).messages) {
        send(state, to, tables_.reply(to, get(before, to), id).sends);
      }
    });
    return !(state == before);
  }
  void hear(State& state) {
    const State before = state;
    for_each_channel(before, [&](int from, int to, ChannelId content) {
      if (!facts(before, to).in_election) return;
      LateId id = get(state, to);
      for (const NotificationId offered : channels_.content(from, content).messages)
        id = tables_.heard(to, id, offered);
      if (id != get(state, to)) put(state, to, id);
    });
  }
  // Leaves out messages that do nothing which what is left does not do.
  void compact(State& state) {
    const State before = state;
    for_each_channel(before, [&](int from, int to, ChannelId content) {
      const LocalFacts& reader = facts(before, to);
      if (!reader.in_election && reader.clock >= system_.scope().rounds) {
        // It will never look again, and has answered.
        set_channel(state, from, to, 0);
        return;
      }
      const std::vector<NotificationId>& all = channels_.content(from, content).messages;
      const std::size_t any_time = channels_.content(from, content).any_time;
      std::uint32_t useless = 0;
      bool asks_later = false;  // something that will be there as long as it asks as well
      for (std::size_t i = all.size(); i-- > 0;) {
        if (i + 1 == any_time) asks_later = false;
        const bool asks = looks(all[i]);
        // In round 1 nobody is twice, but as another process. So what was not noticed there will never be.
        const bool over = asks && asks_later && said(all[i]).vote.round == first_round &&
                          !tables_.reply(to, get(before, to), all[i]).noticed;
        if (over && i < 32) useless |= 1U << i;
        asks_later = asks_later || asks;
      }
      set_channel(state, from, to, channels_.without(from, content, useless));
    });
  }
  const model::Notification& said(NotificationId id) {
    while (said_.size() <= id) {
      const auto next = static_cast<NotificationId>(said_.size());
      said_.push_back(next == no_notification ? model::Notification{} : system_.machine().notification(next));
    }
    return said_[id];
  }
  bool looks(NotificationId id) { return said(id).vote.state == model::ServerState::looking; }

  // --- steps ---------------------------------------------------------------------------------------------------------

  template <class Step>
  void elect(const State& state, int server, const Step& step) {
    const LateId id = get(state, server);
    for (int from = 0; from < n_; ++from) {
      if (from == server) continue;
      const ChannelId content = channel(state, from, server);
      const std::vector<NotificationId>& all = channels_.content(from, content).messages;
      for (std::size_t i = 0; i < all.size(); ++i) {
        for (const LateMachine::Turn& turn : tables_.turns(server, id, all[i])) {
          State next = state;
          set_channel(next, from, server, channels_.after_reading(from, content, i));
          take(next, turn, Action{ActionKind::deliver, byte(server), byte(from), {}}, step);
        }
      }
    }
    const LateMachine::Wait* wait = tables_.wait(server, id);
    if (wait != nullptr) take(state, wait->decided, Action{ActionKind::silence, byte(server), 0, {}}, step);
  }
  template <class Step>
  void take(State next, const LateMachine::Turn& turn, const Action& action, const Step& step) {
    put(next, action.server, turn.next);
    send(next, action.server, turn.sends);
    step(next, action, turn.broken);
  }
  template <class Step>
  void start(State next, int server, ActionKind kind, const Step& step) {
    const LateMachine::Turn turn = tables_.plain(server, 0, input::begin);
    put(next, server, turn.next);
    // A new connection first carries the last message that its sender has for the other side.
    for (int other = 0; other < n_; ++other) {
      const NotificationId last = view_.at(other).offers[static_cast<std::size_t>(Offer::proposal)];
      const bool up = other != server && view_.at(other).life == Life::up;
      if (up && last != no_notification) push(next, other, server, last);
    }
    send(next, server, turn.sends);
    step(next, Action{kind, byte(server), 0, {}}, turn.broken);
  }
  template <class Step>
  void crash(State next, int server, const Step& step) {
    const LateMachine::Turn turn = tables_.plain(server, get(next, server), input::crash);
    put(next, server, turn.next);
    for (int other = 0; other < n_; ++other) {
      if (other != server) set_channel(next, other, server, 0);
    }
    step(next, Action{ActionKind::crash, byte(server), 0, {}}, turn.broken);
  }
  template <class Step>
  void end_role(const State& state, int server, bool& held_back, std::optional<bool>& quiet, const Step& step) {
    const bool lost = view_.role_lost(server, false);
    if (view_.at(server).clock >= system_.scope().rounds) {
      held_back = held_back || lost;
      return;
    }
    bool ends = system_.scope().role_end == RoleEnd::any || view_.role_lost(server, true);
    if (!ends && lost) {
      if (!quiet) quiet = may_be_quiet(state);
      ends = *quiet;
    }
    if (!ends) return;
    const LateMachine::Turn turn = tables_.plain(server, get(state, server), input::end_role);
    take(state, turn, Action{ActionKind::end_role, byte(server), 0, {}}, step);
  }

  // --- rest ----------------------------------------------------------------------------------------------------------

  // Where something may be on its way, nothing may be. So this is seldom out of the question.
  bool may_be_quiet(const State& state) {
    if (system_.scope().losses > 0) return true;
    for (int i = 0; i < n_; ++i) {
      const LocalFacts& own = view_.at(i);
      const bool in_first_election = own.life == Life::up && own.in_election && own.clock == first_round.value;
      if (in_first_election && surely_moves(state, i)) return false;
    }
    return true;
  }
  // Of a server in its first election all that was sent to it is on its way, or dropped, or in its tables, or was heard
  // while it waited and let go. What was sent last is never dropped. So let a quorum's last words be proposals of what
  // it proposes itself, or the word of the one who is proposed, that it leads: whichever of them is read last, the
  // server waits or joins. Unless something better has ended its wait and changed nothing else.
  bool surely_moves(const State& state, int server) {
    const LateId id = get(state, server);
    const model::Vote mine = said(view_.at(server).offers[static_cast<std::size_t>(Offer::proposal)]).vote;
    const bool waits = !may_have_stopped_waiting(state, server, mine.proposal);
    std::uint32_t sure = 1U << static_cast<unsigned>(server);
    for (int from = 0; from < n_; ++from) {
      if (from == server) continue;
      const LateChannels::Content& content = channels_.content(from, channel(state, from, server));
      if (content.messages.empty() || content.any_time > 0) continue;  // nobody knows what was sent last
      bool for_mine = false;
      for (const NotificationId one : content.messages) {
        const model::Vote& vote = said(one).vote;
        const bool same = vote.round == mine.round && votes_equal(mine, vote);
        const bool leads = vote.state == model::ServerState::leading && said(one).from == mine.proposal.leader;
        for_mine = looks(one) ? same : for_mine && same && leads;
      }
      const NotificationId last = content.messages.back();
      const bool noticed = looks(last) && tables_.reply(server, id, last).noticed;
      if (noticed && (waits || said(last).vote.proposal > mine.proposal)) return true;
      if (for_mine) sure |= 1U << static_cast<unsigned>(from);
    }
    return waits && system_.quorum_among(sure);
  }
  // May it have read something that is better than this, and does not change what it proposes?
  bool may_have_stopped_waiting(const State& state, int server, const model::Proposal& proposal) {
    for (int from = 0; from < n_; ++from) {
      if (from == server) continue;
      for (const NotificationId one : channels_.content(from, channel(state, from, server)).messages) {
        const bool kept = !looks(one) || !tables_.reply(server, get(state, server), one).noticed;
        if (kept && said(one).vote.proposal > proposal) return true;
      }
    }
    return false;
  }

  static constexpr model::Round first_round{1};
  LateChannels channels_;
  std::vector<std::vector<Sent>> sends_;
  std::vector<model::Notification> said_;  // by id
};

}  // namespace conclave::spec
