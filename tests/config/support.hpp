// What the tests of the configuration share.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "conclave/config/zoo_cfg.hpp"

namespace conclave::config {

// Files that exist only here.
using Files = std::map<std::string, std::string>;

inline ReadFile reader_of(const Files& files) {
  return [files](const std::string& path) -> tl::expected<std::string, std::string> {
    const auto file = files.find(path);
    if (file == files.end()) return tl::unexpected(std::string("no such file"));
    return file->second;
  };
}

inline tl::expected<ZooCfg, ConfigError> parse(std::string_view text, const Files& files = {},
                                               const std::string& name = "zoo.cfg") {
  return parse_zoo_cfg(text, name, reader_of(files));
}

// The configuration of a text that must be fine.
inline ZooCfg parsed(std::string_view text, const Files& files = {}, const std::string& name = "zoo.cfg") {
  auto cfg = parse(text, files, name);
  if (cfg) return *cfg;
  ADD_FAILURE() << cfg.error().message();
  return {};
}

inline bool has_note(const ZooCfg& cfg, std::string_view words) {
  for (const std::string& note : cfg.notes) {
    if (note.find(words) != std::string::npos) return true;
  }
  return false;
}

}  // namespace conclave::config
