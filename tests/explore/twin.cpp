#include "twin.hpp"

#include <algorithm>
#include <set>

#include "conclave/model/coarse.hpp"

namespace conclave::explore {

using model::Event;
using model::Notification;
using model::ServerState;
using spec::Life;
using spec::Property;
using spec::PropertySet;
using spec::Server;

namespace {

std::string text_of(const std::optional<Notification>& notification) {
  return notification ? spec::encode(*notification) : "-";
}

void append(std::string& key, const std::string& part) { key += std::to_string(part.size()) + ":" + part; }

}  // namespace

Twin::Twin(spec::Scenario scenario, const spec::Scope& scope, const spec::RuleVariant& rules)
    : scenario_(std::move(scenario)),
      scope_(scope),
      rules_(rules),
      n_(static_cast<int>(scenario_.participants.size())),
      locals_(scenario_.participants.size()) {
  for (const spec::Participant& participant : scenario_.participants) {
    Server blank;
    blank.peer = model::make_peer(scenario_.ensemble, participant.id, participant.durable);
    blank.peer.oracle = model::Oracle{true, scenario_.oracle_grants == participant.id};
    blanks_.push_back(blank);
  }
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    if (applies(info.property, scope_, scenario_)) applicable_ |= bit(info.property);
  }
}

// --- the search
// -------------------------------------------------------------------------------------------------------

Twin::Counts Twin::explore(bool to_the_end) {
  const World first = initial();
  seen_.insert(key_of(first));
  next_level_.push_back(first);
  counts_.states = 1;
  while (!next_level_.empty() && (to_the_end || !counts_.violated)) {
    std::vector<World> level;
    level.swap(next_level_);
    const std::uint64_t steps_before = counts_.steps;
    for (const World& world : level) expand(world);
    counts_.levels.push_back({level.size(), counts_.steps - steps_before});
    for (const spec::PropertyInfo& info : spec::property_infos()) {
      const bool broken = counts_.first_seen[static_cast<std::size_t>(info.property)].has_value();
      if (info.kind == spec::PropertyKind::always && broken) counts_.violated = true;
    }
    ++level_;
  }
  return counts_;
}

Twin::Listing Twin::list_violations(PropertySet claims) {
  Listing listing;
  listing_ = true;
  std::vector<World> level{initial()};
  seen_.insert(key_of(level.front()));
  for (; !level.empty(); ++level_) {
    std::vector<World> next_level;
    for (const World& world : level) {
      out_.clear();
      expand(world);
      if ((judged_ & claims) != 0) {
        listing.lengths.push_back(level_);
        continue;
      }
      for (const Out& out : out_) {
        if ((out.broken & claims) != 0) {
          listing.lengths.push_back(level_ + 1);
        } else if (seen_.insert(out.key).second) {
          next_level.push_back(out.next);
        }
      }
    }
    level.swap(next_level);
  }
  listing.states = seen_.size();
  std::sort(listing.lengths.begin(), listing.lengths.end());
  return listing;
}

void Twin::emit(const World& before, const World& next, bool inside, PropertySet broken, bool must_differ) {
  const std::string key = key_of(next);
  if (must_differ && key == key_of(before)) return;
  ++counts_.steps;
  progress_ = progress_ || inside;
  moved_ = moved_ || (inside && !old_news_);
  found(broken, level_ + 1);
  if (listing_) {
    out_.push_back({next, key, broken & applicable_});
    return;
  }
  if (!seen_.insert(key).second) return;
  ++counts_.states;
  next_level_.push_back(next);
}

void Twin::found(PropertySet broken, std::uint32_t level) {
  for (std::size_t i = 0; i < spec::properties_count; ++i) {
    if ((broken & applicable_ & bit(static_cast<Property>(i))) == 0) continue;
    auto& first = counts_.first_seen[i];
    if (!first || *first > level) first = level;
  }
}

