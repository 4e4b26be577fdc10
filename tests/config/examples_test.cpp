// The examples that come with the project are read, and mean what their first lines say.
#include <gtest/gtest.h>

#include <string>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/model/configuration.hpp"
#include "conclave/model/types.hpp"
#include "support.hpp"

namespace conclave::config {
namespace {

using model::ConfigVersion;
using model::QuorumKind;
using model::ServerId;
using model::Weight;

ZooCfg example(const std::string& name) {
  auto cfg = read_zoo_cfg("examples/" + name);
  if (!cfg) {
    ADD_FAILURE() << cfg.error().message();
    return {};
  }
  EXPECT_EQ(cfg->tick_time_ms, 2000);
  EXPECT_EQ(cfg->init_limit_ticks, 10);
  EXPECT_EQ(cfg->sync_limit_ticks, 5);
  return *cfg;
}

TEST(Examples, FiveVoters) {
  const ZooCfg cfg = example("five-voters.cfg");
  EXPECT_EQ(cfg.configuration.kind(), QuorumKind::majority);
  EXPECT_EQ(cfg.configuration.voters(), 5U);
  EXPECT_TRUE(cfg.notes.empty());
}

TEST(Examples, ThreeVoters) {
  const ZooCfg cfg = example("three-voters.cfg");
  EXPECT_EQ(cfg.configuration.voters(), 3U);
  EXPECT_EQ(cfg.servers.size(), 3U);
  EXPECT_TRUE(cfg.notes.empty());
}

TEST(Examples, ThreeVotersTwoObservers) {
  const ZooCfg cfg = example("three-voters-two-observers.cfg");
  EXPECT_EQ(cfg.configuration.voters(), 3U);
  EXPECT_EQ(cfg.servers.size(), 5U);
  EXPECT_FALSE(cfg.configuration.votes(ServerId{5}));
  EXPECT_TRUE(cfg.notes.empty());
}

TEST(Examples, OneObserver) {
  const ZooCfg cfg = example("one-observer.cfg");
  EXPECT_EQ(cfg.configuration.voters(), 2U);
  EXPECT_EQ(cfg.servers.size(), 3U);
  EXPECT_FALSE(cfg.configuration.votes(ServerId{3}));
}

TEST(Examples, ThreeGroups) {
  const ZooCfg cfg = example("three-groups.cfg");
  EXPECT_EQ(cfg.configuration.kind(), QuorumKind::hierarchical);
  EXPECT_EQ(cfg.configuration.voters(), 9U);
  ASSERT_EQ(cfg.configuration.groups().size(), 3U);
  const auto acknowledges = [](ServerId id) {
    return id == ServerId{1} || id == ServerId{2} || id == ServerId{4} || id == ServerId{6};
  };
  EXPECT_TRUE(cfg.configuration.contains_quorum(acknowledges));
  EXPECT_FALSE(cfg.configuration.contains_quorum([](ServerId id) { return id.value <= 4; }));
  EXPECT_TRUE(cfg.notes.empty());
}

TEST(Examples, WeightsWithZeroGroup) {
  const ZooCfg cfg = example("weights-with-zero-group.cfg");
  EXPECT_EQ(cfg.configuration.voters(), 5U);
  EXPECT_EQ(cfg.configuration.weight_of(ServerId{3}), Weight{1});
  EXPECT_EQ(cfg.configuration.weight_of(ServerId{4}), Weight{0});
  EXPECT_TRUE(cfg.configuration.contains_quorum([](ServerId id) { return id.value <= 2; }));
  EXPECT_FALSE(cfg.configuration.contains_quorum([](ServerId id) { return id.value >= 3; }));
  EXPECT_EQ(cfg.notes.size(), 2U);
}

TEST(Examples, OneServer) {
  const ZooCfg cfg = example("one-server.cfg");
  EXPECT_EQ(cfg.configuration.voters(), 1U);
  EXPECT_FALSE(cfg.standalone_enabled);
  EXPECT_TRUE(has_note(cfg, "a single participant"));
}

TEST(Examples, TwoVoters) {
  const ZooCfg cfg = example("two-voters.cfg");
  EXPECT_EQ(cfg.configuration.kind(), QuorumKind::majority);
  EXPECT_EQ(cfg.configuration.voters(), 2U);
}

TEST(Examples, TwoVotersOneWeightless) {
  const ZooCfg cfg = example("two-voters-one-weightless.cfg");
  EXPECT_EQ(cfg.configuration.kind(), QuorumKind::hierarchical);
  EXPECT_EQ(cfg.configuration.voters(), 2U);
  EXPECT_TRUE(cfg.configuration.contains_quorum([](ServerId id) { return id == ServerId{1}; }));
  EXPECT_FALSE(cfg.configuration.contains_quorum([](ServerId id) { return id == ServerId{2}; }));
}

TEST(Examples, Dynamic) {
  const ZooCfg cfg = example("dynamic/zoo.cfg");
  EXPECT_EQ(cfg.dynamic_file, "examples/dynamic/zoo.cfg.dynamic.100000000");
  EXPECT_EQ(cfg.configuration.version(), ConfigVersion{0x100000000});
  EXPECT_EQ(cfg.configuration.voters(), 3U);
  EXPECT_EQ(cfg.servers.size(), 4U);
  EXPECT_EQ(cfg.servers[0].client, "0.0.0.0:2181");
  EXPECT_TRUE(cfg.reconfig_enabled);
}

}  // namespace
}  // namespace conclave::config
