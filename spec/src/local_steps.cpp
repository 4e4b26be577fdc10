#include "conclave/spec/local_steps.hpp"

#include <algorithm>
#include <cassert>

#include "conclave/model/coarse.hpp"

namespace conclave::spec {

using model::Notification;
using model::Vote;

LocalSteps::LocalSteps(const Scenario& scenario, const Scope& scope, const RuleVariant& rules)
    : scenario_(scenario), scope_(scope), rules_(rules) {
  const int servers = static_cast<int>(scenario.participants.size());
  for (int i = 0; i < servers; ++i) blanks_.push_back(blank_server(scenario, i));
}

int LocalSteps::index_of(model::ServerId id) const {
  const auto& all = scenario_.participants;
  const auto place = std::lower_bound(all.begin(), all.end(), id,
                                      [](const Participant& one, model::ServerId sought) { return one.id < sought; });
  return place != all.end() && place->id == id ? static_cast<int>(place - all.begin()) : -1;
}

bool LocalSteps::can_hear(int reader, int speaker, Offer kind) const {
  const model::Configuration& configuration = scenario_.ensemble.configurations[0];
  if (!configuration.votes(id(speaker))) return false;  // only voters are sent to, and only voters answer others
  if (!configuration.votes(id(reader))) return kind == Offer::courtesy && reader != speaker;
  if (kind == Offer::courtesy) return false;
  // Its own copy reaches a server through its queues in the fine grain only.
  if (reader == speaker) return kind == Offer::proposal && scope_.grain == Grain::fine;
  return true;
}

bool LocalSteps::keeps_order() const {
  // A restarted process begins with round 1 again, and joining an older election leads back to earlier rounds.
  constexpr int rounds_in_order = 2;
  return scope_.network.kind == NetworkKind::latest && scope_.restarts == 0 && scope_.rounds <= rounds_in_order;
}

// Connections keep the order: who has heard what a server said after an election has heard all it had to say in it.
bool LocalSteps::overtaken(const model::Peer& peer, const Notification& heard) const {
  if (!keeps_order()) return false;
  if (heard.vote.state != model::ServerState::looking) return false;
  const Vote* settled = peer.outofelection.find(heard.from);
  return settled != nullptr && settled->round >= heard.vote.round;
}

LocalSteps::Outcome LocalSteps::compute(int server, const Server& before, Input input, const Notification& heard,
                                        const Watch& watch) const {
  Outcome outcome{before, {}, {}, {}};
  Server& state = outcome.server;
  if (input >= input::receive_base) {
    if (overtaken(state.peer, heard)) return outcome;
    take(outcome, model::Received{message_of(heard, state.peer.committed)}, watch);
  } else if (input == input::crash) {
    state = blank(server);
    state.life = Life::down;
  } else if (input == input::boot) {
    state.life = Life::up;
  } else if (input == input::begin) {
    state.life = Life::up;
    take(outcome, model::Start{}, watch);
  } else if (input == input::silence) {
    take(outcome, model::Silence{}, watch);
  } else if (input == input::resend) {
    take(outcome, model::NotificationTimeout{true}, watch);
  } else if (input == input::process) {
    take(outcome, model::Process{}, watch);
  } else if (input == input::publish) {
    take(outcome, model::VotePublished{}, watch);
  } else {
    assert(input == input::end_role);
    take(outcome, model::RoleEnded{}, watch);
    if (scope_.grain == Grain::coarse) take(outcome, model::Start{}, watch);
  }
  return outcome;
}

void LocalSteps::take(Outcome& outcome, const model::Event& event, const Watch& watch) const {
  const auto see = [&](const model::Peer& before, const model::Event& happened, const model::Transition& made) {
    const LocalStep step{scenario_, before, happened, made};
    const Findings findings = judge(step);
    outcome.findings.broken |= findings.broken;
    outcome.findings.tested |= findings.tested;
    if (watch) watch(step);
  };
  const model::Peer before = outcome.server.peer;
  model::Transition made;
  if (scope_.grain == Grain::coarse) {
    made = model::react_by(rules_.step, scenario_.ensemble, before, event, see);
  } else {
    made = rules_.step(scenario_.ensemble, before, event);
    see(before, event, made);
  }
  outcome.server.peer = made.peer;
  outcome.server.peer.notification_timeout_ms = 0;  // nobody here has a clock
  outcome.rules.add(made.rules);
  for (const model::Effect& effect : made.effects) {
    if (const auto* sent = std::get_if<model::SendToAll>(&effect)) outcome.server.proposal = sent->notification;
    // end_role makes two steps: their effects together fit, for the first has none.
    outcome.effects.push_back(effect);
  }
}

}  // namespace conclave::spec
