#include "settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "text.hpp"

namespace conclave::config {
namespace {

constexpr std::int64_t int_max = std::numeric_limits<std::int32_t>::max();
constexpr std::int64_t int_min = std::numeric_limits<std::int32_t>::min();
constexpr std::int64_t long_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t long_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t port_max = 65535;

// An integer key: where the number goes, and what it may be. Keys that only ZooKeeper uses go nowhere, but it
// does not start if they are no numbers, so neither do we.
struct IntegerKey {
  std::string_view name;
  std::int64_t least;
  std::int64_t most;
  void (*keep)(ZooCfg&, std::int64_t);
};

// ZooKeeper refuses a tickTime of 0 and, in an ensemble, limits of 0; that a negative one passes is an oversight.
constexpr std::array integer_keys = {
    IntegerKey{"tickTime", 1, int_max, [](ZooCfg& c, std::int64_t v) { c.tick_time_ms = static_cast<int>(v); }},
    IntegerKey{"initLimit", 1, int_max, [](ZooCfg& c, std::int64_t v) { c.init_limit_ticks = static_cast<int>(v); }},
    IntegerKey{"syncLimit", 1, int_max, [](ZooCfg& c, std::int64_t v) { c.sync_limit_ticks = static_cast<int>(v); }},
    IntegerKey{"connectToLearnerMasterLimit", 0, int_max,
               [](ZooCfg& c, std::int64_t v) { c.connect_to_learner_master_limit_ticks = static_cast<int>(v); }},
    // Not ZooKeeper's own key, but one of those that it hands on: zookeeper.cnxTimeout.
    IntegerKey{"cnxTimeout", 1, int_max, [](ZooCfg& c, std::int64_t v) { c.cnx_timeout_ms = static_cast<int>(v); }},
    IntegerKey{"clientPort", 0, port_max,
               [](ZooCfg& c, std::int64_t v) { c.client_port = static_cast<std::uint16_t>(v); }},
    IntegerKey{"secureClientPort", 0, port_max,
               [](ZooCfg& c, std::int64_t v) { c.secure_client_port = static_cast<std::uint16_t>(v); }},
    IntegerKey{"electionAlg", 3, 3, nullptr},
    IntegerKey{"observerMasterPort", int_min, int_max, nullptr},
    IntegerKey{"clientPortListenBacklog", int_min, int_max,
               [](ZooCfg& c, std::int64_t v) { c.client_port_listen_backlog = static_cast<int>(v); }},
    IntegerKey{"maxClientCnxns", int_min, int_max,
               [](ZooCfg& c, std::int64_t v) { c.max_client_cnxns = static_cast<int>(v); }},
    IntegerKey{"minSessionTimeout", int_min, int_max,
               [](ZooCfg& c, std::int64_t v) { c.min_session_timeout_ms = static_cast<int>(v); }},
    IntegerKey{"maxSessionTimeout", int_min, int_max,
               [](ZooCfg& c, std::int64_t v) { c.max_session_timeout_ms = static_cast<int>(v); }},
    // ZooKeeper takes 8080 for a port that is no number; that is not what was written down.
    IntegerKey{"admin.serverPort", 0, port_max,
               [](ZooCfg& c, std::int64_t v) { c.admin_server_port = static_cast<std::uint16_t>(v); }},
    IntegerKey{"metricsProvider.httpPort", 0, port_max,
               [](ZooCfg& c, std::int64_t v) { c.metrics_http_port = static_cast<std::uint16_t>(v); }},
    IntegerKey{"autopurge.snapRetainCount", int_min, int_max, nullptr},
    IntegerKey{"autopurge.purgeInterval", int_min, int_max, nullptr},
    IntegerKey{"quorum.cnxn.threads.size", int_min, int_max, nullptr},
    IntegerKey{"multiAddress.reachabilityCheckTimeoutMs", int_min, int_max, nullptr},
    IntegerKey{"jvm.pause.info-threshold.ms", long_min, long_max, nullptr},
    IntegerKey{"jvm.pause.warn-threshold.ms", long_min, long_max, nullptr},
    IntegerKey{"jvm.pause.sleep.time.ms", long_min, long_max, nullptr},
};

struct BooleanKey {
  std::string_view name;
  bool ZooCfg::*keep;
};

constexpr std::array boolean_keys = {
    BooleanKey{"standaloneEnabled", &ZooCfg::standalone_enabled},
    BooleanKey{"reconfigEnabled", &ZooCfg::reconfig_enabled},
    BooleanKey{"quorumListenOnAllIPs", &ZooCfg::quorum_listen_on_all_ips},
    BooleanKey{"localSessionsEnabled", nullptr},
    BooleanKey{"localSessionsUpgradingEnabled", nullptr},
    BooleanKey{"syncEnabled", nullptr},
    BooleanKey{"sslQuorum", &ZooCfg::ssl_quorum},
    BooleanKey{"portUnification", &ZooCfg::port_unification},
    BooleanKey{"sslQuorumReloadCertFiles", &ZooCfg::ssl_quorum_reload},
    BooleanKey{"quorum.auth.enableSasl", &ZooCfg::quorum_sasl},
    BooleanKey{"quorum.auth.serverRequireSasl", nullptr},
    BooleanKey{"quorum.auth.learnerRequireSasl", nullptr},
    BooleanKey{"multiAddress.enabled", nullptr},
    BooleanKey{"multiAddress.reachabilityCheckEnabled", nullptr},
    BooleanKey{"jvm.pause.monitor", nullptr},
};

struct TextKey {
  std::string_view name;
  std::optional<std::string> ZooCfg::*keep;
};

constexpr std::array text_keys = {
    TextKey{"dataDir", &ZooCfg::data_dir},
    TextKey{"dataLogDir", &ZooCfg::data_log_dir},
    TextKey{"clientPortAddress", &ZooCfg::client_port_address},
    TextKey{"oraclePath", &ZooCfg::oracle_path},
    TextKey{"4lw.commands.whitelist", &ZooCfg::four_letter_words},
    TextKey{"metricsProvider.className", &ZooCfg::metrics_provider},
    TextKey{"metricsProvider.httpHost", &ZooCfg::metrics_http_host},
    TextKey{"admin.enableServer", &ZooCfg::admin_enable_server},
    TextKey{"admin.forceHttps", &ZooCfg::admin_force_https},
    TextKey{"admin.serverAddress", &ZooCfg::admin_server_address},
};

std::string setting(std::string_view key, std::string_view value) {
  return fmt::format("{}={}", key, value.empty() ? "" : in_quotes(value));
}

std::optional<Wrong> apply_integer(ZooCfg& cfg, const IntegerKey& key, std::string_view value) {
  const std::optional<std::int64_t> number = parse_long(value);
  if (!number || *number < key.least || *number > key.most) {
    const std::string expected = key.least == key.most ? fmt::format("{}", key.least)
                                                       : fmt::format("an integer from {} to {}", key.least, key.most);
    return Wrong{"malformed setting", setting(key.name, value), expected};
  }
  if (key.keep != nullptr) key.keep(cfg, *number);
  return std::nullopt;
}

std::optional<Wrong> apply_boolean(ZooCfg& cfg, const BooleanKey& key, std::string_view value) {
  const std::string word = lower(value);
  if (word != "true" && word != "false") {
    return Wrong{"malformed setting", setting(key.name, value), "true or false"};
  }
  if (key.keep != nullptr) cfg.*key.keep = word == "true";
  return std::nullopt;
}

// Those that are read elsewhere, or go to nobody here.
constexpr std::array<std::string_view, 5> other_keys = {"peerType", "dynamicConfigFile", "secureClientPortAddress",
                                                        "snapCount", "leaderServes"};

constexpr std::size_t setting_length_max = 48;
constexpr auto is_short = [](const auto& key) { return key.name.size() <= setting_length_max; };
static_assert(std::all_of(integer_keys.begin(), integer_keys.end(), is_short) &&
              std::all_of(boolean_keys.begin(), boolean_keys.end(), is_short) &&
              std::all_of(text_keys.begin(), text_keys.end(), is_short));

// How many letters have to be changed, added, left out or swapped with the next, as far as that is at most `most`.
// REQUIRES: neither is longer than setting_length_max.
std::size_t letters_between(std::string_view a, std::string_view b, std::size_t most) {
  if (std::max(a.size(), b.size()) - std::min(a.size(), b.size()) > most) return most + 1;
  std::array<std::array<std::uint8_t, setting_length_max + 1>, setting_length_max + 1> cost;
  for (std::size_t i = 0; i <= a.size(); ++i) {
    for (std::size_t j = 0; j <= b.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = static_cast<std::uint8_t>(i + j);
        continue;
      }
      const int changed = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      int least = std::min({changed, cost[i - 1][j] + 1, cost[i][j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) least = std::min(least, cost[i - 2][j - 2] + 1);
      cost[i][j] = static_cast<std::uint8_t>(least);
    }
  }
  return cost[a.size()][b.size()];
}

}  // namespace

std::optional<std::string_view> setting_like(std::string_view key) {
  constexpr std::size_t letters_max = 2;
  constexpr std::size_t length_min = 6;  // what is shorter is near to anything
  if (key.size() < length_min || key.size() > setting_length_max) return std::nullopt;
  std::optional<std::string_view> nearest;
  std::size_t least = letters_max + 1;
  const auto look = [&](std::string_view known) {
    const std::size_t letters = letters_between(key, known, letters_max);
    if (letters >= least) return;
    least = letters;
    nearest = known;
  };
  for (const IntegerKey& known : integer_keys) look(known.name);
  for (const BooleanKey& known : boolean_keys) look(known.name);
  for (const TextKey& known : text_keys) look(known.name);
  for (const std::string_view known : other_keys) look(known);
  if (least == 0) return std::nullopt;
  return nearest;
}

std::optional<Wrong> apply_setting(ZooCfg& cfg, std::string_view key, std::string_view value) {
  for (const IntegerKey& known : integer_keys) {
    if (known.name == key) return apply_integer(cfg, known, value);
  }
  for (const BooleanKey& known : boolean_keys) {
    if (known.name == key) return apply_boolean(cfg, known, value);
  }
  for (const TextKey& known : text_keys) {
    if (known.name == key) cfg.*known.keep = std::string(value);
  }
  if (constexpr std::string_view prefix = "ssl.quorum."; key.starts_with(prefix)) {
    cfg.ssl_quorum_values[std::string(key.substr(prefix.size()))] = value;
  }
  if (key == "peerType") {
    cfg.peer_type = parse_role(value);
    if (!cfg.peer_type)
      return Wrong{"unknown role", setting(key, value), "peerType=participant or peerType=observer"};
  }
  return std::nullopt;
}

}  // namespace conclave::config
