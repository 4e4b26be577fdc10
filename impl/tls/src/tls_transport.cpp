#include "conclave/tls/tls_transport.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <utility>

#include "conclave/node/lookup.hpp"
#include "context.hpp"

namespace conclave::tls {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;
using node::Connection;
using node::HandshakeOutcome;

constexpr std::byte handshake_record{22};  // the first byte of each TLS connection

// Whom the other side has to prove to be.
struct Expected {
  ClientAuth certificate = ClientAuth::need;
  bool host = true;            // must the certificate be for its address or its name?
  bool reverse_lookup = true;  // may the address's name be looked up?
  std::string called;          // as it was called; empty: it has called
};

class TlsConnection : public Connection, public std::enable_shared_from_this<TlsConnection> {
 public:
  // The context has to live as long: connections outlive its files' change.
  TlsConnection(std::shared_ptr<Context> context, Socket socket, ssl::stream_base::handshake_type side,
                Expected expected)
      : context_(std::move(context)),
        stream_(std::move(socket), *context_),
        side_(side),
        expected_(std::move(expected)) {}

  Socket& socket() override { return stream_.next_layer(); }

  void async_handshake(Shaken shaken) override {
    stream_.set_verify_mode(verify_mode(expected_.certificate));
    stream_.async_handshake(side_, [self = shared_from_this(), shaken = std::move(shaken)](error_code error) {
      if (error) return shaken({self->told(error), {}});
      self->look_at_host(shaken);
    });
  }

  void async_read_some(asio::mutable_buffer into, Done done) override {
    stream_.async_read_some(into, kept(std::move(done)));
  }
  void async_write(asio::const_buffer all, Done done) override {
    asio::async_write(stream_, asio::const_buffers_1(all), kept(std::move(done)));
  }

 private:
  Done kept(Done done) {
    return [self = shared_from_this(), done = std::move(done)](error_code error, std::size_t bytes) {
      done(error, bytes);
    };
  }

  static ssl::verify_mode verify_mode(ClientAuth certificate) {
    switch (certificate) {
      case ClientAuth::none: return ssl::verify_none;
      case ClientAuth::want: return ssl::verify_peer;
      case ClientAuth::need: break;
    }
    return ssl::verify_peer | ssl::verify_fail_if_no_peer_cert;
  }

  std::string told(error_code error) {
    const long verified = SSL_get_verify_result(stream_.native_handle());
    if (verified != X509_V_OK) return X509_verify_cert_error_string(verified);
    return error.message();
  }

  // ZKTrustManager.performHostVerification: the address, or else its name, which is what was called or, of a number,
  // what it is called elsewhere.
  void look_at_host(const Shaken& shaken) {
    SSL* connection = stream_.native_handle();
    const bool shown = SSL_get0_peer_certificate(connection) != nullptr;
    const HandshakeOutcome good{{}, session_text(connection)};
    if (!expected_.host || !shown) return shaken(good);
    error_code error;
    const tcp::endpoint other = socket().remote_endpoint(error);
    if (error) return shaken({error.message(), {}});
    const std::string address = plain_text(other.address());
    if (is_for(connection, address)) return shaken(good);
    error_code no_number;
    asio::ip::make_address(expected_.called, no_number);
    if (no_number && !expected_.called.empty()) {
      return shaken(is_for(connection, expected_.called) ? good : not_for(address, expected_.called));
    }
    if (!expected_.reverse_lookup) return shaken(not_for(address, address));
    node::look_up(loop(), other,
                  [self = shared_from_this(), shaken, good, other, address](
                      error_code unknown, const tcp::resolver::results_type& found) {
                    if (!self->socket().is_open()) return;
                    const std::string name = unknown || found.empty() ? address : found.begin()->host_name();
                    if (!is_for(self->stream_.native_handle(), name)) return shaken(not_for(address, name));
                    self->confirm(name, other.address(), shaken, good);
                  });
  }

  // InetAddress.getHostName: whoever an address belongs to may give it any name, so the name has to lead back to it.
  void confirm(const std::string& name, const asio::ip::address& address, const Shaken& shaken,
               const HandshakeOutcome& good) {
    node::look_up(loop(), name, 0,
                  [self = shared_from_this(), name, address, shaken, good](error_code unknown,
                                                                           const tcp::resolver::results_type& found) {
                    if (!self->socket().is_open()) return;
                    const bool leads_back =
                        !unknown && std::any_of(found.begin(), found.end(), [&](const auto& entry) {
                          return plain_text(entry.endpoint().address()) == plain_text(address);
                        });
                    shaken(leads_back ? good : not_for(plain_text(address), name + ", whose addresses are others"));
                  });
  }

  // All of a node is in one.
  asio::io_context& loop() {
    return static_cast<asio::io_context&>(asio::query(stream_.get_executor(), asio::execution::context));
  }

  // As certificates have it: an IPv4 address that is written as one of IPv6 is the same.
  static std::string plain_text(const asio::ip::address& address) {
    const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
    return mapped ? asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string() : address.to_string();
  }

  static HandshakeOutcome not_for(const std::string& address, const std::string& name) {
    const bool named = !name.empty() && name != address;
    return {fmt::format("the certificate is not for {}{}", address, named ? " and not for " + name : ""), {}};
  }

