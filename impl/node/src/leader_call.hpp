// A learner's way to its leader: Learner.connectToLeader.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "conclave/node/transport.hpp"
#include "conclave/wire/handshake.hpp"

namespace conclave::node {

// Calls all addresses of a server at once, a few times, with pauses; the first that answers counts. It sets itself no
// limit of time: who makes it does.
//
// Single-threaded, as QuorumPort.
class LeaderCall : public std::enable_shared_from_this<LeaderCall> {
 public:
  struct Callbacks {
    // Once, unless it is stopped before. Nothing: it can't be reached, or speaks otherwise.
    std::function<void(const std::shared_ptr<Connection>& connection)> done;
    std::function<void(const std::string& why)> no_handshake;  // each time
  };

  static std::shared_ptr<LeaderCall> make(boost::asio::io_context& io, std::shared_ptr<Transport> transport,
                                          std::vector<wire::HostPort> addresses, Callbacks callbacks);
  void begin();
  void stop();

 private:
  struct Attempt;

  LeaderCall(boost::asio::io_context& io, std::shared_ptr<Transport> transport, std::vector<wire::HostPort> addresses,
             Callbacks callbacks);
  void call(const wire::HostPort& address);
  void shake(const std::shared_ptr<Attempt>& attempt);
  void failed(const std::shared_ptr<Attempt>& attempt);
  void finish(const std::shared_ptr<Connection>& connection);

  boost::asio::io_context& io_;
  std::shared_ptr<Transport> transport_;
  std::vector<wire::HostPort> addresses_;
  Callbacks callbacks_;
  bool over_ = false;
  int tries_ = 0;
  std::list<std::shared_ptr<Attempt>> attempts_;
  boost::asio::steady_timer pause_;
};

}  // namespace conclave::node
