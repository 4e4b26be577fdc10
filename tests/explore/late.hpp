// Late reads beside the unreduced system, without the other reductions' audits.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "conclave/check/audit_late.hpp"

namespace conclave::explore {

inline check::Audit late_audit(const spec::Scenario& scenario, const spec::Scope& scope,
                               const spec::RuleVariant& rules = spec::zookeeper_rules()) {
  constexpr std::size_t words = 4;
  constexpr int local_bits = 22;
  spec::ClosedSystem system(scenario, scope, rules);
  spec::LateMachine late(system);
  std::vector<int> widths = system.fields().widths();
  for (int i = 0; i < system.servers(); ++i) widths[system.fields().local(i)] = local_bits;
  const spec::Layout layout = spec::Layout::plan(widths, system.fields().growing(), words).value();
  check::AuditTally tally;
  check::LatePairSystem<words> pairs(system, late, layout, tally);
  checker::Progress progress;
  check::Audit audit;
  check::audit_every(pairs, tally, {}, progress, audit);
  return audit;
}

// Every run has to have its like, and there has to be something to put off.
inline void beside(const spec::Scenario& scenario, const spec::Scope& scope) {
  SCOPED_TRACE(spec::describe(scope));
  const check::Audit audit = late_audit(scenario, scope);
  EXPECT_FALSE(audit.failure) << audit.failure->sentence << ": " << audit.failure->clause << ", after "
                              << audit.failure->steps.size() - 1 << " steps";
  EXPECT_EQ(audit.verdict, audit.failure ? checker::Verdict::bounded : checker::Verdict::exhausted);
  EXPECT_GT(audit.pairs, 0U);
  EXPECT_GT(audit.left_out, 0U) << "there was nothing to put off";
  EXPECT_GT(audit.steps, audit.left_out) << "nothing was noticed";
}

}  // namespace conclave::explore
