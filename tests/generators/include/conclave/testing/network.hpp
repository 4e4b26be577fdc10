// A handful of servers, the links between them, and what can happen to both: where schedules run.
//
// The network is the one that ZooKeeper's connection manager makes of TCP: per ordered pair of servers a FIFO that may
// lose messages and that, after a reconnection, may give the last one again. A schedule is a list of actions with the
// names of the servers in them, so that leaving some out still means something: an action that is not enabled is
// passed over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "conclave/model/election.hpp"
#include "conclave/testing/show.hpp"

namespace conclave::testing {

// coarse: a server takes a message from reception to its end at once and hears itself immediately, as react() does.
// fine: reception, the main loop, and the publication of a decision are actions of their own, and what a server says
// to itself travels as well.
enum class Grain : std::uint8_t { coarse, fine };

struct Setup {
  model::QuorumKind kind = model::QuorumKind::majority;
  std::vector<model::Member> members;
  std::vector<model::Durable> durables;  // of the members, in their order
  Grain grain = Grain::coarse;
};

enum class Act : std::uint8_t {
  start,      // the process; in the fine grain a second time: the election
  crash,      // what is durable stays, and so does what is under way to others
  deliver,    // the oldest message of a link
  drop,       // the same, lost
  reconnect,  // what is under way on a link is lost, and the last message sent comes (again)
  process,    // fine grain only
  publish,    // fine grain only
  silence,    // finalizeWait is over
  time_out,   // the notification time-out
  end_role,   // leader lost, followers lost, or simply unlucky
  establish,  // a leader with a quorum of followers makes a new epoch durable at all of them
  learn       // a follower or observer of an established leader learns that epoch
};

inline constexpr std::size_t acts = static_cast<std::size_t>(Act::learn) + 1;

struct Action {
  Act act;
  model::ServerId at;
  model::ServerId from{0};  // of a link; else 0

  friend constexpr bool operator==(const Action&, const Action&) = default;
};

inline std::string text(const Action& action) {
  const std::string at = text(action.at);
  const std::string link = words(text(action.from), "->", at);
  switch (action.act) {
    case Act::start: return words("start ", at);
    case Act::crash: return words("crash ", at);
    case Act::deliver: return words("deliver ", link);
    case Act::drop: return words("drop ", link);
    case Act::reconnect: return words("reconnect ", link);
    case Act::process: return words("process at ", at);
    case Act::publish: return words("publish at ", at);
    case Act::silence: return words("silence at ", at);
    case Act::time_out: return words("time-out at ", at);
    case Act::end_role: return words("end role of ", at);
    case Act::establish: return words("establish epoch of ", at);
    case Act::learn: return words("learn epoch at ", at);
  }
  return "?";
}

// Every single step that some server makes, for those who watch a run.
using Observer = std::function<void(const model::Peer& before, const model::Event&, const model::Transition&)>;

template <class Rules = model::ZooKeeperRules>
class Network {
 public:
  explicit Network(const Setup& setup, Observer observer = {}) : setup_(setup), observer_(std::move(observer)) {
    ensemble_ = model::single_configuration(model::Configuration::make(setup.kind, setup.members));
    for (std::size_t i = 0; i < setup.members.size(); ++i) {
      servers_.push_back(Server{setup.members[i].id, setup.durables[i], std::nullopt, std::nullopt});
    }
    links_.resize(servers_.size() * servers_.size());
  }

  [[nodiscard]] const model::Ensemble& ensemble() const { return ensemble_; }
  // nullptr while the server is down, or if there is none of that name.
  [[nodiscard]] const model::Peer* peer(model::ServerId id) const {
    const auto index = index_of(id);
    return index && servers_[*index].peer ? &*servers_[*index].peer : nullptr;
  }

