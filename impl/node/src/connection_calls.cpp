// ConnectionManager's calls to others.
#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <utility>

#include "conclave/model/connections.hpp"
#include "conclave/node/close_on_exec.hpp"
#include "conclave/node/lookup.hpp"
#include "connection_parts.hpp"
#include "log.hpp"

namespace conclave::node {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using model::ServerId;
using wire::HostPort;

void ConnectionManager::connect_all() {
  std::vector<ServerId> all;
  for (const auto& [sid, peer] : peers_) {
    if (peer.addressed) all.push_back(sid);
  }
  for (const ServerId sid : all) connect(sid);
}

void ConnectionManager::connect(ServerId to) {
  const auto place = peers_.find(to);
  if (place == peers_.end() || place->second.link) return;
  connect_to(to, std::nullopt);
}

void ConnectionManager::connect_to(ServerId sid, const std::optional<HostPort>& claimed) {
  const auto place = peers_.find(sid);
  if (stopped_ || place == peers_.end()) return;
  if (place->second.connecting) {
    // What is tried at an address that was only claimed keeps nobody waiting.
    const auto under_way =
        std::find_if(attempts_.begin(), attempts_.end(), [&](const auto& one) { return one->sid == sid; });
    if (under_way == attempts_.end() || !(*under_way)->at_claimed()) return;
    end(*under_way);
  }
  const auto attempt = std::make_shared<Attempt>(io_, sid, place->second.addresses, claimed);
  if (attempt->addresses.empty()) return;
  place->second.connecting = true;
  attempts_.push_back(attempt);
  try_next(attempt);
}

void ConnectionManager::try_next(const std::shared_ptr<Attempt>& attempt) {
  // Its handlers, which are called later, have nothing to say of the next address.
  if (const auto before = std::exchange(attempt->connection, nullptr)) before->close();
  if (attempt->addresses.empty()) return failed(attempt);
  attempt->address = attempt->addresses.front();
  attempt->addresses.erase(attempt->addresses.begin());
  const int number = ++attempt->tried;
  attempt->timer.expires_after(settings_.connect_timeout);
  attempt->timer.async_wait([self = shared_from_this(), attempt, number](error_code error) {
    if (error || attempt->over || attempt->tried != number) return;
    self->refused(attempt, fmt::format("no connection in {} ms", self->settings_.connect_timeout.count()));
  });
  // Names are looked up at each attempt: a server may have moved.
  look_up(io_, attempt->address.host, attempt->address.port,
          [self = shared_from_this(), attempt, number](error_code error, const tcp::resolver::results_type& found) {
            if (attempt->over || attempt->tried != number) return;
            if (error) return self->refused(attempt, error.message());
            self->connect_at(attempt, found);
          });
}

void ConnectionManager::refused(const std::shared_ptr<Attempt>& attempt, const std::string& why) {
  log::seldom(seldom_, spdlog::level::warn, "Cannot open channel to {} at election address {}: {}",
              attempt->sid.value, to_text(attempt->address), why);
  try_next(attempt);
}

void ConnectionManager::connect_at(const std::shared_ptr<Attempt>& attempt,
                                   const tcp::resolver::results_type& endpoints) {
  const auto connection = settings_.transport->call(io_, attempt->address.host);
  attempt->connection = connection;
  asio::async_connect(connection->socket(), endpoints,
                      [self = shared_from_this(), attempt, connection](error_code error, const tcp::endpoint&) {
                        if (attempt->over || attempt->connection != connection) return;
                        if (error) return self->refused(attempt, error.message());
                        close_on_exec(connection->socket());
                        self->connected_to(attempt);
                      });
}

void ConnectionManager::connected_to(const std::shared_ptr<Attempt>& attempt) {
  attempt->connection->async_handshake(
      [self = shared_from_this(), attempt, connection = attempt->connection](const HandshakeOutcome& outcome) {
        if (attempt->over || attempt->connection != connection) return;
        if (!outcome.wrong.empty()) return self->refused(attempt, outcome.wrong);
        if (!outcome.session.empty()) {
          log::info("SSL handshake complete with {} - {}", to_text(attempt->address), outcome.session);
        }
        self->introduce(attempt);
      });
}

// QuorumCnxManager.startConnection: says who it is; if the other id is larger, hangs up, and will be called back.
void ConnectionManager::introduce(const std::shared_ptr<Attempt>& attempt) {
  attempt->handshake = encode(wire::Handshake{settings_.own, settings_.own_addresses});
  attempt->connection->async_write(
      buffer_of(attempt->handshake),
      [self = shared_from_this(), attempt, connection = attempt->connection](error_code error, std::size_t) {
        if (attempt->over || attempt->connection != connection) return;
        if (error) return self->refused(attempt, error.message());
        attempt->connection.reset();
        self->end(attempt);
        if (!model::keeps_own_call(self->settings_.own, attempt->sid)) {
          log::info("Have smaller server identifier, so dropping the connection: (myId:{} --> sid:{})",
                    self->settings_.own.value, attempt->sid.value);
          return connection->close();
        }
        self->install(attempt->sid, connection, {});
      });
}

void ConnectionManager::failed(const std::shared_ptr<Attempt>& attempt) {
  const ServerId sid = attempt->sid;
  end(attempt);
  if (model::calls_again(attempt->called, connected(sid))) connect_to(sid, std::nullopt);
  if (callbacks_.unreachable) callbacks_.unreachable(sid);
}

void ConnectionManager::end(const std::shared_ptr<Attempt>& attempt) {
  attempt->over = true;
  attempt->timer.cancel();
  if (attempt->connection) attempt->connection->close();
  const auto place = peers_.find(attempt->sid);
  if (place != peers_.end()) place->second.connecting = false;
  // Last, and by address: the reference may lie in the list.
  attempts_.remove_if([own = attempt.get()](const auto& one) { return one.get() == own; });
}

}  // namespace conclave::node
