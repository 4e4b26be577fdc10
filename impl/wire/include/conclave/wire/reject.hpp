// What comes in on the election port and is not taken, by reason, so that it can be counted and told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace conclave::wire {

enum class Reject : std::uint8_t {
  // handshakes; the connection is closed
  tls_handshake,
  unknown_protocol,
  address_length,
  malformed_address,
  handshake_timeout,
  handshake_cut,
  own_id,
  half_open_limit,
  stranger_limit,
  // frames; the connection is closed
  frame_length,
  // notifications; the connection stays
  short_notification,
  partial_notification,
  config_length,
  unparseable_config,
  unknown_state,
  count_  // how many there are
};
inline constexpr std::size_t rejects_count = static_cast<std::size_t>(Reject::count_);

// For counters: words with dashes.
[[nodiscard]] constexpr std::string_view name_of(Reject reason) {
  switch (reason) {
    case Reject::tls_handshake: return "tls-handshake";
    case Reject::unknown_protocol: return "unknown-protocol";
    case Reject::address_length: return "address-length";
    case Reject::malformed_address: return "malformed-address";
    case Reject::handshake_timeout: return "handshake-timeout";
    case Reject::handshake_cut: return "handshake-cut";
    case Reject::own_id: return "own-id";
    case Reject::half_open_limit: return "half-open-limit";
    case Reject::stranger_limit: return "stranger-limit";
    case Reject::frame_length: return "frame-length";
    case Reject::short_notification: return "short-notification";
    case Reject::partial_notification: return "partial-notification";
    case Reject::config_length: return "config-length";
    case Reject::unparseable_config: return "unparseable-config";
    case Reject::unknown_state: return "unknown-state";
    case Reject::count_: break;
  }
  return "?";
}

// For people.
[[nodiscard]] constexpr std::string_view sentence_of(Reject reason) {
  switch (reason) {
    case Reject::tls_handshake: return "TLS could not be agreed on, or the certificate is not good";
    case Reject::unknown_protocol: return "the handshake begins with no protocol version that is known";
    case Reject::address_length: return "the handshake's address is not 1 to 2048 bytes long";
    case Reject::malformed_address: return "the handshake's address is not host:port";
    case Reject::handshake_timeout: return "the handshake did not come in time";
    case Reject::handshake_cut: return "the connection was closed inside its handshake";
    case Reject::own_id: return "the handshake has this server's own id";
    case Reject::half_open_limit: return "too many connections wait for their handshake, this one for the longest";
    case Reject::stranger_limit: return "too many servers are connected that are not in the configuration";
    case Reject::frame_length: return "the message is not 1 to 524288 bytes long";
    case Reject::short_notification: return "the notification is shorter than 28 bytes";
    case Reject::partial_notification: return "the notification ends inside a field";
    case Reject::config_length:
      return "the notification's configuration is longer than the notification, or negative";
    case Reject::unparseable_config: return "the notification's configuration can't be read; it is used without";
    case Reject::unknown_state: return "the notification's state is none of the four";
    case Reject::count_: break;
  }
  return "?";
}

}  // namespace conclave::wire
