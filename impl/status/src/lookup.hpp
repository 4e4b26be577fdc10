// Names, each in a thread of its own.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "conclave/wire/handshake.hpp"

namespace conclave::status {

using Endpoints = std::vector<boost::asio::ip::tcp::endpoint>;
// No endpoints: the error says why.
using Found = std::function<void(const Endpoints& endpoints, const std::string& error)>;

// Calls `found` in the loop; at once for an IP address. Asio looks names up one after the other, in one thread; one
// that nobody knows would hold up all the others. The thread keeps the loop, but waits for nobody, nor anybody for it.
void look_up(const std::shared_ptr<boost::asio::io_context>& io, const wire::HostPort& address, Found found);

}  // namespace conclave::status
