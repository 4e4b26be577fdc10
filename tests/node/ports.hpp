// Ports of 127.0.0.1 for the servers that a test starts.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <vector>

namespace conclave::node {

// Nobody else gets it either while the process lives, but for those who are told: SO_REUSEADDR lets a node bind it. It
// stays bound here, without anybody listening: who connects is refused.
inline std::uint16_t free_port() {
  static boost::asio::io_context io;
  static std::vector<boost::asio::ip::tcp::socket> kept;
  auto& socket = kept.emplace_back(io);
  socket.open(boost::asio::ip::tcp::v4());
  socket.set_option(boost::asio::socket_base::reuse_address(true));
  socket.bind({boost::asio::ip::address_v4::loopback(), 0});
  return socket.local_endpoint().port();
}

}  // namespace conclave::node