std::string Twin::key_of(const World& world) const {
  std::string key;
  for (const Local* local : world.servers) append(key, local->bytes);
  for (const auto& channel : world.channels) {
    key += std::to_string(channel.size()) + ";";
    for (const Notification& notification : channel) append(key, text_of(notification));
  }
  for (const int spent : {world.crashes, world.restarts, world.resends, world.losses}) {
    key += std::to_string(spent) + ",";
  }
  return key;
}

Twin::World Twin::initial() {
  World world;
  world.channels.resize(static_cast<std::size_t>(n_) * static_cast<std::size_t>(n_));
  for (int i = 0; i < n_; ++i) world.servers.push_back(keep(i, blanks_[static_cast<std::size_t>(i)]));
  if (scope_.start == spec::StartKind::staggered) return world;
  World started = world;
  std::vector<const Reaction*> reactions;
  for (int i = 0; i < n_; ++i) {
    reactions.push_back(&react(i, &at(world, i), {model::Start{}}, "start"));
    started.servers[static_cast<std::size_t>(i)] = reactions.back()->next;
  }
  for (int i = 0; i < n_; ++i) send(started, i, *reactions[static_cast<std::size_t>(i)], started);
  return started;
}

void Twin::expand(const World& world) {
  progress_ = moved_ = false;
  for (int i = 0; i < n_; ++i) {
    const Local& own = at(world, i);
    if (own.life == Life::unborn && scope_.start == spec::StartKind::staggered) start(world, i, false);
    if (own.life == Life::up) {
      const bool better_comes = fifo() ? deliver(world, i) : read(world, i);
      const bool waits = scope_.timing == spec::TimingKind::timely && better_comes;
      if (own.finalizing && !waits) inner(world, i, model::Silence{}, "silence");
      resend(world, i);
      if (world.crashes < scope_.crashes) crash(world, i);
    }
    if (own.life == Life::down && world.restarts < scope_.restarts) start(world, i, true);
  }
  const bool moved = moved_;
  bool held_back = false;
  for (int i = 0; i < n_; ++i) {
    const Local& own = at(world, i);
    if (own.life != Life::up || own.state == ServerState::looking) continue;
    if (own.clock >= scope_.rounds) {
      held_back = held_back || lost(world, i, false);
      continue;
    }
    if (scope_.role_end == spec::RoleEnd::lost && !lost(world, i, moved)) continue;
    const Reaction& reaction = react(i, &own, {model::RoleEnded{}, model::Start{}}, "end");
    World next = world;
    next.servers[static_cast<std::size_t>(i)] = reaction.next;
    send(next, i, reaction, world);
    emit(world, next, true, reaction.broken);
  }
  judged_ = judge(world, progress_, held_back) & applicable_;
  found(judged_, level_);
}

// --- what can happen
// --------------------------------------------------------------------------------------------------

void Twin::start(const World& world, int server, bool again) {
  World next = world;
  if (again) ++next.restarts;
  const Local* unborn = keep(server, blanks_[static_cast<std::size_t>(server)]);
  const Reaction& reaction = react(server, unborn, {model::Start{}}, "start");
  next.servers[static_cast<std::size_t>(server)] = reaction.next;
  for (int other = 0; fifo() && other < n_; ++other) {
    const Local& speaker = at(world, other);
    const bool connects = other != server && speaker.life == Life::up && votes(server);
    if (connects && speaker.proposal) push(next, other, server, *speaker.proposal);
  }
  send(next, server, reaction, world);
  emit(world, next, false, reaction.broken, false);
}

void Twin::crash(const World& world, int server) {
  World next = world;
  ++next.crashes;
  Server stopped = blanks_[static_cast<std::size_t>(server)];
  stopped.life = Life::down;
  next.servers[static_cast<std::size_t>(server)] = keep(server, stopped);
  for (int other = 0; other < n_; ++other) next.channels[between(other, server)].clear();
  emit(world, next, false, 0, false);
}

