// One thread's view of the epoch phase: states into successor states.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "conclave/spec/epoch_system.hpp"
#include "conclave/spec/flat_map.hpp"
#include "conclave/spec/layout.hpp"
#include "conclave/spec/stable_vector.hpp"

namespace conclave::spec {

// Not synchronised: each thread has its own. Throws LayoutFull where a number outgrows its field.
template <std::size_t Words>
class EpochWorker {
 public:
  using State = PackedState<Words>;

  // Both must outlive the worker.
  EpochWorker(EpochSystem& system, const Layout& layout)
      : system_(system), layout_(layout), n_(system.servers()), facts_(static_cast<std::size_t>(n_)) {}

  // All servers looking, with empty disks. (Which of them keep no history is the machine's first local state of each.)
  template <class Emit>
  void initial(const Emit& emit) {
    emit(State{});
  }

  // See checker::TransitionSystem.
  template <class Emit>
  PropertySet successors(const State& state, const Emit& emit) {
    for (int i = 0; i < n_; ++i) now_[static_cast<std::size_t>(i)] = facts_of(i, local(state, i));
    for (int i = 0; i < n_; ++i) {
      const EpochFacts& own = now(i);
      if (own.pending) {
        write(state, i, emit);
      } else if (own.role == model::EpochRole::none) {
        elect(state, i, emit);
      } else {
        hear(state, i, emit);
        if (own.established && keeps_history(own.disk)) log(state, i, emit);
        if (own.up_to_date && keeps_history(own.disk)) copy(state, i, emit);
        if (own.late) {
          take(state, i, epoch_input(EpochInput::count_itself), EpochAction{EpochActionKind::count, byte(i), 0},
               emit);
        }
        if (system_.scope().ticks && own.role == model::EpochRole::leading) watch(state, i, emit);
      }
      if (own.pending || own.role != model::EpochRole::none) stop(state, i, emit);
    }
    return judge(state);
  }

  bool precedes(const State& left, const State& right) {
    return left == right ? false : canonical(left) < canonical(right);
  }

  // The state in bytes, the same in every run.
  std::string canonical(const State& state) {
    std::string bytes;
    const auto append = [&bytes](const std::string& part) {
      bytes += std::to_string(part.size()) + ":";
      bytes += part;
    };
    for (int i = 0; i < n_; ++i) append(system_.machine().bytes(i, local(state, i)));
    for (int from = 0; from < n_; ++from) {
      for (int to = 0; to < n_; ++to) {
        const Packets packets = from == to ? Packets{} : content(state, from, to);
        bytes.push_back(static_cast<char>(packets.size()));
        for (const PacketId id : packets) append(system_.machine().packet_bytes(id));
      }
    }
    for (std::size_t field = fields().link(0); field < fields().count(); ++field) {
      bytes.push_back(static_cast<char>(get(state, field)));
    }
    return bytes;
  }

  void finish() {
    system_.absorb_cut(cut_);
    cut_ = 0;
  }

  [[nodiscard]] LocalId local(const State& state, int server) const { return get(state, fields().local(server)); }
  [[nodiscard]] ChannelId channel(const State& state, int from, int to) const {
    return get(state, fields().channel(from, to));
  }
  [[nodiscard]] std::uint32_t get(const State& state, std::size_t field) const { return layout_.get(state, field); }
  [[nodiscard]] std::size_t bytes_used() const {
    std::size_t sum = known_.bytes_used();
    for (const auto& facts : facts_) sum += facts.size() * sizeof(EpochFacts);
    return sum;
  }

 private:
  using Packets = std::vector<NotificationId>;

  [[nodiscard]] const EpochFields& fields() const { return system_.fields(); }
  [[nodiscard]] const EpochFacts& now(int server) const { return now_[static_cast<std::size_t>(server)]; }
  const EpochFacts& facts_of(int server, LocalId id) {
    auto& known = facts_[static_cast<std::size_t>(server)];
    while (known.size() <= id) {
      known.push_back(system_.machine().facts(server, static_cast<LocalId>(known.size())));
    }
    return known[id];
  }
  EpochLocalResult ask(int server, LocalId local, std::uint32_t input) {
    const std::uint64_t key =
        std::uint64_t{local} << 32U | std::uint64_t{input} << 3U | static_cast<std::uint64_t>(server);
    if (const EpochLocalResult* known = known_.find(key)) return *known;
    return *known_.add(key, system_.machine().apply(server, local, input));
  }
  void set(State& state, std::size_t field, std::uint32_t value) const { layout_.set(state, field, value); }
  [[nodiscard]] EpochLink link(const State& state, int learner) const {
    return static_cast<EpochLink>(get(state, fields().link(learner)));
  }
  void set_link(State& state, int learner, EpochLink link) const {
    set(state, fields().link(learner), static_cast<std::uint32_t>(link));
  }
  Packets content(const State& state, int from, int to) {
    return system_.channels(from).content(channel(state, from, to));
  }
  void put(State& state, int from, int to, const Packets& content) {
    set(state, fields().channel(from, to), system_.channels(from).intern(content));
  }
  [[nodiscard]] bool is_first(PacketId packet) {
    return std::holds_alternative<model::FollowerInfo>(system_.machine().packet(packet));
  }
  static std::uint8_t byte(int server) { return static_cast<std::uint8_t>(server); }
  static std::uint32_t bit_of(int server) { return 1U << static_cast<unsigned>(server); }

