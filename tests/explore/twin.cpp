#include "twin.hpp"

#include <algorithm>

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
    blank.peer = model::make_peer(scenario_.ensemble, participant.id, participant.durable, participant.committed);
    blank.peer.last_seen = participant.last_seen;
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
  if (rival_leads(before, next)) broken |= bit(Property::no_rival_lead);
  found(broken, level_ + 1);
  if (listing_) {
    out_.push_back({next, key, broken & applicable_});
    return;
  }
  if (!seen_.insert(key).second) return;
  ++counts_.states;
  next_level_.push_back(next);
}

// Has one come to lead beside another whom a quorum follows, the new one not counted?
bool Twin::rival_leads(const World& before, const World& next) const {
  for (int i = 0; i < n_; ++i) {
    if (at(before, i).state == ServerState::leading || at(next, i).state != ServerState::leading) continue;
    for (int other = 0; other < n_; ++other) {
      if (other == i || at(next, other).state != ServerState::leading) continue;
      std::vector<int> led = supporters_of(next, other);
      std::erase(led, i);
      if (quorums_for(at(next, other), led)) return true;
    }
  }
  return false;
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
      establish(world, i);
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
  Server blank = decode(at(world, server).bytes, blanks_[static_cast<std::size_t>(server)]);
  blank.life = Life::unborn;
  // QuorumPeer.start: "My id ... not in the peer list".
  if (again && scenario_.ensemble.configurations[blank.peer.committed].find(blank.peer.id) == nullptr) return;
  const Local* unborn = keep(server, blank);
  const Reaction& reaction = react(server, unborn, {model::Start{}}, "start");
  next.servers[static_cast<std::size_t>(server)] = reaction.next;
  for (int other = 0; fifo() && other < n_; ++other) {
    const Local& speaker = at(world, other);
    const bool connects = other != server && speaker.life == Life::up && votes(server);
    const bool newer_waits = keeps(other) && !next.channels[between(other, server)].empty();
    if (connects && speaker.proposal && !newer_waits) push(next, other, server, *speaker.proposal);
  }
  send(next, server, reaction, world);
  emit(world, next, false, reaction.broken, false);
}

void Twin::crash(const World& world, int server) {
  World next = world;
  ++next.crashes;
  const Server before = decode(at(world, server).bytes, blanks_[static_cast<std::size_t>(server)]);
  Server stopped = blanks_[static_cast<std::size_t>(server)];
  stopped.life = Life::down;
  stopped.peer.committed = before.peer.committed;
  stopped.peer.last_seen = before.peer.last_seen;
  stopped.peer.learner_type = before.peer.learner_type;
  next.servers[static_cast<std::size_t>(server)] = keep(server, stopped);
  for (int other = 0; other < n_; ++other) {
    const bool up = other != server && at(world, other).life == Life::up;
    if (!keeps(other) || !up) next.channels[between(other, server)].clear();
    if (keeps(server) && !up) next.channels[between(server, other)].clear();
  }
  emit(world, next, false, 0, false);
}

// What the speaker has said to the reader: its proposal and its answer, or only an answer.
std::vector<std::optional<Notification>> Twin::heard_of(const World& world, int reader, int speaker) {
  const Local& own = at(world, reader);
  const Local& other = at(world, speaker);
  if (!reconfigures()) {
    if (!votes(speaker)) return {};
    if (!votes(reader)) return {other.courtesy};
    return {other.proposal, told_as_voted(reader, speaker) ? other.as_voted : other.answer};
  }
  const auto proposal = writes_to(other, reader) ? other.proposal : std::nullopt;
  std::optional<Notification> answer;
  if (writes_to(own, speaker)) {
    for (const auto& [to, said] : hear(speaker, &other, *own.proposal).answers) {
      if (to == reader) answer = said;
    }
  }
  // To one who is behind, who looks says only what it has said anyway.
  if (answer == proposal) answer.reset();
  return {proposal, answer};
}