// True: something that can be read would end the reader's wait.
bool Twin::read(const World& world, int reader) {
  const Local& own = at(world, reader);
  if (!own.in_election) return false;
  bool better = false;
  for (int speaker = 0; speaker < n_; ++speaker) {
    const Local& other = at(world, speaker);
    if (speaker == reader || !votes(speaker) || other.life != Life::up) continue;
    std::vector<std::optional<Notification>> offers{other.courtesy};
    if (votes(reader)) offers = {other.proposal, other.answer};
    for (const auto& offer : offers) {
      if (!offer) continue;
      // A proposal of one who has settled: nothing waits for its being heard again, but a wait of its own round.
      const bool repeats = scope_.restarts > 0 || scope_.rounds > 2;
      const bool proposes = votes(reader) && &offer == &offers.front();
      const bool holds_up =
          scope_.timing == spec::TimingKind::timely && own.finalizing && offer->vote.round.value >= own.clock;
      old_news_ = repeats && proposes && !other.in_election && !holds_up;
      better = better || (!old_news_ && would_be_better(reader, &own, *offer));
      const Reaction& reaction = hear(reader, &own, *offer);
      World next = world;
      next.servers[static_cast<std::size_t>(reader)] = reaction.next;
      emit(world, next, true, reaction.broken);
      old_news_ = false;
    }
  }
  return better;
}

// True: something on its way would end the receiver's wait.
bool Twin::deliver(const World& world, int to) {
  const Local& own = at(world, to);
  bool better = false;
  for (int from = 0; from < n_; ++from) {
    const auto& channel = world.channels[between(from, to)];
    if (channel.empty()) continue;
    for (const Notification& notification : channel) better = better || would_be_better(to, &own, notification);
    World without = world;
    without.channels[between(from, to)].erase(without.channels[between(from, to)].begin());
    const Reaction& reaction = hear(to, &own, channel.front());
    World next = without;
    next.servers[static_cast<std::size_t>(to)] = reaction.next;
    send(next, to, reaction, world);
    emit(world, next, true, reaction.broken);
    if (world.losses >= scope_.losses) continue;
    ++without.losses;
    emit(world, without, false, 0);
  }
  return better;
}

void Twin::resend(const World& world, int server) {
  const Local& own = at(world, server);
  if (!fifo() || !own.in_election || own.finalizing || world.resends >= scope_.resends) return;
  for (int other = 0; other < n_; ++other) {
    const bool idle =
        world.channels[between(server, other)].empty() && world.channels[between(other, server)].empty();
    if (!idle) return;
  }
  World spent = world;
  ++spent.resends;
  inner(spent, server, model::NotificationTimeout{true}, "resend");
}

void Twin::inner(const World& world, int server, const Event& event, const std::string& name) {
  const Reaction& reaction = react(server, &at(world, server), {event}, name);
  World next = world;
  next.servers[static_cast<std::size_t>(server)] = reaction.next;
  send(next, server, reaction, world);
  emit(world, next, true, reaction.broken);
}

void Twin::send(World& world, int from, const Reaction& reaction, const World& running) const {
  for (const auto& [to, notification] : reaction.sends) {
    if (fifo() && at(running, to).life == Life::up) push(world, from, to, notification);
  }
}

void Twin::push(World& world, int from, int to, const Notification& notification) const {
  auto& channel = world.channels[between(from, to)];
  channel.push_back(notification);
  if (static_cast<int>(channel.size()) > scope_.network.capacity) channel.erase(channel.begin());
}

// --- inside a server
// --------------------------------------------------------------------------------------------------

