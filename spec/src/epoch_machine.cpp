#include "conclave/spec/epoch_machine.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace conclave::spec {
namespace {

using model::EpochEffect;
using model::EpochRole;
using model::PeerEpoch;
using model::ServerId;
using model::Zxid;

// Every field that can differ between two servers of an exploration, one after the other.
class Encoder {
 public:
  std::string bytes;

  void put(std::int64_t value) {
    auto rest = static_cast<std::uint64_t>(value) << 1U ^ (value < 0 ? ~std::uint64_t{0} : std::uint64_t{0});
    for (; rest >= 0x80U; rest >>= 7U) bytes.push_back(static_cast<char>((rest & 0x7fU) | 0x80U));
    bytes.push_back(static_cast<char>(rest));
  }
  template <class Meaning>
  void put(model::Number<Meaning> number) {
    put(number.value);
  }
  void put(const model::FollowerInfo& info) {
    put(info.accepted_epoch);
    put(static_cast<std::int64_t>(info.learner_type));
    put(info.config_version);
  }
  void put(const model::LeaderInfo& info) { put(info.epoch); }
  void put(const model::AckEpoch& ack) {
    put(ack.current_epoch ? ack.current_epoch->value : -1);
    put(ack.last_zxid);
  }
  void put(const model::Synchronise& synchronise) {
    put(synchronise.from);
    put(synchronise.to);
  }
  void put(const model::NewLeader& leader) { put(leader.epoch); }
  void put(const model::EpochAck& ack) { put(ack.epoch); }
  void put(const model::UpToDate&) {}
  void put(const model::Ping&) {}
  void put(const model::Packet& packet) {
    put(static_cast<std::int64_t>(packet.index()));
    std::visit([this](const auto& alternative) { put(alternative); }, packet);
  }
  void put(const model::WriteAccepted& write) { put(write.epoch); }
  void put(const model::WriteCurrent& write) { put(write.epoch); }
  void put(const model::WriteHistory& write) { put(write.last_zxid); }
  void put(const model::Connect& connect) {
    put(connect.leader);
    put(connect.info);
  }
  void put(const model::SendPacket& send) {
    put(send.to);
    put(send.packet);
  }
  void put(const model::Disconnect& disconnect) { put(disconnect.from); }
  void put(const model::Established& established) {
    put(established.leader);
    put(established.epoch);
  }
  void put(const model::RoleOver& over) { put(static_cast<std::int64_t>(over.reason)); }
  void put(const EpochEffect& effect) {
    put(static_cast<std::int64_t>(effect.index()));
    std::visit([this](const auto& alternative) { put(alternative); }, effect);
  }
  void put(const model::Durable& durable) {
    put(durable.accepted_epoch);
    put(durable.current_epoch);
    put(durable.last_zxid);
  }
  template <std::size_t Capacity>
  void put(const model::FixedVector<ServerId, Capacity>& set) {
    put(static_cast<std::int64_t>(set.size()));
    for (const ServerId id : set) put(id);
  }
  void put(const model::LeadingEpoch& leading) {
    put(static_cast<std::int64_t>(leading.phase));
    put(leading.standing.current_epoch);
    put(leading.standing.last_zxid);
    put(leading.epoch);
    put(leading.connected);
    put(leading.accepted);
    put(leading.acknowledged);
    put(leading.refused);
    put(static_cast<std::int64_t>(leading.learners.size()));
    for (const model::LearnerLink& learner : leading.learners) {
      put(learner.sid);
      put(static_cast<std::int64_t>(learner.phase));
      put(learner.last_zxid);
    }
  }
  void put(const model::LearningEpoch& learning) {
    put(learning.leader);
    put(static_cast<std::int64_t>(learning.phase));
    put(learning.epoch);
    put(learning.history);
  }
  void put(const EpochServer& server) {
    put(server.disk);
    put(server.peer.durable);
    put(static_cast<std::int64_t>(server.peer.role));
    if (server.peer.role == EpochRole::leading) put(server.peer.leading);
    if (server.peer.role == EpochRole::learning) put(server.peer.learning);
    put(static_cast<std::int64_t>(server.pending.size()));
    for (const EpochEffect& effect : server.pending) put(effect);
    put(static_cast<std::int64_t>(server.witnesses));
    put(server.floor);
  }
};

template <class Value>
std::string encode(const Value& value) {
  Encoder encoder;
  encoder.put(value);
  return encoder.bytes;
}

std::uint8_t small(PeerEpoch epoch) { return static_cast<std::uint8_t>(epoch.value); }

}  // namespace

