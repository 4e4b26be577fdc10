#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cmath>
#include <cstring>

#include "conclave/check/options.hpp"
#include "conclave/check/storage.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

constexpr const char* group = "How states are kept (docs/storage.md)";
constexpr std::size_t bits_bytes_min = std::size_t{1} << 16U;

std::optional<std::string> wrong_folder(const std::string& folder) {
  struct stat found {};
  const auto says = [&folder](int error) {
    return fmt::format("--disk: {}: {}; expected a folder in which files can be made", folder, std::strerror(error));
  };
  if (::stat(folder.c_str(), &found) != 0) return says(errno);
  if (!S_ISDIR(found.st_mode)) return says(ENOTDIR);
  if (::access(folder.c_str(), W_OK | X_OK) != 0) return says(errno);
  return std::nullopt;
}

}  // namespace

void StorageOptions::add_to(CLI::App& command) {
  command.add_option("--disk", disk, "what memory has no room for goes into DIR, compressed: slower, and as exact")
      ->check(wrong_name)
      ->type_name("DIR")
      ->group(group);
  CLI::Option* by_fingerprints =
      command
          .add_flag("--fingerprints", fingerprints, "keep 64 bits of each state; may miss some, with a probability")
          ->group(group);
  command.add_option("--bitstate", bitstate, "keep three bits of each state in a field of SIZE; misses some")
      ->check(wrong_nothing)
      ->type_name("SIZE")
      ->excludes(by_fingerprints)
      ->group(group);
}

std::optional<std::string> StorageOptions::read(bool liveness, Storage& storage) const {
  storage.folder = disk;
  if (!disk.empty()) {
    if (auto wrong = wrong_folder(disk)) return wrong;
  }
  if (fingerprints) storage.keeping = Keeping::fingerprints;
  if (!bitstate.empty()) {
    storage.keeping = Keeping::bits;
    const auto bytes = parse_size(bitstate);
    if (!bytes) return fmt::format("--bitstate: found '{}'; expected a size like 512M, 8G or 1.5GiB", bitstate);
    if (*bytes < bits_bytes_min) {
      return fmt::format("--bitstate: found '{}'; expected at least {}", bitstate, bytes_in_words(bits_bytes_min));
    }
    storage.bits_bytes = *bytes;
  }
  if (liveness && storage.keeping != Keeping::states) {
    return fmt::format("--liveness: found it with {}, which may miss states, and then cycles; expected whole states",
                       fingerprints ? "--fingerprints" : "--bitstate");
  }
  return std::nullopt;
}

std::string in_words(const Storage& storage) {
  const std::string far = storage.folder.empty() ? "" : " and in " + storage.folder;
  switch (storage.keeping) {
    case Keeping::states: return far.empty() ? "" : "in memory" + far;
    case Keeping::fingerprints: return "64-bit fingerprints in memory; by levels in memory" + far;
    case Keeping::bits:
      return fmt::format("three bits of each, in {}; by levels in memory{}", bytes_in_words(storage.bits_bytes), far);
  }
  return "";
}

std::string omissions_in_words(const Storage& storage, double omissions_expected, std::uint64_t states) {
  if (storage.keeping == Keeping::fingerprints) {
    return fmt::format("told apart by 64 bits: one was missed with a probability of at most {:.1g}",
                       omissions_expected);
  }
  const std::string missed = omissions_expected < 1
                                 ? fmt::format("{:.1g}", omissions_expected)
                                 : grouped(static_cast<std::uint64_t>(std::llround(omissions_expected)));
  return fmt::format("told apart by bits: about {} were missed beside {}, with what only they lead to", missed,
                     grouped(states));
}

}  // namespace conclave::check
