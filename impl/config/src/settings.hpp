// The keys of the main file that are not about servers: QuorumPeerConfig.parseProperties.
#pragma once

#include <optional>
#include <string_view>

#include "conclave/config/zoo_cfg.hpp"
#include "server_line.hpp"

namespace conclave::config {

// Puts what `key` says into `cfg`. A key that ZooKeeper does not know is no mistake: it becomes a property of its
// Java process.
[[nodiscard]] std::optional<Wrong> apply_setting(ZooCfg& cfg, std::string_view key, std::string_view value);

// The setting that is one or two letters away from a key that is none; nothing: there is no such, or the key is one.
[[nodiscard]] std::optional<std::string_view> setting_like(std::string_view key);

}  // namespace conclave::config
