#include "conclave/node/connection_manager.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "conclave/model/connections.hpp"
#include "conclave/node/close_on_exec.hpp"
#include "connection_parts.hpp"
#include "log.hpp"

namespace conclave::node {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using model::ServerId;
using wire::HostPort;

// After an accept that failed (no descriptors left, say) another attempt at once would only burn the processor.
constexpr std::chrono::milliseconds accept_pause{100};

// Between two connections that give way to a call in a server's name: far longer than finalizeWait, and ever longer.
constexpr std::chrono::milliseconds give_way_pause_min{1000};
constexpr std::chrono::milliseconds give_way_pause_max{60000};

// ZooKeeper calls a server back where it says that it is. Anybody can say anything for any id, so here that is the last
// resort: after the configured addresses, one address, and no name.
std::optional<HostPort> claimed_address(const std::vector<HostPort>& configured,
                                        const std::vector<HostPort>& claimed) {
  const auto other = std::find_if(claimed.begin(), claimed.end(), [&](const HostPort& address) {
    error_code no_number;
    const auto ip = asio::ip::make_address(address.host, no_number);
    const bool known = std::find(configured.begin(), configured.end(), address) != configured.end();
    return !no_number && !ip.is_unspecified() && !known;
  });
  return other == claimed.end() ? std::nullopt : std::optional(*other);
}

}  // namespace

std::shared_ptr<ConnectionManager> ConnectionManager::make(asio::io_context& io, ConnectionSettings settings,
                                                           Callbacks callbacks) {
  return std::shared_ptr<ConnectionManager>(new ConnectionManager(io, std::move(settings), std::move(callbacks)));
}

ConnectionManager::ConnectionManager(asio::io_context& io, ConnectionSettings settings, Callbacks callbacks)
    : io_(io), settings_(std::move(settings)), callbacks_(std::move(callbacks)) {
  for (const PeerAddresses& other : settings_.peers) {
    Peer& peer = peers_[other.sid];
    peer.addresses = other.election;
    peer.configured = true;
  }
}

ConnectionManager::~ConnectionManager() { stop(); }

void ConnectionManager::stop() {
  stopped_ = true;
  error_code ignored;
  for (auto& acceptor : acceptors_) acceptor.close(ignored);
  for (const auto& half : half_open_) {
    half->timer.cancel();
    half->connection->close();
  }
  for (const auto& attempt : attempts_) {
    attempt->over = true;
    attempt->timer.cancel();
    if (attempt->connection) attempt->connection->close();
  }
  for (auto& [sid, peer] : peers_) {
    if (!peer.link) continue;
    peer.link->closed = true;
    peer.link->connection->close();
    peer.link.reset();
  }
  half_open_.clear();
  attempts_.clear();
}

// --- accepting ------------------------------------------------------------------------------------------------------

// One address is enough, as for QuorumCnxManager.Listener.
tl::expected<void, std::string> ConnectionManager::listen() {
  std::string first_failure;
  for (const HostPort& address : settings_.own_addresses) {
    error_code error;
    tcp::endpoint endpoint(tcp::v6(), address.port);
    if (!settings_.listen_on_all_ips) {
      tcp::resolver resolver(io_);
      const auto found = resolver.resolve(address.host, std::to_string(address.port), error);
      if (!error && !found.empty()) endpoint = found.begin()->endpoint();
    }
    tcp::acceptor acceptor(io_);
    if (!error) acceptor.open(endpoint.protocol(), error);
    if (!error) close_on_exec(acceptor);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (!error) {
      acceptors_.push_back(std::move(acceptor));
      log::info("{} is accepting connections now, my election bind port: {}", settings_.own.value, to_text(address));
      continue;
    }
    const std::string failure = "can't listen on " + to_text(address) + ", the election port: " + error.message();
    if (settings_.own_addresses.size() > 1) log::error("{}", failure);
    if (first_failure.empty()) first_failure = failure;
  }
  if (acceptors_.empty()) return tl::unexpected(first_failure);
  for (std::size_t i = 0; i < acceptors_.size(); ++i) accept_next(i);
  return {};
}

void ConnectionManager::accept_next(std::size_t acceptor) {
  acceptors_[acceptor].async_accept([self = shared_from_this(), acceptor](error_code error, Socket socket) {
    if (self->stopped_) return;
    if (!error) {
      close_on_exec(socket);
      self->begin_handshake(std::move(socket));
      return self->accept_next(acceptor);
    }
    const auto pause = std::make_shared<asio::steady_timer>(self->io_, accept_pause);
    pause->async_wait([self, acceptor, pause](error_code) {
      if (!self->stopped_) self->accept_next(acceptor);
    });
  });
}

