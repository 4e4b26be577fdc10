// Votes: their order, their equality, and the tables a server keeps them in.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>

#include "conclave/model/fixed_vector.hpp"
#include "conclave/model/types.hpp"

namespace conclave::model {

// Whom a server proposes, with what makes that server a good choice. The order of the members is the order of
// votes: FastLeaderElection.totalOrderPredicate without its look at the weight.
struct Proposal {
  PeerEpoch epoch;
  Zxid zxid;
  ServerId leader;

  friend constexpr auto operator<=>(const Proposal&, const Proposal&) = default;
};

// A proposal with where it was said: org.apache.zookeeper.server.quorum.Vote.
// `==` is identity of all members; what ZooKeeper calls equal is votes_equal() below.
struct Vote {
  Proposal proposal;
  Round round;
  std::int32_t version;
  ServerState state;

  friend constexpr bool operator==(const Vote&, const Vote&) = default;
};

// Vote.equals. A relation, not an equivalence: with mixed versions it is not transitive (ZOOKEEPER-1732 and
// ZOOKEEPER-1805 tell why zxid and round do not count once a server has left the election).
constexpr bool votes_equal(const Vote& left, const Vote& right) {
  if (left.state == ServerState::looking || right.state == ServerState::looking) {
    return left.proposal == right.proposal && left.round == right.round;
  }
  const bool same_leader = left.proposal.leader == right.proposal.leader;
  if ((left.version > 0) != (right.version > 0)) return same_leader;
  return same_leader && left.proposal.epoch == right.proposal.epoch;
}

struct Ballot {
  ServerId from;
  Vote vote;

  friend constexpr bool operator==(const Ballot&, const Ballot&) = default;
};

// Server -> its vote: `recvset` and `outofelection` of FastLeaderElection.lookForLeader.
// Invariant: sorted by server, each server at most once.
class VoteTable {
 public:
  constexpr void put(ServerId from, const Vote& vote) {
    Ballot* place = find_place(from);
    if (place != ballots_.end() && place->from == from) {
      place->vote = vote;
    } else if (!ballots_.full()) {
      ballots_.insert(static_cast<std::size_t>(place - ballots_.begin()), Ballot{from, vote});
    }
    // Full and unknown can't be: only voters of the (at most two) configurations in use get here.
  }
  // nullptr if the server has not voted.
  [[nodiscard]] constexpr const Vote* find(ServerId from) const {
    for (const Ballot& ballot : ballots_) {
      if (ballot.from == from) return &ballot.vote;
    }
    return nullptr;
  }
  constexpr void clear() { ballots_.clear(); }
  [[nodiscard]] constexpr std::size_t size() const { return ballots_.size(); }
  [[nodiscard]] constexpr const Ballot* begin() const { return ballots_.begin(); }
  [[nodiscard]] constexpr const Ballot* end() const { return ballots_.end(); }

  friend constexpr bool operator==(const VoteTable&, const VoteTable&) = default;

 private:
  constexpr Ballot* find_place(ServerId from) {
    Ballot* place = ballots_.begin();
    while (place != ballots_.end() && place->from < from) ++place;
    return place;
  }

  FixedVector<Ballot, voters_max> ballots_;
};

}  // namespace conclave::model
