#include "conclave/config/host.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstddef>

#include "text.hpp"

namespace conclave::config {

std::string canonical_host(std::string_view host) {
  const std::size_t zone = std::min(host.find('%'), host.size());
  const std::string address(host.substr(0, zone));
  in6_addr binary{};
  std::array<char, INET6_ADDRSTRLEN> spelled{};
  if (inet_pton(AF_INET6, address.c_str(), &binary) != 1) return lower(host);
  if (inet_ntop(AF_INET6, &binary, spelled.data(), spelled.size()) == nullptr) return lower(host);
  // As in Java, an IPv4 address within an IPv6 one is that IPv4 address.
  constexpr std::string_view mapped = "::ffff:";
  std::string_view result = spelled.data();
  if (IN6_IS_ADDR_V4MAPPED(&binary)) result.remove_prefix(mapped.size());
  return std::string(result) + std::string(host.substr(zone));
}

bool is_address(const std::string& host) {
  in_addr binary{};
  return host.find(':') != std::string::npos || inet_pton(AF_INET, host.c_str(), &binary) == 1;
}

}  // namespace conclave::config
