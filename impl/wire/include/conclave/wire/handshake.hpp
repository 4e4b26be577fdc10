// What the side that opens a connection to an election port says first: QuorumCnxManager.InitialMessage.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "conclave/model/types.hpp"
#include "conclave/wire/bytes.hpp"
#include "conclave/wire/reject.hpp"

namespace conclave::wire {

inline constexpr std::int64_t protocol_v1 = -65536;  // one address
inline constexpr std::int64_t protocol_v2 = -65535;  // several, with '|' between them (ZOOKEEPER-3188)
inline constexpr std::int32_t address_bytes_max = 2048;
// Whoever says this is renamed by the acceptor (QuorumPeer.OBSERVER_ID).
inline constexpr model::ServerId observer_id{std::numeric_limits<std::int64_t>::max()};

struct HostPort {
  std::string host;  // a name or an IP address, IPv6 without brackets
  std::uint16_t port = 0;

  friend auto operator<=>(const HostPort&, const HostPort&) = default;
};

// "host:port", an IPv6 address in brackets.
[[nodiscard]] std::string to_text(const HostPort& address);

struct Handshake {
  model::ServerId sid{0};
  std::vector<HostPort> addresses;  // empty for the bare id

  friend bool operator==(const Handshake&, const Handshake&) = default;
};

// V1 for one address, V2 for several. REQUIRES: at least one address; their text is at most address_bytes_max long.
[[nodiscard]] Bytes encode(const Handshake& handshake);

// The addresses of a handshake: "host:port|host:port". No trailing separator counts, as in Java.
[[nodiscard]] tl::expected<std::vector<HostPort>, Reject> parse_addresses(std::string_view text);

// Takes a handshake in whatever parts it comes. Keeps at most 2068 bytes.
//
// Not thread-safe. After a Reject or a complete handshake it must not be fed again.
class HandshakeDecoder {
 public:
  // How many of `bytes` belong to the handshake, or why it is none. What is beyond belongs to the frames.
  [[nodiscard]] tl::expected<std::size_t, Reject> feed(ByteView bytes);

  // Set once the handshake is complete.
  [[nodiscard]] const std::optional<Handshake>& handshake() const { return handshake_; }
  [[nodiscard]] bool begun() const { return !bytes_.empty(); }

 private:
  [[nodiscard]] tl::expected<std::size_t, Reject> bytes_needed() const;
  [[nodiscard]] std::optional<Reject> finish();

  Bytes bytes_;
  std::optional<Handshake> handshake_;
};

}  // namespace conclave::wire
