// Which histories stand for which: counted again by trying every permutation.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <set>
#include <vector>

#include "support.hpp"
#include "twin.hpp"

namespace conclave::explore {
namespace {

using Order = std::vector<std::size_t>;  // voters, the lowest initial vote first

// --- counts do not depend on who has which zxid
// -------------------------------------------------------------------------

TEST(Histories, OfAMajorityAreAllAlikeAmongFour) {
  std::vector<std::int64_t> zxids{1, 2, 3, 4};
  const check::Request request = request_for(scope_with(async, staggered));
  const check::Report first = explored(with_zxids(majority(4), zxids), request);
  ASSERT_EQ(first.verdict, checker::Verdict::exhausted);
  while (std::next_permutation(zxids.begin(), zxids.end())) {
    const check::Report other = explored(with_zxids(majority(4), zxids), request);
    ASSERT_EQ(other.verdict, checker::Verdict::exhausted);
    ASSERT_EQ(pairs_of(first.levels), pairs_of(other.levels));
    ASSERT_EQ(first.first_seen, other.first_seen);
  }
}

TEST(Histories, OfAMajorityAreAllAlikeAmongFive) {
  std::vector<std::int64_t> zxids{1, 2, 3, 4, 5};
  check::Request request = plain(scope_with(async, staggered));
  request.scope.clear_dead_votes = true;
  request.limits.depth_max = 9;
  const check::Report first = explored(with_zxids(majority(5), zxids), request);
  ASSERT_EQ(first.levels.size(), 9U);
  int others = 0;
  while (std::next_permutation(zxids.begin(), zxids.end())) {
    ++others;
    const check::Report other = explored(with_zxids(majority(5), zxids), request);
    ASSERT_EQ(pairs_of(first.levels), pairs_of(other.levels));
    ASSERT_EQ(first.first_seen, other.first_seen);
  }
  EXPECT_EQ(others, 119);
}

// --- how many there are
// -------------------------------------------------------------------------------------------------

// The permutations of the voters that keep the weights, and which are in one group.
std::vector<Order> automorphisms(const model::Configuration& configuration) {
  const auto& members = configuration.members();
  Order permutation(members.size());
  std::iota(permutation.begin(), permutation.end(), std::size_t{0});
  std::vector<Order> found;
  do {
    bool keeps = true;
    for (std::size_t i = 0; keeps && i < permutation.size(); ++i) {
      keeps = members[i].weight == members[permutation[i]].weight;
      for (std::size_t j = 0; keeps && j < i; ++j) {
        keeps = (members[i].group == members[j].group) ==
                (members[permutation[i]].group == members[permutation[j]].group);
      }
    }
    if (keeps) found.push_back(permutation);
  } while (std::next_permutation(permutation.begin(), permutation.end()));
  return found;
}

// Which orders of `count` voters the symmetries do not make equal: of each orbit the least.
std::set<Order> orbits(const std::vector<Order>& symmetries, std::size_t voters, std::size_t count) {
  std::set<Order> least;
  Order all(voters);
  std::iota(all.begin(), all.end(), std::size_t{0});
  std::set<Order> rows;
  do {
    rows.insert(Order(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count)));
    std::reverse(all.begin() + static_cast<std::ptrdiff_t>(count), all.end());  // on to the next row
  } while (std::next_permutation(all.begin(), all.end()));
  while (!rows.empty()) {
    const Order first = *rows.begin();
    least.insert(first);
    for (const Order& symmetry : symmetries) {
      Order image;
      for (const std::size_t voter : first) image.push_back(symmetry[voter]);
      rows.erase(image);
    }
  }
  return least;
}

Order order_of(const spec::Scenario& scenario) {
  std::vector<spec::Participant> participants = scenario.participants;
  std::sort(participants.begin(), participants.end(),
            [](const auto& left, const auto& right) { return left.durable.last_zxid < right.durable.last_zxid; });
  Order order;
  for (const spec::Participant& participant : participants) {
    order.push_back(static_cast<std::size_t>(participant.id.value) - 1);
  }
  return order;
}

// Every orbit has one scenario, and exactly one.
std::size_t expect_one_of_each(const model::Ensemble& ensemble, int starts_max) {
  const model::Configuration& configuration = ensemble.configurations[0];
  const std::vector<Order> symmetries = automorphisms(configuration);
  const std::set<Order> expected = orbits(symmetries, configuration.voters(), static_cast<std::size_t>(starts_max));
  std::set<Order> given;
  const std::vector<spec::Scenario> scenarios = spec::every_history(ensemble, starts_max);
  for (const spec::Scenario& scenario : scenarios) {
    Order least = order_of(scenario);
    for (const Order& symmetry : symmetries) {
      Order image;
      for (const std::size_t voter : order_of(scenario)) image.push_back(symmetry[voter]);
      least = std::min(least, image);
    }
    given.insert(least);
  }
  EXPECT_EQ(given, expected);
  EXPECT_EQ(scenarios.size(), expected.size());
  return scenarios.size();
}

TEST(EveryHistory, IsOneForAMajority) {
  for (int starts_max = 1; starts_max <= 5; ++starts_max) EXPECT_EQ(expect_one_of_each(majority(5), starts_max), 1U);
}

TEST(EveryHistory, IsAsManyAsThereAreOrbits) {
  // 5! orders, 3! * 2! symmetries.
  EXPECT_EQ(expect_one_of_each(grouped({{1, 1, 1}, {0, 0}}), 5), 10U);
  expect_one_of_each(grouped({{1, 1}, {1, 1}}), 4);
  expect_one_of_each(grouped({{1, 1}, {1, 1}}), 2);
  expect_one_of_each(grouped({{2, 1, 1}, {1, 1}}), 5);
  expect_one_of_each(grouped({{2, 1, 1}, {2, 1, 1}}), 3);
  expect_one_of_each(grouped({{1}, {2}, {1, 2}}), 4);
}

TEST(EveryHistory, IsFewForThreeGroupsOfThree) {
  // One group, two and one, and so on: the ways to spread four over three alike groups, in order.
  EXPECT_EQ(expect_one_of_each(grouped({{1, 1, 1}, {1, 1, 1}, {1, 1, 1}}), 4), 13U);
}

// --- servers without a log
// -----------------------------------------------------------------------------------------------

TEST(Unlogged, JoinsWhatOthersFound) {
  const check::Report report =
      explored(with_zxids(majority(3), {-1, 1, 2}), request_for(scope_with(async, staggered)));
  EXPECT_EQ(report.verdict, checker::Verdict::exhausted);
  EXPECT_TRUE(report.violations.empty());
  EXPECT_TRUE(saw(report, spec::Property::all_settled));  // all three: the first has joined
  EXPECT_NE(report.rules[static_cast<std::size_t>(model::Rule::ignore_without_own_zxid)], 0U);
  EXPECT_NE(report.rules[static_cast<std::size_t>(model::Rule::ignore_without_their_zxid)], 0U);
}

TEST(Unlogged, FoundsNothing) {
  for (const auto& zxids : {std::vector<std::int64_t>{-1, -1, 1}, std::vector<std::int64_t>{-1, -1, -1}}) {
    const check::Report report = explored(with_zxids(majority(3), zxids), request_for(scope_with(async, staggered)));
    EXPECT_EQ(report.verdict, checker::Verdict::exhausted);
    EXPECT_EQ(report.quiet.settled, 0U);
    EXPECT_NE(report.quiet.no_quorum, 0U);
    EXPECT_EQ(report.rules[static_cast<std::size_t>(model::Rule::decide_by_silence)], 0U);
    EXPECT_EQ(report.rules[static_cast<std::size_t>(model::Rule::join_same_round)], 0U);
    EXPECT_EQ(report.tested[static_cast<std::size_t>(spec::Property::some_leading)], 0U);
  }
}

// --- tolerance
// -----------------------------------------------------------------------------------------------------------

using Ids = std::set<std::int64_t>;

bool enough(const model::Configuration& configuration, const Ids& alive) {
  if (configuration.groups().empty()) return 2 * alive.size() > configuration.voters();
  int heavy = 0;
  int won = 0;
  for (const model::Group& group : configuration.groups()) {
    std::int64_t have = 0;
    for (const model::Member& member : configuration.members()) {
      if (member.group == group.id && alive.count(member.id.value) != 0) have += member.weight->value;
    }
    if (group.weight.value > 0) ++heavy;
    if (2 * have > group.weight.value) ++won;
  }
  return 2 * won > heavy;
}

void expect_tolerance(const model::Ensemble& ensemble) {
  const model::Configuration& configuration = ensemble.configurations[0];
  std::set<Ids> sets{{}};  // all subsets, one server after another
  for (const model::Member& member : configuration.members()) {
    if (member.role != model::LearnerType::participant) continue;
    const std::set<Ids> before = sets;
    for (Ids with : before) {
      with.insert(member.id.value);
      sets.insert(with);
    }
  }
  Ids everybody;
  for (const Ids& set : sets) everybody = set.size() > everybody.size() ? set : everybody;
  std::set<Ids> fatal;
  for (const Ids& lost : sets) {
    Ids alive;
    std::set_difference(everybody.begin(), everybody.end(), lost.begin(), lost.end(),
                        std::inserter(alive, alive.begin()));
    if (enough(configuration, alive)) continue;
    if (!fatal.empty() && lost.size() < fatal.begin()->size()) fatal.clear();
    if (fatal.empty() || lost.size() == fatal.begin()->size()) fatal.insert(lost);
  }
  const spec::Tolerance tolerance = spec::tolerance_of(configuration);
  std::set<Ids> given;
  for (const auto& servers : tolerance.smallest_fatal) {
    Ids ids;
    for (const model::ServerId id : servers) ids.insert(id.value);
    given.insert(ids);
  }
  EXPECT_TRUE(tolerance.complete);
  EXPECT_EQ(given, fatal);
  EXPECT_EQ(given.size(), tolerance.smallest_fatal.size());
  ASSERT_FALSE(fatal.empty());
  EXPECT_EQ(tolerance.any_crashes, static_cast<int>(fatal.begin()->size()) - 1);
}

TEST(Tolerance, AgreesWithTryingEverySet) {
  for (int voters = 1; voters <= 7; ++voters) expect_tolerance(majority(voters, voters % 3));
  expect_tolerance(grouped({{1, 1, 1}, {1, 1, 1}, {1, 1, 1}}));
  expect_tolerance(grouped({{1, 1, 1}, {0, 0}}));
  expect_tolerance(grouped({{3, 1, 1}, {1, 2}, {5}}));
  expect_tolerance(grouped({{1, 1}, {1, 1}}));
  EXPECT_EQ(spec::tolerance_of(majority(5).configurations[0]).any_crashes, 2);
  EXPECT_EQ(spec::tolerance_of(majority(5).configurations[0]).smallest_fatal.size(), 10U);
}

// Servers of several kinds are not swapped with each other: the orders are those of their kinds.
TEST(Histories, TellServersOfSeveralKindsApart) {
  const auto count = [](const model::Ensemble& ensemble, int starts, const std::map<model::ServerId, int>& kinds) {
    return spec::every_history(ensemble, starts, kinds).size();
  };
  const auto id = [](std::int64_t number) { return model::ServerId{number}; };
  EXPECT_EQ(count(majority(3), 3, {}), 1U);
  EXPECT_EQ(count(majority(3), 3, {{id(2), 1}}), 3U);
  EXPECT_EQ(count(majority(3), 3, {{id(1), 1}, {id(2), 2}}), 6U);
  EXPECT_EQ(count(majority(5), 5, {{id(1), 1}, {id(4), 1}}), 10U);
  EXPECT_EQ(count(majority(5), 3, {{id(1), 1}}), 4U);
  const model::Ensemble groups = grouped({{1}, {1}, {1}});
  EXPECT_EQ(count(groups, 3, {}), 1U);
  EXPECT_EQ(count(groups, 3, {{id(3), 1}}), 3U);
}

}  // namespace
}  // namespace conclave::explore
