#include "epoch_twin.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace conclave::tests {
namespace {

using model::EpochEffect;
using model::EpochRole;
using model::Packet;
using model::PeerEpoch;
using model::ServerId;
using model::Standing;
using model::Zxid;
using spec::EpochProperty;
using spec::PropertySet;

struct Process {
  model::EpochPeer peer;
  model::Durable disk;
  std::vector<EpochEffect> pending;
  std::set<int> witnesses;
  int floor = 0;
};

// A connection of a learner to the leader it follows. Ended at the leader's side: what was sent before can be read.
enum class Connection { none, unread, open };

struct World {
  std::vector<Process> servers;
  std::map<std::pair<int, int>, std::vector<Packet>> wires;
  std::vector<Connection> connections;
  std::map<std::int64_t, int> established;
  std::pair<std::int64_t, std::int64_t> committed{0, 0};
  int transactions = 0;
  int stops = 0;
};

std::string text(const Packet& packet) {
  std::string all = std::to_string(packet.index());
  const auto add = [&all](std::int64_t value) { all += "," + std::to_string(value); };
  if (const auto* info = std::get_if<model::FollowerInfo>(&packet)) add(info->accepted_epoch.value);
  if (const auto* leader = std::get_if<model::LeaderInfo>(&packet)) add(leader->epoch.value);
  if (const auto* ack = std::get_if<model::AckEpoch>(&packet)) {
    add(ack->current_epoch ? ack->current_epoch->value : -1);
    add(ack->last_zxid.value);
  }
  if (const auto* history = std::get_if<model::Synchronise>(&packet)) {
    add(history->from.value);
    add(history->to.value);
  }
  if (const auto* leader = std::get_if<model::NewLeader>(&packet)) add(leader->epoch.value);
  if (const auto* ack = std::get_if<model::EpochAck>(&packet)) add(ack->epoch.value);
  return "(" + all + ")";
}

std::string text(const EpochEffect& effect) {
  std::string all = "e" + std::to_string(effect.index());
  if (const auto* write = std::get_if<model::WriteAccepted>(&effect)) all += std::to_string(write->epoch.value);
  if (const auto* write = std::get_if<model::WriteCurrent>(&effect)) all += std::to_string(write->epoch.value);
  if (const auto* write = std::get_if<model::WriteHistory>(&effect)) all += std::to_string(write->last_zxid.value);
  if (const auto* send = std::get_if<model::SendPacket>(&effect)) {
    all += std::to_string(send->to.value) + text(send->packet);
  }
  if (const auto* end = std::get_if<model::Disconnect>(&effect)) all += std::to_string(end->from.value);
  if (const auto* done = std::get_if<model::Established>(&effect)) all += std::to_string(done->epoch.value);
  return all;
}

std::string text(const Process& process) {
  std::string all;
  const auto add = [&all](std::int64_t value) { all += std::to_string(value) + " "; };
  const auto set = [&](const auto& ids) {
    all += "{";
    for (const ServerId id : ids) add(id.value);
    all += "}";
  };
  for (const model::Durable& durable : {process.disk, process.peer.durable}) {
    add(durable.accepted_epoch.value);
    add(durable.current_epoch.value);
    add(durable.last_zxid.value);
  }
  add(static_cast<int>(process.peer.role));
  const model::LeadingEpoch& leading = process.peer.leading;
  add(static_cast<int>(leading.phase));
  add(leading.standing.current_epoch.value);
  add(leading.standing.last_zxid.value);
  add(leading.epoch.value);
  set(leading.connected);
  set(leading.accepted);
  set(leading.acknowledged);
  set(leading.refused);
  for (const model::LearnerLink& learner : leading.learners) {
    add(learner.sid.value);
    add(static_cast<int>(learner.phase));
    add(learner.last_zxid.value);
  }
  const model::LearningEpoch& learning = process.peer.learning;
  all += "|";
  add(learning.leader.value);
  add(static_cast<int>(learning.phase));
  add(learning.epoch.value);
  add(learning.history.value);
  for (const EpochEffect& effect : process.pending) all += text(effect) + ";";
  all += "w";
  for (const int witness : process.witnesses) add(witness);
  add(process.floor);
  return all;
}

std::string text(const World& world) {
  std::string all;
  for (const Process& process : world.servers) all += text(process) + "\n";
  for (const auto& [ends, packets] : world.wires) {
    if (packets.empty()) continue;
    all += std::to_string(ends.first) + ">" + std::to_string(ends.second);
    for (const Packet& packet : packets) all += text(packet);
  }
  for (const Connection connection : world.connections) all += "c" + std::to_string(static_cast<int>(connection));
  for (const auto& [epoch, server] : world.established) {
    all += " e" + std::to_string(epoch) + "=" + std::to_string(server);
  }
  all += " " + std::to_string(world.committed.first) + "." + std::to_string(world.committed.second);
  return all + " " + std::to_string(world.transactions) + " " + std::to_string(world.stops);
}

class Plain {
 public:
  Plain(int voters, int observers, const spec::EpochScope& scope, const spec::EpochRuleVariant& rules)
      : voters_(voters), count_(voters + (scope.observers ? observers : 0)), scope_(scope), rules_(rules) {
    std::vector<model::Member> members;
    for (int i = 1; i <= voters + observers; ++i) {
      const auto role = i > voters ? model::LearnerType::observer : model::LearnerType::participant;
      members.push_back(model::Member{ServerId{i}, role, {}, {}});
    }
    ensemble_ = model::single_configuration(model::Configuration::make(model::QuorumKind::majority, members));
  }