  // --- the steps ---------------------------------------------------------------------------------------------------

  // A step of one server: its new local state, and what that does to the others.
  template <class Emit>
  void take(State next, int server, std::uint32_t input, EpochAction action, const Emit& emit) {
    const LocalId before = local(next, server);
    const EpochLocalResult result = ask(server, before, input);
    const EpochFacts after = facts_of(server, result.next);
    if (after.role == model::EpochRole::leading && after.epoch > system_.scope().epochs) {
      ++cut_;
      return;
    }
    set(next, fields().local(server), result.next);
    PropertySet seen = result.seen;
    if (result.outs != 0) {
      for (const EpochOut& out : outs(result.outs)) seen |= apply(next, server, after, out);
    }
    emit(next, action.code(), seen);
  }
  const std::vector<EpochOut>& outs(std::uint32_t index) {
    while (outs_.size() <= index) outs_.push_back(system_.machine().outs(static_cast<std::uint32_t>(outs_.size())));
    return outs_[index];
  }

  template <class Emit>
  void elect(const State& state, int server, const Emit& emit) {
    if (system_.votes(server)) {
      int floor = 0;
      for (int epoch = 1; epoch <= system_.scope().epochs; ++epoch) {
        if (get(state, fields().established(epoch)) != 0) floor = epoch;
      }
      take(state, server, epoch_input(EpochInput::lead, static_cast<std::uint32_t>(floor)),
           EpochAction{EpochActionKind::lead, byte(server), 0}, emit);
    }
    for (int leader = 0; leader < n_; ++leader) {
      // To connect to one that does not lead comes to nothing.
      if (leader == server || now(leader).role != model::EpochRole::leading) continue;
      if (content(state, server, leader).size() > stale_packets_max) continue;  // until some are read or lost
      take(state, server, epoch_input(EpochInput::follow, static_cast<std::uint32_t>(leader)),
           EpochAction{EpochActionKind::follow, byte(server), byte(leader)}, emit);
    }
  }

  template <class Emit>
  void hear(const State& state, int server, const Emit& emit) {
    for (int from = 0; from < n_; ++from) {
      if (from == server || channel(state, from, server) == 0) continue;
      Packets packets = content(state, from, server);
      const PacketId head = packets.front();
      packets.erase(packets.begin());
      State next = state;
      put(next, from, server, packets);
      const bool leads = now(server).role == model::EpochRole::leading;
      if (leads && now(from).leader == server && link(state, from) == EpochLink::opening && is_first(head)) {
        const bool more = std::any_of(packets.begin(), packets.end(), [this](PacketId id) { return is_first(id); });
        if (!more) set_link(next, from, EpochLink::open);
      }
      take(next, server, packet_input(from, head), EpochAction{EpochActionKind::deliver, byte(server), byte(from)},
           emit);
      const bool ended = leads && (now(from).leader != server || link(state, from) == EpochLink::none);
      if (ended) {
        State lost = state;
        put(lost, from, server, {});
        emit(lost, EpochAction{EpochActionKind::lose, byte(server), byte(from)}.code(), 0);
      }
    }
  }

  template <class Emit>
  void write(const State& state, int server, const Emit& emit) {
    take(state, server, epoch_input(EpochInput::write), EpochAction{EpochActionKind::write, byte(server), 0}, emit);
  }

  template <class Emit>
  void stop(const State& state, int server, const Emit& emit) {
    State next = state;
    if (system_.scope().stops >= 0) {
      const std::uint32_t spent = system_.scope().stops == 0 ? 0 : get(state, fields().stops());
      if (spent >= static_cast<std::uint32_t>(system_.scope().stops)) return;
      set(next, fields().stops(), spent + 1);
    }
    hang_up(next, server);
    take(next, server, epoch_input(EpochInput::stop), EpochAction{EpochActionKind::stop, byte(server), 0}, emit);
  }

