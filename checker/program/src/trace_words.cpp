// `conclave trace`: what a moment of a recording is worth telling, in words.
#include <fmt/format.h>

#include <string>
#include <variant>
#include <vector>

#include "conclave/check/trace_command.hpp"
#include "conclave/check/words.hpp"
#include "conclave/model/rule.hpp"
#include "trace_parts.hpp"

namespace conclave::check {
namespace {

using model::Rule;
using model::ServerId;
using record::Moment;

std::string whom(const model::Proposal& proposal) {
  return fmt::format("server {} (epoch {}, zxid {})", id_text(proposal.leader),
                     proposal.epoch.value == model::least ? "none" : std::to_string(proposal.epoch.value),
                     zxid_text(proposal.zxid));
}

std::string supporters(const model::Peer& peer) { return id_set(supporters_of(peer)); }

std::string decision(const model::Peer& before, const model::Transition& made) {
  const model::Peer& after = made.peer;
  // In the fine grain the decision is published by a step of its own.
  const model::Vote& vote = after.unpublished ? *after.unpublished : after.current_vote;
  const std::string role = state_of(after) == model::ServerState::leading
                               ? "leads"
                               : fmt::format("follows server {}", id_text(vote.proposal.leader));
  if (made.rules.has(Rule::decide_by_silence)) {
    return fmt::format("decides: {}, round {}; {} voted alike", role, after.clock.value, supporters(before));
  }
  const bool joins = made.rules.has(Rule::join_same_round) || made.rules.has(Rule::join_out_of_election);
  return fmt::format("{}: {}, round {}", joins ? "joins those that have decided" : "decides", role,
                     after.clock.value);
}

// Whose notification a step is about: one that reception takes, or the next of the queue.
std::string heard_in(const model::Peer& before, const model::Event& event) {
  if (const auto* received = std::get_if<model::Received>(&event)) {
    return fmt::format("hears server {}: ", id_text(received->message.from));
  }
  if (!std::holds_alternative<model::Process>(event) || before.received.empty()) return "";
  return fmt::format("hears server {}: ", id_text(before.received[0].from));
}

std::string over(model::EndReason reason) {
  switch (reason) {
    case model::EndReason::link_lost: return "the connection to the leader is lost";
    case model::EndReason::limit_over: return "what it waited for has not come in time";
    case model::EndReason::epoch_too_low: return "the leader's epoch is below the one that it has accepted";
    case model::EndReason::unexpected_packet: return "the leader has sent what is out of place";
    case model::EndReason::quorum_lost: return "a quorum is no longer connected";
    case model::EndReason::no_history: return "it keeps no history, and others have one that they would need";
  }
  return "?";
}

template <class Set>
std::vector<ServerId> ids_of(const Set& set) {
  return {set.begin(), set.end()};
}

std::string of_epoch(const Moment& moment) {
  const model::EpochPeer& after = moment.epoch_made->peer;
  std::vector<std::string> parts;
  if (const auto* lost = std::get_if<model::LinkLost>(moment.epoch_event)) {
    if (moment.epoch_before->role == model::EpochRole::leading) {
      parts.push_back(fmt::format("loses server {}", id_text(lost->with)));
    }
  }
  for (const model::EpochEffect& effect : moment.epoch_made->effects) {
    if (const auto* accepted = std::get_if<model::WriteAccepted>(&effect)) {
      const bool leads = after.role == model::EpochRole::leading;
      parts.push_back(leads ? fmt::format("proposes epoch {}; {} are there", accepted->epoch.value,
                                          id_set(ids_of(after.leading.connected)))
                            : fmt::format("accepts epoch {}", accepted->epoch.value));
    } else if (const auto* away = std::get_if<model::Disconnect>(&effect)) {
      parts.push_back(fmt::format("sends server {} away", id_text(away->from)));
    } else if (const auto* established = std::get_if<model::Established>(&effect)) {
      const bool leads = established->leader == moment.run->sid;
      parts.push_back(leads ? fmt::format("is established in epoch {}; {} have acknowledged it",
                                          established->epoch.value, id_set(ids_of(after.leading.acknowledged)))
                            : fmt::format("is up to date with server {} in epoch {}", id_text(established->leader),
                                          established->epoch.value));
    } else if (const auto* end = std::get_if<model::RoleOver>(&effect)) {
      parts.push_back("gives up its role: " + over(end->reason));
    }
  }
  return join(parts, "; ");
}

}  // namespace

std::vector<ServerId> supporters_of(const model::Peer& peer) {
  const model::Vote mine{peer.proposal, peer.clock, 0, model::ServerState::looking};
  std::vector<ServerId> ids;
  for (const model::Ballot& ballot : peer.recvset) {
    if (votes_equal(mine, ballot.vote)) ids.push_back(ballot.from);
  }
  return ids;
}

std::string told_step(const model::Peer& before, const model::Event& event, const model::Transition& made,
                      const model::Ensemble& ensemble) {
  const model::Peer& after = made.peer;
  const model::RuleSet& rules = made.rules;
  const std::string heard = heard_in(before, event);
  for (const model::Effect& effect : made.effects) {
    if (std::holds_alternative<model::Decided>(effect)) return heard + decision(before, made);
  }
  std::vector<std::string> parts;
  if (rules.has(Rule::start)) {
    parts.push_back(
        fmt::format("looks for a leader, round {}; votes for {}", after.clock.value, whom(after.proposal)));
  }
  if (rules.has(Rule::restart_for_newer_config)) parts.emplace_back("begins anew with a newer configuration");
  if (rules.has(Rule::adopt_better_vote)) parts.push_back("votes now for " + whom(after.proposal));
  if (rules.has(Rule::join_later_round_with_theirs) || rules.has(Rule::join_later_round_with_own)) {
    parts.push_back(fmt::format("goes on to round {} and votes for {}", after.clock.value, whom(after.proposal)));
  }
  if (rules.has(Rule::finalizing_requeue)) parts.emplace_back("there is something better; goes on");
  if (rules.has(Rule::begin_finalizing)) {
    parts.push_back(fmt::format("{} agree on server {}: waits {} ms for something better", supporters(after),
                                id_text(after.proposal.leader), ensemble.timing.finalize_wait_ms));
  }
  if (rules.has(Rule::leader_unconfirmed)) parts.emplace_back("a quorum follows, but the leader has not said so yet");
  if (rules.has(Rule::time_out_reconnect)) parts.emplace_back("hears nothing and reaches nobody; connects again");
  if (parts.empty()) return "";
  return heard + join(parts, "; ");
}

std::string told(const Moment& moment, bool all) {
  using Kind = Moment::Kind;
  std::string text;
  switch (moment.kind) {
    case Kind::run_began: {
      const model::Durable& durable = moment.run->durable;
      return fmt::format("starts, with accepted epoch {}, current epoch {} and zxid {}", durable.accepted_epoch.value,
                         durable.current_epoch.value, zxid_text(durable.last_zxid));
    }
    case Kind::run_ended: return "ends: " + moment.why;
    case Kind::cut: return "its recording is cut here, as by a kill";
    case Kind::configuration: text = "hears of a newer configuration"; break;
    case Kind::durable: break;
    case Kind::election: text = told_step(*moment.before, *moment.event, *moment.made, moment.run->ensemble); break;
    case Kind::epoch: text = of_epoch(moment); break;
  }
  if (moment.difference) text += text.empty() ? "DIFFERS from the model" : "; DIFFERS from the model";
  if (!all || !text.empty()) return text;
  if (moment.kind == Kind::durable) return "votes with what is on its disk";
  if (moment.kind == Kind::election) {
    static constexpr const char* names[] = {
        "start",      "a notification",        "the next notification", "silence",
        "a time-out", "the vote is published", "the role ended",        "the epoch is established",
        "the oracle"};
    const auto* received = std::get_if<model::Received>(moment.event);
    if (received == nullptr) return fmt::format("({})", names[moment.event->index()]);
    return fmt::format("(a notification of server {})", id_text(received->message.from));
  }
  static constexpr const char* names[] = {"leads", "follows", "a packet", "a connection lost", "too late", "a tick"};
  const auto* packet = std::get_if<model::PacketFrom>(moment.epoch_event);
  if (packet == nullptr) return fmt::format("({})", names[moment.epoch_event->index()]);
  return fmt::format("(a packet of server {})", id_text(packet->from));
}

}  // namespace conclave::check