  EpochTwinResult run() {
    World start;
    start.connections.assign(static_cast<std::size_t>(count_), Connection::none);
    for (int i = 0; i < count_; ++i) {
      Process process;
      if ((scope_.without_history >> i & 1U) != 0) process.disk.last_zxid = model::no_history;
      process.peer = model::make_epoch_peer(ensemble_, ServerId{i + 1}, process.disk);
      start.servers.push_back(process);
    }
    std::set<std::string> known{text(start)};
    std::vector<World> level{start};
    while (!level.empty()) {
      result_.levels.push_back(level.size());
      next_.clear();
      for (const World& world : level) expand(world);
      level.clear();
      for (World& world : next_) {
        if (known.insert(text(world)).second) level.push_back(std::move(world));
      }
      PropertySet claims = 0;
      for (const auto& info : spec::epoch_property_infos()) {
        if (info.kind == spec::PropertyKind::always) claims |= bit(info.property);
      }
      result_.violated = (result_.seen & claims) != 0;
      if (result_.violated) break;
    }
    return result_;
  }

 private:
  static Process& at(World& world, int server) { return world.servers[static_cast<std::size_t>(server)]; }
  static const Process& at(const World& world, int server) { return world.servers[static_cast<std::size_t>(server)]; }
  static Connection& connection(World& world, int server) {
    return world.connections[static_cast<std::size_t>(server)];
  }
  // Whom it follows, or -1.
  static int leader_of(const World& world, int server) {
    const model::EpochPeer& peer = at(world, server).peer;
    return peer.role == EpochRole::learning ? static_cast<int>(peer.learning.leader.value) - 1 : -1;
  }
  static bool leads(const World& world, int server) { return at(world, server).peer.role == EpochRole::leading; }
  static bool settled_leader(const World& world, int server) {
    const Process& process = at(world, server);
    return leads(world, server) && process.peer.leading.phase == model::LeadPhase::established &&
           process.pending.empty();
  }
  static bool counts_itself(const World& world, int server) {
    const auto& connected = at(world, server).peer.leading.connected;
    return std::count(connected.begin(), connected.end(), ServerId{server + 1}) != 0;
  }
  static bool up_to_date(const World& world, int server) {
    const Process& process = at(world, server);
    return process.peer.role == EpochRole::learning && process.peer.learning.phase == model::LearnPhase::up_to_date &&
           process.pending.empty();
  }
  void saw(EpochProperty property) { result_.seen |= bit(property); }
  void emit(const World& world) {
    ++result_.steps;
    next_.push_back(world);
  }