  // What a leader finds by itself: which connections have ended, once all is read that came over them, and at a tick
  // whether there are enough.
  template <class Emit>
  void watch(const State& state, int server, const Emit& emit) {
    for (int learner = 0; learner < n_; ++learner) {
      const bool open = now(learner).leader == server && link(state, learner) == EpochLink::open;
      if ((now(server).learners & bit_of(learner)) == 0 || open) continue;
      const Packets packets = content(state, learner, server);
      if (!packets.empty() && !is_first(packets.front())) continue;
      take(state, server, epoch_input(EpochInput::lost, static_cast<std::uint32_t>(learner)),
           EpochAction{EpochActionKind::notice, byte(server), byte(learner)}, emit);
    }
    if (!now(server).established) return;
    take(state, server, epoch_input(EpochInput::tick), EpochAction{EpochActionKind::tick, byte(server), 0},
         [&](const State& next, std::uint32_t code, PropertySet seen) {
           const EpochFacts after = facts_of(server, local(next, server));
           const bool goes_on = after.role == model::EpochRole::leading;
           const bool kept = system_.quorum_among(after.learners | bit_of(server));
           emit(next, code, goes_on && !kept ? seen | bit(EpochProperty::kept_by_quorum) : seen);
         });
  }

  // The broadcast, in two kinds of steps: that a history grows, and that it is copied.
  template <class Emit>
  void log(const State& state, int server, const Emit& emit) {
    const std::uint32_t spent = system_.scope().transactions == 0 ? 0 : get(state, fields().transactions());
    if (spent >= static_cast<std::uint32_t>(system_.scope().transactions)) return;
    State next = state;
    set(next, fields().transactions(), spent + 1);
    take_and_commit(next, server, server, epoch_input(EpochInput::log), EpochActionKind::log, emit);
  }
  template <class Emit>
  void copy(const State& state, int server, const Emit& emit) {
    const auto leader = static_cast<std::uint8_t>(now(server).leader);  // up to date, so it has one
    const EpochFacts& leads = now(leader);
    const bool connected = link(state, server) == EpochLink::open && leads.established;
    if (!connected || leads.disk.last_zxid == now(server).disk.last_zxid) return;
    // An observer hears of nothing that is not committed (INFORM).
    const bool committed = number_of(leads.disk.last_zxid) <= get(state, fields().committed());
    if (!committed && !system_.votes(server)) return;
    const std::int64_t zxid = leads.disk.last_zxid.value;
    const auto parameter = static_cast<std::uint32_t>((zxid >> 32U) * 16 + (zxid & 0xf));
    take_and_commit(state, server, leader, epoch_input(EpochInput::copy, parameter), EpochActionKind::copy, emit);
  }
  template <class Emit>
  void take_and_commit(const State& state, int server, int leader, std::uint32_t input, EpochActionKind kind,
                       const Emit& emit) {
    const EpochAction action{kind, byte(server), byte(leader)};
    take(state, server, input, action, [&](State next, std::uint32_t code, PropertySet seen) {
      const std::int64_t zxid = facts_of(leader, local(next, leader)).disk.last_zxid.value;
      std::uint32_t holders = 0;
      for (int i = 0; i < n_; ++i) {
        const EpochFacts facts = facts_of(i, local(next, i));
        const bool takes_part = i == leader || (facts.leader == leader && facts.up_to_date);
        if (takes_part && facts.disk.last_zxid.value == zxid) holders |= bit_of(i);
      }
      const std::uint32_t number = number_of(model::Zxid{zxid});
      if (system_.quorum_among(holders) && number > get(next, fields().committed())) {
        set(next, fields().committed(), number);
        seen |= bit(EpochProperty::transaction_committed);
      }
      emit(next, code, seen);
    });
  }

  // --- what a step does to the others ------------------------------------------------------------------------------

  PropertySet apply(State& next, int server, const EpochFacts& after, const EpochOut& out) {
    switch (out.kind) {
      case EpochOut::Kind::connect: {
        Packets packets = content(next, server, out.other);
        packets.push_back(out.packet);
        put(next, server, out.other, packets);
        put(next, out.other, server, {});
        set_link(next, server, EpochLink::opening);
        return 0;
      }
      case EpochOut::Kind::send: send(next, server, after, out); return 0;
      case EpochOut::Kind::disconnect: disconnect(next, server, out.other); return 0;
      case EpochOut::Kind::over: hang_up(next, server); return 0;
      case EpochOut::Kind::established: return established(next, server, after, out.epoch);
      case EpochOut::Kind::wrote_accepted: witness(next, server, after, out.epoch); return 0;
    }
    return 0;
  }

  // Nobody hears what is sent over a connection that has ended, or that the other side has replaced.
  void send(State& next, int server, const EpochFacts& after, const EpochOut& out) {
    const int to = out.other;
    const bool leads = after.role == model::EpochRole::leading;
    const bool carried =
        leads ? now(to).leader == server && link(next, to) == EpochLink::open : link(next, server) != EpochLink::none;
    if (!carried) return;
    Packets packets = content(next, server, to);
    packets.push_back(out.packet);
    put(next, server, to, packets);
  }

