// Vote equality: ZooKeeper's relation, which is no equivalence.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "check.hpp"
#include "checkers.hpp"
#include "conclave/model/election.hpp"
#include "conclave/testing/generators.hpp"

namespace conclave::testing {
namespace {

using namespace model;

// Two votes that have much in common, as independent ones seldom have.
rc::Gen<Vote> near_vote() { return gen::vote({ServerId{1}, ServerId{2}}, Round{1}); }

TEST(VoteEquality, IsVoteEquals) {
  holds(10'000, [] {
    const Vote left = *near_vote();
    const Vote right = *near_vote();
    RC_CLASSIFY(votes_equal(left, right), "equal");
    RC_CLASSIFY(votes_equal(left, right) && left != right, "equal, not identical");
    expect_none(check_equality<ZooKeeperRules>(left, right));
  });
  holds(5'000, [](const Vote& left, const Vote& right) { expect_none(check_equality<ZooKeeperRules>(left, right)); });
}

TEST(VoteEquality, IsReflexiveAndSymmetric) {
  holds(10'000, [] {
    const Vote left = *near_vote();
    const Vote right = *near_vote();
    RC_ASSERT(votes_equal(left, left));
    RC_ASSERT(votes_equal(left, right) == votes_equal(right, left));
  });
}

bool transitive(const Vote& a, const Vote& b, const Vote& c) {
  return !(votes_equal(a, b) && votes_equal(b, c)) || votes_equal(a, c);
}

TEST(VoteEquality, IsNotTransitive) {
  const auto witness = falsified(20'000, [] {
    const Vote a = *near_vote();
    const Vote b = *near_vote();
    const Vote c = *near_vote();
    RC_ASSERT(transitive(a, b, c));
  });
  ASSERT_TRUE(witness);
  // Two followers of different epochs, in today's format, and between them one of the format without a version.
  const Vote today{{PeerEpoch{1}, Zxid{0}, ServerId{1}}, Round{1}, 2, ServerState::following};
  const Vote later{{PeerEpoch{2}, Zxid{0}, ServerId{1}}, Round{1}, 2, ServerState::following};
  const Vote old{{PeerEpoch{0}, Zxid{0}, ServerId{1}}, Round{1}, 0, ServerState::following};
  EXPECT_TRUE(votes_equal(today, old));
  EXPECT_TRUE(votes_equal(old, later));
  EXPECT_FALSE(votes_equal(today, later));
}

TEST(VoteEquality, IsTransitiveAmongVotesOfOneVersionOutOfElection) {
  holds(10'000, [] {
    Vote votes[] = {*near_vote(), *near_vote(), *near_vote()};
    const auto version = static_cast<std::int32_t>(gen::between(0, 2));
    for (Vote& vote : votes) {
      vote.version = version;
      if (vote.state == ServerState::looking) vote.state = ServerState::following;
    }
    RC_CLASSIFY(votes_equal(votes[0], votes[1]) && votes_equal(votes[1], votes[2]), "a chain");
    RC_ASSERT(transitive(votes[0], votes[1], votes[2]));
  });
}

}  // namespace
}  // namespace conclave::testing
