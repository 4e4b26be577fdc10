// What holds of every single step, whatever the state and whatever happens.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstddef>
#include <string>
#include <variant>

#include "check.hpp"
#include "checkers.hpp"
#include "conclave/model/coarse.hpp"
#include "conclave/model/election.hpp"
#include "conclave/testing/situation.hpp"

namespace conclave::testing {
namespace {

using namespace model;

TEST(Step, KeepsTheInvariantsOfAServer) {
  holds(30'000, [] {
    const auto now = *gen::any_situation();
    const char* before = broken_invariant(now.ensemble, now.peer);
    if (before != nullptr) RC_FAIL(std::string("the generator breaks: ") + before);
    const Transition after = step(now.ensemble, now.peer, now.event);
    const char* broken = broken_invariant(now.ensemble, after.peer);
    if (broken != nullptr) RC_FAIL(broken);
  });
}

TEST(Step, ChangesNothingWhereTheEventMayNotHappen) {
  holds(30'000, [] {
    const auto now = *gen::any_situation();
    const bool may = may_happen(now.peer, now.event);
    const Transition after = step(now.ensemble, now.peer, now.event);
    RC_CLASSIFY(!may, "may not happen");
    if (may) {
      // Whatever happens takes one of the named branches, but for what an oracle's file says.
      RC_ASSERT(after.rules.empty() == std::holds_alternative<OracleRead>(now.event));
      return;
    }
    RC_ASSERT(after.peer == now.peer);
    RC_ASSERT(after.effects.empty());
    RC_ASSERT(after.rules.empty());
  });
}

TEST(Step, AcceptsAnythingFromAnybody) {
  holds(20'000, [](const Message& message, const Event& event) {
    const auto now = *gen::any_situation();
    Message known = message;
    const Transition after = step(now.ensemble, now.peer, Received{known});
    RC_ASSERT(broken_invariant(now.ensemble, after.peer) == nullptr);
    const Transition then = step(now.ensemble, after.peer, event);
    RC_ASSERT(broken_invariant(now.ensemble, then.peer) == nullptr);
    const Transition processed = step(now.ensemble, after.peer, Process{});
    RC_ASSERT(broken_invariant(now.ensemble, processed.peer) == nullptr);
  });
}

TEST(Step, LetsProposalsOnlyRiseWithinARound) {
  holds(30'000, [] {
    const auto now = *gen::any_situation();
    const Transition after = step(now.ensemble, now.peer, now.event);
    RC_CLASSIFY(after.peer.proposal != now.peer.proposal && after.peer.clock == now.peer.clock, "rises");
    expect_none(check_proposal_rises(now.peer, after));
  });
}

TEST(Step, LetsTheClockFallOnlyForSettledServersOrARestart) {
  holds(30'000, [] {
    const auto now = *gen::any_situation();
    const Transition after = step(now.ensemble, now.peer, now.event);
    RC_CLASSIFY(after.peer.clock < now.peer.clock, "falls");
    RC_CLASSIFY(after.peer.clock > now.peer.clock, "rises");
    expect_none(check_clock_falls_seldom(now.peer, after));
  });
}

TEST(Step, HasFewEffects) {
  holds(20'000, [] {
    const auto now = *gen::any_situation();
    RC_ASSERT(step(now.ensemble, now.peer, now.event).effects.size() <= step_effects_max);
  });
}

// A coarse server leaves nothing in its queue, but for what comes before its election starts. That may be anything:
// votes that are each better than the one before have the most effects.
rc::Gen<Situation> coarse_situation() {
  return rc::gen::exec([] {
    auto now = *gen::any_situation();
    if (in_election(now.peer)) now.peer.received.clear();
    if (!std::holds_alternative<BeforeElection>(now.peer.role)) return now;
    now.peer.received.clear();
    const auto rising = gen::between(0, static_cast<int>(received_max));
    for (int i = 0; i < rising; ++i) {
      const Proposal better{PeerEpoch{3}, Zxid{i}, now.peer.id};
      const Vote vote{better, next(now.peer.clock), notification_version, ServerState::looking};
      now.peer.received.push_back(Notification{now.peer.id, vote});
    }
    now.event = Start{};
    return now;
  });
}

void is_step_after_step(const Situation& now) {
  const Reaction naive = naive_react<ZooKeeperRules>(now);
  const Reaction whole = whole_react<ZooKeeperRules>(now);
  RC_CLASSIFY(naive.effects.size() > 6, "more than six effects");
  RC_CLASSIFY(naive.effects.size() > effects_max, "more than there is room for");
  RC_ASSERT(whole.peer == naive.peer);
  RC_ASSERT(whole.rules == naive.rules);
  RC_ASSERT(whole.effects == naive.effects);
  RC_ASSERT(broken_invariant(now.ensemble, whole.peer) == nullptr);
}

TEST(React, IsStepAfterStep) {
  holds(15'000, [] { is_step_after_step(*gen::any_situation()); });
  holds(15'000, [] { is_step_after_step(*coarse_situation()); });
}

// Counted beside the vector of fixed size, which would not survive one too many.
TEST(React, NeverHasMoreEffectsThanThereIsRoomFor) {
  holds(15'000, [] {
    const auto now = *coarse_situation();
    Reaction counted{now.peer, {}, {}};
    const auto observe = [&](const Peer&, const Event&, const Transition& made) {
      counted.add(made);
      RC_ASSERT(counted.effects.size() <= effects_max);
    };
    react_by(step, now.ensemble, now.peer, now.event, observe);
    RC_CLASSIFY(counted.effects.size() > effects_max / 2, "half of the room is taken");
  });
}

}  // namespace
}  // namespace conclave::testing
