#include "learner_listener.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <utility>

#include "conclave/node/close_on_exec.hpp"
#include "conclave/node/lookup.hpp"

namespace conclave::node {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::milliseconds accept_pause{100};  // as ConnectionManager's

// Binding fails where somebody listens; nobody gets in before listen().
error_code bind_to(tcp::acceptor& acceptor, const tcp::endpoint& endpoint) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) close_on_exec(acceptor);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  return error;
}

std::string sentence(const wire::HostPort& address, const error_code& error) {
  return "can't listen on " + to_text(address) + ", the quorum port: " + error.message();
}

}  // namespace

tl::expected<void, std::string> LearnerListener::can_listen(asio::io_context& io,
                                                            const std::vector<wire::HostPort>& addresses,
                                                            bool on_all_ips) {
  std::string why;
  for (const wire::HostPort& address : addresses) {
    tcp::endpoint endpoint(tcp::v6(), address.port);
    error_code error;
    if (!on_all_ips) {
      tcp::resolver resolver(io);
      const auto found = resolver.resolve(address.host, std::to_string(address.port), error);
      if (!error && !found.empty()) endpoint = found.begin()->endpoint();
    }
    tcp::acceptor acceptor(io);
    if (!error) error = bind_to(acceptor, endpoint);
    if (!error) return {};
    if (why.empty()) why = sentence(address, error);
  }
  return tl::unexpected(why);
}

std::shared_ptr<LearnerListener> LearnerListener::make(asio::io_context& io, std::vector<wire::HostPort> addresses,
                                                       bool on_all_ips, Callbacks callbacks) {
  return std::shared_ptr<LearnerListener>(
      new LearnerListener(io, std::move(addresses), on_all_ips, std::move(callbacks)));
}

LearnerListener::LearnerListener(asio::io_context& io, std::vector<wire::HostPort> addresses, bool on_all_ips,
                                 Callbacks callbacks)
    : io_(io), addresses_(std::move(addresses)), on_all_ips_(on_all_ips), callbacks_(std::move(callbacks)) {}

void LearnerListener::stop() {
  stopped_ = true;
  error_code ignored;
  for (const auto& acceptor : acceptors_) acceptor->close(ignored);
}

void LearnerListener::listen() {
  for (const wire::HostPort& address : addresses_) {
    error_code no_number;
    const auto ip = asio::ip::make_address(address.host, no_number);
    if (on_all_ips_) {
      listen_at(address, tcp::endpoint(tcp::v6(), address.port));
    } else if (!no_number) {
      listen_at(address, tcp::endpoint(ip, address.port));
    } else {
      // Nothing else may wait for that: others ask already whom to follow.
      look_up(io_, address.host, address.port,
              [self = shared_from_this(), address](error_code unknown, const tcp::resolver::results_type& found) {
                if (self->stopped_) return;
                const bool known = !unknown && !found.empty();
                self->listen_at(address, known ? found.begin()->endpoint() : tcp::endpoint(tcp::v6(), address.port));
              });
    }
  }
}

void LearnerListener::listen_at(const wire::HostPort& address, const tcp::endpoint& endpoint) {
  const auto acceptor = std::make_shared<Acceptor>(io_);
  error_code error = bind_to(*acceptor, endpoint);
  if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
  if (!error) {
    acceptors_.push_back(acceptor);
    return accept_next(acceptor);
  }
  failures_.push_back(sentence(address, error));
  if (failures_.size() < addresses_.size()) return;
  asio::post(io_, [self = shared_from_this()] {
    if (!self->stopped_) self->callbacks_.failed(self->failures_.front());
  });
}

void LearnerListener::accept_next(const std::shared_ptr<Acceptor>& acceptor) {
  acceptor->async_accept([self = shared_from_this(), acceptor](error_code error, Socket socket) {
    if (self->stopped_) return;
    if (error) {
      const auto pause = std::make_shared<asio::steady_timer>(self->io_, accept_pause);
      return pause->async_wait([self, acceptor, pause](error_code) {
        if (!self->stopped_) self->accept_next(acceptor);
      });
    }
    self->callbacks_.accepted(std::move(socket));
    if (!self->stopped_) self->accept_next(acceptor);
  });
}

}  // namespace conclave::node
