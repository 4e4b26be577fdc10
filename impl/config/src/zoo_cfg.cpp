#include "conclave/config/zoo_cfg.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>
#include <vector>

#include "conclave/config/properties.hpp"
#include "conclave/model/types.hpp"
#include "notes.hpp"
#include "quorum_lines.hpp"
#include "server_line.hpp"
#include "settings.hpp"
#include "text.hpp"

namespace conclave::config {
namespace {

constexpr std::string_view dynamic_key = "dynamicConfigFile";
constexpr std::string_view oracle_key = "oraclePath";
constexpr std::string_view next_suffix = ".dynamic.next";  // QuorumPeerConfig.nextDynamicConfigFileSuffix
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

ConfigError too_large(const std::string& file) {
  return {file, 0, "file too large", fmt::format("more than {} bytes", file_bytes_max),
          fmt::format("a configuration of at most {} bytes", file_bytes_max)};
}

ConfigError at_line(const std::string& file, int line, Wrong wrong) {
  return {file, line, std::move(wrong.what), std::move(wrong.found), std::move(wrong.expected)};
}

// The text of a file; of a huge one so much that it can be seen to be too large.
tl::expected<std::string, std::string> text_of(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return tl::unexpected(std::string("a directory"));
  const auto close = [](std::FILE* file) { std::fclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> file(std::fopen(path.c_str(), "rb"), close);
  const auto reason = [] { return std::generic_category().message(errno); };
  if (file == nullptr) {
    if (errno == ENOENT || errno == ENOTDIR) return tl::unexpected(std::string("no such file"));
    return tl::unexpected("a file that can't be read (" + reason() + ")");
  }
  std::string text;
  std::array<char, 65536> part{};
  while (text.size() <= file_bytes_max) {
    const std::size_t bytes = std::fread(part.data(), 1, part.size(), file.get());
    text.append(part.data(), bytes);
    if (bytes == part.size()) continue;
    if (std::ferror(file.get()) != 0) return tl::unexpected("a file that can't be read (" + reason() + ")");
    break;
  }
  return text;
}

tl::expected<std::vector<Property>, ConfigError> properties_of(std::string_view text, const std::string& file) {
  if (text.size() > file_bytes_max) return tl::unexpected(too_large(file));
  if (text.starts_with(byte_order_mark)) {
    return tl::unexpected(ConfigError{file, 1, "byte order mark", "the UTF-8 byte order mark (EF BB BF)",
                                      "a file without one: ZooKeeper takes it for a part of the first line"});
  }
  auto properties = parse_properties(text);
  if (properties) return std::move(*properties);
  return tl::unexpected(ConfigError{file, properties.error().line, "malformed escape",
                                    in_quotes(properties.error().found), "four hexadecimal digits after \\u"});
}

bool is_quorum_key(std::string_view key) {
  return QuorumLines::is_server(key) || QuorumLines::is_group_or_weight(key);
}

// Reads one configuration; what parse_zoo_cfg does, step by step.
class Reader {
 public:
  Reader(std::string file, const ReadFile& read_file) : read_file_(read_file) { cfg_.file = std::move(file); }

  std::optional<ConfigError> read(std::string_view text) {
    auto properties = properties_of(text, cfg_.file);
    if (!properties) return std::move(properties.error());
    find_last_of_each(*properties);
    cfg_.has_oracle = last_of_each_.count(oracle_key) != 0;

    QuorumLines lines(cfg_.file, cfg_.has_oracle);
    if (auto error = read_main(*properties, lines)) return error;
    if (auto error = settings_that_clash()) return error;
    std::optional<ConfigError> error = dynamic_ == nullptr ? finish(lines) : read_dynamic();
    if (error) return error;
    for (std::string& note : notes_on(cfg_)) cfg_.notes.push_back(std::move(note));
    return std::nullopt;
  }

  ZooCfg take() { return std::move(cfg_); }

 private:
  // Java's Properties keep the last value of a key. Server, group and weight lines are not among these: there a
  // second one is a mistake.
  void find_last_of_each(const std::vector<Property>& properties) {
    std::map<std::string_view, int> first_lines;
    for (const Property& property : properties) {
      if (is_quorum_key(property.key)) continue;
      const std::string_view key = trimmed(property.key);
      const auto [first, is_first] = first_lines.emplace(key, property.line);
      if (!is_first) {
        cfg_.notes.push_back(
            fmt::format("{} is set on line {} and again on line {}: as in ZooKeeper, the last counts.",
                        in_quotes(key), first->second, property.line));
      }
      last_of_each_[key] = &property;
    }
    const auto dynamic = last_of_each_.find(dynamic_key);
    if (dynamic != last_of_each_.end()) dynamic_ = dynamic->second;
  }

  std::optional<ConfigError> read_main(const std::vector<Property>& properties, QuorumLines& lines) {
    for (const Property& property : properties) {
      const std::string_view key = trimmed(property.key);
      std::optional<ConfigError> error;
      note_almost_a_server(property);
      if (is_quorum_key(key)) {
        error = dynamic_ == nullptr ? lines.add(property) : beside_dynamic_file(property);
      } else if (last_of_each_.at(key) == &property) {
        error = read_setting(property, lines);
      }
      if (error) return error;
    }
    return std::nullopt;
  }

  [[nodiscard]] ConfigError beside_dynamic_file(const Property& property) const {
    return {cfg_.file, property.line, "server line beside dynamicConfigFile",
            fmt::format("{} (dynamicConfigFile is on line {})", in_quotes(property.key), dynamic_->line),
            "server, group and weight lines in the dynamic file alone"};
  }

  std::optional<ConfigError> read_setting(const Property& property, QuorumLines& lines) {
    const std::string_view key = trimmed(property.key);
    if (key == "version" && dynamic_ == nullptr) {
      // A configuration that was written by QuorumVerifier.toString.
      const std::optional<std::int64_t> version = parse_long(property.value, 16);
      if (!version || *version < 0) {
        return ConfigError{cfg_.file, property.line, "malformed version", "version=" + in_quotes(property.value),
                           "a hexadecimal number from 0 to 7fffffffffffffff, without blanks"};
      }
      lines.set_version(model::ConfigVersion{*version});
      cfg_.has_version = true;
      return std::nullopt;
    }
    std::optional<Wrong> wrong = apply_setting(cfg_, key, trimmed(property.value));
    if (wrong) return at_line(cfg_.file, property.line, std::move(*wrong));
    if (const auto meant = setting_like(key)) {
      cfg_.notes.push_back(fmt::format("{} on line {} is no setting, neither here nor in ZooKeeper; {} is one.",
                                       in_quotes(key), property.line, *meant));
    }
    return std::nullopt;
  }

  // QuorumPeerConfig.parseProperties, at its end: each is in order, and ZooKeeper does not start with both.
  std::optional<ConfigError> settings_that_clash() {
    for (const auto& [address, port, given] :
         {std::tuple{"clientPortAddress", "clientPort", cfg_.client_port.value_or(0)},
          std::tuple{"secureClientPortAddress", "secureClientPort", cfg_.secure_client_port.value_or(0)}}) {
      const auto line = last_of_each_.find(address);
      if (line == last_of_each_.end() || given != 0) continue;
      return ConfigError{cfg_.file, line->second->line, fmt::format("{} without {}", address, port),
                         in_quotes(line->second->value), fmt::format("{} beside it", port)};
    }
    const std::int64_t tick = cfg_.tick_time_ms.value_or(3000);  // ZooKeeperServer.DEFAULT_TICK_TIME
    const std::int64_t min = session_timeout(cfg_.min_session_timeout_ms, 2 * tick);
    const std::int64_t max = session_timeout(cfg_.max_session_timeout_ms, 20 * tick);
    if (min > max) {
      const bool min_given = last_of_each_.count("minSessionTimeout") != 0;
      const Property& line = *last_of_each_.at(min_given ? "minSessionTimeout" : "maxSessionTimeout");
      return ConfigError{cfg_.file, line.line, "minSessionTimeout above maxSessionTimeout",
                         fmt::format("{} and {} ms", min, max),
                         "at most maxSessionTimeout (without a setting: 2 and 20 times tickTime)"};
    }
    return sasl_that_clashes();
  }

  // Who asks the others for SASL has to use it, and who asks it of learners is one.
  std::optional<ConfigError> sasl_that_clashes() {
    constexpr std::string_view server = "quorum.auth.serverRequireSasl";
    constexpr std::string_view learner = "quorum.auth.learnerRequireSasl";
    constexpr std::string_view enable = "quorum.auth.enableSasl";
    const auto is_true = [this](std::string_view key) {
      const auto line = last_of_each_.find(key);
      return line != last_of_each_.end() && lower(trimmed(line->second->value)) == "true";
    };
    for (const auto& [required, needs] :
         {std::pair{server, enable}, std::pair{learner, enable}, std::pair{server, learner}}) {
      if (!is_true(required) || is_true(needs)) continue;
      return ConfigError{cfg_.file, last_of_each_.at(required)->line, fmt::format("{} without {}", required, needs),
                         fmt::format("{}=true", required), fmt::format("{}=true beside it", needs)};
    }
    return std::nullopt;
  }

  static std::int64_t session_timeout(std::optional<int> given, std::int64_t otherwise) {
    return given && *given != -1 ? *given : otherwise;  // -1: as if it were not given
  }

  // Unknown keys are quiet, but for one mistake that makes an ensemble smaller than it looks.
  void note_almost_a_server(const Property& property) {
    const std::string_view key = trimmed(property.key);
    const std::string name = lower(key);
    if (is_quorum_key(key)) return;
    if (!name.starts_with("server")) return note_value_of_a_server(property);
    constexpr std::string_view digits = "0123456789";
    const std::size_t number = name.find_first_not_of("s._-", std::string_view("server").size());
    std::string shown = in_quotes(key);
    if (number == std::string::npos) {
      // `server 3=host:1:2`: the blank ends the key, as ':' does, and the rest is its value.
      const std::string_view value = trimmed(property.value);
      const std::size_t digits_end = value.find_first_not_of(digits);
      if (digits_end == 0 || digits_end == std::string_view::npos) return;
      if (std::string_view("=: \t").find(value[digits_end]) == std::string_view::npos) return;
      shown += " with the value " + in_quotes(value);
    } else if (name.find_first_not_of(digits, number) != std::string::npos) {
      return;
    }
    cfg_.notes.push_back(
        fmt::format("{} on line {} is no server line, neither here nor in ZooKeeper, which knows "
                    "only keys that begin with 'server.'.",
                    shown, property.line));
  }

  // `sever.3=host:2888:3888`
  void note_value_of_a_server(const Property& property) {
    const std::string_view key = trimmed(property.key);
    const std::size_t dot = key.rfind('.');
    const bool numbered = dot != std::string_view::npos && dot + 1 < key.size() &&
                          key.find_first_not_of("0123456789", dot + 1) == std::string_view::npos;
    if (!numbered || !parse_server_value(trimmed(property.value))) return;
    cfg_.notes.push_back(
        fmt::format("{} on line {} has the value of a server line and is none, neither here nor in ZooKeeper, which "
                    "knows only keys that begin with 'server.'.",
                    in_quotes(key), property.line));
  }

  // ZooKeeper opens the file as it is named, relative to where the process runs. That is rarely where a
  // configuration is looked at from, so the folder of the main file is the second choice.
  tl::expected<std::string, ConfigError> dynamic_text(const std::string& name) {
    const std::string expected = "the dynamic file that ZooKeeper wrote or is to start from";
    const auto error = [&](const std::string& found) {
      return ConfigError{cfg_.file, dynamic_->line, "no dynamic file", found, expected};
    };
    if (name.empty()) return tl::unexpected(error("dynamicConfigFile without a name"));
    auto text = read_file_(name);
    if (text) {
      cfg_.dynamic_file = name;
      return std::move(*text);
    }
    const std::filesystem::path path(name);
    const std::filesystem::path folder = std::filesystem::path(cfg_.file).parent_path();
    // ZooKeeper writes an absolute name, which is seldom there where somebody looks at a copy.
    const std::string beside = (folder / (path.is_absolute() ? path.filename() : path)).string();
    if (beside == name) return tl::unexpected(error(in_quotes(name) + ": " + text.error()));
    auto second_text = read_file_(beside);
    if (!second_text) {
      return tl::unexpected(error(
          fmt::format("{}: {}; {}: {}", in_quotes(name), text.error(), in_quotes(beside), second_text.error())));
    }
    cfg_.dynamic_file = beside;
    cfg_.notes.push_back(
        fmt::format("The dynamic file {} was not found from here and is taken from beside the main "
                    "file; ZooKeeper looks for it only where its process runs.",
                    in_quotes(name)));
    return std::move(*second_text);
  }

  std::optional<ConfigError> read_dynamic() {
    const std::string name(trimmed(dynamic_->value));
    const auto text = dynamic_text(name);
    if (!text) return text.error();
    const std::string& file = *cfg_.dynamic_file;
    const auto properties = properties_of(*text, file);
    if (!properties) return properties.error();

    QuorumLines lines(file, cfg_.has_oracle);
    for (const Property& property : *properties) {
      const std::string_view key = trimmed(property.key);
      if (key == "version") {
        return ConfigError{file, property.line, "version inside the dynamic file",
                           "version=" + in_quotes(property.value),
                           "the version in the file's name alone, in hexadecimal after its last dot"};
      }
      if (!is_quorum_key(key)) {
        return ConfigError{file, property.line, "unknown key in the dynamic file", in_quotes(property.key),
                           "server.N, group.N and weight.N lines alone"};
      }
      if (auto error = lines.add(property)) return error;
    }
    const std::optional<std::int64_t> named = version_in_name(name);
    const std::int64_t version = named.value_or(0);
    if (version < 0) {
      return ConfigError{file, 0, "negative version", in_quotes(name),
                         "a hexadecimal number from 0 after the last dot"};
    }
    lines.set_version(model::ConfigVersion{version});
    cfg_.has_version = named.has_value();
    note_next_configuration();
    return finish(lines);
  }

  // What a reconfiguration leaves that was proposed, and of which this server has not heard that it is decided.
  void note_next_configuration() {
    const std::string next = cfg_.file + std::string(next_suffix);
    if (!read_file_(next)) return;
    cfg_.notes.push_back(
        fmt::format("There is a file {}, which is not looked at here. ZooKeeper loads it as the last seen "
                    "configuration, and while its version is higher an election needs a quorum of both.",
                    in_quotes(next)));
  }

  std::optional<ConfigError> finish(QuorumLines& lines) {
    if (auto error = lines.finish(cfg_)) return error;
    if (lines.ignored_groups()) {
      cfg_.notes.emplace_back(
          "Group and weight lines are ignored because oraclePath is set: with an oracle ZooKeeper counts "
          "majorities.");
    }
    note_several_addresses();
    return std::nullopt;
  }

  // Verified with ZooKeeper 3.8.0: the key of the configuration file is kept in a field of QuorumPeerConfig, while
  // QuorumServer looks at the property of the Java process. So a file alone can't switch them on.
  void note_several_addresses() {
    std::vector<std::string> several;
    for (const ServerLine& server : cfg_.servers) {
      if (server.addresses.size() > 1) several.push_back(fmt::format("server.{}", server.id.value));
    }
    if (several.empty()) return;
    const bool has_key = last_of_each_.count("multiAddress.enabled") != 0;
    cfg_.notes.push_back(
        fmt::format("{} {} several addresses, which ZooKeeper refuses unless its process runs with "
                    "-Dzookeeper.multiAddress.enabled=true{}.",
                    listed(several), several.size() == 1 ? "has" : "have",
                    has_key ? "; multiAddress.enabled in this file is not enough" : ""));
  }

  const ReadFile& read_file_;
  ZooCfg cfg_;
  std::map<std::string_view, const Property*> last_of_each_;
  const Property* dynamic_ = nullptr;  // the line of dynamicConfigFile
};

}  // namespace

std::string ConfigError::message() const {
  const std::string place = line > 0 ? fmt::format("{}:{}", file, line) : file;
  return fmt::format("{}: {}: found {}; expected {}", place, what, found, expected);
}

std::optional<std::int64_t> version_in_name(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return std::nullopt;
  return parse_long(name.substr(dot + 1), 16);
}

tl::expected<ZooCfg, ConfigError> parse_zoo_cfg(std::string_view text, const std::string& file_name,
                                                const ReadFile& read_file) {
  Reader reader(file_name, read_file);
  if (auto error = reader.read(text)) return tl::unexpected(std::move(*error));
  return reader.take();
}

tl::expected<ZooCfg, ConfigError> read_zoo_cfg(const std::string& path) {
  const auto text = text_of(path);
  if (text) return parse_zoo_cfg(*text, path, text_of);
  return tl::unexpected(ConfigError{path, 0, "can't read the configuration", text.error(), "a ZooKeeper zoo.cfg"});
}

}  // namespace conclave::config