  [[nodiscard]] bool enabled(const Action& action) const {
    const auto at = index_of(action.at);
    if (!at) return false;
    const Server& server = servers_[*at];
    if (!server.peer) return action.act == Act::start;
    const model::Peer& peer = *server.peer;
    switch (action.act) {
      case Act::start: return std::holds_alternative<model::BeforeElection>(peer.role);
      case Act::crash: return true;
      case Act::deliver:
      case Act::drop: return index_of(action.from) && !link(action).flight.empty();
      case Act::reconnect: return action.from != action.at && this->peer(action.from) != nullptr && link(action).last;
      case Act::process: return model::in_election(peer) && !peer.received.empty();
      case Act::publish: return peer.unpublished.has_value();
      case Act::silence: return std::holds_alternative<model::Finalizing>(peer.role) && peer.received.empty();
      case Act::time_out: return std::holds_alternative<model::Polling>(peer.role) && peer.received.empty();
      case Act::end_role: return settled(peer);
      case Act::establish: return !server.established && has_followers(action.at);
      case Act::learn: {
        const Server* leader = leader_of(peer);
        return leader != nullptr && leader->established && settled(peer) &&
               peer.current_vote.proposal.epoch != *leader->established;
      }
    }
    return false;
  }

  // False, and nothing has happened, if the action is not enabled.
  bool apply(const Action& action) {
    if (!enabled(action)) return false;
    Server& server = servers_[*index_of(action.at)];
    switch (action.act) {
      case Act::start: start(server); break;
      case Act::crash: crash(server); break;
      case Act::deliver: {
        const model::Message message = link(action).flight.front();
        link(action).flight.pop_front();
        happen(server, model::Received{message});
        break;
      }
      case Act::drop: link(action).flight.pop_front(); break;
      case Act::reconnect: link(action).flight.assign(1, *link(action).last); break;
      case Act::process: happen(server, model::Process{}); break;
      case Act::publish: happen(server, model::VotePublished{}); break;
      case Act::silence: happen(server, model::Silence{}); break;
      case Act::time_out: happen(server, model::NotificationTimeout{true}); break;
      case Act::end_role: end_role(server); break;
      case Act::establish: establish(server); break;
      case Act::learn: learn(server); break;
    }
    return true;
  }

  [[nodiscard]] std::vector<Action> enabled_actions() const {
    std::vector<Action> all;
    const auto add = [this, &all](const Action& action) {
      if (enabled(action)) all.push_back(action);
    };
    for (const Server& at : servers_) {
      for (const Act act : {Act::start, Act::crash, Act::process, Act::publish, Act::silence, Act::time_out,
                            Act::end_role, Act::establish, Act::learn}) {
        add(Action{act, at.id});
      }
      for (const Server& from : servers_) {
        for (const Act act : {Act::deliver, Act::drop, Act::reconnect}) {
          add(Action{act, at.id, from.id});
        }
      }
    }
    return all;
  }

  // Can the servers that are up elect a leader at all? Those without a zxid can only join one.
  [[nodiscard]] bool can_settle() const {
    return ensemble_.configurations[0].contains_quorum([this](model::ServerId id) {
      const model::Peer* up = peer(id);
      return up != nullptr && up->durable.last_zxid != model::unlogged;
    });
  }

  // Does everyone who is up lead or follow the one leader?
  [[nodiscard]] bool has_settled() const {
    std::optional<model::ServerId> leader;
    for (const Server& server : servers_) {
      if (!server.peer) continue;
      if (!settled(*server.peer)) return false;
      const model::ServerId theirs = server.peer->current_vote.proposal.leader;
      if (leader && *leader != theirs) return false;
      leader = theirs;
    }
    return leader && peer(*leader) != nullptr && std::holds_alternative<model::Leading>(peer(*leader)->role);
  }

  // The faults have stopped: every message arrives before anyone's patience ends, time-outs send again, and roles that
  // have no leader or no quorum of followers end. Gives the rounds of this it took until all had settled.
  std::optional<int> settle(int rounds_max) {
    for (int round = 0; round < rounds_max; ++round) {
      for (Server& server : servers_) {
        if (server.peer && std::holds_alternative<model::BeforeElection>(server.peer->role)) {
          happen(server, model::Start{});
        }
      }
      talk_until_nothing_changes();
      if (has_settled()) return round;
      end_hopeless_roles();
    }
    return std::nullopt;
  }

