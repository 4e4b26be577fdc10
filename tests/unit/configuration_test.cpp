// Which lists of members are a configuration, what becomes of them, and which two configurations are the same.
#include "conclave/model/configuration.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <vector>

namespace conclave::model {
namespace {

constexpr LearnerType observer = LearnerType::observer;
constexpr LearnerType participant = LearnerType::participant;
constexpr std::int64_t heaviest = std::numeric_limits<std::int64_t>::max();

Member plain(std::int64_t id, LearnerType role = participant) { return Member{ServerId{id}, role, {}, {}}; }
Member grouped(std::int64_t id, std::int64_t weight, std::int64_t group, LearnerType role = participant) {
  return Member{ServerId{id}, role, Weight{weight}, group};
}
Configuration majority(const std::vector<Member>& members) {
  return Configuration::make(QuorumKind::majority, members);
}
Configuration hierarchical(const std::vector<Member>& members) {
  return Configuration::make(QuorumKind::hierarchical, members);
}
void expect_refused(const Configuration& made, ConfigurationError why) {
  EXPECT_EQ(made.error(), why);
  EXPECT_TRUE(made.members().empty());
}
std::vector<Member> many(std::size_t count) {
  std::vector<Member> members;
  for (std::size_t i = 0; i < count; ++i) members.push_back(plain(static_cast<std::int64_t>(i)));
  return members;
}

TEST(Configurations, RefuseWhatIsNone) {
  expect_refused(majority({}), ConfigurationError::no_members);
  expect_refused(majority(many(servers_max + 1)), ConfigurationError::too_many_members);
  EXPECT_EQ(majority(many(servers_max)).members().size(), servers_max);
  expect_refused(majority({plain(2), plain(1), plain(2)}), ConfigurationError::duplicate_member);
  expect_refused(hierarchical({grouped(1, 1, 1), plain(2)}), ConfigurationError::participant_without_group);
  expect_refused(hierarchical({grouped(1, 1, 1), Member{ServerId{2}, observer, {}, 1}}),
                 ConfigurationError::grouped_without_weight);
  expect_refused(hierarchical({grouped(1, -1, 1)}), ConfigurationError::negative_weight);
  expect_refused(hierarchical({grouped(1, 1, 1), grouped(2, heaviest, 1)}), ConfigurationError::group_too_heavy);
  EXPECT_EQ(hierarchical({grouped(1, 1, 1), grouped(2, heaviest - 1, 1)}).groups()[0].weight, Weight{heaviest});
}

TEST(Configurations, OfVotersAlone) {
  std::vector<ServerId> ids;
  for (std::size_t i = 0; i < servers_max; ++i) ids.push_back(ServerId{static_cast<std::int64_t>(i)});
  EXPECT_EQ(Configuration::majority(ids).voters(), servers_max);
  ids.push_back(ServerId{1000});
  expect_refused(Configuration::majority(ids), ConfigurationError::too_many_members);
}

TEST(Configurations, AreNoneUntilTheyAreMade) {
  const Configuration none;
  EXPECT_EQ(none.error(), ConfigurationError::no_members);
  EXPECT_EQ(none.kind(), QuorumKind::majority);
  EXPECT_EQ(none.version(), ConfigVersion{0});
  EXPECT_EQ(none.addresses(), 0U);
  EXPECT_EQ(none.voters(), 0U);
}

TEST(Configurations, AreSortedAndCounted) {
  const Configuration made = majority({plain(3), plain(1, observer), plain(2)});
  ASSERT_EQ(made.members().size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(made.members()[i].id, ServerId{static_cast<std::int64_t>(i + 1)});
  EXPECT_EQ(made.voters(), 2U);
  EXPECT_TRUE(made.votes(ServerId{2}));
  EXPECT_FALSE(made.votes(ServerId{1}));
  EXPECT_FALSE(made.votes(ServerId{9}));
  EXPECT_FALSE(made.contains_quorum([](ServerId id) { return id != ServerId{3}; }));
}

TEST(Configurations, HaveGroupsAndWeightsWhereTheseCount) {
  const Configuration made = majority({grouped(1, 5, 7)});
  EXPECT_FALSE(made.members()[0].weight || made.members()[0].group);
  EXPECT_TRUE(made.groups().empty());
  EXPECT_EQ(made.weight_of(ServerId{1}), Weight{1});
  EXPECT_EQ(made.weight_of(ServerId{9}), Weight{1});
  const Member unweighted{ServerId{1}, participant, {}, 7};
  const Configuration weighted =
      hierarchical({unweighted, grouped(2, 3, 9), grouped(3, 4, 7, observer), plain(4, observer), grouped(5, 1, 8)});
  EXPECT_EQ(weighted.error(), ConfigurationError::none);
  EXPECT_EQ(weighted.weight_of(ServerId{1}), Weight{1});
  EXPECT_EQ(weighted.weight_of(ServerId{2}), Weight{3});
  EXPECT_EQ(weighted.weight_of(ServerId{4}), std::nullopt);
  EXPECT_EQ(weighted.weight_of(ServerId{9}), std::nullopt);
  ASSERT_EQ(weighted.groups().size(), 3U);
  EXPECT_EQ(weighted.groups()[0], (Group{7, Weight{5}}));
  EXPECT_EQ(weighted.groups()[1], (Group{8, Weight{1}}));
  EXPECT_EQ(weighted.groups()[2], (Group{9, Weight{3}}));
}

Configuration of_version(std::int64_t version, std::int64_t id, std::uint64_t addresses = 0,
                         QuorumKind kind = QuorumKind::majority) {
  const std::vector<Member> members{grouped(id, 1, 1)};
  return Configuration::make(kind, members, ConfigVersion{version}, addresses);
}

TEST(Configurations, AreTheSameByVersionOrByMembers) {
  const Configuration made = of_version(5, 1, 7);
  EXPECT_TRUE(made.same_as(of_version(5, 2, 8)));
  for (const std::int64_t version : {4, 6}) {
    EXPECT_TRUE(made.same_as(of_version(version, 1, 7)));
    EXPECT_FALSE(made.same_as(of_version(version, 2, 7)));
    EXPECT_FALSE(made.same_as(of_version(version, 1, 6)));
    EXPECT_FALSE(made.same_as(of_version(version, 1, 8)));
  }
  EXPECT_FALSE(made.same_as(of_version(5, 1, 7, QuorumKind::oracle_majority)));
  EXPECT_FALSE(made.same_as(of_version(5, 1, 7, QuorumKind::hierarchical)));
}

}  // namespace
}  // namespace conclave::model
