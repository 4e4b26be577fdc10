// The election: one pure function from a server and an event to the server afterwards and what it does.
//
//     Transition step(const Ensemble&, const Peer&, const Event&)
//
// Every rule of ZooKeeper's Fast Leader Election is here, its predicates in zookeeper_rules.hpp, and nowhere else. The
// names in the comments are methods of org.apache.zookeeper.server.quorum; FLE is FastLeaderElection. No I/O, clock,
// allocation or exception; usable in constant expressions and from any thread.
#pragma once

#include <algorithm>
#include <optional>
#include <variant>

#include "conclave/model/configuration.hpp"
#include "conclave/model/event.hpp"
#include "conclave/model/peer.hpp"
#include "conclave/model/rule.hpp"
#include "conclave/model/types.hpp"
#include "conclave/model/vote.hpp"
#include "conclave/model/zookeeper_rules.hpp"

namespace conclave::model {

// One step, in the making. Used by step_with() alone.
template <class Rules>
class Stepper {
 public:
  constexpr Stepper(const Ensemble& ensemble, const Peer& peer) : ensemble_(ensemble), made_{peer, {}, {}} {}

  constexpr Transition take(const Event& event) {
    // Assigning Role{...} whole, not an alternative, is what clang 14 can do in a constant expression.
    std::visit([this](const auto& happened) { this->on(happened); }, event);
    return made_;
  }

 private:
  enum class Order : std::uint8_t { not_better, better, unknown_weight };

  // --- the events ---------------------------------------------------------------------------------------------

  constexpr void on(const Start&) {
    if (!std::holds_alternative<BeforeElection>(peer().role)) return;
    start();
  }

  constexpr void on(const Received& received) { receive(received.message); }

  constexpr void on(const Process&) {
    if (!in_election(peer()) || peer().received.empty()) return;
    const Notification head = peer().received[0];
    peer().received.erase(0);
    if (std::holds_alternative<Finalizing>(peer().role)) {
      process_while_finalizing(head);
    } else {
      process(head);
    }
    rearm();
  }

  constexpr void on(const Silence&) {
    if (!std::holds_alternative<Finalizing>(peer().role) || !peer().received.empty()) return;
    fired(Rule::decide_by_silence);
    decide(Vote{peer().proposal, peer().clock, 0, ServerState::looking});
  }

  constexpr void on(const NotificationTimeout& timeout) {
    if (!std::holds_alternative<Polling>(peer().role) || !peer().received.empty()) return;
    if (timeout.delivered) {
      fired(Rule::time_out_resend);
      send_to_all();
    } else {
      fired(Rule::time_out_reconnect);
      effect(ReconnectAll{});
    }
    // `notTimeout << 1` of a Java int: beyond 2^30 ms it turns negative, and the next wait is none.
    const auto doubled = static_cast<std::int32_t>(static_cast<std::uint32_t>(peer().notification_timeout_ms) << 1U);
    peer().notification_timeout_ms = std::min(doubled, ensemble_.timing.notification_interval_max_ms);
    if (oracle_now_enough()) {
      fired(Rule::time_out_oracle_decides);
      decide(Vote{peer().proposal, peer().clock, 0, ServerState::looking});
    }
    rearm();
  }

  constexpr void on(const VotePublished&) {
    if (!peer().unpublished) return;
    fired(Rule::publish_vote);
    peer().current_vote = *peer().unpublished;
    peer().unpublished = std::optional<Vote>{};
  }

  // QuorumPeer stores a decision before it takes up the role, so a role that ends has been published.
  constexpr void on(const RoleEnded&) {
    if (state_of(peer()) == ServerState::looking || peer().unpublished) return;
    fired(Rule::end_role);
    peer().role = Role{BeforeElection{}};
  }

  constexpr void on(const EpochEstablished& established) {
    if (state_of(peer()) == ServerState::looking || peer().unpublished) return;
    fired(Rule::establish_epoch);
    peer().current_vote.proposal.epoch = established.epoch;
  }

  constexpr void on(const OracleRead& read) { peer().oracle = read.oracle; }

  // --- FLE.lookForLeader, before its loop ---------------------------------------------------------------------

