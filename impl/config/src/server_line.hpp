// The value of a server line: QuorumServer.initializeWithAddressString.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "conclave/config/zoo_cfg.hpp"

namespace conclave::config {

// What is wrong, without the place.
struct Wrong {
  std::string what;
  std::string found;
  std::string expected;
};

// `value` is what follows `server.N=`. The result has no id and no line yet.
[[nodiscard]] tl::expected<ServerLine, Wrong> parse_server_value(std::string_view value);

// "host:port", an IPv6 address in brackets.
[[nodiscard]] std::string host_and_port(std::string_view host, int port);

// QuorumServer.toString.
[[nodiscard]] std::string to_text(const ServerLine& server);

}  // namespace conclave::config