  void expand(const World& world) {
    int settled = 0;
    for (int i = 0; i < count_; ++i) {
      const model::Durable& disk = at(world, i).disk;
      if (disk.accepted_epoch < disk.current_epoch) saw(EpochProperty::accepted_not_below_current);
      const std::int64_t newest = disk.last_zxid.value >> 32;
      if (newest > 0 && !world.established.contains(newest)) saw(EpochProperty::zxid_of_established);
      if (disk.last_zxid.value >> 32 > disk.current_epoch.value) saw(EpochProperty::unstartable);
      if (settled_leader(world, i) && ++settled > 1) saw(EpochProperty::two_established);
      const Process& process = at(world, i);
      const bool idle = process.peer.role == EpochRole::none && process.pending.empty();
      if (!process.pending.empty()) {
        write(world, i);
      } else if (idle) {
        begin(world, i);
      } else {
        for (int from = 0; from < count_; ++from) read(world, i, from);
        grow(world, i);
        if (rules_.leader_late && leads(world, i) && !counts_itself(world, i)) happen(world, i, model::Lead{});
        if (scope_.ticks && leads(world, i)) watch(world, i);
      }
      if (!idle && (scope_.stops < 0 || world.stops < scope_.stops)) stop(world, i);
    }
  }

  void begin(const World& world, int server) {
    World next = world;
    at(next, server).floor = world.established.empty() ? 0 : static_cast<int>(world.established.rbegin()->first);
    if (server < voters_) happen(next, server, model::Lead{});
    for (int leader = 0; leader < count_; ++leader) {
      if (leader == server || !leads(world, leader)) continue;
      const auto wire = world.wires.find({server, leader});
      if (wire != world.wires.end() && wire->second.size() > 2) continue;
      happen(world, server, model::Follow{ServerId{leader + 1}, at(world, leader).disk.last_zxid});
    }
  }

  void read(const World& world, int server, int from) {
    const auto wire = world.wires.find({from, server});
    if (wire == world.wires.end() || wire->second.empty()) return;
    World next = world;
    auto& packets = next.wires[{from, server}];
    const Packet packet = packets.front();
    packets.erase(packets.begin());
    int hellos = 0;
    for (const Packet& other : wire->second) hellos += std::holds_alternative<model::FollowerInfo>(other) ? 1 : 0;
    const bool last_hello = std::holds_alternative<model::FollowerInfo>(packet) && hellos == 1;
    const bool current = leads(world, server) && leader_of(world, from) == server;
    if (current && last_hello && connection(next, from) == Connection::unread) {
      connection(next, from) = Connection::open;
    }
    happen(next, server, model::PacketFrom{ServerId{from + 1}, packet});
    const auto link = world.connections[static_cast<std::size_t>(from)];
    if (leads(world, server) && (!current || link == Connection::none)) {
      World lost = world;
      lost.wires[{from, server}].clear();
      emit(lost);
    }
  }

  void watch(const World& world, int server) {
    const Process& process = at(world, server);
    for (const model::LearnerLink& learner : process.peer.leading.learners) {
      const int other = static_cast<int>(learner.sid.value) - 1;
      const bool follows = leader_of(world, other) == server;
      if (follows && world.connections[static_cast<std::size_t>(other)] == Connection::open) continue;
      const auto wire = world.wires.find({other, server});
      const bool read = wire == world.wires.end() || wire->second.empty() ||
                        std::holds_alternative<model::FollowerInfo>(wire->second.front());
      if (read) happen(world, server, model::LinkLost{learner.sid});
    }
    if (!settled_leader(world, server)) return;
    const model::EpochTransition made = rules_.step(ensemble_, process.peer, model::Tick{});
    int connected = 1;
    for (const model::LearnerLink& learner : made.peer.leading.learners) connected += learner.sid.value <= voters_;
    if (made.peer.role == EpochRole::leading && 2 * connected <= voters_) saw(EpochProperty::kept_by_quorum);
    happen(world, server, model::Tick{});
  }

