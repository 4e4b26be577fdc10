// The predicates of the election, each a rule of ZooKeeper. The names in the comments are methods of
// org.apache.zookeeper.server.quorum; FLE is FastLeaderElection.
#pragma once

#include <cstddef>
#include <cstdint>

#include "conclave/model/configuration.hpp"
#include "conclave/model/peer.hpp"
#include "conclave/model/types.hpp"
#include "conclave/model/vote.hpp"

namespace conclave::model {

// What a LEADING notification does, beside being counted.
enum class LeadersWord : std::uint8_t {
  counts,       // nothing
  suffices,     // the server follows at once
  begins_anew,  // the vote is stored, and the next election begins
};

// The predicates of the election, as today's ZooKeeper has them. step() is compiled with exactly these. A study of
// another version's rule derives from this struct, hides one function and calls step_with<>: that is how spec/ seeds
// historical bugs without a switch in here.
struct ZooKeeperRules {
  // Is `proposed` better than `current`, as far as the order goes? FLE.totalOrderPredicate after its look at weights.
  static constexpr bool supersedes(const Proposal& proposed, const Proposal& current) { return proposed > current; }

  // Is a looking vote of a round that is over? It is not counted then (ZOOKEEPER-157).
  static constexpr bool earlier(Round theirs, Round clock) { return theirs < clock; }

  // Vote.equals.
  static constexpr bool equal(const Vote& left, const Vote& right) { return votes_equal(left, right); }

  // QuorumVerifier.containsQuorum.
  template <class Acknowledges>
  static constexpr bool contains_quorum(const Configuration& configuration, const Acknowledges& acknowledges) {
    return configuration.contains_quorum(acknowledges);
  }

  // FLE.checkLeader: another leader must itself have said that it leads; oneself is believed in the own round only
  // (ZOOKEEPER-1514).
  static constexpr bool leader_confirmed(const Peer& peer, const VoteTable& votes, ServerId leader, Round round) {
    if (leader == peer.id) return peer.clock == round;
    const Vote* word = votes.find(leader);
    return word != nullptr && word->state == ServerState::leading;
  }

  // FLE.totalOrderPredicate's look at the weight of the proposed leader (ZOOKEEPER-498).
  static constexpr bool electable(Weight weight) { return weight.value != 0; }

  // FLE.lookForLeader's look at the proposed leader: who does not vote can't lead (ZOOKEEPER-2988).
  static constexpr bool heeds(bool leader_votes) { return leader_votes; }

  // Has a vote with this zxid a database behind it? Without one it does not count (ZOOKEEPER-261).
  static constexpr bool has_database(Zxid zxid) { return zxid != unlogged; }

  // A looking vote of a later round was heard. Is it taken up rather than the own initial vote? If it is `better`
  // (ZOOKEEPER-275).
  static constexpr bool takes_up(bool better) { return better; }

  // Is a looking server done at once that has heard so many of the voters? Never (ZOOKEEPER-975).
  static constexpr bool done_at_once(std::size_t /*heard*/, std::size_t /*voters*/, Weight /*proposed leader's*/) {
    return false;
  }

  // What the word of a leader is worth, before it is counted like a follower's: nothing (ZOOKEEPER-157, ZOOKEEPER-975).
  static constexpr LeadersWord word_of_leader(const Vote&, Round /*clock*/) { return LeadersWord::counts; }

  // Is a settled server's vote counted among those of the round? (ZOOKEEPER-480)
  static constexpr bool of_this_round(Round theirs, Round clock) { return theirs == clock; }

  // A settled server's vote as recvset holds it: with its state and without its version.
  static constexpr Vote kept_in_round(const Vote& vote) { return {vote.proposal, vote.round, 0, vote.state}; }

  // The votes of which one has to say that the leader of a quorum in recvset leads (ZOOKEEPER-3537).
  static constexpr const VoteTable& confirming(const Peer& peer) { return peer.recvset; }

  // A settled server's vote as outofelection holds it and as it is looked for there (ZOOKEEPER-1818).
  static constexpr Vote kept_for_ever(const Vote& vote) { return vote; }

  // The round in a decided vote, which is what the server answers from then on (ZOOKEEPER-1818).
  static constexpr Round decided_in(Round round) { return round; }
};

}  // namespace conclave::model
