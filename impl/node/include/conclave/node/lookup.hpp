// Names of hosts, each looked up in a thread of its own.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace conclave::node {

// At once; what is beyond is answered with an error. Enough for each address of the largest ensemble.
inline constexpr std::size_t lookups_max = 512;

using Found = std::function<void(boost::system::error_code error,
                                 const boost::asio::ip::tcp::resolver::results_type& endpoints)>;

// Looks a name up, and calls back in the loop, never from within the call: for what is an address already as well. Who
// asks for a name that is being looked up shares its answer. Why not Asio's resolver: it looks up one name after the
// other, so that one of which no server says anything would hold up all others for many seconds.
//
// Nobody waits for the thread: it may outlive the loop, and then its answer is thrown away. From the loop's thread.
void look_up(boost::asio::io_context& io, const std::string& host, std::uint16_t port, Found found);
// The other way: the name that an address has. The first of what is found has it as host_name().
void look_up(boost::asio::io_context& io, const boost::asio::ip::tcp::endpoint& address, Found found);

}  // namespace conclave::node