  // A leader ends one learner's connection; the packets of a new one that is opening stay.
  void disconnect(State& next, int leader, int learner) {
    const Packets packets = content(next, learner, leader);
    const auto first =
        std::find_if(packets.begin(), packets.end(), [this](PacketId packet) { return is_first(packet); });
    put(next, learner, leader, Packets(first, packets.end()));
    if (now(learner).leader == leader && link(next, learner) == EpochLink::open) {
      set_link(next, learner, EpochLink::none);
    }
  }

  // The role of `server`, as it is now, is over: nobody reads what was sent to it.
  void hang_up(State& next, int server) {
    const EpochFacts& own = now(server);
    if (own.leader >= 0) {
      set_link(next, server, EpochLink::none);
      put(next, own.leader, server, {});
    }
    if (own.role != model::EpochRole::leading) return;
    for (int other = 0; other < n_; ++other) {
      if (other == server) continue;
      put(next, other, server, {});
      if (now(other).leader == server) set_link(next, other, EpochLink::none);
    }
  }

  // The epoch is on the disk of `server`: was its history no more recent than the leader's when it promised?
  void witness(State& next, int server, const EpochFacts& after, int epoch) {
    const int leader = after.role == model::EpochRole::leading ? server : after.leader;
    if (leader < 0 || !system_.votes(server)) return;
    const LocalId id = local(next, leader);
    const EpochFacts leads = facts_of(leader, id);
    const bool same = leads.role == model::EpochRole::leading && leads.told && leads.epoch == epoch;
    const model::Standing standing{after.disk.current_epoch, after.disk.last_zxid};
    if (!same || (leader != server && standing > leads.standing)) return;
    const std::uint32_t input = epoch_input(EpochInput::witness, static_cast<std::uint32_t>(server));
    set(next, fields().local(leader), ask(leader, id, input).next);
  }

  // --- the claims --------------------------------------------------------------------------------------------------

  static std::uint32_t number_of(model::Zxid zxid) {
    return static_cast<std::uint32_t>((zxid.value >> 32U) * 8 + (zxid.value & 0x7));
  }

  PropertySet established(State& next, int server, const EpochFacts& after, int epoch) {
    PropertySet broken = 0;
    const std::size_t field = fields().established(epoch);
    if (get(next, field) != 0) broken |= bit(EpochProperty::one_leader_per_epoch);
    set(next, field, static_cast<std::uint32_t>(server + 1));
    if (epoch <= after.floor) broken |= bit(EpochProperty::epochs_rise);
    const std::uint32_t witnesses = facts_of(server, local(next, server)).witnesses;
    if (!system_.quorum_among(witnesses)) broken |= bit(EpochProperty::as_recent_as_quorum);
    if (system_.scope().transactions > 0 && keeps_history(after.disk)) {
      // From now on its whole history counts as committed.
      const std::uint32_t committed = get(next, fields().committed());
      const std::uint32_t history = number_of(after.disk.last_zxid);
      const bool older = committed / 8 < static_cast<std::uint32_t>(epoch);
      if (older && history < committed) {
        broken |= bit(EpochProperty::committed_survives);
      }
      set(next, fields().committed(), std::max(committed, history));
    }
    for (int other = 1; other <= system_.scope().epochs; ++other) {
      const bool earlier = other != epoch && get(next, fields().established(other)) != 0;
      if (earlier) broken |= bit(EpochProperty::second_epoch);
    }
    return broken;
  }

  PropertySet judge(const State& state) const {
    PropertySet broken = 0;
    int established = 0;
    for (int i = 0; i < n_; ++i) {
      const EpochFacts& own = now(i);
      if (own.disk.accepted_epoch < own.disk.current_epoch) broken |= bit(EpochProperty::accepted_not_below_current);
      const std::int64_t epoch = model::epoch_of(own.disk.last_zxid).value;
      const bool nobodys = epoch > 0 && get(state, fields().established(static_cast<int>(epoch))) == 0;
      if (nobodys) broken |= bit(EpochProperty::zxid_of_established);
      if (model::check(own.disk) == model::DurableError::current_behind_history)
        broken |= bit(EpochProperty::unstartable);
      if (own.established && ++established == 2) broken |= bit(EpochProperty::two_established);
    }
    return broken;
  }

  EpochSystem& system_;
  const Layout& layout_;
  int n_;
  std::array<EpochFacts, participants_max> now_{};
  FlatMap<EpochLocalResult> known_;
  std::vector<StableVector<EpochFacts>> facts_;
  std::vector<std::vector<EpochOut>> outs_;
  std::uint64_t cut_ = 0;
};

}  // namespace conclave::spec
