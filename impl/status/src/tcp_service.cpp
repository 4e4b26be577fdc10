#include "conclave/status/tcp_service.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "conclave/node/close_on_exec.hpp"

namespace conclave::status {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// After an accept that failed (no descriptors left, say) another attempt at once would only burn the processor.
constexpr std::chrono::milliseconds accept_pause{100};

// Where to listen, best first. Java listens on IPv6 and IPv4 for 0.0.0.0, too.
std::vector<tcp::endpoint> endpoints_of(asio::io_context& io, const wire::HostPort& address, error_code& error) {
  error_code no_number;
  const auto ip = asio::ip::make_address(address.host, no_number);
  if (address.host.empty() || (!no_number && ip.is_unspecified())) {
    return {tcp::endpoint(tcp::v6(), address.port), tcp::endpoint(tcp::v4(), address.port)};
  }
  tcp::resolver resolver(io);
  const auto found = resolver.resolve(address.host, std::to_string(address.port), error);
  if (error || found.empty()) return {};
  return {found.begin()->endpoint()};
}

error_code bind(tcp::acceptor& acceptor, const tcp::endpoint& endpoint, int backlog) {
  error_code error;
  acceptor.open(endpoint.protocol(), error);
  if (!error) node::close_on_exec(acceptor);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(backlog > 0 ? backlog : int{asio::socket_base::max_listen_connections}, error);
  return error;
}

}  // namespace

std::shared_ptr<TcpService> TcpService::make(asio::io_context& io, const TcpLimits& limits, Serve serve) {
  return std::shared_ptr<TcpService>(new TcpService(io, limits, std::move(serve)));
}

TcpService::TcpService(asio::io_context& io, const TcpLimits& limits, Serve serve)
    : io_(io), limits_(limits), serve_(std::move(serve)) {}

TcpService::~TcpService() { stop(); }

void TcpService::stop() {
  stopped_ = true;
  error_code ignored;
  for (auto& acceptor : acceptors_) acceptor.close(ignored);
  const auto connections = connections_;
  for (const auto& connection : connections) close(connection);
}

// --- accepting ------------------------------------------------------------------------------------------------------

tl::expected<void, std::string> TcpService::listen(const wire::HostPort& address, int backlog) {
  error_code error;
  for (const tcp::endpoint& endpoint : endpoints_of(io_, address, error)) {
    tcp::acceptor acceptor(io_);
    error = bind(acceptor, endpoint, backlog);
    if (error == asio::error::address_family_not_supported) continue;
    if (error) break;
    ports_.push_back(acceptor.local_endpoint(error).port());
    acceptors_.push_back(std::move(acceptor));
    accept_next(acceptors_.size() - 1);
    return {};
  }
  const std::string shown = address.host.empty() ? "port " + std::to_string(address.port) : to_text(address);
  return tl::unexpected("can't listen on " + shown + ": " + (error ? error.message() : "no such address"));
}

void TcpService::accept_next(std::size_t acceptor) {
  acceptors_[acceptor].async_accept([weak = weak_from_this(), acceptor](error_code error, Socket socket) {
    const auto self = weak.lock();
    if (!self || self->stopped_) return;
    if (!error) {
      node::close_on_exec(socket);
      self->begin(std::move(socket));
      return self->accept_next(acceptor);
    }
    const auto pause = std::make_shared<asio::steady_timer>(self->io_, accept_pause);
    pause->async_wait([weak, acceptor, pause](error_code) {
      const auto later = weak.lock();
      if (later && !later->stopped_) later->accept_next(acceptor);
    });
  });
}

void TcpService::begin(Socket socket) {
  const auto connection = std::make_shared<Connection>(io_, std::move(socket));
  error_code error;
  connection->remote = connection->socket.remote_endpoint(error).address();
  if (error) return;  // it is gone already
  ++counters_.opened;
  const auto of_same = [&](const auto& other) { return other->remote == connection->remote; };
  const auto same = static_cast<std::size_t>(std::count_if(connections_.begin(), connections_.end(), of_same));
  if (limits_.connections_per_address > 0 && same >= limits_.connections_per_address) {
    ++counters_.refused;
    return;
  }
  if (connections_.size() >= limits_.connections_max) {
    ++counters_.evicted;
    close(connections_.front());
  }
  connections_.push_back(connection);
  serve_(connection);
}

// --- ending ---------------------------------------------------------------------------------------------------------

void TcpService::close_after(const std::shared_ptr<Connection>& connection, std::chrono::milliseconds patience) {
  connection->timer.expires_after(patience);
  connection->timer.async_wait([weak = weak_from_this(), connection](error_code error) {
    const auto self = weak.lock();
    if (error || !self || connection->closed) return;
    // A timer that was set anew while this handler was already on its way would come too soon.
    if (connection->timer.expiry() > std::chrono::steady_clock::now()) return;
    if (!connection->leaving) ++self->counters_.timed_out;
    self->close(connection);
  });
}

void TcpService::expect(const std::shared_ptr<Connection>& connection) { close_after(connection, limits_.patience); }

void TcpService::hang_up(const std::shared_ptr<Connection>& connection) {
  if (connection->closed || connection->leaving) return;
  connection->leaving = true;
  error_code error;
  connection->socket.shutdown(Socket::shutdown_send, error);
  if (error) return close(connection);
  close_after(connection, limits_.linger);
  read_away(connection);
}

void TcpService::read_away(const std::shared_ptr<Connection>& connection) {
  const auto buffer = std::make_shared<std::array<std::byte, 4096>>();
  connection->socket.async_read_some(
      asio::buffer(*buffer), [weak = weak_from_this(), connection, buffer](error_code error, std::size_t count) {
        const auto self = weak.lock();
        if (!self || connection->closed) return;
        connection->left_over += count;
        if (error || connection->left_over > self->limits_.linger_bytes_max) return self->close(connection);
        self->read_away(connection);
      });
}

void TcpService::close(const std::shared_ptr<Connection>& connection) {
  if (connection->closed) return;
  connection->closed = true;
  connection->timer.cancel();
  error_code ignored;
  connection->socket.close(ignored);
  // Last, and by address: the reference may lie in the list.
  connections_.remove_if([own = connection.get()](const auto& one) { return one.get() == own; });
}

}  // namespace conclave::status
