// What a server remembers between its election and the moment when its leader's epoch is established, and the packets
// of that phase. The names are those of ZooKeeper's quorum port: L is Leader, LH LearnerHandler, Ln Learner.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>

#include "conclave/model/configuration.hpp"
#include "conclave/model/fixed_vector.hpp"
#include "conclave/model/peer.hpp"
#include "conclave/model/types.hpp"

namespace conclave::model {

// StateSummary: how recent a history is. Ordered as isMoreRecentThan does: by epoch, then by zxid.
struct Standing {
  PeerEpoch current_epoch{0};
  Zxid last_zxid{0};

  friend constexpr auto operator<=>(const Standing&, const Standing&) = default;
};

// --- packets ------------------------------------------------------------------------------------------------------

struct FollowerInfo {  // FOLLOWERINFO, or OBSERVERINFO from one that does not vote
  PeerEpoch accepted_epoch{0};
  LearnerType learner_type = LearnerType::participant;
  ConfigVersion config_version{0};
  friend constexpr bool operator==(const FollowerInfo&, const FollowerInfo&) = default;
};
struct LeaderInfo {  // LEADERINFO
  PeerEpoch epoch{0};
  friend constexpr bool operator==(const LeaderInfo&, const LeaderInfo&) = default;
};
struct AckEpoch {  // ACKEPOCH
  // Nothing is -1 on the wire: the epoch had been accepted before, so this does not count for it.
  std::optional<PeerEpoch> current_epoch;
  Zxid last_zxid{0};
  friend constexpr bool operator==(const AckEpoch&, const AckEpoch&) = default;
};
// DIFF, TRUNC or SNAP with all that belongs to it: afterwards the learner's history is the leader's. How a history gets
// there is no rule of the epoch.
struct Synchronise {
  Zxid from{0};  // the learner's last zxid, as it said
  Zxid to{0};    // the leader's
  friend constexpr bool operator==(const Synchronise&, const Synchronise&) = default;
};
struct NewLeader {  // NEWLEADER
  PeerEpoch epoch{0};
  friend constexpr bool operator==(const NewLeader&, const NewLeader&) = default;
};
struct EpochAck {  // ACK with the epoch's first zxid: of NEWLEADER, and once more after UPTODATE
  PeerEpoch epoch{0};
  friend constexpr bool operator==(const EpochAck&, const EpochAck&) = default;
};
struct UpToDate {  // UPTODATE
  friend constexpr bool operator==(const UpToDate&, const UpToDate&) = default;
};
struct Ping {  // PING, both ways
  friend constexpr bool operator==(const Ping&, const Ping&) = default;
};
using Packet = std::variant<FollowerInfo, LeaderInfo, AckEpoch, Synchronise, NewLeader, EpochAck, UpToDate, Ping>;

// --- a leader -----------------------------------------------------------------------------------------------------

// Where the leader's side of one connection is (LH.run).
enum class LearnerPhase : std::uint8_t {
  waiting_for_epoch,   // has said FOLLOWERINFO; in L.getEpochToPropose
  told_epoch,          // has got LEADERINFO
  waiting_for_quorum,  // has said ACKEPOCH; in L.waitForEpochAck
  told_new_leader,     // has got its history and NEWLEADER
  waiting_for_start,   // has acknowledged NEWLEADER; in L.waitForNewLeaderAck or waitForStartup
  up_to_date           // has got UPTODATE
};
struct LearnerLink {
  ServerId sid{0};
  LearnerPhase phase = LearnerPhase::waiting_for_epoch;
  Zxid last_zxid{0};  // as ACKEPOCH said
  friend constexpr bool operator==(const LearnerLink&, const LearnerLink&) = default;
};

enum class LeadPhase : std::uint8_t {
  collecting,     // L.getEpochToPropose: too few have said which epoch they accepted
  proposing,      // L.waitForEpochAck: too few have accepted the new epoch
  synchronising,  // L.waitForNewLeaderAck: too few have taken over the history
  established
};
using ServerSet = FixedVector<ServerId, servers_max>;       // sorted; voters of one configuration
using AcknowledgedSet = FixedVector<ServerId, voters_max>;  // sorted; voters of the committed or the last seen one

struct LeadingEpoch {
  LeadPhase phase = LeadPhase::collecting;
  Standing standing;                               // leaderStateSummary: when the role began
  PeerEpoch epoch{-1};                             // L.epoch
  ServerSet connected;                             // connectingFollowers: also those that are gone again
  ServerSet accepted;                              // electingFollowers
  AcknowledgedSet acknowledged;                    // newLeaderProposal's
  ServerSet refused;                               // by a leader without history: who has an older one
  FixedVector<LearnerLink, servers_max> learners;  // sorted
  friend constexpr bool operator==(const LeadingEpoch&, const LeadingEpoch&) = default;
};

// --- a learner ----------------------------------------------------------------------------------------------------

enum class LearnPhase : std::uint8_t {
  registering,   // FOLLOWERINFO is sent (Ln.registerWithLeader)
  accepted,      // ACKEPOCH is sent
  synchronised,  // the history is there (Ln.syncWithLeader)
  acknowledged,  // NEWLEADER is acknowledged
  up_to_date     // UPTODATE has come
};
struct LearningEpoch {
  ServerId leader{0};
  LearnPhase phase = LearnPhase::registering;
  PeerEpoch epoch{0};  // of LEADERINFO
  Zxid history{0};     // synchronised: what becomes durable at NEWLEADER
  friend constexpr bool operator==(const LearningEpoch&, const LearningEpoch&) = default;
};

enum class EpochRole : std::uint8_t { none, leading, learning };  // none: LOOKING

struct EpochPeer {
  ServerId id{0};
  LearnerType learner_type = LearnerType::participant;
  ConfigIndex committed = 0;
  std::optional<ConfigIndex> last_seen;
  Durable durable;  // as it will be when the writes that are asked for are done
  // A class with `role` for a tag would be a variant; but no compiler of today assigns one with such large members in a
  // constant expression. What does not belong to the role is as it was made.
  EpochRole role = EpochRole::none;
  LeadingEpoch leading;
  LearningEpoch learning;

