// One server of the closed system: its peer, if it runs, and what it has said that others may still hear.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "conclave/model/peer.hpp"
#include "conclave/spec/scope.hpp"

namespace conclave::spec {

enum class Life : std::uint8_t { unborn, up, down };

// The kinds of notification that a server offers on a `latest` network. Each has its own audience.
enum class Offer : std::uint8_t {
  proposal,  // sendNotifications, to voters: the latest while looking
  answer,    // to a looking voter, while not looking itself: the current vote with its own round
  courtesy,  // to a server that does not vote: the current vote with this server's clock and state
  voted      // in place of the answer, to who asks without a version: the epoch is the one that was voted for
};
inline constexpr int offers_count = 4;

// The epoch that a leader has established, or that a server has taken over from the one it follows.
struct Established {
  std::int64_t round = 0;           // that leader's; each has an epoch of its own
  model::PeerEpoch voted_epoch{0};  // which the server's vote had before (QuorumPeer.bcVote)

  friend bool operator==(const Established&, const Established&) = default;
};

struct Server {
  Life life = Life::unborn;
  model::Peer peer;  // not up: all as it began, but for what the disk keeps of a reconfiguration
  // Up only:
  std::optional<model::Notification> proposal;  // last sent to all voters by this process
  std::optional<Established> established;       // while its role has an epoch
};

// What `server` offers of a kind now. Nothing, unless it is up.
std::optional<model::Notification> offer_of(const Server& server, Offer kind);

// The canonical encoding, from which equality, hashing and storage follow: equal bytes if and only if the servers can't
// be told apart by anything that happens later. What never varies in a scenario (id, durable state) is not in it;
// decode() takes it from `blank`.
std::string encode(const Server& server);
std::string encode(const model::Notification& notification);
Server decode(const std::string& bytes, const Server& blank);
model::Notification decode_notification(const std::string& bytes);

// The server before it has ever started. `index` counts the scenario's participants from 0.
Server blank_server(const Scenario& scenario, int index);

}  // namespace conclave::spec
