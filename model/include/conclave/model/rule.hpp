// The branches of the algorithm, by name. Each transition says which it took; coverage is counted by these.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace conclave::model {

enum class Rule : std::uint8_t {
  start,
  drop_short,
  drop_bad_config_length,
  ignore_unparseable_config,
  adopt_newer_config,
  restart_for_newer_config,
  skip_newer_config,
  answer_non_voter,
  drop_unknown_state,
  queue_notification,
  drop_oldest_received,
  answer_lagging,
  answer_looking,
  drop_while_settled,
  ignore_sender,
  ignore_proposed_leader,
  ignore_without_own_zxid,
  ignore_without_their_zxid,
  join_later_round_with_theirs,
  join_later_round_with_own,
  ignore_earlier_round,
  adopt_better_vote,
  keep_proposal,
  begin_finalizing,
  finalizing_requeue,
  finalizing_discard,
  decide_by_silence,
  ignore_observing,
  count_same_round,
  count_settled,
  join_same_round,
  join_out_of_election,
  leader_unconfirmed,
  oracle_follows,
  time_out_resend,
  time_out_reconnect,
  time_out_oracle_decides,
  restart_for_unknown_weight,
  publish_vote,
  end_role,
  establish_epoch,
  count_  // how many there are
};
inline constexpr std::size_t rules_count = static_cast<std::size_t>(Rule::count_);
static_assert(rules_count <= 64, "RuleSet is one word");

class RuleSet {
 public:
  constexpr void add(Rule rule) { bits_ |= std::uint64_t{1} << static_cast<unsigned>(rule); }
  constexpr void add(RuleSet other) { bits_ |= other.bits_; }
  [[nodiscard]] constexpr bool has(Rule rule) const { return (bits_ >> static_cast<unsigned>(rule) & 1U) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }

  friend constexpr bool operator==(const RuleSet&, const RuleSet&) = default;

 private:
  std::uint64_t bits_ = 0;
};

struct RuleInfo {
  Rule rule;
  std::string_view name;
  std::string_view zookeeper;  // the method it stands for
  std::string_view sentence;
};