  friend constexpr bool operator==(const EpochPeer&, const EpochPeer&) = default;
};

// A server whose process has just started, or whose election has just begun.
constexpr EpochPeer make_epoch_peer(const Ensemble& ensemble, ServerId id, const Durable& durable,
                                    ConfigIndex configuration = 0) {
  EpochPeer peer;
  peer.id = id;
  peer.durable = durable;
  peer.committed = configuration;
  const Member* member = ensemble.configurations[configuration].find(id);
  if (member != nullptr) peer.learner_type = member->role;
  return peer;
}

// QuorumPeer.loadDataBase: can a server start from this? The epoch of a zxid is its upper half.
enum class DurableError : std::uint8_t { none, current_behind_history, accepted_behind_current };
constexpr PeerEpoch epoch_of(Zxid zxid) { return PeerEpoch{zxid.value >> 32U}; }
constexpr Zxid first_zxid_of(PeerEpoch epoch) {
  return Zxid{static_cast<std::int64_t>(static_cast<std::uint64_t>(epoch.value) << 32U)};
}
constexpr DurableError check(const Durable& durable) {
  if (epoch_of(durable.last_zxid) > durable.current_epoch) return DurableError::current_behind_history;
  if (durable.accepted_epoch < durable.current_epoch) return DurableError::accepted_behind_current;
  return DurableError::none;
}

// --- events and effects -------------------------------------------------------------------------------------------

struct Lead {  // the election has decided for this server: L.lead
  friend constexpr bool operator==(const Lead&, const Lead&) = default;
};
struct Follow {  // ... for another: Follower.followLeader, Observer.observeLeader
  ServerId leader{0};
  Zxid zxid{0};  // of the vote that has elected it
  friend constexpr bool operator==(const Follow&, const Follow&) = default;
};
struct PacketFrom {
  ServerId from{0};
  Packet packet;
  friend constexpr bool operator==(const PacketFrom&, const PacketFrom&) = default;
};
struct LinkLost {  // closed, failed, or (at a leader) silent for longer than the limit
  ServerId with{0};
  friend constexpr bool operator==(const LinkLost&, const LinkLost&) = default;
};
// What is waited for has not come in time: initLimit until NEWLEADER is acknowledged, at a learner syncLimit from then
// on.
struct LimitOver {
  friend constexpr bool operator==(const LimitOver&, const LimitOver&) = default;
};
struct Tick {  // an established leader looks once a tick whether it still has a quorum
  friend constexpr bool operator==(const Tick&, const Tick&) = default;
};
using EpochEvent = std::variant<Lead, Follow, PacketFrom, LinkLost, LimitOver, Tick>;

// Writes have to be on the disk before any later effect of the same list happens.
struct WriteAccepted {  // QuorumPeer.setAcceptedEpoch
  PeerEpoch epoch{0};
  friend constexpr bool operator==(const WriteAccepted&, const WriteAccepted&) = default;
};
struct WriteCurrent {  // QuorumPeer.setCurrentEpoch
  PeerEpoch epoch{0};
  friend constexpr bool operator==(const WriteCurrent&, const WriteCurrent&) = default;
};
struct WriteHistory {  // the snapshot, or the truncated log
  Zxid last_zxid{0};
  friend constexpr bool operator==(const WriteHistory&, const WriteHistory&) = default;
};
struct Connect {  // to the leader's quorum port, and say this first
  ServerId leader{0};
  FollowerInfo info;
  friend constexpr bool operator==(const Connect&, const Connect&) = default;
};
struct SendPacket {
  ServerId to{0};
  Packet packet;
  friend constexpr bool operator==(const SendPacket&, const SendPacket&) = default;
};
struct Disconnect {
  ServerId from{0};
  friend constexpr bool operator==(const Disconnect&, const Disconnect&) = default;
};
struct Established {  // a leader: its epoch holds from now on. A learner: it is up to date with it
  ServerId leader{0};
  PeerEpoch epoch{0};
  friend constexpr bool operator==(const Established&, const Established&) = default;
};
enum class EndReason : std::uint8_t {
  link_lost,
  limit_over,
  epoch_too_low,
  unexpected_packet,
  quorum_lost,
  no_history  // a leader that keeps none, where others have one that they would need
};
struct RoleOver {  // back to LOOKING; all connections of the role are to be closed
  EndReason reason = EndReason::link_lost;
  friend constexpr bool operator==(const RoleOver&, const RoleOver&) = default;
};
using EpochEffect =
    std::variant<WriteAccepted, WriteCurrent, WriteHistory, Connect, SendPacket, Disconnect, Established, RoleOver>;

// Two packets for each learner and a few more.
inline constexpr std::size_t epoch_effects_max = 2 * servers_max + 8;
using EpochEffects = FixedVector<EpochEffect, epoch_effects_max>;

constexpr bool is_write(const EpochEffect& effect) {
  return std::holds_alternative<WriteAccepted>(effect) || std::holds_alternative<WriteCurrent>(effect) ||
         std::holds_alternative<WriteHistory>(effect);
}
// The durable state once a write is done.
constexpr void apply_write(Durable& durable, const EpochEffect& effect) {
  if (const auto* accepted = std::get_if<WriteAccepted>(&effect)) durable.accepted_epoch = accepted->epoch;
  if (const auto* current = std::get_if<WriteCurrent>(&effect)) durable.current_epoch = current->epoch;
  if (const auto* history = std::get_if<WriteHistory>(&effect)) durable.last_zxid = history->last_zxid;
}

struct EpochTransition {
  EpochPeer peer;
  EpochEffects effects;
};

}  // namespace conclave::model
