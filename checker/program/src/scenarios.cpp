#include "conclave/check/scenarios.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

using model::LearnerType;
using model::Member;

std::vector<model::ServerId> voters_of(const model::Configuration& configuration) {
  std::vector<model::ServerId> voters;
  for (const Member& member : configuration.members()) {
    if (member.role == LearnerType::participant) voters.push_back(member.id);
  }
  return voters;
}

// How many voters could be explored beside the observers, which always take part.
std::size_t room_for_voters(std::size_t observers) {
  const auto room = static_cast<std::size_t>(spec::participants_max);
  return observers < room ? room - observers : 0;
}

std::optional<Refusal> too_many(const config::ZooCfg& cfg, const CheckOptions& options) {
  const model::Configuration& configuration = cfg.configuration;
  const std::size_t voters = configuration.voters();
  const std::size_t observers = configuration.members().size() - voters;
  const std::size_t room = room_for_voters(observers);
  const std::size_t unasked = std::min(voters_unasked_max, room);
  const std::size_t starting = options.starts ? static_cast<std::size_t>(*options.starts) : voters;
  if (starting <= (options.starts ? room : unasked)) return std::nullopt;

  std::string found = fmt::format("{} voters", voters);
  if (observers > 0) found += fmt::format(" and {} observer{}", observers, observers == 1 ? "" : "s");
  if (options.starts) found += fmt::format(", of which --starts lets {} start", starting);
  std::string message = fmt::format(
      "{}: more servers than can be explored: found {}; expected at most {} servers that start "
      "(observers always do), and with more than {} voters --starts",
      cfg.file, found, spec::participants_max, voters_unasked_max);
  const std::size_t quorum = smallest_quorum(configuration);
  if (room == 0) {
    message +=
        fmt::format("\nWhat to do: check a copy of the file with at most {} observers.", spec::participants_max - 1);
  } else if (quorum > room) {
    message += fmt::format(
        "\nThe smallest quorum has {} servers, so that no election of this ensemble fits. What to do: check a copy "
        "of "
        "the file with fewer servers and the same kind of quorums.",
        quorum);
  } else {
    // A quorum has to be able to start, or nothing happens.
    message += fmt::format(
        "\nWhat to do: let only some of the voters ever start, any of them, as when the others are down for good:\n"
        "  conclave check {} --starts {}",
        cfg.file, quorum);
  }
  return Refusal{std::move(message), ExitCode::bad_input};
}

std::optional<Refusal> too_many_starts(const config::ZooCfg& cfg, const CheckOptions& options) {
  const std::size_t voters = cfg.configuration.voters();
  if (!options.starts || static_cast<std::size_t>(*options.starts) <= voters) return std::nullopt;
  return Refusal{fmt::format("--starts: found {}, and {} with {} voter{}; expected at most as many", *options.starts,
                             cfg.file, voters, voters == 1 ? "" : "s"),
                 ExitCode::wrong_use};
}

std::vector<model::ServerId> ids_of(const model::Configuration& configuration) {
  std::vector<model::ServerId> ids;
  for (const Member& member : configuration.members()) ids.push_back(member.id);
  return ids;
}

std::optional<Refusal> unknown_release(const config::ZooCfg& cfg, const CheckOptions& options) {
  for (const auto& [id, rules] : options.releases) {
    if (cfg.configuration.find(id) != nullptr) continue;
    return Refusal{fmt::format("conclave: --zookeeper: found server {}; expected one of {} in {}", id.value,
                               id_set(ids_of(cfg.configuration)), cfg.file),
                   ExitCode::wrong_use};
  }
  return std::nullopt;
}

// Servers of one release are of one kind.
std::map<model::ServerId, int> kinds_of(const ServerRules& releases) {
  std::map<const spec::RuleVariant*, int> numbers;
  std::map<model::ServerId, int> kinds;
  for (const auto& [id, rules] : releases) {
    const int next = static_cast<int>(numbers.size()) + 1;
    kinds[id] = numbers.emplace(rules, next).first->second;
  }
  return kinds;
}

void give_rules(std::vector<spec::Scenario>& scenarios, const ServerRules& releases) {
  for (spec::Scenario& scenario : scenarios) {
    for (spec::Participant& participant : scenario.participants) {
      const auto place = releases.find(participant.id);
      if (place != releases.end()) participant.rules = place->second;
    }
  }
}

std::optional<Refusal> unknown_history(const config::ZooCfg& cfg, const CheckOptions& options) {
  for (const spec::Participant& given : options.histories) {
    if (cfg.configuration.find(given.id) != nullptr) continue;
    return Refusal{fmt::format("conclave: --history: found server {}; expected one of {} in {}", given.id.value,
                               id_set(ids_of(cfg.configuration)), cfg.file),
                   ExitCode::wrong_use};
  }
  return std::nullopt;
}

