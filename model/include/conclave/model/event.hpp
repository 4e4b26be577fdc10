// What can happen to a server, and what a server then does to the world.
#pragma once

#include <cstddef>
#include <cstdint>
#include <variant>

#include "conclave/model/fixed_vector.hpp"
#include "conclave/model/peer.hpp"
#include "conclave/model/rule.hpp"
#include "conclave/model/types.hpp"
#include "conclave/model/vote.hpp"

namespace conclave::model {

// The three lengths of a notification that ZooKeeper still reads, and what it can't read.
enum class MessageFormat : std::uint8_t {
  too_short,        // under 28 bytes, or ending inside a field
  without_epoch,    // 28: state, leader, zxid, round (before ZOOKEEPER-107)
  without_version,  // 40: and the peer epoch
  versioned         // and the format version; from version 2 on, a configuration
};

enum class ConfigText : std::uint8_t {
  absent,
  bad_length,   // negative or longer than the message, or the message ends inside it
  unparseable,  // logged, and the message is used without it
  parsed
};

// A notification as it came from the network, fields still unjudged. Fields that the format does not have are
// ignored.
struct Message {
  ServerId from{0};
  MessageFormat format = MessageFormat::versioned;
  std::int32_t state_code = 0;
  ServerId leader{0};
  Zxid zxid{0};
  Round round{0};
  PeerEpoch peer_epoch{0};
  std::int32_t version = notification_version;
  ConfigText config_text = ConfigText::absent;
  ConfigIndex config = 0;  // if config_text is parsed: where the ensemble has it

  friend constexpr bool operator==(const Message&, const Message&) = default;
};

// The message that carries the notification in today's format.
constexpr Message message_of(const Notification& notification) {
  const Vote& vote = notification.vote;
  return Message{notification.from,
                 MessageFormat::versioned,
                 static_cast<std::int32_t>(vote.state),
                 vote.proposal.leader,
                 vote.proposal.zxid,
                 vote.round,
                 vote.proposal.epoch,
                 vote.version,
                 ConfigText::parsed,
                 notification.config};
}

// --- events -----------------------------------------------------------------------------------------------------

struct Start {  // QuorumPeer.run calls lookForLeader
  friend constexpr bool operator==(const Start&, const Start&) = default;
};
struct Received {  // WorkerReceiver takes a message from the connection manager
  Message message;
  friend constexpr bool operator==(const Received&, const Received&) = default;
};
struct Process {  // lookForLeader takes the head of recvqueue. REQUIRES: it is not empty
  friend constexpr bool operator==(const Process&, const Process&) = default;
};
struct Silence {  // finalizeWait has passed without a notification. REQUIRES: Finalizing, recvqueue empty
  friend constexpr bool operator==(const Silence&, const Silence&) = default;
};
struct NotificationTimeout {  // notTimeout has passed. REQUIRES: Polling, recvqueue empty
  bool delivered;             // QuorumCnxManager.haveDelivered: some send queue is empty
  friend constexpr bool operator==(const NotificationTimeout&, const NotificationTimeout&) = default;
};
struct VotePublished {  // QuorumPeer.run stores what lookForLeader returned (setCurrentVote)
  friend constexpr bool operator==(const VotePublished&, const VotePublished&) = default;
};
struct RoleEnded {  // leader lost, quorum of followers lost, or a time-out: QuorumPeer.updateServerState
  friend constexpr bool operator==(const RoleEnded&, const RoleEnded&) = default;
};
struct EpochEstablished {  // QuorumPeer.updateElectionVote
  PeerEpoch epoch;
  friend constexpr bool operator==(const EpochEstablished&, const EpochEstablished&) = default;
};
struct OracleRead {  // what QuorumOracleMaj would find from now on
  Oracle oracle;
  friend constexpr bool operator==(const OracleRead&, const OracleRead&) = default;
};

using Event = std::variant<Start, Received, Process, Silence, NotificationTimeout, VotePublished, RoleEnded,
                           EpochEstablished, OracleRead>;

// --- effects ----------------------------------------------------------------------------------------------------

struct SendTo {
  ServerId to;
  Notification notification;
  friend constexpr bool operator==(const SendTo&, const SendTo&) = default;
};
// sendNotifications: to every voter of the committed and the last seen configuration, oneself included where one
// votes. for_each_voter() below lists them.
struct SendToAll {
  Notification notification;
  friend constexpr bool operator==(const SendToAll&, const SendToAll&) = default;
};
struct ReconnectAll {  // QuorumCnxManager.connectAll
  friend constexpr bool operator==(const ReconnectAll&, const ReconnectAll&) = default;
};
enum class Timer : std::uint8_t { notification, finalize };
// Replaces whatever timer was armed. When it runs out and nothing has been received, the event is Silence
// (finalize) or NotificationTimeout (notification).
struct ArmTimer {
  Timer timer;
  std::int32_t ms;
  friend constexpr bool operator==(const ArmTimer&, const ArmTimer&) = default;
};
struct Decided {  // lookForLeader returns this vote; the event VotePublished has to follow
  ServerState state;
  Vote vote;
  friend constexpr bool operator==(const Decided&, const Decided&) = default;
};
// A newer configuration has been adopted while looking; with `restarted`, the connection manager and the election
// are replaced by new ones, whose clock starts at 0 again.
struct ConfigurationAdopted {
  ConfigIndex config;
  bool restarted;
  friend constexpr bool operator==(const ConfigurationAdopted&, const ConfigurationAdopted&) = default;
};

using Effect = std::variant<SendTo, SendToAll, ReconnectAll, ArmTimer, Decided, ConfigurationAdopted>;
using Effects = FixedVector<Effect, effects_max>;

// Arming a timer replaces the one armed before: of two in a row only the later is kept.
constexpr void append_effect(Effects& effects, const Effect& effect) {
  const bool replaces = std::holds_alternative<ArmTimer>(effect) && !effects.empty() &&
                        std::holds_alternative<ArmTimer>(effects[effects.size() - 1]);
  if (replaces) {
    effects[effects.size() - 1] = effect;
  } else {
    effects.push_back(effect);
  }
}

// What step() gives back. `rules` says which of the algorithm's branches were taken.
struct Transition {
  Peer peer;
  Effects effects;
  RuleSet rules;
};

// Calls visit(ServerId) for each receiver of a SendToAll by `peer`, in ascending order, each once.
template <class Visit>
constexpr void for_each_voter(const Ensemble& ensemble, const Peer& peer, const Visit& visit) {
  const Configuration& current = committed(ensemble, peer);
  const Configuration* next = last_seen(ensemble, peer);
  std::size_t in_current = 0;
  std::size_t in_next = 0;
  const std::size_t next_size = next == nullptr ? 0 : next->members().size();
  while (in_current < current.members().size() || in_next < next_size) {
    const bool take_current =
        in_next == next_size ||
        (in_current < current.members().size() && current.members()[in_current].id <= next->members()[in_next].id);
    const ServerId id = take_current ? current.members()[in_current].id : next->members()[in_next].id;
    const bool in_both = take_current && in_next < next_size && next->members()[in_next].id == id;
    if (take_current) ++in_current;
    if (!take_current || in_both) ++in_next;
    if (current.votes(id) || (next != nullptr && next->votes(id))) visit(id);
  }
}

}  // namespace conclave::model