  constexpr void start() {
    fired(Rule::start);
    peer().clock = next(peer().clock);
    peer().proposal = initial_proposal(ensemble_, peer());
    forget_votes();
    peer().notification_timeout_ms = ensemble_.timing.notification_interval_min_ms;
    peer().role = Role{Polling{}};
    send_to_all();
    rearm();
  }

  // --- WorkerReceiver.run: one message ------------------------------------------------------------------------

  constexpr void receive(const Message& message) {
    if (message.format == MessageFormat::too_short) return fired(Rule::drop_short);
    if (!accept_configuration(message)) return;
    if (!valid_voter(ensemble_, peer(), message.from)) return answer_non_voter(message.from);
    if (message.state_code < 0 || message.state_code >= server_states) return fired(Rule::drop_unknown_state);

    const Notification notification = notification_of(message);
    if (state_of(peer()) == ServerState::looking) {
      queue(notification);
      answer_lagging(notification);
    } else {
      answer_looking(notification);
    }
  }

  static constexpr Notification notification_of(const Message& message) {
    PeerEpoch epoch = message.peer_epoch;
    // ZxidUtils.getEpochFromZxid: the upper half, sign and all.
    if (message.format == MessageFormat::without_epoch) epoch = PeerEpoch{message.zxid.value >> 32};
    const std::int32_t version = message.format == MessageFormat::versioned ? message.version : 0;
    return Notification{message.from, Vote{Proposal{epoch, message.zxid, message.leader}, message.round, version,
                                           static_cast<ServerState>(message.state_code)}};
  }

  // The part of a message that only format versions above 1 have. False: the message goes no further.
  constexpr bool accept_configuration(const Message& message) {
    if (message.format != MessageFormat::versioned || message.version <= 1) return true;
    if (message.config_text == ConfigText::bad_length || message.config_text == ConfigText::absent) {
      fired(Rule::drop_bad_config_length);
      return false;
    }
    if (message.config_text == ConfigText::unparseable) {
      fired(Rule::ignore_unparseable_config);
      return true;
    }
    const Configuration current = committed(ensemble_, peer());
    const Configuration& received = ensemble_.configurations[message.config];
    if (received.version() <= current.version()) return true;
    if (state_of(peer()) != ServerState::looking) {
      fired(Rule::skip_newer_config);
      return true;
    }
    const bool adopted = ensemble_.reconfig_enabled;
    if (adopted) adopt(message.config);
    // With reconfiguration disabled ZooKeeper adopts nothing, and yet restarts the election.
    if (!received.same_as(current)) {
      restart_for(message.config, adopted);
      return false;
    }
    if (adopted) {
      fired(Rule::adopt_newer_config);
      effect(ConfigurationAdopted{message.config, false});
    }
    return true;
  }

  // QuorumPeer.setQuorumVerifier and updateLearnerType. A server in neither list becomes a participant that does not
  // vote.
  constexpr void adopt(ConfigIndex index) {
    const Configuration& next = ensemble_.configurations[index];
    const Configuration* seen = last_seen(ensemble_, peer());
    if (!next.same_as(committed(ensemble_, peer()))) {
      const Member* self = next.find(peer().id);
      peer().learner_type = self == nullptr ? LearnerType::participant : self->role;
    }
    peer().committed = index;
    peer().oracle.needed = true;  // the flag of a verifier just made
    if (seen == nullptr || next.version() > seen->version()) peer().last_seen = index;
  }

  // lookForLeader returns null, and startLeaderElection makes a new FastLeaderElection: everything volatile is new.
  constexpr void restart_for(ConfigIndex index, bool adopted) {
    fired(Rule::restart_for_newer_config);
    Peer fresh = make_peer(ensemble_, peer().id, peer().durable, peer().committed);
    fresh.learner_type = peer().learner_type;
    fresh.last_seen = peer().last_seen;
    fresh.oracle = peer().oracle;
    peer() = fresh;
    effect(ConfigurationAdopted{adopted ? index : peer().committed, true});
  }

  constexpr void answer_non_voter(ServerId to) {
    fired(Rule::answer_non_voter);
    const Vote& current = peer().current_vote;
    send_to(to, Vote{current.proposal, peer().clock, notification_version, state_of(peer())});
  }

