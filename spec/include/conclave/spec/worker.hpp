// One thread's view of a closed system: states into successor states, by tables.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "conclave/spec/canonical_view.hpp"
#include "conclave/spec/channel_view.hpp"
#include "conclave/spec/closed_system.hpp"
#include "conclave/spec/flat_map.hpp"
#include "conclave/spec/layout.hpp"
#include "conclave/spec/prospects.hpp"
#include "conclave/spec/stable_vector.hpp"
#include "conclave/spec/state_view.hpp"
#include "conclave/spec/support.hpp"

namespace conclave::spec {

// Not synchronised: each thread has its own. Throws LayoutFull where a number outgrows its field.
template <std::size_t Words>
class Worker {
 public:
  using State = PackedState<Words>;

  // Both must outlive the worker. `reduced`: false leaves no state out, even where the system clears votes.
  Worker(ClosedSystem& system, const Layout& layout, bool reduced = true)
      : system_(system),
        layout_(layout),
        reduces_(reduced && system.clears()),
        n_(system.servers()),
        view_(system),
        rows_(static_cast<std::size_t>(n_)),
        canonicals_(system),
        facts_(static_cast<std::size_t>(n_)),
        supports_(static_cast<std::size_t>(n_)),
        channels_(system),
        prospects_(system, layout, channels_),
        judges_rivals_((system.applicable() & bit(Property::no_rival_lead)) != 0) {}

  template <class Emit>
  void initial(const Emit& emit) {
    State state{};
    if (system_.scope().start == StartKind::staggered) return emit(state);
    load(state);
    for (int i = 0; i < n_; ++i) {
      const Input how = coarse() ? input::begin : input::boot;
      const Known result = ask(i, 0, how);
      put_local(state, i, result.next);
      view_.facts[static_cast<std::size_t>(i)] = &facts_of(i, result.next);
    }
    for (int i = 0; coarse() && i < n_; ++i) send(state, i, ask(i, 0, input::begin).sends);
    emit(state);
  }

  // Calls emit(State next, std::uint32_t action code, PropertySet broken by the step) for every step that changes
  // something, in a fixed order. Gives the properties broken (or witnessed) by the state itself.
  template <class Emit>
  PropertySet successors(const State& state, const Emit& emit) {
    load(state);
    bool progress = false;
    bool moved = false;
    if (reduces_) {
      prospects_.load(state, view_,
                      [this, &state](int i) -> const Support& { return support_of(i, local(state, i)); });
    }
    const auto step = [&](State next, Action action, PropertySet broken) {
      if (reduces_) {
        make_canonical(next, action.server);
        if (next == state && broken == 0) return;
      }
      if (judges_rivals_ && comes_to_lead(next, action.server) && view_.rival_of(action.server)) {
        broken |= bit(Property::no_rival_lead);
      }
      progress = progress || action.kind < ActionKind::start;
      moved = moved || (action.kind < ActionKind::start && !hears_old_news(action));
      emit(next, action.code(), broken);
    };
    for (int i = 0; i < n_; ++i) {
      const LocalFacts& own = now(i);
      if (own.life == Life::unborn) {
        if (system_.scope().start == StartKind::staggered) start(state, i, ActionKind::start, step);
      } else if (own.life == Life::up) {
        hear(state, i, step);
        inner_steps(state, i, step);
      }
      faults(state, i, step);
    }
    const bool others_move = moved;
    bool held_back = false;
    for (int i = 0; i < n_; ++i) end_role(state, i, others_move, held_back, step);
    return view_.judge(progress, held_back, quiet_) & system_.applicable();
  }

  // A total order on states that does not depend on the numbers that local states happen to have got.
  bool precedes(const State& left, const State& right) {
    return left == right ? false : canonical(left) < canonical(right);
  }

  // The state in bytes, the same in every run.
  std::string canonical(const State& state) {
    std::string bytes;
    for (int i = 0; i < n_; ++i) append(bytes, system_.machine().bytes(i, local(state, i)));
    for (auto field = static_cast<std::size_t>(n_); field < system_.fields().growing(); ++field) {
      const int from = (static_cast<int>(field) - n_) / n_;
      const auto content = system_.channels(from).content(layout_.get(state, field));
      bytes.push_back(static_cast<char>(content.size()));
      for (const NotificationId id : content) append(bytes, encode(system_.machine().notification(id)));
    }
    for (std::size_t field = system_.fields().growing(); field < system_.fields().count(); ++field) {
      bytes.push_back(static_cast<char>(layout_.get(state, field)));
    }
    return bytes;
  }

