// Random schedules: which servers there are, and what happens to them, one action after another.
//
//     rc::check([] {
//       const auto schedule = *conclave::testing::gen::schedule({});
//       conclave::testing::Network<> network(schedule.setup);
//       for (const auto& action : schedule.actions) network.apply(action);
//       ...
//     });
//
// Actions are drawn from those that are enabled, by running the schedule while it is made. A failing schedule shrinks
// to one with fewer actions, fewer servers and plainer ones, and is printed with the state after each action.
#pragma once

#include <rapidcheck.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "conclave/testing/generators.hpp"
#include "conclave/testing/network.hpp"
#include "conclave/testing/situation.hpp"

namespace conclave::testing {

struct Schedule {
  Setup setup;
  std::vector<Action> actions;
};

// Runs as much of it as is enabled.
template <class Rules>
void run(Network<Rules>& network, const std::vector<Action>& actions) {
  for (const Action& action : actions) network.apply(action);
}

inline std::string text(const Setup& setup) {
  std::string lines = words(text(setup.kind), setup.grain == Grain::fine ? ", fine grain" : "");
  for (std::size_t i = 0; i < setup.members.size(); ++i) {
    lines += words("\n  server ", text(setup.members[i]), ": ", text(setup.durables[i]));
  }
  return lines;
}

// Numbered actions, each with the state of its server afterwards. Those that are passed over are not shown.
template <class Rules = model::ZooKeeperRules>
std::string text(const Schedule& schedule) {
  constexpr std::size_t column = 24;
  std::string lines = text(schedule.setup);
  Network<Rules> network(schedule.setup);
  int number = 0;
  for (const Action& action : schedule.actions) {
    if (!network.apply(action)) continue;
    std::string line = words(++number, ". ", text(action));
    line.resize(line.size() < column ? column : line.size(), ' ');
    lines += words("\n", line, " ", network.describe(action.at));
  }
  return lines;
}

inline void showValue(const Schedule& schedule, std::ostream& out) { out << "\n" << text(schedule) << "\n"; }

namespace gen {

// How often each act is chosen while it is possible.
struct Weights {
  int start = 10;
  int crash = 2;
  int deliver = 60;
  int drop = 5;
  int reconnect = 4;
  int process = 40;
  int publish = 20;
  int silence = 10;
  int time_out = 4;
  int end_role = 3;
  int establish = 4;
  int learn = 6;