const Twin::Reaction& Twin::react(int server, const Local* local, const std::vector<Event>& events,
                                  const std::string& name) {
  const auto key = std::make_pair(local, name);
  if (const auto known = reactions_.find(key); known != reactions_.end()) return known->second;
  Reaction reaction;
  Server state = blanks_[static_cast<std::size_t>(server)];
  if (local->life == Life::up) state = decode(local->bytes, state);
  state.life = Life::up;
  for (const Event& event : events) {
    const auto look = [&](const model::Peer& before, const Event& happened, const model::Transition& made) {
      reaction.broken |= spec::judge(spec::LocalStep{scenario_, before, happened, made}).broken;
    };
    const auto made = model::react_by(rules_.step, scenario_.ensemble, state.peer, event, look);
    state.peer = made.peer;
    state.peer.notification_timeout_ms = 0;
    for (const model::Effect& effect : made.effects) {
      if (const auto* one = std::get_if<model::SendTo>(&effect)) {
        const int to = index_of(one->to);
        if (to >= 0 && to != server) reaction.sends.emplace_back(to, one->notification);
      } else if (const auto* all = std::get_if<model::SendToAll>(&effect)) {
        state.proposal = all->notification;
        for (int to = 0; to < n_; ++to) {
          if (to != server && votes(to)) reaction.sends.emplace_back(to, all->notification);
        }
      }
    }
  }
  reaction.next = keep(server, state);
  return reactions_.emplace(key, reaction).first->second;
}

const Twin::Reaction& Twin::hear(int server, const Local* local, const Notification& notification) {
  if (overtaken(*local, notification)) return react(server, local, {}, "nothing");
  return react(server, local, {model::Received{message_of(notification, 0)}}, "hear " + text_of(notification));
}

// Connections keep their order, on a `latest` network too: after the answer nothing of the election before it comes.
// Rounds tell what came before only as long as a server's rounds rise: no restarts, and no more than two rounds.
bool Twin::overtaken(const Local& local, const Notification& notification) const {
  if (fifo() || scope_.restarts > 0 || scope_.rounds > 2 || notification.vote.state != ServerState::looking)
    return false;
  const int from = index_of(notification.from);
  return std::any_of(local.settled_heard.begin(), local.settled_heard.end(), [&](const auto& heard) {
    return heard.first == from && heard.second >= notification.vote.round.value;
  });
}

bool Twin::would_be_better(int server, const Local* local, const Notification& notification) {
  return local->finalizing && hear(server, local, notification).next != local;
}

const Twin::Local* Twin::keep(int server, const Server& state) {
  Local local;
  local.bytes = encode(state);
  local.life = state.life;
  if (state.life == Life::up) {
    local.proposal = state.proposal;
    const model::Peer& peer = state.peer;
    local.state = state_of(peer);
    local.in_election = in_election(peer);
    local.finalizing = std::holds_alternative<model::Finalizing>(peer.role);
    local.clock = peer.clock.value;
    const model::Vote& vote = peer.current_vote;
    local.courtesy = Notification{peer.id, {vote.proposal, peer.clock, model::notification_version, local.state}};
    if (local.state != ServerState::looking) {
      local.answer = Notification{peer.id, {vote.proposal, vote.round, model::notification_version, local.state}};
    }
    if (local.state == ServerState::leading) local.leader = server;
    if (const auto* role = std::get_if<model::Following>(&peer.role)) local.leader = index_of(role->leader);
    if (const auto* role = std::get_if<model::Observing>(&peer.role)) local.leader = index_of(role->leader);
    for (const model::Ballot& ballot : peer.outofelection) {
      local.settled_heard.emplace_back(index_of(ballot.from), ballot.vote.round.value);
    }
  }
  auto& known = locals_[static_cast<std::size_t>(server)];
  return &known.emplace(local.bytes, local).first->second;
}

// --- what is claimed
// --------------------------------------------------------------------------------------------------

bool Twin::lost(const World& world, int server, bool patient) const {
  const Local& own = at(world, server);
  if (own.state == ServerState::leading) {
    std::vector<int> supporters;
    for (int i = 0; i < n_; ++i) {
      const Local& other = at(world, i);
      const bool supports = other.life == Life::up && other.state != ServerState::looking && other.leader == server;
      if (supports) supporters.push_back(i);
    }
    return !patient && !quorum(supporters);
  }
  if (own.leader < 0 || at(world, own.leader).life != Life::up) return true;
  switch (at(world, own.leader).state) {
    case ServerState::leading: return false;
    case ServerState::looking: return !patient;
    default: return true;
  }
}

