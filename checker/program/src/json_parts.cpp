#include "json_parts.hpp"

#include <string>
#include <utility>

#include "conclave/check/reports.hpp"

namespace conclave::check {
namespace {

Json notification_json(const model::Notification& notification) {
  const model::Vote& vote = notification.vote;
  return Json{{"from", notification.from.value},
              {"state", model::name_of(vote.state)},
              {"leader", vote.proposal.leader.value},
              {"zxid", vote.proposal.zxid.value},
              {"round", vote.round.value},
              {"epoch", vote.proposal.epoch.value}};
}

// In the midst of a reconfiguration.
const char* name_of(model::ConfigIndex configuration) { return configuration == 0 ? "old" : "new"; }

Json server_json(const spec::Server& server, model::ServerId id, bool reconfigures) {
  Json json{{"id", id.value}, {"life", check::name_of(server.life)}};
  if (reconfigures) json["configuration"] = name_of(server.peer.committed);
  if (server.life != spec::Life::up) return json;
  json["state"] = model::name_of(state_of(server.peer));
  json["round"] = server.peer.clock.value;
  json["leader"] = server.peer.proposal.leader.value;
  json["zxid"] = server.peer.proposal.zxid.value;
  json["epoch"] = server.peer.proposal.epoch.value;
  return json;
}

Json step_json(const std::vector<RunStep>& steps, std::size_t number, const spec::Scenario& scenario) {
  const RunStep& step = steps[number];
  Json json{{"step", number}};
  if (step.action) {
    const auto id_of = [&](std::uint8_t index) { return scenario.participants[index].id.value; };
    const bool has_peer = step.action->kind == spec::ActionKind::read ||
                          step.action->kind == spec::ActionKind::deliver ||
                          step.action->kind == spec::ActionKind::lose;
    json["action"] = check::name_of(step.action->kind);
    json["server"] = id_of(step.action->server);
    if (has_peer) json["peer"] = id_of(step.action->peer);
    if (step.action->kind == spec::ActionKind::read) json["offer"] = check::name_of(step.action->offer);
    json["text"] = action_text(step, scenario);
    json["changes"] = changes_of(steps[number - 1].servers[step.action->server], step.servers[step.action->server]);
  }
  const bool reconfigured = reconfigures(scenario);
  if (step.heard) json["heard"] = notification_json(*step.heard);
  if (step.heard && reconfigured) json["heard"]["configuration"] = name_of(step.heard->config);
  json["servers"] = Json::array();
  for (std::size_t i = 0; i < step.servers.size(); ++i) {
    json["servers"].push_back(server_json(step.servers[i], scenario.participants[i].id, reconfigured));
  }
  return json;
}

}  // namespace

Json ensemble_json(const config::ZooCfg& cfg) {
  const model::Configuration& configuration = cfg.configuration;
  Json members = Json::array();
  for (const model::Member& member : configuration.members()) {
    Json entry{{"id", member.id.value},
               {"role", member.role == model::LearnerType::participant ? "participant" : "observer"}};
    if (member.group) entry["group"] = *member.group;
    if (member.weight) entry["weight"] = member.weight->value;
    members.push_back(std::move(entry));
  }
  const char* quorums = "majority";
  if (configuration.kind() == model::QuorumKind::hierarchical) quorums = "hierarchical";
  if (configuration.kind() == model::QuorumKind::oracle_majority) quorums = "oracle-majority";
  return Json{{"quorums", quorums}, {"servers", std::move(members)}, {"notes", cfg.notes}};
}

Json history_json(const spec::Scenario& scenario) {
  Json history = Json::array();
  for (const spec::Participant& participant : scenario.participants) {
    Json entry{{"id", participant.id.value},
               {"epoch", participant.durable.current_epoch.value},
               {"zxid", participant.durable.last_zxid.value}};
    if (reconfigures(scenario)) {
      entry["configuration"] = name_of(participant.committed);
      entry["last_seen"] = name_of(participant.last_seen.value_or(0));
    }
    history.push_back(std::move(entry));
  }
  return history;
}

Json outputs_json(const std::vector<Output>& outputs) {
  Json list = Json::array();
  for (const Output& output : outputs) {
    Json entry{{"kind", output.kind}, {"path", output.path}, {"what", output.what}};
    entry["error"] = output.error.empty() ? Json(nullptr) : Json(output.error);
    list.push_back(std::move(entry));
  }
  return list;
}

Json rules_json(const std::array<std::uint64_t, model::rules_count>& counts) {
  Json rules = Json::object();
  for (const model::RuleInfo& info : model::rule_infos) {
    rules[std::string(info.name)] = counts[static_cast<std::size_t>(info.rule)];
  }
  return rules;
}

std::string_view name_of(spec::PropertyKind kind) {
  switch (kind) {
    case spec::PropertyKind::always: return "always";
    case spec::PropertyKind::refuted: return "refuted";
    case spec::PropertyKind::sometimes: return "sometimes";
  }
  return "?";
}

Json steps_json(const std::vector<RunStep>& steps, const spec::Scenario& scenario) {
  Json list = Json::array();
  for (std::size_t i = 0; i < steps.size(); ++i) list.push_back(step_json(steps, i, scenario));
  return list;
}

}  // namespace conclave::check
