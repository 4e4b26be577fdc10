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
  answer,    // to a looking voter, once decided: the current vote with its own round
  courtesy   // to a server that does not vote: the current vote with this server's clock and state
};
inline constexpr int offers_count = 3;

struct Server {
  Life life = Life::unborn;
  model::Peer peer;                             // up only
  std::optional<model::Notification> proposal;  // last sent to all voters by this process
  // Down only: what is still on its way, and to whom (bit i: participant i, up since before the crash).
  std::optional<model::Notification> answer;
  std::optional<model::Notification> courtesy;
  std::uint32_t readers = 0;
};

// What `server` offers of a kind now; of an up server it follows from its peer.
std::optional<model::Notification> offer_of(const Server& server, Offer kind);

// The canonical encoding, from which equality, hashing and storage follow: equal bytes if and only if the servers can't
// be told apart by anything that happens later. What never varies in a scenario (id, configuration, durable state) is
// not in it; decode() takes it from `blank`.
std::string encode(const Server& server);
Server decode(const std::string& bytes, const Server& blank);

// The server before it has ever started. `index` counts the scenario's participants from 0.
Server blank_server(const Scenario& scenario, int index);

}  // namespace conclave::spec
