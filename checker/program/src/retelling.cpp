#include "conclave/check/retelling.hpp"

namespace conclave::check {
namespace {

using spec::Property;
using spec::Server;

std::string name_of(const spec::Scenario& scenario, std::size_t server) {
  return std::to_string(scenario.participants[server].id.value);
}

}  // namespace

std::string explain_state(const spec::Scenario& scenario, Property property, const std::vector<Server>& servers) {
  std::string leading;
  std::string restless;
  std::string started;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    const Server& server = servers[i];
    if (server.life != spec::Life::unborn) started += (started.empty() ? "" : ", ") + name_of(scenario, i);
    if (server.life != spec::Life::up) continue;
    const model::ServerState state = state_of(server.peer);
    if (state == model::ServerState::leading) {
      leading += (leading.empty() ? "" : " and ") + name_of(scenario, i) + " (round " +
                 std::to_string(server.peer.clock.value) + ")";
    }
    if (state == model::ServerState::looking) restless += (restless.empty() ? "" : ", ") + name_of(scenario, i);
  }
  switch (property) {
    case Property::single_leading:
    case Property::no_second_quorum:
    case Property::one_leader_per_round: return "LEADING at once: " + leading;
    case Property::quorum_took_part: return "a server has decided, though only {" + started + "} have started";
    case Property::no_deadlock:
      return restless.empty() ? "settled on servers that do not lead, for good" : "looking for ever: " + restless;
    default: return std::string(info_of(property).sentence);
  }
}

bool looks_alike(const Server& left, const Server& right, const spec::Scope& scope) {
  if (left.life != right.life) return false;
  const bool latest = scope.network.kind == spec::NetworkKind::latest;
  for (int kind = 0; kind < spec::offers_count; ++kind) {
    if (!latest && static_cast<spec::Offer>(kind) != spec::Offer::proposal) continue;  // in channels, if anywhere
    if (!(offer_of(left, static_cast<spec::Offer>(kind)) == offer_of(right, static_cast<spec::Offer>(kind)))) {
      return false;
    }
  }
  if (left.life != spec::Life::up) return true;
  return left.peer.role == right.peer.role && left.peer.clock == right.peer.clock &&
         left.peer.received == right.peer.received && left.peer.unpublished == right.peer.unpublished;
}

}  // namespace conclave::check
