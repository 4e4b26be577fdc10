// Runs that late reads once had no like for, and servers that hear whatever there is.
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "conclave/spec/late_beside.hpp"
#include "support.hpp"

namespace conclave::explore {
namespace {

using spec::Action;
using spec::ActionKind;
using spec::LateMachine;
using spec::LocalFacts;
using spec::LocalId;
using spec::NotificationId;
using spec::Offer;

constexpr std::size_t words = 4;

spec::Layout roomy(const spec::ClosedSystem& system) {
  constexpr int local_bits = 22;
  std::vector<int> widths = system.fields().widths();
  for (int i = 0; i < system.servers(); ++i) widths[system.fields().local(i)] = local_bits;
  return spec::Layout::plan(widths, system.fields().growing(), words).value();
}

// "start 0", "crash 2", "end 1", "silence 2", "read 0 2 proposal", servers from 0.
Action action_of(const std::string& text) {
  std::istringstream in(text);
  std::string kind;
  std::string offer;
  int server = 0;
  int peer = 0;
  in >> kind >> server >> peer >> offer;
  Action action;
  action.server = static_cast<std::uint8_t>(server);
  action.kind = kind == "start"     ? ActionKind::start
                : kind == "crash"   ? ActionKind::crash
                : kind == "end"     ? ActionKind::end_role
                : kind == "silence" ? ActionKind::silence
                                    : ActionKind::read;
  if (action.kind == ActionKind::read) {
    action.peer = static_cast<std::uint8_t>(peer);
    action.offer = offer == "answer" ? Offer::answer : Offer::proposal;
  }
  return action;
}

// Each step of the run has to be possible, and to have its like.
void expect_likes(const spec::Scenario& scenario, const spec::Scope& scope, const std::vector<std::string>& run) {
  spec::ClosedSystem system(scenario, scope, spec::zookeeper_rules());
  LateMachine late(system);
  const spec::Layout layout = roomy(system);
  spec::LateBeside<words> pairs(system, late, layout);
  spec::PairState<words> at{};
  pairs.initial([&at](const spec::PairState<words>& first) { at = first; });
  for (const std::string& step : run) {
    std::optional<spec::PairState<words>> next;
    std::uint64_t lacks = 0;
    pairs.successors(at, [&](const spec::PairState<words>& reached, std::uint32_t code, std::uint64_t by_step) {
      if (code != action_of(step).code()) return;
      next = reached;
      lacks = by_step;
    });
    ASSERT_TRUE(next) << step;
    ASSERT_EQ(lacks, 0U) << step;
    at = *next;
  }
}

// The leader's word comes first, and its proposal, read before, may be read again where restarts leave no order.
TEST(LateRuns, ALeadersWordIsNotOverwritten) {
  spec::Scenario four = voters_with({1, 2, 3, 4, 5});
  four.participants.resize(4);
  expect_likes(four, scope_with(async, staggered, 1, 1),
               {"start 0", "start 1", "start 2", "start 3", "read 0 2 proposal", "read 1 2 proposal",
                "read 2 0 proposal", "read 2 1 proposal", "silence 2", "read 1 0 proposal", "silence 1",
                "read 3 0 proposal", "read 3 2 proposal", "read 3 2 answer", "crash 2", "read 3 1 answer"});
}

// Two settled votes of a server, of two rounds, both count for the leader; which of them it joins decides the last.
TEST(LateRuns, AVoteOfAnotherRoundIsNotPassedOver) {
  expect_likes(voters_with({9, 2, 3, 4, 5}), roles_end_at_any_time(scope_with(async, staggered, 0, 0, 2)),
               {"start 0",
                "start 1",
                "start 2",
                "start 3",
                "start 4",
                "read 2 0 proposal",
                "read 3 0 proposal",
                "read 0 2 proposal",
                "read 0 3 proposal",
                "silence 0",
                "read 2 3 proposal",
                "silence 2",
                "end 0",
                "read 1 0 proposal",
                "read 3 0 proposal",
                "read 1 3 proposal",
                "silence 1",
                "read 0 1 proposal",
                "read 0 3 proposal",
                "silence 0",
                "read 4 1 answer",
                "read 4 0 answer",
                "read 4 3 proposal",
                "read 4 2 answer"});
}

TEST(LateRuns, AHeavyVoteIsNotPassedOver) {
  expect_likes(with_zxids(grouped({{1, 1, 2, 1, 2}}), {5, 1, 2, 3, 9}),
               roles_end_at_any_time(scope_with(async, staggered, 0, 0, 2)),
               {"start 0",
                "start 1",
                "start 2",
                "start 3",
                "start 4",
                "read 2 0 proposal",
                "read 1 0 proposal",
                "read 0 2 proposal",
                "read 0 1 proposal",
                "silence 0",
                "read 2 1 proposal",
                "silence 2",
                "read 1 2 proposal",
                "silence 1",
                "read 4 2 answer",
                "read 4 0 answer",
                "end 0",
                "end 2",
                "read 2 0 proposal",
                "read 3 0 proposal",
                "read 3 2 proposal",
                "silence 3",
                "read 4 3 answer"});
}

TEST(LateRuns, AProposalCountsThoughItsServerHasSettledSince) {
  expect_likes(voters_with({8, 1, 2, 3, 4, 5, 9}), roles_end_at_any_time(scope_with(async, staggered, 0, 0, 2)),
               {"start 0",           "start 1",           "start 2",
                "start 3",           "start 4",           "start 5",
                "start 6",           "read 1 0 proposal", "read 2 0 proposal",
                "read 3 0 proposal", "read 0 1 proposal", "read 0 2 proposal",
                "read 0 3 proposal", "silence 0",         "read 1 2 proposal",
                "read 1 3 proposal", "silence 1",         "read 6 2 proposal",
                "read 6 3 proposal", "read 6 0 answer",   "end 0",
                "read 2 0 proposal", "read 4 0 proposal", "read 5 0 proposal",
                "read 2 4 proposal", "read 2 5 proposal", "silence 2",
                "read 6 2 answer",   "read 6 1 answer"});
}

// Who finds a quorum in adopting a vote waits, and does not hear itself: its own vote is still the one of before.
TEST(LateRuns, AnOwnVoteOfBeforeCounts) {
  std::vector<spec::Participant> histories;
  const std::vector<std::pair<std::int64_t, std::int64_t>> votes = {{1, 9}, {1, 1}, {1, 2}, {1, 3}, {1, 5}, {2, -1}};
  for (std::size_t i = 0; i < votes.size(); ++i) {
    const model::PeerEpoch epoch{votes[i].first};
    histories.push_back({model::ServerId{static_cast<std::int64_t>(i) + 1},
                         model::Durable{epoch, epoch, model::Zxid{votes[i].second}}});
  }
  expect_likes(
      spec::given_history(grouped({{2, 2, 2, 2, 2, 1}}), histories), scope_with(async, staggered),
      {"start 0",           "start 1",           "start 2",           "start 4",           "start 5",
       "read 1 4 proposal", "read 2 4 proposal", "read 4 1 proposal", "read 4 2 proposal", "silence 4",
       "read 2 1 proposal", "read 2 0 proposal", "read 1 0 proposal", "read 0 1 proposal", "read 0 2 proposal",
       "silence 0",         "read 1 2 proposal", "silence 1",         "start 3",           "read 3 4 proposal",
       "read 2 3 proposal", "read 3 0 answer",   "read 3 1 answer",   "read 3 2 proposal", "read 2 4 answer",
       "read 3 5 proposal", "read 3 4 answer",   "read 3 2 answer"});
}

// What its speaker had proposed before it settled holds up no wait of who has heard that it has.
TEST(LateRuns, AProposalThatIsOvertakenHoldsUpNoWait) {
  expect_likes(
      with_zxids(grouped({{2, 2, 2, 2, 2, 1}}), {5, 1, 2, 8, 3, 9}), scope_with(timely, staggered, 1),
      {"start 0",           "start 1",           "start 2",           "start 4",           "read 1 0 proposal",
       "read 2 0 proposal", "read 1 2 proposal", "read 0 1 proposal", "read 0 2 proposal", "silence 0",
       "read 4 0 proposal", "start 5",           "read 1 5 proposal", "crash 5",           "read 1 4 proposal",
       "start 3",           "read 2 3 proposal", "read 1 0 answer",   "read 4 1 answer",   "read 4 3 proposal",
       "read 4 2 proposal", "silence 4"});
}

// One server alone, which hears whatever any other could say, in any order: all that comes of it is a turn of its late
// state. More than any run of the whole can bring about, in a second.
class Alone {
 public:
  Alone(const spec::Scenario& scenario, const spec::Scope& scope, unsigned seed)
      : system_(scenario, scope, spec::zookeeper_rules()), late_(system_), random_(seed) {
    for (int speaker = 0; speaker < system_.servers(); ++speaker) collect(speaker);
  }

