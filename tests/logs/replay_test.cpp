// The search: what a log leaves open is found, and what the model does not allow is not.
#include "conclave/logs/replay.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>

#include "conclave/logs/configuration.hpp"
#include "log_builder.hpp"

namespace conclave::logs {
namespace {

using model::Round;
using model::ServerId;
using model::ServerState;
using model::Zxid;

using Log = LogBuilder;

void expect_explained(const Log& log) {
  const Explanation explanation = log.explained();
  for (const Divergence& one : explanation.divergences) {
    ADD_FAILURE() << "line " << one.fact + 1 << ": " << one.what << "; " << one.logged << "; " << one.model;
  }
  EXPECT_TRUE(explanation.unknown.empty());
}

void expect_divergence(const Log& log, std::size_t line, const std::string& what) {
  const Explanation explanation = log.explained();
  ASSERT_EQ(explanation.divergences.size(), 1U);
  EXPECT_EQ(explanation.divergences[0].fact + 1, line);
  EXPECT_EQ(explanation.divergences[0].what, what);
}

TEST(Replay, AnElectionByAQuorum) {
  Log log;
  log.looks_and_hears_itself().hears(2, ServerState::looking, 2, 1).hears(1, ServerState::looking, 2, 1).follows(200);
  expect_explained(log);
  const Explanation explanation = log.explained();
  EXPECT_EQ(explanation.heard, 3U);
  const World world = world_of_three();
  Walk walk(log.log(), explanation, world);
  while (walk.next()) {
  }
  EXPECT_EQ(model::state_of(walk.made.peer), ServerState::following);
  EXPECT_EQ(walk.made.peer.current_vote.proposal.leader, ServerId{2});
}

TEST(Replay, ADecisionNeedsAQuorum) {
  Log log;
  log.looks_and_hears_itself().follows(300);
  expect_divergence(log, 5, "changes its state");
}

TEST(Replay, ADecisionByAQuorumNeedsItsWait) {
  Log log;
  log.looks_and_hears_itself().hears(2, ServerState::looking, 2, 1).hears(1, ServerState::looking, 2, 1).follows(150);
  expect_divergence(log, 7, "changes its state");
}

TEST(Replay, JoiningNeedsTheLeadersWord) {
  Log without;
  without.looks_and_hears_itself().hears(2, ServerState::following, 3, 1, 1).follows(5);
  expect_divergence(without, 6, "changes its state");
  Log with;
  with.looks_and_hears_itself()
      .hears(2, ServerState::following, 3, 1, 1)
      .hears(3, ServerState::leading, 3, 1, 1)
      .follows(5);
  expect_explained(with);
}

TEST(Replay, ABetterVoteIsTakenUp) {
  Log log;
  log.looks_and_hears_itself()
      .hears(2, ServerState::looking, 2, 1)
      .hears(1, ServerState::looking, 1, 1);  // it would say so of server 2
  expect_divergence(log, 6, "hears itself");
}

TEST(Replay, AWorseOneIsNot) {
  Log log;
  log.starts()
      .looks()
      .hears(1, ServerState::looking, 1, 1, 1)
      .hears(2, ServerState::looking, 2, 1, 0)
      .hears(1, ServerState::looking, 2, 1, 0);
  expect_divergence(log, 6, "hears itself");
}

TEST(Replay, ThreadsMayWriteInAnotherOrderThanTheyAct) {
  // Reception reads the state, the other thread decides and writes, and only then reception's line comes.
  Log log;
  log.looks_and_hears_itself()
      .hears(2, ServerState::following, 3, 1, 1)
      .hears(3, ServerState::leading, 3, 1, 1)
      .follows(5)
      .hears(2, ServerState::following, 3, 1, 1, ServerState::looking);
  expect_explained(log);
  // Once it has acted upon that line it must have seen the change.
  log.hears(3, ServerState::leading, 3, 1, 1, ServerState::looking)
      .says(StateChanged{ServerState::following, false, "discovery"});
  expect_divergence(log, 10, "hears another");
}

TEST(Replay, TheAnswerBeforeADecisionIsPublishedHasTheOldVote) {
  // Its own notification comes back late, and reception answers it between the decision and its publication.
  Log log;
  log.starts()
      .looks()
      .hears(2, ServerState::following, 3, 1, 1)
      .hears(3, ServerState::leading, 3, 1, 1)
      .hears(1, ServerState::looking, 1, 1)
      .follows(5)
      .hears(1, ServerState::following, 1, model::no_round.value, 0, ServerState::following);
  expect_explained(log);
}

TEST(Replay, TimeOutsDouble) {
  Log log;
  log.looks_and_hears_itself().says(TimedOut{400}, 200).hears(1, ServerState::looking, 1, 1).says(TimedOut{800}, 400);
  expect_explained(log);  // the second time nobody was reached, and nothing sent
  log.says(TimedOut{800}, 800);
  expect_divergence(log, 8, "has waited in vain");
}

TEST(Replay, TheLogsOwnIntervalsAreUsed) {
  Log log;
  log.starts()
      .says(IntervalSet{false, 50})
      .says(IntervalSet{true, 150})
      .looks()
      .hears(1, ServerState::looking, 1, 1)
      .says(TimedOut{100}, 50)
      .says(TimedOut{150}, 100)
      .says(TimedOut{150}, 150);
  expect_explained(log);
}

TEST(Replay, ALogMayBeginAnywhere) {
  Log log;
  log.hears(2, ServerState::looking, 2, 5, 1, ServerState::following)  // of this nothing is known
      .says(StateChanged{ServerState::looking, true, ""})
      .looks()
      .hears(1, ServerState::looking, 1, 6, 1)
      .hears(2, ServerState::looking, 2, 6, 1)
      .hears(1, ServerState::looking, 2, 6, 1)
      .follows(201);
  const Explanation explanation = log.explained();
  EXPECT_TRUE(explanation.divergences.empty());
  EXPECT_EQ(explanation.heard, 4U);
  EXPECT_EQ(explanation.unknown.size(), 1U);
}

TEST(Replay, ItsNextVoteIsNotMissedForALongRole) {
  Log log;
  log.says(RoleTaken{ServerState::following}).says(Looking{}, 5'000).says(ElectionBegins{ServerId{1}, Zxid{0}});
  expect_explained(log);  // it ends before the vote comes back
}

TEST(Replay, GoesOnAfterADivergence) {
  Log log;
  log.looks_and_hears_itself()
      .follows(300)
      .hears(2, ServerState::looking, 2, 1, 0, ServerState::following)
      .says(StateChanged{ServerState::looking, true, ""})
      .looks()
      .hears(1, ServerState::looking, 1, 2)
      .hears(2, ServerState::looking, 2, 2)
      .hears(1, ServerState::looking, 2, 2)
      .follows(200);
  const Explanation explanation = log.explained();
  EXPECT_EQ(explanation.divergences.size(), 1U);
  EXPECT_EQ(explanation.unknown.size(), 1U);
}

TEST(Replay, ALeaderHasAQuorumAndALaterEpochThanWasHeardBefore) {
  const auto leads = [](std::int64_t epoch, std::set<ServerId> supporters) {
    Log log(2);
    log.looks_and_hears_itself().hears(3, ServerState::following, 1, 1, 4).hears_vote(1, 1).hears_vote(1, 2);
    log.leads(201).hears(3, ServerState::looking, 3, 1, 6, ServerState::leading);
    log.says(Established{Zxid{epoch << 32}, std::move(supporters)});
    return log;
  };
  expect_explained(leads(5, {ServerId{1}, ServerId{2}}));  // of 6 it heard while it led: perhaps a later leader's
  expect_divergence(leads(4, {ServerId{1}, ServerId{2}}), 11, "leads an epoch that is not new");
  expect_divergence(leads(5, {ServerId{2}, ServerId{7}}), 11, "leads without a quorum");
}

TEST(Replay, BeforeAnElectionThereIsNoVoteToTell) {
  Log log;
  log.starts().says(Looking{}).hears_vote(1, 1);
  expect_divergence(log, 3, "hears itself");
  EXPECT_EQ(log.explained().divergences[0].model, "LOOKING, is about to begin an election, round 0");
}

TEST(Replay, WhereTooMuchIsPossibleNothingIsKnown) {
  Log log;
  log.looks_and_hears_itself()
      .hears(2, ServerState::looking, 2, 1)
      .hears(1, ServerState::looking, 2, 1)
      .follows(200)
      .says(StateChanged{ServerState::looking, true, ""})
      .looks()
      .hears(1, ServerState::looking, 1, 2);
  World world = world_of_three();
  const Explanation all = explain(log.log(), world);
  EXPECT_TRUE(all.given_up.empty());
  world.situations_max = all.situations_max;
  const Explanation explanation = explain(log.log(), world);
  EXPECT_TRUE(explanation.divergences.empty());
  ASSERT_FALSE(explanation.given_up.empty());
  ASSERT_EQ(explanation.gaps.size(), explanation.given_up.size());
  EXPECT_EQ(explanation.gaps[0].from, explanation.given_up[0].fact);
  EXPECT_FALSE(explanation.unknown.empty());
}

TEST(Replay, AnEpochDoesNotFallWithinAProcess) {
  Log log;
  log.starts()
      .looks()
      .hears(1, ServerState::looking, 1, 1, 3)
      .hears(2, ServerState::looking, 2, 1, 3)
      .hears(1, ServerState::looking, 2, 1, 3)
      .follows(200)
      .says(StateChanged{ServerState::looking, true, ""})
      .looks()
      .hears(1, ServerState::looking, 1, 2, 2);
  expect_divergence(log, 11, "begins an election");
}

TEST(Replay, DebuggingLinesCountToo) {
  const auto until = [](std::int64_t leader) {
    Log log;
    log.looks_and_hears_itself()
        .says(VoteAdded{ServerId{1}, ServerId{1}, Zxid{0}, Round{1}})
        .hears(2, ServerState::looking, 2, 1)
        .says(ProposalUpdated{ServerId{leader}, Zxid{0}});
    return log;
  };
  expect_explained(until(2));
  expect_divergence(until(3), 7, "changes its proposal");
}

// Real servers on a busy machine: killed between their first proposal and hearing it.
TEST(Replay, AProcessThatEndsBeforeItHearsItselfHasSaidWhatItVotesWith) {
  const model::Proposal proposal{model::PeerEpoch{6}, Zxid{0}, ServerId{1}};
  Log log;
  log.starts().looks().says(NotificationSent{ServerId{1}, proposal, Round{1}});
  log.says(NotificationSent{ServerId{2}, proposal, Round{1}});
  log.looks_and_hears_itself();
  expect_explained(log);
  log.says(NotificationSent{ServerId{2}, proposal, Round{1}});
  expect_divergence(log, 10, "sends its proposal");
}

model::Transition of_another_release(const model::Ensemble&, const model::Peer&, const model::Event&) { return {}; }

TEST(Releases, AreOfProcesses) {
  Log log;
  EXPECT_EQ(releases_of(log.log()), (std::vector<Release>{{0, ""}}));
  log.looks().starts().says(ReleaseNamed{"3.4.14"}).looks().starts().looks();
  EXPECT_EQ(releases_of(log.log()), (std::vector<Release>{{0, "3.4.14"}}));
  log.starts().says(ReleaseNamed{"3.4.14"}).starts().looks().says(ReleaseNamed{"3.8.0"});
  EXPECT_EQ(releases_of(log.log()), (std::vector<Release>{{0, "3.4.14"}, {11, "3.8.0"}}));
  World world = world_of_three();
  EXPECT_EQ(world.step_at(11), &today);
  world.later_steps[11] = &of_another_release;
  EXPECT_EQ(world.step_at(10), &today);
  EXPECT_EQ(world.step_at(11), &of_another_release);
  EXPECT_EQ(world.step_at(12), &of_another_release);
}

TEST(Membership, IsWhoVotesAndWhoIsCalled) {
  Logs logs;
  Log one;
  one.looks_and_hears_itself()
      .hears(2, ServerState::looking, 2, 1)
      .says(ChannelRefused{ServerId{3}, "x"})
      .says(ChannelRefused{ServerId{4}, "y"})
      .says(LearnerKnown{ServerId{4}, false});
  logs.servers.push_back(one.log());
  const Membership found = membership_of(logs);
  EXPECT_EQ(found.voters, (std::set<ServerId>{ServerId{1}, ServerId{2}, ServerId{3}}));
  EXPECT_EQ(found.observers, std::set<ServerId>{ServerId{4}});
  EXPECT_EQ(found.silent, std::set<ServerId>{ServerId{3}});
  EXPECT_EQ(configuration_of(found).voters(), 3U);
  logs.servers = {Log(5).says(Looking{}).log()};  // no more than who logs
  EXPECT_EQ(membership_of(logs).voters, std::set<ServerId>{ServerId{5}});
}

}  // namespace
}  // namespace conclave::logs
