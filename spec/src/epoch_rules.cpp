#include "conclave/spec/epoch_rules.hpp"

#include <algorithm>
#include <array>

#include "epoch_leaders.hpp"

namespace conclave::spec {
namespace {

using model::Configuration;
using model::EpochAnswer;
using model::LeadPhase;
using model::PeerEpoch;
using model::ServerId;
using model::Standing;
using model::ZooKeeperEpochRules;

constexpr EpochPropertyInfo infos[] = {
    {EpochProperty::one_leader_per_epoch, PropertyKind::always, "one-leader-per-epoch",
     "No epoch is established twice, neither by two leaders nor by one that came back.",
     "Zab numbers transactions (epoch, counter): two leaders in an epoch would number different ones alike."},
    {EpochProperty::epochs_rise, PropertyKind::always, "epochs-rise",
     "A leader elected after an epoch was established establishes a later one.",
     "The epoch is a fencing token: whoever holds a larger one came later."},
    {EpochProperty::as_recent_as_quorum, PropertyKind::always, "as-recent-as-quorum",
     "When a leader is established, its history was at least as recent as that of each member of a quorum when that "
     "member accepted the epoch.",
     "Leader.waitForEpochAck; it is why no committed transaction is lost."},
    {EpochProperty::committed_survives, PropertyKind::always, "committed-survives",
     "A transaction that a quorum has logged is in the history of every leader established later.",
     "What ZooKeeper tells its clients."},
    {EpochProperty::accepted_not_below_current, PropertyKind::always, "accepted-not-below-current",
     "On no disk is acceptedEpoch below currentEpoch.", "QuorumPeer.loadDataBase refuses to start otherwise."},
    {EpochProperty::written_never_falls, PropertyKind::always, "written-never-falls",
     "Neither file of a server is ever overwritten with a smaller epoch.",
     "A promise not to serve an older epoch is for good."},
    {EpochProperty::zxid_of_established, PropertyKind::always, "zxid-of-established",
     "No server's last zxid is of an epoch that nobody has established.",
     "A vote and ACKEPOCH say with it how new a history is: a larger one beats all the others."},
    {EpochProperty::kept_by_quorum, PropertyKind::always, "kept-by-quorum",
     "An established leader that goes on after a tick has a quorum of voters connected.",
     "Leader.lead: who is cut off from the quorum must not serve clients what may be no longer so."},
    {EpochProperty::leader_established, PropertyKind::sometimes, "leader-established", "A leader is established.",
     ""},
    {EpochProperty::learner_up_to_date, PropertyKind::sometimes, "learner-up-to-date", "A learner gets UPTODATE.",
     ""},
    {EpochProperty::observer_up_to_date, PropertyKind::sometimes, "observer-up-to-date", "An observer gets UPTODATE.",
     ""},
    {EpochProperty::leader_gives_up, PropertyKind::sometimes, "leader-gives-up",
     "At a tick an established leader has no quorum any more, and gives up.", ""},
    {EpochProperty::second_epoch, PropertyKind::sometimes, "second-epoch", "A second epoch is established.", ""},
    {EpochProperty::epoch_refused, PropertyKind::sometimes, "epoch-refused",
     "A learner refuses an epoch below the one it has accepted.", ""},
    {EpochProperty::accepted_before, PropertyKind::sometimes, "accepted-before",
     "A learner has accepted the proposed epoch before, and answers -1.", ""},
    {EpochProperty::learner_ahead, PropertyKind::sometimes, "learner-ahead",
     "A leader sends away a learner whose history is more recent.", ""},
    {EpochProperty::history_truncated, PropertyKind::sometimes, "history-truncated",
     "A learner gives up transactions that no quorum has.", ""},
    {EpochProperty::transaction_committed, PropertyKind::sometimes, "transaction-committed",
     "A quorum has logged a transaction.", ""},
    {EpochProperty::two_established, PropertyKind::refuted, "single-established",
     "At most one server believes that it is established.",
     "Does not hold, and need not: a cut-off leader learns late that it is none; its epoch is the older one."},
    {EpochProperty::unstartable, PropertyKind::refuted, "always-startable",
     "A server can always start from what is on its disk.",
     "Does not hold: between the history and currentEpoch a stop leaves what loadDataBase refuses "
     "(\"The current epoch is older than the last zxid\")."},
};
static_assert(std::size(infos) == epoch_properties_count);

constexpr bool anybody(const Configuration& configuration, const auto& contains) {
  for (const model::Member& member : configuration.members()) {
    if (configuration.votes(member.id) && contains(member.id)) return true;
  }
  return false;
}

// containsQuorum of a set that observers were in as well: it counted the set, or added up weights.
constexpr bool enough_members(const Configuration& configuration, const auto& contains) {
  if (configuration.kind() != model::QuorumKind::hierarchical) {
    const auto& members = configuration.members();
    const auto count =
        std::count_if(members.begin(), members.end(), [&](const auto& member) { return contains(member.id); });
    return static_cast<std::size_t>(count) > configuration.voters() / 2;
  }
  std::size_t heavy = 0;
  std::size_t won = 0;
  for (const model::Group& group : configuration.groups()) {
    std::int64_t weight = 0;
    for (const model::Member& member : configuration.members()) {
      if (member.group == group.id && contains(member.id)) weight += member.weight->value;
    }
    if (group.weight.value != 0) ++heavy;
    if (weight > group.weight.value / 2) ++won;
  }
  return won > heavy / 2;
}

struct WriteLate : ZooKeeperEpochRules {
  static constexpr bool leader_writes_first = false;
  static constexpr bool learner_writes_first = false;
};
struct LeadersOwnEpoch : ZooKeeperEpochRules {
  static constexpr bool raises(PeerEpoch, PeerEpoch) { return false; }
};
template <LeadPhase Phase>
struct NoQuorum : ZooKeeperEpochRules {
  template <class Contains>
  static constexpr bool enough(LeadPhase phase, const Configuration& configuration, const Contains& contains) {
    return phase == Phase ? anybody(configuration, contains) : configuration.contains_quorum(contains);
  }
};
struct AheadIgnored : ZooKeeperEpochRules {
  static constexpr bool ahead(const Standing&, const Standing&) { return false; }
};
struct ZxidOnly : ZooKeeperEpochRules {  // the history's epoch forgotten
  static constexpr bool ahead(const Standing& learner, const Standing& leader) {
    return learner.last_zxid > leader.last_zxid;
  }
};
struct AcceptsTwice : ZooKeeperEpochRules {
  static constexpr EpochAnswer answer(PeerEpoch proposed, PeerEpoch accepted) {
    return proposed >= accepted ? EpochAnswer::accept : EpochAnswer::refuse;
  }
};
struct AcceptsAnything : ZooKeeperEpochRules {
  static constexpr EpochAnswer answer(PeerEpoch, PeerEpoch) { return EpochAnswer::accept; }
};

struct VouchesForNothing : ZooKeeperEpochRules {
  static constexpr bool vouches = false;
};

// --- ZooKeeper's own, read from what their corrections changed -------------------------------------------------------

// ZOOKEEPER-1282 (f8f15de5f): currentEpoch was written once syncWithLeader had got UPTODATE.
struct CurrentAtUpToDate : ZooKeeperEpochRules {
  static constexpr bool current_before_ack = false;
};
// ZOOKEEPER-1291 (f8f15de5f): lead wrote acceptedEpoch when getEpochToPropose had already let the handlers go on.
struct LeaderWritesLate : ZooKeeperEpochRules {
  static constexpr bool leader_writes_first = false;
};
// ZOOKEEPER-1343 (1a556bd13): getEpochToPropose compared with >.
struct EqualIsEnough : ZooKeeperEpochRules {
  static constexpr bool raises(PeerEpoch accepted, PeerEpoch proposed) { return accepted > proposed; }
};
// An observer is as good as a voter in some phases.
template <LeadPhase... Phases>
struct ObserversCount : ZooKeeperEpochRules {
  static constexpr bool counts(LeadPhase phase, const Configuration& configuration, ServerId id) {
    return ((phase == Phases) || ...) ? configuration.find(id) != nullptr : configuration.votes(id);
  }
  template <class Contains>
  static constexpr bool enough(LeadPhase phase, const Configuration& configuration, const Contains& contains) {
    return ((phase == Phases) || ...) ? enough_members(configuration, contains)
                                      : configuration.contains_quorum(contains);
  }
};
// ZOOKEEPER-1294 (26f5b73fd, 9e3aed3b9): lead's look once a tick went by all learners that were in sync.
using ObserversKeepLeader = ObserversCount<LeadPhase::established>;
// ZOOKEEPER-2959 (60e592f96): getEpochToPropose and waitForEpochAck counted everybody.
using ObserversAccept = ObserversCount<LeadPhase::collecting, LeadPhase::proposing>;
// ZOOKEEPER-4785 (315abde35): syncWithLeader wrote currentEpoch before it logged what DIFF had brought.
struct CurrentBeforeHistory : ZooKeeperEpochRules {
  static constexpr bool history_first = false;
};

template <class Rules>
constexpr EpochRuleVariant variant(std::string_view name, std::string_view sentence, std::string_view needs = "",
                                   std::string_view releases = "") {
  return EpochRuleVariant{name, sentence, &model::epoch_step_with<Rules>, false, needs, releases};
}
template <class Stepper>
model::EpochTransition step_of(const model::Ensemble& ensemble, const model::EpochPeer& peer,
                               const model::EpochEvent& event) {
  return Stepper(ensemble, peer).take(event);
}
constexpr EpochRuleVariant unchanged = variant<ZooKeeperEpochRules>("zookeeper", "the rules as they are");
constexpr std::string_view unreleased = "none, fixed before 3.4.0, the first that had this phase";
constexpr std::string_view deep = "three epochs, a transaction and three stops";
constexpr std::array bugs = {
    variant<WriteLate>("write-late", "an epoch is told before it is on the disk"),
    variant<LeadersOwnEpoch>("own-epoch", "a leader goes by its own accepted epoch alone"),
    variant<NoQuorum<LeadPhase::collecting>>("propose-alone", "a leader proposes an epoch without asking a quorum"),
    variant<NoQuorum<LeadPhase::proposing>>("accept-alone", "a leader needs nobody to accept its epoch"),
    variant<NoQuorum<LeadPhase::synchronising>>("establish-alone", "a leader needs nobody to acknowledge NEWLEADER"),
    variant<AheadIgnored>("ahead-ignored", "a learner with a more recent history is no reason to stop"),
    variant<ZxidOnly>("zxid-only", "how recent a history is goes by its zxid, not by its epoch"),
    variant<AcceptsTwice>("accept-twice", "an epoch that was accepted before is accepted again"),
    variant<AcceptsAnything>("accept-anything", "a learner accepts any epoch, also one below its own"),
    variant<VouchesForNothing>("vouch-for-nothing", "a server without history forgets the epochs that it has seen"),
    EpochRuleVariant{"zk-1192", "a leader that has waited long enough goes on, whoever has accepted its epoch",
                     &step_of<LeaderThatWaitsNoLonger>, false, "two stops", unreleased},
    EpochRuleVariant{"zk-790", "a leader's last zxid is of the new epoch before anybody has acknowledged it",
                     &step_of<LeaderThatBeginsAlone>, false, "", "from 3.0.0 until 3.3.2"},
    EpochRuleVariant{"zk-1270", "a quorum of learners makes an epoch, and accepts it, without the leader",
                     &step_of<LeaderThatComesLate>, true, "two epochs and four stops", unreleased},
    variant<CurrentAtUpToDate>("zk-1282", "a learner acknowledges NEWLEADER before its currentEpoch is on the disk",
                               deep, unreleased),
    variant<LeaderWritesLate>("zk-1291", "a leader tells its epoch before it is on its own disk", "", unreleased),
    variant<ObserversKeepLeader>("zk-1294", "observers in sync keep a leader that has no quorum any more",
                                 "an observer and a stop, with --observers and --ticks",
                                 "from 3.3.0 until 3.3.6, from 3.4.0 until 3.4.4"),
    variant<EqualIsEnough>("zk-1343", "a leader proposes an epoch that a learner has accepted before", "",
                           "from 3.4.0 until 3.4.3"),
    variant<ObserversAccept>("zk-2959", "observers count among those that make a leader's epoch and accept it",
                             "an observer and two stops, with --observers",
                             "from 3.4.0 until 3.4.13, from 3.5.0 until 3.5.4"),
    variant<CurrentBeforeHistory>("zk-4785", "a learner's currentEpoch is on the disk before the history of it", deep,
                                  "from 3.4.10 on in 3.4, from 3.5.3 until 3.8.5, from 3.9.0 until 3.9.2"),
};

}  // namespace

std::span<const EpochPropertyInfo> epoch_property_infos() { return infos; }
bool in_scope(EpochProperty property, const EpochScope& scope) {
  if (property == EpochProperty::observer_up_to_date) return scope.observers;
  const bool of_ticks = property == EpochProperty::kept_by_quorum || property == EpochProperty::leader_gives_up;
  return !of_ticks || scope.ticks;
}
const EpochRuleVariant& zookeeper_epoch_rules() { return unchanged; }
std::span<const EpochRuleVariant> seeded_epoch_bugs() { return bugs; }
const EpochRuleVariant* find_seeded_epoch_bug(std::string_view name) {
  for (const EpochRuleVariant& bug : bugs) {
    if (bug.name == name) return &bug;
  }
  return nullptr;
}

}  // namespace conclave::spec
