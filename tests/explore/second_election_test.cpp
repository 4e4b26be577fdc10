// Where the leader stops, those that are left elect another. On a `latest` network in which the words of a stopped
// server could be read for ever, none would: in `timely` what it said last would end every wait.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <set>
#include <vector>

#include "conclave/spec/closed_system.hpp"
#include "conclave/spec/worker.hpp"
#include "support.hpp"

namespace conclave::explore {
namespace {

using spec::LocalFacts;
using State = spec::PackedState<4>;

// The servers (participants, from 0) that in some state lead in round 2 with a quorum of followers, while another is
// down.
std::set<int> second_leaders(int voters) {
  const spec::Scope scope = scope_with(timely, together, 1, 0, 2);
  spec::ClosedSystem system(scenario_of(voters), scope, spec::zookeeper_rules());
  std::vector<int> widths = system.fields().widths();
  for (int i = 0; i < voters; ++i) widths[system.fields().local(i)] = 18;
  const spec::Layout layout = spec::Layout::plan(widths, system.fields().growing(), 4).value();
  spec::Worker<4> worker(system, layout);

  std::set<int> leaders;
  const auto look_at = [&](const State& state) {
    std::vector<LocalFacts> servers;
    servers.reserve(static_cast<std::size_t>(voters));
    for (int i = 0; i < voters; ++i) servers.push_back(system.machine().facts(i, worker.local(state, i)));
    const bool one_down = std::any_of(servers.begin(), servers.end(),
                                      [](const LocalFacts& facts) { return facts.life == spec::Life::down; });
    for (int i = 0; one_down && i < voters; ++i) {
      const LocalFacts& leader = servers[static_cast<std::size_t>(i)];
      if (leader.state != model::ServerState::leading || leader.clock != 2) continue;
      const auto behind = std::count_if(servers.begin(), servers.end(), [i](const LocalFacts& facts) {
        return facts.life == spec::Life::up && facts.leader == i && facts.clock == 2;
      });
      if (2 * behind > voters) leaders.insert(i);
    }
  };
  std::set<std::array<std::uint64_t, 4>> seen;
  std::deque<State> queue;
  const auto meet = [&](const State& state) {
    if (!seen.insert(state.words).second) return;
    queue.push_back(state);
    look_at(state);
  };
  worker.initial(meet);
  for (; !queue.empty(); queue.pop_front()) {
    worker.successors(queue.front(), [&](const State& next, std::uint32_t, spec::PropertySet) { meet(next); });
  }
  return leaders;
}

TEST(SecondElection, ElectsTheNextBestWhenTheLeaderStops) {
  const std::set<int> leaders = second_leaders(3);
  EXPECT_EQ(leaders.count(1), 1U) << "server 2, where server 3 has led and stopped";
  EXPECT_EQ(leaders.count(0), 0U) << "one crash leaves a better server than 1";
}

}  // namespace
}  // namespace conclave::explore