EpochMachine::EpochMachine(const model::Ensemble& ensemble, std::vector<ServerId> participants,
                           std::uint32_t without_history, const EpochRuleVariant& rules)
    : ensemble_(ensemble),
      participants_(std::move(participants)),
      without_history_(without_history),
      rules_(rules),
      known_(participants_.size()) {
  packets_.emplace_back(model::Ping{});
  outs_.emplace_back();
  for (std::size_t i = 0; i < participants_.size(); ++i) {
    EpochServer fresh;
    if ((without_history_ >> i & 1U) != 0) fresh.disk.last_zxid = model::no_history;
    fresh.peer = model::make_epoch_peer(ensemble_, participants_[i], fresh.disk);
    intern(static_cast<int>(i), fresh);
  }
}

EpochLocalResult EpochMachine::apply(int server, LocalId local, std::uint32_t input) {
  std::vector<EpochOut> outs;
  PropertySet seen = 0;
  const EpochServer after = compute(server, value(server, local), input, outs, seen);
  const std::scoped_lock lock(mutex_);
  EpochLocalResult result{intern(server, after), 0, seen};
  if (!outs.empty()) {
    result.outs = static_cast<std::uint32_t>(outs_.size());
    outs_.push_back(std::move(outs));
  }
  return result;
}

// A vote has the zxid of whom it is for; of that zxid a learner asks only whether it is one of a history.
model::Follow EpochMachine::follow(std::uint32_t leader) const {
  const bool keeps = (without_history_ >> leader & 1U) == 0;
  return model::Follow{participants_[leader], keeps ? model::Zxid{0} : model::no_history};
}

EpochServer EpochMachine::compute(int server, const EpochServer& before, std::uint32_t input,
                                  std::vector<EpochOut>& outs, PropertySet& seen) {
  EpochServer state = before;
  const std::uint32_t parameter = input & 0xfffffU;
  switch (static_cast<EpochInput>(input >> 20U)) {
    case EpochInput::lead:
      state.floor = parameter;
      take(state, model::Lead{}, outs, seen);
      break;
    case EpochInput::follow: take(state, follow(parameter), outs, seen); break;
    case EpochInput::packet:
      take(state, model::PacketFrom{participants_[parameter >> 16U], packet(static_cast<PacketId>(parameter))}, outs,
           seen);
      break;
    case EpochInput::write: {
      assert(!state.pending.empty() && is_write(state.pending.front()));
      const model::Durable old = state.disk;
      apply_write(state.disk, state.pending.front());
      const bool falls =
          state.disk.accepted_epoch < old.accepted_epoch || state.disk.current_epoch < old.current_epoch;
      if (falls) seen |= bit(EpochProperty::written_never_falls);
      if (state.disk.last_zxid < old.last_zxid) seen |= bit(EpochProperty::history_truncated);
      if (const auto* accepted = std::get_if<model::WriteAccepted>(&state.pending.front())) {
        outs.push_back(EpochOut{EpochOut::Kind::wrote_accepted, 0, 0, small(accepted->epoch)});
      }
      state.pending.erase(state.pending.begin());
      flush(state, outs, seen);
      break;
    }
    case EpochInput::stop: {
      EpochServer fresh;
      fresh.peer = model::make_epoch_peer(ensemble_, participants_[static_cast<std::size_t>(server)], state.disk);
      fresh.disk = state.disk;
      return fresh;
    }
    case EpochInput::log: {
      const PeerEpoch epoch = state.peer.leading.epoch;
      const Zxid last = state.disk.last_zxid;
      const Zxid first = first_zxid_of(epoch);
      state.disk.last_zxid = Zxid{(epoch_of(last) == epoch ? last : first).value + 1};
      state.peer.durable.last_zxid = state.disk.last_zxid;
      break;
    }
    case EpochInput::copy:
      state.disk.last_zxid = Zxid{first_zxid_of(PeerEpoch{parameter / 16}).value + parameter % 16};
      state.peer.durable.last_zxid = state.disk.last_zxid;
      break;
    case EpochInput::lost: take(state, model::LinkLost{participants_[parameter]}, outs, seen); break;
    case EpochInput::tick: take(state, model::Tick{}, outs, seen); break;
    case EpochInput::count_itself: take(state, model::Lead{}, outs, seen); break;
    case EpochInput::witness: state.witnesses |= 1U << parameter; break;
    case EpochInput::count_: break;
  }
  // What a role that is over leaves to the claims is nothing.
  if (state.peer.role != EpochRole::leading) {
    state.witnesses = 0;
    state.floor = 0;
  }
  return state;
}

