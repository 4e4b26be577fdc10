// What the second explorer judges by, and what it makes of servers of several releases.
#include <algorithm>
#include <map>
#include <set>

#include "twin.hpp"

namespace conclave::explore {

using model::Notification;
using model::ServerState;
using spec::Life;
using spec::Property;
using spec::PropertySet;

bool Twin::lost(const World& world, int server, bool patient) const {
  const Local& own = at(world, server);
  if (own.state == ServerState::leading) {
    return !patient && !quorums_for(own, supporters_of(world, server));
  }
  if (own.leader < 0 || at(world, own.leader).life != Life::up) return true;
  switch (at(world, own.leader).state) {
    case ServerState::leading: return own.established != 0 && own.established != at(world, own.leader).established;
    case ServerState::looking: return !patient;
    default: return true;
  }
}

std::vector<int> Twin::supporters_of(const World& world, int leader) const {
  std::vector<int> supporters;
  for (int i = 0; i < n_; ++i) {
    const Local& other = at(world, i);
    const bool supports = other.life == Life::up && other.state != ServerState::looking && other.leader == leader;
    if (supports) supporters.push_back(i);
  }
  return supporters;
}

// In what the server has committed, and in a newer one that it has last seen.
bool Twin::quorums_for(const Local& local, const std::vector<int>& servers) const {
  return quorum(servers, local.committed) && (!local.newer || quorum(servers, *local.newer));
}

std::size_t Twin::leading_quorums(const World& world) const {
  std::size_t leading = 0;
  for (int i = 0; i < n_; ++i) {
    const bool leads = at(world, i).life == Life::up && at(world, i).state == ServerState::leading;
    if (leads && quorums_for(at(world, i), supporters_of(world, i))) ++leading;
  }
  return leading;
}

// Of what anyone that runs has committed, the last counts, and all that anyone has seen since.
bool Twin::enough_run(const World& world) const {
  std::vector<int> running;
  std::set<std::size_t> known;
  std::size_t last = 0;
  for (int i = 0; i < n_; ++i) {
    const Local& local = at(world, i);
    if (local.life != Life::up) continue;
    running.push_back(i);
    last = std::max(last, local.committed);
    known.insert(local.committed);
    if (local.newer) known.insert(*local.newer);
  }
  return !running.empty() && std::all_of(known.begin(), known.end(), [&](std::size_t configuration) {
    return configuration < last || quorum(running, configuration);
  });
}

// Does what a server says to all reach this one?
bool Twin::writes_to(const Local& local, int server) const {
  const model::ServerId id = scenario_.participants[static_cast<std::size_t>(server)].id;
  const auto& all = scenario_.ensemble.configurations;
  return all[local.committed].votes(id) || (local.newer && all[*local.newer].votes(id));
}

bool Twin::quorum(const std::vector<int>& servers, std::size_t number) const {
  const model::Configuration& configuration = scenario_.ensemble.configurations[number];
  const auto counts = [&](const model::Member& member) {
    const int index = index_of(member.id);
    if (member.role != model::LearnerType::participant) return false;
    if (std::find(servers.begin(), servers.end(), index) == servers.end()) return false;
    return scenario_.participants[static_cast<std::size_t>(index)].durable.last_zxid != model::unlogged;
  };
  if (configuration.groups().empty()) {
    int all = 0;
    int have = 0;
    for (const model::Member& member : configuration.members()) {
      all += member.role == model::LearnerType::participant ? 1 : 0;
      have += counts(member) ? 1 : 0;
    }
    return have > all - have;
  }
  std::map<std::int64_t, std::pair<std::int64_t, std::int64_t>> groups;  // have, all
  for (const model::Member& member : configuration.members()) {
    if (!member.group) continue;
    groups[*member.group].second += member.weight->value;
    if (counts(member)) groups[*member.group].first += member.weight->value;
  }
  int balance = 0;
  for (const auto& [id, group] : groups) {
    if (group.second == 0) continue;
    balance += group.first > group.second - group.first ? 1 : -1;
  }
  return balance > 0;
}

bool Twin::settled_all(const World& world) const {
  std::set<int> chosen;
  for (const Local* local : world.servers) {
    if (local->life == Life::up) chosen.insert(local->state == ServerState::looking ? -1 : local->leader);
  }
  if (chosen.empty()) return true;
  if (chosen.size() > 1 || chosen.count(-1) != 0) return false;
  const Local& leader = at(world, *chosen.begin());
  return leader.life == Life::up && leader.state == ServerState::leading;
}

PropertySet Twin::judge(const World& world, bool progress, bool held_back) {
  PropertySet broken = 0;
  std::vector<int> started;
  std::map<std::int64_t, int> leaders;
  std::vector<const Local*> deciders;
  bool settled = false;
  bool all_up = true;
  for (int i = 0; i < n_; ++i) {
    const Local& own = at(world, i);
    if (own.life != Life::unborn) started.push_back(i);
    all_up = all_up && own.life == Life::up;
    if (own.life != Life::up || own.state == ServerState::looking) continue;
    settled = true;
    deciders.push_back(&own);
    if (own.state == ServerState::leading) ++leaders[own.clock];
  }
  for (const auto& [round, count] : leaders) {
    if (count > 1) broken |= bit(Property::single_leading);
    if (count > 1 && round == 1) broken |= bit(Property::one_leader_per_round);
  }
  for (const Local* decider : deciders) {
    if (!quorums_for(*decider, started)) broken |= bit(Property::quorum_took_part);
  }
  if (reconfigures() && leading_quorums(world) > 1) broken |= bit(Property::no_second_quorum);
  if (settled && all_up && settled_all(world)) broken |= bit(Property::all_settled);
  return progress ? broken : broken | judge_quiet(world, held_back);
}

PropertySet Twin::judge_quiet(const World& world, bool held_back) {
  bool polling = false;
  for (int i = 0; i < n_; ++i) {
    polling = polling || (at(world, i).in_election && !at(world, i).finalizing);
  }
  if (!enough_run(world)) {
    ++counts_.quiet.no_quorum;
  } else if (settled_all(world) || (reconfigures() && leading_quorums(world) > 0)) {
    ++counts_.quiet.settled;
  } else if (held_back || (fifo() && polling)) {
    ++counts_.quiet.cut;
  } else {
    return bit(Property::no_deadlock);
  }
  return 0;
}

bool Twin::votes(int server) const {
  const model::Member* member =
      scenario_.ensemble.configurations[0].find(scenario_.participants[static_cast<std::size_t>(server)].id);
  return member != nullptr && member->role == model::LearnerType::participant;
}

std::int64_t Twin::highest_epoch() const {
  std::int64_t highest = 0;
  for (const spec::Participant& participant : scenario_.participants) {
    highest = std::max(highest, participant.durable.current_epoch.value);
  }
  return highest;
}

const spec::RuleVariant& Twin::rules(int server) const {
  const spec::RuleVariant* own = scenario_.participants[static_cast<std::size_t>(server)].rules;
  return own == nullptr ? rules_ : *own;
}

bool Twin::knows_no_versions(int server) const {
  return spec::is_mixed(scenario_.participants) && rules(server).dialect.sends == spec::Format::unversioned;
}

bool Twin::told_as_voted(int reader, int speaker) const {
  return knows_no_versions(reader) && rules(speaker).dialect.remembers_voted_epoch;
}

// By the bytes: how many the sender writes, and which of them the reader looks at.
model::Message Twin::arriving(int reader, const Notification& notification) const {
  model::Message message = message_of(notification);
  if (!spec::is_mixed(scenario_.participants)) return message;
  constexpr int bytes_to_epoch = 36;
  constexpr int bytes_to_version = 40;
  constexpr int bytes_with_configuration = 100;
  int bytes = bytes_with_configuration;
  switch (rules(index_of(notification.from)).dialect.sends) {
    case spec::Format::unversioned: bytes = bytes_to_epoch; break;
    case spec::Format::version_1: bytes = bytes_to_version; break;
    case spec::Format::version_2: break;
  }
  const bool strict = rules(reader).dialect.judges_by_length;
  if (strict && bytes < bytes_to_version) message.format = model::MessageFormat::too_short;
  const bool version_read =
      !knows_no_versions(reader) && (strict ? bytes > bytes_to_version : bytes >= bytes_to_version);
  if (!version_read && message.format == model::MessageFormat::versioned) {
    message.format = model::MessageFormat::without_version;
  }
  if (version_read) message.version = bytes == bytes_to_version ? 1 : 2;
  return message;
}

int Twin::index_of(model::ServerId id) const {
  for (int i = 0; i < n_; ++i) {
    if (scenario_.participants[static_cast<std::size_t>(i)].id == id) return i;
  }
  return -1;
}

}  // namespace conclave::explore