  // Hands over what was counted since it was last called.
  void finish() {
    system_.absorb(quiet_);
    quiet_ = {};
  }

  [[nodiscard]] LocalId local(const State& state, int server) const {
    return layout_.get(state, system_.fields().local(server));
  }
  [[nodiscard]] ChannelId channel(const State& state, int from, int to) const {
    return layout_.get(state, system_.fields().channel(from, to));
  }
  [[nodiscard]] std::size_t bytes_used() const {
    std::size_t sum = known_.bytes_used() + canonicals_.bytes_used() + channels_.bytes_used();
    for (const auto& facts : facts_) sum += facts.size() * sizeof(LocalFacts);
    for (const auto& rows : rows_) {
      sum += rows.capacity() * sizeof(Row);
      for (const Row& row : rows) sum += row.received.capacity() * sizeof(std::uint32_t);
    }
    for (const auto& supports : supports_) sum += supports.size() * sizeof(Support);
    return sum;
  }

 private:
  struct Known {
    LocalId next = 0;
    std::uint32_t sends = 0;
    PropertySet broken = 0;
  };

  // --- the state at hand -----------------------------------------------------------------------------------------

  void load(const State& state) {
    view_.running = 0;
    for (int i = 0; i < n_; ++i) {
      const LocalFacts& facts = facts_of(i, local(state, i));
      view_.facts[static_cast<std::size_t>(i)] = &facts;
      if (facts.life == Life::up) view_.running |= 1U << static_cast<unsigned>(i);
    }
  }
  const LocalFacts& facts_of(int server, LocalId id) {
    auto& known = facts_[static_cast<std::size_t>(server)];
    while (known.size() <= id) {
      known.push_back(system_.machine().facts(server, static_cast<LocalId>(known.size())));
    }
    return known[id];
  }
  const Support& support_of(int server, LocalId id) {
    auto& known = supports_[static_cast<std::size_t>(server)];
    while (known.size() <= id) {
      known.push_back(system_.machine().support(server, static_cast<LocalId>(known.size())));
    }
    return known[id];
  }
  [[nodiscard]] const LocalFacts& now(int server) const { return view_.at(server); }
  [[nodiscard]] bool coarse() const { return system_.scope().grain == Grain::coarse; }
  [[nodiscard]] bool fifo() const { return system_.scope().network.kind == NetworkKind::fifo; }
  [[nodiscard]] bool timely() const { return system_.scope().timing == TimingKind::timely; }

  bool comes_to_lead(const State& next, int server) {
    const bool leads = now(server).life == Life::up && now(server).state == model::ServerState::leading;
    const LocalFacts& then = facts_of(server, local(next, server));
    return !leads && then.life == Life::up && then.state == model::ServerState::leading;
  }

  // --- votes that can't matter any more ------------------------------------------------------------------------------

  // `next` is the loaded state, which is canonical, with another local state of `changed`.
  void make_canonical(State& next, int changed) {
    const LocalId own = local(next, changed);
    const VoteSet votes = prospects_.after(next, changed, support_of(changed, own), facts_of(changed, own).life);
    const std::uint32_t set = canonicals_.number_of(votes);
    for (int i = 0; i < n_; ++i) {
      if (votes == prospects_.now() && i != changed) continue;
      const LocalId raw = local(next, i);
      const LocalId id = canonicals_.canonical_of(i, raw, votes, set);
      if (id != raw) put_local(next, i, id);
    }
  }
  void put_local(State& state, int server, LocalId id) const {
    layout_.set(state, system_.fields().local(server), id);
  }

  // What hearing a notification leads to: most of all that is ever asked.
  Known ask_received(int server, LocalId local, NotificationId id) {
    auto& row = row_of(server, local).received;
    if (row.size() <= id) row.resize(id + 8U, unknown);
    if (row[id] == unknown) {
      const Known known = asked_of_machine(server, local, input::receive(id));
      const bool plain = known.sends == 0 && known.broken == 0;
      row[id] = known.next | (plain ? 0U : not_plain);
    }
    const std::uint32_t cell = row[id];
    if ((cell & not_plain) != 0) return ask(server, local, input::receive(id));  // few
    return Known{cell, 0, 0};
  }
  static constexpr std::uint32_t unknown = ~std::uint32_t{0};
  static constexpr std::uint32_t not_plain = std::uint32_t{1} << 31U;

