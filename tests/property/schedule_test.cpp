// Whole runs: servers that start, crash, fall silent and lose messages at any moment, and what is true all along and
// after the faults have stopped.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <string>

#include "check.hpp"
#include "conclave/model/election.hpp"
#include "conclave/testing/schedule.hpp"
#include "schedule_properties.hpp"

namespace conclave::testing {
namespace {

using namespace model;

TEST(Schedules, EveryDecisionHasItsQuorumAndItsLeadersVote) {
  holds(3'000, [] {
    const auto schedule = *gen::schedule({});
    const RunReport report = check_run<ZooKeeperRules>(schedule);
    RC_CLASSIFY(report.decisions == 0, "no decision");
    RC_CLASSIFY(report.decisions >= 5, "five decisions or more");
    RC_CLASSIFY(report.two_leaders, "two leaders at once");
    expect_none(report.complaint);
  });
}

TEST(Schedules, SettleOnOneLeaderOnceTheFaultsStop) {
  holds(3'000, [] {
    const auto schedule = *gen::schedule({});
    const SettleReport report = check_settles<ZooKeeperRules>(schedule);
    RC_CLASSIFY(report.could_with_survivors, "the survivors elect");
    RC_CLASSIFY(report.could_with_all, "everyone elects");
    RC_CLASSIFY(!report.could_with_all, "without a quorum");
    RC_CLASSIFY(report.endless_talk, "a voter and an observer talk without end");
    RC_TAG(std::string("settled after round ") + std::to_string(report.rounds));
    expect_none(report.complaint);
  });
}

TEST(Schedules, ALateServerJoinsAndChangesNothing) {
  holds(2'000, [] {
    const auto schedule = *gen::schedule({});
    const SettleReport report = check_late_servers_join<ZooKeeperRules>(schedule);
    RC_CLASSIFY(report.could_with_survivors && report.late > 0, "somebody was late");
    expect_none(report.complaint);
  });
}

}  // namespace
}  // namespace conclave::testing