  std::shared_ptr<Context> context_;
  ssl::stream<tcp::socket> stream_;
  ssl::stream_base::handshake_type side_;
  Expected expected_;
};

// UnifiedServerSocket: what comes first says whether it is TLS.
class EitherConnection : public Connection, public std::enable_shared_from_this<EitherConnection> {
 public:
  using MakeTls = std::function<std::shared_ptr<Connection>(Socket)>;
  EitherConnection(Socket socket, MakeTls make_tls)
      : inner_(node::plain_connection(std::move(socket))), make_tls_(std::move(make_tls)) {}

  Socket& socket() override { return inner_->socket(); }
  void close() override { inner_->close(); }

  void async_handshake(Shaken shaken) override {
    socket().async_receive(asio::buffer(first_), tcp::socket::message_peek,
                           [self = shared_from_this(), shaken = std::move(shaken)](error_code error, std::size_t) {
                             if (error) return shaken({error.message(), {}});
                             if (self->first_[0] == handshake_record) {
                               self->inner_ = self->make_tls_(std::move(self->inner_->socket()));
                             }
                             self->inner_->async_handshake(shaken);
                           });
  }
  void async_read_some(asio::mutable_buffer into, Done done) override {
    inner_->async_read_some(into, std::move(done));
  }
  void async_write(asio::const_buffer all, Done done) override { inner_->async_write(all, std::move(done)); }

 private:
  std::shared_ptr<Connection> inner_;
  MakeTls make_tls_;
  std::array<std::byte, 1> first_{};
};

class TlsTransport : public node::Transport {
 public:
  // The files are looked at before they are read: a change in between is then still seen.
  static tl::expected<std::shared_ptr<TlsTransport>, std::string> make(const TlsSettings& settings) {
    const auto made = std::make_shared<TlsTransport>(settings);
    auto context = make_context(settings);
    if (!context) return tl::unexpected(std::move(context.error()));
    made->context_ = std::move(*context);
    made->look_at_own_certificate();
    return made;
  }
  explicit TlsTransport(TlsSettings settings) : settings_(std::move(settings)), stamps_(stamps()) {}

  std::shared_ptr<Connection> call(asio::io_context& io, const std::string& host) override {
    if (!settings_.call) return node::plain_connection(tcp::socket(io));
    look_at_files();
    return std::make_shared<TlsConnection>(
        context_, tcp::socket(io), ssl::stream_base::client,
        Expected{ClientAuth::need, settings_.verify_host, settings_.reverse_lookup, host});
  }

  std::shared_ptr<Connection> answer(tcp::socket socket) override {
    look_at_files();
    const Expected expected{settings_.client_auth, settings_.verify_caller, settings_.reverse_lookup, {}};
    const auto secure = [context = context_, expected](tcp::socket plain) -> std::shared_ptr<Connection> {
      return std::make_shared<TlsConnection>(context, std::move(plain), ssl::stream_base::server, expected);
    };
    if (!settings_.answer_plain) return secure(std::move(socket));
    return std::make_shared<EitherConnection>(std::move(socket), secure);
  }

 private:
  using Stamp = std::pair<std::filesystem::file_time_type, std::uintmax_t>;

  [[nodiscard]] std::array<Stamp, 3> stamps() const {
    std::array<Stamp, 3> found{};
    std::size_t next = 0;
    for (const std::string* path : {&settings_.key_store, &settings_.trust_store, &settings_.password_file}) {
      std::error_code error;
      found[next].first = std::filesystem::last_write_time(*path, error);
      found[next++].second = std::filesystem::file_size(*path, error);
    }
    return found;
  }

  // Files that can't be used, because they are just being replaced, say, leave it as it was.
  // Only a warning: the others' trust stores may be other ones.
  void look_at_own_certificate() const {
    const std::string trouble = own_certificate_trouble(*context_);
    if (trouble.empty()) return;
    spdlog::warn("{}: this server's certificate would not be taken by servers with its trust store: {}",
                 settings_.key_store, trouble);
  }

  void look_at_files() {
    if (!settings_.reload) return;
    const auto now = stamps();
    if (now == stamps_) return;
    stamps_ = now;
    auto made = make_context(settings_);
    if (made) {
      context_ = std::move(*made);
      spdlog::info("the key store or the trust store has changed, and is used as it is now");
      look_at_own_certificate();
    } else {
      spdlog::error("the key store or the trust store has changed, and is used as it was: {}", made.error());
    }
  }

  TlsSettings settings_;
  std::shared_ptr<Context> context_;
  std::array<Stamp, 3> stamps_;
};

}  // namespace

tl::expected<std::shared_ptr<node::Transport>, std::string> make_transport(const TlsSettings& settings) {
  return TlsTransport::make(settings);
}

tl::expected<std::shared_ptr<node::Transport>, std::string> transport_of(const config::ZooCfg& cfg) {
  if (!cfg.wants_tls()) return nullptr;
  const auto settings = tls_settings(cfg);
  if (!settings) return tl::unexpected(settings.error());
  return make_transport(*settings);
}

tl::expected<std::shared_ptr<node::Transport>, std::string> transport_from_file(const std::string& zoo_cfg) {
  const auto cfg = config::read_zoo_cfg(zoo_cfg);
  if (!cfg) return tl::unexpected(cfg.error().message());
  return transport_of(*cfg);
}

}  // namespace conclave::tls
