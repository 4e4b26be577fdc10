#include "conclave/spec/zookeeper_bugs.hpp"

#include <algorithm>
#include <deque>
#include <utility>

namespace conclave::spec {
namespace {

using model::LeadersWord;
using model::Peer;
using model::Proposal;
using model::Round;
using model::ServerId;
using model::ServerState;
using model::Vote;
using model::VoteTable;
using model::Weight;
using model::ZooKeeperRules;
using model::Zxid;

constexpr Release never{};
constexpr Release first_of_all{3, 0, 0};

constexpr std::array<ZooKeeperBug, bugs_count> bugs = {{
    {Bug::zk_157,
     "zk-157",
     "any LEADING notification ends the election, without a quorum and without settling",
     "lookForLeader",
     "",
     1,
     {}},
    {Bug::zk_159, "zk-159", "a leader is followed without its own word that it leads", "checkLeader", "", 1, {}},
    {Bug::zk_261,
     "zk-261",
     "a server that has lost its database votes as if its history were empty",
     "lookForLeader",
     "a server with zxid -1 (--history)",
     1,
     {{{first_of_all, {3, 6, 0}}}}},
    {Bug::zk_275,
     "zk-275",
     "who moves to a later round proposes itself, whatever better vote it has heard there",
     "lookForLeader",
     "two rounds, and a role that ends: --role-ends any, or a crash",
     2,
     {{{first_of_all, {3, 1, 0}}}}},
    {Bug::zk_480,
     "zk-480",
     "whom others follow has to have said itself that it leads, and followers' votes do not count in their round",
     "checkLeader",
     "",
     1,
     {{{first_of_all, {3, 2, 1}}}}},
    {Bug::zk_491,
     "zk-491",
     "a server without weight is elected like any other",
     "totalOrderPredicate",
     "a server of weight zero",
     1,
     {{{{3, 2, 0}, {3, 2, 1}}}}},
    {Bug::zk_498,
     "zk-498",
     "a group without weight counts as a group of which a quorum needs more than half",
     "QuorumHierarchical.computeGroupWeight",
     "half of the groups or more without weight",
     1,
     {{{{3, 2, 0}, {3, 2, 1}}}}},
    {Bug::zk_975_word,
     "zk-975-word",
     "a leader of the own round is followed without a quorum",
     "lookForLeader",
     "",
     1,
     {{{first_of_all, {3, 4, 0}}}}},
    {Bug::zk_975_all,
     "zk-975-all",
     "who has heard all voters decides at once, without a quorum that agrees and without a wait",
     "lookForLeader",
     "",
     1,
     {{{first_of_all, {3, 4, 0}}}}},
    {Bug::zk_975_queue,
     "zk-975-queue",
     "all that is said to a server that does not run waits for it, up to 100 notifications, and not the last alone",
     "QuorumCnxManager.CAPACITY",
     "--network fifo:K with K of 3 or more, a crash and a restart, --timing timely and --property no-rival-lead",
     1,
     {{{first_of_all, {3, 4, 0}}}}},
    {Bug::zk_1419,
     "zk-1419",
     "of two votes with one zxid the larger id wins, whatever their epochs: a circle",
     "totalOrderPredicate",
     "servers with one zxid and different epochs (--history)",
     1,
     {{{{3, 4, 0}, {3, 4, 4}}}}},
    {Bug::zk_1514,
     "zk-1514",
     "who hears from a quorum that it leads takes the lead, also of an earlier round",
     "checkLeader",
     "two rounds, and roles that end: --role-ends any, or a crash and a restart",
     2,
     {{{{3, 2, 1}, {3, 4, 4}}}}},
    {Bug::zk_1732,
     "zk-1732",
     "settled servers that follow one leader agree only if zxid and round are equal as well",
     "Vote.equals",
     "two rounds, and roles that end: --role-ends any, or a crash and a restart",
     2,
     {{{first_of_all, {3, 4, 6}}}}},
    {Bug::zk_1808,
     "zk-1808",
     "notifications have no version, so that nobody knows whose votes keep the epoch that was voted for",
     "Notification",
     "servers of 3.4.5 or before beside it: --zookeeper ID=3.4.5",
     1,
     {{{{3, 4, 6}, {3, 4, 6}}}}},
    {Bug::zk_1817,
     "zk-1817",
     "settled votes are compared, and old servers answered, by the new epoch, whatever the version",
     "Vote.equals",
     "servers of 3.4.5 or before beside it: --zookeeper ID=3.4.5",
     1,
     {{{{3, 4, 6}, {3, 4, 6}}}}},
    {Bug::zk_1818,
     "zk-1818",
     "a decided vote has round -1, and that is what is answered",
     "lookForLeader",
     "",
     1,
     {{{{3, 5, 0}, {3, 5, 5}}}}},
    {Bug::zk_2988,
     "zk-2988",
     "a vote for a server that is no voter is taken up like any other",
     "lookForLeader",
     "servers with different configurations, which no exploration has",
     1,
     {{{first_of_all, {3, 4, 13}}, {{3, 5, 0}, {3, 5, 4}}}}},
    {Bug::zk_3537,
     "zk-3537",
     "a settled vote is kept in its round as a looking one, and the leader's word is looked for among older ones",
     "lookForLeader",
     "",
     1,
     {{{{3, 2, 1}, {3, 6, 0}}}}},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < bugs_count; ++i) {
    if (bugs[i].bug != static_cast<Bug>(i)) return false;
  }
  return true;
}
static_assert(in_order());

// --- the rules ----------------------------------------------------------------------------------------------------

constexpr bool all_equal(const Vote& left, const Vote& right) {
  return left.proposal == right.proposal && left.round == right.round;
}

constexpr Vote without_version(Vote vote) {
  vote.version = 0;
  return vote;
}

// QuorumHierarchical.containsQuorum with every group in numGroups.
template <class Acknowledges>
constexpr bool quorum_of_all_groups(const model::Configuration& configuration, const Acknowledges& acknowledges) {
  std::size_t won = 0;
  for (const model::Group& group : configuration.groups()) {
    std::int64_t acknowledged = 0;
    for (const model::Member& member : configuration.members()) {
      const bool counts = configuration.votes(member.id) && member.group == group.id;
      if (counts && acknowledges(member.id)) acknowledged += member.weight->value;
    }
    if (acknowledged > group.weight.value / 2) ++won;
  }
  return won > configuration.groups().size() / 2;
}

// Today's rules but for those of the bugs. Each is told from the difference that the correction made.
template <BugSet Bugs>
struct HistoricRules : ZooKeeperRules {
  static constexpr bool has(Bug bug) { return (Bugs & bit(bug)) != 0; }

