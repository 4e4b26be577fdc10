#include "conclave/check/reconfig_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "conclave/check/options.hpp"
#include "conclave/spec/zookeeper_bugs.hpp"

namespace conclave::check {
namespace {

// "none", or ids. Nothing where nothing was given.
std::optional<std::vector<std::int64_t>> ids_of(const char* option, const std::string& text, std::string& wrong) {
  if (text.empty() || !wrong.empty()) return std::nullopt;
  if (text == "none") return std::vector<std::int64_t>{};
  auto ids = parse_ids({text}, wrong);
  if (!ids) wrong = fmt::format("{}: {}; or none", option, wrong);
  return ids;
}

std::string wrong_beside_reconfig(const CheckOptions& options) {
  const auto refused = [](const char* found, const char* expected) {
    return fmt::format("{}: found it with --reconfig; expected {}", found, expected);
  };
  if (options.audit) return refused("--audit", "one of them, for here nothing is reduced");
  if (options.compare) return refused("--compare", "one of them");
  if (options.scope.network.kind != spec::NetworkKind::latest) return refused("--network fifo", "--network latest");
  // What a server that joins says is better than what others wait for, and is never taken up: on a `latest` network it
  // is on its way for ever.
  if (options.liveness && options.scope.timing == spec::TimingKind::timely) {
    return refused("--liveness and --timing timely",
                   "--timing async, for here a wait does not end as long as something better can be read once more");
  }
  if (options.starts) return refused("--starts", "--start staggered, by which each may never start");
  if (options.every_order) return refused("--no-reduction histories", "one of them");
  if (!options.releases.empty()) return refused("--zookeeper ID=X.Y.Z", "one release for all");
  const spec::RuleVariant& rules = *options.rules;
  if (rules.of == spec::RulesOf::release && rules.dialect.sends != spec::Format::version_2) {
    return fmt::format(
        "--zookeeper: found {} with --reconfig; expected a release from 3.5.0 on, the first that "
        "tells others of its configuration",
        rules.name);
  }
  return "";
}

}  // namespace

void ReconfigCommandLine::add_to(CLI::App& check) {
  const char* group = "What is explored";
  check
      .add_option("--reconfig", file_,
                  "in the midst of a reconfiguration from FILE to NEW, whose leader has gone "
                  "(docs/reconfiguration.md)")
      ->check(wrong_name)
      ->type_name("NEW")
      ->group(group);
  check
      .add_option("--reconfigured", committed_,
                  "with --reconfig: who has committed NEW, or none (default: every choice)")
      ->check(wrong_nothing)
      ->type_name("ID,...")
      ->group(group);
  check
      .add_option("--last-seen", seen_,
                  "with --reconfig: who has logged NEW and not committed it, or none (default: every choice)")
      ->check(wrong_nothing)
      ->type_name("ID,...")
      ->group(group);
}

std::string ReconfigCommandLine::read(CheckOptions& options) const {
  if (file_.empty()) {
    if (!committed_.empty()) return "--reconfigured: found it without --reconfig; expected both";
    return seen_.empty() ? "" : "--last-seen: found it without --reconfig; expected both";
  }
  std::string wrong;
  ReconfigOptions given{file_, {}, {}};
  given.committed = ids_of("--reconfigured", committed_, wrong);
  given.seen = ids_of("--last-seen", seen_, wrong);
  if (!wrong.empty()) return wrong;
  for (const std::int64_t id : given.seen.value_or(std::vector<std::int64_t>{})) {
    const bool twice =
        given.committed && std::find(given.committed->begin(), given.committed->end(), id) != given.committed->end();
    if (twice) return fmt::format("--last-seen: found {}, as with --reconfigured; expected it with one of them", id);
  }
  options.reconfig = std::move(given);
  return wrong_beside_reconfig(options);
}

}  // namespace conclave::check
