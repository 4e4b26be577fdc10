#include "conclave/node/node.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "conclave/wire/notification.hpp"
#include "log.hpp"

namespace conclave::node {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using model::ServerId;
using model::ServerState;

constexpr int tick_time_default_ms = 3000;  // QuorumPeerConfig
constexpr int limit_default_ticks = 10;

std::vector<wire::HostPort> election_addresses(const config::ServerLine& server) {
  std::vector<wire::HostPort> addresses;
  for (const config::Address& address : server.addresses) addresses.push_back({address.host, address.election_port});
  return addresses;
}

std::chrono::milliseconds limit_of(const config::ZooCfg& cfg, const std::optional<int>& ticks) {
  return std::chrono::milliseconds(std::int64_t{cfg.tick_time_ms.value_or(tick_time_default_ms)} *
                                   ticks.value_or(limit_default_ticks));
}

// A server that is sent away for good, as one with a newer configuration is, would hold an election dozens of times a
// second, and so would those that answer it. ZooKeeper's observers wait for up to 200 ms
// (observer.electionDelayMs), its followers for nothing.
std::chrono::milliseconds pause_after(int fruitless) {
  constexpr std::chrono::milliseconds first{50};
  constexpr std::chrono::milliseconds longest{1000};
  constexpr int doublings_max = 5;
  if (fruitless < 2) return std::chrono::milliseconds(0);
  return std::min(first * (1 << std::min(fruitless - 2, doublings_max)), longest);
}

}  // namespace

std::string sasl_refused(const config::ZooCfg& cfg) {
  return cfg.file + ": found quorum.auth.enableSasl=true; expected false: a node does not speak SASL";
}

std::shared_ptr<Node> Node::make(asio::io_context& io, NodeSettings settings, Listener listener) {
  return std::shared_ptr<Node>(new Node(io, std::move(settings), std::move(listener)));
}

Node::Node(asio::io_context& io, NodeSettings settings, Listener listener)
    : io_(io),
      settings_(std::move(settings)),
      listener_(std::move(listener)),
      ensemble_(model::single_configuration(settings_.cfg.configuration)),
      config_texts_{config::to_config_text(settings_.cfg)},
      lease_(limit_of(settings_.cfg, settings_.cfg.sync_limit_ticks)),
      election_timer_(io),
      role_timer_(io) {
  ensemble_.timing.finalize_wait_ms = settings_.finalize_wait_ms;
  ensemble_.timing.notification_interval_min_ms = first_resend_ms;
  durable_ = settings_.durable;
  if (!settings_.empty_history) durable_.last_zxid = model::no_history;
  peer_ = model::make_peer(ensemble_, settings_.sid, durable_);
}

tl::expected<void, std::string> Node::start() {
  if (settings_.cfg.quorum_sasl) return tl::unexpected(sasl_refused(settings_.cfg));
  if (!settings_.transport && settings_.cfg.wants_tls()) {
    return tl::unexpected(settings_.cfg.file + ": found TLS between servers; expected a transport for it as well");
  }
  if (!settings_.transport) settings_.transport = plain_transport();
  ConnectionSettings connections;
  connections.own = settings_.sid;
  connections.transport = settings_.transport;
  connections.listen_on_all_ips = settings_.cfg.quorum_listen_on_all_ips;
  for (const config::ServerLine& server : settings_.cfg.servers) {
    if (server.id == settings_.sid) {
      connections.own_addresses = election_addresses(server);
    } else {
      connections.peers.push_back({server.id, election_addresses(server)});
    }
  }
  if (connections.own_addresses.empty()) {
    return tl::unexpected("server." + std::to_string(settings_.sid.value) + " is not in " + settings_.cfg.file);
  }
  if (settings_.cfg.cnx_timeout_ms) {
    connections.connect_timeout = std::chrono::milliseconds(*settings_.cfg.cnx_timeout_ms);
  }
  const std::weak_ptr<Node> weak = weak_from_this();
  ConnectionManager::Callbacks callbacks;
  callbacks.received = [weak](ServerId from, wire::ByteView body) {
    if (const auto self = weak.lock()) self->received(from, body);
  };
  callbacks.link = [weak](ServerId sid, bool up) {
    const auto self = weak.lock();
    if (!self || self->stopped_) return;
    const auto* following = std::get_if<model::Following>(&self->peer_.role);
    if (!up && following != nullptr && following->leader == sid) self->connections_->connect(sid);
    self->look_at_role();
  };
  callbacks.unreachable = [weak](ServerId sid) {
    const auto self = weak.lock();
    if (!self || self->stopped_) return;
    const auto* following = std::get_if<model::Following>(&self->peer_.role);
    if (!self->quorum_ && following != nullptr && following->leader == sid)
      self->end_role("the leader can't be reached");
  };
  if (settings_.files != nullptr) make_quorum_port();
  connections_ = ConnectionManager::make(io_, std::move(connections), std::move(callbacks));
  if (auto bound = connections_->listen(); !bound) return bound;
  // Else it would be elected, again and again, and nobody could follow it.
  if (quorum_ && settings_.cfg.configuration.votes(settings_.sid)) {
    if (auto free = quorum_->can_listen(); !free) return free;
  }
  if (settings_.recorder != nullptr) {
    settings_.recorder->begin(
        {"conclave " CONCLAVE_VERSION, 0, settings_.sid, settings_.files != nullptr, durable_, ensemble_});
  }
  begin_election();
  return {};
}

