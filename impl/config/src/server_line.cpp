#include "server_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conclave/model/types.hpp"
#include "text.hpp"

namespace conclave::config {
namespace {

constexpr int port_max = 65535;
constexpr std::string_view address_form = "host:quorum-port:election-port with an optional :participant or :observer";
constexpr std::string_view client_form = "a port or host:port after ';'";

using Parts = std::vector<std::string_view>;

Wrong malformed(std::string_view found, std::string expected) {
  return Wrong{"malformed address", in_quotes(found), std::move(expected)};
}

// ConfigUtils.getHostAndPort, which takes an IPv6 address in brackets for one part. It does not look at what
// follows the bracket; this does.
tl::expected<Parts, Wrong> host_and_ports(std::string_view text) {
  if (!text.starts_with('[')) return split(text, ':');
  const std::size_t close = text.find(']');
  if (close == std::string_view::npos) {
    return tl::unexpected(Wrong{"unbalanced bracket", in_quotes(text), "']' after the IPv6 address"});
  }
  const std::string_view rest = text.substr(close + 1);
  Parts parts{text.substr(1, close - 1)};
  if (rest.empty()) return parts;
  if (rest.front() != ':') return tl::unexpected(malformed(text, "':' and a port after ']'"));
  for (const std::string_view part : split(rest.substr(1), ':')) parts.push_back(part);
  return parts;
}

std::optional<Wrong> host_wrong(std::string_view host, std::string_view whole) {
  if (host.empty()) return Wrong{"empty host", in_quotes(whole), "a host name or an IP address before the port"};
  if (host.find('[') != std::string_view::npos || host.find(']') != std::string_view::npos) {
    return Wrong{"unbalanced bracket", in_quotes(whole), "an IPv6 address in one pair of brackets"};
  }
  // Of names and addresses; ZooKeeper looks up anything, and fails only when it connects. '%' is for IPv6 zones.
  const auto belongs = [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || std::string_view(".-_:%").find(c) != std::string_view::npos;
  };
  if (std::all_of(host.begin(), host.end(), belongs)) return std::nullopt;
  return malformed(whole, "a host name or an IP address without other characters");
}

tl::expected<std::uint16_t, Wrong> port(std::string_view text, std::string_view name, std::string_view whole) {
  std::string expected = fmt::format("a number from 1 to {} for the {}", port_max, name);
  if (trimmed(text) != text) {
    // Properties keep blanks at the end of a line, and Integer.parseInt does not take them.
    return tl::unexpected(malformed(whole, fmt::format("no blank or control character around the {}", name)));
  }
  if (text.empty()) return tl::unexpected(Wrong{"missing port", in_quotes(whole), std::move(expected)});
  const std::optional<std::int64_t> number = parse_long(text);
  const bool digits = text.find_first_not_of("0123456789") == std::string_view::npos;
  if (!number && !digits) {
    return tl::unexpected(
        Wrong{"port is not a number", in_quotes(text) + " in " + in_quotes(whole), std::move(expected)});
  }
  if (!number || *number < 1 || *number > port_max) {
    return tl::unexpected(
        Wrong{"port out of range", in_quotes(text) + " in " + in_quotes(whole), std::move(expected)});
  }
  return static_cast<std::uint16_t>(*number);
}

struct OneAddress {
  Address address;
  std::optional<model::LearnerType> role;
};

tl::expected<OneAddress, Wrong> one_address(std::string_view text) {
  const auto parts = host_and_ports(text);
  if (!parts) return tl::unexpected(parts.error());
  if (parts->empty()) return tl::unexpected(malformed(text, std::string(address_form)));
  const std::string_view host = parts->front();
  if (std::optional<Wrong> wrong = host_wrong(host, text)) return tl::unexpected(std::move(*wrong));
  if (parts->size() < 3) {
    return tl::unexpected(Wrong{"missing port", in_quotes(text), std::string(address_form)});
  }
  if (parts->size() > 4) {
    return tl::unexpected(malformed(text, std::string(address_form) + " (an IPv6 address in brackets)"));
  }
  const auto quorum = port((*parts)[1], "quorum port", text);
  if (!quorum) return tl::unexpected(quorum.error());
  const auto election = port((*parts)[2], "election port", text);
  if (!election) return tl::unexpected(election.error());
  if (*quorum == *election) {
    return tl::unexpected(Wrong{"quorum port and election port are equal", in_quotes(text), "two different ports"});
  }
  OneAddress one{{std::string(host), *quorum, *election}, {}};
  if (parts->size() == 4) {
    one.role = parse_role((*parts)[3]);
    if (!one.role) {
      return tl::unexpected(Wrong{"unknown role", in_quotes((*parts)[3]), "participant or observer"});
    }
  }
  return one;
}

// The part after a semicolon: a port, or host:port.
tl::expected<std::string, Wrong> client_address(std::string_view text, std::string_view name) {
  const auto parts = host_and_ports(text);
  if (!parts) return tl::unexpected(parts.error());
  if (parts->empty() || parts->size() > 2) return tl::unexpected(malformed(text, std::string(client_form)));
  const std::string_view host = parts->size() == 2 ? parts->front() : "0.0.0.0";
  if (std::optional<Wrong> wrong = host_wrong(host, text)) return tl::unexpected(std::move(*wrong));
  const auto number = port(parts->back(), name, text);
  if (!number) return tl::unexpected(number.error());
  return host_and_port(host, *number);
}

// The addresses, separated by '|', into `server`.
std::optional<Wrong> add_addresses(ServerLine& server, std::string_view text) {
  const Parts alternatives = split(text, '|');
  if (alternatives.empty()) return malformed(text, std::string(address_form));
  std::optional<model::LearnerType> role;
  for (const std::string_view alternative : alternatives) {
    auto one = one_address(alternative);
    if (!one) return std::move(one.error());
    // As in ZooKeeper, an address that names no role follows those that do.
    if (role && one->role && *role != *one->role) {
      return Wrong{"different roles in one server line",
                   fmt::format("{} after {} in {}", name_of(*one->role), name_of(*role), in_quotes(text)),
                   "the same role for all addresses of a server"};
    }
    if (one->role) role = one->role;
    server.addresses.push_back(std::move(one->address));
  }
  std::sort(server.addresses.begin(), server.addresses.end());
  if (role) server.role = *role;
  return std::nullopt;
}

}  // namespace

tl::expected<ServerLine, Wrong> parse_server_value(std::string_view value) {
  if (value.empty()) return tl::unexpected(Wrong{"malformed address", "nothing", std::string(address_form)});
  const Parts parts = split(value, ';');
  if (parts.empty() || parts.size() > 3) {
    return tl::unexpected(malformed(value, "server;client;secure-client, the last two optional"));
  }
  ServerLine server;
  if (std::optional<Wrong> wrong = add_addresses(server, parts[0])) return tl::unexpected(std::move(*wrong));
  if (parts.size() >= 2 && !parts[1].empty()) {
    auto client = client_address(parts[1], "client port");
    if (!client) return tl::unexpected(std::move(client.error()));
    server.client = std::move(*client);
  }
  if (parts.size() == 3) {
    auto secure = client_address(parts[2], "secure client port");
    if (!secure) return tl::unexpected(std::move(secure.error()));
    server.secure_client = std::move(*secure);
  }
  return server;
}

std::string host_and_port(std::string_view host, int port) {
  const bool bracketed = host.find(':') != std::string_view::npos;
  return bracketed ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string to_text(const ServerLine& server) {
  std::string text;
  for (const Address& address : server.addresses) {
    if (!text.empty()) text += '|';
    text += fmt::format("{}:{}", host_and_port(address.host, address.quorum_port), address.election_port);
  }
  text += fmt::format(":{}", name_of(server.role));
  if (server.client) text += ";" + *server.client;
  if (server.secure_client) text += (server.client ? ";" : ";;") + *server.secure_client;
  return text;
}

}  // namespace conclave::config
