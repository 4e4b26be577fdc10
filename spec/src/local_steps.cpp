#include "conclave/spec/local_steps.hpp"

#include <algorithm>
#include <bit>
#include <cassert>

#include "conclave/model/coarse.hpp"

namespace conclave::spec {

using model::Notification;
using model::Vote;

LocalSteps::LocalSteps(const Scenario& scenario, const Scope& scope, const RuleVariant& rules)
    : scenario_(scenario), scope_(scope), mixed_(is_mixed(scenario.participants)) {
  const int servers = static_cast<int>(scenario.participants.size());
  for (int i = 0; i < servers; ++i) blanks_.push_back(blank_server(scenario, i));
  for (const Participant& participant : scenario.participants) {
    rules_.push_back(participant.rules != nullptr ? participant.rules : &rules);
    epoch_before_ =
        std::max({epoch_before_, participant.durable.current_epoch.value, participant.durable.accepted_epoch.value});
  }
}

bool LocalSteps::reducible() const {
  return std::all_of(rules_.begin(), rules_.end(), [](const RuleVariant* one) { return one->reducible; });
}

bool LocalSteps::may_restart(const Party& party) const {
  return committed_by(party).find(id(party.server)) != nullptr;
}

int LocalSteps::index_of(model::ServerId id) const {
  const auto& all = scenario_.participants;
  const auto place = std::lower_bound(all.begin(), all.end(), id,
                                      [](const Participant& one, model::ServerId sought) { return one.id < sought; });
  return place != all.end() && place->id == id ? static_cast<int>(place - all.begin()) : -1;
}

// Proposals go to all who vote in a configuration that counts for the speaker. Answers need a question: the reader has
// to send to the speaker, and gets a courtesy where it does not vote for that.
bool LocalSteps::can_hear(const Party& reader, const Party& speaker, Offer kind) const {
  const bool asks = votes_in(reader.counting, speaker.server);
  const bool votes = votes_in(speaker.counting, reader.server);
  // Its own copy reaches a server through its queues in the fine grain only.
  if (reader.server == speaker.server) return kind == Offer::proposal && votes && scope_.grain == Grain::fine;
  if (kind == Offer::courtesy) return asks && !votes && !goes_for_news(reader, speaker);
  // Where there is one configuration, what one says who does not vote is only answered.
  if (kind == Offer::proposal) return votes && (asks || reconfigures(scenario_));
  const bool told_voted = asks_unversioned(reader.server) && rules(speaker.server).dialect.remembers_voted_epoch;
  return asks && votes && told_voted == (kind == Offer::voted);
}

// A server that looks does not answer who asks with a newer configuration than it has committed: it begins anew.
bool LocalSteps::goes_for_news(const Party& reader, const Party& speaker) const {
  return speaker.looking && committed_by(reader).version() > committed_by(speaker).version();
}

// What it has last seen comes later, where that counts.
const model::Configuration& LocalSteps::committed_by(const Party& party) const {
  return scenario_.ensemble.configurations[static_cast<std::size_t>(std::countr_zero(party.counting))];
}

bool LocalSteps::votes_in(ConfigSet configurations, int server) const {
  for (std::size_t i = 0; i < scenario_.ensemble.configurations.size(); ++i) {
    const bool counts = (configurations >> i & 1U) != 0;
    if (counts && scenario_.ensemble.configurations[i].votes(id(server))) return true;
  }
  return false;
}

bool LocalSteps::asks_unversioned(int speaker) const {
  return mixed_ && rules(speaker).dialect.sends == Format::unversioned;
}

model::Message LocalSteps::as_read(int reader, const Notification& heard) const {
  model::Message message = message_of(heard);
  const int speaker = index_of(heard.from);
  if (!mixed_ || speaker < 0) return message;
  const bool by_length = rules(reader).dialect.judges_by_length;
  switch (rules(speaker).dialect.sends) {
    case Format::unversioned:
      message.format = by_length ? model::MessageFormat::too_short : model::MessageFormat::without_version;
      break;
    case Format::version_1:
      message.version = 1;
      if (by_length) message.format = model::MessageFormat::without_version;
      break;
    case Format::version_2: break;
  }
  // Who knows no versions looks at none, and takes all that is longer for what it writes itself.
  if (rules(reader).dialect.sends == Format::unversioned) message.format = model::MessageFormat::without_version;
  return message;
}

bool LocalSteps::keeps_order() const {
  // Who begins anew, as a process or for a new configuration, does so with round 1, and joining an older election
  // leads back to earlier rounds.
  constexpr int rounds_in_order = 2;
  return scope_.network.kind == NetworkKind::latest && scope_.restarts == 0 && scope_.rounds <= rounds_in_order &&
         !reconfigures(scenario_);
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
    receive(outcome, server, heard, watch);
  } else if (input >= input::establish_base) {
    establish(outcome, server, static_cast<std::int64_t>(input - input::establish_base), watch);
  } else if (input == input::crash) {
    state = stopped(server, before);
  } else if (input == input::boot) {
    state.life = Life::up;
  } else if (input == input::begin) {
    state.life = Life::up;
    take(outcome, server, model::Start{}, watch);
  } else if (input == input::silence) {
    take(outcome, server, model::Silence{}, watch);
  } else if (input == input::resend) {
    take(outcome, server, model::NotificationTimeout{true}, watch);
  } else if (input == input::process) {
    take(outcome, server, model::Process{}, watch);
  } else if (input == input::publish) {
    take(outcome, server, model::VotePublished{}, watch);
  } else {
    assert(input == input::end_role);
    state.established.reset();
    take(outcome, server, model::RoleEnded{}, watch);
    if (scope_.grain == Grain::coarse) take(outcome, server, model::Start{}, watch);
  }
  return outcome;
}

