// Any text as a zoo.cfg, as a dynamic file, and as the configuration inside a notification: read or refused with a
// sentence that can be printed; what was read says the same once it is written.
#include "conclave/config/zoo_cfg.hpp"

#include <algorithm>
#include <string>

#include "conclave/wire/notification.hpp"
#include "fuzz.hpp"

namespace {

using namespace conclave;
using fuzzing::check;

void can_be_printed(const std::string& sentence) {
  check(!sentence.empty(), "something is said");
  const auto printable = [](char c) { return c >= ' ' && c <= '~'; };
  check(std::all_of(sentence.begin(), sentence.end(), printable), "what is said upsets no terminal");
}

void look_at(const tl::expected<config::ZooCfg, config::ConfigError>& read) {
  if (!read) return can_be_printed(read.error().message());
  for (const std::string& note : read->notes) can_be_printed(note);
  const std::string text = config::to_config_text(*read);
  const auto again = wire::parse_config_text(text, read->standalone_enabled);
  check(again.has_value(), "what was written can be read");
  check(again->configuration.version() == read->configuration.version(), "with its version");
  check(config::to_config_text(*again) == text, "and is written as it was");
  check(again->servers.size() == read->servers.size(), "with all servers");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzzing::text_of(data, size);
  const auto nothing = [](const std::string&) -> tl::expected<std::string, std::string> {
    return tl::unexpected(std::string("no such file"));
  };
  look_at(config::parse_zoo_cfg(text, "zoo.cfg", nothing));
  look_at(wire::parse_config_text(text));
  const auto itself = [&](const std::string&) -> tl::expected<std::string, std::string> { return std::string(text); };
  look_at(config::parse_zoo_cfg("dynamicConfigFile=zoo.cfg.dynamic.1f\n", "zoo.cfg", itself));
  return 0;
}