  // 1419: `||` where `&&` had to be; with epochs equal this is what it always was.
  static constexpr bool supersedes(const Proposal& proposed, const Proposal& current) {
    const bool same_zxid_larger_id = proposed.zxid == current.zxid && proposed.leader > current.leader;
    return ZooKeeperRules::supersedes(proposed, current) || (has(Bug::zk_1419) && same_zxid_larger_id);
  }

  // 1732: Vote.equals knew no settled votes. The answers' round, which it changed too, is that of the vote here anyway.
  // 1818: in 3.5 it still did not, and outofelection had -1 for zxid and round. 1808, 1817: it knew no versions.
  static constexpr bool equal(const Vote& left, const Vote& right) {
    const bool old = has(Bug::zk_1732) || has(Bug::zk_1818);
    if (old) return all_equal(left, right);
    const bool whatever_version = has(Bug::zk_1808) || has(Bug::zk_1817);
    return whatever_version ? ZooKeeperRules::equal(without_version(left), without_version(right))
                            : ZooKeeperRules::equal(left, right);
  }

  template <class Acknowledges>
  static constexpr bool contains_quorum(const model::Configuration& configuration, const Acknowledges& acknowledges) {
    const bool old = has(Bug::zk_498) && configuration.kind() == model::QuorumKind::hierarchical;
    return old ? quorum_of_all_groups(configuration, acknowledges)
               : ZooKeeperRules::contains_quorum(configuration, acknowledges);
  }

  // 159: there was no checkLeader. 480: it asked everybody for the word. 1514: it asked oneself for nothing.
  static constexpr bool leader_confirmed(const Peer& peer, const VoteTable& votes, ServerId leader, Round round) {
    if (has(Bug::zk_159)) return true;
    if (has(Bug::zk_480)) {
      const Vote* word = votes.find(leader);
      return word != nullptr && word->state == ServerState::leading;
    }
    if (has(Bug::zk_1514) && leader == peer.id) return true;
    return ZooKeeperRules::leader_confirmed(peer, votes, leader, round);
  }

