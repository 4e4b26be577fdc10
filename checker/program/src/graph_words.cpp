#include "conclave/check/graph_words.hpp"

#include <fmt/format.h>

#include <map>
#include <string>
#include <variant>
#include <vector>

#include "conclave/check/words.hpp"
#include "diagram_peer.hpp"

namespace conclave::check {
namespace {

using model::ServerState;
using spec::ActionKind;
using spec::Life;

// The round only where it is not `own`.
std::string said(const model::Vote& vote, model::Round own) {
  const std::string whom = id_text(vote.proposal.leader);
  const std::string when = vote.round == own ? "" : fmt::format(" in round {}", vote.round.value);
  switch (vote.state) {
    case ServerState::looking: return fmt::format("votes {}{}", whom, when);
    case ServerState::following: return fmt::format("follows {}{}", whom, when);
    case ServerState::leading: return "leads" + when;
    case ServerState::observing: return fmt::format("observes {}{}", whom, when);
  }
  return "?";
}

void add_votes(std::vector<std::string>& parts, const model::VoteTable& table, model::Round own) {
  std::map<std::string, std::vector<std::string>> voters;
  for (const model::Ballot& ballot : table) voters[said(ballot.vote, own)].push_back(id_text(ballot.from));
  for (const auto& [what, who] : voters) parts.push_back(fmt::format("{} {}", join(who, " "), what));
}

}  // namespace

std::string role_line(const spec::Server& server) {
  if (server.life == Life::unborn) return "not started";
  if (server.life == Life::down) return "crashed";
  const model::Peer& peer = server.peer;
  const ServerState state = state_of(peer);
  const std::string round = fmt::format("round {}", peer.clock.value);
  const char* stored = peer.unpublished ? ", not yet stored" : "";
  if (state == ServerState::leading) return fmt::format("LEADING, {}{}", round, stored);
  if (state != ServerState::looking) return fmt::format("{} {}, {}{}", name_of(state), choice(peer), round, stored);
  if (std::holds_alternative<model::BeforeElection>(peer.role)) return "LOOKING, between elections, " + round;
  const char* waits = std::holds_alternative<model::Finalizing>(peer.role) ? ", waits" : "";
  return fmt::format("LOOKING, {}, votes {}{}", round, choice(peer), waits);
}

std::string votes_line(const spec::Server& server) {
  if (server.life != Life::up || !model::in_election(server.peer)) return "";
  std::vector<std::string> parts;
  add_votes(parts, server.peer.recvset, server.peer.clock);
  add_votes(parts, server.peer.outofelection, server.peer.clock);
  if (!server.peer.received.empty()) {
    parts.push_back(fmt::format("{} more to be handled", server.peer.received.size()));
  }
  return parts.empty() ? "" : "knows " + join(parts, ", ");
}

std::string step_label(const spec::Scenario& scenario, const spec::Action& action,
                       const std::optional<model::Notification>& heard) {
  const std::string own = id_text(scenario.participants[action.server].id);
  const std::string peer = id_text(scenario.participants[action.peer].id);
  const std::string what = heard ? said(heard->vote, model::Round{1}) : "";
  switch (action.kind) {
    case ActionKind::read: return fmt::format("{} reads {}: {}", own, peer, what);
    case ActionKind::deliver: return fmt::format("{} gets from {}: {}", own, peer, what);
    case ActionKind::lose: return fmt::format("lost from {} to {}: {}", peer, own, what);
    case ActionKind::process: return own + " handles a notification";
    case ActionKind::publish: return own + " stores its decision";
    case ActionKind::begin: return own + " begins an election";
    case ActionKind::silence: return own + " has heard nothing better";
    case ActionKind::establish:
      return action.peer == action.server ? own + " establishes its epoch"
                                          : fmt::format("{} takes over the epoch of {}", own, peer);
    case ActionKind::end_role: return own + " gives up its role";
    case ActionKind::resend: return own + " tells all voters again";
    case ActionKind::start: return own + " starts";
    case ActionKind::crash: return own + " crashes";
    case ActionKind::restart: return own + " restarts";
  }
  return "?";
}

std::vector<std::string> GraphWords::lines(const std::vector<spec::LocalId>& locals,
                                           const std::vector<spec::ChannelId>& channels) {
  std::vector<std::string> lines;
  const auto id = [this](std::size_t server) { return id_text(system_.id(static_cast<int>(server))); };
  for (std::size_t i = 0; i < locals.size(); ++i) {
    const spec::Server server = system_.machine().decoded(static_cast<int>(i), locals[i]);
    lines.push_back(fmt::format("{}: {}", id(i), role_line(server)));
    if (const std::string votes = votes_line(server); !votes.empty()) lines.push_back("     " + votes);
  }
  for (std::size_t i = 0; i < channels.size(); ++i) {
    const std::size_t from = i / locals.size();
    std::vector<std::string> messages;
    for (const spec::NotificationId message : system_.channels(static_cast<int>(from)).content(channels[i])) {
      messages.push_back(said(system_.machine().notification(message).vote, model::Round{1}));
    }
    if (messages.empty()) continue;
    lines.push_back(fmt::format("{} to {}: {}", id(from), id(i % locals.size()), join(messages, ", ")));
  }
  return lines;
}

std::string GraphWords::label(const spec::Action& action, spec::NotificationId heard) {
  std::optional<model::Notification> what;
  if (heard != spec::no_notification) what = system_.machine().notification(heard);
  return step_label(system_.scenario(), action, what);
}

std::vector<std::string> broken_names(spec::PropertySet broken) {
  std::vector<std::string> names;
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    const bool wanted = info.kind != spec::PropertyKind::sometimes;
    if (wanted && (broken & spec::bit(info.property)) != 0) names.emplace_back(info.name);
  }
  return names;
}

}  // namespace conclave::check
