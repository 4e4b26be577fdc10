#include "conclave/spec/replay.hpp"

#include <cstddef>

#include "conclave/model/event.hpp"

namespace conclave::spec {

using model::Notification;

Replay::Replay(ClosedSystem& system)
    : system_(system), channels_(static_cast<std::size_t>(system.servers() * system.servers())) {
  for (int i = 0; i < system.servers(); ++i) servers_.push_back(blank_server(system.scenario(), i));
  if (system.scope().start == StartKind::staggered) return;
  std::vector<LocalMachine::Outcome> outcomes;
  outcomes.reserve(servers_.size());
  for (int i = 0; i < system.servers(); ++i) {
    outcomes.push_back(system_.machine().compute(i, at(i), coarse() ? input::begin : input::boot, {}));
  }
  for (int i = 0; i < system.servers(); ++i) at(i) = outcomes[static_cast<std::size_t>(i)].server;
  for (int i = 0; i < system.servers(); ++i) send(i, outcomes[static_cast<std::size_t>(i)].effects);
}

Replay::Step Replay::take(const Action& action, Property watched) {
  Step step;
  step.heard = notification_of(action);
  const int server = action.server;
  switch (action.kind) {
    case ActionKind::read:
    case ActionKind::deliver:
      if (!step.heard) break;
      if (action.kind == ActionKind::deliver) channel(action.peer, server).pop_front();
      apply(server, input::receive_base, *step.heard, step, watched);
      return step;
    case ActionKind::lose:
      if (!step.heard) break;
      channel(action.peer, server).pop_front();
      return step;
    case ActionKind::process: apply(server, input::process, {}, step, watched); return step;
    case ActionKind::publish: apply(server, input::publish, {}, step, watched); return step;
    case ActionKind::begin: apply(server, input::begin, {}, step, watched); return step;
    case ActionKind::silence: apply(server, input::silence, {}, step, watched); return step;
    case ActionKind::end_role: apply(server, input::end_role, {}, step, watched); return step;
    case ActionKind::resend: apply(server, input::resend, {}, step, watched); return step;
    case ActionKind::start:
      if (at(server).life != Life::unborn) break;
      start(server, step, watched);
      return step;
    case ActionKind::restart:
      if (at(server).life != Life::down) break;
      at(server) = blank_server(system_.scenario(), server);
      start(server, step, watched);
      return step;
    case ActionKind::crash:
      if (at(server).life != Life::up) break;
      crash(server, step, watched);
      return step;
  }
  step.possible = false;
  return step;
}

std::optional<Notification> Replay::notification_of(const Action& action) {
  if (action.kind == ActionKind::read) return offer_of(at(action.peer), action.offer);
  if (action.kind == ActionKind::deliver || action.kind == ActionKind::lose) {
    const Channel& content = channel(action.peer, action.server);
    return content.empty() ? std::nullopt : std::optional<Notification>(content.front());
  }
  const model::Peer& peer = at(action.server).peer;
  if (action.kind == ActionKind::process && !peer.received.empty()) return peer.received[0];
  return std::nullopt;
}

void Replay::apply(int server, Input how, const Notification& heard, Step& step, Property watched) {
  const auto watch = [&](const LocalStep& local) {
    if (step.clause.empty()) step.clause = explain(watched, local);
  };
  const LocalMachine::Outcome outcome = system_.machine().compute(server, at(server), how, heard, watch);
  at(server) = outcome.server;
  step.broken |= outcome.findings.broken & system_.applicable();
  send(server, outcome.effects);
}

void Replay::start(int server, Step& step, Property watched) {
  if (fifo()) {
    for (int other = 0; other < system_.servers(); ++other) {
      const bool told = other != server && at(other).life == Life::up && system_.votes(server);
      const auto last = offer_of(at(other), Offer::proposal);
      if (told && last) channel(other, server).push_back(*last);
    }
  }
  apply(server, coarse() ? input::begin : input::boot, {}, step, watched);
}

void Replay::crash(int server, Step& step, Property watched) {
  std::uint32_t others = 0;
  for (int other = 0; other < system_.servers(); ++other) {
    if (other != server && at(other).life == Life::up) others |= 1U << static_cast<unsigned>(other);
  }
  apply(server, input::crash(fifo() ? 0 : others), {}, step, watched);
  for (int other = 0; other < system_.servers(); ++other) {
    channel(other, server).clear();
    if (at(other).life == Life::down && other != server) apply(other, input::forget(server), {}, step, watched);
  }
}

void Replay::send(int from, const model::Effects& effects) {
  if (!fifo()) return;
  for (const model::Effect& effect : effects) {
    if (const auto* one = std::get_if<model::SendTo>(&effect)) push(from, index_of(one->to), one->notification);
    if (const auto* all = std::get_if<model::SendToAll>(&effect)) {
      for_each_voter(system_.scenario().ensemble, at(from).peer,
                     [&](model::ServerId voter) { push(from, index_of(voter), all->notification); });
    }
  }
}

void Replay::push(int from, int to, const Notification& notification) {
  if (to < 0 || at(to).life != Life::up || (to == from && coarse())) return;
  Channel& content = channel(from, to);
  if (content.size() == static_cast<std::size_t>(system_.scope().network.capacity)) content.pop_front();
  content.push_back(notification);
}

int Replay::index_of(model::ServerId id) const {
  for (int i = 0; i < system_.servers(); ++i) {
    if (system_.id(i) == id) return i;
  }
  return -1;
}

}  // namespace conclave::spec
