// What is claimed of every step that a server of a running ensemble makes, as an observer of the network.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "checkers.hpp"
#include "conclave/testing/network.hpp"
#include "longhand_election.hpp"

namespace conclave::testing {

// Watches steps and keeps the first complaint. REQUIRES: one configuration, without an oracle.
class Watch {
 public:
  explicit Watch(const model::Ensemble& ensemble) : ensemble_(ensemble) {}

  void operator()(const model::Peer& before, const model::Event& event, const model::Transition& after) {
    note_initial_vote(after);
    if (const auto* established = std::get_if<model::EpochEstablished>(&event)) {
      established_.insert({leader_of(after.peer), established->epoch});
    }
    complain(check_proposal_rises(before, after));
    complain(check_clock_falls_seldom(before, after));
    const char* broken = broken_invariant(ensemble_, after.peer);
    if (broken != nullptr) complain(Complaint{broken});
    for (const model::Effect& effect : after.effects) {
      const auto* decided = std::get_if<model::Decided>(&effect);
      if (decided != nullptr) check_decision(before, event, after, decided->vote);
    }
  }

  [[nodiscard]] const Complaint& complaint() const { return complaint_; }
  [[nodiscard]] int decisions() const { return decisions_; }

 private:
  void complain(const Complaint& complaint) {
    if (complaint && !complaint_) complaint_ = complaint;
  }

  static model::ServerId leader_of(const model::Peer& peer) { return peer.current_vote.proposal.leader; }

  // A server enters a round with its initial vote, or with another's that beats it.
  void note_initial_vote(const model::Transition& after) {
    for (const model::Effect& effect : after.effects) {
      if (!std::holds_alternative<model::SendToAll>(effect)) continue;
      const model::Proposal initial = model::initial_proposal(ensemble_, after.peer);
      initial_votes_[after.peer.id].insert(initial);
      const auto [entry, first] = least_initial_.try_emplace({after.peer.id, after.peer.clock}, initial);
      if (!first) entry->second = std::min(entry->second, initial);
    }
  }

  void check_decision(const model::Peer& before, const model::Event& event, const model::Transition& after,
                      const model::Vote& vote) {
    ++decisions_;
    const longhand::Election election(ensemble_, before);
    longhand::Votes recvset = longhand::votes_of(before.recvset);
    longhand::Vote probe = longhand::vote_of(vote);
    if (std::holds_alternative<model::Silence>(event)) {
      if (!election.supported(recvset, probe)) {
        complain(words("decided by silence without a quorum of equal votes for ", text(vote)));
      }
      // Observers are no part of this: a looking voter answers them with the vote of its last election, in its own new
      // round and state, and of such answers an observer makes a quorum like of any others.
      if (before.learner_type == model::LearnerType::participant) check_recency(before, vote);
    } else {
      longhand::Votes outofelection = longhand::votes_of(before.outofelection);
      const model::Notification& head = before.received[0];
      probe = longhand::vote_of(head.vote);
      longhand::Vote unversioned = probe;
      unversioned.version = 0;
      recvset.insert_or_assign(head.from.value, unversioned);
      outofelection.insert_or_assign(head.from.value, probe);
      const bool same_round = after.rules.has(model::Rule::join_same_round);
      if (!election.supported(same_round ? recvset : outofelection, probe)) {
        complain(words("joined without a quorum of equal votes for ", text(head.vote)));
      }
      if (vote.proposal.leader != before.id && !leads(same_round ? recvset : outofelection, vote.proposal.leader)) {
        complain(words("joined ", text(vote.proposal.leader), ", which has not said that it leads"));
      }
    }
    check_origin(vote);
    const auto weight = ensemble_.configurations[0].weight_of(vote.proposal.leader);
    if (!ensemble_.configurations[0].votes(vote.proposal.leader)) complain("elected a server that does not vote");
    if (!weight || weight->value == 0) complain("elected a server of weight zero");
  }

  static bool leads(const longhand::Votes& votes, model::ServerId leader) {
    const auto word = votes.find(leader.value);
    return word != votes.end() && word->second.state == longhand::State::LEADING;
  }

  // The vote was its leader's own initial one, but for the epoch, which becomes the established one.
  void check_origin(const model::Vote& vote) {
    const auto own = initial_votes_.find(vote.proposal.leader);
    if (own != initial_votes_.end()) {
      for (model::Proposal initial : own->second) {
        if (initial == vote.proposal) return;
        initial.epoch = vote.proposal.epoch;
        const bool epoch = established_.count({vote.proposal.leader, vote.proposal.epoch}) != 0;
        if (epoch && initial == vote.proposal) return;
      }
    }
    complain(words("decided for ", text(vote.proposal), ", which was never its leader's initial vote"));
  }

  // The vote is as good as the initial vote, in that round, of each looking server that supports it. A follower's
  // word is another matter: it joined a leader, whatever its own log said, and may outlive that leader's crash.
  void check_recency(const model::Peer& before, const model::Vote& vote) {
    for (const model::Ballot& ballot : before.recvset) {
      if (ballot.vote.state != model::ServerState::looking) continue;
      if (!longhand::equals(longhand::vote_of(ballot.vote), longhand::vote_of(vote))) continue;
      const auto initial = least_initial_.find({ballot.from, vote.round});
      if (initial == least_initial_.end()) {
        complain(words("supported by ", text(ballot.from), ", which was never in that round"));
      } else if (vote.proposal < initial->second) {
        complain(words("decided for ", text(vote.proposal), ", though its supporter ", text(ballot.from),
                       " began with ", text(initial->second)));
      }
    }
  }

  const model::Ensemble& ensemble_;
  Complaint complaint_;
  int decisions_ = 0;
  std::map<model::ServerId, std::set<model::Proposal>> initial_votes_;
  std::map<std::pair<model::ServerId, model::Round>, model::Proposal> least_initial_;
  std::set<std::pair<model::ServerId, model::PeerEpoch>> established_;
};

}  // namespace conclave::testing
