// From a run to its picture: which words stand where.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "conclave/check/diagram.hpp"
#include "conclave/check/reports.hpp"
#include "conclave/check/words.hpp"
#include "conclave/spec/liveness_claims.hpp"
#include "diagram_peer.hpp"
#include "teller.hpp"

namespace conclave::check {
namespace {

using model::Peer;
using model::ServerState;
using model::Vote;
using spec::ActionKind;
using spec::Life;
using spec::Server;

// --- words -----------------------------------------------------------------------------------------------------------

bool waits(const Server& server) {
  return server.life == Life::up && std::holds_alternative<model::Finalizing>(server.peer.role);
}

Stroke stroke_of(const Server& server) {
  if (server.life == Life::unborn) return Stroke::none;
  if (server.life == Life::down) return Stroke::down;
  return check::stroke_of(server.peer);
}

std::string_view name_of(Stroke stroke) {
  switch (stroke) {
    case Stroke::none: return "not started";
    case Stroke::down: return "crashed";
    case Stroke::idle: return "LOOKING, between elections";
    case Stroke::looking: return "LOOKING, collects votes";
    case Stroke::waiting: return "LOOKING, has a quorum, waits for something better";
    case Stroke::observing: return "OBSERVING";
    case Stroke::following: return "FOLLOWING";
    case Stroke::leading: return "LEADING";
  }
  return "?";
}

// --- one step --------------------------------------------------------------------------------------------------------

std::string headline_of(const Teller& teller, const RunStep& step) {
  const spec::Action& action = *step.action;
  const std::string own = teller.id(action.server);
  const std::string said = step.heard ? teller.said(*step.heard) : "";
  switch (action.kind) {
    case ActionKind::read:
    case ActionKind::deliver: return fmt::format("{} hears {}: {}", own, teller.id(action.peer), said);
    case ActionKind::lose: return fmt::format("a message of {} to {} is lost", teller.id(action.peer), own);
    case ActionKind::process:
      return fmt::format("{} handles what {} said: {}", own, step.heard ? id_text(step.heard->from) : "nobody", said);
    case ActionKind::publish: return own + " stores its decision";
    case ActionKind::begin: return own + " begins an election";
    case ActionKind::silence: return own + " has heard nothing better";
    case ActionKind::end_role: return own + " gives up its role";
    case ActionKind::resend: return own + " tells all voters again";
    case ActionKind::establish:
      return action.server == action.peer ? own + " establishes an epoch"
                                          : fmt::format("{} takes over {}'s epoch", own, teller.id(action.peer));
    case ActionKind::start: return own + " starts";
    case ActionKind::crash: return own + " crashes";
    case ActionKind::restart: return own + " restarts";
  }
  return "?";
}

// What came of a step for the server that acted: a few words, and fewer still for the picture.
struct Consequence {
  std::string outcome;
  std::string note;
};

Consequence consequence_of(const Teller& teller, const Server& before, const Server& after) {
  const Peer& was = before.peer;
  const Peer& is = after.peer;
  if (after.life == Life::down) return {before.life == Life::up ? "all but its disk is gone" : "", "crashes"};
  if (before.life != Life::up) {
    const std::string_view how = before.life == Life::down ? "restarts" : "starts";
    if (std::holds_alternative<model::BeforeElection>(is.role))
      return {"has not begun an election yet", std::string(how)};
    return {"proposes " + teller.candidate(is.proposal), std::string(how)};
  }
  if (!(was.role == is.role)) {
    const std::string round = is.clock.value == 1 ? "" : fmt::format(" in round {}", is.clock.value);
    if (std::holds_alternative<model::Leading>(is.role)) return {"decides: LEADS" + round, "LEADS"};
    if (const auto* role = std::get_if<model::Following>(&is.role)) {
      const std::string words = "follows " + id_text(role->leader);
      return {"decides: " + words + round, words};
    }
    if (const auto* role = std::get_if<model::Observing>(&is.role)) {
      const std::string words = "observes " + id_text(role->leader);
      return {"decides: " + words + round, words};
    }
  }
  std::vector<std::string> outcome;
  std::string note;
  if (was.committed != is.committed) {
    outcome.emplace_back("takes the new configuration over");
    note = "new configuration";
  }
  if (was.clock != is.clock) {
    outcome.push_back(fmt::format("round {}", is.clock.value));
    if (note.empty()) note = outcome.back();
  }
  if (!(was.proposal == is.proposal)) outcome.push_back("now votes " + teller.candidate(is.proposal));
  const bool settled_before = state_of(was) != ServerState::looking;
  if (settled_before && state_of(is) == ServerState::looking) note = "looks again";
  if (waits(after) && !waits(before)) {
    outcome.emplace_back("has a quorum, waits");
    note = "waits";
  } else if (waits(before) && !waits(after)) {
    outcome.emplace_back("waits no longer");
  }
  if (outcome.empty() && !(was.recvset == is.recvset && was.outofelection == is.outofelection)) {
    outcome.emplace_back("counts it");
  }
  return {join(outcome, ", "), note};
}

DiagramArrow arrow_of(const Teller& teller, std::size_t from, std::size_t sent_at, std::size_t to, std::size_t step,
                      const model::Notification& notification) {
  DiagramArrow arrow;
  arrow.from_lane = from;
  arrow.from_step = sent_at;
  arrow.to_lane = to;
  arrow.to_step = step;
  arrow.settled = notification.vote.state != ServerState::looking;
  arrow.label = teller.said(notification);
  arrow.title = fmt::format("from {} to {}: {}", teller.id(from), teller.id(to), vote_text(notification.vote));
  return arrow;
}

void add_messages(const Teller& teller, std::size_t number, DiagramStep& drawn) {
  const RunStep& step = teller.steps[number];
  const spec::Action& action = *step.action;
  const bool from_afar = action.kind == ActionKind::read || action.kind == ActionKind::deliver;
  if (from_afar) drawn.heard = arrow_of(teller, action.peer, step.sent_at, action.server, number, *step.heard);
  for (const spec::Replay::Message& message : step.gone) {
    DiagramArrow arrow = arrow_of(teller, static_cast<std::size_t>(message.from), message.sent_at,
                                  static_cast<std::size_t>(message.to), number, message.notification);
    arrow.lost = true;
    // Told where it was meant to happen; what a full channel drops is seen in passing.
    arrow.passing = action.kind != ActionKind::lose;
    if (arrow.passing) arrow.label.clear();
    drawn.gone.push_back(std::move(arrow));
  }
}

std::string with_arrow(std::string text) {
  constexpr std::string_view ascii = " -> ";
  for (std::size_t at = text.find(ascii); at != std::string::npos; at = text.find(ascii)) {
    text.replace(at, ascii.size(), " → ");
  }
  return text;
}

void add_action(const Teller& teller, std::size_t number, DiagramStep& drawn) {
  const RunStep& step = teller.steps[number];
  const RunStep& previous = teller.steps[number - 1];
  const std::size_t own = step.action->server;
  const Server& before = previous.servers[own];
  const Server& after = step.servers[own];
  drawn.headline = headline_of(teller, step);
  drawn.text = action_text(step, teller.scenario);
  for (std::size_t i = 0; i < step.servers.size(); ++i) {
    const std::string whose = i == own ? "" : fmt::format("server {}: ", teller.id(i));
    for (const std::string& change : changes_of(previous.servers[i], step.servers[i])) {
      drawn.changes.push_back(whose + with_arrow(change));
    }
  }
  add_messages(teller, number, drawn);
  if (step.action->kind == ActionKind::lose) {
    drawn.outcome = teller.said(*step.heard);
    return;  // nobody notices
  }
  const Consequence consequence = consequence_of(teller, before, after);
  drawn.lane = own;
  drawn.outcome = consequence.outcome;
  drawn.note = consequence.note;
  if (after.life == Life::down) {
    drawn.mark = Mark::crash;
    return;
  }
  drawn.ring = choice(after.peer);
  const bool chosen =
      before.life != Life::up || choice(before.peer) != drawn.ring || state_of(before.peer) != state_of(after.peer);
  drawn.mark = chosen ? Mark::changed : Mark::same;
  if (state_of(after.peer) == ServerState::leading) drawn.mark = Mark::leading;
}

// --- tables ----------------------------------------------------------------------------------------------------------

// "for 3: 1 2; follow 3: 4": who has said what, by what was said.
std::string votes_in_words(const Teller& teller, const model::VoteTable& table, model::Round round) {
  std::map<std::string, std::vector<std::string>> voters;
  std::vector<std::string> order;
  for (const model::Ballot& ballot : table) {
    const std::string whom = teller.candidate(ballot.vote.proposal);
    std::string said;
    switch (ballot.vote.state) {
      case ServerState::looking: said = "for " + whom; break;
      case ServerState::following: said = whom + " followed by"; break;
      case ServerState::leading: said = "leading"; break;
      case ServerState::observing: said = whom + " observed by"; break;
    }
    if (ballot.vote.round != round) said = fmt::format("round {}, {}", ballot.vote.round.value, said);
    if (voters.find(said) == voters.end()) order.push_back(said);
    voters[said].push_back(id_text(ballot.from));
  }
  std::vector<std::string> parts;
  parts.reserve(order.size());
  for (const std::string& said : order) parts.push_back(fmt::format("{}: {}", said, join(voters[said], " ")));
  return join(parts, "; ");
}

std::string state_in_words(const Server& server) {
  if (server.life == Life::unborn) return "not started";
  if (server.life == Life::down) return "crashed";
  const std::string state(model::name_of(state_of(server.peer)));
  if (waits(server)) return state + ", waits";
  if (std::holds_alternative<model::BeforeElection>(server.peer.role)) return state + ", idle";
  return server.peer.unpublished ? state + ", not yet stored" : state;
}

// "2: votes 2, votes 3": what has reached a server without being handled, and what is on its way to it.
std::string waiting_in_words(const Teller& teller, std::size_t lane, const RunStep& step) {
  std::map<std::string, std::vector<std::string>> said;
  const Server& server = step.servers[lane];
  if (server.life == Life::up) {
    for (const model::Notification& notification : server.peer.received) {
      said["at hand, " + id_text(notification.from)].push_back(teller.said(notification));
    }
  }
  for (const spec::Replay::Message& message : step.under_way) {
    if (static_cast<std::size_t>(message.to) != lane) continue;
    said[teller.id(static_cast<std::size_t>(message.from))].push_back(teller.said(message.notification));
  }
  std::vector<std::string> parts;
  parts.reserve(said.size());
  for (const auto& [whose, votes] : said) parts.push_back(fmt::format("{}: {}", whose, join(votes, ", ")));
  return join(parts, "; ");
}

constexpr std::string_view columns[] = {
    "state", "round", "votes for", "heard this round", "heard of settled", "to be heard", "configuration"};
constexpr std::size_t optional_columns = 4;  // from here on: only where they ever say something

std::string configuration_in_words(const spec::Scenario& scenario, const Peer& peer) {
  if (peer.committed != 0) return "new";
  return spec::counting_for(scenario.ensemble, peer) == spec::first_configuration ? "old" : "old, new seen";
}

std::vector<std::string> cells_of(const Teller& teller, std::size_t lane, const RunStep& step) {
  const Server& server = step.servers[lane];
  std::vector<std::string> cells{state_in_words(server), "", "", "", "", waiting_in_words(teller, lane, step), ""};
  if (reconfigures(teller.scenario)) cells.back() = configuration_in_words(teller.scenario, server.peer);
  if (server.life != Life::up) return cells;
  const Peer& peer = server.peer;
  cells[1] = std::to_string(peer.clock.value);
  cells[2] = state_of(peer) == ServerState::looking ? teller.candidate(peer.proposal) : choice(peer);
  if (std::holds_alternative<model::BeforeElection>(peer.role)) cells[2].clear();
  cells[3] = votes_in_words(teller, peer.recvset, peer.clock);
  cells[4] = votes_in_words(teller, peer.outofelection, peer.clock);
  return cells;
}

void add_tables(const Teller& teller, Diagram& diagram) {
  std::vector<bool> used(std::size(columns), false);
  std::vector<std::vector<std::vector<std::string>>> all;  // by step, lane, column
  for (const RunStep& step : teller.steps) {
    std::vector<std::vector<std::string>>& rows = all.emplace_back();
    for (std::size_t lane = 0; lane < step.servers.size(); ++lane) {
      rows.push_back(cells_of(teller, lane, step));
      for (std::size_t i = 0; i < used.size(); ++i)
        used[i] = used[i] || i < optional_columns || !rows.back()[i].empty();
    }
  }
  for (std::size_t i = 0; i < used.size(); ++i) {
    if (used[i]) diagram.columns.emplace_back(columns[i]);
  }
  constexpr std::size_t told_before = 3;  // of lists, what they were is not worth telling
  for (std::size_t number = 0; number < all.size(); ++number) {
    for (std::size_t lane = 0; lane < all[number].size(); ++lane) {
      std::vector<DiagramCell>& row = diagram.steps[number].table.emplace_back();
      for (std::size_t i = 0; i < used.size(); ++i) {
        if (!used[i]) continue;
        DiagramCell cell;
        cell.text = all[number][lane][i];
        cell.changed = number > 0 && all[number - 1][lane][i] != cell.text;
        // With a decision the tables are given up, which says nothing.
        if (i >= told_before && cell.text.empty()) cell.changed = false;
        if (cell.changed && i < told_before) cell.before = all[number - 1][lane][i];
        row.push_back(std::move(cell));
      }
    }
  }
}

// --- the whole -------------------------------------------------------------------------------------------------------

std::vector<std::size_t> concerned_in(const Run& run) {
  const RunStep& last = run.steps.back();
  const auto is_up = [&](std::size_t i) { return last.servers[i].life == Life::up; };
  const auto state = [&](std::size_t i) { return state_of(last.servers[i].peer); };
  std::vector<std::size_t> lanes;
  for (std::size_t i = 0; i < last.servers.size(); ++i) {
    bool concerned = last.action && last.action->server == i;
    switch (run.property) {
      case spec::Property::single_leading:
      case spec::Property::no_rival_lead:
      case spec::Property::no_second_quorum:
      case spec::Property::one_leader_per_round: concerned = is_up(i) && state(i) == ServerState::leading; break;
      case spec::Property::quorum_took_part: concerned = is_up(i) && state(i) != ServerState::looking; break;
      case spec::Property::all_settled:
      case spec::Property::no_deadlock: concerned = is_up(i); break;
      default: break;
    }
    if (concerned) lanes.push_back(i);
  }
  return lanes;
}

void head(const Outcome& outcome, const Run& run, Diagram& diagram) {
  const spec::PropertyInfo& info = spec::info_of(run.property);
  diagram.name = info.name;
  diagram.sentence = info.sentence;
  diagram.failure = info.kind != spec::PropertyKind::sometimes;
  diagram.verdict =
      fmt::format("{} after {}", diagram.failure ? "Broken" : "Reached", steps_in_words(run.steps.size() - 1));
  if (run.clause != info.sentence) diagram.clause = run.clause;
  const std::string_view kinds[] = {"a claim", "known not to hold", "has to be reached"};
  const bool claimed = is_claimed(outcome, run.property);
  diagram.standing = claimed ? "a claim" : kinds[static_cast<std::size_t>(info.kind)];
}

void head(const LassoRun& run, Diagram& diagram) {
  diagram.name = spec::eventually_settled.name;
  diagram.sentence = spec::eventually_settled.sentence;
  diagram.standing = "a claim about what has to happen eventually";
  const std::size_t last = run.steps.size() - 1;
  if (run.cycle_from == last) {
    diagram.verdict = fmt::format("Never, after {}", steps_in_words(last));
    diagram.clause = "nothing that is promised can happen any more";
    return;
  }
  diagram.repeats_from = run.cycle_from;
  diagram.verdict = fmt::format("Never: {}, then {} over and over", steps_in_words(run.cycle_from),
                                steps_in_words(last - run.cycle_from));
  diagram.clause = fmt::format("after step {} all is as after step {}{}", last, run.cycle_from,
                               run.unpromised ? "; some of these steps may be taken, and nothing promises them" : "");
}

// All but the head.
void draw(const Teller& teller, Diagram& diagram) {
  add_lanes(teller, diagram);
  for (std::size_t number = 0; number < teller.steps.size(); ++number) {
    DiagramStep& drawn = diagram.steps.emplace_back();
    for (const Server& server : teller.steps[number].servers) drawn.strokes.push_back(stroke_of(server));
    if (number > 0) add_action(teller, number, drawn);
  }
  diagram.steps.front().headline = "the start";
  const auto& first = teller.steps.front().servers;
  const bool together =
      std::any_of(first.begin(), first.end(), [](const Server& one) { return one.life == Life::up; });
  diagram.steps.front().text = together ? "all servers have started" : "no server has started";
  add_tables(teller, diagram);
  for (const Stroke stroke : {Stroke::looking, Stroke::waiting, Stroke::following, Stroke::leading, Stroke::observing,
                              Stroke::idle, Stroke::down}) {
    const bool occurs = std::any_of(diagram.steps.begin(), diagram.steps.end(), [&](const DiagramStep& step) {
      return std::find(step.strokes.begin(), step.strokes.end(), stroke) != step.strokes.end();
    });
    if (occurs) diagram.stroke_names.emplace_back(stroke, name_of(stroke));
  }
  add_facts(teller, diagram);
}

}  // namespace

Diagram diagram_of(const Outcome& outcome, const spec::Scenario& scenario, const Run& run) {
  Diagram diagram;
  head(outcome, run, diagram);
  draw(Teller{outcome, scenario, run.steps}, diagram);
  diagram.concerned = concerned_in(run);
  for (const spec::PropertyInfo& other : spec::property_infos()) {
    if ((run.also & spec::bit(other.property)) != 0) diagram.facts.emplace_back("broken as well", other.name);
  }
  return diagram;
}

Diagram diagram_of(const Outcome& outcome, const spec::Scenario& scenario, const LassoRun& run) {
  Diagram diagram;
  head(run, diagram);
  draw(Teller{outcome, scenario, run.steps}, diagram);
  const auto& servers = run.steps.back().servers;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    if (servers[i].life == Life::up) diagram.concerned.push_back(i);
  }
  return diagram;
}

}  // namespace conclave::check
