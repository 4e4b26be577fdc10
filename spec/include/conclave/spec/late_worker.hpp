// One thread's view of a closed system whose servers read late: states into successor states, by tables.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conclave/spec/flat_map.hpp"
#include "conclave/spec/late_machine.hpp"
#include "conclave/spec/layout.hpp"
#include "conclave/spec/stable_vector.hpp"
#include "conclave/spec/state_view.hpp"

namespace conclave::spec {

// A state is a number of LateMachine's for each server, and what is spent; its fields are those of ClosedSystem. The
// same interface as Worker's. Not synchronised: each thread has its own. Throws LayoutFull.
template <std::size_t Words>
class LateWorker {
 public:
  using State = PackedState<Words>;

  // All must outlive the worker.
  LateWorker(ClosedSystem& system, LateMachine& late, const Layout& layout)
      : system_(system), late_(late), layout_(layout), n_(system.servers()), view_(system), known_(n_of(n_)) {}

  template <class Emit>
  void initial(const Emit& emit) {
    State state{};
    if (system_.scope().start == StartKind::together) {
      for (int i = 0; i < n_; ++i) put(state, i, late_.plain(i, 0, input::begin).next);
    }
    emit(hear_and_clear(state));
  }

  // Calls emit(State next, std::uint32_t action code, PropertySet broken by the step) for every step that others
  // notice. Gives the properties that the state itself breaks.
  template <class Emit>
  PropertySet successors(const State& state, const Emit& emit) {
    load(state);
    votes_here_ = votes_of(state);
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
      faults(state, i, step);
    }
    return view_.judge(role_ends || !is_quiet(state, true), held_back, quiet_) & late_properties;
  }

  bool precedes(const State& left, const State& right) {
    return left == right ? false : canonical(left) < canonical(right);
  }
  // The state in bytes, the same in every run.
  std::string canonical(const State& state) {
    std::string bytes;
    for (int i = 0; i < n_; ++i) {
      const std::string own = late_.bytes(i, get(state, i));
      bytes += std::to_string(own.size()) + ' ' + own;
    }
    for (const std::size_t field : {system_.fields().crashes(), system_.fields().restarts()}) {
      bytes.push_back(static_cast<char>(layout_.get(state, field)));
    }
    return bytes;
  }
  [[nodiscard]] LateId get(const State& state, int server) const {
    return layout_.get(state, system_.fields().local(server));
  }

  // Hands over what was counted since it was last called.
  void finish() {
    system_.absorb(quiet_);
    quiet_ = {};
  }
  [[nodiscard]] std::size_t bytes_used() const {
    std::size_t sum = 0;
    for (const Known& known : known_) {
      sum += known.plain.bytes_used() + known.least.bytes_used() + known.locals.size() * sizeof(LocalFacts);
      sum += known.heard.bytes_used() + known.turns.bytes_used() + known.waits.bytes_used() +
             known.cleared.bytes_used() + known.read.bytes_used() +
             known.facts.size() * (sizeof(LocalFacts) + sizeof(Support)) + known.lists.size() * 64;
    }
    return sum;
  }

 private:
  using Turns = std::vector<LateMachine::Turn>;
  static constexpr LocalId none = ~LocalId{0};
  struct Known {
    StableVector<LocalFacts> facts;
    StableVector<Support> support;
    FlatMap<LateId> heard;                       // by id and notification
    FlatMap<const Turns*> turns;                 // likewise
    std::deque<Turns> lists;                     // which lie here
    FlatMap<LateMachine::Wait> waits;            // by id
    FlatMap<LateId> cleared;                     // by id and number of a set of votes
    FlatMap<LateMachine::Turn> plain;            // by id and input
    FlatMap<const std::vector<LocalId>*> least;  // by id and who is silent
    std::deque<std::vector<LocalId>> leasts;     // which lie here
    // Of LocalMachine:
    FlatMap<LocalId> read;  // by number and notification
    StableVector<LocalFacts> locals;
  };
  static std::size_t n_of(int servers) { return static_cast<std::size_t>(servers); }
  static std::uint64_t key_of(LateId id, std::uint32_t with) { return std::uint64_t{id} << 32U | with; }
  [[nodiscard]] bool timely() const { return system_.scope().timing == TimingKind::timely; }
  Known& known(int server) { return known_[static_cast<std::size_t>(server)]; }
  void put(State& state, int server, LateId id) const { layout_.set(state, system_.fields().local(server), id); }

