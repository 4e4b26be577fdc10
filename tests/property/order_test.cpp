// The order of votes: a strict total order, ZooKeeper's, behind a look at the weight of the proposed leader.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <variant>

#include "check.hpp"
#include "checkers.hpp"
#include "conclave/model/election.hpp"
#include "conclave/testing/generators.hpp"
#include "longhand.hpp"

namespace conclave::testing {
namespace {

using namespace model;

TEST(VoteOrder, IsAStrictTotalOrder) {
  holds(10'000, [](const Proposal& a, const Proposal& b, const Proposal& c) {
    RC_CLASSIFY(a.epoch == b.epoch && a.zxid == b.zxid && a != b, "decided by the id");
    RC_CLASSIFY(a.epoch == b.epoch && a.zxid != b.zxid, "decided by the zxid");
    RC_CLASSIFY(a == b, "equal");
    RC_CLASSIFY(a > b && b > c, "a chain");
    expect_none(check_order<ZooKeeperRules>(a, b, c));
  });
}

TEST(VoteOrder, AgreesWithTotalOrderPredicate) {
  holds(10'000, [](const Proposal& a, const Proposal& b) {
    expect_none(check_order_is_zookeepers<ZooKeeperRules>(a, b));
    RC_ASSERT((a <=> b == 0) == (a == b));
    RC_ASSERT((a >= b) == !(a < b));
  });
}

// A polling server that has just heard a looking one in its own round.
struct Hearing {
  Ensemble ensemble;
  Peer peer;
};

Hearing pick_hearing(gen::Kinds kinds) {
  auto now = *gen::situation({5, kinds, 3, gen::Happening::processing});
  now.peer.role = Polling{};
  now.peer.durable.last_zxid = Zxid{0};
  Vote& vote = now.peer.received[0].vote;
  vote.state = ServerState::looking;
  vote.round = now.peer.clock;
  if (vote.proposal.zxid == unlogged) vote.proposal.zxid = Zxid{2};
  if (gen::chance(60)) vote.proposal.epoch = PeerEpoch{3};  // better, but for the weight
  return {now.ensemble, now.peer};
}

// The same configuration with another weight for one server.
Configuration reweighed(const Configuration& old, ServerId id, Weight weight) {
  std::vector<Member> members(old.members().begin(), old.members().end());
  for (Member& member : members) {
    if (member.id == id && member.weight) member.weight = weight;
  }
  return Configuration::make(old.kind(), members, old.version());
}

bool heard(const Hearing& now) {
  const Notification& head = now.peer.received[0];
  return valid_voter(now.ensemble, now.peer, head.from) &&
         valid_voter(now.ensemble, now.peer, head.vote.proposal.leader) &&
         initial_proposal(now.ensemble, now.peer).zxid != unlogged;
}

TEST(VoteOrder, ALeaderOfWeightZeroIsNeverAdopted) {
  holds(2'000, [] {
    const Hearing now = pick_hearing(gen::any_kind);
    RC_PRE(heard(now));
    const Proposal& proposed = now.peer.received[0].vote.proposal;
    const auto weight = committed(now.ensemble, now.peer).weight_of(proposed.leader);
    const Transition after = step(now.ensemble, now.peer, Process{});
    const bool zero = weight && weight->value == 0;
    const bool better = proposed > now.peer.proposal;
    RC_CLASSIFY(zero && better, "better, of weight zero");
    RC_CLASSIFY(weight && !zero && better, "better, of some weight");
    RC_ASSERT(after.rules.has(Rule::adopt_better_vote) == (weight && !zero && better));
    if (zero) RC_ASSERT(after.peer.proposal == now.peer.proposal);
  });
}

TEST(VoteOrder, OnlyTheWeightOfTheProposedLeaderIsLookedAt) {
  holds(2'000, [] {
    Hearing now = pick_hearing(gen::only_hierarchical);
    RC_PRE(heard(now));
    const Proposal& proposed = now.peer.received[0].vote.proposal;
    const Transition before = step(now.ensemble, now.peer, Process{});
    const Weight weight{gen::between<std::int64_t>(0, 3)};
    bool changed = false;
    for (const Member& member : committed(now.ensemble, now.peer).members()) {
      if (member.id == proposed.leader || !gen::chance(50)) continue;
      Configuration& configuration = now.ensemble.configurations[now.peer.committed];
      changed = changed || member.weight != weight;
      configuration = reweighed(configuration, member.id, weight);
    }
    const Transition after = step(now.ensemble, now.peer, Process{});
    RC_CLASSIFY(changed && before.rules.has(Rule::adopt_better_vote), "adopted whatever the others weigh");
    RC_CLASSIFY(changed && !before.rules.has(Rule::adopt_better_vote), "kept");
    RC_ASSERT(before.rules.has(Rule::adopt_better_vote) == after.rules.has(Rule::adopt_better_vote));
    RC_ASSERT(before.peer.proposal == after.peer.proposal);
  });
}

TEST(VoteOrder, AnUnknownWeightBeginsTheElectionAnew) {
  holds(2'000, [] {
    const Hearing now = pick_hearing(gen::only_hierarchical);
    RC_PRE(heard(now));
    const Proposal& proposed = now.peer.received[0].vote.proposal;
    const bool unknown = !committed(now.ensemble, now.peer).weight_of(proposed.leader);
    const Transition after = step(now.ensemble, now.peer, Process{});
    RC_CLASSIFY(unknown);
    RC_ASSERT(after.rules.has(Rule::restart_for_unknown_weight) == unknown);
    if (!unknown) return;
    RC_ASSERT(after.peer.clock == next(now.peer.clock));
    RC_ASSERT(after.peer.proposal == initial_proposal(now.ensemble, now.peer));
    RC_ASSERT(after.peer.recvset.size() == 0U);
    RC_ASSERT(after.peer.outofelection.size() == 0U);
    RC_ASSERT(after.peer.received.size() == now.peer.received.size() - 1);
  });
}

}  // namespace
}  // namespace conclave::testing