void Node::stop() {
  if (settings_.recorder != nullptr && !stopped_) settings_.recorder->end("stopped");
  stopped_ = true;
  if (settings_.lease != nullptr) settings_.lease->clear();
  election_timer_.cancel();
  role_timer_.cancel();
  if (connections_) connections_->stop();
  if (quorum_) quorum_->stop();
}

void Node::make_quorum_port() {
  QuorumSettings quorum;
  quorum.own = settings_.sid;
  quorum.transport = settings_.transport;
  quorum.listen_on_all_ips = settings_.cfg.quorum_listen_on_all_ips;
  for (const config::ServerLine& server : settings_.cfg.servers) {
    for (const config::Address& address : server.addresses) {
      quorum.addresses[server.id].push_back({address.host, address.quorum_port});
    }
  }
  quorum.tick_time = std::chrono::milliseconds(settings_.cfg.tick_time_ms.value_or(tick_time_default_ms));
  quorum.init_limit = limit_of(settings_.cfg, settings_.cfg.init_limit_ticks);
  quorum.sync_limit = limit_of(settings_.cfg, settings_.cfg.sync_limit_ticks);
  QuorumPort::Callbacks callbacks;
  callbacks.established = [weak = weak_from_this()](ServerId, model::PeerEpoch epoch) {
    const auto self = weak.lock();
    if (!self || self->stopped_) return;
    self->established_ = true;
    const bool leads = state_of(self->peer_) == ServerState::leading;
    log::info("{}, established in epoch {}",
              leads ? "Have quorum of supporters" : "Learner received UPTODATE message", epoch.value);
    self->show_lease();
    self->statistics_.established(Clock::now());
    self->take(model::EpochEstablished{epoch});
  };
  callbacks.stepped = [weak = weak_from_this()](const model::EpochEvent& event, const model::EpochTransition& made) {
    const auto self = weak.lock();
    if (!self || self->stopped_) return;
    if (self->settings_.recorder != nullptr) self->settings_.recorder->epoch(event, made);
    self->lease_.step(event, made, LeaseClock::now());
    self->show_lease();
  };
  callbacks.over = [weak = weak_from_this()](const std::string& why) {
    if (const auto self = weak.lock()) self->end_role(why);
  };
  quorum_ = QuorumPort::make(io_, ensemble_, std::move(quorum), *settings_.files, std::move(callbacks));
}

NodeState Node::state() const {
  NodeState state{state_of(peer_), ServerId{0}, peer_.current_vote.proposal.epoch, established_, peer_.clock};
  if (state.state != ServerState::looking) state.leader = peer_.current_vote.proposal.leader;
  return state;
}

// --- the model ------------------------------------------------------------------------------------------------------

void Node::take(const model::Event& event) {
  if (stopped_) return;
  const bool was_looking = state_of(peer_) == ServerState::looking;
  if (std::holds_alternative<model::Start>(event)) {
    statistics_.election_began(Clock::now());
    log::info("New election. My id = {}, proposed zxid={}", settings_.sid.value,
              keeps_history(peer_.durable) ? fmt::format("0x{:x}", peer_.durable.last_zxid.value) : "none");
  }
  step(event);
  // react() stops where the effects of one call would not fit.
  while (model::in_election(peer_) && !peer_.received.empty()) step(model::Process{});
  tell();
  if (was_looking && state_of(peer_) != ServerState::looking) begin_role();
}

void Node::step(const model::Event& event) {
  const model::Transition made = model::react(ensemble_, peer_, event);
  if (settings_.recorder != nullptr) settings_.recorder->election(peer_, event, made);
  peer_ = made.peer;
  for (const model::Effect& effect : made.effects) apply(effect);
}