void ConnectionManager::begin_handshake(Socket socket) {
  if (half_open_.size() >= half_open_max) {
    reject(wire::Reject::half_open_limit);
    forget(half_open_.front());
  }
  const auto half = std::make_shared<HalfOpen>(io_, settings_.transport->answer(std::move(socket)));
  half_open_.push_back(half);
  half->timer.expires_after(settings_.handshake_timeout);
  half->timer.async_wait([self = shared_from_this(), half](error_code error) {
    if (error || half->in_use || self->stopped_) return;
    if (!half->decoder.handshake()) self->reject(wire::Reject::handshake_timeout);
    self->forget(half);
  });
  half->connection->async_handshake([weak = weak_from_this(), half](const HandshakeOutcome& outcome) {
    const auto self = weak.lock();
    if (self && !self->stopped_ && half->connection->socket().is_open()) self->shaken(half, outcome);
  });
}

void ConnectionManager::shaken(const std::shared_ptr<HalfOpen>& half, const HandshakeOutcome& outcome) {
  if (!outcome.wrong.empty()) {
    error_code gone;
    const tcp::endpoint caller = half->connection->socket().remote_endpoint(gone);
    log::seldom(seldom_, spdlog::level::warn, "a connection to the election port is closed: {} (from {})",
                outcome.wrong, gone ? "somebody" : caller.address().to_string());
    reject(wire::Reject::tls_handshake);
    return forget(half);
  }
  if (!outcome.session.empty()) log::debug("SSL handshake complete with a caller - {}", outcome.session);
  read_handshake(half);
}

void ConnectionManager::read_handshake(const std::shared_ptr<HalfOpen>& half) {
  half->connection->async_read_some(asio::buffer(half->buffer),
                                    [self = shared_from_this(), half](error_code error, std::size_t count) {
                                      if (self->stopped_ || !half->connection->socket().is_open()) return;
                                      if (error) {
                                        if (half->decoder.begun()) self->reject(wire::Reject::handshake_cut);
                                        return self->forget(half);
                                      }
                                      const wire::ByteView bytes(half->buffer.data(), count);
                                      const auto taken = half->decoder.feed(bytes);
                                      if (!taken) {
                                        self->reject(taken.error());
                                        return self->forget(half);
                                      }
                                      if (!half->decoder.handshake()) return self->read_handshake(half);
                                      self->greeted(half, bytes.subspan(*taken));
                                    });
}

// QuorumCnxManager.handleConnection: between two servers the connection that the larger id has opened survives.
void ConnectionManager::greeted(const std::shared_ptr<HalfOpen>& half, wire::ByteView rest) {
  const wire::Handshake& handshake = *half->decoder.handshake();
  ServerId sid = handshake.sid;
  if (sid == wire::observer_id) {
    sid = ServerId{next_observer_--};
    log::seldom(seldom_, spdlog::level::info, "Setting arbitrary identifier to observer: {}", sid.value);
  }
  const model::CallAnswer answer = model::answer_call(settings_.own, sid);
  if (answer == model::CallAnswer::ignore_it) {
    // ZooKeeper leaves it open for ever; here the handshake's time-out ends it.
    log::seldom(seldom_, spdlog::level::warn,
                "We got a connection request from a server with our own ID. This should be either a configuration "
                "error, or a bug.");
    return reject(wire::Reject::own_id);
  }
  if (answer == model::CallAnswer::call_back) {
    if (const Peer* known = peer_of(sid)) {
      for (const auto& attempt : attempts_) {
        if (attempt->sid == sid) attempt->called = true;
      }
      // A connection that is there gives way to another one with the configured server alone, and not as often as
      // anybody says so: each time both sides say their last vote again, and would wait for something better anew.
      const bool believed = known->link == nullptr;
      if (believed || may_give_way(sid)) {
        connect_to(sid, believed ? claimed_address(known->addresses, handshake.addresses) : std::nullopt);
      }
    }
    return forget(half);
  }
  const wire::Bytes more(rest.begin(), rest.end());
  half->in_use = true;
  half->timer.cancel();
  half_open_.remove(half);
  install(sid, half->connection, more);
}

bool ConnectionManager::may_give_way(ServerId sid) {
  Peer& peer = peers_.at(sid);
  const auto now = std::chrono::steady_clock::now();
  if (now < peer.stays_until) return false;
  const bool long_ago = now - peer.stays_until > give_way_pause_max;
  peer.stays = long_ago ? give_way_pause_min : std::min(2 * peer.stays, give_way_pause_max);
  peer.stays_until = now + peer.stays;
  return true;
}

void ConnectionManager::forget(const std::shared_ptr<HalfOpen>& half) {
  half->timer.cancel();
  half->connection->close();
  // Last, and by address: the reference may lie in the list.
  half_open_.remove_if([own = half.get()](const auto& one) { return one.get() == own; });
}

void ConnectionManager::reject(wire::Reject why) {
  ++counters_.rejected[static_cast<std::size_t>(why)];
  log::debug("not taken: {}", sentence_of(why));
}