  constexpr void queue(const Notification& notification) {
    fired(Rule::queue_notification);
    if (peer().received.full()) {
      fired(Rule::drop_oldest_received);
      peer().received.erase(0);
    }
    peer().received.push_back(notification);
  }

  constexpr void answer_lagging(const Notification& notification) {
    if (notification.vote.state != ServerState::looking || notification.vote.round >= peer().clock) return;
    fired(Rule::answer_lagging);
    send_to(notification.from, Vote{peer().proposal, peer().clock, notification_version, ServerState::looking});
  }

  constexpr void answer_looking(const Notification& notification) {
    if (notification.vote.state != ServerState::looking) return fired(Rule::drop_while_settled);
    fired(Rule::answer_looking);
    const Vote& current = peer().current_vote;
    send_to(notification.from, Vote{current.proposal, current.round, notification_version, state_of(peer())});
  }

  // --- FLE.lookForLeader, its loop: one notification ----------------------------------------------------------

  constexpr void process(const Notification& notification) {
    const bool sender_votes = valid_voter(ensemble_, peer(), notification.from);
    const bool leader_votes = valid_voter(ensemble_, peer(), notification.vote.proposal.leader);
    const bool heeded = Rules::heeds(leader_votes);
    if (!heeded) fired(Rule::ignore_proposed_leader);
    if (!sender_votes) fired(Rule::ignore_sender);
    if (!heeded || !sender_votes) return;
    switch (notification.vote.state) {
      case ServerState::looking: return process_looking(notification);
      case ServerState::observing: return fired(Rule::ignore_observing);
      case ServerState::following: return void(process_settled(notification));
      case ServerState::leading: return process_leading(notification);
    }
  }

  constexpr void process_looking(const Notification& notification) {
    const Proposal own = initial_proposal(ensemble_, peer());
    if (!Rules::has_database(own.zxid)) return fired(Rule::ignore_without_own_zxid);
    if (!Rules::has_database(notification.vote.proposal.zxid)) return fired(Rule::ignore_without_their_zxid);
    if (!follow_rounds_and_order(notification.vote, own)) return;

    // Stored without version and state: those of a looking vote do not matter.
    peer().recvset.put(notification.from,
                       Vote{notification.vote.proposal, notification.vote.round, 0, ServerState::looking});
    const Vote mine{peer().proposal, peer().clock, 0, ServerState::looking};
    if (heard_enough()) return decide(mine);
    if (!supported(peer().recvset, mine)) return;
    fired(Rule::begin_finalizing);
    peer().role = Role{Finalizing{}};
  }

  [[nodiscard]] constexpr bool heard_enough() const {
    const Configuration& current = committed(ensemble_, peer());
    const Weight weight = current.weight_of(peer().proposal.leader).value_or(Weight{0});
    return Rules::done_at_once(peer().recvset.size(), current.voters(), weight);
  }

  // False: the notification is not to be counted.
  constexpr bool follow_rounds_and_order(const Vote& theirs, const Proposal& own) {
    if (theirs.round > peer().clock) {
      peer().clock = theirs.round;
      peer().recvset.clear();  // outofelection is kept
      const Order order = compare(theirs.proposal, own);
      if (order == Order::unknown_weight) return fail();
      const bool better = Rules::takes_up(order == Order::better);
      fired(better ? Rule::join_later_round_with_theirs : Rule::join_later_round_with_own);
      peer().proposal = better ? theirs.proposal : own;
      send_to_all();
      return true;
    }
    if (Rules::earlier(theirs.round, peer().clock)) {  // reception has answered it
      fired(Rule::ignore_earlier_round);
      return false;
    }
    const Order order = compare(theirs.proposal, peer().proposal);
    if (order == Order::unknown_weight) return fail();
    if (order == Order::better) {
      fired(Rule::adopt_better_vote);
      peer().proposal = theirs.proposal;
      send_to_all();
    } else {
      fired(Rule::keep_proposal);
    }
    return true;
  }

  // The inner loop. Its test looks at the order alone: neither at the round, nor the state, nor whether anyone votes.
  constexpr void process_while_finalizing(const Notification& notification) {
    switch (compare(notification.vote.proposal, peer().proposal)) {
      case Order::unknown_weight: fail(); return;
      case Order::not_better: return fired(Rule::finalizing_discard);
      case Order::better:
        fired(Rule::finalizing_requeue);
        peer().received.push_back(notification);
        peer().role = Role{Polling{}};
        return;
    }
  }