void Node::apply(const model::Effect& effect) {
  if (const auto* one = std::get_if<model::SendTo>(&effect)) {
    send(one->to, one->notification);
  } else if (const auto* all = std::get_if<model::SendToAll>(&effect)) {
    for_each_voter(ensemble_, peer_, [&](ServerId voter) { send(voter, all->notification); });
  } else if (std::holds_alternative<model::ReconnectAll>(effect)) {
    connections_->connect_all();
  } else if (const auto* timer = std::get_if<model::ArmTimer>(&effect)) {
    arm(*timer);
  } else if (const auto* decided = std::get_if<model::Decided>(&effect)) {
    log::info("About to leave FLE instance: leader={}, zxid=0x{:x}, my id={}, my state={}",
              decided->vote.proposal.leader.value, static_cast<std::uint64_t>(decided->vote.proposal.zxid.value),
              settings_.sid.value, name_of(decided->state));
  } else if (const auto* adopted = std::get_if<model::ConfigurationAdopted>(&effect)) {
    log::info("a newer configuration is in use: {}", config_texts_[adopted->config]);
  }
}

void Node::tell() {
  const NodeState now = state();
  if (now == told_) return;
  const bool changed = now.state != told_.state || now.leader != told_.leader || now.epoch != told_.epoch ||
                       now.established != told_.established;
  told_ = now;
  if (!changed) return;
  if (listener_) listener_(now);
}

void Node::send(ServerId to, const model::Notification& notification) {
  if (to == settings_.sid) return;  // react() has taken it already
  const model::Vote& vote = notification.vote;
  log::debug(
      "Sending Notification: {} (n.leader), 0x{:x} (n.zxid), 0x{:x} (n.round), {} (recipient), {} (myid), "
      "0x{:x} (n.peerEpoch)",
      vote.proposal.leader.value, static_cast<std::uint64_t>(vote.proposal.zxid.value),
      static_cast<std::uint64_t>(vote.round.value), to.value, settings_.sid.value,
      static_cast<std::uint64_t>(vote.proposal.epoch.value));
  connections_->send(to, wire::encode_notification(notification, config_texts_[notification.config]));
}

void Node::arm(const model::ArmTimer& timer) {
  election_timer_.expires_after(std::chrono::milliseconds(timer.ms));
  const bool finalizing = timer.timer == model::Timer::finalize;
  election_timer_.async_wait([weak = weak_from_this(), finalizing](error_code error) {
    const auto self = weak.lock();
    if (error || !self || self->stopped_) return;
    // A timer that was armed anew while this handler was already on its way would come too soon.
    if (self->election_timer_.expiry() > std::chrono::steady_clock::now()) return;
    if (finalizing) return self->take(model::Silence{});
    self->take(model::NotificationTimeout{self->connections_->have_delivered()});
    log::info("Notification time out: {} ms", self->peer_.notification_timeout_ms);
  });
}

void Node::received(ServerId from, wire::ByteView body) {
  if (stopped_) return;
  wire::DecodedNotification decoded = wire::decode_notification(from, body);
  if (decoded.reject) ++rejected_[static_cast<std::size_t>(*decoded.reject)];
  if (decoded.config_text) {
    decoded.message.config_text = look_at_config(*decoded.config_text, decoded.message.config);
  }
  const model::Message& message = decoded.message;
  log::debug(
      "Notification: my state:{}; n.sid:{}, n.state:{}, n.leader:{}, n.round:0x{:x}, n.peerEpoch:0x{:x}, "
      "n.zxid:0x{:x}, message format version:0x{:x}",
      name_of(state_of(peer_)), from.value, message.state_code, message.leader.value,
      static_cast<std::uint64_t>(message.round.value), static_cast<std::uint64_t>(message.peer_epoch.value),
      static_cast<std::uint64_t>(message.zxid.value), static_cast<std::uint32_t>(message.version));
  const auto* following = std::get_if<model::Following>(&peer_.role);
  const bool leader_looks = following != nullptr && following->leader == from && !decoded.reject &&
                            message.state_code == static_cast<std::int32_t>(ServerState::looking);
  if (settings_.cfg.configuration.find(from) != nullptr && message.format != model::MessageFormat::too_short) {
    statistics_.heard(message, Clock::now());
  }
  if (leader_looks && !quorum_) end_role("the leader looks for one itself");
  take(model::Received{message});
}

