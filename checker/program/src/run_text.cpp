// Runs, step by step, for people.
#include <fmt/format.h>

#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "conclave/check/reports.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

using spec::ActionKind;
using spec::Life;
using spec::Server;

std::string_view role_name(const model::Role& role) {
  constexpr std::string_view names[] = {"between elections", "polling",   "finalizing",
                                        "leading",           "following", "observing"};
  return names[role.index()];
}

bool looking(const model::Peer& peer) { return state_of(peer) == model::ServerState::looking; }

std::string role_change(const model::Peer& before, const model::Peer& after) {
  if (before.role == after.role) return "";
  const auto decision = [&](std::string_view state, model::ServerId leader) {
    // Only by ZOOKEEPER-1818 do they differ.
    const model::Round voted = after.unpublished ? after.unpublished->round : after.current_vote.round;
    return fmt::format("DECIDES for server {}: {} in round {}{}", id_text(leader), state, after.clock.value,
                       voted == after.clock ? "" : fmt::format(", with a vote of round {}", voted.value));
  };
  if (std::holds_alternative<model::Leading>(after.role)) return decision("LEADING", after.id);
  if (const auto* role = std::get_if<model::Following>(&after.role)) return decision("FOLLOWING", role->leader);
  if (const auto* role = std::get_if<model::Observing>(&after.role)) return decision("OBSERVING", role->leader);
  if (std::holds_alternative<model::Finalizing>(after.role)) {
    return "a quorum supports its proposal: waits finalizeWait for something better";
  }
  if (std::holds_alternative<model::Finalizing>(before.role)) return "goes on collecting votes";
  return fmt::format("{} -> LOOKING, {}", looking(before) ? "LOOKING" : name_of(state_of(before)),
                     role_name(after.role));
}

void table_changes(std::vector<std::string>& changes, std::string_view table, const model::VoteTable& before,
                   const model::VoteTable& after, std::optional<model::ServerId> told_elsewhere) {
  for (const model::Ballot& ballot : after) {
    if (ballot.from == told_elsewhere) continue;
    const model::Vote* old = before.find(ballot.from);
    if (old != nullptr && *old == ballot.vote) continue;
    changes.push_back(fmt::format("{} of {}: {} -> {}", table, id_text(ballot.from),
                                  old == nullptr ? std::string("none") : vote_text(*old), vote_text(ballot.vote)));
  }
  std::vector<model::ServerId> gone;
  for (const model::Ballot& ballot : before) {
    if (after.find(ballot.from) == nullptr) gone.push_back(ballot.from);
  }
  if (!gone.empty()) changes.push_back(fmt::format("{} forgotten of {}", table, id_set(gone)));
}

void queue_changes(std::vector<std::string>& changes, const model::Peer& before, const model::Peer& after) {
  if (before.received == after.received) return;
  std::vector<std::string> waiting;
  for (const model::Notification& notification : after.received)
    waiting.push_back("from " + id_text(notification.from));
  changes.push_back("to be handled: " + (waiting.empty() ? std::string("nothing") : join(waiting, ", ")));
}

// A settled server's vote gets a new epoch once that is established.
void epoch_change(std::vector<std::string>& changes, const model::Peer& before, const model::Peer& after) {
  const bool stays = state_of(before) == state_of(after) && state_of(after) != model::ServerState::looking;
  const model::PeerEpoch old = before.current_vote.proposal.epoch;
  const model::PeerEpoch epoch = after.current_vote.proposal.epoch;
  if (!stays || before.unpublished || epoch == old) return;
  changes.push_back(fmt::format("its vote gets epoch {} (before: {})", epoch.value, old.value));
}

