#include "conclave/spec/scope.hpp"

#include <algorithm>
#include <bit>
#include <map>
#include <random>
#include <set>
#include <tuple>
#include <utility>

namespace conclave::spec {
namespace {

using model::Configuration;
using model::LearnerType;
using model::Member;
using model::ServerId;

std::vector<Member> members_of(const Configuration& configuration, LearnerType role) {
  std::vector<Member> members;
  for (const Member& member : configuration.members()) {
    if (member.role == role) members.push_back(member);
  }
  return members;
}

std::string counted(int count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

// --- histories ----------------------------------------------------------------------------------------------------

// What a symmetry of the configuration keeps of a server at its place in an order: which of the groups seen so far
// it is
// in, what that group looks like, and its weight. Orders with equal signatures are mapped onto each other by swapping
// servers of one weight and kind within a group, and groups that look alike.
using Profile =
    std::vector<std::pair<std::int64_t, int>>;  // a group's weights, negative for observers, and kinds; sorted
using Signature = std::vector<std::tuple<std::size_t, Profile, std::int64_t, int>>;

class Symmetries {
 public:
  Symmetries(const Configuration& configuration, const std::map<ServerId, int>& kinds)
      : grouped_(!configuration.groups().empty()), kinds_(kinds) {
    for (const Member& member : configuration.members()) {
      if (!member.group) continue;
      const std::int64_t weight = member.weight->value;
      Profile& profile = profiles_[*member.group];
      profile.emplace_back(member.role == LearnerType::participant ? weight : -1 - weight, kind_of(member));
    }
    for (auto& [group, profile] : profiles_) std::sort(profile.begin(), profile.end());
  }

  [[nodiscard]] Signature signature(const std::vector<Member>& order) const {
    Signature signature;
    std::map<std::int64_t, std::size_t> seen;
    for (const Member& member : order) {
      if (!grouped_) {
        signature.emplace_back(0, Profile{}, 1, kind_of(member));
        continue;
      }
      const std::size_t number = seen.emplace(*member.group, seen.size()).first->second;
      signature.emplace_back(number, profiles_.at(*member.group), member.weight->value, kind_of(member));
    }
    return signature;
  }

 private:
  [[nodiscard]] int kind_of(const Member& member) const {
    const auto place = kinds_.find(member.id);
    return place == kinds_.end() ? 0 : place->second;
  }

  bool grouped_;
  const std::map<ServerId, int>& kinds_;
  std::map<std::int64_t, Profile> profiles_;
};

// Calls visit(order) for every way to put `count` of the voters in a row.
template <class Visit>
void for_each_order(const std::vector<Member>& voters, std::size_t count, std::vector<Member>& order,
                    std::vector<bool>& used, const Visit& visit) {
  if (order.size() == count) return visit(order);
  for (std::size_t i = 0; i < voters.size(); ++i) {
    if (used[i]) continue;
    used[i] = true;
    order.push_back(voters[i]);
    for_each_order(voters, count, order, used, visit);
    order.pop_back();
    used[i] = false;
  }
}

Scenario scenario_of(const model::Ensemble& ensemble, const std::vector<Member>& order) {
  Scenario scenario;
  scenario.ensemble = ensemble;
  for (const Member& observer : members_of(ensemble.configurations[0], LearnerType::observer)) {
    scenario.participants.push_back(Participant{observer.id, {}});
  }
  // The lowest initial vote comes first. One epoch, ascending zxids: any other numbers of the same order do the same.
  std::int64_t rank = 0;
  for (const Member& voter : order) {
    const model::Durable durable{model::PeerEpoch{1}, model::PeerEpoch{1}, model::Zxid{++rank}};
    scenario.participants.push_back(Participant{voter.id, durable});
  }
  std::sort(scenario.participants.begin(), scenario.participants.end(),
            [](const Participant& left, const Participant& right) { return left.id < right.id; });
  return scenario;
}

constexpr std::uint64_t orders_gone_through_max = 50'000;

}  // namespace

std::string describe(const Scope& scope) {
  std::string text =
      scope.network.kind == NetworkKind::latest ? "latest network" : "fifo:" + std::to_string(scope.network.capacity);
  text += scope.timing == TimingKind::async ? ", async" : ", timely";
  if (scope.role_end == RoleEnd::any) text += ", roles end at any time";
  text += scope.grain == Grain::coarse ? ", coarse grain" : ", fine grain";
  text += scope.start == StartKind::staggered ? ", staggered starts" : ", started together";
  text += ", " + counted(scope.rounds, "round", "rounds");
  text += ", " + counted(scope.crashes, "crash", "crashes");
  text += ", " + counted(scope.restarts, "restart", "restarts");
  if (scope.network.kind == NetworkKind::fifo) {
    text += ", " + counted(scope.resends, "resend", "resends") + ", " + counted(scope.losses, "loss", "losses");
  }
  if (scope.vote_epoch == VoteEpoch::established) text += ", epochs established";
  if (scope.grain == Grain::fine && scope.network.kind == NetworkKind::latest) {
    text += ", receive queues of " + std::to_string(fine_queue_max);
  }
  return text;
}

bool is_mixed(const std::vector<Participant>& participants) {
  return std::any_of(participants.begin(), participants.end(),
                     [](const Participant& participant) { return participant.rules != nullptr; });
}

bool reconfigures(const Scenario& scenario) { return scenario.ensemble.configurations.size() > 1; }

ConfigSet counting_for(const model::Ensemble& ensemble, const model::Peer& peer) {
  unsigned set = 1U << peer.committed;
  const Configuration* seen = last_seen(ensemble, peer);
  if (seen != nullptr && seen->version() > committed(ensemble, peer).version()) set |= 1U << *peer.last_seen;
  return static_cast<ConfigSet>(set);
}

std::vector<Scenario> every_history(const model::Ensemble& ensemble, int starts_max,
                                    const std::map<ServerId, int>& kinds) {
  const Configuration& configuration = ensemble.configurations[0];
  const std::vector<Member> voters = members_of(configuration, LearnerType::participant);
  const Symmetries symmetries(configuration, kinds);
  std::set<Signature> seen;
  std::vector<Scenario> scenarios;
  std::vector<Member> order;
  std::vector<bool> used(voters.size(), false);
  const auto take = [&](const std::vector<Member>& candidate) {
    if (seen.insert(symmetries.signature(candidate)).second) scenarios.push_back(scenario_of(ensemble, candidate));
  };
  if (configuration.groups().empty() && kinds.empty()) {
    take({voters.begin(), voters.begin() + starts_max});  // all orders have one signature
  } else {
    for_each_order(voters, static_cast<std::size_t>(starts_max), order, used, take);
  }
  return scenarios;
}

std::vector<Scenario> orders_like(const Scenario& scenario, std::size_t count_max) {
  const Configuration& configuration = scenario.ensemble.configurations[0];
  const std::vector<Member> voters = members_of(configuration, LearnerType::participant);
  const std::map<ServerId, int> one_kind;
  const Symmetries symmetries(configuration, one_kind);
  std::vector<Participant> lowest_first;
  for (const Participant& participant : scenario.participants) {
    if (configuration.votes(participant.id)) lowest_first.push_back(participant);
  }
  std::sort(lowest_first.begin(), lowest_first.end(), [](const Participant& left, const Participant& right) {
    return left.durable.last_zxid < right.durable.last_zxid;
  });
  std::vector<Member> own;
  own.reserve(lowest_first.size());
  for (const Participant& participant : lowest_first) own.push_back(*configuration.find(participant.id));
  const Signature wanted = symmetries.signature(own);

  std::vector<Scenario> like{scenario};
  const auto take = [&](const std::vector<Member>& candidate) {
    if (symmetries.signature(candidate) != wanted) return;
    const bool itself = std::equal(candidate.begin(), candidate.end(), own.begin(), own.end(),
                                   [](const Member& left, const Member& right) { return left.id == right.id; });
    if (itself) return;
    Scenario& other = like.emplace_back(scenario_of(scenario.ensemble, candidate));
    const auto granted = std::find_if(own.begin(), own.end(),
                                      [&](const Member& member) { return member.id == scenario.oracle_grants; });
    other.oracle_grants = granted == own.end() ? scenario.oracle_grants : candidate[granted - own.begin()].id;
  };
  std::uint64_t orders = 1;
  for (std::size_t i = 0; i < own.size(); ++i)
    orders = std::min(orders * (voters.size() - i), orders_gone_through_max);
  if (orders < orders_gone_through_max) {
    std::vector<Member> order;
    std::vector<bool> used(voters.size(), false);
    for_each_order(voters, own.size(), order, used, take);
  } else {
    std::mt19937_64 random(orders);  // too many: some, the same each time
    for (std::size_t i = 0; i < 8 * count_max; ++i) {
      std::vector<Member> order = voters;
      for (std::size_t at = order.size(); at > 1; --at) std::swap(order[at - 1], order[random() % at]);
      order.resize(own.size());
      take(order);
    }
  }
  // Evenly from first to last, of which many differ in the best votes alone.
  if (like.size() <= count_max) return like;
  std::vector<Scenario> some;
  for (std::size_t i = 0; i < count_max; ++i) some.push_back(like[i * like.size() / count_max]);
  return some;
}

Scenario given_history(const model::Ensemble& ensemble, const std::vector<Participant>& histories) {
  Scenario scenario;
  scenario.ensemble = ensemble;
  for (const Member& member : ensemble.configurations[0].members()) {
    Participant participant{member.id, {}};
    for (const Participant& given : histories) {
      if (given.id == member.id) participant.durable = given.durable;
    }
    scenario.participants.push_back(participant);
  }
  return scenario;
}

Tolerance tolerance_of(const Configuration& configuration) {
  const std::vector<Member> voters = members_of(configuration, LearnerType::participant);
  Tolerance tolerance;
  if (voters.size() > static_cast<std::size_t>(tolerance_voters_max)) return tolerance;
  tolerance.complete = true;
  int smallest = static_cast<int>(voters.size()) + 1;
  for (std::uint32_t lost = 0; lost < (1U << voters.size()); ++lost) {
    const int count = std::popcount(lost);
    if (count > smallest) continue;
    const bool survives = configuration.contains_quorum([&](ServerId id) {
      const auto place =
          std::find_if(voters.begin(), voters.end(), [id](const Member& voter) { return voter.id == id; });
      return (lost >> static_cast<unsigned>(place - voters.begin()) & 1U) == 0;
    });
    if (survives) continue;
    if (count < smallest) tolerance.smallest_fatal.clear();
    smallest = count;
    std::vector<ServerId> servers;
    for (std::size_t i = 0; i < voters.size(); ++i) {
      if ((lost >> i & 1U) != 0) servers.push_back(voters[i].id);
    }
    tolerance.smallest_fatal.push_back(servers);
  }
  std::sort(tolerance.smallest_fatal.begin(), tolerance.smallest_fatal.end());
  tolerance.any_crashes = smallest - 1;
  return tolerance;
}

}  // namespace conclave::spec
