#include "conclave/spec/replay.hpp"

#include <algorithm>
#include <cstddef>
#include <optional>

#include "conclave/model/event.hpp"

namespace conclave::spec {

using model::Notification;

namespace {

// The server that leads a quorum of others although `server` has just come to lead; nobody, if there is none.
std::optional<model::ServerId> rival_of(const Scenario& scenario, const std::vector<Server>& servers, int server) {
  const auto leader_of = [](const Server& one) -> std::optional<model::ServerId> {
    if (one.life != Life::up || one.peer.durable.last_zxid == model::unlogged) return std::nullopt;
    if (state_of(one.peer) == model::ServerState::leading) return one.peer.id;
    const auto* following = std::get_if<model::Following>(&one.peer.role);
    return following == nullptr ? std::nullopt : std::optional(following->leader);
  };
  for (const Server& rival : servers) {
    const bool leads = rival.life == Life::up && state_of(rival.peer) == model::ServerState::leading;
    if (!leads || &rival == &servers[static_cast<std::size_t>(server)]) continue;
    const auto follows = [&](model::ServerId voter) {
      return std::any_of(servers.begin(), servers.end(),
                         [&](const Server& one) { return one.peer.id == voter && leader_of(one) == rival.peer.id; });
    };
    bool leads_quorum = true;
    for (std::size_t i = 0; i < scenario.ensemble.configurations.size(); ++i) {
      const bool counts = (counting_for(scenario.ensemble, rival.peer) >> i & 1U) != 0;
      leads_quorum = leads_quorum && (!counts || scenario.ensemble.configurations[i].contains_quorum(follows));
    }
    if (leads_quorum) return rival.peer.id;
  }
  return std::nullopt;
}

}  // namespace

Replay::Replay(ClosedSystem& system) : Replay(system.machine().steps(), system.applicable()) {}

Replay::Replay(const LocalSteps& steps, PropertySet applicable) : steps_(steps), applicable_(applicable) {
  const auto servers = static_cast<std::size_t>(steps.servers());
  if (fifo()) channels_.resize(servers * servers);
  offers_.resize(servers * offers_count);
  servers_ = steps.blanks();
  if (steps.scope().start == StartKind::staggered) return;
  std::vector<LocalSteps::Outcome> outcomes;
  outcomes.reserve(servers);
  for (int i = 0; i < steps.servers(); ++i) {
    outcomes.push_back(steps.compute(i, at(i), coarse() ? input::begin : input::boot, {}));
  }
  for (int i = 0; i < steps.servers(); ++i) at(i) = outcomes[static_cast<std::size_t>(i)].server;
  Step start;
  for (int i = 0; i < steps.servers(); ++i) send(i, outcomes[static_cast<std::size_t>(i)].effects, start);
  for (int i = 0; i < steps.servers(); ++i) note_offers(i);
}

Replay::Step Replay::take(const Action& action, std::optional<Property> watched) {
  Step step;
  ++taken_;
  if (const auto sent = sent_of(action)) {
    step.heard = sent->notification;
    step.sent_at = sent->at;
  }
  perform(action, step, watched);
  if (step.possible) {
    note_offers(action.server);
  } else {
    --taken_;
  }
  return step;
}

void Replay::perform(const Action& action, Step& step, std::optional<Property> watched) {
  const int server = action.server;
  switch (action.kind) {
    case ActionKind::read:
    case ActionKind::deliver:
      if (!step.heard) break;
      if (action.kind == ActionKind::deliver) pop(action.peer, server, true, step);
      return apply(server, input::receive_base, *step.heard, step, watched);
    case ActionKind::lose:
      if (!step.heard) break;
      return pop(action.peer, server, false, step);
    case ActionKind::process: return apply(server, input::process, {}, step, watched);
    case ActionKind::publish: return apply(server, input::publish, {}, step, watched);
    case ActionKind::begin: return apply(server, input::begin, {}, step, watched);
    case ActionKind::silence: return apply(server, input::silence, {}, step, watched);
    case ActionKind::end_role: return apply(server, input::end_role, {}, step, watched);
    case ActionKind::resend: return apply(server, input::resend, {}, step, watched);
    case ActionKind::establish:
      if (at(server).established) break;
      return apply(server, input::establish(epoch_round(at(action.peer).peer.clock.value)), {}, step, watched);
    case ActionKind::start:
      if (at(server).life != Life::unborn) break;
      return start(server, step, watched);
    case ActionKind::restart:
      if (at(server).life != Life::down) break;
      return start(server, step, watched);
    case ActionKind::crash:
      if (at(server).life != Life::up) break;
      return crash(server, step, watched);
  }
  step.possible = false;
}

std::vector<Replay::Message> Replay::under_way() const {
  std::vector<Message> messages;
  if (!fifo()) return messages;
  for (int to = 0; to < steps_.servers(); ++to) {
    for (int from = 0; from < steps_.servers(); ++from) {
      for (const Sent& sent : channels_[place(from, to)])
        messages.push_back(Message{from, to, sent.at, sent.notification});
    }
  }
  return messages;
}

std::optional<Replay::Sent> Replay::sent_of(const Action& action) {
  if (action.kind == ActionKind::read) {
    const Offered& offered =
        offers_[static_cast<std::size_t>(action.peer) * offers_count + static_cast<std::size_t>(action.offer)];
    return offered.what ? std::optional<Sent>(Sent{offered.since, *offered.what}) : std::nullopt;
  }
  if (action.kind == ActionKind::deliver || action.kind == ActionKind::lose) {
    if (!fifo()) return std::nullopt;
    const Channel& content = channel(action.peer, action.server);
    return content.empty() ? std::nullopt : std::optional<Sent>(content.front());
  }
  const model::Peer& peer = at(action.server).peer;
  if (action.kind == ActionKind::process && !peer.received.empty()) return Sent{0, peer.received[0]};
  return std::nullopt;
}

// What a server offers follows from its state, so it changes with its own steps, never between them.
void Replay::note_offers(int server) {
  for (int kind = 0; kind < offers_count; ++kind) {
    Offered& offered = offers_[static_cast<std::size_t>(server) * offers_count + static_cast<std::size_t>(kind)];
    const auto now = offer_of(at(server), static_cast<Offer>(kind));
    if (!(now == offered.what)) offered = Offered{taken_, now};
  }
}

void Replay::apply(int server, Input how, const Notification& heard, Step& step, std::optional<Property> watched) {
  LocalSteps::Watch watch;
  if (watched) {
    watch = [&](const LocalStep& local) {
      if (step.clause.empty()) step.clause = explain(*watched, local);
    };
  }
  LocalSteps::Outcome outcome = steps_.compute(server, at(server), how, heard, watch);
  const bool led = state_of(at(server).peer) == model::ServerState::leading;
  at(server) = outcome.server;
  step.broken |= outcome.findings.broken & applicable_;
  if (!led && state_of(at(server).peer) == model::ServerState::leading) judge_lead(server, step, watched);
  step.tested |= outcome.findings.tested & applicable_;
  step.rules.add(outcome.rules);
  send(server, outcome.effects, step);
}

void Replay::judge_lead(int server, Step& step, std::optional<Property> watched) {
  if ((applicable_ & bit(Property::no_rival_lead)) == 0) return;
  const auto rival = rival_of(steps_.scenario(), servers_, server);
  if (!rival) return;
  step.broken |= bit(Property::no_rival_lead);
  if (watched != Property::no_rival_lead) return;
  step.clause = "server " + std::to_string(steps_.id(server).value) + " comes to lead, and a quorum follows " +
                std::to_string(rival->value);
}

bool Replay::keeps_for(int from, int to) const {
  return steps_.rules(from).keeps_for_down && servers_[static_cast<std::size_t>(to)].life != Life::up;
}

void Replay::start(int server, Step& step, std::optional<Property> watched) {
  if (fifo()) {
    for (int other = 0; other < steps_.servers(); ++other) {
      const bool told = other != server && at(other).life == Life::up &&
                        steps_.scenario().ensemble.configurations[0].votes(steps_.id(server));
      const auto last = offer_of(at(other), Offer::proposal);
      const bool newer_waits = steps_.rules(other).keeps_for_down && !channel(other, server).empty();
      if (told && last && !newer_waits) channel(other, server).push_back(Sent{taken_, *last});
    }
  }
  apply(server, coarse() ? input::begin : input::boot, {}, step, watched);
}

void Replay::crash(int server, Step& step, std::optional<Property> watched) {
  apply(server, input::crash, {}, step, watched);
  if (!fifo()) return;
  for (int other = 0; other < steps_.servers(); ++other) {
    const bool kept = steps_.rules(other).keeps_for_down && at(other).life == Life::up;
    while (!kept && !channel(other, server).empty()) pop(other, server, false, step);
    // What it has kept for others goes with it.
    while (keeps_for(server, other) && !channel(server, other).empty()) pop(server, other, false, step);
  }
}

void Replay::send(int from, const model::Effects& effects, Step& step) {
  if (!fifo()) return;
  for (const model::Effect& effect : effects) {
    if (const auto* one = std::get_if<model::SendTo>(&effect))
      push(from, steps_.index_of(one->to), one->notification, step);
    if (const auto* all = std::get_if<model::SendToAll>(&effect)) {
      for_each_voter(steps_.scenario().ensemble, at(from).peer,
                     [&](model::ServerId voter) { push(from, steps_.index_of(voter), all->notification, step); });
    }
  }
}

void Replay::push(int from, int to, const Notification& notification, Step& step) {
  if (to < 0 || (to == from && coarse())) return;
  if (at(to).life != Life::up && !keeps_for(from, to)) return;
  Channel& content = channel(from, to);
  if (content.size() == static_cast<std::size_t>(steps_.scope().network.capacity)) pop(from, to, false, step);
  content.push_back(Sent{taken_, notification});
}

// Takes the oldest message out of a channel.
void Replay::pop(int from, int to, bool heard, Step& step) {
  Channel& content = channel(from, to);
  if (!heard) step.gone.push_back(Message{from, to, content.front().at, content.front().notification});
  content.erase(content.begin());
}

}  // namespace conclave::spec
