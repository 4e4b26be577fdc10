#include "conclave/spec/local_machine.hpp"

#include <algorithm>
#include <cassert>

namespace conclave::spec {
namespace {

using model::Notification;
using model::Vote;

// One supporter of a participant, as in Support. Nobody, where the participant is not one (-1).
std::uint64_t set_of(int supporter, int participant) {
  if (participant < 0) return 0;
  return std::uint64_t{1U << static_cast<unsigned>(supporter)} << (8U * static_cast<unsigned>(participant));
}

}  // namespace

std::string LocalMachine::key_of(const std::vector<Sent>& sends) {
  std::string key;
  for (const Sent& sent : sends) {
    key.push_back(static_cast<char>(sent.to));
    key.push_back(static_cast<char>(sent.notification & 0xffU));
    key.push_back(static_cast<char>(sent.notification >> 8U));
  }
  return key;
}

LocalFacts facts_without_offers(const LocalSteps& steps, const Server& server) {
  LocalFacts facts;
  facts.life = server.life;
  facts.counting = counting_for(steps.scenario().ensemble, server.peer) & (config_sets - 1U);
  if (server.life != Life::up) return facts;
  const model::Peer& peer = server.peer;
  facts.state = state_of(peer);
  facts.in_election = model::in_election(peer);
  facts.finalizing = std::holds_alternative<model::Finalizing>(peer.role);
  facts.before_election = std::holds_alternative<model::BeforeElection>(peer.role);
  facts.unpublished = peer.unpublished.has_value();
  if (server.established) facts.established = static_cast<std::int8_t>(server.established->round);
  facts.waiting = static_cast<std::uint8_t>(peer.received.size());
  facts.clock = static_cast<std::int16_t>(peer.clock.value);
  if (const auto* following = std::get_if<model::Following>(&peer.role)) {
    facts.leader = static_cast<std::int8_t>(steps.index_of(following->leader));
  } else if (const auto* observing = std::get_if<model::Observing>(&peer.role)) {
    facts.leader = static_cast<std::int8_t>(steps.index_of(observing->leader));
  } else if (facts.state == model::ServerState::leading) {
    facts.leader = static_cast<std::int8_t>(steps.index_of(peer.id));
  }
  return facts;
}

LocalMachine::LocalMachine(const Scenario& scenario, const Scope& scope, const RuleVariant& rules)
    : scenario_(scenario), scope_(scope), steps_(scenario, scope, rules), known_(scenario.participants.size()) {
  notifications_.emplace_back();  // number 0: none
  sends_.emplace_back();
  send_ids_.emplace(std::string(), 0);
  const int servers = static_cast<int>(scenario.participants.size());
  for (int i = 0; i < servers; ++i) {
    const LocalId unborn = intern(i, steps_.blank(i));
    assert(unborn == 0);
    static_cast<void>(unborn);
  }
  const model::Configuration& configuration = scenario.ensemble.configurations[0];
  for (const Server& blank : steps_.blanks()) {
    const model::Proposal own = initial_proposal(scenario.ensemble, blank.peer);
    all_vote_ = all_vote_ && configuration.votes(blank.peer.id);
    const bool electable =
        configuration.votes(blank.peer.id) && configuration.weight_of(own.leader) != model::Weight{0};
    if (electable && (!best_ || own > *best_)) best_ = own;
  }
}

LocalResult LocalMachine::apply(int server, LocalId local, Input input) {
  Known& known = known_[static_cast<std::size_t>(server)];
  const std::uint64_t key = (std::uint64_t{local} << 32U) | input;
  const std::string* bytes = nullptr;
  Notification heard{};
  {
    const std::scoped_lock lock(mutex_);
    if (const auto found = known.results.find(key); found != known.results.end()) return found->second;
    bytes = known.bytes[local];  // the map's own key: it stays where it is
    heard = heard_by(input);
  }
  const LocalSteps::Outcome outcome = steps_.compute(server, decode(*bytes, steps_.blank(server)), input, heard);

  const std::scoped_lock lock(mutex_);
  LocalResult result;
  result.next = intern(server, outcome.server);
  result.sends = intern_sends(server, outcome);
  result.broken = outcome.findings.broken;
  // Another thread may have come to the same result meanwhile: it is counted once.
  if (!known.results.emplace(key, result).second) return result;
  for (std::size_t i = 0; i < model::rules_count; ++i) {
    if (outcome.rules.has(static_cast<model::Rule>(i))) ++rule_counts_[i];
  }
  for (std::size_t i = 0; i < properties_count; ++i) {
    if ((outcome.findings.tested >> i & 1U) != 0) ++tested_counts_[i];
  }
  return result;
}

LocalId LocalMachine::cleared(int server, LocalId local, VoteSet votes) {
  Server state = decoded(server, local);
  clear_votes(state.peer, votes);
  clear_unread(state.peer, server);
  const std::scoped_lock lock(mutex_);
  return intern(server, state);
}

Support LocalMachine::support_carried(const std::vector<NotificationId>& messages) {
  Support support;
  for (const NotificationId id : messages) {
    const Notification sent = notification(id);
    const int leader = index_of(sent.vote.proposal.leader);
    const std::int64_t round = sent.vote.round.value;
    if (leader < 0 || round < 1 || round > prospect_rounds_max) continue;
    if (sent.vote.state != model::ServerState::looking) support.settled |= vote_bit(leader, round);
    support.by_round[static_cast<std::size_t>(round - 1)] |=
        std::uint64_t{1U << static_cast<unsigned>(index_of(sent.from))} << (8U * static_cast<unsigned>(leader));
  }
  return support;
}

std::uint32_t LocalMachine::not_before(int server) const {
  const auto initial = [this](std::size_t index) {
    return initial_proposal(scenario_.ensemble, steps_.blanks()[index].peer);
  };
  std::uint32_t set = 0;
  for (std::size_t i = 0; i < steps_.blanks().size(); ++i) {
    if (initial(i) >= initial(static_cast<std::size_t>(server))) set |= 1U << static_cast<unsigned>(i);
  }
  return set;
}

bool LocalMachine::may_come(NotificationId id, VoteSet votes) {
  const Notification sent = notification(id);
  return sent.vote.state == model::ServerState::looking || can_matter(sent.vote, votes, false);
}

bool LocalMachine::matters(NotificationId id, VoteSet votes) {
  const Notification stored = notification(id);
  return can_matter(stored.vote, votes, stored.vote.state != model::ServerState::looking);
}

Notification LocalMachine::heard_by(Input input) {
  return input < input::receive_base ? Notification{} : notifications_[input - input::receive_base];
}

// Drops the votes that no later quorum can count: nobody can come to be elected by them.
void LocalMachine::clear_votes(model::Peer& peer, VoteSet votes) const {
  // Voters answer observers with an old vote in a new round: what those count is another question.
  if (scope_.rounds > 1 && !scenario_.ensemble.configurations[0].votes(peer.id)) return;
  model::VoteTable round;
  for (const model::Ballot& ballot : peer.recvset) {
    const bool own = ballot.vote.proposal == peer.proposal && can_matter(ballot.vote, votes >> held_shift, false);
    if (own || can_matter(ballot.vote, votes, false)) round.put(ballot.from, ballot.vote);
  }
  peer.recvset = round;
  model::VoteTable ever;
  for (const model::Ballot& ballot : peer.outofelection) {
    if (can_matter(ballot.vote, votes, true)) ever.put(ballot.from, ballot.vote);
  }
  peer.outofelection = ever;
}

// Puts the votes of all who could stand behind the proposal in place of the quorum that does.
void LocalMachine::forget_quorum(model::Peer& peer) const {
  const model::Configuration& configuration = scenario_.ensemble.configurations[0];
  const Vote own{peer.proposal, peer.clock, 0, model::ServerState::looking};
  const auto supports = [&peer, &own](model::ServerId voter) {
    const Vote* vote = peer.recvset.find(voter);
    return vote != nullptr && *vote == own;
  };
  if (!configuration.contains_quorum(supports)) return;
  model::VoteTable all;
  for (const Server& blank : steps_.blanks()) {
    const model::ServerId id = blank.peer.id;
    // One without weight may be more recent than anybody it can elect, and one without database must not be counted:
    // whether they stand behind this is judged.
    const model::Proposal initial = initial_proposal(scenario_.ensemble, blank.peer);
    const bool judged = initial > peer.proposal || initial.zxid == model::unlogged;
    if (judged && supports(id)) return;
    if (!judged && configuration.votes(id)) all.put(id, own);
  }
  peer.outofelection.clear();
  peer.recvset = all;
}

// Forgets what the server will not look at again, whatever it hears.
void LocalMachine::clear_unread(model::Peer& peer, int server) const {
  // Nothing supersedes its proposal, so it discards everything until it decides. The tables are read once more, to see
  // whether a quorum stood behind the decision: which one does not matter then.
  if (std::holds_alternative<model::Finalizing>(peer.role) && best_ && peer.proposal >= *best_) forget_quorum(peer);
  // While it looks only those who do not vote are told its last vote; on a `latest` network it is still on offer.
  if (scope_.network.kind == NetworkKind::fifo && all_vote_) {
    peer.current_vote = steps_.blank(server).peer.current_vote;
  }
}

LocalId LocalMachine::intern(int server, const Server& state) {
  Known& known = known_[static_cast<std::size_t>(server)];
  const auto [place, fresh] = known.ids.emplace(encode(state), static_cast<LocalId>(known.bytes.size()));
  if (fresh) {
    known.bytes.push_back(&place->first);
    known.facts.push_back(facts_of(state));
    known.support.push_back(support_of(server, state));
  }
  return place->second;
}

NotificationId LocalMachine::intern(const Notification& notification) {
  const auto next = static_cast<NotificationId>(notifications_.size());
  const auto [place, fresh] = notification_ids_.emplace(encode(notification), next);
  if (fresh) notifications_.push_back(notification);
  return place->second;
}

std::uint32_t LocalMachine::intern_sends(int server, const LocalSteps::Outcome& outcome) {
  // On a `latest` network nothing is sent: what a server offers follows from its local state.
  if (scope_.network.kind == NetworkKind::latest) return 0;
  std::vector<Sent> sends;
  const auto send = [&](model::ServerId to, const Notification& notification) {
    const int index = index_of(to);
    const bool own_copy_taken = index == server && scope_.grain == Grain::coarse;
    if (index < 0 || own_copy_taken) return;
    sends.push_back(Sent{static_cast<std::uint8_t>(index), intern(notification)});
  };
  for (const model::Effect& effect : outcome.effects) {
    if (const auto* one = std::get_if<model::SendTo>(&effect)) send(one->to, one->notification);
    if (const auto* all = std::get_if<model::SendToAll>(&effect)) {
      for_each_voter(scenario_.ensemble, outcome.server.peer,
                     [&](model::ServerId voter) { send(voter, all->notification); });
    }
  }
  const auto [place, fresh] = send_ids_.emplace(key_of(sends), static_cast<std::uint32_t>(sends_.size()));
  if (fresh) sends_.push_back(sends);
  return place->second;
}

LocalFacts LocalMachine::facts_of(const Server& server) {
  LocalFacts facts = facts_without_offers(steps_, server);
  for (int kind = 0; kind < offers_count; ++kind) {
    // On a fifo network what was sent is in the channels; the last proposal goes over a new connection once more.
    const bool offers = scope_.network.kind == NetworkKind::latest || static_cast<Offer>(kind) == Offer::proposal;
    const auto offer = offers ? offer_of(server, static_cast<Offer>(kind)) : std::nullopt;
    if (offer) facts.offers[static_cast<std::size_t>(kind)] = intern(*offer);
  }
  return facts;
}

// A server that is (or may come to be) in a round without a vote there proposes itself or something better.
// A vote that is no better than its proposal it can't come to support any more.
Support LocalMachine::support_of(int index, const Server& server) const {
  Support support;
  const auto all_rounds_from = [&](const model::Proposal& least) {
    std::uint64_t sets = 0;
    for (std::size_t other = 0; other < steps_.blanks().size(); ++other) {
      const bool may = initial_proposal(scenario_.ensemble, steps_.blanks()[other].peer) >= least;
      if (may) sets |= set_of(index, static_cast<int>(other));
    }
    return sets;
  };
  const auto support_in = [&support](std::int64_t round, std::uint64_t sets) {
    if (round >= 1 && round <= prospect_rounds_max) support.by_round[static_cast<std::size_t>(round - 1)] |= sets;
  };
  const bool up = server.life == Life::up;
  const bool looking = up && model::in_election(server.peer);
  const std::int64_t clock = up ? server.peer.clock.value : 0;
  const model::Peer& blank = steps_.blank(index).peer;
  const std::uint64_t anew = all_rounds_from(initial_proposal(scenario_.ensemble, blank));
  for (std::int64_t round = 1; round <= scope_.rounds; ++round) {
    if (server.life == Life::unborn || (up && clock < round)) support_in(round, anew);
  }
  if (up) support.after_crash = anew;
  if (server.life == Life::down) support.after_restart = anew;
  // From a later round there is a way back only through joining servers that settled before it.
  if (up && (looking || clock < scope_.rounds)) support.coming_back = anew;
  if (looking) {
    support_in(clock, all_rounds_from(server.peer.proposal));
    // A quorum is a quorum, whoever it is.
    const bool finalizing = std::holds_alternative<model::Finalizing>(server.peer.role);
    const int proposed = index_of(server.peer.proposal.leader);
    for (std::size_t i = 0; finalizing && i < steps_.blanks().size(); ++i) {
      support_in(clock, set_of(static_cast<int>(i), proposed));
    }
    for (const model::Ballot& ballot : server.peer.recvset) {
      const int leader = index_of(ballot.vote.proposal.leader);
      const bool settled = ballot.vote.state != model::ServerState::looking;
      // A settled vote of the own round counts like a looking one, though nobody says it any more.
      if (settled && leader >= 0 && clock <= prospect_rounds_max) support.settled |= vote_bit(leader, clock);
      if (settled || finalizing || ballot.vote.proposal < server.peer.proposal) continue;
      support_in(clock, set_of(index_of(ballot.from), leader));
    }
  }
  add_offers(index, server, looking, support);
  return support;
}

// What is still to be heard of a server.
void LocalMachine::add_offers(int index, const Server& server, bool looking, Support& support) const {
  const bool fifo = scope_.network.kind == NetworkKind::fifo;
  if (const auto proposal = offer_of(server, Offer::proposal)) {
    const std::int64_t round = proposal->vote.round.value;
    const std::uint64_t said = set_of(index, index_of(proposal->vote.proposal.leader));
    // On a fifo network a settled server says it again over a new connection only.
    const bool to_new_processes = fifo && !looking && scope_.start == StartKind::together;
    if (to_new_processes) {
      support.after_restart |= said;
    } else if (round >= 1 && round <= prospect_rounds_max) {
      support.by_round[static_cast<std::size_t>(round - 1)] |= said;
    }
  }
  // On a fifo network a settled server answers, and nobody else.
  const auto answer = fifo && looking ? std::nullopt : offer_of(server, Offer::answer);
  const int leader = answer ? index_of(answer->vote.proposal.leader) : -1;
  const bool in_range =
      leader >= 0 && answer->vote.round.value >= 1 && answer->vote.round.value <= prospect_rounds_max;
  if (in_range) support.settled |= vote_bit(leader, answer->vote.round.value);
}

bool LocalMachine::can_matter(const Vote& vote, VoteSet votes, bool any_round) const {
  const int leader = index_of(vote.proposal.leader);
  if (leader < 0) return true;
  if (!any_round) return (votes & vote_bit(leader, vote.round.value)) != 0;
  for (int round = 1; round <= prospect_rounds_max; ++round) {
    if ((votes & vote_bit(leader, round)) != 0) return true;
  }
  return false;
}

LocalFacts LocalMachine::facts(int server, LocalId local) {
  const std::scoped_lock lock(mutex_);
  return known_[static_cast<std::size_t>(server)].facts[local];
}

Support LocalMachine::support(int server, LocalId local) {
  const std::scoped_lock lock(mutex_);
  return known_[static_cast<std::size_t>(server)].support[local];
}

std::string LocalMachine::bytes(int server, LocalId local) {
  const std::scoped_lock lock(mutex_);
  return *known_[static_cast<std::size_t>(server)].bytes[local];
}

Server LocalMachine::decoded(int server, LocalId local) { return decode(bytes(server, local), steps_.blank(server)); }

bool LocalMachine::only_stops_waiting(int server, LocalId before, LocalId after) {
  Server waiting = decoded(server, before);
  waiting.peer.role = model::Polling{};
  return encode(waiting) == bytes(server, after);
}

LocalId LocalMachine::number_of(int server, const Server& state) {
  const std::scoped_lock lock(mutex_);
  return intern(server, state);
}

std::vector<Sent> LocalMachine::sends(std::uint32_t index) {
  const std::scoped_lock lock(mutex_);
  return sends_[index];
}

Notification LocalMachine::notification(NotificationId id) {
  const std::scoped_lock lock(mutex_);
  return notifications_[id];
}

void LocalMachine::forget_results() {
  const std::scoped_lock lock(mutex_);
  for (Known& known : known_) known.results = {};
  rule_counts_ = {};
  tested_counts_ = {};
}

std::size_t LocalMachine::locals(int server) {
  const std::scoped_lock lock(mutex_);
  return known_[static_cast<std::size_t>(server)].bytes.size();
}

std::size_t LocalMachine::notifications() {
  const std::scoped_lock lock(mutex_);
  return notifications_.size() - 1;
}

std::size_t LocalMachine::remembered() {
  const std::scoped_lock lock(mutex_);
  std::size_t sum = 0;
  for (const Known& known : known_) sum += known.results.size();
  return sum;
}

std::vector<std::pair<LocalId, Input>> LocalMachine::remembered(int server) {
  const std::scoped_lock lock(mutex_);
  std::vector<std::pair<LocalId, Input>> pairs;
  for (const auto& [key, result] : known_[static_cast<std::size_t>(server)].results) {
    pairs.emplace_back(static_cast<LocalId>(key >> 32U), static_cast<Input>(key));
  }
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

std::array<std::uint64_t, model::rules_count> LocalMachine::rule_counts() {
  const std::scoped_lock lock(mutex_);
  return rule_counts_;
}

std::array<std::uint64_t, properties_count> LocalMachine::tested_counts() {
  const std::scoped_lock lock(mutex_);
  return tested_counts_;
}

// Rough, and rather too much than too little: node, bucket and allocator shares of the hash maps.
std::size_t LocalMachine::bytes_used() {
  const std::scoped_lock lock(mutex_);
  std::size_t sum = 0;
  for (const Known& known : known_) {
    sum += known.bytes.size() * (sizeof(LocalFacts) + sizeof(Support) + 320) + known.results.size() * 64;
  }
  return sum + notifications_.size() * 256 + sends_.size() * 256;
}

}  // namespace conclave::spec
