// What is claimed, in words: the table behind docs/properties.md.
#include <array>

#include "conclave/spec/properties.hpp"

namespace conclave::spec {
namespace {

constexpr std::array<PropertyInfo, properties_count> infos = {{
    {Property::quorum_behind_decision, PropertyKind::always, "quorum-behind-decision",
     "A server decides only with a quorum of votes in its table that agree with the decision.", "no oracle",
     "FastLeaderElection.getVoteTracker; two decisions share a voter only because of it"},
    {Property::decided_is_initial, PropertyKind::always, "decided-is-initial",
     "The decided vote is the initial vote of the server it names.", "",
     "Leader.lead trusts that the elected server has the history that was voted for"},
    {Property::decided_as_recent_as_voters, PropertyKind::always, "decided-as-recent-as-voters",
     "A vote that a participant decides by silence is at least as recent as the initial vote of every looking server "
     "that supports it.",
     "", "Leader.waitForEpochAck sends away a follower that is ahead"},
    {Property::proposals_rise, PropertyKind::always, "proposals-rise",
     "Within a round a server's proposal only rises.", "", "what ends an election: there is a best vote"},
    {Property::weightless_never_elected, PropertyKind::always, "weightless-never-elected",
     "Nobody decides for an observer or a server of weight zero.", "",
     "FastLeaderElection.totalOrderPredicate (ZOOKEEPER-480, ZOOKEEPER-491)"},
    {Property::leader_said_so, PropertyKind::always, "leader-said-so",
     "A server that joins others follows only a leader that has itself said that it leads, and takes the lead itself "
     "only in its own round.",
     "no oracle", "FastLeaderElection.checkLeader (ZOOKEEPER-159, ZOOKEEPER-1514)"},
    {Property::better_votes_adopted, PropertyKind::always, "better-votes-adopted",
     "A server that counts a looking vote, of its round or of a later one, proposes nothing below it from then on.",
     "", "nobody says again, unasked, what was heard (ZOOKEEPER-275)"},
    {Property::joins_settled_quorum, PropertyKind::always, "joins-settled-quorum",
     "A server that hears the vote with which a quorum of settled servers agrees on leader and epoch joins it, if "
     "the "
     "leader has itself said so, or if it is the leader and in that round.",
     "no oracle", "how a late server gets into an ensemble that runs (ZOOKEEPER-480, ZOOKEEPER-1732)"},
    {Property::joins_round_quorum, PropertyKind::always, "joins-round-quorum",
     "A server joins as well with the first settled vote of its round with which a quorum of that round agrees, "
     "looking "
     "or settled, if the leader has itself said so there.",
     "no oracle", "otherwise it waits for a time-out to hear the same again (ZOOKEEPER-3537)"},
    {Property::elections_end_settled, PropertyKind::always, "elections-end-settled",
     "A server that looks begins no other election before it has settled.", "",
     "who begins anew raises the round, and the others' votes are void (ZOOKEEPER-157, ZOOKEEPER-2988)"},
    {Property::decided_round_begun, PropertyKind::refuted, "decided-round-begun",
     "A decided vote says in which round it was elected: in one that has begun.", "fine grain",
     "a leader that has not stored its decision yet answers with its old vote, for itself and of round -1, and "
     "whoever "
     "joins takes that round"},
    {Property::unlogged_not_counted, PropertyKind::always, "unlogged-not-counted",
     "A server decides by silence only with a quorum of servers that have a database or have settled before.",
     "a server with zxid -1, no oracle",
     "who has lost its data may have been needed for what was committed (ZOOKEEPER-261)"},
    {Property::quorum_took_part, PropertyKind::always, "quorum-took-part",
     "When a server has decided, a quorum of servers has started.", "no oracle",
     "a leader without a quorum alive would only time out"},
    {Property::one_leader_per_round, PropertyKind::always, "one-leader-per-round",
     "In the first round at most one server leads.",
     "timely, coarse, started together, no restarts: all that take part in the round are in it from its start",
     "what makes elections end at the first try where the network is quick"},
    {Property::no_deadlock, PropertyKind::always, "no-deadlock",
     "Where nothing can happen any more but starts and faults, every running server has settled on one that leads, "
     "unless those that run and have a database are no quorum or a bound of the exploration stands in the way.",
     "", "QuorumPeer.run would look for a leader for ever"},
    {Property::no_second_quorum, PropertyKind::always, "no-second-quorum",
     "At most one server leads with a quorum of followers in each of the configurations that count for it.",
     "a reconfiguration", "two could commit different histories: quorums of two configurations may share no server"},
    {Property::single_leading, PropertyKind::refuted, "single-leading", "At most one server is LEADING in a round.",
     "async, or staggered starts",
     "a quorum of equal votes can be seen twice: a voter that still waits may adopt a better vote"},
    {Property::decided_as_recent_as_supporters, PropertyKind::refuted, "decided-as-recent-as-supporters",
     "A vote decided by silence is at least as recent as the initial vote of every server that supports it.",
     "staggered starts, at least five voters",
     "a late joiner follows a leader whose vote is below its own, and its word counts like a looking server's"},
    {Property::no_rival_lead, PropertyKind::refuted, "no-rival-lead",
     "Nobody comes to lead while a quorum follows another that leads.",
     "three voters, timely, coarse, restarts, no oracle",
     "votes of a quorum for one that has settled since on another (docs/bugs.md, ZOOKEEPER-975)"},
    {Property::some_leading, PropertyKind::sometimes, "some-leading", "Some server leads.", "", ""},
    {Property::some_following, PropertyKind::sometimes, "some-following", "Some server follows.",
     "two voters that may start", ""},
    {Property::some_observing, PropertyKind::sometimes, "some-observing", "Some server observes.", "an observer", ""},
    {Property::late_joiner, PropertyKind::sometimes, "late-joiner",
     "A server joins others that have decided already.", "three voters that may start", ""},
    {Property::round_overtaken, PropertyKind::sometimes, "round-overtaken",
     "A looking server meets a later round and moves to it.", "two rounds, two voters that may start", ""},
    {Property::all_settled, PropertyKind::sometimes, "all-settled",
     "Every server has started and settled on one server that leads.", "", ""},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < properties_count; ++i) {
    if (infos[i].property != static_cast<Property>(i)) return false;
  }
  return true;
}
static_assert(in_order());

}  // namespace

std::span<const PropertyInfo> property_infos() { return infos; }

const PropertyInfo& info_of(Property property) { return infos[static_cast<std::size_t>(property)]; }

const PropertyInfo* find_property(std::string_view name) {
  for (const PropertyInfo& info : infos) {
    if (info.name == name) return &info;
  }
  return nullptr;
}

}  // namespace conclave::spec