bool Twin::quorum(const std::vector<int>& servers) const {
  const model::Configuration& configuration = scenario_.ensemble.configurations[0];
  const auto counts = [&](const model::Member& member) {
    const int index = index_of(member.id);
    if (member.role != model::LearnerType::participant) return false;
    if (std::find(servers.begin(), servers.end(), index) == servers.end()) return false;
    return scenario_.participants[static_cast<std::size_t>(index)].durable.last_zxid != model::unlogged;
  };
  if (configuration.groups().empty()) {
    int all = 0;
    int have = 0;
    for (const model::Member& member : configuration.members()) {
      all += member.role == model::LearnerType::participant ? 1 : 0;
      have += counts(member) ? 1 : 0;
    }
    return have > all - have;
  }
  std::map<std::int64_t, std::pair<std::int64_t, std::int64_t>> groups;  // have, all
  for (const model::Member& member : configuration.members()) {
    if (!member.group) continue;
    groups[*member.group].second += member.weight->value;
    if (counts(member)) groups[*member.group].first += member.weight->value;
  }
  int balance = 0;
  for (const auto& [id, group] : groups) {
    if (group.second == 0) continue;
    balance += group.first > group.second - group.first ? 1 : -1;
  }
  return balance > 0;
}

bool Twin::settled_all(const World& world) const {
  std::set<int> chosen;
  for (const Local* local : world.servers) {
    if (local->life == Life::up) chosen.insert(local->state == ServerState::looking ? -1 : local->leader);
  }
  if (chosen.empty()) return true;
  if (chosen.size() > 1 || chosen.count(-1) != 0) return false;
  const Local& leader = at(world, *chosen.begin());
  return leader.life == Life::up && leader.state == ServerState::leading;
}

PropertySet Twin::judge(const World& world, bool progress, bool held_back) {
  PropertySet broken = 0;
  std::vector<int> started;
  std::map<std::int64_t, int> leaders;
  bool settled = false;
  bool all_up = true;
  for (int i = 0; i < n_; ++i) {
    const Local& own = at(world, i);
    if (own.life != Life::unborn) started.push_back(i);
    all_up = all_up && own.life == Life::up;
    if (own.life != Life::up || own.state == ServerState::looking) continue;
    settled = true;
    if (own.state == ServerState::leading) ++leaders[own.clock];
  }
  for (const auto& [round, count] : leaders) {
    if (count > 1) broken |= bit(Property::single_leading);
    if (count > 1 && round == 1) broken |= bit(Property::one_leader_per_round);
  }
  if (settled && !quorum(started)) broken |= bit(Property::quorum_took_part);
  if (settled && all_up && settled_all(world)) broken |= bit(Property::all_settled);
  return progress ? broken : broken | judge_quiet(world, held_back);
}

PropertySet Twin::judge_quiet(const World& world, bool held_back) {
  std::vector<int> running;
  bool polling = false;
  for (int i = 0; i < n_; ++i) {
    if (at(world, i).life == Life::up) running.push_back(i);
    polling = polling || (at(world, i).in_election && !at(world, i).finalizing);
  }
  if (!quorum(running)) {
    ++counts_.quiet.no_quorum;
  } else if (settled_all(world)) {
    ++counts_.quiet.settled;
  } else if (held_back || (fifo() && polling)) {
    ++counts_.quiet.cut;
  } else {
    return bit(Property::no_deadlock);
  }
  return 0;
}

bool Twin::votes(int server) const {
  const model::Member* member =
      scenario_.ensemble.configurations[0].find(scenario_.participants[static_cast<std::size_t>(server)].id);
  return member != nullptr && member->role == model::LearnerType::participant;
}

int Twin::index_of(model::ServerId id) const {
  for (int i = 0; i < n_; ++i) {
    if (scenario_.participants[static_cast<std::size_t>(i)].id == id) return i;
  }
  return -1;
}

}  // namespace conclave::explore
