// A run in the Informal Trace Format, for the tools of others (Apalache's ADR 015).
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "conclave/check/reports.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

using Json = nlohmann::ordered_json;

// Numbers that a JSON reader with doubles would spoil are written as text.
Json integer(std::int64_t value) {
  constexpr std::int64_t exact = std::int64_t{1} << 53U;
  if (value > -exact && value < exact) return value;
  return Json{{"#bigint", std::to_string(value)}};
}

Json map_of(Json pairs) { return Json{{"#map", std::move(pairs)}}; }

Json proposal_of(const model::Proposal& proposal) {
  return Json{{"leader", integer(proposal.leader.value)},
              {"zxid", integer(proposal.zxid.value)},
              {"epoch", integer(proposal.epoch.value)}};
}

Json table_of(const model::VoteTable& table) {
  Json pairs = Json::array();
  for (const model::Ballot& ballot : table) {
    Json vote = proposal_of(ballot.vote.proposal);
    vote["round"] = integer(ballot.vote.round.value);
    vote["state"] = model::name_of(ballot.vote.state);
    pairs.push_back(Json::array({integer(ballot.from.value), std::move(vote)}));
  }
  return map_of(std::move(pairs));
}

// The same fields for every server, so that typed readers can take them.
Json server_of(const spec::Server& server) {
  const bool up = server.life == spec::Life::up;
  const model::Peer nobody{};
  const model::Peer& peer = up ? server.peer : nobody;
  return Json{{"life", name_of(server.life)},
              {"state", up ? std::string(model::name_of(state_of(peer))) : ""},
              {"round", integer(peer.clock.value)},
              {"proposal", proposal_of(up ? peer.proposal : model::Proposal{{}, {}, model::ServerId{0}})},
              {"recvset", table_of(peer.recvset)},
              {"outofelection", table_of(peer.outofelection)}};
}

}  // namespace

std::string itf_trace(const ItfHead& head, const std::vector<RunStep>& steps, const spec::Scenario& scenario) {
  Json json;
  json["#meta"] =
      Json{{"format", "ITF"},           {"format-description", "https://apalache-mc.org/docs/adr/015adr-trace.html"},
           {"source", head.file},       {"description", "Created by Conclave " + std::string(version())},
           {"property", head.property}, {"sentence", head.sentence}};
  json["params"] = Json::array();
  json["vars"] = Json::array({"action", "server", "text", "servers"});
  json["states"] = Json::array();
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const RunStep& step = steps[i];
    Json servers = Json::array();
    for (std::size_t j = 0; j < step.servers.size(); ++j) {
      servers.push_back(Json::array({integer(scenario.participants[j].id.value), server_of(step.servers[j])}));
    }
    const std::int64_t acting = step.action ? scenario.participants[step.action->server].id.value : -1;
    json["states"].push_back(Json{{"#meta", {{"index", i}}},
                                  {"action", step.action ? std::string(name_of(step.action->kind)) : "init"},
                                  {"server", integer(acting)},
                                  {"text", step.action ? action_text(step, scenario) : ""},
                                  {"servers", map_of(std::move(servers))}});
  }
  if (head.cycle_from) {
    // The last state is that in which the cycle begins: what comes after it comes next. Where nothing does, it stays.
    const std::size_t last = steps.size() - 1;
    json["loop"] = *head.cycle_from == last ? last : *head.cycle_from + 1;
  }
  return json.dump(1) + "\n";
}

}  // namespace conclave::check