  struct Row {
    std::vector<std::uint32_t> received;  // by notification
  };
  Row& row_of(int server, LocalId local) {
    auto& rows = rows_[static_cast<std::size_t>(server)];
    if (rows.size() <= local) rows.resize(local + 64U);
    return rows[local];
  }

  Known ask(int server, LocalId local, Input input) {
    const std::uint64_t key =
        std::uint64_t{local} << 32U | std::uint64_t{input} << 4U | static_cast<std::uint64_t>(server);
    if (const Known* known = known_.find(key)) return *known;
    return *known_.add(key, asked_of_machine(server, local, input));
  }
  Known asked_of_machine(int server, LocalId local, Input input) {
    const LocalResult result = system_.machine().apply(server, local, input);
    return Known{result.next, result.sends, result.broken & system_.applicable()};
  }

  // --- messages ----------------------------------------------------------------------------------------------------

  template <class Step>
  void hear(const State& state, int reader, const Step& step) {
    better_pending_ = false;
    if (fifo()) {
      deliver(state, reader, step);
    } else if (coarse() ? now(reader).in_election : now(reader).state == model::ServerState::looking) {
      read(state, reader, step);
    }
  }

  // latest. A server that has settled answers, which changes nothing here.
  template <class Step>
  void read(const State& state, int reader, const Step& step) {
    const LocalId own = local(state, reader);
    const auto party = [this](int server) {
      return LocalSteps::Party{server, now(server).counting, now(server).state == model::ServerState::looking};
    };
    const bool full = !coarse() && now(reader).waiting >= fine_queue_max;
    for (int speaker = 0; speaker < n_; ++speaker) {
      const LocalFacts& other = now(speaker);
      if (other.life != Life::up) continue;
      for (int kind = 0; kind < offers_count; ++kind) {
        const NotificationId offered = other.offers[static_cast<std::size_t>(kind)];
        const auto offer = static_cast<Offer>(kind);
        if (offered == no_notification || !system_.hears(party(reader), party(speaker), offer)) continue;
        if (!is_old_news(reader, speaker, offer)) note_better(reader, own, offered);
        if (full) continue;
        const Known known = ask_received(reader, own, offered);
        if (known.next == own) continue;
        State next = state;
        put_local(next, reader, known.next);
        step(next, Action{ActionKind::read, byte(reader), byte(speaker), offer}, known.broken);
      }
    }
  }

  // latest: the proposal of a server that has settled was sent before, and is not sent again. Where it can be heard in
  // turns with the server's answer, that can go on for ever, so nobody waits for it: not the end of a role, nor, in
  // `timely`, a server that finalizes. There a new election begins after a longer wait than any message takes, so only
  // what is of its own round may still be on its way.
  [[nodiscard]] bool is_old_news(int reader, int speaker, Offer offer) {
    if (offer != Offer::proposal || now(speaker).in_election || system_.machine().keeps_order()) return false;
    const NotificationId offered = now(speaker).offers[static_cast<std::size_t>(offer)];
    const bool may_hold_up = timely() && now(reader).finalizing && round_of(offered) >= now(reader).clock;
    return !may_hold_up;
  }
  [[nodiscard]] bool hears_old_news(const Action& action) {
    return action.kind == ActionKind::read && is_old_news(action.server, action.peer, action.offer);
  }
  std::int64_t round_of(NotificationId id) {
    while (rounds_.size() <= id) {
      const auto next = static_cast<NotificationId>(rounds_.size());
      rounds_.push_back(next == no_notification ? 0 : system_.machine().notification(next).vote.round.value);
    }
    return rounds_[id];
  }

  // Would this notification, heard now, end the wait of a server that is finalizing?
  void note_better(int reader, LocalId own, NotificationId offered) {
    if (!timely() || !now(reader).finalizing || better_pending_) return;
    LocalId after = ask_received(reader, own, offered).next;
    if (!coarse()) after = ask(reader, after, input::process).next;
    const bool still_waiting = coarse() ? after == own : facts_of(reader, after).finalizing;
    better_pending_ = !still_waiting;
  }