// True: something that can be read would end the reader's wait.
bool Twin::read(const World& world, int reader) {
  const Local& own = at(world, reader);
  if (!own.in_election) return false;
  bool better = false;
  for (int speaker = 0; speaker < n_; ++speaker) {
    const Local& other = at(world, speaker);
    if (speaker == reader || other.life != Life::up) continue;
    const auto offers = heard_of(world, reader, speaker);
    for (const auto& offer : offers) {
      if (!offer) continue;
      // A proposal of one who has settled: nothing waits for its being heard again, but a wait of its own round.
      const bool repeats = scope_.restarts > 0 || scope_.rounds > 2 || reconfigures();
      const bool proposes = offers.size() > 1 && &offer == &offers.front();
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

void Twin::establish(const World& world, int server) {
  const Local& own = at(world, server);
  if (scope_.vote_epoch != spec::VoteEpoch::established) return;
  if (own.state == ServerState::looking || own.established != 0 || own.leader < 0) return;
  const Local& leader = at(world, own.leader);
  if (leader.life != Life::up || leader.state != ServerState::leading) return;
  if (own.leader == server ? !quorums_for(own, supporters_of(world, server)) : leader.established == 0) return;
  const std::int64_t epoch = highest_epoch() + std::max<std::int64_t>(leader.clock, 1);
  inner(world, server, model::EpochEstablished{model::PeerEpoch{epoch}}, "epoch " + std::to_string(epoch));
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
    if (fifo() && (at(running, to).life == Life::up || keeps(from))) push(world, from, to, notification);
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
  Server state = decode(local->bytes, blanks_[static_cast<std::size_t>(server)]);
  state.life = Life::up;
  std::optional<model::ServerId> asker;
  for (const Event& event : events) {
    if (std::holds_alternative<model::RoleEnded>(event)) state.established.reset();
    if (const auto* made = std::get_if<model::EpochEstablished>(&event)) {
      const std::int64_t round = made->epoch.value - highest_epoch();
      state.established = spec::Established{round, state.peer.current_vote.proposal.epoch};
      if (!rules(server).dialect.tells_new_epoch) continue;
    }
    if (const auto* received = std::get_if<model::Received>(&event)) asker = received->message.from;
    const auto look = [&](const model::Peer& before, const Event& happened, const model::Transition& made) {
      reaction.broken |= spec::judge(spec::LocalStep{scenario_, before, happened, made}).broken;
    };
    const auto made = model::react_by(rules(server).step, scenario_.ensemble, state.peer, event, look);
    state.peer = made.peer;
    state.peer.notification_timeout_ms = 0;
    for (const model::Effect& effect : made.effects) {
      if (const auto* one = std::get_if<model::SendTo>(&effect)) {
        const int to = index_of(one->to);
        if (to < 0 || to == server) continue;
        Notification answer = one->notification;
        const bool as_voted = state.established && asker == one->to && told_as_voted(to, server);
        if (as_voted) answer.vote.proposal.epoch = state.established->voted_epoch;
        reaction.sends.emplace_back(to, answer);
        reaction.answers.emplace_back(to, answer);
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
  return react(server, local, {model::Received{arriving(server, notification)}}, "hear " + text_of(notification));
}

// Connections keep their order, on a `latest` network too: after the answer nothing of the election before it comes.
// Rounds tell what came before only as long as a server's rounds rise: no restarts, and no more than two rounds.
bool Twin::overtaken(const Local& local, const Notification& notification) const {
  if (fifo() || reconfigures() || scope_.restarts > 0 || scope_.rounds > 2 ||
      notification.vote.state != ServerState::looking)
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
  const auto& all = scenario_.ensemble.configurations;
  local.committed = state.peer.committed;
  const auto seen = state.peer.last_seen;
  if (seen && all[*seen].version() > all[local.committed].version()) local.newer = *seen;
  if (state.life == Life::up) {
    local.proposal = state.proposal;
    const model::Peer& peer = state.peer;
    local.state = state_of(peer);
    local.in_election = in_election(peer);
    local.finalizing = std::holds_alternative<model::Finalizing>(peer.role);
    local.clock = peer.clock.value;
    const model::Vote& vote = peer.current_vote;
    const std::int32_t version = model::notification_version;
    local.courtesy = Notification{peer.id, {vote.proposal, peer.clock, version, local.state}, peer.committed};
    if (local.state != ServerState::looking) {
      local.answer = Notification{peer.id, {vote.proposal, vote.round, version, local.state}, peer.committed};
    }
    if (state.established) local.established = state.established->round;
    local.as_voted = local.answer;
    if (local.as_voted && state.established) local.as_voted->vote.proposal.epoch = state.established->voted_epoch;
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

}  // namespace conclave::explore
