// Votes and quorums once more, in longhand: line by line as ZooKeeper has them, with maps and sets and plain numbers.
// Slow, obvious, and written from the Java text alone: what the model is compared with. Names are ZooKeeper's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "conclave/model/configuration.hpp"
#include "conclave/model/types.hpp"
#include "conclave/model/vote.hpp"

namespace conclave::longhand {

enum class State { LOOKING, FOLLOWING, LEADING, OBSERVING };

inline State state_of(model::ServerState state) {
  switch (state) {
    case model::ServerState::looking: return State::LOOKING;
    case model::ServerState::following: return State::FOLLOWING;
    case model::ServerState::leading: return State::LEADING;
    case model::ServerState::observing: break;
  }
  return State::OBSERVING;
}

struct Vote {
  int version;
  std::int64_t id;
  std::int64_t zxid;
  std::int64_t electionEpoch;
  std::int64_t peerEpoch;
  State state;
};

inline Vote vote_of(const model::Vote& vote) {
  return Vote{vote.version,     vote.proposal.leader.value, vote.proposal.zxid.value,
              vote.round.value, vote.proposal.epoch.value,  state_of(vote.state)};
}

// Vote.equals
inline bool equals(const Vote& self, const Vote& other) {
  if (self.state == State::LOOKING || other.state == State::LOOKING) {
    return self.id == other.id && self.zxid == other.zxid && self.electionEpoch == other.electionEpoch &&
           self.peerEpoch == other.peerEpoch;
  }
  if ((self.version > 0x0) ^ (other.version > 0x0)) return self.id == other.id;
  return self.id == other.id && self.peerEpoch == other.peerEpoch;
}

// The last expression of FastLeaderElection.totalOrderPredicate.
inline bool succeeds(std::int64_t newId, std::int64_t newZxid, std::int64_t newEpoch, std::int64_t curId,
                     std::int64_t curZxid, std::int64_t curEpoch) {
  return (newEpoch > curEpoch) ||
         ((newEpoch == curEpoch) && ((newZxid > curZxid) || ((newZxid == curZxid) && (newId > curId))));
}

using Ids = std::set<std::int64_t>;

struct NullPointerException {};

// QuorumMaj, QuorumHierarchical and QuorumOracleMaj.
class QuorumVerifier {
 public:
  // From the members alone: what the configuration has summed up itself is not looked at.
  explicit QuorumVerifier(const model::Configuration& configuration, bool needOracle = false, bool askOracle = false)
      : kind_(configuration.kind()),
        version_(configuration.version().value),
        need_oracle_(needOracle),
        ask_oracle_(askOracle) {
    std::set<std::int64_t> groups;
    for (const model::Member& member : configuration.members()) {
      const std::int64_t sid = member.id.value;
      if (member.role == model::LearnerType::participant) voting_members_.insert(sid);
      if (member.group) {
        serverGroup_[sid] = *member.group;
        groups.insert(*member.group);
      }
      if (member.weight) serverWeight_[sid] = member.weight->value;
    }
    numGroups_ = static_cast<std::int64_t>(groups.size());
    compute_group_weight();
  }

  [[nodiscard]] const Ids& getVotingMembers() const { return voting_members_; }
  [[nodiscard]] std::int64_t getVersion() const { return version_; }
  [[nodiscard]] bool isOracle() const { return kind_ == model::QuorumKind::oracle_majority; }
  [[nodiscard]] bool getNeedOracle() const { return isOracle() && need_oracle_; }
  [[nodiscard]] bool askOracle() const { return isOracle() && ask_oracle_; }

  [[nodiscard]] std::int64_t getWeight(std::int64_t id) const {
    if (kind_ != model::QuorumKind::hierarchical) return 1;
    const auto weight = serverWeight_.find(id);
    if (weight == serverWeight_.end()) throw NullPointerException{};
    return weight->second;
  }

  [[nodiscard]] bool containsQuorum(const Ids& set) const {
    if (kind_ == model::QuorumKind::hierarchical) return hierarchical_contains_quorum(set);
    const bool majority = set.size() > voting_members_.size() / 2;
    if (!isOracle() || voting_members_.size() > 2 || majority) return majority;
    return need_oracle_ && ask_oracle_;
  }

 private:
  void compute_group_weight() {
    for (const auto& [sid, gid] : serverGroup_) {
      if (groupWeight_.count(gid) == 0) {
        groupWeight_[gid] = serverWeight_.at(sid);
      } else {
        const std::int64_t totalWeight = serverWeight_.at(sid) + groupWeight_.at(gid);
        groupWeight_[gid] = totalWeight;
      }
    }
    for (const auto& [gid, weight] : groupWeight_) {
      if (weight == 0) numGroups_--;
    }
  }

  [[nodiscard]] bool hierarchical_contains_quorum(const Ids& set) const {
    std::map<std::int64_t, std::int64_t> expansion;
    if (set.empty()) return false;
    for (const std::int64_t sid : set) {
      const auto group = serverGroup_.find(sid);
      if (group == serverGroup_.end()) continue;
      const std::int64_t gid = group->second;
      if (expansion.count(gid) == 0) {
        expansion[gid] = serverWeight_.at(sid);
      } else {
        const std::int64_t totalWeight = serverWeight_.at(sid) + expansion.at(gid);
        expansion[gid] = totalWeight;
      }
    }
    std::int64_t majGroupCounter = 0;
    for (const auto& [gid, weight] : expansion) {
      if (weight > groupWeight_.at(gid) / 2) majGroupCounter++;
    }
    return majGroupCounter > numGroups_ / 2;
  }

  model::QuorumKind kind_;
  std::int64_t version_;
  bool need_oracle_;
  bool ask_oracle_;
  Ids voting_members_;
  std::map<std::int64_t, std::int64_t> serverWeight_;
  std::map<std::int64_t, std::int64_t> serverGroup_;
  std::map<std::int64_t, std::int64_t> groupWeight_;
  std::int64_t numGroups_ = 0;
};

class SyncedLearnerTracker {
 public:
  void addQuorumVerifier(const QuorumVerifier& verifier) { pairs_.emplace_back(verifier, Ids{}); }
  void addAck(std::int64_t sid) {
    for (auto& [verifier, ackset] : pairs_) {
      if (verifier.getVotingMembers().count(sid) != 0) ackset.insert(sid);
    }
  }
  [[nodiscard]] bool hasAllQuorums() const {
    for (const auto& [verifier, ackset] : pairs_) {
      if (!verifier.containsQuorum(ackset)) return false;
    }
    return true;
  }

 private:
  std::vector<std::pair<QuorumVerifier, Ids>> pairs_;
};

using Votes = std::map<std::int64_t, Vote>;

inline Votes votes_of(const model::VoteTable& table) {
  Votes votes;
  for (const model::Ballot& ballot : table) votes.emplace(ballot.from.value, vote_of(ballot.vote));
  return votes;
}

}  // namespace conclave::longhand