  // 491: there was no look at weights.
  static constexpr bool electable(Weight weight) { return has(Bug::zk_491) || ZooKeeperRules::electable(weight); }

  // 2988: only the sender had to be a voter.
  static constexpr bool heeds(bool leader_votes) { return has(Bug::zk_2988) || leader_votes; }

  // 261: FileTxnSnapLog made an empty database where there was none. Zxid -1 stands for it: below every other.
  static constexpr bool has_database(Zxid zxid) { return has(Bug::zk_261) || ZooKeeperRules::has_database(zxid); }

  // 275: updateProposal(self.getId(), self.getLastLoggedZxid()), whatever had come.
  static constexpr bool takes_up(bool better) { return better && !has(Bug::zk_275); }

  // 975: "If have received from all nodes, then terminate". 491: whatever the proposed leader's weight.
  static constexpr bool done_at_once(std::size_t heard, std::size_t voters, Weight proposed) {
    return has(Bug::zk_975_all) && heard == voters && electable(proposed);
  }

  // 157: `case LEADING: return new Vote(n.leader, n.zxid)` without setPeerState, so that QuorumPeer.run looked again.
  // 975: `n.state == LEADING` was enough in the own round.
  static constexpr LeadersWord word_of_leader(const Vote& vote, Round clock) {
    if (has(Bug::zk_157)) return LeadersWord::begins_anew;
    const bool suffices = has(Bug::zk_975_word) && vote.round == clock;
    return suffices ? LeadersWord::suffices : ZooKeeperRules::word_of_leader(vote, clock);
  }

  // 480: a follower's vote went into outofelection alone.
  static constexpr bool of_this_round(Round theirs, Round clock) { return theirs == clock && !has(Bug::zk_480); }

  // 3537: recvset.put without n.state, and checkLeader(outofelection).
  static constexpr Vote kept_in_round(const Vote& vote) {
    Vote kept = ZooKeeperRules::kept_in_round(vote);
    if (has(Bug::zk_3537)) kept.state = ServerState::looking;
    return kept;
  }
  static constexpr const VoteTable& confirming(const Peer& peer) {
    return has(Bug::zk_3537) ? peer.outofelection : ZooKeeperRules::confirming(peer);
  }