  // FLE.receivedFollowingNotification. True: decided.
  constexpr bool process_settled(const Notification& notification) {
    const Vote& vote = notification.vote;
    if (Rules::of_this_round(vote.round, peer().clock)) {
      fired(Rule::count_same_round);
      peer().recvset.put(notification.from, Rules::kept_in_round(vote));
      // The probe keeps its version, the stored votes have none: where the probe has one (and the stored vote is not of
      // a looking server) they are compared by leader alone.
      const bool joins = confirmed(peer().recvset, vote, Rules::confirming(peer()));
      if (joins) return join(vote, Rule::join_same_round);
    }
    fired(Rule::count_settled);
    const Vote kept = Rules::kept_for_ever(vote);
    peer().outofelection.put(notification.from, kept);
    const bool joins = confirmed(peer().outofelection, kept, peer().outofelection);
    return joins && join(vote, Rule::join_out_of_election);
  }

  // Does a quorum of `votes` agree with the probe, and do `words` say that its leader leads?
  constexpr bool confirmed(const VoteTable& votes, const Vote& probe, const VoteTable& words) {
    if (!quorum_supports(votes, probe)) return false;
    if (Rules::leader_confirmed(peer(), words, probe.proposal.leader, probe.round)) return true;
    fired(Rule::leader_unconfirmed);
    return false;
  }

  // Always true, for the caller's convenience.
  constexpr bool join(const Vote& vote, Rule rule) {
    fired(rule);
    if (rule == Rule::join_out_of_election) peer().clock = vote.round;
    decide(vote);
    return true;
  }

  // FLE.receivedLeadingNotification. Neither a second look at the leader nor the number of voters is asked for.
  constexpr void process_leading(const Notification& notification) {
    switch (Rules::word_of_leader(notification.vote, peer().clock)) {
      case LeadersWord::counts: break;
      case LeadersWord::suffices: return decide(notification.vote);
      case LeadersWord::begins_anew: peer().current_vote = notification.vote; return start();
    }
    if (process_settled(notification)) return;
    const bool has_oracle = committed(ensemble_, peer()).kind() == QuorumKind::oracle_majority;
    if (!has_oracle || !peer().oracle.needed || peer().oracle.grants) return;
    fired(Rule::oracle_follows);
    decide(notification.vote);
  }

  // --- support and order --------------------------------------------------------------------------------------

  // FLE.totalOrderPredicate. Only the weight of the proposed leader is looked at, in the committed configuration.
  [[nodiscard]] constexpr Order compare(const Proposal& proposed, const Proposal& current) const {
    const std::optional<Weight> weight = committed(ensemble_, peer()).weight_of(proposed.leader);
    if (!weight) return Order::unknown_weight;
    if (!Rules::electable(*weight)) return Order::not_better;
    return Rules::supersedes(proposed, current) ? Order::better : Order::not_better;
  }

  // FLE.getVoteTracker: who of the table agrees with the probe? Nobody is added, neither sender nor oneself.
  [[nodiscard]] constexpr TrackedSupport track(const VoteTable& votes, const Vote& probe) const {
    const auto acknowledges = [&votes, &probe](ServerId server) {
      const Vote* vote = votes.find(server);
      return vote != nullptr && Rules::equal(probe, *vote);
    };
    const Configuration& current = committed(ensemble_, peer());
    const Configuration* next = last_seen(ensemble_, peer());
    const bool next_counts = next != nullptr && next->version() > current.version();
    return TrackedSupport{Rules::contains_quorum(current, acknowledges),
                          !next_counts || Rules::contains_quorum(*next, acknowledges)};
  }

  // SyncedLearnerTracker.hasAllQuorums, with QuorumOracleMaj.containsQuorum's exception for two voters.
  [[nodiscard]] constexpr bool enough(const TrackedSupport& support) const {
    const auto oracle_grants = [this](const Configuration* configuration) {
      return configuration != nullptr && configuration->kind() == QuorumKind::oracle_majority &&
             configuration->voters() <= 2 && peer().oracle.needed && peer().oracle.grants;
    };
    return (support.committed || oracle_grants(&committed(ensemble_, peer()))) &&
           (support.last_seen || oracle_grants(last_seen(ensemble_, peer())));
  }

