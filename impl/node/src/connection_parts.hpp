// What ConnectionManager is made of.
#pragma once

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "conclave/node/connection_manager.hpp"

namespace conclave::node {

inline boost::asio::const_buffer buffer_of(const wire::Bytes& bytes) {
  return boost::asio::buffer(bytes.data(), bytes.size());
}

struct ConnectionManager::HalfOpen {
  HalfOpen(boost::asio::io_context& io, std::shared_ptr<Connection> accepted)
      : connection(std::move(accepted)), timer(io) {}
  std::shared_ptr<Connection> connection;
  boost::asio::steady_timer timer;
  bool in_use = false;  // the connection, by a link: the timer may have run out just before
  wire::HandshakeDecoder decoder;
  std::array<std::byte, 4096> buffer;
};

struct ConnectionManager::Link {
  Link(model::ServerId with, std::shared_ptr<Connection> connected) : sid(with), connection(std::move(connected)) {}
  model::ServerId sid;
  std::shared_ptr<Connection> connection;
  wire::FrameDecoder decoder;
  std::array<std::byte, read_bytes> buffer;
  wire::Bytes out;
  bool writing = false;
  bool closed = false;
};

struct ConnectionManager::Attempt {
  Attempt(boost::asio::io_context& io, model::ServerId to, std::vector<wire::HostPort> configured,
          const std::optional<wire::HostPort>& claim)
      : sid(to), addresses(std::move(configured)), claims(claim.has_value()), timer(io) {
    if (claim) addresses.push_back(*claim);
  }
  [[nodiscard]] bool at_claimed() const { return claims && addresses.empty(); }

  model::ServerId sid;
  std::vector<wire::HostPort> addresses;   // not yet tried
  bool claims;                             // the last one is what a caller has claimed
  wire::HostPort address;                  // the one that is tried now
  int tried = 0;                           // counts; handlers of an earlier address do nothing
  std::shared_ptr<Connection> connection;  // to this address: what belongs to another one is still closing
  boost::asio::steady_timer timer;
  wire::Bytes handshake;
  bool called = false;  // the server has called meanwhile, and waits to be called back
  bool over = false;
};

}  // namespace conclave::node
