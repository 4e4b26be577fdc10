#include "conclave/spec/reconfiguration.hpp"

#include <algorithm>
#include <cassert>
#include <map>
#include <tuple>
#include <utility>

namespace conclave::spec {
namespace {

using model::Configuration;
using model::Ensemble;
using model::LearnerType;
using model::Member;
using model::ServerId;

constexpr Knowledge all_knowledge[] = {Knowledge::none, Knowledge::seen, Knowledge::committed};

// What each server knows.
using Moment = std::map<ServerId, Knowledge>;

class Moments {
 public:
  explicit Moments(const Reconfiguration& reconfiguration) : given_(reconfiguration) {}

  // Can this server know this, whatever the others do?
  [[nodiscard]] bool may_know(ServerId id, Knowledge knowledge) const {
    const bool committed = knowledge == Knowledge::committed;
    const bool seen = knowledge == Knowledge::seen;
    if (seen && !(enabled() && is_told_proposals(ensemble(), id))) return false;
    if (given_.committed && given_.committed->contains(id) != committed) return false;
    return !given_.seen || given_.seen->contains(id) == seen;
  }
  // Everything that all may know together, by what each may.
  [[nodiscard]] std::vector<Moment> all() const {
    std::vector<Moment> all{{}};
    for (const ServerId id : all_members(ensemble())) {
      std::vector<Moment> longer;
      for (const Moment& begun : all) {
        for (const Knowledge knowledge : all_knowledge) {
          if (may_know(id, knowledge)) longer.emplace_back(begun)[id] = knowledge;
        }
      }
      all.swap(longer);
    }
    return all;
  }
  [[nodiscard]] std::vector<ServerId> committed_in(const Moment& moment) const {
    std::vector<ServerId> ids;
    for (const auto& [id, knowledge] : moment) {
      if (knowledge == Knowledge::committed) ids.push_back(id);
    }
    return ids;
  }
  // Whose acknowledgement of the proposal counts. Who has committed it has logged it before.
  [[nodiscard]] std::vector<ServerId> logged_in(const Moment& moment) const {
    std::vector<ServerId> ids;
    for (const auto& [id, knowledge] : moment) {
      if (knowledge != Knowledge::none && is_told_proposals(ensemble(), id)) ids.push_back(id);
    }
    return ids;
  }
  [[nodiscard]] std::optional<Mistake> mistake_in(const Moment& moment) const {
    const bool nobody =
        std::all_of(moment.begin(), moment.end(), [](const auto& entry) { return entry.second == Knowledge::none; });
    if (nobody) return Mistake::nobody_knows;
    const std::vector<ServerId> committed = committed_in(moment);
    if (committed.size() == moment.size()) return Mistake::all_have_committed;
    if (committed.empty() || !enabled()) return std::nullopt;
    const Configuration& old = ensemble().configurations[0];
    const Configuration& next = ensemble().configurations[1];
    const auto votes = [&old](ServerId id) { return old.votes(id); };
    if (std::none_of(committed.begin(), committed.end(), votes)) return Mistake::leader_has_not;
    const auto logged = [all = logged_in(moment)](ServerId id) {
      return std::find(all.begin(), all.end(), id) != all.end();
    };
    if (!old.contains_quorum(logged)) return Mistake::no_old_quorum;
    if (!next.contains_quorum(logged)) return Mistake::no_new_quorum;
    return std::nullopt;
  }
  [[nodiscard]] const Ensemble& ensemble() const { return given_.ensemble; }
  // Who has logged more comes later: who does not know of the new configuration, observers that do, all others that do.
  // What is done by hand has to do with nobody's log.
  [[nodiscard]] int rank(ServerId id, Knowledge knowledge) const {
    if (knowledge == Knowledge::none || !enabled()) return 0;
    return is_told_proposals(ensemble(), id) ? 2 : 1;
  }

 private:
  [[nodiscard]] bool enabled() const { return given_.ensemble.reconfig_enabled; }

  const Reconfiguration& given_;
};

void give(Participant& participant, Knowledge knowledge) {
  participant.committed = knowledge == Knowledge::committed ? 1 : 0;
  participant.last_seen.reset();
  if (knowledge != Knowledge::none) participant.last_seen = 1;
}

// What a symmetry of both configurations keeps of a server. Where there are weights nothing is swapped.
using Kind = std::tuple<int, int, std::int64_t>;
Kind kind_of(const Ensemble& ensemble, ServerId id) {
  const auto role_in = [id](const Configuration& configuration) {
    const Member* member = configuration.find(id);
    return member == nullptr ? 0 : member->role == LearnerType::participant ? 1 : 2;
  };
  const Configuration& old = ensemble.configurations[0];
  const Configuration& next = ensemble.configurations[1];
  const bool plain = old.kind() == model::QuorumKind::majority && next.kind() == model::QuorumKind::majority;
  return {role_in(old), role_in(next), plain ? 0 : id.value};
}

// Puts the voters in a row, the lowest initial vote first, and then the observers. Of servers of one kind that may know
// the same, the one with the lowest id comes first.
class Rows {
 public:
  Rows(const Moments& moments, std::vector<Scenario>& scenarios) : moments_(moments), scenarios_(scenarios) {
    for (const ServerId id : all_members(moments.ensemble())) {
      (votes_in_any(moments.ensemble(), id) ? voters_ : observers_).push_back(id);
    }
  }
  void go_through() { place(0); }

 private:
  using Entry = std::pair<ServerId, Knowledge>;