void EpochMachine::take(EpochServer& state, const model::EpochEvent& event, std::vector<EpochOut>& outs,
                        PropertySet& seen) {
  const model::EpochTransition made = rules_.step(ensemble_, state.peer, event);
  state.peer = made.peer;
  state.pending.assign(made.effects.begin(), made.effects.end());
  flush(state, outs, seen);
}

// Does what waits, up to the next write.
void EpochMachine::flush(EpochServer& state, std::vector<EpochOut>& outs, PropertySet& seen) {
  std::size_t done = 0;
  for (; done < state.pending.size() && !is_write(state.pending[done]); ++done) {
    const EpochEffect& effect = state.pending[done];
    if (const auto* over = std::get_if<model::RoleOver>(&effect)) {
      if (over->reason == model::EndReason::epoch_too_low) seen |= bit(EpochProperty::epoch_refused);
      if (over->reason == model::EndReason::quorum_lost) seen |= bit(EpochProperty::leader_gives_up);
    } else if (const auto* send = std::get_if<model::SendPacket>(&effect)) {
      // It changes nothing at either end, and the limits that it is for are stops.
      if (std::holds_alternative<model::Ping>(send->packet)) continue;
      const auto* ack = std::get_if<model::AckEpoch>(&send->packet);
      if (ack != nullptr && !ack->current_epoch) seen |= bit(EpochProperty::accepted_before);
    } else if (std::holds_alternative<model::Disconnect>(effect)) {
      // What else could be wrong does not happen among such servers; a leader without history sends away as well.
      if (keeps_history(state.peer.durable)) seen |= bit(EpochProperty::learner_ahead);
    } else if (const auto* established = std::get_if<model::Established>(&effect)) {
      const bool leads = established->leader == state.peer.id;
      const bool observes = state.peer.learner_type == model::LearnerType::observer;
      seen |= bit(leads ? EpochProperty::leader_established : EpochProperty::learner_up_to_date);
      if (observes) seen |= bit(EpochProperty::observer_up_to_date);
      if (!leads) continue;
    }
    outs.push_back(out_of(effect));
  }
  state.pending.erase(state.pending.begin(), state.pending.begin() + static_cast<std::ptrdiff_t>(done));
}

EpochOut EpochMachine::out_of(const EpochEffect& effect) {
  using Kind = EpochOut::Kind;
  const auto other = [this](ServerId id) { return static_cast<std::uint8_t>(index_of(id)); };
  if (const auto* connect = std::get_if<model::Connect>(&effect)) {
    return EpochOut{Kind::connect, other(connect->leader), intern(model::Packet{connect->info}), 0};
  }
  if (const auto* send = std::get_if<model::SendPacket>(&effect)) {
    return EpochOut{Kind::send, other(send->to), intern(send->packet), 0};
  }
  if (const auto* disconnect = std::get_if<model::Disconnect>(&effect)) {
    return EpochOut{Kind::disconnect, other(disconnect->from), 0, 0};
  }
  if (const auto* established = std::get_if<model::Established>(&effect)) {
    return EpochOut{Kind::established, other(established->leader), 0, small(established->epoch)};
  }
  assert(std::holds_alternative<model::RoleOver>(effect));
  return EpochOut{Kind::over, 0, 0, 0};
}