void peer_changes(std::vector<std::string>& changes, const model::Peer& before, const model::Peer& after) {
  // First what it has learnt, then what it makes of it.
  queue_changes(changes, before, after);
  if (before.committed != after.committed) {
    changes.emplace_back("takes the new configuration over");
  }
  if (before.clock != after.clock) {
    changes.push_back(fmt::format("round {} -> {}", before.clock.value, after.clock.value));
  }
  // With a decision the tables are given up, which says nothing. A new proposal is also its own vote.
  if (model::in_election(after)) {
    const bool proposes = !(before.proposal == after.proposal);
    table_changes(changes, "vote", before.recvset, after.recvset,
                  proposes ? std::optional<model::ServerId>(after.id) : std::nullopt);
    table_changes(changes, "settled vote", before.outofelection, after.outofelection, std::nullopt);
  }
  if (!(before.proposal == after.proposal)) {
    changes.push_back(
        fmt::format("proposes {} (before: {})", proposal_text(after.proposal), proposal_text(before.proposal)));
  }
  if (const std::string change = role_change(before, after); !change.empty()) changes.push_back(change);
  epoch_change(changes, before, after);
  if (before.unpublished && !after.unpublished) changes.emplace_back("tells others of its decision from now on");
  if (after.unpublished && !before.unpublished) changes.emplace_back("still answers with its old vote");
}

std::string born(const model::Peer& peer) {
  if (std::holds_alternative<model::BeforeElection>(peer.role)) return "LOOKING, election not yet begun";
  return fmt::format("{} in round {}, proposes {}", name_of(state_of(peer)), peer.clock.value,
                     proposal_text(peer.proposal));
}

std::string id_of(const spec::Scenario& scenario, std::size_t index) {
  return id_text(scenario.participants[index].id);
}

std::string_view in_words(Shortness shortness) {
  switch (shortness) {
    case Shortness::of_all: return "there is no shorter run";
    case Shortness::of_its_end: return "no shorter run gets there that breaks nothing before";
    case Shortness::not_excluded: return "a shorter one was not ruled out";
  }
  return "?";
}

std::string offer_in_words(spec::Offer offer) {
  if (offer == spec::Offer::voted) return "answer to who sends no version";
  return std::string(name_of(offer));
}

}  // namespace

std::string_view name_of(ActionKind kind) {
  switch (kind) {
    case ActionKind::read: return "read";
    case ActionKind::deliver: return "deliver";
    case ActionKind::process: return "process";
    case ActionKind::publish: return "publish";
    case ActionKind::begin: return "begin";
    case ActionKind::silence: return "silence";
    case ActionKind::end_role: return "end-role";
    case ActionKind::resend: return "resend";
    case ActionKind::establish: return "establish";
    case ActionKind::start: return "start";
    case ActionKind::crash: return "crash";
    case ActionKind::restart: return "restart";
    case ActionKind::lose: return "lose";
  }
  return "?";
}

std::string_view name_of(spec::Offer offer) {
  switch (offer) {
    case spec::Offer::proposal: return "proposal";
    case spec::Offer::answer: return "answer";
    case spec::Offer::courtesy: return "courtesy";
    case spec::Offer::voted: return "answer-as-voted";
  }
  return "?";
}

std::vector<std::string> changes_of(const Server& before, const Server& after) {
  std::vector<std::string> changes;
  if (after.life == Life::up && before.life != Life::up) changes.push_back(born(after.peer));
  if (after.life != Life::up && before.life == Life::up) changes.push_back("was " + born(before.peer));
  if (after.life == Life::up && before.life == Life::up) peer_changes(changes, before.peer, after.peer);
  return changes;
}

