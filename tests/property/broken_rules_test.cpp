// Properties are worth what they notice: each of these rules is broken in one place, and some checker must say so.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "check.hpp"
#include "checkers.hpp"
#include "conclave/testing/schedule.hpp"
#include "conclave/testing/situation.hpp"
#include "schedule_properties.hpp"

namespace conclave::testing {
namespace {

using namespace model;

// The order without the zxid: who has logged most no longer counts.
struct IgnoresZxid : ZooKeeperRules {
  static constexpr bool supersedes(const Proposal& proposed, const Proposal& current) {
    if (proposed.epoch != current.epoch) return proposed.epoch > current.epoch;
    return proposed.leader > current.leader;
  }
};
// Nobody is ever convinced.
struct NeverAdopts : ZooKeeperRules {
  static constexpr bool supersedes(const Proposal&, const Proposal&) { return false; }
};
// Looking votes of different rounds are alike.
struct ForgetsRound : ZooKeeperRules {
  static constexpr bool equal(const Vote& left, const Vote& right) {
    Vote shifted = right;
    shifted.round = left.round;
    return votes_equal(left, shifted);
  }
};
// Out of election the leader is all that is compared, as between different formats.
struct ForgetsEpoch : ZooKeeperRules {
  static constexpr bool equal(const Vote& left, const Vote& right) {
    Vote other = right;
    other.proposal.epoch = left.proposal.epoch;
    return votes_equal(left, other);
  }
};
// A leader need not have said that it leads (before ZOOKEEPER-975).
struct AlwaysConfirmed : ZooKeeperRules {
  static constexpr bool leader_confirmed(const Peer&, const VoteTable&, ServerId, Round) { return true; }
};
struct AnybodyIsAQuorum : ZooKeeperRules {
  template <class Acknowledges>
  static constexpr bool contains_quorum(const Configuration& configuration, const Acknowledges& acknowledges) {
    for (const Member& member : configuration.members()) {
      if (configuration.votes(member.id) && acknowledges(member.id)) return true;
    }
    return false;
  }
};
// Half is enough: right with an odd number of servers, wrong with an even one.
struct HalfIsAQuorum : ZooKeeperRules {
  template <class Acknowledges>
  static constexpr bool contains_quorum(const Configuration& configuration, const Acknowledges& acknowledges) {
    if (configuration.kind() == QuorumKind::hierarchical) return configuration.contains_quorum(acknowledges);
    std::size_t count = 0;
    for (const Member& member : configuration.members()) {
      if (configuration.votes(member.id) && acknowledges(member.id)) ++count;
    }
    return count > 0 && count >= (configuration.voters() + 1) / 2;
  }
};

template <class Rules>
bool order_notices() {
  return falsified(1'000, [](const Proposal& a, const Proposal& b,
                             const Proposal& c) { expect_none(check_order<Rules>(a, b, c)); })
      .has_value();
}
template <class Rules>
bool twin_of_order_notices() {
  return falsified(1'000,
                   [](const Proposal& a, const Proposal& b) { expect_none(check_order_is_zookeepers<Rules>(a, b)); })
      .has_value();
}
template <class Rules>
bool equality_notices() {
  return falsified(1'000,
                   [] {
                     const auto votes = gen::vote({ServerId{1}, ServerId{2}}, Round{1});
                     expect_none(check_equality<Rules>(*votes, *votes));
                   })
      .has_value();
}
template <class Rules>
bool quorums_notice() {
  return falsified(200, [](const Configuration& configuration) { expect_none(check_quorums<Rules>(configuration)); })
      .has_value();
}
template <class Rules>
bool processing_notices() {
  return falsified(5'000,
                   [] {
                     const auto now = *gen::situation({5, gen::any_kind, 3, gen::Happening::processing});
                     expect_none(check_processing<Rules>(now));
                   })
      .has_value();
}
template <class Rules>
bool runs_notice() {
  return falsified(3'000, [](const Schedule& schedule) { expect_none(check_run<Rules>(schedule).complaint); })
      .has_value();
}
template <class Rules>
bool settling_notices() {
  return falsified(1'000, [](const Schedule& schedule) { expect_none(check_settles<Rules>(schedule).complaint); })
      .has_value();
}

TEST(BrokenRules, NothingIsNoticedWhereNothingIsBroken) {
  EXPECT_FALSE(order_notices<ZooKeeperRules>());
  EXPECT_FALSE(twin_of_order_notices<ZooKeeperRules>());
  EXPECT_FALSE(equality_notices<ZooKeeperRules>());
  EXPECT_FALSE(quorums_notice<ZooKeeperRules>());
  EXPECT_FALSE(processing_notices<ZooKeeperRules>());
}

TEST(BrokenRules, AnOrderWithoutTheZxid) {
  EXPECT_TRUE(order_notices<IgnoresZxid>());
  EXPECT_TRUE(twin_of_order_notices<IgnoresZxid>());
  EXPECT_TRUE(processing_notices<IgnoresZxid>());
  EXPECT_TRUE(runs_notice<IgnoresZxid>());
}

TEST(BrokenRules, AnOrderThatConvincesNobody) {
  EXPECT_TRUE(order_notices<NeverAdopts>());
  EXPECT_TRUE(twin_of_order_notices<NeverAdopts>());
  EXPECT_TRUE(processing_notices<NeverAdopts>());
  EXPECT_TRUE(settling_notices<NeverAdopts>());
}

// Only the relation itself shows it. In a table it can't matter: recvset holds votes of the own round alone (see
// broken_invariant), and outofelection no looking ones.
TEST(BrokenRules, AnEqualityWithoutTheRound) {
  EXPECT_TRUE(equality_notices<ForgetsRound>());
  EXPECT_FALSE(processing_notices<ForgetsRound>());
}

TEST(BrokenRules, AnEqualityWithoutTheEpoch) {
  EXPECT_TRUE(equality_notices<ForgetsEpoch>());
  EXPECT_TRUE(processing_notices<ForgetsEpoch>());
  EXPECT_TRUE(runs_notice<ForgetsEpoch>());
}

TEST(BrokenRules, ALeaderThatHasNotSaidSo) {
  EXPECT_TRUE(processing_notices<AlwaysConfirmed>());
  EXPECT_TRUE(runs_notice<AlwaysConfirmed>());
}

TEST(BrokenRules, AnybodyIsAQuorum) {
  EXPECT_TRUE(quorums_notice<AnybodyIsAQuorum>());
  EXPECT_TRUE(processing_notices<AnybodyIsAQuorum>());
  EXPECT_TRUE(runs_notice<AnybodyIsAQuorum>());
}

TEST(BrokenRules, HalfIsAQuorum) {
  EXPECT_TRUE(quorums_notice<HalfIsAQuorum>());
  EXPECT_TRUE(processing_notices<HalfIsAQuorum>());
  EXPECT_TRUE(runs_notice<HalfIsAQuorum>());
}

}  // namespace
}  // namespace conclave::testing
