// How the bytes between two servers travel: as they are, or inside something else, such as TLS.
#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

namespace conclave::node {

struct HandshakeOutcome {
  std::string wrong;    // why the connection can't be used; empty: it can
  std::string session;  // what has been agreed on, for the log: "TLSv1.3 - TLS_AES_256_GCM_SHA384"; may be empty
};

// One connection. Single-threaded, as what it belongs to. An operation keeps the connection alive until its handler has
// been called, which close() makes soon; handlers get an error then.
class Connection {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Shaken = std::function<void(const HandshakeOutcome& outcome)>;
  using Done = std::function<void(boost::system::error_code error, std::size_t bytes)>;

  virtual ~Connection() = default;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // To connect it and for its options. Its bytes are not the connection's.
  [[nodiscard]] virtual Socket& socket() = 0;
  // Before the first byte; once. REQUIRES: the socket is connected. May call back before it returns.
  virtual void async_handshake(Shaken shaken) = 0;
  // Each REQUIRES that the handshake went well, and that no other call of the same kind is under way.
  virtual void async_read_some(boost::asio::mutable_buffer into, Done done) = 0;
  virtual void async_write(boost::asio::const_buffer all, Done done) = 0;

  virtual void close();  // at once; nothing is said to the other side

 protected:
  Connection() = default;
};

// Makes connections. May serve several nodes, all of the same thread.
class Transport {
 public:
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // To a server at `host`, a name or an address; not yet connected.
  [[nodiscard]] virtual std::shared_ptr<Connection> call(boost::asio::io_context& io, const std::string& host) = 0;
  // From whoever has connected.
  [[nodiscard]] virtual std::shared_ptr<Connection> answer(Connection::Socket socket) = 0;

 protected:
  Transport() = default;
};

// Bytes as they are.
[[nodiscard]] std::shared_ptr<Connection> plain_connection(Connection::Socket socket);
[[nodiscard]] std::shared_ptr<Transport> plain_transport();

}  // namespace conclave::node
