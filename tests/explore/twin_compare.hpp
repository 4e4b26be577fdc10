// One scope explored twice, and everything that both count compared.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "support.hpp"
#include "twin.hpp"

namespace conclave::explore {

struct Case {
  std::string name;
  spec::Scenario scenario;
  spec::Scope scope;
};
inline void PrintTo(const Case& example, std::ostream* out) { *out << example.name; }

inline void expect_equal(const Case& example, const spec::RuleVariant& rules = spec::zookeeper_rules()) {
  SCOPED_TRACE(example.name + ": " + describe(example.scope) + ", " + std::string(rules.name));
  check::Request request = plain(example.scope);
  request.rules = &rules;
  const check::Report first = explored(example.scenario, request);
  const Twin::Counts second = Twin(example.scenario, request.scope, rules).explore();
  EXPECT_EQ(first.states, second.states);
  EXPECT_EQ(first.steps, second.steps);
  EXPECT_EQ(pairs_of(first.levels), pairs_of(second.levels));
  EXPECT_EQ(first.first_seen, second.first_seen);
  EXPECT_EQ(first.violations.empty(), !second.violated);
  ::testing::Test::RecordProperty("states", std::to_string(first.states));
  ::testing::Test::RecordProperty("steps", std::to_string(first.steps));
  ::testing::Test::RecordProperty("levels", std::to_string(first.levels.size()));
  if (second.violated) return;
  EXPECT_EQ(first.verdict, checker::Verdict::exhausted);
  EXPECT_EQ(first.quiet.settled, second.quiet.settled);
  EXPECT_EQ(first.quiet.no_quorum, second.quiet.no_quorum);
  EXPECT_EQ(first.quiet.cut, second.quiet.cut);
}

inline std::vector<Case> in_all_timings(const std::string& name, const spec::Scenario& scenario,
                                        const spec::Scope& scope) {
  std::vector<Case> cases;
  for (const auto timing : {async, timely}) {
    for (const auto start : {staggered, together}) {
      spec::Scope full = scope;
      full.timing = timing;
      full.start = start;
      const char* when = timing == async ? "_async" : "_timely";
      cases.push_back({name + when + (start == together ? "_together" : ""), scenario, full});
      if (timing == timely || scope.rounds == 1) continue;  // no role ends that counts
      full.role_end = spec::RoleEnd::any;
      cases.push_back({name + when + (start == together ? "_together_any" : "_any"), scenario, full});
    }
  }
  return cases;
}

inline spec::Scope faults(int crashes, int restarts, int rounds) {
  return scope_with(async, staggered, crashes, restarts, rounds);
}

}  // namespace conclave::explore
