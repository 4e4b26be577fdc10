#include "conclave/node/storage.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "conclave/model/epoch_state.hpp"
#include "conclave/node/epoch_files.hpp"

namespace conclave::node {
namespace {

constexpr std::size_t number_bytes_max = 64;  // far more than any number takes

// For a terminal.
std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text) shown += c >= ' ' && c <= '~' ? c : '?';
  return shown;
}

// Nothing: there is no such file.
tl::expected<std::optional<std::int64_t>, std::string> read_number(FileSystem& files, const std::string& path,
                                                                   std::string_view what) {
  const auto text = files.read(path, number_bytes_max + 1);
  if (!text) {
    return tl::unexpected(fmt::format("{}: can't be read: {}; expected {}", path, text.error().message(), what));
  }
  if (!*text) return std::nullopt;
  std::string_view digits = **text;
  while (!digits.empty() && std::string_view(" \t\r\n").find(digits.back()) != std::string_view::npos) {
    digits.remove_suffix(1);
  }
  std::int64_t number = 0;
  const auto [end, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = !digits.empty() && wrong == std::errc() && end == digits.data() + digits.size();
  if (!whole) {
    const std::string found =
        (*text)->empty() ? "an empty file" : fmt::format("'{}'", printable(digits.substr(0, 40)));
    return tl::unexpected(fmt::format("{}: found {}; expected {}", path, found, what));
  }
  return number;
}

// Of FileTxnSnapLog's files in DIR/version-2, the first in the order of names; empty if there is none.
std::string history_in(const std::string& data_dir) {
  std::string first;
  std::error_code error;  // a folder that can't be read is read_epochs()'s to tell
  for (const auto& entry : std::filesystem::directory_iterator(data_dir + "/version-2", error)) {
    const std::string name = entry.path().filename().string();
    const bool history = name.starts_with("snapshot.") || name.starts_with("log.");
    if (history && (first.empty() || name < first)) first = name;
  }
  return first;
}

}  // namespace

tl::expected<model::ServerId, std::string> read_myid(const std::string& data_dir) {
  const std::string path = data_dir + "/myid";
  const auto number = read_number(operating_system(), path, "the id of this server");
  if (!number) return tl::unexpected(number.error());
  if (!*number) return tl::unexpected(fmt::format("{}: found no such file; expected the id of this server", path));
  return model::ServerId{**number};
}

tl::expected<model::Durable, std::string> read_epochs(const std::string& data_dir, FileSystem& files) {
  const std::string folder = data_dir + "/version-2";
  const auto accepted = read_number(files, folder + "/acceptedEpoch", "an epoch");
  if (!accepted) return tl::unexpected(accepted.error());
  const auto current = read_number(files, folder + "/currentEpoch", "an epoch");
  if (!current) return tl::unexpected(current.error());
  if (!*accepted && !*current) return model::Durable{};
  // A first start that was cut short (DiskEpochFiles): nothing can have been promised.
  if (!*accepted && **current == 0) return model::Durable{};
  if (!*accepted || !*current) {
    return tl::unexpected(fmt::format("{}: found {} without {}; expected both or neither", folder,
                                      *accepted ? "acceptedEpoch" : "currentEpoch",
                                      *accepted ? "currentEpoch" : "acceptedEpoch"));
  }
  model::Durable durable;
  durable.accepted_epoch = model::PeerEpoch{**accepted};
  durable.current_epoch = model::PeerEpoch{**current};
  const bool sensible = **current >= 0 && **accepted <= epoch_last;
  if (!sensible || check(durable) != model::DurableError::none) {
    return tl::unexpected(
        fmt::format("{}: found acceptedEpoch {} and currentEpoch {}; expected 0 <= currentEpoch <= "
                    "acceptedEpoch < 2^31",
                    folder, **accepted, **current));
  }
  return durable;
}

tl::expected<model::Durable, std::string> read_durable(const config::ZooCfg& cfg, FileSystem& files) {
  for (const auto& folder : {cfg.data_dir, cfg.data_log_dir}) {
    const std::string found = folder ? history_in(*folder) : "";
    if (found.empty()) continue;
    return tl::unexpected(
        fmt::format("{}/version-2/{}: found the data of a ZooKeeper server; expected a dataDir that no such server "
                    "uses or has used, for this node keeps no data and must not stand for one that did",
                    *folder, found));
  }
  return read_epochs(*cfg.data_dir, files);
}

}  // namespace conclave::node
