// A run's picture: the servers, and what was explored.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "conclave/check/releases.hpp"
#include "conclave/check/words.hpp"
#include "teller.hpp"

namespace conclave::check {
namespace {

std::string host_of(const config::ZooCfg& cfg, model::ServerId id) {
  for (const config::ServerLine& server : cfg.servers) {
    if (server.id == id && !server.addresses.empty()) return server.addresses.front().host;
  }
  return "";
}
// Of a reconfiguration, where it is in the old one, or else in the new one.
std::string host_of(const Outcome& outcome, model::ServerId id) {
  const std::string host = host_of(outcome.cfg, id);
  return host.empty() && outcome.next ? host_of(*outcome.next, id) : host;
}

std::string role_in(const model::Configuration& configuration, model::ServerId id) {
  if (configuration.find(id) == nullptr) return "is not there";
  return configuration.votes(id) ? "votes" : "observes";
}
// Of a reconfiguration, in the old configuration and then in the new one.
std::string roles_of(const spec::Scenario& scenario, model::ServerId id) {
  std::string first = role_in(scenario.ensemble.configurations[0], id);
  if (!reconfigures(scenario)) return first;
  const std::string second = role_in(scenario.ensemble.configurations[1], id);
  return first == second ? first : first + ", then " + second;
}

// What the hosts' names all end with, from a dot on; empty if nothing, or if they are addresses.
std::string common_domain(const config::ZooCfg& cfg) {
  std::optional<std::string> domain;
  for (const config::ServerLine& server : cfg.servers) {
    if (server.addresses.empty()) continue;
    const std::string& host = server.addresses.front().host;
    const std::size_t dot = host.find('.');
    const bool number = host.find_first_not_of("0123456789.:") == std::string::npos;
    const std::string own = dot == std::string::npos || dot == 0 || number ? "" : host.substr(dot);
    if (domain && *domain != own) return "";
    domain = own;
  }
  return domain.value_or("");
}

std::string short_name(const std::string& host, const std::string& domain) {
  return !domain.empty() && host.ends_with(domain) ? host.substr(0, host.size() - domain.size()) : host;
}

}  // namespace

void add_lanes(const Teller& teller, Diagram& diagram) {
  const std::string domain = common_domain(teller.outcome.cfg);
  const model::Configuration& configuration = teller.scenario.ensemble.configurations[0];
  const bool groups = configuration.kind() == model::QuorumKind::hierarchical;
  diagram.start_columns = {"host", "role"};
  if (groups) diagram.start_columns.insert(diagram.start_columns.end(), {"group", "weight"});
  diagram.start_columns.insert(diagram.start_columns.end(), {"epoch", "zxid"});
  for (const spec::Participant& participant : teller.scenario.participants) {
    const std::string host = host_of(teller.outcome, participant.id);
    diagram.lanes.push_back(DiagramLane{id_text(participant.id), short_name(host, domain)});
    const model::Member* member = configuration.find(participant.id);
    std::vector<std::string> row{host, roles_of(teller.scenario, participant.id)};
    if (groups) {
      row.push_back(member != nullptr && member->group ? std::to_string(*member->group) : "");
      row.push_back(member != nullptr && member->weight ? std::to_string(member->weight->value) : "");
    }
    row.push_back(std::to_string(participant.durable.current_epoch.value));
    row.push_back(participant.durable.last_zxid == model::unlogged ? "-1 (no database)"
                                                                   : zxid_text(participant.durable.last_zxid));
    diagram.start_table.push_back(std::move(row));
  }
}

void add_facts(const Teller& teller, Diagram& diagram) {
  const Outcome& outcome = teller.outcome;
  auto& facts = diagram.facts;
  facts.emplace_back("configuration", outcome.cfg.file);
  if (outcome.next) {
    facts.emplace_back("reconfigured to", outcome.next->file);
    facts.emplace_back("the new configuration", knowledge_in_words(teller.scenario));
  }
  facts.emplace_back("bounds", join(bounds_in_words(outcome.options.scope), "; "));
  if (other_rules(outcome.options)) {
    facts.emplace_back(rules_title(outcome.options), join(rules_in_sentences(outcome.options), "; "));
  }
  if (teller.scenario.oracle_grants) {
    facts.emplace_back("oracle", fmt::format("grants server {}", id_text(*teller.scenario.oracle_grants)));
  }
  std::vector<model::ServerId> absent;
  for (const model::Member& member : teller.scenario.ensemble.configurations[0].members()) {
    const auto& all = teller.scenario.participants;
    const bool takes_part = std::any_of(all.begin(), all.end(), [&](const auto& one) { return one.id == member.id; });
    if (!takes_part) absent.push_back(member.id);
  }
  if (!absent.empty()) facts.emplace_back("never start", id_set(absent));
  facts.emplace_back("written by", fmt::format("Conclave {}", version()));
}

}  // namespace conclave::check