  [[nodiscard]] constexpr bool quorum_supports(const VoteTable& votes, const Vote& probe) const {
    return enough(track(votes, probe));
  }

  // As quorum_supports, for looking votes: an oracle asks again after a time-out, about this support.
  constexpr bool supported(const VoteTable& votes, const Vote& probe) {
    const TrackedSupport support = track(votes, probe);
    if (committed(ensemble_, peer()).kind() == QuorumKind::oracle_majority) peer().tracked = support;
    return enough(support);
  }

  // QuorumOracleMaj.revalidateVoteset. Its condition on the time-out fails only where the bounds leave no doubling.
  [[nodiscard]] constexpr bool oracle_now_enough() const {
    const bool has_oracle = committed(ensemble_, peer()).kind() == QuorumKind::oracle_majority;
    const bool doubled = peer().notification_timeout_ms != ensemble_.timing.notification_interval_min_ms;
    return has_oracle && doubled && peer().tracked && enough(*peer().tracked);
  }

  // --- outcomes -----------------------------------------------------------------------------------------------

  // setPeerState, leaveInstance and the vote that lookForLeader returns.
  constexpr void decide(const Vote& vote) {
    const ServerId leader = vote.proposal.leader;
    if (leader == peer().id) {
      peer().role = Role{Leading{}};
    } else if (peer().learner_type == LearnerType::participant) {
      peer().role = Role{Following{leader}};
    } else {
      peer().role = Role{Observing{leader}};
    }
    // `new Vote(leader, zxid, round, epoch)`: version 0, and the state of a looking vote.
    peer().unpublished = Vote{vote.proposal, Rules::decided_in(vote.round), 0, ServerState::looking};
    peer().received.clear();
    forget_votes();
    effect(Decided{state_of(peer()), *peer().unpublished});
  }

  // A NullPointerException leaves lookForLeader; QuorumPeer.run logs it and calls lookForLeader again. The queue
  // stays, the notification in hand is lost. Always false, for the caller's convenience.
  constexpr bool fail() {
    fired(Rule::restart_for_unknown_weight);
    start();
    return false;
  }

  constexpr void forget_votes() {
    peer().recvset.clear();
    peer().outofelection.clear();
    peer().tracked = std::optional<TrackedSupport>{};
    peer().notification_timeout_ms = 0;
  }

  constexpr void send_to_all() {
    const Vote vote{peer().proposal, peer().clock, notification_version, ServerState::looking};
    effect(SendToAll{Notification{peer().id, vote, peer().committed}});
  }

  constexpr void send_to(ServerId to, const Vote& vote) {
    effect(SendTo{to, Notification{peer().id, vote, peer().committed}});
  }

  // Both loops begin their next wait from zero. Once decided there is nothing to wait for.
  constexpr void rearm() {
    if (std::holds_alternative<Finalizing>(peer().role)) {
      effect(ArmTimer{Timer::finalize, ensemble_.timing.finalize_wait_ms});
    } else if (std::holds_alternative<Polling>(peer().role)) {
      effect(ArmTimer{Timer::notification, peer().notification_timeout_ms});
    }
  }

  constexpr Peer& peer() { return made_.peer; }
  [[nodiscard]] constexpr const Peer& peer() const { return made_.peer; }
  constexpr void fired(Rule rule) { made_.rules.add(rule); }
  constexpr void effect(const Effect& happened) { append_effect(made_.effects, happened); }

  const Ensemble& ensemble_;
  Transition made_;
};

// The same algorithm under other predicates. Production code calls step().
template <class Rules>
constexpr Transition step_with(const Ensemble& ensemble, const Peer& peer, const Event& event) {
  return Stepper<Rules>(ensemble, peer).take(event);
}

// Takes a server and what happens to it, gives the server afterwards and its effects, in the order in which ZooKeeper
// has them. An event whose REQUIRES does not hold changes nothing and has no effect.
// REQUIRES: peer.committed, peer.last_seen and a message's config are indices into ensemble.configurations.
constexpr Transition step(const Ensemble& ensemble, const Peer& peer, const Event& event) {
  return step_with<ZooKeeperRules>(ensemble, peer, event);
}

}  // namespace conclave::model