  void place(int least) {
    const bool voting = row_.size() < voters_.size();
    if (row_.size() == voters_.size() + observers_.size()) return take();
    std::set<std::tuple<Kind, bool, bool, bool, Knowledge>> tried;
    for (const ServerId id : voting ? voters_ : observers_) {
      const auto placed = [id](const Entry& entry) { return entry.first == id; };
      if (std::any_of(row_.begin(), row_.end(), placed)) continue;
      for (const Knowledge knowledge : all_knowledge) {
        if (!moments_.may_know(id, knowledge)) continue;
        const int rank = moments_.rank(id, knowledge);
        if (voting && rank < least) continue;
        if (!voting && !observers_in_order(id, knowledge)) continue;
        if (!tried.insert(choice(id, knowledge)).second) continue;
        row_.emplace_back(id, knowledge);
        place(voting ? rank : least);
        row_.pop_back();
      }
    }
  }
  [[nodiscard]] std::tuple<Kind, bool, bool, bool, Knowledge> choice(ServerId id, Knowledge knowledge) const {
    return {kind_of(moments_.ensemble(), id), moments_.may_know(id, Knowledge::none),
            moments_.may_know(id, Knowledge::seen), moments_.may_know(id, Knowledge::committed), knowledge};
  }
  // Observers have no order among themselves: one row of them is enough.
  [[nodiscard]] bool observers_in_order(ServerId id, Knowledge knowledge) const {
    if (row_.size() == voters_.size()) return true;
    const Entry& last = row_.back();
    return choice(last.first, last.second) <= choice(id, knowledge);
  }
  void take() {
    Moment moment;
    for (const auto& [id, knowledge] : row_) moment[id] = knowledge;
    if (moments_.mistake_in(moment)) return;
    Scenario scenario;
    scenario.ensemble = moments_.ensemble();
    std::int64_t rank = 0;
    for (const auto& [id, knowledge] : row_) {
      const bool votes = votes_in_any(scenario.ensemble, id);
      const model::Durable voted{model::PeerEpoch{1}, model::PeerEpoch{1}, model::Zxid{++rank}};
      Participant participant{id, votes ? voted : model::Durable{}};
      give(participant, knowledge);
      scenario.participants.push_back(participant);
    }
    std::sort(scenario.participants.begin(), scenario.participants.end(),
              [](const Participant& left, const Participant& right) { return left.id < right.id; });
    scenarios_.push_back(std::move(scenario));
  }

  const Moments& moments_;
  std::vector<Scenario>& scenarios_;
  std::vector<ServerId> voters_;
  std::vector<ServerId> observers_;
  std::vector<Entry> row_;
};

}  // namespace

Knowledge knowledge_of(const Participant& participant) {
  if (participant.committed == 1) return Knowledge::committed;
  return participant.last_seen ? Knowledge::seen : Knowledge::none;
}

Configuration with_version(const Configuration& configuration, model::ConfigVersion version) {
  const auto& members = configuration.members();
  return Configuration::make(configuration.kind(), {members.begin(), members.size()}, version,
                             configuration.addresses());
}

std::vector<ServerId> all_members(const Ensemble& ensemble) {
  std::set<ServerId> ids;
  for (const Configuration& configuration : ensemble.configurations) {
    for (const Member& member : configuration.members()) ids.insert(member.id);
  }
  return {ids.begin(), ids.end()};
}

bool votes_in_any(const Ensemble& ensemble, ServerId id) {
  return std::any_of(ensemble.configurations.begin(), ensemble.configurations.end(),
                     [id](const Configuration& one) { return one.votes(id); });
}

std::vector<Scenario> every_moment(const Reconfiguration& reconfiguration) {
  assert(reconfiguration.ensemble.configurations.size() == explored_configurations_max);
  std::vector<Scenario> scenarios;
  const Moments moments(reconfiguration);
  Rows(moments, scenarios).go_through();
  return scenarios;
}

std::vector<Scenario> every_moment(const Reconfiguration& reconfiguration,
                                   const std::vector<Participant>& histories) {
  const Moments moments(reconfiguration);
  const std::vector<ServerId> members = all_members(reconfiguration.ensemble);
  std::vector<Scenario> scenarios;
  for (const Moment& moment : moments.all()) {
    if (moments.mistake_in(moment)) continue;
    Scenario& scenario = scenarios.emplace_back();
    scenario.ensemble = reconfiguration.ensemble;
    for (const ServerId id : members) {
      const auto given = std::find_if(histories.begin(), histories.end(),
                                      [id](const Participant& participant) { return participant.id == id; });
      Participant participant{id, given == histories.end() ? model::Durable{} : given->durable};
      give(participant, moment.at(id));
      scenario.participants.push_back(participant);
    }
  }
  return scenarios;
}

// Leader.propose tells forwardingFollowers: voters, and those that are in no configuration yet.
bool is_told_proposals(const Ensemble& ensemble, ServerId id) {
  const Member* member = ensemble.configurations[0].find(id);
  return member == nullptr || member->role == LearnerType::participant;
}

std::optional<Impossible> why_no_moment(const Reconfiguration& reconfiguration) {
  const Moments moments(reconfiguration);
  std::optional<Impossible> nearest;
  for (const Moment& moment : moments.all()) {
    const std::optional<Mistake> mistake = moments.mistake_in(moment);
    if (!mistake) return std::nullopt;
    if (nearest && *mistake < nearest->mistake) continue;
    nearest = Impossible{*mistake, moments.committed_in(moment), moments.logged_in(moment)};
  }
  return nearest;
}

}  // namespace conclave::spec