  void grow(const World& world, int server) {
    if (!keeps_history(at(world, server).disk)) return;
    if (settled_leader(world, server) && world.transactions < scope_.transactions) {
      World next = world;
      ++next.transactions;
      const std::int64_t epoch = at(world, server).peer.leading.epoch.value;
      const std::int64_t last = at(world, server).disk.last_zxid.value;
      set_history(next, server, last >> 32 == epoch ? last + 1 : (epoch << 32) + 1);
      count_holders(next, server);
      emit(next);
    }
    const int leader = leader_of(world, server);
    if (!up_to_date(world, server) || !settled_leader(world, leader)) return;
    if (world.connections[static_cast<std::size_t>(server)] != Connection::open) return;
    const std::int64_t history = at(world, leader).disk.last_zxid.value;
    if (history == at(world, server).disk.last_zxid.value) return;
    const bool known_to_all = std::pair{history >> 32, history & 0xffffffff} <= world.committed;
    if (server >= voters_ && !known_to_all) return;
    World next = world;
    set_history(next, server, history);
    count_holders(next, leader);
    emit(next);
  }
  static void set_history(World& world, int server, std::int64_t zxid) {
    at(world, server).disk.last_zxid = Zxid{zxid};
    at(world, server).peer.durable.last_zxid = Zxid{zxid};
  }
  void count_holders(World& world, int leader) {
    const std::int64_t zxid = at(world, leader).disk.last_zxid.value;
    int holders = 1;
    for (int i = 0; i < voters_; ++i) {
      if (leader_of(world, i) == leader && up_to_date(world, i) && at(world, i).disk.last_zxid.value == zxid)
        ++holders;
    }
    const std::pair<std::int64_t, std::int64_t> pair{zxid >> 32, zxid & 0xffffffff};
    if (2 * holders > voters_ && pair > world.committed) {
      world.committed = pair;
      saw(EpochProperty::transaction_committed);
    }
  }

  void write(const World& world, int server) {
    World next = world;
    Process& process = at(next, server);
    const model::Durable before = process.disk;
    const EpochEffect effect = process.pending.front();
    process.pending.erase(process.pending.begin());
    if (const auto* accepted = std::get_if<model::WriteAccepted>(&effect)) {
      process.disk.accepted_epoch = accepted->epoch;
      promise(next, server, accepted->epoch);
    } else if (const auto* current = std::get_if<model::WriteCurrent>(&effect)) {
      process.disk.current_epoch = current->epoch;
    } else {
      process.disk.last_zxid = std::get<model::WriteHistory>(effect).last_zxid;
    }
    if (process.disk.accepted_epoch < before.accepted_epoch || process.disk.current_epoch < before.current_epoch) {
      saw(EpochProperty::written_never_falls);
    }
    if (process.disk.last_zxid < before.last_zxid) saw(EpochProperty::history_truncated);
    go_on(next, server);
    emit(next);
  }
  void promise(World& world, int server, PeerEpoch epoch) const {
    const int leader = leads(world, server) ? server : leader_of(world, server);
    if (server >= voters_ || leader < 0 || !leads(world, leader)) return;
    const model::LeadingEpoch& leading = at(world, leader).peer.leading;
    if (leading.phase == model::LeadPhase::collecting || leading.epoch != epoch) return;
    const model::Durable& disk = at(world, server).disk;
    const bool ahead = std::pair{disk.current_epoch, disk.last_zxid} >
                       std::pair{leading.standing.current_epoch, leading.standing.last_zxid};
    if (server == leader || !ahead) at(world, leader).witnesses.insert(server);
  }

  void stop(const World& world, int server) {
    World next = world;
    if (scope_.stops >= 0) ++next.stops;
    leave(next, server, leader_of(world, server), leads(world, server));
    Process fresh;
    fresh.disk = at(world, server).disk;
    fresh.peer = model::make_epoch_peer(ensemble_, ServerId{server + 1}, fresh.disk);
    at(next, server) = fresh;
    emit(next);
  }
  void leave(World& world, int server, int leader, bool led) const {
    if (leader >= 0) {
      connection(world, server) = Connection::none;
      world.wires[{leader, server}].clear();
    }
    for (int other = 0; led && other < count_; ++other) {
      world.wires[{other, server}].clear();
      if (leader_of(world, other) == server) connection(world, other) = Connection::none;
    }
  }

  void happen(World next, int server, const model::EpochEvent& event) {
    const int leader = leader_of(next, server);
    const bool led = leads(next, server);
    Process& process = at(next, server);
    const model::EpochTransition made = rules_.step(ensemble_, process.peer, event);
    process.peer = made.peer;
    process.pending.assign(made.effects.begin(), made.effects.end());
    if (process.peer.role == EpochRole::leading && process.peer.leading.epoch.value > scope_.epochs) return;
    for (const EpochEffect& effect : made.effects) {
      if (const auto* over = std::get_if<model::RoleOver>(&effect)) {
        if (over->reason == model::EndReason::epoch_too_low) saw(EpochProperty::epoch_refused);
        if (over->reason == model::EndReason::quorum_lost) saw(EpochProperty::leader_gives_up);
        leave(next, server, leader, led);
      }
      if (is_write(effect)) break;
    }
    go_on(next, server);
    emit(next);
  }

