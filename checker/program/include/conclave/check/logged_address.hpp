// Addresses as Java writes them into logs, held against those of a configuration file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace conclave::check {

// Both hosts are spelled as config::canonical_host gives them. At least one of them is not empty.
struct LoggedAddress {
  std::string name;
  std::string ip;
  std::uint16_t port = 0;
};

// "zoo2/10.0.0.2:2888", "/10.0.0.2:2888", "zoo2/<unresolved>:2888", "zoo2:2888", an IPv6 address with or without
// brackets. Nothing where a text is none of these.
[[nodiscard]] std::optional<LoggedAddress> logged_address(std::string_view text);

// How well an address fits one of a configuration file; the later, the better.
enum class Fit {
  other,  // another port, or another host
  any,    // the port is the same, and one of the two means all addresses of its machine
  open,   // the port is the same, and of one only a name is known, of the other only an address
  same,
};
[[nodiscard]] Fit fit_of(const LoggedAddress& logged, std::string_view host, std::uint16_t port);

}  // namespace conclave::check
