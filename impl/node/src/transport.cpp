#include "conclave/node/transport.hpp"

#include <boost/asio/write.hpp>
#include <utility>

namespace conclave::node {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

class PlainConnection : public Connection, public std::enable_shared_from_this<PlainConnection> {
 public:
  explicit PlainConnection(Socket socket) : socket_(std::move(socket)) {}

  Socket& socket() override { return socket_; }
  void async_handshake(Shaken shaken) override { shaken({}); }
  void async_read_some(asio::mutable_buffer into, Done done) override {
    socket_.async_read_some(into, kept(std::move(done)));
  }
  void async_write(asio::const_buffer all, Done done) override {
    asio::async_write(socket_, asio::const_buffers_1(all), kept(std::move(done)));
  }

 private:
  Done kept(Done done) {
    return [self = shared_from_this(), done = std::move(done)](error_code error, std::size_t bytes) {
      done(error, bytes);
    };
  }

  Socket socket_;
};

class PlainTransport : public Transport {
 public:
  std::shared_ptr<Connection> call(asio::io_context& io, const std::string&) override {
    return plain_connection(Connection::Socket(io));
  }
  std::shared_ptr<Connection> answer(Connection::Socket socket) override {
    return plain_connection(std::move(socket));
  }
};

}  // namespace

void Connection::close() {
  error_code ignored;
  socket().shutdown(Socket::shutdown_both, ignored);
  socket().close(ignored);
}

std::shared_ptr<Connection> plain_connection(Connection::Socket socket) {
  return std::make_shared<PlainConnection>(std::move(socket));
}

std::shared_ptr<Transport> plain_transport() { return std::make_shared<PlainTransport>(); }

}  // namespace conclave::node
