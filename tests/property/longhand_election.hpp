// One turn of the loop of FastLeaderElection.lookForLeader in longhand: what a server makes of one notification.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "conclave/model/election.hpp"
#include "longhand.hpp"

namespace conclave::longhand {

struct Notification {
  int version;
  std::int64_t leader;
  std::int64_t zxid;
  std::int64_t electionEpoch;
  State state;
  std::int64_t sid;
  std::int64_t peerEpoch;
};

// The fields of QuorumPeer and FastLeaderElection, and the local variables of lookForLeader.
class Election {
 public:
  enum class End {
    goes_on,     // waits for the next notification
    finalizing,  // in the inner loop
    decided      // has returned a vote
  };

  Election(const model::Ensemble& ensemble, const model::Peer& peer)
      : my_id_(peer.id.value),
        participant_(peer.learner_type == model::LearnerType::participant),
        last_logged_zxid_(peer.durable.last_zxid.value),
        current_epoch_(peer.durable.current_epoch.value),
        verifier_(model::committed(ensemble, peer), peer.oracle.needed, peer.oracle.grants),
        logicalclock_(peer.clock.value),
        proposedLeader_(peer.proposal.leader.value),
        proposedZxid_(peer.proposal.zxid.value),
        proposedEpoch_(peer.proposal.epoch.value),
        recvset_(votes_of(peer.recvset)),
        outofelection_(votes_of(peer.outofelection)) {
    if (const model::Configuration* seen = model::last_seen(ensemble, peer)) {
      last_seen_verifier_.emplace(*seen, peer.oracle.needed, peer.oracle.grants);
    }
  }

  // The outer loop's `else if (validVoter(n.sid) && validVoter(n.leader))`. An exception leaves lookForLeader and
  // QuorumPeer.run calls it again.
  void take(const Notification& n) {
    try {
      if (!validVoter(n.sid) || !validVoter(n.leader)) return;
      switch (n.state) {
        case State::LOOKING: return take_looking(n);
        case State::OBSERVING: return;
        case State::FOLLOWING: receivedFollowingNotification(n); return;
        case State::LEADING: receivedLeadingNotification(n); return;
      }
    } catch (const NullPointerException&) {
      start();
    }
  }

  // The inner loop, `while ((n = recvqueue.poll(finalizeWait)) != null)`.
  void take_while_finalizing(const Notification& n) {
    end_ = End::finalizing;
    try {
      if (totalOrderPredicate(n.leader, n.zxid, n.peerEpoch, proposedLeader_, proposedZxid_, proposedEpoch_)) {
        requeued_ = true;
        end_ = End::goes_on;
      }
    } catch (const NullPointerException&) {
      start();
    }
  }

  // What the model would have to look like afterwards, apart from the queue.
  [[nodiscard]] bool agrees_with(const model::Peer& peer) const {
    if (peer.clock.value != logicalclock_) return false;
    const model::Proposal proposal{model::PeerEpoch{proposedEpoch_}, model::Zxid{proposedZxid_},
                                   model::ServerId{proposedLeader_}};
    if (peer.proposal != proposal) return false;
    if (end_ == End::decided) return agrees_with_decision(peer);
    if (peer.unpublished) return false;
    const bool role = end_ == End::finalizing ? std::holds_alternative<model::Finalizing>(peer.role)
                                              : std::holds_alternative<model::Polling>(peer.role);
    return role && same(recvset_, peer.recvset) && same(outofelection_, peer.outofelection);
  }

  [[nodiscard]] End end() const { return end_; }
  [[nodiscard]] bool requeued() const { return requeued_; }
  [[nodiscard]] int sent() const { return sent_; }

  // Do the votes of a table support a vote? FastLeaderElection.getVoteTracker and hasAllQuorums.
  [[nodiscard]] bool supported(const Votes& votes, const Vote& vote) const {
    SyncedLearnerTracker voteSet;
    voteSet.addQuorumVerifier(verifier_);
    if (last_seen_verifier_ && last_seen_verifier_->getVersion() > verifier_.getVersion()) {
      voteSet.addQuorumVerifier(*last_seen_verifier_);
    }
    for (const auto& [sid, stored] : votes) {
      if (equals(vote, stored)) voteSet.addAck(sid);
    }
    return voteSet.hasAllQuorums();
  }

 private:
  void start() {
    end_ = End::goes_on;
    recvset_.clear();
    outofelection_.clear();
    logicalclock_ = model::next(model::Round{logicalclock_}).value;
    updateProposal(getInitId(), getInitLastLoggedZxid(), getPeerEpoch());
    sendNotifications();
  }

  void take_looking(const Notification& n) {
    if (getInitLastLoggedZxid() == -1) return;
    if (n.zxid == -1) return;
    if (n.electionEpoch > logicalclock_) {
      logicalclock_ = n.electionEpoch;
      recvset_.clear();
      if (totalOrderPredicate(n.leader, n.zxid, n.peerEpoch, getInitId(), getInitLastLoggedZxid(), getPeerEpoch())) {
        updateProposal(n.leader, n.zxid, n.peerEpoch);
      } else {
        updateProposal(getInitId(), getInitLastLoggedZxid(), getPeerEpoch());
      }
      sendNotifications();
    } else if (n.electionEpoch < logicalclock_) {
      return;
    } else if (totalOrderPredicate(n.leader, n.zxid, n.peerEpoch, proposedLeader_, proposedZxid_, proposedEpoch_)) {
      updateProposal(n.leader, n.zxid, n.peerEpoch);
      sendNotifications();
    }
    recvset_.insert_or_assign(n.sid, Vote{0, n.leader, n.zxid, n.electionEpoch, n.peerEpoch, State::LOOKING});
    const Vote mine{0, proposedLeader_, proposedZxid_, logicalclock_, proposedEpoch_, State::LOOKING};
    if (supported(recvset_, mine)) end_ = End::finalizing;
  }