  [[nodiscard]] std::uint64_t of(Act act) const {
    // In the order of Act.
    const std::array<int, acts> all = {start,   crash,   deliver,  drop,     reconnect, process,
                                       publish, silence, time_out, end_role, establish, learn};
    return static_cast<std::uint64_t>(all[static_cast<std::size_t>(act)]);
  }
};

struct ScheduleOptions {
  std::size_t servers_min = 3;
  std::size_t servers_max = 9;
  Kinds kinds = without_oracle;
  int observer_percent = 12;
  int unlogged_percent = 5;  // servers with zxid -1
  int fine_percent = 40;     // of the schedules; the others are coarse
  std::size_t actions_max = 250;
  Weights weights;
};

inline rc::Gen<Setup> setup(ScheduleOptions options) {
  return rc::gen::exec([=] {
    Setup made;
    made.kind = pick_kind(options.kinds);
    made.grain = chance(options.fine_percent) ? Grain::fine : Grain::coarse;
    const auto servers = between(options.servers_min, options.servers_max);
    for (std::size_t i = 1; i <= servers; ++i) {
      made.members.push_back(pick_member(static_cast<std::int64_t>(i), made.kind, options.observer_percent));
      model::Durable durable = pick_durable();
      if (durable.last_zxid == model::unlogged) durable.last_zxid = model::Zxid{0};
      // QuorumPeer.loadDataBase makes the epochs of the zxid's upper half where their files are gone too. One that
      // keeps a high epoch and has no zxid can keep the others from deciding (witness_test.cpp).
      if (chance(options.unlogged_percent)) {
        durable = {model::PeerEpoch{-1}, model::PeerEpoch{-1}, model::unlogged};
      }
      made.durables.push_back(durable);
    }
    return made;
  });
}

// Nothing, if nothing of what has a weight is possible.
template <class Rules>
std::optional<Action> choose(const Network<Rules>& network, const Weights& weights, rc::Random& dice) {
  std::array<std::vector<Action>, acts> by_act;
  std::uint64_t sum = 0;
  for (const Action& action : network.enabled_actions()) {
    std::vector<Action>& alike = by_act[static_cast<std::size_t>(action.act)];
    if (alike.empty()) sum += weights.of(action.act);
    alike.push_back(action);
  }
  if (sum == 0) return std::nullopt;
  std::uint64_t left = dice.next() % sum;
  for (const std::vector<Action>& alike : by_act) {
    if (alike.empty()) continue;
    const std::uint64_t weight = weights.of(alike[0].act);
    if (left < weight) return alike[dice.next() % alike.size()];
    left -= weight;
  }
  return std::nullopt;
}

inline model::Member plain_member(model::ServerId id, model::QuorumKind kind) {
  model::Member member{id, model::LearnerType::participant, {}, {}};
  if (kind == model::QuorumKind::hierarchical) member.group = 1;
  return member;
}

// Plainer schedules of the same actions: a server less, plainer durable state, a plainer kind and grain.
inline std::vector<Schedule> plainer(const Schedule& schedule) {
  std::vector<Schedule> all;
  const Setup& setup = schedule.setup;
  for (std::size_t i = 0; setup.members.size() > 1 && i < setup.members.size(); ++i) {
    Schedule made = schedule;
    made.setup.members.erase(made.setup.members.begin() + static_cast<std::ptrdiff_t>(i));
    made.setup.durables.erase(made.setup.durables.begin() + static_cast<std::ptrdiff_t>(i));
    all.push_back(made);
  }
  if (setup.kind != model::QuorumKind::majority) {
    all.push_back(schedule);
    Setup& plain = all.back().setup;
    plain.kind = model::QuorumKind::majority;
    for (model::Member& member : plain.members) member = plain_member(member.id, plain.kind);
  }
  if (setup.grain == Grain::fine) {
    all.push_back(schedule);
    all.back().setup.grain = Grain::coarse;
  }
  for (std::size_t i = 0; i < setup.durables.size(); ++i) {
    const model::Durable& given = setup.durables[i];
    const model::Durable same_epoch{given.current_epoch, given.current_epoch, model::Zxid{0}};
    const model::Durable same_zxid{model::PeerEpoch{0}, model::PeerEpoch{0}, given.last_zxid};
    for (const model::Durable& plain : {model::Durable{}, same_zxid, same_epoch}) {
      if (plain == given) break;
      all.push_back(schedule);
      all.back().setup.durables[i] = plain;
    }
    const model::Member plain = plain_member(setup.members[i].id, setup.kind);
    if (plain != setup.members[i]) {
      all.push_back(schedule);
      all.back().setup.members[i] = plain;
    }
  }
  return all;
}

inline rc::Seq<Schedule> shrink(const Schedule& schedule) {
  return rc::seq::concat(rc::seq::map(rc::shrink::removeChunks(schedule.actions),
                                      [schedule](std::vector<Action> actions) {
                                        return Schedule{schedule.setup, std::move(actions)};
                                      }),
                         rc::seq::fromContainer(plainer(schedule)));
}

// Longer ones with rapidcheck's size.
inline rc::Gen<Schedule> schedule(ScheduleOptions options) {
  return [=](const rc::Random& random, int size) -> rc::Shrinkable<Schedule> {
    rc::Random dice(random);
    Schedule made{setup(options)(dice.split(), size).value(), {}};
    Network<> network(made.setup);
    const std::size_t most = 1 + options.actions_max * static_cast<std::size_t>(size) / rc::kNominalSize;
    const std::size_t count = dice.next() % most;
    while (made.actions.size() < count) {
      const auto action = choose(network, options.weights, dice);
      if (!action) break;
      made.actions.push_back(*action);
      network.apply(*action);
    }
    return rc::shrinkable::shrinkRecur(std::move(made), &shrink);
  };
}

}  // namespace gen
}  // namespace conclave::testing

namespace rc {

template <>
struct Arbitrary<conclave::testing::Schedule> {
  static Gen<conclave::testing::Schedule> arbitrary() { return conclave::testing::gen::schedule({}); }
};

}  // namespace rc