  // Did settle() meet a conversation that goes on until somebody's patience ends? A looking observer answers a looking
  // voter of an earlier round at once, and the voter answers the observer, which does not vote, at once
  // (WorkerReceiver.run). No timer waits for that: the voter does not queue what an observer says.
  [[nodiscard]] bool talked_endlessly() const { return talked_endlessly_; }

  [[nodiscard]] std::string describe(model::ServerId id) const {
    const model::Peer* up = peer(id);
    return words(text(id), ": ", up == nullptr ? "down" : brief(*up));
  }

 private:
  struct Server {
    model::ServerId id;
    model::Durable durable;
    std::optional<model::Peer> peer;
    std::optional<model::PeerEpoch> established;  // while it leads
  };
  struct Link {
    std::deque<model::Message> flight;
    std::optional<model::Message> last;
  };

  [[nodiscard]] std::optional<std::size_t> index_of(model::ServerId id) const {
    for (std::size_t i = 0; i < servers_.size(); ++i) {
      if (servers_[i].id == id) return i;
    }
    return std::nullopt;
  }
  Link& link(const Action& action) { return links_[*index_of(action.from) * servers_.size() + *index_of(action.at)]; }
  [[nodiscard]] const Link& link(const Action& action) const {
    return links_[*index_of(action.from) * servers_.size() + *index_of(action.at)];
  }

  // Has decided, and told the world.
  static bool settled(const model::Peer& peer) {
    return model::state_of(peer) != model::ServerState::looking && !peer.unpublished;
  }
  [[nodiscard]] const Server* leader_of(const model::Peer& peer) const {
    std::optional<model::ServerId> id;
    if (const auto* role = std::get_if<model::Following>(&peer.role)) id = role->leader;
    if (const auto* role = std::get_if<model::Observing>(&peer.role)) id = role->leader;
    const auto index = id ? index_of(*id) : std::nullopt;
    if (!index || !servers_[*index].peer) return nullptr;
    return std::holds_alternative<model::Leading>(servers_[*index].peer->role) ? &servers_[*index] : nullptr;
  }
  [[nodiscard]] bool follows(model::ServerId id, model::ServerId leader) const {
    const model::Peer* up = peer(id);
    const auto* role = up == nullptr ? nullptr : std::get_if<model::Following>(&up->role);
    return role != nullptr && role->leader == leader && settled(*up);
  }
  [[nodiscard]] bool has_followers(model::ServerId leader) const {
    const model::Peer* up = peer(leader);
    if (up == nullptr || !std::holds_alternative<model::Leading>(up->role) || !settled(*up)) {
      return false;
    }
    return ensemble_.configurations[0].contains_quorum(
        [this, leader](model::ServerId id) { return id == leader || follows(id, leader); });
  }

  void start(Server& server) {
    const bool boots = !server.peer;
    if (boots) server.peer = model::make_peer(ensemble_, server.id, server.durable);
    if (!boots || setup_.grain == Grain::coarse) happen(server, model::Start{});
  }

  void crash(Server& server) {
    server.peer.reset();
    server.established.reset();
    for (const Server& other : servers_) {
      link({Act::deliver, server.id, other.id}).flight.clear();
      link({Act::deliver, other.id, server.id}).last.reset();
    }
  }

  void end_role(Server& server) {
    server.established.reset();
    happen(server, model::RoleEnded{});
    if (setup_.grain == Grain::coarse) happen(server, model::Start{});
  }

  void store(Server& server, const model::Durable& durable) {
    server.durable = durable;
    server.peer->durable = durable;
  }

  // The epoch is one more than all that its quorum has accepted, and one transaction is logged in it.
  void establish(Server& leader) {
    model::PeerEpoch epoch = leader.durable.accepted_epoch;
    for (const Server& server : servers_) {
      if (follows(server.id, leader.id) && server.durable.accepted_epoch > epoch) {
        epoch = server.durable.accepted_epoch;
      }
    }
    ++epoch.value;
    const model::Durable durable{epoch, epoch, model::Zxid{leader.durable.last_zxid.value + 1}};
    for (Server& server : servers_) {
      if (follows(server.id, leader.id)) store(server, durable);
    }
    store(leader, durable);
    leader.established = epoch;
    happen(leader, model::EpochEstablished{epoch});
  }

