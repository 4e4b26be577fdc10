#include "quorum_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "conclave/config/host.hpp"
#include "conclave/config/zoo_cfg.hpp"
#include "conclave/model/configuration.hpp"
#include "conclave/model/types.hpp"
#include "digest.hpp"
#include "server_line.hpp"
#include "text.hpp"

namespace conclave::config {
namespace {

using model::LearnerType;

constexpr std::int64_t number_max = std::numeric_limits<std::int64_t>::max();

// The number after the first dot of server.N, group.N or weight.N. `kind` is one of these words.
tl::expected<std::int64_t, Wrong> number_of_key(std::string_view key, std::string_view kind) {
  if (!key.starts_with(kind) || !key.substr(kind.size()).starts_with('.')) {
    return tl::unexpected(
        Wrong{fmt::format("malformed {} line", kind), in_quotes(key), fmt::format("{}.N with a number N", kind)});
  }
  const std::optional<std::int64_t> number = parse_long(key.substr(kind.size() + 1));
  if (!number || *number < 0) {
    return tl::unexpected(Wrong{fmt::format("malformed {} id", kind == "group" ? "group" : "server"), in_quotes(key),
                                fmt::format("{}.N with an integer N from 0 to {}", kind, number_max)});
  }
  return *number;
}

}  // namespace

bool QuorumLines::is_group_or_weight(std::string_view key) {
  const std::string_view name = trimmed(key);
  return name.starts_with("group") || name.starts_with("weight");
}

bool QuorumLines::is_server(std::string_view key) { return trimmed(key).starts_with("server."); }

std::optional<ConfigError> QuorumLines::add(const Property& property) {
  if (has_oracle_ && is_group_or_weight(property.key)) {
    ignored_groups_ = true;
    return std::nullopt;
  }
  std::optional<Wrong> wrong;
  if (is_server(property.key)) {
    wrong = add_server(property);
  } else {
    hierarchical_ = true;
    wrong = trimmed(property.key).starts_with("group") ? add_group(property) : add_weight(property);
  }
  if (!wrong) return std::nullopt;
  return ConfigError{file_, property.line, std::move(wrong->what), std::move(wrong->found),
                     std::move(wrong->expected)};
}

std::optional<Wrong> QuorumLines::add_server(const Property& property) {
  const auto id = number_of_key(property.key, "server");
  if (!id) return id.error();
  if (const auto first = servers_.find(*id); first != servers_.end()) {
    return Wrong{"duplicate server id", fmt::format("server.{} again (first on line {})", *id, first->second.line),
                 "each server.N once"};
  }
  auto server = parse_server_value(property.value);
  if (!server) return std::move(server.error());
  server->id = model::ServerId{*id};
  server->line = property.line;
  if (std::optional<Wrong> wrong = same_address_twice(*id, *server)) return wrong;
  if (servers_.size() == model::servers_max) {
    return Wrong{"too many servers", fmt::format("server.{} after {} others", *id, servers_.size()),
                 fmt::format("at most {} servers; what to do: take a copy of the file with fewer servers and the "
                             "same kind of quorums",
                             model::servers_max)};
  }
  servers_.emplace(*id, std::move(*server));
  return std::nullopt;
}

// Each address has to be a server's own, as in QuorumServer.checkAddressDuplicate, which ZooKeeper asks only when it
// is reconfigured. Within one server ZooKeeper would make one of two, and print fewer than were written.
std::optional<Wrong> QuorumLines::same_address_twice(std::int64_t id, const ServerLine& server) {
  const auto twice = [&](const Address& address, std::uint16_t port, Addresses& all) -> std::optional<Wrong> {
    const auto [place, added] = all.emplace(std::pair{canonical_host(address.host), port}, Owner{id, server.line});
    if (added) return std::nullopt;
    const Owner& first = place->second;
    return Wrong{"same address twice",
                 fmt::format("{} of server.{}, which is also {}", host_and_port(address.host, port), id,
                             first.id == id ? std::string("in the same line")
                                            : fmt::format("that of server.{} on line {}", first.id, first.line)),
                 "an address of its own for each server"};
  };
  for (const Address& address : server.addresses) {
    if (auto wrong = twice(address, address.election_port, election_addresses_)) return wrong;
    if (auto wrong = twice(address, address.quorum_port, quorum_addresses_)) return wrong;
  }
  return std::nullopt;
}

std::optional<Wrong> QuorumLines::add_group(const Property& property) {
  const auto id = number_of_key(property.key, "group");
  if (!id) return id.error();
  if (const auto first = groups_.find(*id); first != groups_.end()) {
    return Wrong{"duplicate group id", fmt::format("group.{} again (first on line {})", *id, first->second.line),
                 "each group.N once"};
  }
  GroupLine group{{}, property.line};
  const auto parts = split(property.value, ':');
  if (parts.empty() || property.value.empty()) {
    return Wrong{"group without members", fmt::format("group.{}={}", *id, property.value),
                 "server ids separated by ':'"};
  }
  for (const std::string_view part : parts) {
    const std::optional<std::int64_t> member = parse_long(part);
    if (!member || *member < 0) {
      return Wrong{"malformed server id", fmt::format("{} in group.{}", in_quotes(part), *id),
                   "server ids separated by ':', without blanks"};
    }
    const auto [place, added] = group_of_.emplace(*member, *id);
    if (!added) {
      return Wrong{"server in two groups",
                   fmt::format("server {} in group.{} and in group.{}", *member, place->second, *id),
                   "each server in one group, once"};
    }
    group.members.push_back(*member);
  }
  groups_.emplace(*id, std::move(group));
  return std::nullopt;
}

std::optional<Wrong> QuorumLines::add_weight(const Property& property) {
  const auto id = number_of_key(property.key, "weight");
  if (!id) return id.error();
  if (const auto first = weights_.find(*id); first != weights_.end()) {
    return Wrong{"duplicate weight", fmt::format("weight.{} again (first on line {})", *id, first->second.line),
                 "each weight.N once"};
  }
  const std::optional<std::int64_t> weight = parse_long(property.value);
  const std::string expected = fmt::format("an integer from 0 to {}, without blanks", number_max);
  if (!weight)
    return Wrong{"malformed weight", fmt::format("weight.{}={}", *id, in_quotes(property.value)), expected};
  if (*weight < 0) return Wrong{"negative weight", fmt::format("weight.{}={}", *id, *weight), expected};
  weights_.emplace(*id, WeightLine{model::Weight{*weight}, property.line});
  return std::nullopt;
}

void QuorumLines::wrong_at(int line, Wrong wrong) {
  if (first_wrong_ && first_wrong_->line <= line) return;
  first_wrong_ = ConfigError{file_, line, std::move(wrong.what), std::move(wrong.found), std::move(wrong.expected)};
}

// QuorumPeerConfig.parseDynamicConfig, after the verifier was made.
void QuorumLines::check_roles(bool standalone_enabled) {
  if (servers_.empty()) {
    wrong_at(0, {"no server lines", "no server.N", "at least one server.N=host:quorum-port:election-port"});
    return;
  }
  std::int64_t voters = 0;
  const ServerLine* first_observer = nullptr;
  for (const auto& [id, server] : servers_) {
    if (server.role == LearnerType::participant) {
      ++voters;
    } else if (first_observer == nullptr || server.line < first_observer->line) {
      first_observer = &server;
    }
  }
  if (first_observer == nullptr) return;
  if (voters == 0) {
    wrong_at(first_observer->line, {"observers without participants", "no participant among the servers",
                                    "at least one participant for the observers to follow"});
  } else if (voters == 1 && standalone_enabled) {
    wrong_at(first_observer->line,
             {"observers without a quorum", "observers beside a single participant, which would run standalone",
              "at least two participants, or standaloneEnabled=false"});
  }
}

model::Weight QuorumLines::weight_of(const ServerLine& server) const {
  const auto weight = weights_.find(server.id.value);
  return weight == weights_.end() ? model::Weight{1} : weight->second.weight;
}

void QuorumLines::check_group(std::int64_t id, const GroupLine& group) {
  std::int64_t sum = 0;
  for (const std::int64_t member : group.members) {
    const auto server = servers_.find(member);
    if (server == servers_.end()) {
      wrong_at(group.line, {"group of an unknown server", fmt::format("server {} in group.{}", member, id),
                            fmt::format("a server.{} line, or a group without {}", member, member)});
      return;
    }
    if (server->second.role == LearnerType::observer && weights_.count(member) == 0) {
      wrong_at(group.line,
               {"observer in a group without a weight", fmt::format("observer {} in group.{}", member, id),
                fmt::format("a weight.{} line (0 to let it count nothing), or a group without {}", member, member)});
      return;
    }
    const std::int64_t weight = weight_of(server->second).value;
    if (weight > number_max - sum) {
      wrong_at(group.line, {"weights too large", fmt::format("a sum over {} in group.{}", number_max, id),
                            fmt::format("weights of a group that add up to at most {}", number_max)});
      return;
    }
    sum += weight;
  }
}

void QuorumLines::check_groups() {
  for (const auto& [id, group] : groups_) check_group(id, group);
}

void QuorumLines::check_weights() {
  for (const auto& [id, weight] : weights_) {
    if (servers_.count(id) != 0) continue;
    wrong_at(weight.line, {"weight of an unknown server", fmt::format("weight.{}={}", id, weight.weight.value),
                           fmt::format("a server.{} line, or no weight for it", id)});
  }
}

void QuorumLines::check_everyone_grouped() {
  for (const auto& [id, server] : servers_) {
    if (server.role != LearnerType::participant || group_of_.count(id) != 0) continue;
    wrong_at(server.line, {"participant without a group", fmt::format("server.{} in no group", id),
                           "every participant in a group once there is any group or weight line"});
  }
}

model::Configuration QuorumLines::configuration() const {
  std::vector<model::Member> members;
  std::string addresses;
  for (const auto& [id, server] : servers_) {
    model::Member member{server.id, server.role, {}, {}};
    if (hierarchical_) {
      const auto weight = weights_.find(id);
      if (weight != weights_.end()) member.weight = weight->second.weight;
      const auto group = group_of_.find(id);
      if (group != group_of_.end()) member.group = group->second;
    }
    members.push_back(member);
    addresses += fmt::format("server.{}={}\n", id, lower(to_text(server)));
  }
  model::QuorumKind kind = model::QuorumKind::majority;
  if (hierarchical_) kind = model::QuorumKind::hierarchical;
  if (has_oracle_) kind = model::QuorumKind::oracle_majority;
  return model::Configuration::make(kind, members, version_, fnv1a(addresses));
}

std::optional<ConfigError> QuorumLines::finish(ZooCfg& cfg) {
  check_roles(cfg.standalone_enabled);
  if (hierarchical_ && !servers_.empty()) {
    check_groups();
    check_weights();
    check_everyone_grouped();
  }
  if (first_wrong_) return first_wrong_;

  cfg.configuration = configuration();
  if (cfg.configuration.error() != model::ConfigurationError::none) {
    // All that the model refuses was looked for above; should the two ever differ, it is still no configuration.
    return ConfigError{file_, 0, "no configuration", "server, group and weight lines that the model refuses",
                       "lines that make a configuration"};
  }
  const auto everyone = [](model::ServerId) { return true; };
  if (!cfg.configuration.contains_quorum(everyone)) {
    int line = 0;
    for (const auto& [id, weight] : weights_) line = line == 0 ? weight.line : std::min(line, weight.line);
    return ConfigError{file_, line, "no quorum can exist",
                       "weights with which even all participants together are none",
                       "participants with more than half of the weight in more than half of the groups"};
  }
  for (auto& [id, server] : servers_) cfg.servers.push_back(std::move(server));
  return std::nullopt;
}

}  // namespace conclave::config
