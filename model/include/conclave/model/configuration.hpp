// Who votes, with what weight, and what makes a quorum.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "conclave/model/fixed_vector.hpp"
#include "conclave/model/types.hpp"

namespace conclave::model {

// QuorumMaj, QuorumHierarchical, QuorumOracleMaj.
enum class QuorumKind : std::uint8_t { majority, hierarchical, oracle_majority };

struct Member {
  ServerId id{0};
  LearnerType role = LearnerType::participant;
  // Hierarchical only. A participant without a weight line has weight 1; an observer without one has none.
  std::optional<Weight> weight;
  std::optional<std::int64_t> group;

  friend constexpr bool operator==(const Member&, const Member&) = default;
};

struct Group {
  std::int64_t id;
  Weight weight;  // of all its servers, observers with a weight line included, as ZooKeeper adds them up

  friend constexpr bool operator==(const Group&, const Group&) = default;
};

// Why a list of members is no configuration.
enum class ConfigurationError : std::uint8_t {
  none,
  no_members,
  too_many_members,
  duplicate_member,
  participant_without_group,  // QuorumHierarchical: "Server N is not in a group"
  grouped_without_weight,     // an observer in a group needs a weight line (ZooKeeper fails on null)
  negative_weight,            // ours: ZooKeeper accepts it, and no quorum means anything then
  group_too_heavy             // ours: the weights of a group do not fit into 63 bits; Java wraps around
};

// One configuration of an ensemble (ZooKeeper's QuorumVerifier). Immutable once made.
class Configuration {
 public:
  constexpr Configuration() = default;

  // An empty span of groups or weights is not needed for the majority kinds. `addresses` stands for all the
  // addresses: two configurations whose members have the same addresses must pass the same number.
  // On error the result has no members and says why in `error()`.
  static constexpr Configuration make(QuorumKind kind, std::span<const Member> members, ConfigVersion version = {0},
                                      std::uint64_t addresses = 0) {
    Configuration made;
    made.kind_ = kind;
    made.version_ = version;
    made.addresses_ = addresses;
    made.error_ = made.fill(members);
    if (made.error_ != ConfigurationError::none) made.members_.clear();
    return made;
  }

  // All of `voters` vote with majority quorums.
  static constexpr Configuration majority(std::span<const ServerId> voters, ConfigVersion version = {0}) {
    if (voters.size() > servers_max) return refused(ConfigurationError::too_many_members);
    FixedVector<Member, servers_max> members;
    for (const ServerId id : voters) members.push_back(Member{id, LearnerType::participant, {}, {}});
    return make(QuorumKind::majority, {members.begin(), members.size()}, version);
  }

  [[nodiscard]] constexpr ConfigurationError error() const { return error_; }
  [[nodiscard]] constexpr QuorumKind kind() const { return kind_; }
  [[nodiscard]] constexpr ConfigVersion version() const { return version_; }
  // The number that make() was given.
  [[nodiscard]] constexpr std::uint64_t addresses() const { return addresses_; }
  // Sorted by id.
  [[nodiscard]] constexpr const FixedVector<Member, servers_max>& members() const { return members_; }
  [[nodiscard]] constexpr const FixedVector<Group, servers_max>& groups() const { return groups_; }
  [[nodiscard]] constexpr std::size_t voters() const { return voters_; }

  [[nodiscard]] constexpr const Member* find(ServerId id) const {
    for (const Member& member : members_) {
      if (member.id == id) return &member;
    }
    return nullptr;
  }
  [[nodiscard]] constexpr bool votes(ServerId id) const {
    const Member* member = find(id);
    return member != nullptr && member->role == LearnerType::participant;
  }

  // QuorumVerifier.getWeight. Majorities give 1 to every id, known or not. Hierarchical quorums know only the
  // servers that have a weight; for another ZooKeeper fails on null, which is nullopt here.
  [[nodiscard]] constexpr std::optional<Weight> weight_of(ServerId id) const {
    if (kind_ != QuorumKind::hierarchical) return Weight{1};
    const Member* member = find(id);
    if (member == nullptr) return std::nullopt;
    return member->weight;
  }

  // QuorumVerifier.containsQuorum over the voters for which `acknowledges(ServerId)` is true (the look at
  // getVotingMembers is SyncedLearnerTracker.addAck's). The oracle of QuorumOracleMaj is not asked here.
  template <class Acknowledges>
  [[nodiscard]] constexpr bool contains_quorum(const Acknowledges& acknowledges) const {
    if (kind_ == QuorumKind::hierarchical) return contains_group_quorum(acknowledges);
    std::size_t count = 0;
    for (const Member& member : members_) {
      if (member.role == LearnerType::participant && acknowledges(member.id)) ++count;
    }
    return count > voters_ / 2;
  }