  template <class Step>
  void deliver(const State& state, int to, const Step& step) {
    for (int from = 0; from < n_; ++from) {
      if (from == to && coarse()) continue;
      const ChannelId content = channel(state, from, to);
      if (content == 0) continue;
      note_better_in(state, from, to);
      const ChannelView::Popped popped = channels_.pop(from, content);
      State next = state;
      layout_.set(next, system_.fields().channel(from, to), popped.rest);
      const bool full = !coarse() && now(to).state == model::ServerState::looking &&
                        now(to).waiting >= system_.scope().network.capacity;
      if (!full) {
        const Known known = ask_received(to, local(state, to), popped.head);
        State reached = next;
        put_local(reached, to, known.next);
        send(reached, to, known.sends);
        step(reached, Action{ActionKind::deliver, byte(to), byte(from), {}}, known.broken);
      }
      if (layout_.get(state, system_.fields().losses()) < spent_max(system_.scope().losses)) {
        bump(next, system_.fields().losses());
        step(next, Action{ActionKind::lose, byte(to), byte(from), {}}, 0);
      }
    }
  }
  void note_better_in(const State& state, int from, int to) {
    if (!timely() || !now(to).finalizing) return;
    for (const NotificationId id : channels_.content(from, channel(state, from, to)))
      note_better(to, local(state, to), id);
  }

  void send(State& state, int from, std::uint32_t sends) {
    if (sends == 0) return;
    while (sends_.size() <= sends)
      sends_.push_back(system_.machine().sends(static_cast<std::uint32_t>(sends_.size())));
    for (const Sent& sent : sends_[sends]) {
      if (now(sent.to).life == Life::up || keeps(from)) push(state, from, sent.to, sent.notification);
    }
  }
  [[nodiscard]] bool keeps(int from) const { return system_.machine().steps().rules(from).keeps_for_down; }
  void push(State& state, int from, int to, NotificationId id) {
    const std::size_t field = system_.fields().channel(from, to);
    layout_.set(state, field, channels_.push(from, layout_.get(state, field), id));
  }

  // --- steps inside a server ---------------------------------------------------------------------------------------

  template <class Step>
  void inner_steps(const State& state, int server, const Step& step) {
    const LocalFacts& own = now(server);
    if (own.finalizing && own.waiting == 0 && !(timely() && better_pending_)) {
      apply(state, server, input::silence, ActionKind::silence, step);
    }
    if (!coarse()) {
      if (own.in_election && own.waiting > 0) apply(state, server, input::process, ActionKind::process, step);
      if (own.unpublished) apply(state, server, input::publish, ActionKind::publish, step);
      if (own.before_election && own.clock < system_.scope().rounds) {
        apply(state, server, input::begin, ActionKind::begin, step);
      }
    }
    if (establishes() && view_.may_establish(server)) establish(state, server, step);
    if (may_resend(state, server)) {
      const auto spent = layout_.get(state, system_.fields().resends());
      if (spent < spent_max(system_.scope().resends)) {
        State next = state;
        bump(next, system_.fields().resends());
        apply(next, server, input::resend, ActionKind::resend, step);
      }
    }
  }
  [[nodiscard]] bool may_resend(const State& state, int server) const {
    const LocalFacts& own = now(server);
    if (!fifo() || !own.in_election || own.finalizing || own.waiting > 0) return false;
    for (int other = 0; other < n_; ++other) {
      if (channel(state, other, server) != 0 || channel(state, server, other) != 0) return false;
    }
    return true;
  }

  template <class Step>
  void apply(const State& state, int server, Input input, ActionKind kind, const Step& step, int peer = 0) {
    const Known known = ask(server, local(state, server), input);
    State next = state;
    put_local(next, server, known.next);
    send(next, server, known.sends);
    if (next == state) return;
    step(next, Action{kind, byte(server), byte(peer), {}}, known.broken);
  }

  [[nodiscard]] bool establishes() const { return system_.scope().vote_epoch == VoteEpoch::established; }
  template <class Step>
  void establish(const State& state, int server, const Step& step) {
    const int leader = now(server).leader;
    apply(state, server, input::establish(epoch_round(now(leader).clock)), ActionKind::establish, step, leader);
  }