// Also for servers that are in no configuration, but not for any number of them.
ConnectionManager::Peer* ConnectionManager::peer_of(ServerId sid) {
  const auto place = peers_.find(sid);
  if (place != peers_.end()) return &place->second;
  const auto stranger = [](const auto& entry) { return !entry.second.configured; };
  if (static_cast<std::size_t>(std::count_if(peers_.begin(), peers_.end(), stranger)) >= strangers_max) {
    reject(wire::Reject::stranger_limit);
    // Whoever came first goes; one that is being called is left alone.
    const auto oldest = std::min_element(peers_.begin(), peers_.end(), [](const auto& one, const auto& other) {
      const auto rank = [](const Peer& peer) {
        return std::tuple(peer.configured || peer.connecting, peer.link != nullptr, peer.met);
      };
      return rank(one.second) < rank(other.second);
    });
    if (oldest->second.configured || oldest->second.connecting) return nullptr;
    const ServerId gone = oldest->first;
    if (const auto link = oldest->second.link) drop(link);
    peers_.erase(gone);
  }
  Peer& peer = peers_[sid];
  peer.met = ++met_;
  return &peer;
}

// --- connections in use ---------------------------------------------------------------------------------------------

void ConnectionManager::install(ServerId sid, std::shared_ptr<Connection> connection, wire::ByteView rest) {
  Peer* peer = peer_of(sid);
  if (peer == nullptr) return connection->close();
  if (peer->link) {
    peer->link->closed = true;
    peer->link->connection->close();
  }
  error_code ignored;
  connection->socket().set_option(tcp::no_delay(true), ignored);
  connection->socket().set_option(asio::socket_base::keep_alive(true), ignored);
  const auto link = std::make_shared<Link>(sid, std::move(connection));
  peer->link = link;
  ++counters_.opened;
  // Whatever was sent last may have been lost with the connection before.
  if (model::sends_last_again(!peer->slot, peer->last.has_value())) peer->slot = peer->last;
  pump(*peer);
  if (callbacks_.link) callbacks_.link(sid, true);
  if (take(link, rest)) read(link);
}

void ConnectionManager::read(const std::shared_ptr<Link>& link) {
  link->connection->async_read_some(asio::buffer(link->buffer),
                                    [self = shared_from_this(), link](error_code error, std::size_t count) {
                                      if (self->stopped_ || link->closed) return;
                                      if (error) return self->drop(link);
                                      if (self->take(link, wire::ByteView(link->buffer.data(), count)))
                                        self->read(link);
                                    });
}

// False: the connection is over.
bool ConnectionManager::take(const std::shared_ptr<Link>& link, wire::ByteView bytes) {
  const auto wrong = link->decoder.feed(bytes, [&](wire::ByteView body) {
    ++counters_.received;
    if (callbacks_.received) callbacks_.received(link->sid, body);
    return !link->closed;
  });
  if (link->closed || stopped_) return false;
  if (!wrong) return true;
  reject(*wrong);
  drop(link);
  return false;
}

void ConnectionManager::pump(Peer& peer) {
  if (!peer.link || peer.link->writing || !peer.slot) return;
  const std::shared_ptr<Link> link = peer.link;
  link->writing = true;
  link->out = wire::encode_frame(*peer.slot);
  peer.last = std::move(peer.slot);
  peer.slot.reset();
  link->connection->async_write(buffer_of(link->out),
                                [self = shared_from_this(), link](error_code error, std::size_t) {
                                  if (self->stopped_ || link->closed) return;
                                  if (error) return self->drop(link);
                                  ++self->counters_.sent;
                                  link->writing = false;
                                  self->pump(self->peers_.at(link->sid));
                                });
}

void ConnectionManager::drop(const std::shared_ptr<Link>& link) {
  if (link->closed) return;
  link->closed = true;
  link->connection->close();
  const auto place = peers_.find(link->sid);
  if (place == peers_.end() || place->second.link != link) return;
  place->second.link.reset();
  if (callbacks_.link) callbacks_.link(link->sid, false);
}

void ConnectionManager::send(ServerId to, wire::Bytes body) {
  Peer* peer = peer_of(to);
  if (peer == nullptr || stopped_) return;
  peer->addressed = true;
  peer->slot = std::move(body);
  if (peer->link) {
    pump(*peer);
  } else {
    connect(to);
  }
}

bool ConnectionManager::have_delivered() const {
  return std::any_of(peers_.begin(), peers_.end(),
                     [](const auto& entry) { return entry.second.addressed && !entry.second.slot; });
}

bool ConnectionManager::connected(ServerId to) const {
  const auto place = peers_.find(to);
  return place != peers_.end() && place->second.link != nullptr;
}

}  // namespace conclave::node
