// The example of docs/property-testing.md.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <set>

#include "conclave/testing/generators.hpp"
#include "conclave/testing/schedule.hpp"

using namespace conclave::model;
using namespace conclave::testing;

// Values: rapidcheck finds the generators of the model's types by itself.
void one_of_two_votes_is_better(const Proposal& one, const Proposal& other) {
  RC_ASSERT((one > other) + (other > one) + (one == other) == 1);
}

// A run: three servers that start, fall silent, and lose messages at any moment; all of the runs are long ones.
rc::Gen<Schedule> three_servers() {
  gen::ScheduleOptions options;
  options.servers_min = options.servers_max = 3;
  options.kinds = gen::only_majority;
  options.observer_percent = options.unlogged_percent = options.fine_percent = 0;
  options.weights.crash = options.weights.establish = 0;
  options.weights.start = 4;
  options.weights.time_out = 10;
  return rc::gen::resize(rc::kNominalSize, gen::schedule(options));
}

// It sounds right, and is not.
void a_round_has_one_leader() {
  const Schedule schedule = *three_servers();
  Network<> network(schedule.setup);
  for (const Action& action : schedule.actions) {
    network.apply(action);
    std::set<Round> led;
    for (const Member& member : schedule.setup.members) {
      const Peer* peer = network.peer(member.id);
      if (peer == nullptr || state_of(*peer) != ServerState::leading) continue;
      RC_ASSERT(led.insert(peer->current_vote.round).second);
    }
  }
}

TEST(Example, OneOfTwoVotesIsBetter) {
  EXPECT_TRUE(rc::check("one of two votes is better", one_of_two_votes_is_better));
}

TEST(Example, ARoundMayHaveTwoLeaders) { EXPECT_FALSE(rc::check("a round has one leader", a_round_has_one_leader)); }
