#include "conclave/status/client_port.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace conclave::status {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

std::string address_of(const TcpService::Socket& socket) {
  error_code error;
  const auto remote = socket.remote_endpoint(error);
  if (error) return "?";
  asio::ip::address address = remote.address();
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  }
  return to_text(wire::HostPort{address.to_string(), remote.port()});
}

}  // namespace

std::string_view name_of(ClientReject reason) {
  switch (reason) {
    case ClientReject::session: return "session";
    case ClientReject::no_word: return "no-word";
    case ClientReject::cut: return "cut";
    case ClientReject::count_: break;
  }
  return "?";
}

struct ClientPort::Conversation {
  std::array<std::byte, word_bytes> word{};
  bool heard = false;
  bool answered = false;
  std::string out;
};

std::shared_ptr<ClientPort> ClientPort::make(asio::io_context& io, const TcpLimits& limits,
                                             const std::optional<std::string>& whitelist, Answer answer) {
  std::shared_ptr<ClientPort> made(new ClientPort(whitelist, std::move(answer)));
  const std::weak_ptr<ClientPort> weak = made;
  made->service_ = TcpService::make(io, limits, [weak](const std::shared_ptr<Connection>& connection) {
    if (const auto self = weak.lock()) self->serve(connection);
  });
  return made;
}

ClientPort::ClientPort(const std::optional<std::string>& whitelist, Answer answer)
    : whitelist_(whitelist), answer_(std::move(answer)) {}

tl::expected<void, std::string> ClientPort::listen(const wire::HostPort& address, int backlog) {
  auto bound = service_->listen(address, backlog);
  if (bound) spdlog::info("binding to port {}", to_text(wire::HostPort{address.host, service_->port()}));
  return bound;
}

std::uint16_t ClientPort::port() const { return service_->port(); }

void ClientPort::stop() { service_->stop(); }

ClientPortStatus ClientPort::status() const {
  ClientPortStatus status = counted_;
  status.tcp = service_->counters();
  for (const auto& connection : service_->connections()) {
    const auto* conversation = static_cast<const Conversation*>(connection->state.get());
    status.connections.push_back({address_of(connection->socket), conversation->heard,
                                  conversation->heard ? std::uint64_t{1} : 0,
                                  conversation->answered ? std::uint64_t{1} : 0});
  }
  return status;
}

// NIOServerCnxn.readLength: the first four bytes are a word, or the length of a request.
void ClientPort::serve(const std::shared_ptr<Connection>& connection) {
  const auto conversation = std::make_shared<Conversation>();
  connection->state = conversation;
  service_->expect(connection);
  asio::async_read(connection->socket, asio::buffer(conversation->word),
                   [weak = weak_from_this(), connection](error_code error, std::size_t count) {
                     const auto self = weak.lock();
                     if (!self || connection->closed) return;
                     if (!error) return self->heard(connection);
                     // Without a byte it was only a look whether somebody listens.
                     if (count > 0) ++self->counted_.rejected[static_cast<std::size_t>(ClientReject::cut)];
                     self->service_->close(connection);
                   });
}

void ClientPort::heard(const std::shared_ptr<Connection>& connection) {
  auto* conversation = static_cast<Conversation*>(connection->state.get());
  const wire::ByteView bytes(conversation->word);
  if (const auto word = word_of(bytes)) {
    conversation->heard = true;
    ++counted_.received;
    if (!whitelist_.allows(*word)) {
      spdlog::debug("Command {} is not executed because it is not in the whitelist.", *word);
      ++counted_.not_in_whitelist;
      return say(connection, not_in_whitelist(*word));
    }
    if (auto answer = answer_(*word)) {
      if (const auto left_out = seldom_.admit(node::Seldom::Clock::now())) {
        if (*left_out > 0) spdlog::info("{} commands have not been logged", *left_out);
        spdlog::info("Processing {} command from /{}", *word, address_of(connection->socket));
      }
      ++counted_.words[std::string(*word)];
      return say(connection, std::move(*answer));
    }
  }
  const auto length = wire::integer_at_front<std::int32_t>(bytes);
  const bool possible = length >= 0 && length <= request_bytes_max;
  reject(connection, possible ? ClientReject::session : ClientReject::no_word);
}

void ClientPort::say(const std::shared_ptr<Connection>& connection, std::string text) {
  const auto conversation = std::static_pointer_cast<Conversation>(connection->state);
  conversation->out = std::move(text);
  service_->expect(connection);
  asio::async_write(connection->socket, asio::buffer(conversation->out),
                    [weak = weak_from_this(), connection, conversation](error_code error, std::size_t) {
                      const auto self = weak.lock();
                      if (!self || connection->closed) return;
                      if (error) return self->service_->close(connection);
                      conversation->answered = true;
                      ++self->counted_.sent;
                      self->service_->hang_up(connection);
                    });
}

// A client library then tries the next server of its list.
void ClientPort::reject(const std::shared_ptr<Connection>& connection, ClientReject why) {
  ++counted_.rejected[static_cast<std::size_t>(why)];
  spdlog::debug("Closed connection of client /{}: {}", address_of(connection->socket),
                why == ClientReject::session ? "it wants a session, and there is no data here" : "no command");
  service_->hang_up(connection);
}

}  // namespace conclave::status
