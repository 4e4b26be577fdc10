#include "conclave/spec/properties.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

namespace conclave::spec {
namespace {

using model::Peer;
using model::Proposal;
using model::ServerId;
using model::ServerState;
using model::Vote;

// --- naive definitions: sets and plain comparisons, no call of model/'s predicates --------------------------------

using Order = std::tuple<std::int64_t, std::int64_t, std::int64_t>;
Order order_of(const Proposal& proposal) {
  return {proposal.epoch.value, proposal.zxid.value, proposal.leader.value};
}

std::set<std::int64_t> voters_of(const model::Configuration& configuration) {
  std::set<std::int64_t> voters;
  for (const model::Member& member : configuration.members()) {
    if (member.role == model::LearnerType::participant) voters.insert(member.id.value);
  }
  return voters;
}

bool is_quorum(const model::Configuration& configuration, const std::set<std::int64_t>& servers) {
  if (configuration.kind() != model::QuorumKind::hierarchical) {
    std::size_t have = 0;
    const std::set<std::int64_t> voters = voters_of(configuration);
    for (const std::int64_t voter : voters) have += servers.count(voter);
    return 2 * have > voters.size();
  }
  int groups = 0;
  int won = 0;
  for (const model::Group& group : configuration.groups()) {
    std::int64_t all = 0;
    std::int64_t have = 0;
    for (const model::Member& member : configuration.members()) {
      if (member.group != group.id) continue;
      all += member.weight->value;
      const bool counts = member.role == model::LearnerType::participant && servers.count(member.id.value) != 0;
      if (counts) have += member.weight->value;
    }
    if (all == 0) continue;
    ++groups;
    if (have > all - have) ++won;  // more than half; twice as much may be more than a number holds
  }
  return 2 * won > groups;
}

// Does a stored vote agree with a decision? Settled votes say whom; looking ones also of which round and history.
bool agrees(const Vote& stored, const Vote& decided) {
  if (stored.proposal.leader.value != decided.proposal.leader.value) return false;
  if (stored.state != ServerState::looking) return true;
  return order_of(stored.proposal) == order_of(decided.proposal) && stored.round.value == decided.round.value;
}

using Table = std::vector<std::pair<std::int64_t, Vote>>;

void store(Table& table, std::int64_t from, const Vote& vote) {
  for (auto& entry : table) {
    if (entry.first == from) {
      entry.second = vote;
      return;
    }
  }
  table.emplace_back(from, vote);
}

Table table_of(const model::VoteTable& votes) {
  Table table;
  for (const model::Ballot& ballot : votes) table.emplace_back(ballot.from.value, ballot.vote);
  return table;
}

// The tables as they are when a decision falls, and the notification that made it fall, if one did.
struct Moment {
  Table round;  // recvset
  Table ever;   // outofelection
  std::optional<model::Notification> heard;
};

Moment moment_of(const LocalStep& step) {
  Moment moment{table_of(step.before.recvset), table_of(step.before.outofelection), std::nullopt};
  if (!std::holds_alternative<model::Process>(step.event) || step.before.received.empty()) return moment;
  const model::Notification heard = step.before.received[0];
  moment.heard = heard;
  if (heard.vote.state == ServerState::looking) {  // nobody may decide now; who does has counted it
    store(moment.round, heard.from.value, heard.vote);
    return moment;
  }
  if (heard.vote.round.value == step.before.clock.value) store(moment.round, heard.from.value, heard.vote);
  store(moment.ever, heard.from.value, heard.vote);
  return moment;
}

std::set<std::int64_t> supporters(const Table& table, const Vote& decided, bool looking_only) {
  std::set<std::int64_t> found;
  for (const auto& [from, vote] : table) {
    if (looking_only && vote.state != ServerState::looking) continue;
    if (agrees(vote, decided)) found.insert(from);
  }
  return found;
}

bool quorum_among(const LocalStep& step, const std::set<std::int64_t>& servers) {
  const model::Ensemble& ensemble = step.scenario.ensemble;
  if (!is_quorum(ensemble.configurations[step.before.committed], servers)) return false;
  if (!step.before.last_seen) return true;
  const auto& next = ensemble.configurations[*step.before.last_seen];
  const bool newer = next.version() > ensemble.configurations[step.before.committed].version();
  return !newer || is_quorum(next, servers);
}

std::optional<Proposal> initial_of(const Scenario& scenario, std::int64_t id) {
  for (const Participant& participant : scenario.participants) {
    if (participant.id.value == id) {
      return Proposal{participant.durable.current_epoch, participant.durable.last_zxid, participant.id};
    }
  }
  return std::nullopt;
}

// An epoch above all that servers begin with was established since: who joins later may have it in its vote.
bool is_initial(const Scenario& scenario, const Vote& decided, bool joins) {
  const auto initial = initial_of(scenario, decided.proposal.leader.value);
  if (!initial) return false;
  if (order_of(*initial) == order_of(decided.proposal)) return true;
  const std::int64_t epoch = decided.proposal.epoch.value;
  const bool since = std::all_of(
      scenario.participants.begin(), scenario.participants.end(),
      [epoch](const Participant& participant) { return epoch > participant.durable.current_epoch.value; });
  return joins && since && initial->zxid.value == decided.proposal.zxid.value;
}

// The lowest vote that the server may have begun with: by what it has committed, or comes to commit in a
// reconfiguration. Who does not vote proposes nobody, an observer without a history.
std::optional<Order> lowest_initial_of(const Scenario& scenario, std::int64_t id) {
  const auto place = std::find_if(scenario.participants.begin(), scenario.participants.end(),
                                  [id](const Participant& participant) { return participant.id.value == id; });
  if (place == scenario.participants.end()) return std::nullopt;
  std::optional<Order> lowest;
  for (std::size_t i = place->committed; i < scenario.ensemble.configurations.size(); ++i) {
    const model::Member* member = scenario.ensemble.configurations[i].find(place->id);
    const bool observes = member != nullptr && member->role == model::LearnerType::observer;
    const model::Durable& durable = place->durable;
    const Order initial =
        observes ? Order{model::least, model::least, model::least}
                 : Order{durable.current_epoch.value, durable.last_zxid.value, member == nullptr ? model::least : id};
    if (!lowest || initial < *lowest) lowest = initial;
  }
  return lowest;
}

bool as_recent_as(const LocalStep& step, const Vote& decided, const std::set<std::int64_t>& servers) {
  for (const std::int64_t server : servers) {
    const auto initial = lowest_initial_of(step.scenario, server);
    if (initial && *initial > order_of(decided.proposal)) return false;
  }
  return true;
}

// Who stands behind the decision, but for looking servers whose data is gone.
std::set<std::int64_t> with_database(const LocalStep& step, const Moment& moment, const Vote& decided) {
  std::set<std::int64_t> servers = supporters(moment.round, decided, false);
  for (const std::int64_t looking : supporters(moment.round, decided, true)) {
    const auto initial = initial_of(step.scenario, looking);
    if (initial && initial->zxid.value == model::unlogged.value) servers.erase(looking);
  }
  return servers;
}

bool leader_spoke(const LocalStep& step, const Moment& moment, const Vote& decided) {
  if (decided.proposal.leader.value == step.before.id.value) return decided.round.value == step.before.clock.value;
  for (const Table* table : {&moment.round, &moment.ever}) {
    for (const auto& [from, vote] : *table) {
      if (from == decided.proposal.leader.value && vote.state == ServerState::leading) return true;
    }
  }
  return false;
}

bool weighty_voter(const Scenario& scenario, const Peer& peer, std::int64_t id) {
  const model::Configuration& configuration = scenario.ensemble.configurations[peer.committed];
  for (const model::Member& member : configuration.members()) {
    if (member.id.value != id || member.role != model::LearnerType::participant) continue;
    return configuration.kind() != model::QuorumKind::hierarchical || member.weight->value > 0;
  }
  return false;
}

void finding(Findings& findings, Property property, bool holds) {
  findings.tested |= bit(property);
  if (!holds) findings.broken |= bit(property);
}

void judge_decision(const LocalStep& step, const Vote& decided, Findings& findings) {
  const Moment moment = moment_of(step);
  finding(findings, Property::weightless_never_elected,
          weighty_voter(step.scenario, step.before, decided.proposal.leader.value));
  finding(findings, Property::decided_round_begun, decided.round.value >= 1);
  const bool joins = moment.heard && moment.heard->vote.state != ServerState::looking;
  finding(findings, Property::decided_is_initial, is_initial(step.scenario, decided, joins));
  const bool by_silence = !joins;
  // An observer may count a voter's old vote in a new round (see Rule::answer_non_voter), and elects nobody.
  if (by_silence && step.before.learner_type == model::LearnerType::participant) {
    finding(findings, Property::decided_as_recent_as_voters,
            as_recent_as(step, decided, supporters(moment.round, decided, true)));
    finding(findings, Property::decided_as_recent_as_supporters,
            as_recent_as(step, decided, supporters(moment.round, decided, false)));
  }
  if (by_silence) {
    finding(findings, Property::unlogged_not_counted, quorum_among(step, with_database(step, moment, decided)));
  }
  const bool behind = quorum_among(step, supporters(moment.round, decided, false)) ||
                      (!by_silence && quorum_among(step, supporters(moment.ever, decided, false)));
  finding(findings, Property::quorum_behind_decision, behind);
  if (!by_silence) finding(findings, Property::leader_said_so, leader_spoke(step, moment, decided));
}

bool said_leading(const Table& table, std::int64_t leader) {
  return std::any_of(table.begin(), table.end(), [leader](const auto& entry) {
    return entry.first == leader && entry.second.state == ServerState::leading;
  });
}

// A looking server hears one that has settled. `moment` has that vote in its tables.
void judge_joining(const LocalStep& step, const Moment& moment, const Vote& heard, Findings& findings) {
  const std::int64_t leader = heard.proposal.leader.value;
  const bool own_round = heard.round.value == step.before.clock.value;
  const bool itself = leader == step.before.id.value;
  const bool joined = state_of(step.after.peer) != ServerState::looking;
  std::set<std::int64_t> settled;
  for (const auto& [from, vote] : moment.ever) {
    const bool same = vote.proposal.leader.value == leader && vote.proposal.epoch.value == heard.proposal.epoch.value;
    if (same) settled.insert(from);
  }
  if (quorum_among(step, settled) && (itself ? own_round : said_leading(moment.ever, leader))) {
    finding(findings, Property::joins_settled_quorum, joined);
  }
  if (own_round && quorum_among(step, supporters(moment.round, heard, false)) &&
      (itself || said_leading(moment.round, leader))) {
    finding(findings, Property::joins_round_quorum, joined);
  }
}

// The main loop takes a notification, and is not waiting for better ones only.
void judge_hearing(const LocalStep& step, Findings& findings) {
  const Peer& before = step.before;
  const Peer& after = step.after.peer;
  const Moment moment = moment_of(step);
  if (!moment.heard) return;
  const model::Notification& heard = *moment.heard;
  const bool looking = heard.vote.state == ServerState::looking;
  if (model::in_election(after)) {
    const bool joins_round = looking && heard.vote.round.value == after.clock.value;
    finding(findings, Property::elections_end_settled, after.clock.value == before.clock.value || joins_round);
  }
  const model::Configuration& configuration = step.scenario.ensemble.configurations[before.committed];
  const std::set<std::int64_t> voters = voters_of(configuration);
  if (!std::holds_alternative<model::Polling>(before.role) || voters.count(heard.from.value) == 0) return;
  const std::int64_t leader = heard.vote.proposal.leader.value;
  if (!looking && heard.vote.state != ServerState::observing && voters.count(leader) != 0) {
    judge_joining(step, moment, heard.vote, findings);
  }
  const auto initial = initial_of(step.scenario, before.id.value);
  const bool unlogged = heard.vote.proposal.zxid.value == model::unlogged.value ||
                        (initial && initial->zxid.value == model::unlogged.value);
  const bool counts = looking && heard.vote.round.value >= before.clock.value && !unlogged;
  if (counts && weighty_voter(step.scenario, before, leader)) {
    finding(findings, Property::better_votes_adopted, order_of(after.proposal) >= order_of(heard.vote.proposal));
  }
}

void witness(Findings& findings, Property property, bool seen) {
  if (seen) findings.broken |= bit(property);
  if (seen) findings.tested |= bit(property);
}

std::string list_of(const std::set<std::int64_t>& servers) {
  std::string text;
  for (const std::int64_t server : servers) text += (text.empty() ? "" : ", ") + std::to_string(server);
  return text.empty() ? "nobody" : "{" + text + "}";
}

std::string explain_decision(Property property, const LocalStep& step, const Vote& decided) {
  const Moment moment = moment_of(step);
  const std::string self = "server " + std::to_string(step.before.id.value);
  const std::string leader = std::to_string(decided.proposal.leader.value);
  switch (property) {
    case Property::quorum_behind_decision: {
      const bool joins = moment.heard && moment.heard->vote.state != ServerState::looking;
      return self + " decides for " + leader + " although only " +
             list_of(supporters(joins ? moment.ever : moment.round, decided, false)) + " agrees";
    }
    case Property::decided_is_initial: return self + " decides for a vote that is not the initial vote of " + leader;
    case Property::decided_as_recent_as_voters:
    case Property::decided_as_recent_as_supporters: {
      const bool looking_only = property == Property::decided_as_recent_as_voters;
      std::set<std::int64_t> ahead;
      for (const std::int64_t server : supporters(moment.round, decided, looking_only)) {
        if (!as_recent_as(step, decided, {server})) ahead.insert(server);
      }
      return self + " decides for " + leader + ", supported by " + list_of(ahead) + ", whose initial vote is higher";
    }
    case Property::weightless_never_elected: return self + " decides for " + leader + ", which must not be elected";
    case Property::leader_said_so:
      if (decided.proposal.leader == step.before.id) {
        return self + " takes the lead with a vote of round " + std::to_string(decided.round.value) +
               " although it is in round " + std::to_string(step.before.clock.value);
      }
      return self + " follows " + leader + ", which has not said that it leads";
    case Property::decided_round_begun: return self + " decides in round " + std::to_string(decided.round.value);
    case Property::unlogged_not_counted:
      return self + " decides for " + leader + " although, of those that have a database, only " +
             list_of(with_database(step, moment, decided)) + " agrees";
    default: return {};
  }
}

}  // namespace

std::string explain(Property property, const LocalStep& step) {
  if ((judge(step).broken & bit(property)) == 0) return {};
  for (const model::Effect& effect : step.after.effects) {
    if (const auto* decided = std::get_if<model::Decided>(&effect)) {
      return explain_decision(property, step, decided->vote);
    }
  }
  const std::string self = "server " + std::to_string(step.before.id.value);
  const std::string round = "round " + std::to_string(step.before.clock.value);
  const std::int64_t heard = step.before.received.empty() ? 0 : step.before.received[0].vote.proposal.leader.value;
  if (property == Property::proposals_rise) return self + " takes up a lower proposal within its round";
  if (property == Property::better_votes_adopted) {
    return self + " hears of " + std::to_string(heard) + ", which is better, and proposes " +
           std::to_string(step.after.peer.proposal.leader.value);
  }
  if (property == Property::joins_settled_quorum || property == Property::joins_round_quorum) {
    return self + " has heard from a quorum that " + std::to_string(heard) + " leads, and looks on";
  }
  if (property == Property::elections_end_settled) return self + " begins anew although " + round + " has not ended";
  return self + ": " + std::string(info_of(property).sentence);
}

namespace {

bool observes(const model::Ensemble& ensemble, model::ServerId id) {
  return std::any_of(ensemble.configurations.begin(), ensemble.configurations.end(), [id](const auto& configuration) {
    const model::Member* member = configuration.find(id);
    return member != nullptr && member->role == model::LearnerType::observer;
  });
}

}  // namespace

bool applies(Property property, const Scope& scope, const Scenario& scenario) {
  const model::Configuration& configuration = scenario.ensemble.configurations[0];
  const bool oracle = configuration.kind() == model::QuorumKind::oracle_majority;
  std::size_t voters = 0;
  std::set<std::int64_t> taking_part;
  for (const Participant& participant : scenario.participants) {
    if (!configuration.votes(participant.id) || participant.durable.last_zxid == model::unlogged) continue;
    ++voters;
    taking_part.insert(participant.id.value);
  }
  const bool observers =
      std::any_of(scenario.participants.begin(), scenario.participants.end(),
                  [&](const Participant& participant) { return observes(scenario.ensemble, participant.id); });
  const bool can_elect = is_quorum(configuration, taking_part);
  switch (property) {
    case Property::quorum_behind_decision:
    case Property::leader_said_so:
    case Property::joins_settled_quorum:
    case Property::joins_round_quorum:
    case Property::quorum_took_part: return !oracle;
    case Property::unlogged_not_counted:
      return !oracle && std::any_of(scenario.participants.begin(), scenario.participants.end(),
                                    [](const Participant& participant) {
                                      return participant.durable.last_zxid == model::unlogged;
                                    });
    case Property::one_leader_per_round:
      // In the fine grain servers that are started together begin their elections apart.
      return !oracle && scope.timing == TimingKind::timely && scope.start == StartKind::together &&
             scope.grain == Grain::coarse && scope.restarts == 0 && !reconfigures(scenario);
    case Property::no_second_quorum: return reconfigures(scenario);
    case Property::decided_round_begun: return can_elect && voters >= 3 && scope.grain == Grain::fine;
    case Property::single_leading:
      return can_elect && voters >= 3 && (scope.timing == TimingKind::async || scope.start == StartKind::staggered);
    case Property::no_rival_lead:
      return !oracle && can_elect && voters >= 3 && scope.timing == TimingKind::timely &&
             scope.grain == Grain::coarse && scope.restarts > 0;
    case Property::decided_as_recent_as_supporters:
      return can_elect && voters >= 5 && scope.start == StartKind::staggered;
    case Property::some_leading:
    case Property::all_settled: return can_elect;
    case Property::some_following: return can_elect && voters >= 2;
    case Property::some_observing: return can_elect && observers;
    case Property::late_joiner: return can_elect && voters >= 3;
    case Property::round_overtaken: return can_elect && voters >= 2 && scope.rounds >= 2;
    default: return true;
  }
}

PropertySet applicable_in(const Scope& scope, const Scenario& scenario) {
  PropertySet set = 0;
  for (const PropertyInfo& info : property_infos()) {
    if (applies(info.property, scope, scenario)) set |= bit(info.property);
  }
  return set;
}

Findings judge(const LocalStep& step) {
  Findings findings;
  const Peer& before = step.before;
  const Peer& after = step.after.peer;
  for (const model::Effect& effect : step.after.effects) {
    if (const auto* decided = std::get_if<model::Decided>(&effect)) judge_decision(step, decided->vote, findings);
  }
  if (model::in_election(before)) judge_hearing(step, findings);
  const bool same_election =
      model::in_election(before) && model::in_election(after) && before.clock.value == after.clock.value;
  if (same_election && !(before.proposal == after.proposal)) {
    finding(findings, Property::proposals_rise, order_of(after.proposal) > order_of(before.proposal));
  }
  const auto state = state_of(after);
  witness(findings, Property::some_leading, state == ServerState::leading);
  witness(findings, Property::some_following, state == ServerState::following);
  witness(findings, Property::some_observing, state == ServerState::observing);
  const model::RuleSet rules = step.after.rules;
  witness(findings, Property::late_joiner,
          rules.has(model::Rule::join_same_round) || rules.has(model::Rule::join_out_of_election));
  witness(findings, Property::round_overtaken,
          rules.has(model::Rule::join_later_round_with_theirs) || rules.has(model::Rule::join_later_round_with_own));
  return findings;
}

}  // namespace conclave::spec
