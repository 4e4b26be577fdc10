// The properties themselves, apart from how their cases are made: each checks one case and says what is wrong with it.
// All of them are templates over the rules, so that broken rules can show that they notice.
#pragma once

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

#include "check.hpp"
#include "conclave/model/coarse.hpp"
#include "conclave/model/election.hpp"
#include "conclave/testing/situation.hpp"
#include "longhand.hpp"
#include "longhand_election.hpp"

namespace conclave::testing {

template <class Rules>
Complaint check_order(const model::Proposal& a, const model::Proposal& b, const model::Proposal& c) {
  const auto beats = [](const model::Proposal& left, const model::Proposal& right) {
    return Rules::supersedes(left, right);
  };
  if (beats(a, a)) return "irreflexive: a beats itself";
  if (beats(a, b) && beats(b, a)) return "asymmetric: a and b beat each other";
  if (beats(a, b) && beats(b, c) && !beats(a, c)) return "transitive: a > b > c, not a > c";
  if (a != b && !beats(a, b) && !beats(b, a)) return "total: neither of two different votes beats";
  return {};
}

template <class Rules>
Complaint check_order_is_zookeepers(const model::Proposal& a, const model::Proposal& b) {
  const bool theirs =
      longhand::succeeds(a.leader.value, a.zxid.value, a.epoch.value, b.leader.value, b.zxid.value, b.epoch.value);
  if (Rules::supersedes(a, b) == theirs) return {};
  return "totalOrderPredicate says otherwise";
}

template <class Rules>
Complaint check_equality(const model::Vote& left, const model::Vote& right) {
  const bool theirs = longhand::equals(longhand::vote_of(left), longhand::vote_of(right));
  if (Rules::equal(left, right) == theirs) return {};
  return "Vote.equals says otherwise";
}

// For each set of members, as bits in the order of members(): is it a quorum?
template <class Rules>
std::vector<bool> quorums_of(const model::Configuration& configuration) {
  const auto& members = configuration.members();
  std::vector<bool> quorums(std::size_t{1} << members.size());
  for (std::size_t set = 0; set < quorums.size(); ++set) {
    quorums[set] = Rules::contains_quorum(configuration, [&](model::ServerId id) {
      for (std::size_t i = 0; i < members.size(); ++i) {
        if (members[i].id == id) return (set >> i & 1U) != 0;
      }
      return false;
    });
  }
  return quorums;
}

template <class Rules>
Complaint check_quorums(const model::Configuration& configuration) {
  const auto& members = configuration.members();
  const std::vector<bool> quorums = quorums_of<Rules>(configuration);
  const longhand::QuorumVerifier verifier(configuration);
  for (std::size_t set = 0; set < quorums.size(); ++set) {
    longhand::SyncedLearnerTracker tracker;
    tracker.addQuorumVerifier(verifier);
    std::string names;
    for (std::size_t i = 0; i < members.size(); ++i) {
      if ((set >> i & 1U) == 0) continue;
      tracker.addAck(members[i].id.value);
      names += words(" ", text(members[i].id));
    }
    if (tracker.hasAllQuorums() != quorums[set]) {
      return words("containsQuorum says otherwise about", names);
    }
  }
  return {};
}

// step(Process) against the loop of lookForLeader. REQUIRES: in election, something received.
template <class Rules>
Complaint check_processing(const Situation& now) {
  const model::Transition after = model::step_with<Rules>(now.ensemble, now.peer, model::Process{});
  longhand::Election election(now.ensemble, now.peer);
  const auto head = longhand::notification_of(now.peer.received[0]);
  const bool finalizing = std::holds_alternative<model::Finalizing>(now.peer.role);
  if (finalizing) {
    election.take_while_finalizing(head);
  } else {
    election.take(head);
  }
  if (!election.agrees_with(after.peer)) return words("lookForLeader ends otherwise than ", text(after));

  int sent = 0;
  int decided = 0;
  for (const model::Effect& effect : after.effects) {
    if (std::holds_alternative<model::SendToAll>(effect)) ++sent;
    if (const auto* decision = std::get_if<model::Decided>(&effect)) {
      ++decided;
      if (after.peer.unpublished != decision->vote) return "another vote than the decided one is kept";
      if (model::state_of(after.peer) != decision->state) return "another state than the decided one";
    }
  }
  if (sent != election.sent()) return "lookForLeader sends notifications otherwise";
  if (decided != (election.end() == longhand::Election::End::decided ? 1 : 0)) {
    return "lookForLeader decides otherwise";
  }
  // The queue: a decision empties it, a better vote heard while finalizing goes to its tail.
  std::size_t received = now.peer.received.size() - 1 + (election.requeued() ? 1 : 0);
  if (decided == 1) received = 0;
  if (after.peer.received.size() != received) return "the queue is not what lookForLeader leaves";
  if (election.requeued() && !(after.peer.received[received - 1] == now.peer.received[0])) {
    return "the better vote is not at the tail of the queue";
  }
  return {};
}

struct Reaction {
  model::Peer peer;
  std::vector<model::Effect> effects;
  model::RuleSet rules;

