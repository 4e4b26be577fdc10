// The properties of schedules: templates over the rules, so that broken rules can show that they notice.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <variant>

#include "check.hpp"
#include "conclave/testing/schedule.hpp"
#include "schedule_checks.hpp"

namespace conclave::testing {

// Enough rounds of the timely phase, each with its time-outs; a few are needed (see the classes of the test).
inline constexpr int settle_rounds_max = 8;

struct RunReport {
  Complaint complaint;
  int decisions = 0;
  bool two_leaders = false;
};

template <class Rules>
bool two_leaders(const Network<Rules>& network, const Setup& setup) {
  int leaders = 0;
  for (const model::Member& member : setup.members) {
    const model::Peer* peer = network.peer(member.id);
    if (peer != nullptr && std::holds_alternative<model::Leading>(peer->role)) ++leaders;
  }
  return leaders > 1;
}

// What is claimed of every step holds all along, in the faulty part and in the timely one.
template <class Rules>
RunReport check_run(const Schedule& schedule) {
  RunReport report;
  const auto ensemble =
      model::single_configuration(model::Configuration::make(schedule.setup.kind, schedule.setup.members));
  Watch watch(ensemble);
  Network<Rules> network(schedule.setup, std::ref(watch));
  for (const Action& action : schedule.actions) {
    network.apply(action);
    report.two_leaders = report.two_leaders || two_leaders(network, schedule.setup);
  }
  network.settle(settle_rounds_max);
  report.complaint = watch.complaint();
  report.decisions = watch.decisions();
  return report;
}

struct SettleReport {
  Complaint complaint;
  bool could_with_survivors = false;
  bool could_with_all = false;
  int rounds = 0;
  int late = 0;
  bool endless_talk = false;
};

template <class Rules>
std::string states(const Network<Rules>& network, const Setup& setup) {
  std::string lines;
  for (const model::Member& member : setup.members) lines += words("\n", network.describe(member.id));
  return lines;
}

template <class Rules>
int start_all(Network<Rules>& network, const Setup& setup) {
  int started = 0;
  for (const model::Member& member : setup.members) {
    if (network.peer(member.id) != nullptr) continue;
    network.apply(Action{Act::start, member.id});
    ++started;
  }
  return started;
}

// After the schedule the servers that are up settle, if they have a quorum; and so do all, if not.
template <class Rules>
SettleReport check_settles(const Schedule& schedule) {
  SettleReport report;
  Network<Rules> network(schedule.setup);
  run(network, schedule.actions);
  report.could_with_survivors = network.can_settle();
  if (!report.could_with_survivors) start_all(network, schedule.setup);
  report.could_with_all = network.can_settle();
  const std::optional<int> rounds = network.settle(settle_rounds_max);
  if (report.could_with_all && !rounds) {
    report.complaint = words("not settled:", states(network, schedule.setup));
  }
  report.rounds = rounds.value_or(-1);
  report.endless_talk = network.talked_endlessly();
  return report;
}

// Servers that start when the others have settled follow the leader that is there.
template <class Rules>
SettleReport check_late_servers_join(const Schedule& schedule) {
  SettleReport report;
  Network<Rules> network(schedule.setup);
  run(network, schedule.actions);
  report.could_with_survivors = network.can_settle();
  if (!report.could_with_survivors || !network.settle(settle_rounds_max)) return report;
  std::optional<model::ServerId> leader;
  for (const model::Member& member : schedule.setup.members) {
    const model::Peer* peer = network.peer(member.id);
    if (peer != nullptr) leader = peer->current_vote.proposal.leader;
  }
  report.late = start_all(network, schedule.setup);
  if (!network.settle(settle_rounds_max)) {
    report.complaint = words("late servers do not join:", states(network, schedule.setup));
  }
  const model::Peer* peer = network.peer(*leader);
  if (peer == nullptr || !std::holds_alternative<model::Leading>(peer->role)) {
    report.complaint = words("late servers made ", text(*leader), " stop leading");
  }
  return report;
}

}  // namespace conclave::testing
