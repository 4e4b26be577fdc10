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

}  // namespace conclave::config