  bool receivedFollowingNotification(const Notification& n) {
    const Vote probe{n.version, n.leader, n.zxid, n.electionEpoch, n.peerEpoch, n.state};
    if (n.electionEpoch == logicalclock_) {
      recvset_.insert_or_assign(n.sid, Vote{0, n.leader, n.zxid, n.electionEpoch, n.peerEpoch, n.state});
      if (supported(recvset_, probe) && checkLeader(recvset_, n.leader, n.electionEpoch)) {
        decide(n);
        return true;
      }
    }
    outofelection_.insert_or_assign(n.sid, probe);
    if (supported(outofelection_, probe) && checkLeader(outofelection_, n.leader, n.electionEpoch)) {
      logicalclock_ = n.electionEpoch;
      decide(n);
      return true;
    }
    return false;
  }

  void receivedLeadingNotification(const Notification& n) {
    if (receivedFollowingNotification(n)) return;
    if (verifier_.getNeedOracle() && !verifier_.askOracle()) decide(n);
  }

  void decide(const Notification& n) {
    end_ = End::decided;
    decided_ = n;
  }

  [[nodiscard]] bool checkLeader(const Votes& votes, std::int64_t leader, std::int64_t electionEpoch) const {
    bool predicate = true;
    if (leader != my_id_) {
      if (votes.count(leader) == 0) {
        predicate = false;
      } else if (votes.at(leader).state != State::LEADING) {
        predicate = false;
      }
    } else if (logicalclock_ != electionEpoch) {
      predicate = false;
    }
    return predicate;
  }

  [[nodiscard]] bool totalOrderPredicate(std::int64_t newId, std::int64_t newZxid, std::int64_t newEpoch,
                                         std::int64_t curId, std::int64_t curZxid, std::int64_t curEpoch) const {
    if (verifier_.getWeight(newId) == 0) return false;
    return succeeds(newId, newZxid, newEpoch, curId, curZxid, curEpoch);
  }

  [[nodiscard]] bool validVoter(std::int64_t sid) const {
    if (verifier_.getVotingMembers().count(sid) != 0) return true;
    return last_seen_verifier_ && last_seen_verifier_->getVotingMembers().count(sid) != 0;
  }

  [[nodiscard]] std::int64_t getInitId() const {
    return verifier_.getVotingMembers().count(my_id_) != 0 ? my_id_ : INT64_MIN;
  }
  [[nodiscard]] std::int64_t getInitLastLoggedZxid() const { return participant_ ? last_logged_zxid_ : INT64_MIN; }
  [[nodiscard]] std::int64_t getPeerEpoch() const { return participant_ ? current_epoch_ : INT64_MIN; }

  void updateProposal(std::int64_t leader, std::int64_t zxid, std::int64_t epoch) {
    proposedLeader_ = leader;
    proposedZxid_ = zxid;
    proposedEpoch_ = epoch;
  }
  void sendNotifications() { ++sent_; }

  static bool same(const Votes& votes, const model::VoteTable& table) {
    if (votes.size() != table.size()) return false;
    for (const model::Ballot& ballot : table) {
      const auto mine = votes.find(ballot.from.value);
      if (mine == votes.end()) return false;
      const Vote theirs = vote_of(ballot.vote);
      const Vote& own = mine->second;
      if (own.id != theirs.id || own.zxid != theirs.zxid || own.electionEpoch != theirs.electionEpoch ||
          own.peerEpoch != theirs.peerEpoch || own.state != theirs.state || own.version != theirs.version) {
        return false;
      }
    }
    return true;
  }

  // setPeerState, and `new Vote(n.leader, n.zxid, n.electionEpoch, n.peerEpoch)`.
  [[nodiscard]] bool agrees_with_decision(const model::Peer& peer) const {
    if (!peer.unpublished || !peer.received.empty()) return false;
    const Vote vote = vote_of(*peer.unpublished);
    if (vote.id != decided_.leader || vote.zxid != decided_.zxid || vote.electionEpoch != decided_.electionEpoch ||
        vote.peerEpoch != decided_.peerEpoch || vote.version != 0 || vote.state != State::LOOKING) {
      return false;
    }
    State state = participant_ ? State::FOLLOWING : State::OBSERVING;
    if (decided_.leader == my_id_) state = State::LEADING;
    return state_of(model::state_of(peer)) == state;
  }

  std::int64_t my_id_;
  bool participant_;
  std::int64_t last_logged_zxid_;
  std::int64_t current_epoch_;
  QuorumVerifier verifier_;
  std::optional<QuorumVerifier> last_seen_verifier_;

  std::int64_t logicalclock_;
  std::int64_t proposedLeader_;
  std::int64_t proposedZxid_;
  std::int64_t proposedEpoch_;
  Votes recvset_;
  Votes outofelection_;

  End end_ = End::goes_on;
  bool requeued_ = false;
  int sent_ = 0;
  Notification decided_{};
};

inline Notification notification_of(const model::Notification& notification) {
  const Vote vote = vote_of(notification.vote);
  return Notification{vote.version,  vote.id, vote.zxid, vote.electionEpoch, vote.state, notification.from.value,
                      vote.peerEpoch};
}

}  // namespace conclave::longhand