  // 1818: IGNOREVALUE for zxid and round there, and endVote without a round, for which Vote has -1.
  static constexpr Vote kept_for_ever(const Vote& vote) {
    Vote kept = vote;
    if (has(Bug::zk_1818)) {
      kept.proposal.zxid = Zxid{-1};
      kept.round = Round{-1};
    }
    return kept;
  }
  static constexpr Round decided_in(Round round) { return has(Bug::zk_1818) ? Round{-1} : round; }
};

// The arguments for the reductions: what a server will hear follows from who runs and what was decided (not with
// 975-queue), and a decision rests on votes that agree with it. With these it need not, so that no vote can be called
// dead: an election is ended by a leader's word alone (157), by everybody's vote whatever it says (975), or by votes
// whose round says nothing (1818).
constexpr BugSet not_reducible = bit(Bug::zk_157) | bit(Bug::zk_975_all) | bit(Bug::zk_975_queue) | bit(Bug::zk_1818);
constexpr bool keeps_for_down(BugSet bugs) { return (bugs & bit(Bug::zk_975_queue)) != 0; }
constexpr bool reducible(BugSet bugs) { return (bugs & not_reducible) == 0; }

constexpr Dialect dialect_of(Release release) {
  constexpr Release versioned{3, 4, 6};
  constexpr Release reconfigured{3, 5, 0};
  if (release < versioned) return {Format::unversioned, false, false, false, release >= first_mixable};
  if (release < reconfigured) return {Format::version_1, false, true, true};
  return {};
}

// 3.4.6 before the corrections that made votes of old and new servers comparable.
constexpr Dialect dialect_of(Bug bug) {
  if (bug == Bug::zk_1808) return {Format::unversioned, false, true, false};
  if (bug == Bug::zk_1817) return {Format::version_1, false, true, false};
  return {};
}

template <std::size_t Index>
constexpr RuleVariant variant_of() {
  constexpr ZooKeeperBug bug = bugs[Index];
  return RuleVariant{bug.name,
                     bug.sentence,
                     &model::step_with<HistoricRules<bit(bug.bug)>>,
                     bug.rounds_min,
                     RulesOf::seeded_bug,
                     reducible(bit(bug.bug)),
                     keeps_for_down(bit(bug.bug)),
                     dialect_of(bug.bug)};
}

template <std::size_t... Indices>
constexpr std::array<RuleVariant, sizeof...(Indices)> variants_of(std::index_sequence<Indices...>) {
  return {variant_of<Indices>()...};
}
constexpr auto variants = variants_of(std::make_index_sequence<bugs_count>());

// --- the releases -------------------------------------------------------------------------------------------------

struct Line {
  int major;
  int minor;
  int patches;  // of .0, .1, ... so many
};
constexpr Line lines[] = {{3, 0, 2},  {3, 1, 3}, {3, 2, 3}, {3, 3, 7}, {3, 4, 15},
                          {3, 5, 11}, {3, 6, 5}, {3, 7, 3}, {3, 8, 7}, {3, 9, 6}};

constexpr std::size_t releases_count = [] {
  std::size_t count = 0;
  for (const Line& line : lines) count += static_cast<std::size_t>(line.patches);
  return count;
}();

constexpr std::array<Release, releases_count> releases = [] {
  std::array<Release, releases_count> all{};
  std::size_t next = 0;
  for (const Line& line : lines) {
    for (int patch = 0; patch < line.patches; ++patch) all[next++] = Release{line.major, line.minor, patch};
  }
  return all;
}();

constexpr BugSet set_of(Release release) {
  BugSet set = 0;
  for (const ZooKeeperBug& bug : bugs) {
    for (const Releases& range : bug.affected) {
      if (range.fixed != never && range.first <= release && release < range.fixed) set |= bit(bug.bug);
    }
  }
  return set;
}

template <std::size_t Index>
constexpr StepFunction step_of() {
  constexpr BugSet set = set_of(releases[Index]);
  if constexpr (set == 0) return &model::step;
  return &model::step_with<HistoricRules<set>>;
}
template <std::size_t... Indices>
constexpr std::array<StepFunction, sizeof...(Indices)> steps_of(std::index_sequence<Indices...>) {
  return {step_of<Indices>()...};
}
constexpr auto steps = steps_of(std::make_index_sequence<releases_count>());

// A variant and the words that it points to.
struct ReleaseRules {
  std::string name;
  std::string sentence;
  RuleVariant variant;
};

std::string sentence_of(BugSet set) {
  std::string names;
  for (const ZooKeeperBug& bug : bugs) {
    if ((set & bit(bug.bug)) != 0) names += (names.empty() ? "" : ", ") + std::string(bug.name);
  }
  return names.empty() ? "today's rules, with none of the bugs that --list names" : "today's rules with " + names;
}

const std::deque<ReleaseRules>& rules_of_releases() {
  static const std::deque<ReleaseRules> all = [] {
    std::deque<ReleaseRules> made;
    for (std::size_t i = 0; i < releases_count; ++i) {
      const BugSet set = set_of(releases[i]);
      ReleaseRules& rules = made.emplace_back();
      rules.name = "zookeeper-" + name_of(releases[i]);
      rules.sentence = sentence_of(set);
      int rounds_min = 1;
      for (const ZooKeeperBug& bug : bugs) {
        if ((set & bit(bug.bug)) != 0) rounds_min = std::max(rounds_min, bug.rounds_min);
      }
      rules.variant = RuleVariant{rules.name,          rules.sentence,         steps[i],
                                  rounds_min,          RulesOf::release,       reducible(set),
                                  keeps_for_down(set), dialect_of(releases[i])};
    }
    return made;
  }();
  return all;
}

}  // namespace

std::span<const ZooKeeperBug> zookeeper_bugs() { return bugs; }

std::span<const RuleVariant> zookeeper_bug_variants() { return variants; }

std::span<const Release> known_releases() { return releases; }

std::string name_of(Release release) {
  return std::to_string(release.major) + "." + std::to_string(release.minor) + "." + std::to_string(release.patch);
}

BugSet bugs_of(Release release) { return set_of(release); }

const RuleVariant* rules_of_release(std::string_view version) {
  for (std::size_t i = 0; i < releases_count; ++i) {
    if (name_of(releases[i]) == version) return &rules_of_releases()[i].variant;
  }
  return nullptr;
}

}  // namespace conclave::spec
