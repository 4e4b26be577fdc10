#include "conclave/spec/world.hpp"

#include <algorithm>
#include <cassert>
#include <variant>

namespace conclave::spec {

World::World(const LocalSteps& steps)
    : steps_(steps),
      applicable_(applicable_in(steps.scope(), steps.scenario())),
      replay_(steps, applicable_),
      facts_(static_cast<std::size_t>(steps.servers())),
      view_(*this),
      better_coming_(static_cast<std::size_t>(steps.servers())) {
  assert(servers() >= 1 && servers() <= world_servers_max);
  const auto n = static_cast<std::size_t>(servers());
  if (!fifo()) marks_.resize(n * n * offers_count);
  for (int i = 0; i < servers(); ++i) {
    const Participant& one = steps.scenario().participants[static_cast<std::size_t>(i)];
    founds_.push_back(one.durable.last_zxid != model::unlogged);
    view_.facts[static_cast<std::size_t>(i)] = &facts_[static_cast<std::size_t>(i)];
    look_at(i);
  }
}

void World::look_at(int server) {
  const auto place = static_cast<std::size_t>(server);
  facts_[place] = facts_without_offers(steps_, replay_.servers()[place]);
  view_.running.set(place, facts_[place].life == Life::up);
}

bool World::quorum_among(const WorldSet& servers, ConfigSet configurations) const {
  const auto counts = [&](model::ServerId voter) {
    const int index = steps_.index_of(voter);
    return index >= 0 && founds_[static_cast<std::size_t>(index)] && servers[static_cast<std::size_t>(index)];
  };
  const model::Ensemble& ensemble = steps_.scenario().ensemble;
  for (std::size_t i = 0; i < ensemble.configurations.size(); ++i) {
    const bool asked = (configurations >> i & 1U) != 0;
    if (asked && !ensemble.configurations[i].contains_quorum(counts)) return false;
  }
  return true;
}

PropertySet World::judge_state() const {
  QuietCounts quiet;
  return view_.judge(true, false, quiet) & applicable_;
}

Replay::Step World::take(const Action& action, std::optional<Property> watched) {
  assert(possible(action));
  if (action.kind == ActionKind::read) {
    Mark& last = mark(action.server, action.peer, action.offer);
    last.ever = true;
    last.said = replay_.offered(action.peer, action.offer).since;
    last.spoke = replay_.offered(action.server, Offer::proposal).since;
  }
  Replay::Step step = replay_.take(action, watched);
  look_at(action.server);
  step.broken |= judge_state();
  at_rest_.reset();
  std::fill(better_coming_.begin(), better_coming_.end(), std::nullopt);
  return step;
}

// --- what can happen -------------------------------------------------------------------------------------------------

bool World::possible(const Action& action) const {
  const int server = action.server;
  if (server >= servers() || action.peer >= servers()) return false;
  const LocalFacts& own = facts(server);
  if (action.kind == ActionKind::start) return own.life == Life::unborn;
  if (action.kind == ActionKind::restart) {
    return own.life == Life::down && steps_.may_restart({server, own.counting});
  }
  if (own.life != Life::up) return false;
  switch (action.kind) {
    case ActionKind::crash: return true;
    case ActionKind::read:
      return !fifo() && hears(server, action.peer, action.offer) && has_room(server) &&
             (coarse() ? own.in_election : own.state == model::ServerState::looking);
    case ActionKind::deliver: return fifo() && replay_.under_way(action.peer, server) > 0 && has_room(server);
    case ActionKind::lose: return fifo() && replay_.under_way(action.peer, server) > 0;
    case ActionKind::process: return !coarse() && own.in_election && own.waiting > 0;
    case ActionKind::publish: return !coarse() && own.unpublished;
    case ActionKind::begin: return !coarse() && own.before_election;
    case ActionKind::silence: return own.finalizing && own.waiting == 0 && !better_is_coming(server);
    case ActionKind::end_role: return may_end_role(server);
    case ActionKind::resend: return may_resend(server);
    default: return false;
  }
}

bool World::hears(int reader, int speaker, Offer offer) const {
  return facts(speaker).life == Life::up && replay_.offered(speaker, offer).what.has_value() &&
         steps_.can_hear({reader, facts(reader).counting},
                         {speaker, facts(speaker).counting, facts(speaker).state == model::ServerState::looking},
                         offer);
}

// The receive queue of the fine grain; the coarse one has none.
bool World::has_room(int server) const {
  if (coarse() || facts(server).state != model::ServerState::looking) return true;
  return facts(server).waiting < (fifo() ? scope().network.capacity : fine_queue_max);
}

bool World::may_resend(int server) const {
  const LocalFacts& own = facts(server);
  if (!fifo() || !own.in_election || own.finalizing || own.waiting > 0) return false;
  for (int other = 0; other < servers(); ++other) {
    if (is_chatter(other, server)) continue;
    if (replay_.under_way(other, server) != 0 || replay_.under_way(server, other) != 0) return false;
  }
  return true;
}

// A server that does not vote and a voter can answer each other for ever (WorkerReceiver.run). No wait is for that.
bool World::is_chatter(int one, int other) const {
  const model::Configuration& configuration = steps_.scenario().ensemble.configurations[0];
  return fifo() && !(configuration.votes(steps_.id(one)) && configuration.votes(steps_.id(other)));
}

bool World::may_end_role(int server) const {
  const LocalFacts& own = facts(server);
  if (own.state == model::ServerState::looking || own.unpublished) return false;
  if (scope().role_end == RoleEnd::any || view_.role_lost(server, true)) return true;
  return view_.role_lost(server, false) && at_rest();
}

// --- timely: what outlasts what --------------------------------------------------------------------------------------

bool World::is_old_news(int reader, int speaker, Offer offer) const {
  if (offer != Offer::proposal || facts(speaker).in_election || steps_.keeps_order()) return false;
  const bool timely = scope().timing == TimingKind::timely;
  const std::int64_t round = replay_.offered(speaker, offer).what->vote.round.value;
  return !(timely && facts(reader).finalizing && round >= facts(reader).clock);
}

bool World::ends_wait(int server, const model::Notification& heard) const {
  const Server& before = replay_.servers()[static_cast<std::size_t>(server)];
  const Server after = steps_.compute(server, before, input::receive_base, heard).server;
  // With another proposal it may be waiting again already.
  if (coarse()) return !(after.peer == before.peer);
  const Server later = steps_.compute(server, after, input::process, {}).server;
  return !std::holds_alternative<model::Finalizing>(later.peer.role);
}

bool World::better_is_coming(int server) const {
  if (scope().timing != TimingKind::timely) return false;
  std::optional<bool>& known = better_coming_[static_cast<std::size_t>(server)];
  if (known) return *known;
  known = false;
  for (int other = 0; other < servers() && !*known; ++other) {
    if (fifo()) {
      for (std::size_t i = 0; i < replay_.under_way(other, server) && !*known; ++i) {
        known = ends_wait(server, replay_.coming(other, server, i));
      }
      continue;
    }
    for (int kind = 0; kind < offers_count && !*known; ++kind) {
      const auto offer = static_cast<Offer>(kind);
      if (!hears(server, other, offer) || is_old_news(server, other, offer)) continue;
      known = ends_wait(server, *replay_.offered(other, offer).what);
    }
  }
  return *known;
}

// --- rest ------------------------------------------------------------------------------------------------------------

World::Mark& World::mark(int reader, int speaker, Offer offer) const {
  const auto n = static_cast<std::size_t>(servers());
  return marks_[(static_cast<std::size_t>(reader) * n + static_cast<std::size_t>(speaker)) * offers_count +
                static_cast<std::size_t>(offer)];
}

bool World::unread(int reader, int speaker, Offer offer) const {
  if (!hears(reader, speaker, offer) || is_old_news(reader, speaker, offer)) return false;
  const Mark& last = mark(reader, speaker, offer);
  return !last.ever || last.said != replay_.offered(speaker, offer).since ||
         last.spoke != replay_.offered(reader, Offer::proposal).since;
}

bool World::changes_something(int reader, const model::Notification& heard) const {
  const Server& before = replay_.servers()[static_cast<std::size_t>(reader)];
  const Server after = steps_.compute(reader, before, input::receive_base, heard).server;
  return !(after.peer == before.peer);
}

bool World::moves(int server) const {
  const LocalFacts& own = facts(server);
  if (own.life != Life::up) return false;
  for (const ActionKind kind : {ActionKind::silence, ActionKind::process, ActionKind::publish, ActionKind::begin}) {
    if (possible(Action{kind, static_cast<std::uint8_t>(server), 0, {}})) return true;
  }
  for (int other = 0; other < servers(); ++other) {
    if (fifo()) {
      if (replay_.under_way(other, server) > 0 && !is_chatter(other, server)) return true;
      continue;
    }
    for (int kind = 0; kind < offers_count; ++kind) {
      const auto offer = static_cast<Offer>(kind);
      const Action read{ActionKind::read, static_cast<std::uint8_t>(server), static_cast<std::uint8_t>(other), offer};
      const bool news = possible(read) && unread(server, other, offer);
      if (news && changes_something(server, *replay_.offered(other, offer).what)) return true;
    }
  }
  return false;
}

bool World::at_rest() const {
  if (at_rest_) return *at_rest_;
  bool rest = true;
  for (int i = 0; i < servers() && rest; ++i) rest = !moves(i);
  at_rest_ = rest;
  return rest;
}

bool World::stuck() const {
  if (!quorum_runs() || view_.election_over() || !at_rest()) return false;
  for (int i = 0; i < servers(); ++i) {
    if (facts(i).life == Life::up && (may_end_role(i) || may_resend(i))) return false;
  }
  return true;
}

}  // namespace conclave::spec