std::string action_text(const RunStep& step, const spec::Scenario& scenario) {
  if (!step.action) return "";
  const spec::Action& action = *step.action;
  const std::string server = "server " + id_of(scenario, action.server);
  const std::string_view with = step.heard && step.heard->config != 0 ? ", with the new configuration" : "";
  const std::string heard = step.heard ? fmt::format(": {}{}", vote_text(step.heard->vote), with) : "";
  const bool has_peer =
      action.kind == ActionKind::read || action.kind == ActionKind::deliver || action.kind == ActionKind::lose;
  const std::string peer = has_peer ? "server " + id_of(scenario, action.peer) : "";
  switch (action.kind) {
    case ActionKind::read:
      return fmt::format("{} reads {}'s {}{}", server, peer, offer_in_words(action.offer), heard);
    case ActionKind::deliver: return fmt::format("{} gets the oldest message from {}{}", server, peer, heard);
    case ActionKind::process: {
      const std::string from = step.heard ? " from server " + id_text(step.heard->from) : "";
      return fmt::format("{} handles the notification{}{}", server, from, heard);
    }
    case ActionKind::publish: return server + " stores its decision";
    case ActionKind::begin: return server + " begins an election";
    case ActionKind::silence: return server + " has heard nothing better during finalizeWait";
    case ActionKind::end_role: return server + " gives up its role";
    case ActionKind::resend: return server + " hears nothing for long and tells all voters again";
    case ActionKind::establish:
      return action.server == action.peer
                 ? server + " establishes an epoch"
                 : fmt::format("{} takes over the epoch of server {}", server, id_of(scenario, action.peer));
    case ActionKind::start: return server + " starts";
    case ActionKind::crash: return server + " crashes";
    case ActionKind::restart: return server + " restarts";
    case ActionKind::lose: return fmt::format("the oldest message from {} to {} is lost{}", peer, server, heard);
  }
  return "?";
}

// Every server as it is, where a run begins.
void tell_opening(std::string& text, const RunStep& start, const spec::Scenario& scenario) {
  auto out = std::back_inserter(text);
  fmt::format_to(out, "  histories (server=epoch:zxid): {}\n", histories_text(scenario));
  if (scenario.oracle_grants)
    fmt::format_to(out, "  the oracle grants server {}\n", id_text(*scenario.oracle_grants));
  if (reconfigures(scenario)) fmt::format_to(out, "  the new configuration: {}\n", knowledge_in_words(scenario));
  for (std::size_t i = 0; i < start.servers.size(); ++i) {
    const Server& server = start.servers[i];
    if (server.life == Life::up)
      fmt::format_to(out, "  0. server {} runs: {}\n", id_of(scenario, i), born(server.peer));
  }
}

void tell_steps(std::string& text, const std::vector<RunStep>& steps, std::size_t from, std::size_t to,
                const spec::Scenario& scenario) {
  auto out = std::back_inserter(text);
  for (std::size_t i = from; i <= to; ++i) {
    const RunStep& step = steps[i];
    fmt::format_to(out, " {:2}. {}\n", i, action_text(step, scenario));
    for (std::size_t server = 0; server < step.servers.size(); ++server) {
      const bool acts = step.action && step.action->server == server;
      const std::string whose = acts ? "" : fmt::format("server {}: ", id_of(scenario, server));
      for (const std::string& change : changes_of(steps[i - 1].servers[server], step.servers[server])) {
        fmt::format_to(out, "       {}{}\n", whose, change);
      }
    }
  }
}

std::string run_text(const Run& run, const spec::Scenario& scenario, Shortness shortness) {
  const spec::PropertyInfo& info = spec::info_of(run.property);
  const bool witness = info.kind == spec::PropertyKind::sometimes;
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "{} {} in {} ({})\n", info.name, witness ? "is reached" : "is broken",
                 steps_in_words(run.steps.size() - 1), in_words(shortness));
  tell_opening(text, run.steps.front(), scenario);
  tell_steps(text, run.steps, 1, run.steps.size() - 1, scenario);
  wrapped(text, witness ? "  reached: " : "  broken: ", words_of(std::string(info.sentence)), " ");
  if (!run.clause.empty() && run.clause != info.sentence) wrapped(text, "  because: ", words_of(run.clause), " ");
  for (const spec::PropertyInfo& other : spec::property_infos()) {
    if ((run.also & spec::bit(other.property)) != 0) fmt::format_to(out, "  broken as well: {}\n", other.name);
  }
  return text;
}

std::string_view name_of(spec::Life life) {
  switch (life) {
    case spec::Life::unborn: return "not started";
    case spec::Life::up: return "up";
    case spec::Life::down: return "down";
  }
  return "?";
}

}  // namespace conclave::check
