// Quorums: every set of servers of a configuration, against the enumerating twin.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "check.hpp"
#include "checkers.hpp"
#include "conclave/model/election.hpp"
#include "conclave/testing/generators.hpp"

namespace conclave::testing {
namespace {

using namespace model;

constexpr std::size_t servers = 9;

TEST(Quorums, AreThoseOfQuorumMajAndQuorumHierarchical) {
  holds(600, [] {
    const auto configuration = *gen::configuration(servers);
    RC_CLASSIFY(configuration.kind() == QuorumKind::hierarchical);
    RC_CLASSIFY(configuration.members().size() >= 7, "seven servers or more");
    expect_none(check_quorums<ZooKeeperRules>(configuration));
  });
}

TEST(Quorums, GrowWithTheirServers) {
  holds(600, [] {
    const auto configuration = *gen::configuration(servers);
    const auto quorums = quorums_of<ZooKeeperRules>(configuration);
    const std::size_t members = configuration.members().size();
    for (std::size_t set = 0; set < quorums.size(); ++set) {
      if (!quorums[set]) continue;
      for (std::size_t i = 0; i < members; ++i) RC_ASSERT(bool(quorums[set | std::size_t{1} << i]));
    }
  });
}

TEST(Quorums, OfOneConfigurationIntersectInAVoter) {
  holds(300, [] {
    const auto configuration = *gen::configuration(servers);
    const auto quorums = quorums_of<ZooKeeperRules>(configuration);
    std::size_t voters = 0;
    for (std::size_t i = 0; i < configuration.members().size(); ++i) {
      if (configuration.votes(configuration.members()[i].id)) voters |= std::size_t{1} << i;
    }
    std::vector<std::size_t> all;
    for (std::size_t set = 0; set < quorums.size(); ++set) {
      if (quorums[set]) all.push_back(set);
    }
    RC_CLASSIFY(all.empty(), "no quorum at all");
    for (const std::size_t one : all) {
      for (const std::size_t other : all) RC_ASSERT((one & other & voters) != 0U);
    }
  });
}

TEST(Quorums, AreNeverEmpty) {
  holds(2'000, [](const Configuration& configuration) {
    RC_ASSERT(!configuration.contains_quorum([](ServerId) { return false; }));
  });
}

TEST(Quorums, DoNotCountStrangersOrObservers) {
  holds(2'000, [](const Configuration& configuration) {
    const auto not_voters = [&](ServerId id) { return !configuration.votes(id); };
    RC_ASSERT(!configuration.contains_quorum(not_voters));
  });
}

}  // namespace
}  // namespace conclave::testing