  void learn(Server& server) {
    const Server& leader = *leader_of(*server.peer);
    store(server, leader.durable);
    happen(server, model::EpochEstablished{*leader.established});
  }

  void happen(Server& server, const model::Event& event) {
    step(server, event);
    if (setup_.grain == Grain::coarse) finish(server);
  }

  void step(Server& server, const model::Event& event) {
    const model::Transition done = model::step_with<Rules>(ensemble_, *server.peer, event);
    if (observer_) observer_(*server.peer, event, done);
    server.peer = done.peer;
    for (const model::Effect& effect : done.effects) {
      if (const auto* one = std::get_if<model::SendTo>(&effect)) {
        send(server, one->to, model::message_of(one->notification));
      } else if (const auto* all = std::get_if<model::SendToAll>(&effect)) {
        const model::Message message = model::message_of(all->notification);
        model::for_each_voter(ensemble_, done.peer, [&](model::ServerId to) { send(server, to, message); });
      }
    }
  }

  void send(const Server& from, model::ServerId to, const model::Message& message) {
    if (!index_of(to)) return;
    Link& way = link({Act::deliver, to, from.id});
    way.last = message;
    if (peer(to) != nullptr) way.flight.push_back(message);
  }

  // What a server owes itself.
  void finish(Server& server) {
    Link& own = link({Act::deliver, server.id, server.id});
    for (;;) {
      if (!own.flight.empty()) {
        const model::Message message = own.flight.front();
        own.flight.pop_front();
        step(server, model::Received{message});
      } else if (server.peer->unpublished) {
        step(server, model::VotePublished{});
      } else if (model::in_election(*server.peer) && !server.peer->received.empty()) {
        step(server, model::Process{});
      } else {
        return;
      }
    }
  }

  // Delivers until nothing is under way, or until all that is left has gone round and round: see talks_endlessly().
  void deliver_all() {
    constexpr int sweeps_max = 300;  // more than ever waits on one link
    int sweeps = 0;
    for (bool busy = true; busy && sweeps < sweeps_max; ++sweeps) {
      busy = false;
      for (Server& at : servers_) {
        if (at.peer) finish(at);
        for (const Server& from : servers_) {
          if (!apply(Action{Act::deliver, at.id, from.id})) continue;
          busy = true;
          finish(at);
        }
      }
    }
    talked_endlessly_ = talked_endlessly_ || sweeps == sweeps_max;
  }

  void talk_until_nothing_changes() {
    constexpr int talks_max = 10;
    for (int talk = 0; talk < talks_max; ++talk) {
      const std::vector<model::Role> before = roles();
      deliver_all();
      each(Act::silence);
      deliver_all();
      each(Act::establish);
      each(Act::learn);
      each(Act::time_out);
      deliver_all();
      each(Act::silence);
      deliver_all();
      if (roles() == before) break;
    }
  }

  void each(Act act) {
    for (const Server& server : servers_) apply(Action{act, server.id});
  }

  [[nodiscard]] std::vector<model::Role> roles() const {
    std::vector<model::Role> all;
    for (const Server& server : servers_) {
      if (server.peer) all.push_back(server.peer->role);
    }
    return all;
  }

  void end_hopeless_roles() {
    for (Server& server : servers_) {
      if (!server.peer || !settled(*server.peer)) continue;
      const bool leads = std::holds_alternative<model::Leading>(server.peer->role);
      const bool hopeless = leads ? !has_followers(server.id) : leader_of(*server.peer) == nullptr;
      if (hopeless) apply(Action{Act::end_role, server.id});
    }
  }

  Setup setup_;
  Observer observer_;
  model::Ensemble ensemble_;
  std::vector<Server> servers_;
  std::vector<Link> links_;
  bool talked_endlessly_ = false;
};

}  // namespace conclave::testing