  // Of timers that follow each other only the last counts.
  void add(const model::Transition& more) {
    peer = more.peer;
    rules.add(more.rules);
    for (const model::Effect& effect : more.effects) {
      const bool again = std::holds_alternative<model::ArmTimer>(effect) && !effects.empty() &&
                         std::holds_alternative<model::ArmTimer>(effects.back());
      if (again) effects.pop_back();
      effects.push_back(effect);
    }
  }
};

// react() by hand: one step after the other, with room for any number of effects.
template <class Rules>
Reaction naive_react(const Situation& now) {
  Reaction done{now.peer, {}, {}};
  const auto then = [&](const model::Event& event) {
    done.add(model::step_with<Rules>(now.ensemble, done.peer, event));
  };
  then(now.event);
  std::size_t heard = 0;
  for (;;) {
    if (heard < done.effects.size()) {
      const model::Effect effect = done.effects[heard++];
      const auto* all = std::get_if<model::SendToAll>(&effect);
      const auto* one = std::get_if<model::SendTo>(&effect);
      const auto* adopted = std::get_if<model::ConfigurationAdopted>(&effect);
      const model::ServerId self = done.peer.id;
      const bool votes = model::valid_voter(now.ensemble, done.peer, self);
      if (all != nullptr && votes) {
        then(model::Received{model::message_of(all->notification)});
      }
      if (one != nullptr && one->to == self && votes) {
        then(model::Received{model::message_of(one->notification)});
      }
      if (adopted != nullptr && adopted->restarted) then(model::Start{});
    } else if (done.peer.unpublished) {
      then(model::VotePublished{});
    } else if (model::in_election(done.peer) && !done.peer.received.empty()) {
      then(model::Process{});
    } else {
      return done;
    }
  }
}

// react() again and again, for as long as it leaves something to do for want of room.
template <class Rules>
Reaction whole_react(const Situation& now) {
  Reaction done{now.peer, {}, {}};
  done.add(model::react_with<Rules>(now.ensemble, now.peer, now.event));
  while (model::in_election(done.peer) && !done.peer.received.empty()) {
    done.add(model::react_with<Rules>(now.ensemble, done.peer, model::Process{}));
  }
  return done;
}

// Is this an event whose REQUIRES holds, as event.hpp has them?
inline bool may_happen(const model::Peer& peer, const model::Event& event) {
  using namespace model;
  const bool settled = state_of(peer) != ServerState::looking;
  const bool empty = peer.received.empty();
  if (std::holds_alternative<Start>(event)) return std::holds_alternative<BeforeElection>(peer.role);
  if (std::holds_alternative<Process>(event)) return in_election(peer) && !empty;
  if (std::holds_alternative<Silence>(event)) {
    return std::holds_alternative<Finalizing>(peer.role) && empty;
  }
  if (std::holds_alternative<NotificationTimeout>(event)) {
    return std::holds_alternative<Polling>(peer.role) && empty;
  }
  if (std::holds_alternative<VotePublished>(event)) return peer.unpublished.has_value();
  if (std::holds_alternative<RoleEnded>(event) || std::holds_alternative<EpochEstablished>(event)) {
    return settled && !peer.unpublished;
  }
  return true;
}

// Within a round proposals only rise.
inline Complaint check_proposal_rises(const model::Peer& before, const model::Transition& after) {
  using namespace model;
  if (!in_election(before) || !in_election(after.peer)) return {};
  if (after.rules.has(Rule::start) || before.clock != after.peer.clock) return {};
  if (after.peer.proposal >= before.proposal) return {};
  return words("the proposal fell from ", text(before.proposal), " to ", text(after.peer.proposal));
}

// The clock falls only when a server joins a settled ensemble, begins anew as another election object, or has counted
// up from the largest number there is, as Java does.
inline Complaint check_clock_falls_seldom(const model::Peer& before, const model::Transition& after) {
  using namespace model;
  if (after.peer.clock >= before.clock) return {};
  if (after.rules.has(Rule::join_out_of_election)) return {};
  if (after.rules.has(Rule::restart_for_newer_config)) return {};
  if (after.rules.has(Rule::start) && after.peer.clock == Round{least}) return {};
  return words("the clock fell from ", text(before.clock), " to ", text(after.peer.clock));
}

}  // namespace conclave::testing
