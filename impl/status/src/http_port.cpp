#include "conclave/status/http_port.hpp"

#include <spdlog/spdlog.h>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <string_view>
#include <utility>

#include "conclave/status/version.hpp"

namespace conclave::status {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr const char* plain_text = "text/plain; charset=utf-8";

std::string_view path_of(std::string_view target) { return target.substr(0, target.find('?')); }

}  // namespace

std::string_view name_of(HttpReject reason) {
  switch (reason) {
    case HttpReject::malformed: return "malformed";
    case HttpReject::header_too_large: return "header-too-large";
    case HttpReject::body_too_large: return "body-too-large";
    case HttpReject::cut: return "cut";
    case HttpReject::count_: break;
  }
  return "?";
}

// One request and its answer, and what has already come of the next.
struct HttpPort::Exchange {
  boost::beast::flat_buffer buffer{http_header_bytes_max + http_body_bytes_max};
  std::optional<http::request_parser<http::string_body>> parser;
  http::response<http::string_body> response;
  std::optional<http::response_serializer<http::string_body>> serializer;
};

std::shared_ptr<HttpPort> HttpPort::make(asio::io_context& io, const TcpLimits& limits,
                                         std::map<std::string, Page> pages) {
  std::shared_ptr<HttpPort> made(new HttpPort(std::move(pages)));
  const std::weak_ptr<HttpPort> weak = made;
  made->service_ = TcpService::make(io, limits, [weak](const std::shared_ptr<Connection>& connection) {
    connection->state = std::make_shared<Exchange>();
    if (const auto self = weak.lock()) self->read(connection);
  });
  return made;
}

HttpPort::HttpPort(std::map<std::string, Page> pages) : pages_(std::move(pages)) {}

tl::expected<void, std::string> HttpPort::listen(const wire::HostPort& address) {
  auto bound = service_->listen(address);
  if (bound) spdlog::info("Pages over HTTP at {}", to_text(wire::HostPort{address.host, service_->ports().back()}));
  return bound;
}

std::uint16_t HttpPort::port(std::size_t i) const { return service_->port(i); }

void HttpPort::stop() { service_->stop(); }

HttpStatus HttpPort::status() const {
  HttpStatus status = counted_;
  status.tcp = service_->counters();
  return status;
}

void HttpPort::read(const std::shared_ptr<Connection>& connection) {
  const auto exchange = std::static_pointer_cast<Exchange>(connection->state);
  exchange->parser.emplace();
  exchange->parser->header_limit(http_header_bytes_max);
  exchange->parser->body_limit(http_body_bytes_max);
  service_->expect(connection);
  http::async_read(connection->socket, exchange->buffer, *exchange->parser,
                   [weak = weak_from_this(), connection, exchange](error_code error, std::size_t) {
                     const auto self = weak.lock();
                     if (!self || connection->closed) return;
                     if (error) return self->failed(connection, error);
                     self->answer(connection);
                   });
}

void HttpPort::failed(const std::shared_ptr<Connection>& connection, const error_code& error) {
  const auto count = [this](HttpReject why) { ++counted_.rejected[static_cast<std::size_t>(why)]; };
  if (error == http::error::end_of_stream) return service_->hang_up(connection);
  if (error == http::error::partial_message) {
    count(HttpReject::cut);
    return service_->hang_up(connection);
  }
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    count(HttpReject::header_too_large);
    return refuse(connection, 431, "the header is too large");
  }
  if (error == http::error::body_limit) {
    count(HttpReject::body_too_large);
    return refuse(connection, 413, "the body is too large");
  }
  // What is left of this category is what the parser does not like.
  if (error.category() == make_error_code(http::error::bad_method).category()) {
    count(HttpReject::malformed);
    return refuse(connection, 400, "no HTTP request");
  }
  service_->close(connection);
}

void HttpPort::answer(const std::shared_ptr<Connection>& connection) {
  const auto exchange = std::static_pointer_cast<Exchange>(connection->state);
  const auto& request = exchange->parser->get();
  auto& response = exchange->response;
  response = {};
  response.version(request.version());
  response.keep_alive(request.keep_alive());
  response.set(http::field::content_type, plain_text);
  const auto target = request.target();
  const auto page = pages_.find(std::string(path_of({target.data(), target.size()})));
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    response.result(http::status::method_not_allowed);
    response.set(http::field::allow, "GET, HEAD");
    response.body() = "only GET and HEAD\n";
  } else if (page != pages_.end()) {
    response.set(http::field::content_type, page->second.content_type);
    response.body() = page->second.body();
  } else {
    const bool root = path_of({target.data(), target.size()}) == "/";
    response.result(root ? http::status::ok : http::status::not_found);
    for (const auto& [path, ignored] : pages_) response.body() += path + "\n";
  }
  write(connection);
}

void HttpPort::refuse(const std::shared_ptr<Connection>& connection, unsigned code, const std::string& sentence) {
  const auto exchange = std::static_pointer_cast<Exchange>(connection->state);
  auto& response = exchange->response;
  response = {};
  response.result(code);
  response.version(11);
  response.keep_alive(false);
  response.set(http::field::content_type, plain_text);
  response.body() = sentence + "\n";
  write(connection);
}

void HttpPort::write(const std::shared_ptr<Connection>& connection) {
  const auto exchange = std::static_pointer_cast<Exchange>(connection->state);
  auto& response = exchange->response;
  response.set(http::field::server, "conclave/" + std::string(version()));
  response.set(http::field::cache_control, "no-store");
  response.prepare_payload();
  ++counted_.answers[response.result_int()];
  exchange->serializer.emplace(response);
  // To HEAD the header says how long the body would be.
  const bool header_only = exchange->parser->is_header_done() && exchange->parser->get().method() == http::verb::head;
  exchange->serializer->split(header_only);
  service_->expect(connection);
  const auto written = [weak = weak_from_this(), connection, exchange](error_code error, std::size_t) {
    const auto self = weak.lock();
    if (!self || connection->closed) return;
    if (error) return self->service_->close(connection);
    if (!exchange->response.keep_alive()) return self->service_->hang_up(connection);
    self->read(connection);
  };
  if (header_only) return http::async_write_header(connection->socket, *exchange->serializer, written);
  http::async_write(connection->socket, *exchange->serializer, written);
}

}  // namespace conclave::status