  // Ends where the server has decided. Gives how many steps others noticed.
  int run(int server, int steps) {
    LocalId real = system_.machine().apply(server, 0, spec::input::begin).next;
    std::set<spec::LateId> late{late_.plain(server, 0, spec::input::begin).next};
    int noticed = 0;
    for (int i = 0; i < steps && facts(server, real).in_election; ++i) {
      const bool silence = system_.machine().facts(server, real).finalizing && random_() % 6 == 0;
      const NotificationId heard = silence ? spec::no_notification : said_to(server);
      const spec::Input input = silence ? spec::input::silence : spec::input::receive(heard);
      const LocalId next = system_.machine().apply(server, real, input).next;
      if (!silence) late = after_hearing(server, late, heard);
      if (!(facts(server, next) == facts(server, real))) {
        ++noticed;
        late = likes(server, late, heard, facts(server, next));
        EXPECT_FALSE(late.empty()) << "step " << i << " of server " << server;
        if (late.empty()) return noticed;
      }
      real = next;
    }
    return noticed;
  }

 private:
  using Lates = std::set<spec::LateId>;

  // All that the server could ever say: its proposals in each round, and its answers.
  void collect(int speaker) {
    auto& machine = system_.machine();
    const spec::Server base = machine.decoded(speaker, machine.apply(speaker, 0, spec::input::begin).next);
    const auto initial = [&](int of) {
      const LocalId begun = machine.apply(of, 0, spec::input::begin).next;
      return model::initial_proposal(system_.scenario().ensemble, machine.decoded(of, begun).peer);
    };
    const auto keep = [&](const spec::Server& server, Offer offer) {
      said_.push_back(
          machine.facts(speaker, machine.number_of(speaker, server)).offers[static_cast<std::size_t>(offer)]);
      by_.push_back(speaker);
    };
    for (int round = 1; round <= system_.scope().rounds; ++round) {
      for (int leader = 0; leader < system_.servers(); ++leader) {
        const model::Proposal proposal = initial(leader);
        spec::Server looks = base;
        looks.peer.clock = model::Round{round};
        looks.proposal = model::Notification{
            system_.id(speaker),
            model::Vote{proposal, model::Round{round}, model::notification_version, model::ServerState::looking}};
        looks.peer.proposal = proposal;
        if (proposal >= initial(speaker)) keep(looks, Offer::proposal);
        spec::Server settled = base;
        settled.peer.clock = model::Round{round};
        settled.peer.current_vote = model::Vote{proposal, model::Round{round}, 0, model::ServerState::looking};
        settled.peer.role = model::Leading{};
        if (leader != speaker) settled.peer.role = model::Following{system_.id(leader)};
        keep(settled, Offer::answer);
      }
    }
  }
  NotificationId said_to(int server) {
    for (;;) {
      const std::size_t at = random_() % said_.size();
      if (by_[at] != server) return said_[at];
    }
  }
  LocalFacts facts(int server, LocalId local) {
    LocalFacts facts = system_.machine().facts(server, local);
    facts.finalizing = false;
    return facts;
  }
  Lates after_hearing(int server, const Lates& before, NotificationId heard) {
    Lates after;
    for (const spec::LateId id : before) after.insert(late_.may_have_heard(server, id, heard));
    return after;
  }
  Lates likes(int server, const Lates& before, NotificationId heard, const LocalFacts& looks) {
    Lates after;
    const auto take = [&](const LateMachine::Turn& turn) {
      if (!(late_.facts(server, turn.next) == looks)) return;
      const bool more = heard != spec::no_notification;
      after.insert(more ? late_.may_have_heard(server, turn.next, heard) : turn.next);
    };
    for (const spec::LateId id : before) {
      if (const auto wait = late_.wait(server, id)) take(wait->decided);
      if (heard == spec::no_notification) continue;
      for (const LateMachine::Turn& turn : late_.turns(server, id, heard)) take(turn);
    }
    return after;
  }

  spec::ClosedSystem system_;
  LateMachine late_;
  std::mt19937 random_;
  std::vector<NotificationId> said_;
  std::vector<int> by_;
};

TEST(LateRuns, AServerThatHearsAnythingHasItsLike) {
  const std::vector<spec::Scenario> scenarios = {voters_with({1, 2, 3, 4, 5}),
                                                 with_zxids(grouped({{2, 2, 1, 1}}), {2, 1, 4, 3}),
                                                 with_zxids(grouped({{1, 1, 1}, {1, 1}}), {2, 1, 4, 3, 5})};
  for (const spec::Scenario& scenario : scenarios) {
    for (const int rounds : {1, 2, 3}) {
      Alone alone(scenario, scope_with(async, staggered, 0, 0, rounds), 1);
      int noticed = 0;
      for (int run = 0; run < 150 && !testing::Test::HasFailure(); ++run) noticed += alone.run(run % 4, 5 + run % 14);
      EXPECT_GT(noticed, 100);
    }
  }
}

}  // namespace
}  // namespace conclave::explore
