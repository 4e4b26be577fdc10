// --reconfig: from two configurations and the command line to what has to be explored.
#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "conclave/check/scenarios.hpp"
#include "conclave/check/words.hpp"
#include "conclave/spec/reconfiguration.hpp"

namespace conclave::check {
namespace {

Refusal unfit(std::string message) { return Refusal{std::move(message), ExitCode::bad_input}; }
Refusal misused(std::string message) { return Refusal{std::move(message), ExitCode::wrong_use}; }

// Of a configuration, or of what ZooKeeper keeps of one in zoo.cfg.dynamic.VERSION. 0 where nothing is said of it.
std::optional<std::int64_t> version_of(const config::ZooCfg& cfg) {
  if (cfg.has_version) return cfg.configuration.version().value;
  const bool kept = !cfg.dynamic_file && cfg.file.find(".dynamic.") != std::string::npos;
  const std::optional<std::int64_t> named = kept ? config::version_in_name(cfg.file) : std::nullopt;
  return named && *named >= 0 ? named : std::nullopt;
}

// A reconfiguration that is proposed gets a version then. What is done by hand has what is written down.
std::int64_t next_version(const config::ZooCfg& cfg, const config::ZooCfg& next) {
  return version_of(next).value_or(cfg.reconfig_enabled ? version_of(cfg).value_or(0) + 1 : 0);
}

model::Configuration under(const config::ZooCfg& cfg, std::int64_t version) {
  return spec::with_version(cfg.configuration, model::ConfigVersion{version});
}

std::optional<Refusal> wrong_pair(const config::ZooCfg& cfg, const config::ZooCfg& next) {
  const auto has_oracle = [](const config::ZooCfg& one) {
    return one.configuration.kind() == model::QuorumKind::oracle_majority;
  };
  if (has_oracle(cfg) || has_oracle(next)) {
    return misused(fmt::format("conclave: --reconfig: found an oracle in {}; expected none",
                               has_oracle(cfg) ? cfg.file : next.file));
  }
  const std::int64_t old_version = version_of(cfg).value_or(0);
  const std::optional<std::int64_t> given = version_of(next);
  const bool by_hand = !given && old_version == 0;
  if (!by_hand && next_version(cfg, next) <= old_version) {
    const std::string found = given ? fmt::format("version {:x}", *given) : "none, which is version 0";
    return unfit(fmt::format("{}: an old configuration: found {}; expected a later version than {:x}, which {} has",
                             next.file, found, old_version, cfg.file));
  }
  // Under one version they would count as the same, whatever they are (QuorumMaj.equals).
  if (!given && under(cfg, 0).same_as(under(next, 1))) {
    return unfit(
        fmt::format("{}: no reconfiguration: found the same servers, roles, addresses and weights as in {}; "
                    "expected others, or a version",
                    next.file, cfg.file));
  }
  return std::nullopt;
}

model::Ensemble ensemble_of(const config::ZooCfg& cfg, const config::ZooCfg& next) {
  model::Ensemble ensemble = model::single_configuration(under(cfg, version_of(cfg).value_or(0)));
  ensemble.reconfig_enabled = cfg.reconfig_enabled;
  ensemble.configurations.push_back(under(next, next_version(cfg, next)));
  return ensemble;
}

using Ids = std::optional<std::set<model::ServerId>>;
Ids set_of(const std::optional<std::vector<std::int64_t>>& given) {
  if (!given) return std::nullopt;
  std::set<model::ServerId> ids;
  for (const std::int64_t id : *given) ids.insert(model::ServerId{id});
  return ids;
}

std::optional<Refusal> unknown_server(const char* option, const Ids& ids,
                                      const std::vector<model::ServerId>& members) {
  if (!ids) return std::nullopt;
  for (const model::ServerId id : *ids) {
    if (std::find(members.begin(), members.end(), id) != members.end()) continue;
    return misused(fmt::format("conclave: {}: found server {}; expected servers of one of the two files, {}", option,
                               id.value, id_set(members)));
  }
  return std::nullopt;
}

std::optional<Refusal> unknown_to_both(const spec::Reconfiguration& reconfiguration, const CheckOptions& options) {
  const std::vector<model::ServerId> members = spec::all_members(reconfiguration.ensemble);
  Ids histories = std::set<model::ServerId>{};
  for (const spec::Participant& given : options.histories) histories->insert(given.id);
  if (auto refusal = unknown_server("--reconfigured", reconfiguration.committed, members)) return refusal;
  if (auto refusal = unknown_server("--last-seen", reconfiguration.seen, members)) return refusal;
  return unknown_server("--history", histories, members);
}

// --last-seen, where what is wrong with it is not that others know something else.
std::optional<Refusal> seen_by_none(const config::ZooCfg& cfg, const spec::Reconfiguration& reconfiguration) {
  if (!reconfiguration.seen || reconfiguration.seen->empty()) return std::nullopt;
  if (!cfg.reconfig_enabled) {
    return misused(fmt::format(
        "conclave: --last-seen: found it with {}, in which reconfigEnabled is not true; expected that, for otherwise "
        "no server knows of a configuration before it has it",
        cfg.file));
  }
  for (const model::ServerId id : *reconfiguration.seen) {
    if (spec::is_told_proposals(reconfiguration.ensemble, id)) continue;
    return misused(
        fmt::format("conclave: --last-seen: found server {}, which observes in {}; expected none that does, for "
                    "observers are told of what is committed alone",
                    id.value, cfg.file));
  }
  return std::nullopt;
}

std::string in_words(const spec::Impossible& why, const config::ZooCfg& cfg, const config::ZooCfg& next) {
  const auto no_quorum = [&why](const std::string& file) {
    return fmt::format(
        "--reconfigured, --last-seen: found only {} to have logged the new configuration; expected a quorum of {} "
        "among them, for without one nobody commits it",
        id_set(why.logged), file);
  };
  switch (why.mistake) {
    case spec::Mistake::nobody_knows:
      return cfg.reconfig_enabled
                 ? "--reconfigured, --last-seen: found none with both; expected somebody who knows of "
                   "the new configuration"
                 : "--reconfigured: found none; expected somebody who has the new configuration";
    case spec::Mistake::all_have_committed:
      return fmt::format(
          "--reconfigured: found all servers, {}; expected one or more that have not committed the new "
          "configuration, for otherwise there is no other any more",
          id_set(why.committed));
    case spec::Mistake::leader_has_not:
      return fmt::format(
          "--reconfigured: found {}, of whom none votes in {}; expected one that does, for the leader commits the "
          "new configuration first",
          id_set(why.committed), cfg.file);
    case spec::Mistake::no_old_quorum: return no_quorum(cfg.file);
    case spec::Mistake::no_new_quorum: break;
  }
  return no_quorum(next.file);
}

}  // namespace

tl::expected<Plan, Refusal> plan_of(const config::ZooCfg& cfg, const config::ZooCfg& next,
                                    const CheckOptions& options) {
  if (auto refusal = wrong_pair(cfg, next)) return tl::unexpected(std::move(*refusal));
  spec::Reconfiguration reconfiguration;
  reconfiguration.ensemble = ensemble_of(cfg, next);
  reconfiguration.committed = set_of(options.reconfig->committed);
  reconfiguration.seen = set_of(options.reconfig->seen);
  const std::size_t servers = spec::all_members(reconfiguration.ensemble).size();
  if (servers > spec::participants_max) {
    return tl::unexpected(
        unfit(fmt::format("{}: more servers than can be explored: found {}, with those of {}; "
                          "expected at most {}",
                          next.file, servers, cfg.file, spec::participants_max)));
  }
  if (auto refusal = unknown_to_both(reconfiguration, options)) return tl::unexpected(std::move(*refusal));
  if (auto refusal = seen_by_none(cfg, reconfiguration)) return tl::unexpected(std::move(*refusal));
  Plan plan;
  plan.scenarios = options.history == HistoryKind::any ? every_moment(reconfiguration)
                                                       : every_moment(reconfiguration, options.histories);
  if (!plan.scenarios.empty()) return plan;
  const std::optional<spec::Impossible> why = spec::why_no_moment(reconfiguration);
  assert(why);
  return tl::unexpected(misused("conclave: " + in_words(*why, cfg, next)));
}

}  // namespace conclave::check
