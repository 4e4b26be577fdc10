// The world of simulations beside the closed system of explorations, step by step: the same actions are possible, and
// they lead to the same servers, byte by byte.
#include "conclave/spec/world.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "conclave/spec/random.hpp"
#include "conclave/spec/reconfiguration.hpp"
#include "conclave/spec/worker.hpp"

namespace conclave::spec {
namespace {

model::Ensemble ensemble_of(int voters, int observers) {
  std::vector<model::Member> members;
  for (int i = 1; i <= voters + observers; ++i) {
    const auto role = i <= voters ? model::LearnerType::participant : model::LearnerType::observer;
    members.push_back(model::Member{model::ServerId{i}, role, {}, {}});
  }
  return model::single_configuration(model::Configuration::make(model::QuorumKind::majority, members));
}

class Explored {
 public:
  using State = PackedState<8>;
  struct Next {
    State state{};
    PropertySet broken = 0;
  };

  Explored(const Scenario& scenario, const Scope& scope, const RuleVariant& rules)
      : system_(scenario, scope, rules), layout_(plan(system_)), worker_(system_, layout_) {
    worker_.initial([this](const State& state) { state_ = state; });
  }
  // By action; `broken`: what the state itself breaks.
  std::map<std::uint32_t, Next> successors(PropertySet& broken) {
    std::map<std::uint32_t, Next> next;
    broken = worker_.successors(state_, [&next](const State& reached, std::uint32_t action, PropertySet by_step) {
      next[action] = Next{reached, by_step};
    });
    return next;
  }
  void go(const State& state) { state_ = state; }
  std::string bytes(int server) { return system_.machine().bytes(server, worker_.local(state_, server)); }

 private:
  static Layout plan(ClosedSystem& system) {
    std::vector<int> widths = system.fields().widths();
    for (int i = 0; i < system.servers(); ++i) widths[system.fields().local(i)] = 18;
    return Layout::plan(widths, system.fields().growing(), 8).value();
  }

