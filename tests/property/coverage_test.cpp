// Are the generators worth anything? With the seed of the day they reach every rule of the model and every kind of
// event in a run.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <array>
#include <cstddef>
#include <iostream>
#include <map>
#include <string>
#include <variant>

#include "check.hpp"
#include "conclave/model/election.hpp"
#include "conclave/testing/schedule.hpp"
#include "conclave/testing/situation.hpp"

namespace conclave::testing {
namespace {

using namespace model;

class Counts {
 public:
  void add(const RuleSet& rules) {
    for (std::size_t i = 0; i < rules_count; ++i) fired_[i] += rules.has(static_cast<Rule>(i)) ? 1 : 0;
  }
  [[nodiscard]] int of(Rule rule) const { return fired_[static_cast<std::size_t>(rule)]; }
  void print() const {
    for (std::size_t i = 0; i < rules_count; ++i) {
      std::cout << name_of(static_cast<Rule>(i)) << " " << fired_[i] << "\n";
    }
  }

 private:
  std::array<int, rules_count> fired_{};
};

template <class T, class Use>
void sample(const rc::Gen<T>& generator, int cases, const Use& use) {
  rc::Random dice(seed_of_the_day);
  for (int i = 0; i < cases; ++i) use(generator(dice.split(), 100).value());
}

TEST(Coverage, SituationsReachEveryRule) {
  Counts counts;
  sample(gen::any_situation(), 20'000,
         [&](const Situation& now) { counts.add(step(now.ensemble, now.peer, now.event).rules); });
  for (const RuleInfo& info : rule_infos) EXPECT_GE(counts.of(info.rule), 5) << info.name;
  if (HasFailure()) counts.print();
}

TEST(Coverage, SituationsMeetEveryRoleWithEveryEvent) {
  std::map<std::pair<std::size_t, std::size_t>, int> met;
  sample(gen::situation({}), 20'000, [&](const Situation& now) {
    ++met[{now.peer.role.index(), now.event.index()}];
  });
  for (std::size_t role = 0; role < std::variant_size_v<Role>; ++role) {
    for (std::size_t event = 0; event < std::variant_size_v<Event>; ++event) {
      EXPECT_GE((met[{role, event}]), 5) << "role " << role << ", event " << event;
    }
  }
}

TEST(Coverage, SchedulesDoEverythingAndReachTheRulesOfOneConfiguration) {
  Counts counts;
  std::map<Act, int> done;
  std::map<QuorumKind, int> kinds;
  std::map<Grain, int> grains;
  int leading = 0;
  sample(gen::schedule({}), 500, [&](const Schedule& schedule) {
    ++kinds[schedule.setup.kind];
    ++grains[schedule.setup.grain];
    Network<> network(schedule.setup, [&](const Peer&, const Event&, const Transition& after) {
      counts.add(after.rules);
      if (after.peer.unpublished && std::holds_alternative<Leading>(after.peer.role)) ++leading;
    });
    for (const Action& action : schedule.actions) {
      // Generated actions are enabled where they are: only shrinking makes others.
      EXPECT_TRUE(network.apply(action)) << text(action);
      ++done[action.act];
    }
  });
  for (std::size_t act = 0; act < acts; ++act) {
    EXPECT_GE(done[static_cast<Act>(act)], 50) << text(Action{static_cast<Act>(act), {0}});
  }
  for (const Rule rule : {Rule::start,
                          Rule::answer_non_voter,
                          Rule::answer_lagging,
                          Rule::answer_looking,
                          Rule::drop_while_settled,
                          Rule::ignore_without_own_zxid,
                          Rule::ignore_without_their_zxid,
                          Rule::join_later_round_with_theirs,
                          Rule::join_later_round_with_own,
                          Rule::ignore_earlier_round,
                          Rule::adopt_better_vote,
                          Rule::keep_proposal,
                          Rule::begin_finalizing,
                          Rule::finalizing_requeue,
                          Rule::finalizing_discard,
                          Rule::decide_by_silence,
                          Rule::count_same_round,
                          Rule::join_same_round,
                          Rule::join_out_of_election,
                          Rule::leader_unconfirmed,
                          Rule::time_out_resend,
                          Rule::publish_vote,
                          Rule::end_role,
                          Rule::establish_epoch}) {
    EXPECT_GE(counts.of(rule), 20) << name_of(rule);
  }
  EXPECT_GE(kinds[QuorumKind::majority], 100);
  EXPECT_GE(kinds[QuorumKind::hierarchical], 100);
  EXPECT_GE(grains[Grain::fine], 100);
  EXPECT_GE(grains[Grain::coarse], 100);
  EXPECT_GE(leading, 100);
  if (HasFailure()) counts.print();
}

}  // namespace
}  // namespace conclave::testing