// The disk keeps configurations (QuorumPeerConfig.writeDynamicConfig) and histories.
Server LocalSteps::stopped(int server, const Server& before) const {
  Server down = blank(server);
  down.life = Life::down;
  down.peer.committed = before.peer.committed;
  down.peer.last_seen = before.peer.last_seen;
  down.peer.learner_type = before.peer.learner_type;
  return down;
}

void LocalSteps::receive(Outcome& outcome, int server, const Notification& heard, const Watch& watch) const {
  const Server& state = outcome.server;
  if (overtaken(state.peer, heard)) return;
  take(outcome, server, model::Received{as_read(server, heard)}, watch);
  const int asker = index_of(heard.from);
  const bool told_voted =
      state.established && asker >= 0 && asks_unversioned(asker) && rules(server).dialect.remembers_voted_epoch;
  if (!told_voted) return;
  for (model::Effect& effect : outcome.effects) {
    auto* answer = std::get_if<model::SendTo>(&effect);
    if (answer != nullptr && answer->to == heard.from)
      answer->notification.vote.proposal.epoch = state.established->voted_epoch;
  }
}

// Each round's leader has an epoch of its own, above all that there were. What is on disk stays as it was: a later
// election is about the votes that the servers began with.
void LocalSteps::establish(Outcome& outcome, int server, std::int64_t round, const Watch& watch) const {
  Server& state = outcome.server;
  state.established = Established{round, state.peer.current_vote.proposal.epoch};
  if (!rules(server).dialect.tells_new_epoch) return;
  take(outcome, server, model::EpochEstablished{model::PeerEpoch{epoch_before_ + round}}, watch);
}

void LocalSteps::take(Outcome& outcome, int server, const model::Event& event, const Watch& watch) const {
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
    made = model::react_by(rules(server).step, scenario_.ensemble, before, event, see);
  } else {
    made = rules(server).step(scenario_.ensemble, before, event);
    see(before, event, made);
  }
  outcome.server.peer = made.peer;
  outcome.server.peer.notification_timeout_ms = 0;  // nobody here has a clock
  outcome.rules.add(made.rules);
  for (const model::Effect& effect : made.effects) {
    if (const auto* sent = std::get_if<model::SendToAll>(&effect)) outcome.server.proposal = sent->notification;
    // The connection manager is a new one, with nothing to send yet.
    const auto* adopted = std::get_if<model::ConfigurationAdopted>(&effect);
    if (adopted != nullptr && adopted->restarted) outcome.server.proposal.reset();
    // end_role makes two steps: their effects together fit, for the first has none.
    outcome.effects.push_back(effect);
  }
}

}  // namespace conclave::spec