inline constexpr std::array<RuleInfo, rules_count> rule_infos = {{
    {Rule::start, "start", "FastLeaderElection.lookForLeader",
     "clock + 1, propose the initial vote, tell all voters"},
    {Rule::drop_short, "drop-short", "WorkerReceiver.run",
     "a message under 28 bytes, or one that ends inside a field, is dropped"},
    {Rule::drop_bad_config_length, "drop-bad-config-length", "WorkerReceiver.run",
     "a configuration length that can't be right drops the message"},
    {Rule::ignore_unparseable_config, "ignore-unparseable-config", "WorkerReceiver.run",
     "a configuration that does not parse is ignored, the message is not"},
    {Rule::adopt_newer_config, "adopt-newer-config", "QuorumPeer.processReconfig",
     "looking: a newer configuration of the same members becomes the committed one"},
    {Rule::restart_for_newer_config, "restart-for-newer-config", "WorkerReceiver.run",
     "looking: a newer configuration with other members, addresses or weights restarts the election, clock from 0"},
    {Rule::skip_newer_config, "skip-newer-config", "WorkerReceiver.run",
     "not looking: a newer configuration in a notification is not taken"},
    {Rule::answer_non_voter, "answer-non-voter", "WorkerReceiver.run",
     "a server that does not vote gets the current vote, with this server's clock, at once"},
    {Rule::drop_unknown_state, "drop-unknown-state", "WorkerReceiver.run", "a state code above 3 drops the message"},
    {Rule::queue_notification, "queue-notification", "WorkerReceiver.run", "looking: the main loop gets it"},
    {Rule::drop_oldest_received, "drop-oldest-received", "none: recvqueue is unbounded there",
     "a full receive queue drops its oldest"},
    {Rule::answer_lagging, "answer-lagging", "WorkerReceiver.run",
     "looking: a looking server of an earlier round gets this server's proposal and round"},
    {Rule::answer_looking, "answer-looking", "WorkerReceiver.run",
     "not looking: a looking server gets the current vote with that vote's round"},
    {Rule::drop_while_settled, "drop-while-settled", "WorkerReceiver.run",
     "not looking: what a server that is not looking says is dropped"},
    {Rule::ignore_sender, "ignore-sender", "FastLeaderElection.lookForLeader", "the sender does not vote"},
    {Rule::ignore_proposed_leader, "ignore-proposed-leader", "FastLeaderElection.lookForLeader",
     "the proposed leader does not vote (ZOOKEEPER-2988)"},
    {Rule::ignore_without_own_zxid, "ignore-without-own-zxid", "FastLeaderElection.lookForLeader",
     "own zxid is -1: looking servers are not listened to (ZOOKEEPER-261)"},
    {Rule::ignore_without_their_zxid, "ignore-without-their-zxid", "FastLeaderElection.lookForLeader",
     "a proposal with zxid -1 is not listened to (ZOOKEEPER-261)"},
    {Rule::join_later_round_with_theirs, "join-later-round-with-theirs", "FastLeaderElection.lookForLeader",
     "a later round: empty recvset, take their vote, which beats the own initial one"},
    {Rule::join_later_round_with_own, "join-later-round-with-own", "FastLeaderElection.lookForLeader",
     "a later round: empty recvset, go back to the own initial vote"},
    {Rule::ignore_earlier_round, "ignore-earlier-round", "FastLeaderElection.lookForLeader", "an earlier round"},
    {Rule::adopt_better_vote, "adopt-better-vote", "FastLeaderElection.lookForLeader",
     "same round, a better vote: adopt it and tell all voters"},
    {Rule::keep_proposal, "keep-proposal", "FastLeaderElection.lookForLeader",
     "same round, no better vote: it is only counted"},
    {Rule::begin_finalizing, "begin-finalizing", "FastLeaderElection.lookForLeader",
     "a quorum supports the proposal: wait for something better"},
    {Rule::finalizing_requeue, "finalizing-requeue", "FastLeaderElection.lookForLeader",
     "while finalizing, a better vote goes back to the tail of the queue and ends the wait"},
    {Rule::finalizing_discard, "finalizing-discard", "FastLeaderElection.lookForLeader",
     "while finalizing, anything else is thrown away, whatever its state and round"},
    {Rule::decide_by_silence, "decide-by-silence", "FastLeaderElection.lookForLeader",
     "finalizeWait without anything better: decide for the proposal"},
    {Rule::ignore_observing, "ignore-observing", "FastLeaderElection.lookForLeader", "a notification of an observer"},
    {Rule::count_same_round, "count-same-round", "FastLeaderElection.receivedFollowingNotification",
     "following or leading in the own round: counted among the round's votes"},
    {Rule::count_settled, "count-settled", "FastLeaderElection.receivedFollowingNotification",
     "following or leading in any round: counted among the settled servers (outofelection)"},
    {Rule::join_same_round, "join-same-round", "FastLeaderElection.receivedFollowingNotification",
     "a quorum of the own round and the leader's word: decide for it"},
    {Rule::join_out_of_election, "join-out-of-election", "FastLeaderElection.receivedFollowingNotification",
     "a quorum of settled servers and the leader's word: decide for it, and take its round, up or down"},
    {Rule::leader_unconfirmed, "leader-unconfirmed", "FastLeaderElection.checkLeader",
     "a quorum follows a server that has not itself said that it leads: not yet"},
    {Rule::oracle_follows, "oracle-follows", "FastLeaderElection.receivedLeadingNotification",
     "the oracle denies this server: follow the one that says it leads (ZOOKEEPER-3922)"},
    {Rule::time_out_resend, "time-out-resend", "FastLeaderElection.lookForLeader",
     "nothing heard, something delivered: tell all voters again"},
    {Rule::time_out_reconnect, "time-out-reconnect", "FastLeaderElection.lookForLeader",
     "nothing heard, nothing delivered: connect to all again"},
    {Rule::time_out_oracle_decides, "time-out-oracle-decides", "QuorumOracleMaj.revalidateVoteset",
     "after a time-out the oracle, or a majority found before, is enough for the proposal (ZOOKEEPER-3922)"},
    {Rule::restart_for_unknown_weight, "restart-for-unknown-weight", "QuorumHierarchical.getWeight",
     "a proposed leader without a weight fails the election thread (null), which begins anew"},
    {Rule::publish_vote, "publish-vote", "QuorumPeer.setCurrentVote", "the decision becomes the current vote"},
    {Rule::end_role, "end-role", "QuorumPeer.updateServerState", "the role has ended: looking again"},
    {Rule::establish_epoch, "establish-epoch", "QuorumPeer.updateElectionVote",
     "the current vote gets the established epoch, and nothing else of it changes (ZOOKEEPER-1732)"},
}};

constexpr bool rule_infos_in_order() {
  for (std::size_t i = 0; i < rules_count; ++i) {
    if (rule_infos[i].rule != static_cast<Rule>(i)) return false;
  }
  return true;
}
static_assert(rule_infos_in_order());

constexpr std::string_view name_of(Rule rule) { return rule_infos[static_cast<std::size_t>(rule)].name; }

}  // namespace conclave::model
