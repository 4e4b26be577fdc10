// Late reads beside the unreduced system, without the other reductions' audits.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "conclave/check/audit_late.hpp"

namespace conclave::explore {

inline constexpr std::size_t late_words = 8;

inline spec::Layout late_layout(const spec::ClosedSystem& system) {
  constexpr int local_bits = 22;
  constexpr int channel_bits = 16;
  std::vector<int> widths = system.fields().widths();
  const std::size_t locals = system.fields().local(system.servers());
  for (std::size_t field = 0; field < system.fields().growing(); ++field) {
    if (widths[field] != 0) widths[field] = field < locals ? local_bits : channel_bits;
  }
  return spec::Layout::plan(widths, system.fields().growing(), late_words).value();
}

// `Late`: LateWorker or LateFifoWorker.
template <class Late>
check::Audit late_audit_by(const spec::Scenario& scenario, const spec::Scope& scope, const spec::RuleVariant& rules) {
  spec::ClosedSystem system(scenario, scope, rules);
  spec::LateMachine late(system);
  const spec::Layout layout = late_layout(system);
  check::AuditTally tally;
  check::LatePairSystem<late_words, Late> pairs(system, late, layout, tally);
  checker::Progress progress;
  check::Audit audit;
  check::audit_every(pairs, tally, {}, progress, audit);
  return audit;
}

inline check::Audit late_audit(const spec::Scenario& scenario, const spec::Scope& scope,
                               const spec::RuleVariant& rules = spec::zookeeper_rules()) {
  if (scope.network.kind == spec::NetworkKind::latest) {
    return late_audit_by<spec::LateWorker<late_words>>(scenario, scope, rules);
  }
  return late_audit_by<spec::LateFifoWorker<late_words>>(scenario, scope, rules);
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
