// The client port of a server that has no data: four-letter words, and a clean end for whoever wants more.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "conclave/node/seldom.hpp"
#include "conclave/status/four_letter.hpp"
#include "conclave/status/shown.hpp"
#include "conclave/status/tcp_service.hpp"
#include "conclave/wire/handshake.hpp"

namespace conclave::status {

// ZooKeeper has no bound on all connections together (maxCnxns is 0); on those of one address it has.
inline constexpr std::size_t client_connections_max = 128;
inline constexpr std::size_t connections_per_address_default = 60;       // maxClientCnxns
inline constexpr std::chrono::milliseconds sessionless_patience{10000};  // zookeeper.nio.sessionlessCnxnTimeout

// Single-threaded, as TcpService.
class ClientPort : public std::enable_shared_from_this<ClientPort> {
 public:
  // What is answered to a word that is allowed; nothing: it is treated as no word.
  using Answer = std::function<std::optional<std::string>(std::string_view word)>;

  // `whitelist` is the setting 4lw.commands.whitelist.
  static std::shared_ptr<ClientPort> make(boost::asio::io_context& io, const TcpLimits& limits,
                                          const std::optional<std::string>& whitelist, Answer answer);
  [[nodiscard]] tl::expected<void, std::string> listen(const wire::HostPort& address, int backlog = 0);
  [[nodiscard]] std::uint16_t port() const;
  void stop();
  [[nodiscard]] ClientPortStatus status() const;

 private:
  struct Conversation;
  using Connection = TcpService::Connection;

  ClientPort(const std::optional<std::string>& whitelist, Answer answer);
  void serve(const std::shared_ptr<Connection>& connection);
  void heard(const std::shared_ptr<Connection>& connection);
  void say(const std::shared_ptr<Connection>& connection, std::string text);
  void reject(const std::shared_ptr<Connection>& connection, ClientReject why);

  Whitelist whitelist_;
  Answer answer_;
  std::shared_ptr<TcpService> service_;
  ClientPortStatus counted_;
  node::Seldom seldom_;  // lines about commands
};

}  // namespace conclave::status