  // The verifiers' `equals`: the same version, or the same members at the same addresses.
  [[nodiscard]] constexpr bool same_as(const Configuration& other) const {
    if (kind_ != other.kind_) return false;
    if (version_ == other.version_) return true;
    return addresses_ == other.addresses_ && members_ == other.members_ && groups_ == other.groups_;
  }

 private:
  constexpr ConfigurationError fill(std::span<const Member> members) {
    if (members.empty()) return ConfigurationError::no_members;
    if (members.size() > servers_max) return ConfigurationError::too_many_members;
    for (const Member& given : members) {
      std::size_t place = 0;
      while (place < members_.size() && members_[place].id < given.id) ++place;
      if (place < members_.size() && members_[place].id == given.id) return ConfigurationError::duplicate_member;
      Member member = given;
      if (const ConfigurationError wrong = complete(member); wrong != ConfigurationError::none) return wrong;
      members_.insert(place, member);
      if (member.role == LearnerType::participant) ++voters_;
    }
    return ConfigurationError::none;
  }

  // QuorumHierarchical.parse and computeGroupWeight, for one member.
  constexpr ConfigurationError complete(Member& member) {
    if (kind_ != QuorumKind::hierarchical) {
      member.weight.reset();
      member.group.reset();
      return ConfigurationError::none;
    }
    const bool participant = member.role == LearnerType::participant;
    if (participant && !member.group) return ConfigurationError::participant_without_group;
    if (participant && !member.weight) member.weight = Weight{1};
    if (member.group && !member.weight) return ConfigurationError::grouped_without_weight;
    if (member.weight && member.weight->value < 0) return ConfigurationError::negative_weight;
    const bool added = !member.group || add_to_group(*member.group, *member.weight);
    return added ? ConfigurationError::none : ConfigurationError::group_too_heavy;
  }

  static constexpr Configuration refused(ConfigurationError why) {
    Configuration made;
    made.error_ = why;
    return made;
  }

  constexpr bool add_to_group(std::int64_t id, Weight weight) {
    std::size_t place = 0;
    while (place < groups_.size() && groups_[place].id < id) ++place;
    if (place == groups_.size() || groups_[place].id != id) groups_.insert(place, Group{id, Weight{0}});
    std::int64_t& total = groups_[place].weight.value;
    if (weight.value > std::numeric_limits<std::int64_t>::max() - total) return false;
    total += weight.value;
    return true;
  }

  template <class Acknowledges>
  [[nodiscard]] constexpr bool contains_group_quorum(const Acknowledges& acknowledges) const {
    std::size_t heavy_groups = 0;
    std::size_t won_groups = 0;
    for (const Group& group : groups_) {
      if (group.weight.value != 0) ++heavy_groups;
      std::int64_t acknowledged = 0;
      for (const Member& member : members_) {
        const bool counts = member.role == LearnerType::participant && member.group == group.id;
        if (counts && acknowledges(member.id)) acknowledged += member.weight->value;
      }
      if (acknowledged > group.weight.value / 2) ++won_groups;
    }
    return won_groups > heavy_groups / 2;
  }

  QuorumKind kind_ = QuorumKind::majority;
  ConfigurationError error_ = ConfigurationError::no_members;
  ConfigVersion version_{0};
  std::uint64_t addresses_ = 0;
  std::size_t voters_ = 0;
  FixedVector<Member, servers_max> members_;
  FixedVector<Group, servers_max> groups_;
};

// Milliseconds. The defaults are ZooKeeper's.
struct Timing {
  std::int32_t finalize_wait_ms = 200;
  std::int32_t notification_interval_min_ms = 200;
  std::int32_t notification_interval_max_ms = 60'000;

  friend constexpr bool operator==(const Timing&, const Timing&) = default;
};

// Index of a configuration in Ensemble::configurations.
using ConfigIndex = std::uint8_t;

// All that does not change while a server runs. Peers say which of the configurations they have committed and
// which they have last seen.
struct Ensemble {
  FixedVector<Configuration, configurations_max> configurations;
  Timing timing;
  bool reconfig_enabled = false;  // zoo.cfg's reconfigEnabled; ZooKeeper's default
};

constexpr Ensemble single_configuration(const Configuration& configuration) {
  Ensemble ensemble;
  ensemble.configurations.push_back(configuration);
  return ensemble;
}

}  // namespace conclave::model
