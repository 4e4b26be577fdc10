#include "leader_call.hpp"

#include <boost/asio/connect.hpp>
#include <chrono>
#include <utility>

#include "conclave/node/lookup.hpp"

namespace conclave::node {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds pause_between{100};  // Learner.leaderConnectDelayDuringRetryMs
constexpr int tries_max = 5;                             // Learner.LeaderConnector

}  // namespace

struct LeaderCall::Attempt {
  explicit Attempt(std::shared_ptr<Connection> called) : connection(std::move(called)) {}
  std::shared_ptr<Connection> connection;
  bool over = false;

  void end() {
    over = true;
    connection->close();
  }
};

std::shared_ptr<LeaderCall> LeaderCall::make(asio::io_context& io, std::shared_ptr<Transport> transport,
                                             std::vector<wire::HostPort> addresses, Callbacks callbacks) {
  return std::shared_ptr<LeaderCall>(
      new LeaderCall(io, std::move(transport), std::move(addresses), std::move(callbacks)));
}

LeaderCall::LeaderCall(asio::io_context& io, std::shared_ptr<Transport> transport,
                       std::vector<wire::HostPort> addresses, Callbacks callbacks)
    : io_(io),
      transport_(std::move(transport)),
      addresses_(std::move(addresses)),
      callbacks_(std::move(callbacks)),
      pause_(io) {}

void LeaderCall::begin() {
  ++tries_;
  for (const wire::HostPort& address : addresses_) call(address);
}

void LeaderCall::stop() {
  over_ = true;
  pause_.cancel();
  for (const auto& attempt : std::exchange(attempts_, {})) attempt->end();
}

void LeaderCall::call(const wire::HostPort& address) {
  const auto attempt = std::make_shared<Attempt>(transport_->call(io_, address.host));
  attempts_.push_back(attempt);
  look_up(io_, address.host, address.port,
          [self = shared_from_this(), attempt](error_code error, const tcp::resolver::results_type& found) {
            if (attempt->over) return;
            if (error) return self->failed(attempt);
            asio::async_connect(attempt->connection->socket(), found,
                                [self, attempt](error_code refused, const auto&) {
                                  if (attempt->over) return;
                                  if (refused) return self->failed(attempt);
                                  self->shake(attempt);
                                });
          });
}

void LeaderCall::shake(const std::shared_ptr<Attempt>& attempt) {
  attempt->connection->async_handshake([self = shared_from_this(), attempt](const HandshakeOutcome& outcome) {
    if (attempt->over) return;
    if (outcome.wrong.empty()) return self->finish(attempt->connection);
    self->callbacks_.no_handshake(outcome.wrong);
    self->failed(attempt);
  });
}

void LeaderCall::failed(const std::shared_ptr<Attempt>& attempt) {
  attempt->end();
  attempts_.remove(attempt);
  if (!attempts_.empty()) return;
  if (tries_ == tries_max) return finish(nullptr);
  pause_.expires_after(pause_between);
  pause_.async_wait([self = shared_from_this()](error_code error) {
    if (!error && !self->over_) self->begin();
  });
}

void LeaderCall::finish(const std::shared_ptr<Connection>& connection) {
  if (std::exchange(over_, true)) return;
  for (const auto& attempt : std::exchange(attempts_, {})) {
    if (attempt->connection == connection) {
      attempt->over = true;
    } else {
      attempt->end();
    }
  }
  callbacks_.done(connection);
}

}  // namespace conclave::node
