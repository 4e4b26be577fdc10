// Wherever a quorum runs, those that run can still come to settle on one server that leads, without help from starts,
// crashes and restarts. If anything keeps a role or a wait from ever ending, elections are missing from a scope, and
// nothing else would tell: what is not reached breaks no claim.
#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "lockstep.hpp"
#include "support.hpp"

namespace conclave::explore {
namespace {

using spec::lockstep::Side;
using spec::lockstep::State;

struct Graph {
  std::vector<std::vector<std::size_t>> into;  // by state: those from which a server's own step leads there
  std::vector<bool> pending;                   // a quorum runs, and not all that run have settled on one
};

Graph graph_of(const spec::Scope& scope) {
  spec::Scope whole = scope;
  whole.clear_dead_votes = false;
  Side side(scenario_of(3), whole, false);
  Graph graph;
  std::map<decltype(State::words), std::size_t> numbers;
  std::deque<State> queue;
  const auto number_of = [&](const State& state) {
    const auto [place, fresh] = numbers.emplace(state.words, numbers.size());
    if (fresh) {
      graph.into.emplace_back();
      graph.pending.push_back(side.pending(state));
      queue.push_back(state);
    }
    return place->second;
  };
  number_of(side.initial());
  for (; !queue.empty(); queue.pop_front()) {
    const State state = queue.front();
    const std::size_t from = number_of(state);
    spec::PropertySet broken = 0;
    for (const auto& [action, next] : side.successors(state, broken)) {
      const std::size_t to = number_of(next.state);
      if (spec::Action::from(action).kind < spec::ActionKind::start) graph.into[to].push_back(from);
    }
  }
  return graph;
}

void expect_a_way_back(const spec::Scope& scope) {
  SCOPED_TRACE(describe(scope));
  const Graph graph = graph_of(scope);
  std::vector<bool> hopeful(graph.into.size());
  std::deque<std::size_t> queue;
  std::size_t owed = 0;
  for (std::size_t state = 0; state < graph.into.size(); ++state) {
    owed += graph.pending[state] ? 1 : 0;
    if (graph.pending[state]) continue;
    hopeful[state] = true;
    queue.push_back(state);
  }
  std::size_t reached = 0;
  for (; !queue.empty(); queue.pop_front()) {
    for (const std::size_t before : graph.into[queue.front()]) {
      if (hopeful[before]) continue;
      hopeful[before] = true;
      ++reached;
      queue.push_back(before);
    }
  }
  EXPECT_GT(owed, 100U) << "put to the test in too few states";
  EXPECT_EQ(reached, owed);
}

// Rounds enough that no bound cuts a way off.
TEST(WayBack, IsThereAfterACrash) {
  for (const auto timing : {async, timely}) {
    for (const auto start : {staggered, together}) expect_a_way_back(scope_with(timing, start, 1, 0, 4));
  }
}
// Not in timely with staggered starts: see docs/dead-votes.md, "What a server has left behind".
TEST(WayBack, IsThereAfterARestart) {
  for (const auto start : {staggered, together}) expect_a_way_back(scope_with(async, start, 1, 1, 5));
  expect_a_way_back(scope_with(timely, together, 1, 1, 5));
}

}  // namespace
}  // namespace conclave::explore
