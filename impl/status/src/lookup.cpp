#include "lookup.hpp"

#include <boost/asio/post.hpp>
#include <thread>
#include <utility>

namespace conclave::status {

namespace asio = boost::asio;
using asio::ip::tcp;

void look_up(const std::shared_ptr<asio::io_context>& io, const wire::HostPort& address, Found found) {
  boost::system::error_code no_number;
  const auto ip = asio::ip::make_address(address.host, no_number);
  if (!no_number) return found({tcp::endpoint(ip, address.port)}, "");
  std::thread([io, address, found = std::move(found)]() mutable {
    asio::io_context own;
    tcp::resolver resolver(own);
    boost::system::error_code error;
    Endpoints endpoints;
    for (const auto& entry : resolver.resolve(address.host, std::to_string(address.port), error)) {
      endpoints.push_back(entry.endpoint());
    }
    const std::string text = error ? error.message() : "no such host";
    // Whatever is kept in the loop must not outlive it here.
    asio::post(*io, [found = std::move(found), endpoints, text] { found(endpoints, text); });
  }).detach();
}

}  // namespace conclave::status
