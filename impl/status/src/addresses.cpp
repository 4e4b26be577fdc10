#include "conclave/status/addresses.hpp"

#include <algorithm>
#include <charconv>
#include <string>

namespace conclave::status {
namespace {

constexpr std::string_view prometheus_provider = "org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider";
constexpr std::uint16_t prometheus_port_default = 7000;

// Boolean.parseBoolean.
bool is_true(const std::optional<std::string>& word) {
  if (!word || word->size() != 4) return false;
  return std::equal(word->begin(), word->end(), "true", [](char a, char b) { return (a | 0x20) == b; });
}

}  // namespace

std::optional<wire::HostPort> client_address_of(const config::ZooCfg& cfg, model::ServerId sid, bool own) {
  for (const config::ServerLine& server : cfg.servers) {
    if (server.id != sid || !server.client) continue;
    const auto address = parse_listen_address(*server.client);
    if (address) return *address;
  }
  if (!own || cfg.client_port.value_or(0) == 0) return std::nullopt;
  return wire::HostPort{cfg.client_port_address.value_or(""), *cfg.client_port};
}

std::optional<std::string> client_address_clash(const config::ZooCfg& cfg, model::ServerId sid) {
  if (cfg.client_port.value_or(0) == 0) return std::nullopt;
  const auto line = client_address_of(cfg, sid, false);
  if (!line) return std::nullopt;
  const std::string host = cfg.client_port_address.value_or("");
  const bool any = host.empty() || host == "0.0.0.0" || host == "::";
  if (line->port == *cfg.client_port && (any || host == line->host)) return std::nullopt;
  return cfg.file + ": found clientPort " + wire::to_text({host, *cfg.client_port}) + " and, in the line of server." +
         std::to_string(sid.value) + ", " + wire::to_text(*line) + "; expected the same, or one of them";
}

std::vector<wire::HostPort> http_addresses_of(const config::ZooCfg& cfg) {
  std::vector<wire::HostPort> addresses;
  if (cfg.metrics_provider == prometheus_provider) {
    addresses.push_back(
        {cfg.metrics_http_host.value_or(""), cfg.metrics_http_port.value_or(prometheus_port_default)});
  }
  const bool switched_off = cfg.admin_enable_server && !is_true(cfg.admin_enable_server);
  if (cfg.admin_server_port && !switched_off && !is_true(cfg.admin_force_https)) {
    addresses.push_back({cfg.admin_server_address.value_or(""), *cfg.admin_server_port});
  }
  return addresses;
}

tl::expected<wire::HostPort, std::string> parse_listen_address(std::string_view text) {
  const std::string expected =
      "'" + std::string(text) + "': expected HOST:PORT, with an IPv6 address in brackets and a port up to 65535";
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return tl::unexpected(expected);
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (wrong != std::errc() || end != digits.data() + digits.size()) return tl::unexpected(expected);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of("[]:") != std::string_view::npos) {
    return tl::unexpected(expected);
  }
  return wire::HostPort{std::string(host), port};
}

}  // namespace conclave::status