// Every choice of `starts` voters of a scenario in which all take part.
std::vector<spec::Scenario> choices(const spec::Scenario& all, const model::Configuration& configuration,
                                    std::size_t starts) {
  const std::vector<model::ServerId> voters = voters_of(configuration);
  std::vector<bool> starting(voters.size(), false);
  std::fill_n(starting.begin(), static_cast<std::ptrdiff_t>(std::min(starts, voters.size())), true);
  std::vector<spec::Scenario> scenarios;
  do {
    spec::Scenario& scenario = scenarios.emplace_back(all);
    std::erase_if(scenario.participants, [&](const spec::Participant& participant) {
      const auto place = std::find(voters.begin(), voters.end(), participant.id);
      return place != voters.end() && !starting[static_cast<std::size_t>(place - voters.begin())];
    });
  } while (std::prev_permutation(starting.begin(), starting.end()));
  return scenarios;
}

// What the oracle grants is not in the configuration: nobody, or any one of the voters.
std::vector<spec::Scenario> with_oracle(const std::vector<spec::Scenario>& scenarios,
                                        const model::Configuration& configuration) {
  std::vector<spec::Scenario> all;
  for (const spec::Scenario& scenario : scenarios) {
    all.push_back(scenario);
    for (const model::ServerId voter : voters_of(configuration)) all.emplace_back(scenario).oracle_grants = voter;
  }
  return all;
}

// Without a look at symmetries.
constexpr std::uint64_t orders_explored_max = 5'040;
std::vector<spec::Scenario> every_order(const std::vector<spec::Scenario>& representatives) {
  std::vector<spec::Scenario> all;
  for (const spec::Scenario& scenario : representatives) {
    for (spec::Scenario& order : spec::orders_like(scenario, orders_explored_max)) all.push_back(std::move(order));
  }
  return all;
}
Refusal mixed_orders() {
  return Refusal{
      "conclave: --no-reduction histories: found it with releases of their own for some servers; expected one "
      "release for all",
      ExitCode::wrong_use};
}
Refusal too_many_orders(std::uint64_t orders) {
  return Refusal{
      fmt::format("conclave: --no-reduction histories: found {} orders of initial votes; expected at most {}, "
                  "for each is an exploration",
                  orders, orders_explored_max),
      ExitCode::wrong_use};
}

}  // namespace

std::size_t smallest_quorum(const model::Configuration& configuration) {
  if (configuration.kind() != model::QuorumKind::hierarchical) return configuration.voters() / 2 + 1;
  // Groups have no server in common, so the cheapest majority of the groups, each won by its heaviest servers, is it.
  std::vector<std::size_t> prices;
  std::size_t heavy_groups = 0;
  for (const model::Group& group : configuration.groups()) {
    if (group.weight.value == 0) continue;
    ++heavy_groups;
    std::vector<std::int64_t> weights;
    for (const Member& member : configuration.members()) {
      if (member.group == group.id && member.role == LearnerType::participant)
        weights.push_back(member.weight->value);
    }
    std::sort(weights.begin(), weights.end(), std::greater<>());
    std::int64_t have = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
      have += weights[i];
      if (have <= group.weight.value / 2) continue;
      prices.push_back(i + 1);
      break;
    }
  }
  std::sort(prices.begin(), prices.end());
  std::size_t servers = 0;
  for (std::size_t i = 0; i < std::min(heavy_groups / 2 + 1, prices.size()); ++i) servers += prices[i];
  return servers;
}

tl::expected<Plan, Refusal> plan_of(const config::ZooCfg& cfg, const CheckOptions& options) {
  if (auto refusal = too_many_starts(cfg, options)) return tl::unexpected(std::move(*refusal));
  if (auto refusal = too_many(cfg, options)) return tl::unexpected(std::move(*refusal));
  if (auto refusal = unknown_history(cfg, options)) return tl::unexpected(std::move(*refusal));
  if (auto refusal = unknown_release(cfg, options)) return tl::unexpected(std::move(*refusal));
  model::Ensemble ensemble = model::single_configuration(cfg.configuration);
  ensemble.reconfig_enabled = cfg.reconfig_enabled;
  const std::size_t voters = cfg.configuration.voters();
  const std::size_t starts = options.starts ? static_cast<std::size_t>(*options.starts) : voters;
  Plan plan;
  if (options.history == HistoryKind::any) {
    plan.orders = 1;
    for (std::size_t i = 0; i < starts; ++i) plan.orders *= voters - i;
    plan.scenarios = spec::every_history(ensemble, static_cast<int>(starts), kinds_of(options.releases));
    if (options.every_order) {
      if (!options.releases.empty()) return tl::unexpected(mixed_orders());
      if (plan.orders > orders_explored_max) return tl::unexpected(too_many_orders(plan.orders));
      plan.scenarios = every_order(plan.scenarios);
    }
  } else {
    plan.scenarios = choices(spec::given_history(ensemble, options.histories), cfg.configuration, starts);
  }
  give_rules(plan.scenarios, options.releases);
  if (cfg.configuration.kind() == model::QuorumKind::oracle_majority) {
    plan.scenarios = with_oracle(plan.scenarios, cfg.configuration);
  }
  return plan;
}

int default_rounds(const Plan& plan, const CheckOptions& options) {
  constexpr std::size_t servers_with_two_rounds = 3;
  const int rounds = plan.scenarios.front().participants.size() <= servers_with_two_rounds ? 2 : 1;
  return std::max(rounds, options.rules->rounds_min);
}

}  // namespace conclave::check
