// Ensembles, scopes and comparisons for the tests of the exploration.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "conclave/check/run.hpp"
#include "conclave/model/configuration.hpp"
#include "conclave/spec/scope.hpp"

namespace conclave::explore {

// Servers 1 to `voters` with majority quorums, and observers after them.
inline model::Ensemble majority(int voters, int observers = 0) {
  std::vector<model::Member> members;
  for (int id = 1; id <= voters + observers; ++id) {
    const auto role = id <= voters ? model::LearnerType::participant : model::LearnerType::observer;
    members.push_back(model::Member{model::ServerId{id}, role, {}, {}});
  }
  return model::single_configuration(model::Configuration::make(model::QuorumKind::majority, members));
}

// Servers 1, 2, ... in groups: for each group the weights of its servers.
inline model::Ensemble grouped(const std::vector<std::vector<int>>& weights_by_group) {
  std::vector<model::Member> members;
  std::int64_t id = 0;
  std::int64_t group = 0;
  for (const std::vector<int>& weights : weights_by_group) {
    ++group;
    for (const int weight : weights) {
      members.push_back(
          model::Member{model::ServerId{++id}, model::LearnerType::participant, model::Weight{weight}, group});
    }
  }
  return model::single_configuration(model::Configuration::make(model::QuorumKind::hierarchical, members));
}

// The one history that stands for all where quorums are majorities.
inline spec::Scenario scenario_of(int voters, int observers = 0) {
  return spec::every_history(majority(voters, observers), voters).front();
}

// Voters 1, 2, ... with these epochs and zxids.
inline spec::Scenario with_histories(const model::Ensemble& ensemble,
                                     const std::vector<std::pair<std::int64_t, std::int64_t>>& epochs_and_zxids) {
  std::vector<spec::Participant> histories;
  std::int64_t id = 0;
  for (const auto& [epoch, zxid] : epochs_and_zxids) {
    const model::Durable durable{model::PeerEpoch{epoch}, model::PeerEpoch{epoch}, model::Zxid{zxid}};
    histories.push_back(spec::Participant{model::ServerId{++id}, durable});
  }
  return spec::given_history(ensemble, histories);
}
// Likewise, all of epoch 1.
inline spec::Scenario with_zxids(const model::Ensemble& ensemble, const std::vector<std::int64_t>& zxids) {
  std::vector<std::pair<std::int64_t, std::int64_t>> histories;
  for (const std::int64_t zxid : zxids) histories.emplace_back(1, zxid);
  return with_histories(ensemble, histories);
}
inline spec::Scenario voters_with(const std::vector<std::int64_t>& zxids) {
  return with_zxids(majority(static_cast<int>(zxids.size())), zxids);
}

inline spec::Scope scope_with(spec::TimingKind timing, spec::StartKind start, int crashes = 0, int restarts = 0,
                              int rounds = 1) {
  spec::Scope scope;
  scope.timing = timing;
  scope.start = start;
  scope.crashes = crashes;
  scope.restarts = restarts;
  scope.rounds = rounds;
  return scope;
}
inline spec::Scope roles_end_at_any_time(spec::Scope scope) {
  scope.role_end = spec::RoleEnd::any;
  return scope;
}
inline spec::Scope on_fifo(spec::Scope scope, int capacity) {
  scope.network = spec::Network{spec::NetworkKind::fifo, capacity};
  return scope;
}

inline check::Request request_for(const spec::Scope& scope) {
  check::Request request;
  request.scope = scope;
  return request;
}
// Without any reduction.
inline check::Request plain(const spec::Scope& scope) {
  check::Request request = request_for(scope);
  request.scope.clear_dead_votes = false;
  request.minimise = false;
  return request;
}

inline check::Report explored(const spec::Scenario& scenario, const check::Request& request) {
  checker::Progress progress;
  return check::explore(scenario, request, progress);
}

inline std::vector<std::pair<std::uint64_t, std::uint64_t>> pairs_of(
    const std::vector<checker::LevelCounts>& levels) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> pairs;
  for (const checker::LevelCounts& level : levels) pairs.emplace_back(level.states, level.steps);
  return pairs;
}

inline std::vector<std::string> names_of(const std::vector<check::Run>& runs) {
  std::vector<std::string> names;
  for (const check::Run& run : runs) names.emplace_back(info_of(run.property).name);
  return names;
}

inline bool saw(const check::Report& report, spec::Property property) {
  return report.first_seen[static_cast<std::size_t>(property)].has_value();
}

inline constexpr auto async = spec::TimingKind::async;
inline constexpr auto timely = spec::TimingKind::timely;
inline constexpr auto staggered = spec::StartKind::staggered;
inline constexpr auto together = spec::StartKind::together;

}  // namespace conclave::explore
