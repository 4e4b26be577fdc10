// What a server may be in, given what it has logged so far. Private to the search.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "conclave/logs/replay.hpp"

namespace conclave::logs {

// Where the thread QuorumPeer is, as its lines have it.
enum class Main : std::uint8_t {
  idle,       // LOOKING by state, its loop has not come round
  round,      // "LOOKING"
  started,    // lookForLeader has begun; "New election" is next
  electing,   // in the loop of lookForLeader
  timed_out,  // a wait is over; "Notification time out" is next
  decided,    // the state is set; "LEADING" or its like is next
  settled     // in its role
};

struct Situation {
  model::Peer peer;
  Main main = Main::idle;
  // What reception has logged and not yet acted upon: a fact's index.
  std::optional<std::size_t> reception;
  bool looked = false;  // with a reception: the server was looking when that line was written
  bool read = false;    // reception has read the state for its next line, which is not written yet
  // When the notifications in the queue were heard, and since when QuorumPeer waits for one; by the log's clock.
  std::vector<std::int64_t> queued_ms;
  std::int64_t taken_ms = 0;
  // Own messages on their way back to it, first the next to be logged.
  std::vector<model::Notification> owed;

  friend bool operator==(const Situation&, const Situation&) = default;
};

// Equal situations have equal ones; of others that is likely to differ.
inline std::size_t hash_of(const Situation& situation) {
  std::size_t hash = 0;
  const auto mix = [&hash](std::int64_t value) {
    hash ^= static_cast<std::size_t>(value) + 0x9e3779b97f4a7c15U + (hash << 6U) + (hash >> 2U);
  };
  const model::Peer& peer = situation.peer;
  mix(static_cast<std::int64_t>(situation.main));
  mix(situation.reception ? static_cast<std::int64_t>(*situation.reception) : -1);
  mix(static_cast<std::int64_t>(situation.owed.size()));
  mix(static_cast<std::int64_t>(peer.role.index()));
  mix(peer.clock.value);
  mix(peer.proposal.leader.value);
  mix(peer.proposal.epoch.value);
  mix(peer.notification_timeout_ms);
  mix(static_cast<std::int64_t>(peer.received.size()));
  if (!peer.received.empty()) mix(peer.received[peer.received.size() - 1].from.value);
  for (const model::Ballot& ballot : peer.recvset) mix(ballot.from.value * 31 + ballot.vote.proposal.leader.value);
  mix(static_cast<std::int64_t>(peer.outofelection.size()));
  mix((peer.unpublished ? 4 : 0) + (situation.looked ? 2 : 0) + (situation.read ? 1 : 0));
  return hash;
}

// Gives a server what it votes with, before its Start. The vote of a process that has not decided yet is made of it too
// (QuorumPeer.startLeaderElection).
inline void give(model::Peer& peer, const model::Ensemble& ensemble, const Move& move) {
  if (move.clock) peer.clock = *move.clock;
  if (!move.durable) return;
  peer.durable = *move.durable;
  if (peer.current_vote.round != model::no_round) return;
  peer.current_vote = model::make_peer(ensemble, peer.id, peer.durable, peer.committed).current_vote;
}

// A vote, a situation and what a line has told, in words for a divergence.
std::string told_vote(const model::Vote& vote);
std::string established_words(const Established& established);
std::string told_situation(const Situation& situation, const model::Ensemble& ensemble);

}  // namespace conclave::logs
