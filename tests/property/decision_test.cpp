// What the main loop makes of a notification: the model against ZooKeeper's loop in longhand.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "check.hpp"
#include "checkers.hpp"
#include "conclave/model/election.hpp"
#include "conclave/testing/situation.hpp"

namespace conclave::testing {
namespace {

using namespace model;

void classify(const Situation& now) {
  const Transition after = step(now.ensemble, now.peer, now.event);
  RC_CLASSIFY(after.rules.has(Rule::join_same_round), "joins in the same round");
  RC_CLASSIFY(after.rules.has(Rule::join_out_of_election), "joins out of election");
  RC_CLASSIFY(after.rules.has(Rule::leader_unconfirmed), "refuses: leader unconfirmed");
  RC_CLASSIFY(after.rules.has(Rule::begin_finalizing), "begins to finalize");
  RC_CLASSIFY(after.rules.has(Rule::oracle_follows), "follows for the oracle");
  RC_CLASSIFY(after.rules.has(Rule::restart_for_unknown_weight), "restarts");
}

TEST(Decisions, AreThoseOfLookForLeaderInOneConfiguration) {
  holds(10'000, [] {
    const auto now = *gen::situation({7, gen::any_kind, 1, gen::Happening::processing});
    classify(now);
    expect_none(check_processing<ZooKeeperRules>(now));
  });
}

TEST(Decisions, AreThoseOfLookForLeaderDuringAReconfiguration) {
  holds(15'000, [] {
    auto now = *gen::situation({5, gen::any_kind, 3, gen::Happening::processing});
    if (!now.peer.last_seen) {
      now.peer.last_seen = static_cast<ConfigIndex>(now.ensemble.configurations.size() - 1);
    }
    classify(now);
    RC_CLASSIFY(last_seen(now.ensemble, now.peer)->version() > committed(now.ensemble, now.peer).version(),
                "two configurations count");
    expect_none(check_processing<ZooKeeperRules>(now));
  });
}

}  // namespace
}  // namespace conclave::testing