// Configurations that are new are remembered as long as there is room; a text is parsed once, and restarts an election
// once: it is not taken, and could keep this server from ever deciding. After that it is of no use, as an older one.
model::ConfigText Node::look_at_config(std::string_view text, model::ConfigIndex& index) {
  if (std::find(config_texts_.begin(), config_texts_.end(), text) != config_texts_.end()) {
    index = peer_.committed;
    return model::ConfigText::parsed;
  }
  const auto cfg = wire::parse_config_text(text, settings_.cfg.standalone_enabled);
  if (!cfg || ensemble_.configurations.full()) {
    ++rejected_[static_cast<std::size_t>(wire::Reject::unparseable_config)];
    return model::ConfigText::unparseable;
  }
  // Older ones than the committed are of no use to anybody.
  index = peer_.committed;
  if (cfg->configuration.version() <= committed(ensemble_, peer_).version()) return model::ConfigText::parsed;
  index = static_cast<model::ConfigIndex>(ensemble_.configurations.size());
  ensemble_.configurations.push_back(cfg->configuration);
  if (settings_.recorder != nullptr) settings_.recorder->configuration(cfg->configuration);
  config_texts_.emplace_back(text);
  return model::ConfigText::parsed;
}

// --- the role -------------------------------------------------------------------------------------------------------

void Node::begin_election() {
  log::info("LOOKING");
  peer_.durable = std::exchange(stands_back_, false) ? model::standing_back(durable_) : durable_;
  take(model::Start{});
}

void Node::begin_role() {
  statistics_.decided(state_of(peer_), Clock::now());
  log::info("{} - LEADER ELECTION TOOK - {} MS", name_of(state_of(peer_)),
            std::chrono::duration_cast<std::chrono::milliseconds>(statistics_.election_time().last()).count());
  election_timer_.cancel();
  waiting_for_role_ = false;
  if (!quorum_) return look_at_role();
  const model::EpochPeer role = model::make_epoch_peer(ensemble_, settings_.sid, durable_, peer_.committed);
  if (state_of(peer_) == ServerState::leading) return quorum_->lead(role, config_texts_[peer_.committed]);
  const model::Proposal& elected = peer_.current_vote.proposal;
  quorum_->follow(role, model::Follow{elected.leader, elected.zxid});
}

// Before the first effects of an epoch have happened, its writes among them, `established_` is not yet set.
void Node::show_lease() {
  if (settings_.lease == nullptr) return;
  const auto until = established_ ? lease_.until(ensemble_, quorum_->peer()) : std::nullopt;
  if (!until) return settings_.lease->clear();
  settings_.lease->hold(quorum_->peer().leading.epoch, *until);
}

bool Node::role_stands() const {
  if (const auto* following = std::get_if<model::Following>(&peer_.role)) {
    return connections_->connected(following->leader);
  }
  if (const auto* observing = std::get_if<model::Observing>(&peer_.role)) {
    return connections_->connected(observing->leader);
  }
  return committed(ensemble_, peer_).contains_quorum([this](ServerId id) {
    return id == settings_.sid || connections_->connected(id);
  });
}

// While the role does not stand, initLimit runs.
void Node::look_at_role() {
  if (state_of(peer_) == ServerState::looking || quorum_) return;
  if (role_stands()) {
    waiting_for_role_ = false;
    role_timer_.cancel();
    return;
  }
  if (waiting_for_role_) return;
  waiting_for_role_ = true;
  role_timer_.expires_after(limit_of(settings_.cfg, settings_.cfg.init_limit_ticks));
  role_timer_.async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (error || !self || self->stopped_ || !self->waiting_for_role_ || self->role_stands()) return;
    self->end_role("no connection to what it stands on within initLimit");
  });
}

void Node::end_role(const std::string& why) {
  if (stopped_ || state_of(peer_) == ServerState::looking) return;
  log::warn("{} ends: {}", name_of(state_of(peer_)), why);
  waiting_for_role_ = false;
  role_timer_.cancel();
  // One that only votes has no better sign than time.
  const bool fruitful =
      established_ || (!quorum_ && Clock::now() - statistics_.state_since() >= std::chrono::seconds(1));
  established_ = false;
  show_lease();
  statistics_.role_ended(Clock::now());
  if (quorum_) {
    stands_back_ = quorum_->end_reason() == model::EndReason::no_history;
    quorum_->stop();
    durable_ = quorum_->peer().durable;  // what has been accepted meanwhile
  }
  take(model::RoleEnded{});
  fruitless_ = fruitful ? 0 : fruitless_ + 1;
  const std::chrono::milliseconds pause = pause_after(fruitless_);
  if (pause.count() == 0) return begin_election();
  log::seldom(seldom_, spdlog::level::info, "{} roles in a row came to nothing: the next election in {} ms",
              fruitless_, pause.count());
  election_timer_.expires_after(pause);
  election_timer_.async_wait([weak = weak_from_this()](error_code error) {
    const auto self = weak.lock();
    if (error || !self || self->stopped_) return;
    if (self->election_timer_.expiry() > std::chrono::steady_clock::now()) return;
    self->begin_election();
  });
}

}  // namespace conclave::node