EpochFacts EpochMachine::facts(int server, LocalId local) {
  const EpochServer state = value(server, local);
  EpochFacts facts;
  facts.role = state.peer.role;
  facts.pending = !state.pending.empty();
  facts.disk = state.disk;
  facts.standing = model::Standing{state.disk.current_epoch, state.disk.last_zxid};
  facts.floor = static_cast<std::uint8_t>(state.floor);
  facts.witnesses = state.witnesses;
  if (state.peer.role == EpochRole::leading) {
    const model::LeadingEpoch& leading = state.peer.leading;
    facts.established = leading.phase == model::LeadPhase::established && !facts.pending;
    facts.told = leading.phase != model::LeadPhase::collecting;
    facts.epoch = leading.epoch < PeerEpoch{0} ? std::uint8_t{0} : small(leading.epoch);
    facts.late = rules_.leader_late && std::find(leading.connected.begin(), leading.connected.end(), state.peer.id) ==
                                           leading.connected.end();
    facts.standing = leading.standing;
    for (const model::LearnerLink& learner : leading.learners) facts.learners |= 1U << index_of(learner.sid);
  } else if (state.peer.role == EpochRole::learning) {
    facts.leader = static_cast<std::int8_t>(index_of(state.peer.learning.leader));
    facts.epoch = small(state.peer.learning.epoch);
    facts.up_to_date = state.peer.learning.phase == model::LearnPhase::up_to_date && !facts.pending;
  }
  return facts;
}

PacketId EpochMachine::intern(const model::Packet& packet) {
  const std::scoped_lock lock(mutex_);
  const auto [place, fresh] = packet_ids_.emplace(encode(packet), static_cast<PacketId>(packets_.size()));
  if (fresh) packets_.push_back(packet);
  return place->second;
}

LocalId EpochMachine::intern(int server, const EpochServer& state) {
  Known& known = known_[static_cast<std::size_t>(server)];
  const auto [place, fresh] = known.ids.emplace(encode(state), static_cast<LocalId>(known.values.size()));
  if (fresh) {
    known.values.push_back(state);
    known.bytes.push_back(place->first);
  }
  return place->second;
}

EpochServer EpochMachine::value(int server, LocalId local) {
  const std::scoped_lock lock(mutex_);
  return known_[static_cast<std::size_t>(server)].values[local];
}
std::string EpochMachine::bytes(int server, LocalId local) {
  const std::scoped_lock lock(mutex_);
  return known_[static_cast<std::size_t>(server)].bytes[local];
}
std::vector<EpochOut> EpochMachine::outs(std::uint32_t index) {
  const std::scoped_lock lock(mutex_);
  return outs_[index];
}
model::Packet EpochMachine::packet(PacketId id) {
  const std::scoped_lock lock(mutex_);
  return packets_[id];
}
std::string EpochMachine::packet_bytes(PacketId id) { return encode(packet(id)); }
std::size_t EpochMachine::locals(int server) {
  const std::scoped_lock lock(mutex_);
  return known_[static_cast<std::size_t>(server)].values.size();
}
std::size_t EpochMachine::bytes_used() {
  const std::scoped_lock lock(mutex_);
  std::size_t sum = outs_.size() * 64;
  for (const Known& known : known_) sum += known.values.size() * (sizeof(EpochServer) + 300);
  return sum;
}
int EpochMachine::index_of(ServerId id) const {
  for (std::size_t i = 0; i < participants_.size(); ++i) {
    if (participants_[i] == id) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace conclave::spec