  void load(const State& state) {
    view_.running = 0;
    for (int i = 0; i < n_; ++i) {
      const LocalFacts& facts = facts_of(i, get(state, i));
      view_.facts[static_cast<std::size_t>(i)] = &facts;
      if (facts.life == Life::up) view_.running |= 1U << static_cast<unsigned>(i);
    }
  }
  const LocalFacts& facts_of(int server, LateId id) {
    auto& facts = known(server).facts;
    while (facts.size() <= id) facts.push_back(late_.facts(server, static_cast<LateId>(facts.size())));
    return facts[id];
  }
  const Support& support_of(int server, LateId id) {
    auto& support = known(server).support;
    while (support.size() <= id) support.push_back(late_.support(server, static_cast<LateId>(support.size())));
    return support[id];
  }

  const std::vector<LocalId>& at_least(int server, LateId id, std::uint32_t silent) {
    Known& of_server = known(server);
    const std::uint64_t key = key_of(id, silent);
    if (const auto* found = of_server.least.find(key)) return **found;
    of_server.leasts.push_back(late_.at_least(server, id, silent));
    return **of_server.least.add(key, &of_server.leasts.back());
  }
  LocalId read(int server, LocalId local, NotificationId offered) {
    FlatMap<LocalId>& map = known(server).read;
    const std::uint64_t key = key_of(local, offered);
    if (const LocalId* found = map.find(key)) return *found;
    return *map.add(key, system_.machine().apply(server, local, input::receive(offered)).next);
  }
  const LocalFacts& local_facts(int server, LocalId local) {
    auto& locals = known(server).locals;
    while (locals.size() <= local) {
      locals.push_back(system_.machine().facts(server, static_cast<LocalId>(locals.size())));
    }
    return locals[local];
  }

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
    clear(state, votes_of(state));
    return state;
  }
  // The same of a state that a step of one server has led to from the state at hand. Where the same votes can matter as
  // before, nobody has more to hear but of that server, which has to hear of all.
  State hear_and_clear(State next, int changed) {
    const std::uint32_t one = 1U << static_cast<unsigned>(changed);
    hear(next, one);
    const VoteSet votes = votes_of(next);
    if (votes != votes_here_) hear(next, everybody);
    clear(next, votes);
    return next;
  }
  static constexpr std::uint32_t everybody = ~0U;
  // What these servers have to say, and all that is to be heard by them.
  void hear(State& state, std::uint32_t servers) {
    const auto now = [&](int server) -> const LocalFacts& { return facts_of(server, get(state, server)); };
    for (int i = 0; i < n_; ++i) {
      if (now(i).life != Life::up || !now(i).in_election) continue;
      const LateId before = get(state, i);
      LateId id = before;
      const bool all = (servers >> static_cast<unsigned>(i) & 1U) != 0;
      for_each_offer(i, now, [&](NotificationId offered, int speaker, Offer) {
        if (all || (servers >> static_cast<unsigned>(speaker) & 1U) != 0) id = heard(i, id, offered);
      });
      if (id != before) put(state, i, id);
    }
  }
  void clear(State& state, VoteSet votes) {
    const std::uint32_t number = number_of(votes);
    for (int i = 0; i < n_; ++i) {
      const LateId before = get(state, i);
      const LateId id = facts_of(i, before).in_election ? cleared(i, before, votes, number) : before;
      if (id != before) put(state, i, id);
    }
  }
  LateId heard(int server, LateId id, NotificationId offered) {
    FlatMap<LateId>& map = known(server).heard;
    const std::uint64_t key = key_of(id, offered);
    if (const LateId* found = map.find(key)) return *found;
    return *map.add(key, late_.may_have_heard(server, id, offered));
  }
  LateId cleared(int server, LateId id, VoteSet votes, std::uint32_t number) {
    FlatMap<LateId>& map = known(server).cleared;
    const std::uint64_t key = key_of(id, number);
    if (const LateId* found = map.find(key)) return *found;
    return *map.add(key, late_.cleared(server, id, votes));
  }
  std::uint32_t number_of(VoteSet votes) {
    if (const std::uint32_t* found = votes_.find(votes)) return *found;
    return *votes_.add(votes, votes_count_++);
  }

  // Who may still be settled on: Prospects, without what waits add in `timely`.
  VoteSet votes_of(const State& state) {
    Support all;
    for (int i = 0; i < n_; ++i) all.add(support_of(i, get(state, i)));
    const Fields& fields = system_.fields();
    const std::uint64_t anew =
        system_.support_anew(all, spent(state, fields.crashes()), spent(state, fields.restarts()));
    VoteSet held = 0;
    return system_.supported(all, anew, ~0U, held);
  }
  [[nodiscard]] int spent(const State& state, std::size_t field) const {
    return static_cast<int>(layout_.get(state, field));
  }

  // --- steps ---------------------------------------------------------------------------------------------------------

  template <class Step>
  void elect(const State& state, int server, const Step& step) {
    const LateId id = get(state, server);
    const auto now = [this](int other) -> const LocalFacts& { return view_.at(other); };
    taken_.clear();
    const LateMachine::Wait* wait = wait_of(server, id);
    bool better = false;
    for_each_offer(server, now, [&](NotificationId offered, int speaker, Offer offer) {
      const Action action{ActionKind::read, byte(server), byte(speaker), offer};
      for (const LateMachine::Turn& turn : turns(server, id, offered)) take(state, action, turn, step);
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
    const LocalId then = read(server, wait.waits, offered);
    if (local_facts(server, wait.waits).finalizing) return then != wait.waits;
    const LocalFacts& own = local_facts(server, wait.waits);
    const auto proposal = static_cast<std::size_t>(Offer::proposal);
    const LocalFacts& shown = local_facts(server, then);
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
  const Turns& turns(int server, LateId id, NotificationId offered) {
    Known& of_server = known(server);
    const std::uint64_t key = key_of(id, offered);
    if (const Turns* const* found = of_server.turns.find(key)) return **found;
    of_server.lists.push_back(late_.turns(server, id, offered));
    return **of_server.turns.add(key, &of_server.lists.back());
  }
  // nullptr: it can't have heard a quorum.
  const LateMachine::Wait* wait_of(int server, LateId id) {
    FlatMap<LateMachine::Wait>& map = known(server).waits;
    const LateMachine::Wait* found = map.find(id);
    if (found == nullptr) found = map.add(id, late_.wait(server, id).value_or(LateMachine::Wait{none, {}}));
    return found->waits == none ? nullptr : found;
  }

  template <class Step>
  void plain(const State& state, int server, Input input, ActionKind kind, const Step& step) {
    FlatMap<LateMachine::Turn>& map = known(server).plain;
    const LateId id = get(state, server);
    const std::uint64_t key = key_of(id, input);
    const LateMachine::Turn* turn = map.find(key);
    if (turn == nullptr) turn = map.add(key, late_.plain(server, id, input));
    State next = state;
    put(next, server, turn->next);
    step(next, Action{kind, byte(server), 0, {}}, turn->broken);
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
  template <class Step>
  void faults(const State& state, int server, const Step& step) {
    const Scope& scope = system_.scope();
    const LocalFacts& own = view_.at(server);
    if (own.life == Life::up && crashes_spent(state) < scope.crashes) {
      State next = state;
      if (scope.restarts > 0) bump(next, system_.fields().crashes());
      plain(next, server, input::crash, ActionKind::crash, step);
    }
    if (own.life == Life::down && spent(state, system_.fields().restarts()) < scope.restarts) {
      State next = state;
      bump(next, system_.fields().restarts());
      put(next, server, 0);
      plain(next, server, input::begin, ActionKind::restart, step);
    }
  }
  [[nodiscard]] int crashes_spent(const State& state) const {
    if (system_.scope().restarts > 0) return spent(state, system_.fields().crashes());
    int down = 0;
    for (int i = 0; i < n_; ++i) down += view_.at(i).life == Life::down ? 1 : 0;
    return down;
  }
  void bump(State& state, std::size_t field) const { layout_.set(state, field, layout_.get(state, field) + 1); }
  static std::uint8_t byte(int server) { return static_cast<std::uint8_t>(server); }

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
          at_least(i, get(state, i), silent & ((1U << static_cast<unsigned>(n_)) - 1U));
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
      at = read(server, at, offered);
      rests = local_facts(server, at) == now(server);  // and does not wait, which a late state never does
    });
    return rests;
  }

  ClosedSystem& system_;
  LateMachine& late_;
  const Layout& layout_;
  int n_;
  StateView view_;
  std::vector<Known> known_;
  std::vector<LateMachine::Turn> taken_;  // of the server at hand
  FlatMap<std::uint32_t> votes_;          // numbers for sets of votes
  std::uint32_t votes_count_ = 0;
  VoteSet votes_here_ = 0;            // that can matter in the state at hand
  std::vector<std::int64_t> rounds_;  // by notification
  QuietCounts quiet_;
};

}  // namespace conclave::spec
