// Runs over FIFO channels that late reads once had no like for.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "conclave/spec/late_fifo_worker.hpp"
#include "conclave/spec/worker.hpp"
#include "late.hpp"
#include "support.hpp"

namespace conclave::explore {
namespace {

using spec::Action;
using spec::ActionKind;

using Side = spec::PackedState<late_words>;

// "start 0", "crash 2", "restart 2", "end 1", "silence 2", "deliver 0 2", "lose 0 2": what 2 has sent to 0. From 0.
Action action_of(const std::string& text) {
  std::istringstream in(text);
  std::string kind;
  int server = 0;
  int peer = 0;
  in >> kind >> server >> peer;
  Action action;
  action.server = static_cast<std::uint8_t>(server);
  action.peer = static_cast<std::uint8_t>(peer);
  action.kind = kind == "start"     ? ActionKind::start
                : kind == "crash"   ? ActionKind::crash
                : kind == "restart" ? ActionKind::restart
                : kind == "end"     ? ActionKind::end_role
                : kind == "silence" ? ActionKind::silence
                : kind == "lose"    ? ActionKind::lose
                                    : ActionKind::deliver;
  return action;
}

// A run, and all late states that look like what it has come to.
class Followed {
 public:
  Followed(const spec::Scenario& scenario, const spec::Scope& scope)
      : system_(scenario, scope, spec::zookeeper_rules()),
        late_(system_),
        layout_(late_layout(system_)),
        plain_(system_, layout_, false),
        reads_late_(system_, late_, layout_) {
    plain_.initial([this](const Side& state) { at_ = state; });
    reads_late_.initial([this](const Side& state) { likes_.push_back(state); });
  }

  // Is the step possible?
  bool step(const std::string& text) {
    std::optional<Side> next;
    plain_.successors(at_, [&](const Side& reached, std::uint32_t code, spec::PropertySet) {
      if (code == action_of(text).code()) next = reached;
    });
    if (!next) return false;
    at_ = *next;
    for (const Side& like : std::exchange(likes_, {})) {
      keep(like);
      reads_late_.successors(like, [this](const Side& reached, std::uint32_t, spec::PropertySet) { keep(reached); });
    }
    return true;
  }
  [[nodiscard]] std::size_t likes() const { return likes_.size(); }

 private:
  void keep(const Side& late) {
    const bool known = std::find(likes_.begin(), likes_.end(), late) != likes_.end();
    if (!known && late_looks_like(system_, reads_late_, layout_, at_, late)) likes_.push_back(late);
  }

