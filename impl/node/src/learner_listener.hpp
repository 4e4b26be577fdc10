// Where a leader is called by its learners: the sockets that Leader opens.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "conclave/wire/handshake.hpp"

namespace conclave::node {

// Listens at all addresses of a server's quorum port. One of them is enough.
//
// Single-threaded, as QuorumPort.
class LearnerListener : public std::enable_shared_from_this<LearnerListener> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  struct Callbacks {
    std::function<void(Socket socket)> accepted;
    std::function<void(const std::string& why)> failed;  // at none; not from within listen()
  };

  static std::shared_ptr<LearnerListener> make(boost::asio::io_context& io, std::vector<wire::HostPort> addresses,
                                               bool on_all_ips, Callbacks callbacks);
  void listen();
  void stop();

  // Whether somebody could listen at one of them now; otherwise why not. Looks names up, and waits for that.
  [[nodiscard]] static tl::expected<void, std::string> can_listen(boost::asio::io_context& io,
                                                                  const std::vector<wire::HostPort>& addresses,
                                                                  bool on_all_ips);

 private:
  using Acceptor = boost::asio::ip::tcp::acceptor;

  LearnerListener(boost::asio::io_context& io, std::vector<wire::HostPort> addresses, bool on_all_ips,
                  Callbacks callbacks);
  void listen_at(const wire::HostPort& address, const boost::asio::ip::tcp::endpoint& endpoint);
  void accept_next(const std::shared_ptr<Acceptor>& acceptor);

  boost::asio::io_context& io_;
  std::vector<wire::HostPort> addresses_;
  bool on_all_ips_;
  Callbacks callbacks_;
  bool stopped_ = false;
  std::list<std::shared_ptr<Acceptor>> acceptors_;
  std::vector<std::string> failures_;
};

}  // namespace conclave::node
