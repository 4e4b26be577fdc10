#include "conclave/spec/late_machine.hpp"

#include <algorithm>
#include <cassert>
#include <tuple>
#include <utility>

namespace conclave::spec {
namespace {

bool looking(const model::Notification& said) { return said.vote.state == model::ServerState::looking; }
// For its proposal, in its round.
bool is_for(const model::Vote& proposed, const model::Notification& said) {
  return said.vote.round == proposed.round && votes_equal(proposed, said.vote);
}
// For what somebody has settled on: the same vote, or the leader's own word.
bool speaks_for_settled(const model::Vote& settled, const model::Notification& said) {
  const bool word = said.from == settled.proposal.leader && said.vote.state == model::ServerState::leading;
  return word || votes_equal(settled, said.vote);
}

}  // namespace

std::optional<std::string> LateMachine::why_not(const ClosedSystem& system) {
  const Scope& scope = system.scope();
  const bool fifo = scope.network.kind == NetworkKind::fifo;
  if (fifo && scope.timing == TimingKind::timely) return "found a fifo network and timely; expected async there";
  if (scope.grain != Grain::coarse) return "found the fine grain; expected the coarse one";
  if (scope.rounds > prospect_rounds_max) {
    return "found more rounds; expected at most " + std::to_string(prospect_rounds_max) + " rounds";
  }
  for (int i = 0; i < system.servers(); ++i) {
    if (!system.votes(i)) return "found an observer; expected servers that vote alone";
  }
  if (!system.clears()) return "found an oracle, or other rules; expected what dead-votes is argued for";
  return std::nullopt;
}

LateMachine::LateMachine(ClosedSystem& system) : system_(system), known_(static_cast<std::size_t>(system.servers())) {
  assert(!why_not(system));
  for (int i = 0; i < system.servers(); ++i) intern(i, Late{});
}

LateMachine::Turn LateMachine::plain(int server, LateId id, Input input) {
  const LocalResult result = system_.machine().apply(server, bare(server, id), input);
  return {after(server, result.next), result.broken, result.sends};
}

LateId LateMachine::after(int server, LocalId next) { return intern(server, Late{bare_of(server, next), {}}); }

// What is settled is stored in any round; what looks is stored if it is of the own round and no better than the
// proposal, for otherwise hearing it would be noticed.
LateId LateMachine::may_have_heard(int server, LateId id, NotificationId offered) {
  const Late& now = late(server, id);
  if (std::binary_search(now.heard.begin(), now.heard.end(), offered)) return id;
  const LocalId next = system_.machine().apply(server, now.bare, input::receive(offered)).next;
  if (next == now.bare) return id;
  const bool noticed = !shows(server, next, facts(server, id));
  if (noticed && looking(system_.machine().notification(offered))) return id;
  Late more = now;
  more.heard.insert(std::lower_bound(more.heard.begin(), more.heard.end(), offered), offered);
  return intern(server, std::move(more));
}

std::vector<LateMachine::Turn> LateMachine::turns(int server, LateId id, NotificationId offered) {
  const Late& now = late(server, id);
  const LocalFacts own = facts(server, id);
  std::vector<Turn> turns;
  const LocalResult alone = system_.machine().apply(server, now.bare, input::receive(offered));
  if (!shows(server, alone.next, own)) add(turns, turn_to(server, now, own, alone));
  const Vote vote{offered, system_.machine().notification(offered)};
  if (!looking(vote.said)) join(server, now, own, vote, turns);
  return turns;
}

LateMachine::Reply LateMachine::reply(int server, LateId id, NotificationId offered) {
  const LocalResult result = system_.machine().apply(server, bare(server, id), input::receive(offered));
  if (!shows(server, result.next, facts(server, id))) return {true, 0};
  return {false, result.sends};
}

// The tables with all that speaks for the same settled vote, and the leader's word. They are built, and not read in
// turn: which of a server's votes stands there, and whether something came of an earlier read, depends on an order that
// is not known, and more votes make no quorum less of one. Its own vote is the present one, or one of before: who has
// found a quorum in adopting a vote waits, and does not hear itself.
void LateMachine::join(int server, const Late& late, const LocalFacts& facts, const Vote& offered,
                       std::vector<Turn>& turns) {
  LocalMachine& machine = system_.machine();
  const model::Vote& settled = offered.said.vote;
  const bool same_round = settled.round.value == facts.clock;
  Server state = machine.decoded(server, late.bare);
  const model::Proposal initial = initial_proposal(system_.scenario().ensemble, state.peer);
  const bool below = settled.proposal >= initial && settled.proposal < state.peer.proposal;
  if (same_round && below && may_not_have_heard_itself(server, late, facts)) {
    state.peer.recvset.put(state.peer.id,
                           model::Vote{settled.proposal, settled.round, 0, model::ServerState::looking});
  }
  // In the order of votes_of() what leads comes after what looks, and takes its place.
  const auto wanted = [&settled](const model::Notification& said) { return speaks_for_settled(settled, said); };
  for (const Vote& vote : votes_of(late, wanted)) {
    model::Vote stored = vote.said.vote;
    if (!looking(vote.said)) state.peer.outofelection.put(vote.said.from, stored);
    stored.version = 0;
    if (same_round && stored.round == settled.round) state.peer.recvset.put(vote.said.from, stored);
  }
  const LocalResult last = machine.apply(server, machine.number_of(server, state), input::receive(offered.id));
  if (!shows(server, last.next, facts)) add(turns, turn_to(server, late, facts, last));
}

// A quorum is looked for when a looking vote is processed: so the settled ones come first, and the own one last. Where
// with one of them the server would join, it may have stored that before it came to its proposal, and decides the same.
std::optional<LateMachine::Wait> LateMachine::wait(int server, LateId id) {
  LocalMachine& machine = system_.machine();
  const Late& now = late(server, id);
  const LocalFacts own = facts(server, id);
  const NotificationId mine = own.offers[static_cast<std::size_t>(Offer::proposal)];
  if (!own.in_election || mine == no_notification) return std::nullopt;
  std::vector<Vote> read = votes_for_proposal(now, own);
  std::stable_partition(read.begin(), read.end(), [](const Vote& vote) { return !looking(vote.said); });
  read.push_back({mine, machine.notification(mine)});
  LocalId at = now.bare;
  for (const Vote& vote : read) {
    const LocalResult result = machine.apply(server, at, input::receive(vote.id));
    if (!shows(server, result.next, own)) return Wait{at, turn_to(server, now, own, result)};
    at = result.next;
    if (machine.facts(server, at).finalizing) return wait_of(server, at);
  }
  return std::nullopt;
}

// Then the others alone are a quorum for its proposal.
bool LateMachine::may_not_have_heard_itself(int server, const Late& late, const LocalFacts& facts) {
  return votes_of_a_quorum(senders_of(votes_for_proposal(late, facts)) & ~(1U << static_cast<unsigned>(server)));
}

bool LateMachine::votes_of_a_quorum(std::uint32_t servers) const {
  const model::Configuration& configuration = system_.scenario().ensemble.configurations[0];
  return configuration.contains_quorum([&](model::ServerId voter) {
    const int i = system_.machine().steps().index_of(voter);
    return i >= 0 && (servers >> static_cast<unsigned>(i) & 1U) != 0;
  });
}

std::vector<LateMachine::Vote> LateMachine::votes_for_proposal(const Late& late, const LocalFacts& facts) {
  return votes_of(late, [own = proposed(facts)](const model::Notification& said) { return is_for(own, said); });
}

model::Vote LateMachine::proposed(const LocalFacts& facts) {
  return system_.machine().notification(facts.offers[static_cast<std::size_t>(Offer::proposal)]).vote;
}

LateId LateMachine::with(int server, LateId id, std::vector<NotificationId> heard) {
  return intern(server, Late{late(server, id).bare, std::move(heard)});
}

bool LateMachine::speaks_for_proposal(int server, LateId id, NotificationId heard) {
  return is_for(proposed(facts(server, id)), system_.machine().notification(heard));
}

bool LateMachine::speaks_for(NotificationId offered, NotificationId heard) {
  LocalMachine& machine = system_.machine();
  return speaks_for_settled(machine.notification(offered).vote, machine.notification(heard));
}

// REQUIRES: of participants, as all that is heard is.
std::uint32_t LateMachine::senders_of(const std::vector<Vote>& votes) {
  std::uint32_t senders = 0;
  for (const Vote& vote : votes) {
    senders |= 1U << static_cast<unsigned>(system_.machine().steps().index_of(vote.said.from));
  }
  return senders;
}

LateMachine::Wait LateMachine::wait_of(int server, LocalId waits) {
  const LocalResult silence = system_.machine().apply(server, waits, input::silence);
  return {waits, {after(server, silence.next), silence.broken, silence.sends}};
}

// Within a round what was heard stays; in another round only what was settled.
LateMachine::Kept LateMachine::kept(const LocalFacts& before, const LocalFacts& then) {
  if (!then.in_election) return Kept::nothing;
  return then.clock == before.clock ? Kept::all : Kept::settled;
}

LateMachine::Turn LateMachine::turn_to(int server, const Late& before, const LocalFacts& facts,
                                       const LocalResult& result) {
  Late next{bare_of(server, result.next), {}};
  const Kept kept = LateMachine::kept(facts, system_.machine().facts(server, result.next));
  for (const NotificationId id : before.heard) {
    const bool stays = kept == Kept::all || (kept == Kept::settled && !looking(system_.machine().notification(id)));
    if (stays) next.heard.push_back(id);
  }
  return {intern(server, std::move(next)), result.broken, result.sends};
}

void LateMachine::add(std::vector<Turn>& turns, const Turn& turn) const {
  const auto same = std::find_if(turns.begin(), turns.end(),
                                 [&](const Turn& one) { return one.next == turn.next && one.sends == turn.sends; });
  if (same == turns.end()) {
    turns.push_back(turn);
  } else {
    same->broken |= turn.broken;
  }
}

// With its own vote; or, where it may not have heard itself, with what is left of the quorum that it found then: no
// more of those who say something now than what they say, and of the others as few as made a quorum with them.
std::vector<LocalId> LateMachine::at_least(int server, LateId id, std::uint32_t silent) {
  const Late& now = late(server, id);
  const LocalFacts own = facts(server, id);
  std::vector<LocalId> least{now.bare};
  if (!own.in_election) return least;
  // Its own vote was looked at when it was given: who is a quorum alone waits.
  if (votes_of_a_quorum(1U << static_cast<unsigned>(server))) least.clear();
  const std::vector<Vote> votes = votes_for_proposal(now, own);
  const std::uint32_t all = senders_of(votes) & ~(1U << static_cast<unsigned>(server));
  if (!votes_of_a_quorum(all)) return least;
  const std::uint32_t stays = all & silent;
  for (std::uint32_t kept = stays;; kept = (kept - 1) & stays) {
    if (votes_of_a_quorum(kept | (all & ~silent))) {
      Server state = system_.machine().decoded(server, now.bare);
      state.peer.recvset.clear();
      for (const Vote& vote : votes) {
        const int from = system_.machine().steps().index_of(vote.said.from);
        if ((kept >> static_cast<unsigned>(from) & 1U) != 0) state.peer.recvset.put(vote.said.from, vote.said.vote);
      }
      least.push_back(system_.machine().number_of(server, state));
    }
    if (kept == 0) return least;
  }
}

LateId LateMachine::cleared(int server, LateId id, VoteSet votes) {
  const Late& now = late(server, id);
  if (now.heard.empty()) return id;
  Late less{now.bare, {}};
  for (const NotificationId heard : now.heard) {
    if (system_.machine().matters(heard, votes)) less.heard.push_back(heard);
  }
  return less.heard.size() == now.heard.size() ? id : intern(server, std::move(less));
}

LocalFacts LateMachine::facts(int server, LateId id) {
  const std::scoped_lock lock(mutex_);
  return known_[static_cast<std::size_t>(server)].facts[id];
}

Support LateMachine::support(int server, LateId id) {
  const std::scoped_lock lock(mutex_);
  return known_[static_cast<std::size_t>(server)].support[id];
}

LocalId LateMachine::bare(int server, LateId id) { return late(server, id).bare; }

std::string LateMachine::bytes(int server, LateId id) {
  const Late& now = late(server, id);
  std::string bytes = system_.machine().bytes(server, now.bare);
  for (const Vote& vote : votes_of(now, [](const model::Notification&) { return true; })) bytes += encode(vote.said);
  return bytes;
}

std::size_t LateMachine::count(int server) {
  const std::scoped_lock lock(mutex_);
  return known_[static_cast<std::size_t>(server)].lates.size();
}

// Rough, and rather too much than too little.
std::size_t LateMachine::bytes_used() {
  const std::scoped_lock lock(mutex_);
  std::size_t sum = 0;
  for (const Known& known : known_) {
    sum += known.lates.size() * (sizeof(LocalFacts) + sizeof(Support) + sizeof(Late) + 120);
    sum += known.heard * sizeof(NotificationId);
    sum += known.bare.size() * 48;
  }
  return sum;
}

const LateMachine::Late& LateMachine::late(int server, LateId id) {
  const std::scoped_lock lock(mutex_);
  return *known_[static_cast<std::size_t>(server)].lates[id];
}

LateId LateMachine::intern(int server, Late late) {
  Known& known = known_[static_cast<std::size_t>(server)];
  {
    const std::scoped_lock lock(mutex_);
    if (const auto place = known.ids.find(late); place != known.ids.end()) return place->second;
  }
  const LocalFacts facts = system_.machine().facts(server, late.bare);
  const Support support = support_of(server, late, facts);
  late.heard.shrink_to_fit();
  const std::scoped_lock lock(mutex_);
  const auto [place, fresh] = known.ids.emplace(std::move(late), static_cast<LateId>(known.lates.size()));
  if (!fresh) return place->second;
  known.lates.push_back(&place->first);
  known.heard += place->first.heard.size();
  known.facts.push_back(facts);
  known.support.push_back(support);
  return place->second;
}

// With its own vote alone, and not waiting: what it may have heard decides whether it does.
LocalId LateMachine::bare_of(int server, LocalId local) {
  Known& known = known_[static_cast<std::size_t>(server)];
  {
    const std::scoped_lock lock(mutex_);
    if (const auto place = known.bare.find(local); place != known.bare.end()) return place->second;
  }
  LocalMachine& machine = system_.machine();
  LocalId bare = local;
  if (machine.facts(server, local).in_election) {
    Server state = machine.decoded(server, local);
    model::VoteTable own;
    if (const model::Vote* vote = state.peer.recvset.find(state.peer.id)) own.put(state.peer.id, *vote);
    state.peer.recvset = own;
    state.peer.outofelection.clear();
    state.peer.role = model::Polling{};
    bare = machine.number_of(server, state);
  }
  const std::scoped_lock lock(mutex_);
  known.bare.emplace(local, bare);
  return bare;
}

// Numbers depend on the order of threads, the notifications themselves do not.
std::vector<LateMachine::Vote> LateMachine::votes_of(const Late& late, const Wanted& wanted) {
  std::vector<Vote> votes;
  for (const NotificationId id : late.heard) {
    const model::Notification said = system_.machine().notification(id);
    if (wanted(said)) votes.push_back({id, said});
  }
  std::sort(votes.begin(), votes.end(), [](const Vote& left, const Vote& right) {
    const auto key = [](const Vote& vote) {
      const model::Vote& said = vote.said.vote;
      return std::tuple(vote.said.from, said.round, said.state, said.proposal.leader, said.proposal.epoch,
                        said.proposal.zxid);
    };
    return key(left) < key(right);
  });
  return votes;
}

// Nobody else sees that a server waits for something better.
bool LateMachine::shows(int server, LocalId local, const LocalFacts& facts) {
  LocalFacts shown = system_.machine().facts(server, local);
  shown.finalizing = false;
  return shown == facts;
}

// As LocalMachine's, where a stored vote for the own proposal supports it, and a settled vote of the round counts like
// a looking one. What is less than the proposal is stored to be joined, and has to be settled on by somebody first.
Support LateMachine::support_of(int server, const Late& late, const LocalFacts& facts) {
  LocalMachine& machine = system_.machine();
  Support support = machine.support(server, late.bare);
  if (late.heard.empty() || facts.clock < 1 || facts.clock > prospect_rounds_max) return support;
  const model::Proposal own = proposed(facts).proposal;
  for (const NotificationId id : late.heard) {
    const model::Notification said = machine.notification(id);
    const int leader = machine.steps().index_of(said.vote.proposal.leader);
    const int from = machine.steps().index_of(said.from);
    if (leader < 0 || from < 0 || said.vote.round.value != facts.clock) continue;
    if (!looking(said)) support.settled |= vote_bit(leader, facts.clock);
    if (!looking(said) || said.vote.proposal < own) continue;
    support.by_round[static_cast<std::size_t>(facts.clock - 1)] |= std::uint64_t{1U << static_cast<unsigned>(from)}
                                                                   << (8U * static_cast<unsigned>(leader));
  }
  return support;
}

}  // namespace conclave::spec