  // Whatever waits for no write.
  void go_on(World& world, int server) {
    Process& process = at(world, server);
    while (!process.pending.empty() && !is_write(process.pending.front())) {
      const EpochEffect effect = process.pending.front();
      process.pending.erase(process.pending.begin());
      if (const auto* connect = std::get_if<model::Connect>(&effect)) {
        const int leader = static_cast<int>(connect->leader.value) - 1;
        world.wires[{server, leader}].push_back(Packet{connect->info});
        world.wires[{leader, server}].clear();
        connection(world, server) = Connection::unread;
      } else if (const auto* send = std::get_if<model::SendPacket>(&effect)) {
        carry(world, server, static_cast<int>(send->to.value) - 1, send->packet);
      } else if (const auto* end = std::get_if<model::Disconnect>(&effect)) {
        send_away(world, server, static_cast<int>(end->from.value) - 1);
      } else if (const auto* done = std::get_if<model::Established>(&effect)) {
        if (done->leader.value == server + 1) {
          establish(world, server, done->epoch.value);
        } else {
          saw(EpochProperty::learner_up_to_date);
          if (server >= voters_) saw(EpochProperty::observer_up_to_date);
        }
      }
    }
    if (process.peer.role != EpochRole::leading) {
      process.witnesses.clear();
      process.floor = 0;
    }
  }
  void carry(World& world, int from, int to, const Packet& packet) {
    if (std::holds_alternative<model::Ping>(packet)) return;
    const auto* ack = std::get_if<model::AckEpoch>(&packet);
    if (ack != nullptr && !ack->current_epoch) saw(EpochProperty::accepted_before);
    const bool down = leads(world, from);
    if (down && (leader_of(world, to) != from || connection(world, to) != Connection::open)) return;
    if (!down && connection(world, from) == Connection::none) return;
    world.wires[{from, to}].push_back(packet);
  }
  void send_away(World& world, int leader, int learner) {
    if (keeps_history(at(world, leader).disk)) saw(EpochProperty::learner_ahead);
    auto& packets = world.wires[{learner, leader}];
    while (!packets.empty() && !std::holds_alternative<model::FollowerInfo>(packets.front())) {
      packets.erase(packets.begin());
    }
    if (leader_of(world, learner) == leader && connection(world, learner) == Connection::open) {
      connection(world, learner) = Connection::none;
    }
  }
  void establish(World& world, int server, std::int64_t epoch) {
    const Process& process = at(world, server);
    saw(EpochProperty::leader_established);
    if (world.established.contains(epoch)) saw(EpochProperty::one_leader_per_epoch);
    world.established[epoch] = server;
    if (world.established.size() > 1) saw(EpochProperty::second_epoch);
    if (epoch <= process.floor) saw(EpochProperty::epochs_rise);
    if (2 * static_cast<int>(process.witnesses.size()) <= voters_) saw(EpochProperty::as_recent_as_quorum);
    if (scope_.transactions == 0 || !keeps_history(process.disk)) return;
    const std::int64_t zxid = process.disk.last_zxid.value;
    const std::pair<std::int64_t, std::int64_t> history{zxid >> 32, zxid & 0xffffffff};
    if (history < world.committed && epoch > world.committed.first) saw(EpochProperty::committed_survives);
    world.committed = std::max(world.committed, history);
  }

  int voters_;
  int count_;
  spec::EpochScope scope_;
  const spec::EpochRuleVariant& rules_;
  model::Ensemble ensemble_;
  std::vector<World> next_;
  EpochTwinResult result_;
};

}  // namespace

EpochTwinResult explore_epochs_plainly(int voters, int observers, const spec::EpochScope& scope,
                                       const spec::EpochRuleVariant& rules) {
  return Plain(voters, observers, scope, rules).run();
}

}  // namespace conclave::tests
