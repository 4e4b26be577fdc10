// ZooKeeper's configuration file (zoo.cfg, and the dynamic file it may name), read as far as an election needs it.
//
// What is accepted is what QuorumPeerConfig, QuorumServer and the quorum verifiers of ZooKeeper accept. Where this
// reader refuses more than they do, it is because ZooKeeper would start with something else than what was written
// down: a server line that silently replaces another, a weight for nobody, quorums that cannot exist.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "conclave/model/configuration.hpp"
#include "conclave/model/types.hpp"

namespace conclave::config {

// Nobody writes a configuration this long; whatever is, is something else (a log, a device).
inline constexpr std::size_t file_bytes_max = std::size_t{1} << 20U;

// What is wrong, where, what was found there and what should have been.
struct ConfigError {
  std::string file;
  int line = 0;  // 1-based; 0: the file as a whole
  std::string what;
  std::string found;
  std::string expected;

  // "FILE:LINE: what: found ...; expected ...", on one line.
  [[nodiscard]] std::string message() const;
};

struct Address {
  std::string host;  // as written, an IPv6 address without its brackets
  std::uint16_t quorum_port = 0;
  std::uint16_t election_port = 0;

  friend auto operator<=>(const Address&, const Address&) = default;
};

// server.N=host:port:port[:role][|host:port:port[:role]...][;[client];[secure client]]
struct ServerLine {
  model::ServerId id{0};
  std::vector<Address> addresses;  // at least one, sorted
  model::LearnerType role = model::LearnerType::participant;
  std::optional<std::string> client;  // "host:port", host 0.0.0.0 if the line has only a port
  int line = 0;
  std::optional<std::string> secure_client;  // as client
};

struct ZooCfg {
  std::string file;                         // as given
  std::optional<std::string> dynamic_file;  // where the servers came from, if dynamicConfigFile is used
  std::vector<ServerLine> servers;          // sorted by id
  model::Configuration configuration;
  bool has_version = false;  // the configuration's: version=, or in the name of the dynamic file
  bool has_oracle = false;
  bool reconfig_enabled = false;   // ZooKeeper's default
  bool standalone_enabled = true;  // ZooKeeper's default
  std::optional<model::LearnerType> peer_type;

  // For the node; checking needs none of them.
  std::optional<int> tick_time_ms;
  std::optional<int> init_limit_ticks;
  std::optional<int> sync_limit_ticks;
  std::optional<int> connect_to_learner_master_limit_ticks;
  std::optional<int> cnx_timeout_ms;
  std::optional<std::uint16_t> client_port;
  std::optional<std::string> client_port_address;
  std::optional<std::string> data_dir;
  std::optional<std::string> data_log_dir;
  std::optional<std::string> oracle_path;
  bool quorum_listen_on_all_ips = false;

  // TLS between the servers, on both ports (QuorumX509Util). conclave::tls reads the values.
  bool ssl_quorum = false;                               // servers are called with it, and have to call with it
  bool port_unification = false;                         // calls are taken with it and without
  bool ssl_quorum_reload = false;                        // sslQuorumReloadCertFiles
  std::map<std::string, std::string> ssl_quorum_values;  // ssl.quorum.KEY=VALUE, by KEY, as written

  bool quorum_sasl = false;  // quorum.auth.enableSasl

  // What a node shows to the outside: the client port's four-letter words, and pages over HTTP.
  std::optional<std::string> four_letter_words;  // 4lw.commands.whitelist, as written
  std::optional<int> max_client_cnxns;
  std::optional<int> min_session_timeout_ms;
  std::optional<int> max_session_timeout_ms;
  std::optional<int> client_port_listen_backlog;
  std::optional<std::uint16_t> secure_client_port;
  std::optional<std::string> metrics_provider;  // metricsProvider.className
  std::optional<std::string> metrics_http_host;
  std::optional<std::uint16_t> metrics_http_port;
  std::optional<std::string> admin_enable_server;  // any word: what is not "true" is false, as Java has it
  std::optional<std::string> admin_force_https;    // the same
  std::optional<std::string> admin_server_address;
  std::optional<std::uint16_t> admin_server_port;

  // Do servers have to speak TLS among each other, or may they?
  [[nodiscard]] bool wants_tls() const { return ssl_quorum || port_unification; }

  // What an operator should know although it is no error; each a full sentence.
  std::vector<std::string> notes;
};

// Text of the file at a path, or why there is none.
using ReadFile = std::function<tl::expected<std::string, std::string>(const std::string& path)>;

// Reads a file and the dynamic file it names. Does not look at myid.
[[nodiscard]] tl::expected<ZooCfg, ConfigError> read_zoo_cfg(const std::string& path);

// The same for a text that is already here. `file_name` is what messages call it and what the name of a dynamic
// file may be relative to; `read_file` is asked for nothing but the dynamic file and, where one is named, whether
// there is a FILE_NAME.dynamic.next.
[[nodiscard]] tl::expected<ZooCfg, ConfigError> parse_zoo_cfg(std::string_view text, const std::string& file_name,
                                                              const ReadFile& read_file);

// QuorumPeerConfig.getVersionFromFilename: the hexadecimal number after the last dot, if there is one.
[[nodiscard]] std::optional<std::int64_t> version_in_name(std::string_view name);

// The quorum configuration as QuorumVerifier.toString writes it: server lines, groups, weights, and `version=` in
// hexadecimal, without a newline after it. ZooKeeper's order is that of a hash table; here it is by id.
[[nodiscard]] std::string to_config_text(const ZooCfg& cfg);

// What a quorum configuration by itself must not have (QuorumPeerConfig.parseDynamicConfig): the first key that is of
// no server, group, weight or version. REQUIRES: the text can be read.
[[nodiscard]] std::optional<ConfigError> unrecognised_parameter(std::string_view text, const std::string& file_name);

}  // namespace conclave::config
