// A few pages over HTTP, for programs that watch.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "conclave/status/shown.hpp"
#include "conclave/status/tcp_service.hpp"
#include "conclave/wire/handshake.hpp"

namespace conclave::status {

inline constexpr std::size_t http_connections_max = 32;
inline constexpr std::uint32_t http_header_bytes_max = 8192;
inline constexpr std::uint64_t http_body_bytes_max = 4096;  // of a request; it is thrown away
inline constexpr std::chrono::milliseconds http_patience{
    10000};  // for a request, for the next one, for an answer to go out

struct Page {
  std::string content_type;
  std::function<std::string()> body;  // made anew for each request, in the loop's thread
};

// GET and HEAD of pages that the caller names; HTTP/1.0 and 1.1, connections are kept. `/` lists the pages.
//
// Single-threaded, as TcpService.
class HttpPort : public std::enable_shared_from_this<HttpPort> {
 public:
  static std::shared_ptr<HttpPort> make(boost::asio::io_context& io, const TcpLimits& limits,
                                        std::map<std::string, Page> pages);  // by path
  [[nodiscard]] tl::expected<void, std::string> listen(const wire::HostPort& address);
  [[nodiscard]] std::uint16_t port(std::size_t i = 0) const;
  void stop();
  [[nodiscard]] HttpStatus status() const;

 private:
  struct Exchange;
  using Connection = TcpService::Connection;

  explicit HttpPort(std::map<std::string, Page> pages);
  void read(const std::shared_ptr<Connection>& connection);
  void failed(const std::shared_ptr<Connection>& connection, const boost::system::error_code& error);
  void answer(const std::shared_ptr<Connection>& connection);
  void refuse(const std::shared_ptr<Connection>& connection, unsigned code, const std::string& sentence);
  void write(const std::shared_ptr<Connection>& connection);

  std::map<std::string, Page> pages_;
  std::shared_ptr<TcpService> service_;
  HttpStatus counted_;
};

}  // namespace conclave::status