  ClosedSystem system_;
  Layout layout_;
  Worker<8> worker_;
  State state_{};
};

std::vector<Action> all_actions(int servers) {
  std::vector<Action> all;
  for (int server = 0; server < servers; ++server) {
    const auto at = static_cast<std::uint8_t>(server);
    for (int kind = 0; kind <= static_cast<int>(ActionKind::lose); ++kind) {
      const auto of = static_cast<ActionKind>(kind);
      const bool has_peer = of == ActionKind::read || of == ActionKind::deliver || of == ActionKind::lose;
      for (int peer = 0; peer < (has_peer ? servers : 1); ++peer) {
        for (int offer = 0; offer < (of == ActionKind::read ? offers_count : 1); ++offer) {
          all.push_back(Action{of, at, static_cast<std::uint8_t>(peer), static_cast<Offer>(offer)});
        }
      }
    }
  }
  return all;
}

// Where an exploration is bounded and a simulation is not, and where roles end at rest, which the two see differently:
// what has been read once is read there again.
bool bounded(const Action& action, const Scope& scope) {
  switch (action.kind) {
    case ActionKind::crash:
    case ActionKind::restart:
    case ActionKind::lose:
    case ActionKind::resend: return true;
    case ActionKind::begin:
    case ActionKind::end_role: return action.kind == ActionKind::end_role || scope.grain == Grain::fine;
    default: return false;
  }
}

void walk_beside(const Scenario& scenario, const Scope& scope, std::uint64_t seed) {
  Explored explored(scenario, scope, zookeeper_rules());
  const LocalSteps steps(scenario, scope, zookeeper_rules());
  World world(steps);
  Random random(seed);
  const std::vector<Action> all = all_actions(world.servers());
  for (int step = 0; step < 150; ++step) {
    PropertySet broken = 0;
    const auto next = explored.successors(broken);
    ASSERT_EQ(broken & ~bit(Property::no_deadlock), world.judge_state()) << "step " << step;
    for (const Action& action : all) {
      const bool both = next.count(action.code()) > 0;
      ASSERT_TRUE(!both || world.possible(action)) << "only explored: action " << action.code();
      if (both || !world.possible(action) || bounded(action, scope)) continue;
      // An exploration does not mention steps that change nothing.
      const auto heard = world.replay().offered(action.peer, action.offer).what;
      ASSERT_EQ(action.kind, ActionKind::read) << "only simulated: action " << action.code();
      const Server& before = world.replay().servers()[action.server];
      ASSERT_EQ(encode(steps.compute(action.server, before, input::receive_base, *heard).server), encode(before));
    }
    if (next.empty()) return;
    const auto chosen = std::next(next.begin(), random.below(static_cast<std::uint32_t>(next.size())));
    const Replay::Step taken = world.take(Action::from(chosen->first));
    ASSERT_EQ(chosen->second.broken, taken.broken & ~world.judge_state() & chosen->second.broken) << "step " << step;
    explored.go(chosen->second.state);
    for (int i = 0; i < world.servers(); ++i) {
      ASSERT_EQ(explored.bytes(i), encode(world.replay().servers()[static_cast<std::size_t>(i)])) << "step " << step;
    }
  }
}

void walk_beside(int voters, int observers, const Scope& scope, std::uint64_t seed) {
  walk_beside(every_history(ensemble_of(voters, observers), voters).front(), scope, seed);
}

Scope scope_of(NetworkKind network, TimingKind timing, Grain grain, StartKind start, RoleEnd role_end) {
  Scope scope;
  scope.network = Network{network, network == NetworkKind::fifo ? 2 : 0};
  scope.timing = timing;
  scope.grain = grain;
  scope.start = start;
  scope.role_end = role_end;
  scope.clear_dead_votes = false;
  scope.rounds = 4;
  scope.crashes = 2;
  scope.restarts = 2;
  if (network == NetworkKind::fifo) scope.losses = scope.resends = 3;
  return scope;
}

TEST(World, GoesWhereTheExploredSystemGoesInTheMidstOfAReconfiguration) {
  const std::vector<model::ServerId> voters{model::ServerId{1}, model::ServerId{2}, model::ServerId{4}};
  std::uint64_t seed = 1;
  for (const bool enabled : {true, false}) {
    Reconfiguration change;
    change.ensemble = ensemble_of(2, 1);
    change.ensemble.configurations.push_back(model::Configuration::majority(voters, model::ConfigVersion{1}));
    change.ensemble.reconfig_enabled = enabled;
    for (const Scenario& scenario : every_moment(change)) {
      for (const TimingKind timing : {TimingKind::async, TimingKind::timely}) {
        for (const Grain grain : {Grain::coarse, Grain::fine}) {
          const Scope scope = scope_of(NetworkKind::latest, timing, grain, StartKind::staggered, RoleEnd::lost);
          SCOPED_TRACE(describe(scope) + ", " + std::to_string(seed));
          walk_beside(scenario, scope, seed++);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST(World, GoesWhereTheExploredSystemGoes) {
  std::uint64_t seed = 1;
  for (const NetworkKind network : {NetworkKind::latest, NetworkKind::fifo}) {
    for (const TimingKind timing : {TimingKind::async, TimingKind::timely}) {
      for (const Grain grain : {Grain::coarse, Grain::fine}) {
        for (const StartKind start : {StartKind::staggered, StartKind::together}) {
          for (const RoleEnd role_end : {RoleEnd::lost, RoleEnd::any}) {
            if (role_end == RoleEnd::any && timing == TimingKind::timely) continue;
            const Scope scope = scope_of(network, timing, grain, start, role_end);
            SCOPED_TRACE(describe(scope));
            for (int run = 0; run < 4; ++run) walk_beside(3, run % 2, scope, seed++);
            if (HasFatalFailure()) return;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace conclave::spec
