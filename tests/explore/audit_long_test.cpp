// Audits that take minutes: every pair of four servers, and longer random runs of five and six.
#include <gtest/gtest.h>

#include "conclave/check/audit.hpp"
#include "support.hpp"

namespace conclave::explore {
namespace {

void expect_agreement(const spec::Scenario& scenario, const spec::Scope& scope, std::uint64_t runs = 0) {
  SCOPED_TRACE(describe(scope));
  check::AuditRequest request;
  request.scope = scope;
  request.options.runs = runs;
  request.limits.threads = 2;
  checker::Progress progress;
  for (const check::Audit& audit : check::audit(scenario, request, progress)) {
    EXPECT_FALSE(audit.failure) << name_of(audit.reduction) << ": " << audit.failure->clause;
    EXPECT_EQ(audit.verdict, checker::Verdict::exhausted);
  }
}

TEST(AuditLong, FourServers) {
  for (const auto timing : {async, timely}) {
    expect_agreement(scenario_of(4), scope_with(timing, together, 1));
    expect_agreement(scenario_of(4), scope_with(timing, staggered));
  }
}
TEST(AuditLong, RandomRunsOfFiveAndSix) {
  for (const auto timing : {async, timely}) {
    expect_agreement(scenario_of(5), scope_with(timing, staggered, 2), 2'000);
    expect_agreement(scenario_of(5), scope_with(timing, staggered, 1, 1, 2), 1'000);
    expect_agreement(scenario_of(5), on_fifo(scope_with(timing, staggered, 1, 0, 2), 2), 500);
  }
  expect_agreement(scenario_of(6), scope_with(timely, together, 2, 0, 2), 500);
}

}  // namespace
}  // namespace conclave::explore
