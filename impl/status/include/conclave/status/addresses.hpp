// Where the client port and the pages are, as the configuration says it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/model/types.hpp"
#include "conclave/wire/handshake.hpp"

namespace conclave::status {

// What is wrong where both say it, and differently: ZooKeeper does not start with that
// (QuorumPeerConfig.setupClientPort). Nothing is looked up.
[[nodiscard]] std::optional<std::string> client_address_clash(const config::ZooCfg& cfg, model::ServerId sid);

// Of the server line (server.N=...;client), or for the server whose file this is (`own`) clientPortAddress and
// clientPort. An empty host: all addresses. Nothing: it has none, or it is not known here.
[[nodiscard]] std::optional<wire::HostPort> client_address_of(const config::ZooCfg& cfg, model::ServerId sid,
                                                              bool own);

// metricsProvider.httpHost and httpPort where the provider is ZooKeeper's for Prometheus, and admin.serverAddress and
// serverPort where a port is written down, the server is not switched off and need not be HTTPS. ZooKeeper opens its
// port 8080 unasked; this does not.
[[nodiscard]] std::vector<wire::HostPort> http_addresses_of(const config::ZooCfg& cfg);

// "host:port", "[::1]:port", or ":port" for all addresses. The error says what was expected.
[[nodiscard]] tl::expected<wire::HostPort, std::string> parse_listen_address(std::string_view text);

}  // namespace conclave::status
