#include "conclave/wire/handshake.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <charconv>
#include <utility>

namespace conclave::wire {
namespace {

constexpr std::size_t long_bytes = 8;
constexpr std::size_t head_bytes = long_bytes + long_bytes + 4;  // protocol, sid, length of the address

bool is_of_a_host(char c) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return letter || (c >= '0' && c <= '9') || std::string_view(".-_:%").find(c) != std::string_view::npos;
}

// ConfigUtils.getHostAndPort, and a port that is one. ZooKeeper lets a port over 65535 through to a constructor that
// throws, which ends its listener.
std::optional<HostPort> parse_address(std::string_view text) {
  std::string_view host;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find("]:");
    if (close == std::string_view::npos) return std::nullopt;
    host = text.substr(1, close - 1);
    port = text.substr(close + 2);
  } else {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  if (host.empty() || !std::all_of(host.begin(), host.end(), is_of_a_host)) return std::nullopt;
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size()) return std::nullopt;
  return HostPort{std::string(host), number};
}

}  // namespace

std::string to_text(const HostPort& address) {
  const bool bracketed = address.host.find(':') != std::string::npos;
  return bracketed ? fmt::format("[{}]:{}", address.host, address.port)
                   : fmt::format("{}:{}", address.host, address.port);
}

Bytes encode(const Handshake& handshake) {
  assert(!handshake.addresses.empty());
  std::string text;
  for (const HostPort& address : handshake.addresses) {
    if (!text.empty()) text += '|';
    text += to_text(address);
  }
  assert(text.size() <= static_cast<std::size_t>(address_bytes_max));
  Bytes bytes;
  put(bytes, handshake.addresses.size() > 1 ? protocol_v2 : protocol_v1);
  put(bytes, handshake.sid.value);
  put(bytes, static_cast<std::int32_t>(text.size()));
  put(bytes, std::string_view(text));
  return bytes;
}

tl::expected<std::vector<HostPort>, Reject> parse_addresses(std::string_view text) {
  std::vector<HostPort> addresses;
  while (text.ends_with('|')) text.remove_suffix(1);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('|'), text.size());
    std::optional<HostPort> address = parse_address(text.substr(0, end));
    if (!address) return tl::unexpected(Reject::malformed_address);
    addresses.push_back(std::move(*address));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return addresses;
}

// Of the whole handshake, as far as it can be told from what is here.
tl::expected<std::size_t, Reject> HandshakeDecoder::bytes_needed() const {
  if (bytes_.size() < long_bytes) return long_bytes;
  const auto first = integer_at_front<std::int64_t>(bytes_);
  if (first >= 0) return long_bytes;  // an id, and no version: the oldest form
  if (first != protocol_v1 && first != protocol_v2) return tl::unexpected(Reject::unknown_protocol);
  if (bytes_.size() < head_bytes) return head_bytes;
  const auto length = integer_at_front<std::int32_t>(ByteView(bytes_).subspan(2 * long_bytes));
  if (length < 1 || length > address_bytes_max) return tl::unexpected(Reject::address_length);
  return head_bytes + static_cast<std::size_t>(length);
}

std::optional<Reject> HandshakeDecoder::finish() {
  const auto first = integer_at_front<std::int64_t>(bytes_);
  if (first >= 0) {
    handshake_ = Handshake{model::ServerId{first}, {}};
    return std::nullopt;
  }
  const ByteView all(bytes_);
  auto addresses = parse_addresses(as_text(all.subspan(head_bytes)));
  if (!addresses) return addresses.error();
  handshake_ =
      Handshake{model::ServerId{integer_at_front<std::int64_t>(all.subspan(long_bytes))}, std::move(*addresses)};
  return std::nullopt;
}

tl::expected<std::size_t, Reject> HandshakeDecoder::feed(ByteView bytes) {
  assert(!handshake_);
  std::size_t taken = 0;
  for (;;) {
    const auto needed = bytes_needed();
    if (!needed) return tl::unexpected(needed.error());
    if (bytes_.size() == *needed) {
      if (const auto wrong = finish()) return tl::unexpected(*wrong);
      return taken;
    }
    const std::size_t part = std::min(*needed - bytes_.size(), bytes.size() - taken);
    if (part == 0) return taken;
    const ByteView next = bytes.subspan(taken, part);
    bytes_.insert(bytes_.end(), next.begin(), next.end());
    taken += part;
  }
}

}  // namespace conclave::wire