  spec::ClosedSystem system_;
  spec::LateMachine late_;
  spec::Layout layout_;
  spec::Worker<late_words> plain_;
  spec::LateFifoWorker<late_words> reads_late_;
  Side at_{};
  std::vector<Side> likes_;
};

void expect_likes(const spec::Scenario& scenario, const spec::Scope& scope, const std::vector<std::string>& run) {
  Followed followed(scenario, scope);
  for (std::size_t i = 0; i < run.size(); ++i) {
    ASSERT_TRUE(followed.step(run[i])) << i << ": " << run[i];
    ASSERT_GT(followed.likes(), 0U) << i << ": " << run[i];
  }
}

spec::Scope troubled(int capacity, int rounds, int losses) {
  spec::Scope scope = on_fifo(scope_with(async, staggered, 6, 6, rounds), capacity);
  scope.losses = losses;
  return scope;
}

// One without a log founds nothing, but its vote counts to who waits; and who waits does not hear itself.
TEST(LateFifoRuns, AnUnloggedVoteCountsInAQuorum) {
  expect_likes(
      with_histories(majority(5), {{1, 1}, {1, 2}, {1, 3}, {1, 4}, {2, -1}}), troubled(8, 1, 1),
      {"start 0",     "start 1",     "start 3",     "start 4",     "deliver 0 3", "deliver 1 3", "deliver 3 0",
       "deliver 3 0", "deliver 3 1", "deliver 3 1", "silence 3",   "deliver 0 1", "deliver 0 1", "silence 0",
       "deliver 1 0", "deliver 1 0", "silence 1",   "deliver 0 4", "deliver 1 4", "deliver 3 4", "deliver 4 0",
       "deliver 4 0", "deliver 4 1", "deliver 4 1", "deliver 4 0", "deliver 4 1", "deliver 4 3", "deliver 4 3",
       "crash 3",     "start 2",     "deliver 1 2", "deliver 4 2", "lose 2 1",    "deliver 2 1", "deliver 2 4",
       "deliver 2 4", "crash 0",     "crash 1",     "restart 0",   "restart 1",   "deliver 0 2", "deliver 1 2",
       "deliver 0 1", "deliver 0 1", "silence 0",   "deliver 1 0", "deliver 1 0", "silence 1",   "deliver 2 0",
       "deliver 0 2", "deliver 1 2", "crash 4",     "restart 4",   "deliver 2 4", "deliver 2 1", "deliver 2 1",
       "deliver 2 0", "deliver 2 0", "deliver 2 0"});
}

// It lets go of later rounds that it hears while it waits, and then a settled vote ends the wait.
TEST(LateFifoRuns, ALaterRoundThatIsHeardDuringAWaitIsLetGo) {
  expect_likes(
      voters_with({1, 2, 3, 4, 5}), troubled(1, 2, 0),
      {"start 0",     "start 1",     "start 2",     "deliver 0 2", "deliver 1 2", "deliver 2 0", "deliver 2 1",
       "silence 2",   "crash 0",     "crash 1",     "start 3",     "restart 0",   "restart 1",   "deliver 0 3",
       "deliver 1 3", "deliver 3 0", "deliver 3 1", "start 4",     "deliver 0 4", "deliver 1 4", "deliver 4 0",
       "deliver 4 1", "silence 4",   "deliver 0 1", "silence 0",   "deliver 1 0", "silence 1",   "deliver 4 3",
       "crash 4",     "end 0",       "end 1",       "deliver 0 1", "deliver 0 2", "deliver 1 0", "deliver 1 2",
       "deliver 2 0", "deliver 0 2", "deliver 2 1", "deliver 1 2", "deliver 2 3", "deliver 2 4", "deliver 3 0",
       "deliver 3 1", "deliver 3 2", "deliver 3 4", "end 2"});
}

// What can be read at any time is there for longer than what is out of the way once something later has been read.
TEST(LateFifoRuns, WhatIsSaidAgainIsThereToTheEnd) {
  expect_likes(
      voters_with({1, 2, 3, 4, 5}), roles_end_at_any_time(troubled(12, 2, 15)),
      {"start 1",     "start 3",     "start 4",     "deliver 1 4", "deliver 3 4", "deliver 4 1", "deliver 4 1",
       "deliver 4 3", "deliver 4 3", "silence 4",   "crash 1",     "end 4",       "start 0",     "start 2",
       "restart 1",   "deliver 1 2", "crash 1",     "restart 1",   "deliver 1 4", "deliver 3 4", "deliver 4 1",
       "deliver 4 1", "deliver 4 1", "deliver 4 1", "deliver 4 3", "silence 4",   "deliver 1 3", "deliver 1 3",
       "silence 1",   "deliver 3 1", "deliver 3 1", "deliver 3 1", "deliver 3 1", "deliver 3 1", "deliver 3 1",
       "silence 3",   "deliver 1 0", "deliver 3 0", "deliver 4 0", "crash 1",     "restart 1",   "deliver 3 1",
       "deliver 4 1", "crash 3",     "restart 3",   "crash 4",     "restart 4",   "lose 0 3",    "lose 0 3",
       "deliver 0 3", "deliver 0 3", "lose 0 4",    "deliver 0 4", "deliver 0 4", "lose 0 1",    "lose 0 1",
       "lose 0 1",    "lose 0 1",    "deliver 0 1", "deliver 0 1", "lose 1 3",    "deliver 1 3", "lose 1 4",
       "deliver 1 4", "deliver 1 0", "lose 1 0",    "lose 1 0",    "deliver 1 0"});
}

// A vote without a log behind it is better by its order, and changes no proposal.
TEST(LateFifoRuns, AnUnloggedVoteEndsAWait) {
  beside(with_histories(majority(3), {{1, 2}, {1, 1}, {2, -1}}), on_fifo(scope_with(async, together, 0, 0, 2), 3));
}

}  // namespace
}  // namespace conclave::explore