  template <class Step>
  void end_role(const State& state, int server, bool moved, bool& held_back, const Step& step) {
    const LocalFacts& own = now(server);
    const bool settled = own.life == Life::up && own.state != model::ServerState::looking && !own.unpublished;
    if (!settled) return;
    const bool within = own.clock < system_.scope().rounds;
    if (!within) {
      held_back = held_back || view_.role_lost(server, false);
    } else if (system_.scope().role_end == RoleEnd::any || view_.role_lost(server, moved)) {
      apply(state, server, input::end_role, ActionKind::end_role, step);
    }
  }

  // --- the environment ---------------------------------------------------------------------------------------------

  template <class Step>
  void start(State state, int server, ActionKind kind, const Step& step) {
    const bool keeps_configurations = kind == ActionKind::restart && reconfigures(system_.scenario());
    const LocalId stopped = keeps_configurations ? local(state, server) : 0;
    const Known known = ask(server, stopped, coarse() ? input::begin : input::boot);
    put_local(state, server, known.next);
    if (fifo()) {
      // A new connection first carries the last message that its sender has for the other side.
      for (int other = 0; other < n_; ++other) {
        const NotificationId last = now(other).offers[static_cast<std::size_t>(Offer::proposal)];
        const bool told = other != server && now(other).life == Life::up && system_.votes(server);
        const bool newer_waits = keeps(other) && channel(state, other, server) != 0;
        if (told && last != no_notification && !newer_waits) push(state, other, server, last);
      }
      send(state, server, known.sends);
    }
    step(state, Action{kind, byte(server), 0, {}}, known.broken);
  }
  template <class Step>
  void faults(const State& state, int server, const Step& step) {
    const Scope& scope = system_.scope();
    const LocalFacts& own = now(server);
    if (own.life == Life::up && crashes_spent(state) < spent_max(scope.crashes)) {
      State next = state;
      put_local(next, server, ask(server, local(state, server), input::crash).next);
      if (scope.restarts > 0) bump(next, system_.fields().crashes());
      for (int other = 0; fifo() && other < n_; ++other) {
        const bool up = now(other).life == Life::up;
        if (!keeps(other) || !up || other == server) layout_.set(next, system_.fields().channel(other, server), 0);
        if (keeps(server) && !up) layout_.set(next, system_.fields().channel(server, other), 0);
      }
      step(next, Action{ActionKind::crash, byte(server), 0, {}}, 0);
    }
    if (own.life == Life::down && layout_.get(state, system_.fields().restarts()) < spent_max(scope.restarts) &&
        system_.may_restart({server, own.counting})) {
      State next = state;
      bump(next, system_.fields().restarts());
      start(next, server, ActionKind::restart, step);
    }
  }
  [[nodiscard]] std::uint32_t crashes_spent(const State& state) const {
    if (system_.scope().restarts > 0) return layout_.get(state, system_.fields().crashes());
    std::uint32_t down = 0;
    for (int i = 0; i < n_; ++i) down += now(i).life == Life::down ? 1U : 0U;
    return down;
  }
  static std::uint32_t spent_max(int bound) { return static_cast<std::uint32_t>(bound); }
  void bump(State& state, std::size_t field) const { layout_.set(state, field, layout_.get(state, field) + 1); }
  static std::uint8_t byte(int server) { return static_cast<std::uint8_t>(server); }

  static void append(std::string& bytes, const std::string& part) {
    bytes.push_back(static_cast<char>(part.size() & 0xffU));
    bytes.push_back(static_cast<char>(part.size() >> 8U));
    bytes += part;
  }

  ClosedSystem& system_;
  const Layout& layout_;
  bool reduces_;
  int n_;
  bool better_pending_ = false;  // for the server whose messages hear() has looked at last
  StateView view_;
  FlatMap<Known> known_;
  std::vector<std::vector<Row>> rows_;
  CanonicalView canonicals_;
  std::vector<StableVector<LocalFacts>> facts_;
  std::vector<StableVector<Support>> supports_;
  ChannelView channels_;
  Prospects<Words> prospects_;
  bool judges_rivals_;
  std::vector<std::vector<Sent>> sends_;
  std::vector<std::int64_t> rounds_;  // by notification
  QuietCounts quiet_;
};

}  // namespace conclave::spec
