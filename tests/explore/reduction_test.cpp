// A reduction leaves states out, never a finding.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <ostream>
#include <string>
#include <vector>

#include "support.hpp"

namespace conclave::explore {
namespace {

// What must not depend on a reduction.
struct Essence {
  checker::Verdict verdict{};
  std::vector<std::string> violations;
  std::vector<std::size_t> lengths;
  decltype(check::Report::first_seen) first_seen;
  std::vector<std::string> rules;
  std::array<bool, 3> quiet{};

  friend bool operator==(const Essence&, const Essence&) = default;
};

Essence essence_of(const check::Report& report) {
  Essence essence{report.verdict, names_of(report.violations), {}, report.first_seen, {}, {}};
  for (const check::Run& run : report.violations) essence.lengths.push_back(run.steps.size());
  for (std::size_t i = 0; i < model::rules_count; ++i) {
    if (report.rules[i] != 0) essence.rules.emplace_back(name_of(static_cast<model::Rule>(i)));
  }
  essence.quiet = {report.quiet.settled != 0, report.quiet.no_quorum != 0, report.quiet.cut != 0};
  return essence;
}

void PrintTo(const Essence& essence, std::ostream* out) {
  *out << name_of(essence.verdict) << "; violated:";
  for (const std::string& name : essence.violations) *out << " " << name;
  *out << "; first seen:";
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    const auto& level = essence.first_seen[static_cast<std::size_t>(info.property)];
    if (level) *out << " " << info.name << "@" << *level;
  }
  *out << "; rules:";
  for (const std::string& rule : essence.rules) *out << " " << rule;
  *out << "; quiet (settled, no quorum, cut):";
  for (const bool seen : essence.quiet) *out << " " << seen;
}

struct Sizes {
  std::uint64_t plain;
  std::uint64_t votes;
  std::uint64_t both;
};

Sizes compare(const spec::Scenario& scenario, const spec::Scope& scope,
              const spec::RuleVariant& rules = spec::zookeeper_rules()) {
  SCOPED_TRACE(describe(scope) + ", " + std::string(rules.name));
  check::Request request = plain(scope);
  request.rules = &rules;
  const check::Report whole = explored(scenario, request);
  request.scope.clear_dead_votes = true;
  const check::Report votes = explored(scenario, request);
  request.minimise = true;
  const check::Report both = explored(scenario, request);
  EXPECT_EQ(essence_of(whole), essence_of(votes));
  // Of two local states that are one to everybody else, one stands for both, and with the other goes what only it
  // does inside itself: to find that a leader has not given its word changes nothing that anybody could notice.
  Essence unhindered = essence_of(whole);
  Essence minimised = essence_of(both);
  std::vector<model::Rule> internal{model::Rule::leader_unconfirmed};
  // Where the leader's word is not asked for, it is all the same in which round one joins.
  if (&rules != &spec::zookeeper_rules()) internal.push_back(model::Rule::join_out_of_election);
  for (Essence* essence : {&unhindered, &minimised}) {
    for (const model::Rule rule : internal) std::erase(essence->rules, name_of(rule));
  }
  EXPECT_EQ(unhindered, minimised);
  // A resend that reaches nobody is no step, unless it also puts back a vote that had been cleared.
  if (scope.resends == 0) {
    EXPECT_LE(votes.states, whole.states);
  }
  // Local states are minimised without a look at which waits will not end: with a seeded bug that can be more.
  if (&rules == &spec::zookeeper_rules()) {
    EXPECT_LE(both.states, votes.states);
  }
  return {whole.states, votes.states, both.states};
}

std::vector<spec::Scope> scopes(int crashes_max, int restarts_max) {
  std::vector<spec::Scope> all;
  for (const auto timing : {async, timely}) {
    for (const auto start : {staggered, together}) {
      for (int crashes = 0; crashes <= crashes_max; ++crashes) {
        for (int restarts = 0; restarts <= std::min(crashes, restarts_max); ++restarts) {
          all.push_back(scope_with(timing, start, crashes, restarts));
        }
      }
    }
  }
  return all;
}

TEST(Reduction, FindsTheSameAmongThreeServers) {
  for (const spec::Scope& scope : scopes(2, 1)) compare(scenario_of(3), scope);
}

TEST(Reduction, FindsTheSameInTwoRounds) {
  for (const auto start : {staggered, together}) {
    compare(scenario_of(2), scope_with(async, start, 1, 1, 2));
    compare(scenario_of(2), roles_end_at_any_time(scope_with(async, start, 1, 1, 2)));
    compare(scenario_of(3), scope_with(async, start, 1, 0, 2));
    compare(scenario_of(3), scope_with(timely, start, 0, 0, 2));
  }
  compare(scenario_of(3), scope_with(timely, together, 1, 0, 2));
}

TEST(Reduction, FindsTheSameInEveryOrderOfThree) {
  std::vector<std::int64_t> zxids{1, 2, 3};
  do {
    compare(with_zxids(majority(3), zxids), scope_with(async, staggered, 1));
  } while (std::next_permutation(zxids.begin(), zxids.end()));
}

TEST(Reduction, FindsTheSameWithObserversGroupsAndUnloggedServers) {
  compare(scenario_of(2, 1), scope_with(async, staggered, 1));
  compare(scenario_of(3, 1), scope_with(timely, together));
  compare(with_zxids(grouped({{1}, {2, 0}}), {1, 2, 3}), scope_with(async, staggered, 1));
  compare(with_zxids(grouped({{2, 1, 0}}), {1, 2, 3}), scope_with(async, staggered, 1));
  compare(with_zxids(majority(3), {-1, 1, 2}), scope_with(async, staggered, 1));
}

TEST(Reduction, FindsTheSameAmongFourServers) {
  for (const auto timing : {async, timely}) compare(scenario_of(4), scope_with(timing, staggered));
}

TEST(Reduction, FindsTheSameBugs) {
  for (const spec::RuleVariant& bug : spec::seeded_bugs()) {
    for (const spec::Scope& scope : scopes(1, 1)) compare(scenario_of(3), scope, bug);
    compare(scenario_of(3), scope_with(timely, staggered, 0, 0, 2), bug);
    compare(scenario_of(4), scope_with(timely, together), bug);
  }
}

TEST(Reduction, ReallyReduces) {
  const Sizes three = compare(scenario_of(3), scope_with(async, staggered));
  EXPECT_LT(three.votes, three.plain);
  EXPECT_LT(three.both, three.votes);
  const Sizes four = compare(scenario_of(4), scope_with(async, staggered));
  EXPECT_LT(2 * four.votes, four.plain);
  EXPECT_LT(3 * four.both, 2 * four.votes);
  const Sizes restarts = compare(scenario_of(3), scope_with(async, staggered, 1, 1));
  EXPECT_LT(restarts.both, restarts.plain);
}

TEST(Reduction, FindsTheSameOnFifo) {
  for (const auto timing : {async, timely}) {
    for (const auto start : {staggered, together}) {
      for (const int capacity : {1, 2, 4}) {
        compare(scenario_of(3), on_fifo(scope_with(timing, start), capacity));
        compare(scenario_of(2), on_fifo(scope_with(timing, start, 1, 1, 2), capacity));
      }
      compare(scenario_of(3), on_fifo(scope_with(timing, start, 1), 1));
      compare(scenario_of(3), on_fifo(scope_with(timing, start, 1, 1), 1));
    }
  }
  compare(scenario_of(3), on_fifo(scope_with(timely, together, 0, 0, 2), 1));
}

TEST(Reduction, FindsTheSameWhereMessagesAreLost) {
  for (const auto timing : {async, timely}) {
    spec::Scope lossy = on_fifo(scope_with(timing, staggered), 2);
    lossy.losses = 1;
    lossy.resends = 1;
    compare(scenario_of(2), lossy);
    compare(scenario_of(3), lossy);
  }
}

TEST(Reduction, FindsTheSameBugsOnFifo) {
  for (const spec::RuleVariant& bug : spec::seeded_bugs()) {
    for (const auto timing : {async, timely}) {
      compare(scenario_of(3), on_fifo(scope_with(timing, staggered), 2), bug);
      compare(scenario_of(3), on_fifo(scope_with(timing, together, 0, 0, 2), 1), bug);
    }
  }
}

// One step per message is what the argument is about: nothing is left out of the fine grain.
TEST(Reduction, KeepsOffTheFineGrain) {
  spec::Scope fine = scope_with(timely, together);
  fine.grain = spec::Grain::fine;
  const Sizes sizes = compare(scenario_of(2), fine);
  EXPECT_EQ(sizes.plain, sizes.both);
}

}  // namespace
}  // namespace conclave::explore
