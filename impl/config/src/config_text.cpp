#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <string>

#include "conclave/config/properties.hpp"
#include "conclave/config/zoo_cfg.hpp"
#include "conclave/model/configuration.hpp"
#include "server_line.hpp"
#include "text.hpp"

namespace conclave::config {

std::string to_config_text(const ZooCfg& cfg) {
  std::string text;
  for (const ServerLine& server : cfg.servers)
    text += fmt::format("server.{}={}\n", server.id.value, to_text(server));

  // The majority kinds have no groups and weights: Configuration drops them.
  std::map<std::int64_t, std::string> groups;
  std::string weights;
  if (cfg.configuration.kind() == model::QuorumKind::hierarchical) {
    for (const model::Member& member : cfg.configuration.members()) {
      if (member.group) {
        std::string& group = groups[*member.group];
        if (!group.empty()) group += ':';
        group += fmt::format("{}", member.id.value);
      }
      if (member.weight) weights += fmt::format("weight.{}={}\n", member.id.value, member.weight->value);
    }
  }
  for (const auto& [id, members] : groups) text += fmt::format("group.{}={}\n", id, members);
  text += weights;
  text += fmt::format("version={:x}", cfg.configuration.version().value);
  return text;
}

std::optional<ConfigError> unrecognised_parameter(std::string_view text, const std::string& file_name) {
  const auto properties = parse_properties(text);
  for (const Property& property : *properties) {
    const std::string_view key = trimmed(property.key);
    const bool known =
        key.starts_with("server.") || key.starts_with("group") || key.starts_with("weight") || key == "version";
    if (known) continue;
    return ConfigError{file_name, property.line, "unrecognised parameter", in_quotes(property.key),
                       "server.N, group.N and weight.N lines, and version"};
  }
  return std::nullopt;
}

}  // namespace conclave::config
