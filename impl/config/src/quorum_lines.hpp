// The lines that make up the quorum: server.N, group.N, weight.N, version.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "conclave/config/properties.hpp"
#include "conclave/config/zoo_cfg.hpp"
#include "conclave/model/configuration.hpp"
#include "conclave/model/types.hpp"
#include "server_line.hpp"

namespace conclave::config {

// Collects the lines of one file, in the order of the file, and then makes a configuration of them.
//
// Each line is checked by itself when it is added; what lines say of each other is checked at the end, because a
// group may come before its servers. Of several mistakes found at the end the one with the lowest line is reported.
class QuorumLines {
 public:
  // As ZooKeeper recognises them: everything that begins with "group" or "weight", dot or not.
  [[nodiscard]] static bool is_group_or_weight(std::string_view key);
  [[nodiscard]] static bool is_server(std::string_view key);

  // With an oracle ZooKeeper does not look at groups and weights (QuorumPeerConfig.createQuorumVerifier).
  QuorumLines(std::string file, bool has_oracle) : file_(std::move(file)), has_oracle_(has_oracle) {}

  // REQUIRES: is_server(key) or is_group_or_weight(key).
  [[nodiscard]] std::optional<ConfigError> add(const Property& property);

  void set_version(model::ConfigVersion version) { version_ = version; }

  // Moves the servers and the configuration into `cfg`, whose settings are already there.
  [[nodiscard]] std::optional<ConfigError> finish(ZooCfg& cfg);

  [[nodiscard]] bool ignored_groups() const { return ignored_groups_; }

 private:
  struct GroupLine {
    std::vector<std::int64_t> members;
    int line = 0;
  };
  struct WeightLine {
    model::Weight weight{0};
    int line = 0;
  };
  struct Owner {
    std::int64_t id = 0;
    int line = 0;
  };
  // By canonical host, and port.
  using Addresses = std::map<std::pair<std::string, std::uint16_t>, Owner>;

  [[nodiscard]] std::optional<Wrong> add_server(const Property& property);
  [[nodiscard]] std::optional<Wrong> add_group(const Property& property);
  [[nodiscard]] std::optional<Wrong> add_weight(const Property& property);
  [[nodiscard]] std::optional<Wrong> same_address_twice(std::int64_t id, const ServerLine& server);

  void wrong_at(int line, Wrong wrong);
  void check_roles(bool standalone_enabled);
  void check_groups();
  void check_group(std::int64_t id, const GroupLine& group);
  void check_weights();
  void check_everyone_grouped();
  [[nodiscard]] model::Configuration configuration() const;
  [[nodiscard]] model::Weight weight_of(const ServerLine& server) const;

  std::string file_;
  bool has_oracle_;
  bool hierarchical_ = false;
  bool ignored_groups_ = false;
  model::ConfigVersion version_{0};
  std::map<std::int64_t, ServerLine> servers_;
  Addresses election_addresses_;
  Addresses quorum_addresses_;
  std::map<std::int64_t, GroupLine> groups_;
  std::map<std::int64_t, WeightLine> weights_;
  std::map<std::int64_t, std::int64_t> group_of_;  // server -> group
  std::optional<ConfigError> first_wrong_;
};

}  // namespace conclave::config
