// A port that answers strangers: bounded in connections and time, whatever they do.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "conclave/wire/handshake.hpp"

namespace conclave::status {

struct TcpLimits {
  std::size_t connections_max = 64;           // beyond it, the oldest is closed
  std::size_t connections_per_address = 0;    // beyond it, the new one is closed; 0: no such limit
  std::chrono::milliseconds patience{10000};  // for whatever expect() waits for
  std::chrono::milliseconds linger{1000};     // for the other side to hang up, too
  std::size_t linger_bytes_max = std::size_t{64} << 10U;
};

struct TcpCounters {
  std::uint64_t opened = 0;
  std::uint64_t evicted = 0;  // by connections_max
  std::uint64_t refused = 0;  // by connections_per_address
  std::uint64_t timed_out = 0;
};

// Accepts on any number of addresses, keeps the bounds, and ends connections so that what was sent arrives.
//
// Single-threaded: calls have to come from the thread that runs the io_context. Handlers hold weak references only.
class TcpService : public std::enable_shared_from_this<TcpService> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  struct Connection {
    Connection(boost::asio::io_context& io, Socket accepted) : socket(std::move(accepted)), timer(io) {}
    Socket socket;
    boost::asio::ip::address remote;
    boost::asio::steady_timer timer;
    std::shared_ptr<void> state;  // of whoever serves it
    bool leaving = false;         // hang_up() was called: it only reads away what still comes
    bool closed = false;
    std::size_t left_over = 0;  // bytes read away
  };
  using Serve = std::function<void(const std::shared_ptr<Connection>&)>;

  static std::shared_ptr<TcpService> make(boost::asio::io_context& io, const TcpLimits& limits, Serve serve);
  ~TcpService();
  TcpService(const TcpService&) = delete;
  TcpService& operator=(const TcpService&) = delete;

  // Binds one more address, an empty host for all. `backlog` of the listening socket; 0 or less: the system's default.
  [[nodiscard]] tl::expected<void, std::string> listen(const wire::HostPort& address, int backlog = 0);
  // Of the i-th address: the port that was chosen where it was to be 0.
  [[nodiscard]] std::uint16_t port(std::size_t i = 0) const { return ports_.at(i); }
  [[nodiscard]] const std::vector<std::uint16_t>& ports() const { return ports_; }
  void stop();

  // What is expected now has to be there within the patience, or the connection is closed.
  void expect(const std::shared_ptr<Connection>& connection);
  // Sends no more, waits until the other side has hung up too, and closes: a close with bytes unread would be a reset,
  // and could take away an answer that is still on its way.
  void hang_up(const std::shared_ptr<Connection>& connection);
  void close(const std::shared_ptr<Connection>& connection);

  [[nodiscard]] const TcpCounters& counters() const { return counters_; }
  [[nodiscard]] const std::list<std::shared_ptr<Connection>>& connections() const { return connections_; }

 private:
  TcpService(boost::asio::io_context& io, const TcpLimits& limits, Serve serve);
  void accept_next(std::size_t acceptor);
  void begin(Socket socket);
  void close_after(const std::shared_ptr<Connection>& connection, std::chrono::milliseconds patience);
  void read_away(const std::shared_ptr<Connection>& connection);

  boost::asio::io_context& io_;
  TcpLimits limits_;
  Serve serve_;
  std::vector<boost::asio::ip::tcp::acceptor> acceptors_;
  std::vector<std::uint16_t> ports_;
  std::list<std::shared_ptr<Connection>> connections_;
  TcpCounters counters_;
  bool stopped_ = false;
};

}  // namespace conclave::status
