// Everything a server remembers of elections.
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "conclave/model/configuration.hpp"
#include "conclave/model/fixed_vector.hpp"
#include "conclave/model/types.hpp"
#include "conclave/model/vote.hpp"

namespace conclave::model {

// FastLeaderElection.ToSend and Notification.
struct Notification {
  ServerId from;
  Vote vote;
  // qv: what its sender has committed. Reception looks at it, and nobody after that: in a receive queue it is 0.
  ConfigIndex config = 0;

  friend constexpr bool operator==(const Notification&, const Notification&) = default;
};

// Survives a crash.
struct Durable {
  PeerEpoch accepted_epoch{0};
  PeerEpoch current_epoch{0};
  Zxid last_zxid{0};  // unlogged: no database, and none may be created; or no_history

  friend constexpr bool operator==(const Durable&, const Durable&) = default;
};
// No ZooKeeper server is without: this is a server that votes and keeps epochs, but none of the data.
constexpr bool keeps_history(Zxid last_zxid) { return last_zxid != no_history; }
constexpr bool keeps_history(const Durable& durable) { return keeps_history(durable.last_zxid); }
// With what such a server votes once after it has been elected and could not lead (EndReason::no_history): so that it
// is elected over nobody, and those that do keep a history find a leader among themselves. What it vouches for when it
// follows is still the true one.
constexpr Durable standing_back(Durable durable) {
  durable.current_epoch = PeerEpoch{least};
  return durable;
}

// QuorumOracleMaj's two inputs: whether it would be asked at all (needOracle), and what its file says.
struct Oracle {
  bool needed = true;
  bool grants = false;

  friend constexpr bool operator==(const Oracle&, const Oracle&) = default;
};

// What SyncedLearnerTracker remembers between two looks at an oracle: were the acknowledgements alone enough?
struct TrackedSupport {
  bool committed;
  bool last_seen;  // true where no newer last seen configuration counts

  friend constexpr bool operator==(const TrackedSupport&, const TrackedSupport&) = default;
};

// What the server's election thread is doing. LOOKING is the first three.
struct BeforeElection {  // LOOKING, lookForLeader not yet called
  friend constexpr bool operator==(const BeforeElection&, const BeforeElection&) = default;
};
struct Polling {  // in lookForLeader's outer loop, waiting for a notification
  friend constexpr bool operator==(const Polling&, const Polling&) = default;
};
struct Finalizing {  // a quorum supports the proposal; waiting finalizeWait for something better
  friend constexpr bool operator==(const Finalizing&, const Finalizing&) = default;
};
struct Leading {
  friend constexpr bool operator==(const Leading&, const Leading&) = default;
};
struct Following {
  ServerId leader;
  friend constexpr bool operator==(const Following&, const Following&) = default;
};
struct Observing {
  ServerId leader;
  friend constexpr bool operator==(const Observing&, const Observing&) = default;
};
using Role = std::variant<BeforeElection, Polling, Finalizing, Leading, Following, Observing>;

struct Peer {
  ServerId id{0};
  LearnerType learner_type = LearnerType::participant;
  ConfigIndex committed = 0;             // QuorumPeer.quorumVerifier
  std::optional<ConfigIndex> last_seen;  // QuorumPeer.lastSeenQuorumVerifier
  Durable durable;
  Oracle oracle;

  Round clock{0};  // logicalclock
  // proposedLeader, proposedZxid, proposedEpoch; kept after an election until the next one sets them.
  Proposal proposal{PeerEpoch{0}, Zxid{-1}, ServerId{-1}};
  // QuorumPeer.currentVote: what others are told once this server has decided.
  Vote current_vote{};
  // A decision that lookForLeader has returned and QuorumPeer.run has not yet stored (setCurrentVote).
  // For that moment the server answers in its new state with its old vote.
  std::optional<Vote> unpublished;
  Role role = BeforeElection{};
  FixedVector<Notification, received_max> received;  // recvqueue

  // Local variables of lookForLeader. Empty unless the role is Polling or Finalizing.
  VoteTable recvset;
  VoteTable outofelection;
  std::int32_t notification_timeout_ms = 0;  // notTimeout
  std::optional<TrackedSupport> tracked;     // voteSet; kept with an oracle only, which alone reads it again

  friend constexpr bool operator==(const Peer&, const Peer&) = default;
};

constexpr ServerState state_of(const Peer& peer) {
  if (std::holds_alternative<Leading>(peer.role)) return ServerState::leading;
  if (std::holds_alternative<Following>(peer.role)) return ServerState::following;
  if (std::holds_alternative<Observing>(peer.role)) return ServerState::observing;
  return ServerState::looking;
}

constexpr bool in_election(const Peer& peer) {
  return std::holds_alternative<Polling>(peer.role) || std::holds_alternative<Finalizing>(peer.role);
}

constexpr const Configuration& committed(const Ensemble& ensemble, const Peer& peer) {
  return ensemble.configurations[peer.committed];
}
constexpr const Configuration* last_seen(const Ensemble& ensemble, const Peer& peer) {
  return peer.last_seen ? &ensemble.configurations[*peer.last_seen] : nullptr;
}

// Is `server` among the voters of the committed or of the last seen configuration?
// (FastLeaderElection.validVoter, QuorumPeer.getCurrentAndNextConfigVoters: a union, whatever the versions.)
constexpr bool valid_voter(const Ensemble& ensemble, const Peer& peer, ServerId server) {
  if (committed(ensemble, peer).votes(server)) return true;
  const Configuration* next = last_seen(ensemble, peer);
  return next != nullptr && next->votes(server);
}

// getInitId, getInitLastLoggedZxid, getPeerEpoch. The id looks at the committed configuration, the other two at
// the learner type: a server that is in neither list proposes nobody, with its own zxid.
constexpr Proposal initial_proposal(const Ensemble& ensemble, const Peer& peer) {
  const bool participant = peer.learner_type == LearnerType::participant;
  return Proposal{
      participant ? peer.durable.current_epoch : PeerEpoch{least},
      participant ? peer.durable.last_zxid : Zxid{least},
      committed(ensemble, peer).votes(peer.id) ? peer.id : no_server,
  };
}

// A server whose process has just started: QuorumPeer.startLeaderElection. It receives from now on, and takes part
// once it gets the event Start. The learner type is the one that the configuration gives it.
constexpr Peer make_peer(const Ensemble& ensemble, ServerId id, const Durable& durable,
                         ConfigIndex configuration = 0) {
  Peer peer;
  peer.id = id;
  peer.durable = durable;
  peer.committed = configuration;
  const Member* member = ensemble.configurations[configuration].find(id);
  if (member != nullptr) peer.learner_type = member->role;
  peer.current_vote = Vote{Proposal{durable.current_epoch, durable.last_zxid, id}, no_round, 0, ServerState::looking};
  return peer;
}

}  // namespace conclave::model
