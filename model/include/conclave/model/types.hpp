// The words of the election as types that do not convert into each other, and its constants.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>

namespace conclave::model {

// A 64-bit signed number with a meaning of its own. ZooKeeper uses Java's `long` for all of these and compares
// them signed; so does this.
template <class Meaning>
struct Number {
  std::int64_t value;

  friend constexpr auto operator<=>(const Number&, const Number&) = default;
};

using ServerId = Number<struct ServerIdMeaning>;            // myid; `sid` in ZooKeeper
using Zxid = Number<struct ZxidMeaning>;                    // id of the last logged transaction
using PeerEpoch = Number<struct PeerEpochMeaning>;          // epoch of the proposed leader; currentEpoch
using Round = Number<struct RoundMeaning>;                  // logical clock; `electionEpoch` in ZooKeeper
using ConfigVersion = Number<struct ConfigVersionMeaning>;  // version of a configuration
using Weight = Number<struct WeightMeaning>;

// What a server that does not vote proposes (FastLeaderElection.getInitId and its two neighbours).
inline constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
inline constexpr ServerId no_server{least};
// The zxid of a server that has no database and may not create one (ZOOKEEPER-261).
inline constexpr Zxid unlogged{-1};
// The zxid of a server that keeps no history at all: below every history, the empty one (0) included. Not ZooKeeper's.
inline constexpr Zxid no_history{least};
// The round of a vote that no election has decided (Vote's three-argument constructor).
inline constexpr Round no_round{-1};

// Java's `++` on a long: wraps around instead of being undefined.
constexpr Round next(Round round) {
  return Round{static_cast<std::int64_t>(static_cast<std::uint64_t>(round.value) + 1U)};
}

// The numbers are those on the wire (QuorumPeer.ServerState's ordinals).
enum class ServerState : std::uint8_t { looking = 0, following = 1, leading = 2, observing = 3 };
inline constexpr int server_states = 4;

enum class LearnerType : std::uint8_t { participant, observer };

constexpr std::string_view name_of(ServerState state) {
  switch (state) {
    case ServerState::looking: return "LOOKING";
    case ServerState::following: return "FOLLOWING";
    case ServerState::leading: return "LEADING";
    case ServerState::observing: return "OBSERVING";
  }
  return "?";
}

// Bounds. All are ours: ZooKeeper's collections grow without one.
inline constexpr std::size_t servers_max = 128;             // of one configuration
inline constexpr std::size_t voters_max = 2 * servers_max;  // of the committed and the last seen one together
inline constexpr std::size_t configurations_max = 4;
inline constexpr std::size_t received_max = 128;
inline constexpr std::size_t step_effects_max = 4;  // of one step()
inline constexpr std::size_t effects_max = 24;      // of one react()
// Notifications carry this format version (FastLeaderElection.Notification.CURRENTVERSION).
inline constexpr std::int32_t notification_version = 2;

// react() stops early rather than run out of room, so it needs room for more than one step.
static_assert(effects_max >= 3 * step_effects_max);

}  // namespace conclave::model
