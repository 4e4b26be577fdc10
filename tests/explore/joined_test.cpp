// Joined reads: what servers may propose and have heard, kept beside the state, does what it does as part of it, or
// more; and joined over all runs it leaves none of them out.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "joined.hpp"
#include "late.hpp"
#include "support.hpp"

namespace conclave::explore {
namespace {

using spec::bit;
using spec::late_properties;

std::vector<spec::Scope> scopes() {
  std::vector<spec::Scope> scopes;
  for (const auto timing : {async, timely}) {
    for (const auto start : {staggered, together}) {
      scopes.push_back(scope_with(timing, start, 1, 1));
      scopes.push_back(scope_with(timing, start, 1, 0, 2));
    }
    scopes.push_back(scope_with(timing, together, 1, 1, 2));
  }
  scopes.push_back(roles_end_at_any_time(scope_with(async, together, 0, 0, 2)));
  return scopes;
}

TEST(JoinedReads, DoAllThatLateReadsDo) {
  for (const spec::Scope& scope : scopes()) {
    for (const spec::Scenario& scenario : {scenario_of(3), with_zxids(grouped({{2, 1, 1}}), {3, 1, 2}),
                                           with_zxids(grouped({{1, 1}, {0}}), {1, 2, 3})}) {
      SCOPED_TRACE(spec::describe(scope));
      Beside beside(scenario, scope);
      const auto [compared, lacking] = beside.compare_steps();
      EXPECT_EQ(lacking, 0U);
      EXPECT_GT(compared, 50U);
    }
  }
}

TEST(JoinedReads, CoverEveryLateState) {
  for (const spec::Scope& scope : scopes()) {
    SCOPED_TRACE(spec::describe(scope));
    Beside beside(scenario_of(3), scope);
    const Covered covered = beside.cover();
    EXPECT_EQ(covered.missing, 0U);
    EXPECT_GT(covered.states, covered.places) << "nothing was joined";
    EXPECT_LE(covered.places_of_states, covered.places);
  }
}

TEST(JoinedReads, CoverEveryLateStateOfFourServers) {
  Beside beside(scenario_of(4), scope_with(async, staggered, 1));
  const Covered covered = beside.cover();
  EXPECT_EQ(covered.missing, 0U);
  EXPECT_GT(covered.states, covered.places);
}

// In one round without faults few are too many: most places are those of late states.
TEST(JoinedReads, ComeToFewOtherPlacesWhereNothingFails) {
  for (const int voters : {3, 4}) {
    Beside beside(scenario_of(voters), scope_with(async, staggered));
    const Covered covered = beside.cover();
    EXPECT_GT(10 * covered.places_of_states, 9 * covered.places);
  }
}

TEST(JoinedReads, SuspectWhereARunBreaksAClaim) {
  spec::RuleVariant bug = *spec::find_seeded_bug("no-majority");
  bug.reducible = true;  // which it is not: but no vote that this test needs is dropped
  check::Request request = request_for(scope_with(async, staggered));
  request.rules = &bug;
  request.late_reads = true;
  request.joined_reads = true;
  const check::Report joined = explored(scenario_of(3), request);
  EXPECT_NE(joined.suspected & bit(spec::Property::quorum_took_part), 0U);
  request.rules = &spec::zookeeper_rules();
  EXPECT_EQ(explored(scenario_of(3), request).suspected, 0U);
}

// Two that look may each have found a quorum before, and have it no more once they have read again what was said in an
// election that is over. Nothing keeps them from reading something else.
TEST(JoinedReads, SuspectNoRestWhereOldNewsIsReadAgain) {
  check::Request request = request_for(scope_with(async, staggered, 1, 1, 2));
  request.late_reads = true;
  const check::Report late = explored(scenario_of(4), request);
  EXPECT_EQ(late.suspected, 0U);
  request.joined_reads = true;
  const check::Report joined = explored(scenario_of(4), request);
  EXPECT_EQ(joined.verdict, checker::Verdict::exhausted);
  EXPECT_EQ(joined.suspected, 0U);
  EXPECT_LT(joined.states, late.states);
}

TEST(JoinedReads, EndWhereLateReadsEnd) {
  for (const spec::Scope& scope : {scope_with(async, staggered, 1), scope_with(timely, together, 1)}) {
    check::Request request = request_for(scope);
    request.late_reads = true;
    const check::Report late = explored(scenario_of(4), request);
    request.joined_reads = true;
    const check::Report joined = explored(scenario_of(4), request);
    EXPECT_EQ(joined.verdict, checker::Verdict::exhausted);
    EXPECT_EQ(joined.suspected, late.suspected);
    EXPECT_LT(joined.states, late.states);
    EXPECT_LT(joined.quiet.settled, late.quiet.settled) << "what was proposed last makes no other end";
    EXPECT_GT(joined.quiet.settled, 0U);
  }
}

TEST(JoinedReads, CountTheSameWithAnyNumberOfThreads) {
  check::Request request = request_for(scope_with(async, staggered, 1, 1, 2));
  request.late_reads = true;
  request.joined_reads = true;
  const check::Report one = explored(scenario_of(3), request);
  request.limits.threads = 2;
  const check::Report two = explored(scenario_of(3), request);
  EXPECT_EQ(one.states, two.states);
  EXPECT_EQ(one.steps, two.steps);
  EXPECT_EQ(one.looks, two.looks);
  EXPECT_EQ(one.sweeps, two.sweeps);
  EXPECT_EQ(one.quiet.settled, two.quiet.settled);
}

// Members may look the same to all others, and still be different to themselves.
TEST(JoinedReads, CountTheSameWithOtherNumbers) {
  const spec::Scenario scenario = scenario_of(3);
  for (const spec::Scope& scope : {scope_with(async, together, 1, 0, 3), scope_with(timely, staggered, 1, 1, 3)}) {
    SCOPED_TRACE(spec::describe(scope));
    const checker::JoinResult first = Beside(scenario, scope).explored(false);
    const checker::JoinResult second = Beside(scenario, scope).explored(true);
    EXPECT_EQ(first.places, second.places);
    EXPECT_EQ(first.looks, second.looks);
    EXPECT_EQ(first.steps, second.steps);
    EXPECT_EQ(first.marked, second.marked);
  }
}

// 128 notifications may be heard with few words, more with many.
TEST(JoinedReads, CountTheSameWithWideSets) {
  const spec::Scenario scenario = scenario_of(3);
  const spec::Scope scope = scope_with(async, staggered, 1, 1, 2);
  Beside narrow(scenario, scope);
  Beside<8> wide(scenario, scope);
  EXPECT_EQ(narrow.cover().places, wide.cover().places);
}

TEST(HeardBits, AreGivenOutInTurnUntilThereAreNoMore) {
  spec::HeardBits bits(2);
  EXPECT_EQ(bits.bit_of(0, 7, 2), 0);
  EXPECT_EQ(bits.bit_of(0, 3, 2), 1);
  EXPECT_EQ(bits.bit_of(0, 7, 2), 0);
  EXPECT_EQ(bits.bit_of(1, 3, 2), 0);
  EXPECT_THROW(bits.bit_of(0, 9, 2), spec::HeardFull);
  EXPECT_EQ(bits.notification(0, 1), 3);
}

TEST(HeardSet, KnowsItsLastBit) {
  spec::HeardSet<2> set;
  EXPECT_EQ(set.end(), 0);
  set.insert(3);
  EXPECT_EQ(set.end(), 4);
  set.insert(127);
  EXPECT_EQ(set.end(), 128);
  EXPECT_TRUE(set.contains(3));
  EXPECT_FALSE(set.contains(64));
  std::vector<int> bits;
  set.for_each([&bits](int bit) { bits.push_back(bit); });
  EXPECT_EQ(bits, (std::vector<int>{3, 127}));
}

}  // namespace
}  // namespace conclave::explore
