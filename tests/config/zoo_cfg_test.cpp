// What a configuration means, once it is read.
#include "conclave/config/zoo_cfg.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conclave/model/configuration.hpp"
#include "conclave/model/types.hpp"
#include "support.hpp"

namespace conclave::config {
namespace {

using model::ConfigVersion;
using model::LearnerType;
using model::QuorumKind;
using model::ServerId;
using model::Weight;

TEST(ZooCfg, MajorityOfThree) {
  const ZooCfg cfg =
      parsed("tickTime=2000\nserver.3=c:1:2\nserver.1=a:1:2\nserver.2=b:1:2\ndataDir=d\ninitLimit=5\nsyncLimit=2\n");
  ASSERT_EQ(cfg.servers.size(), 3U);
  EXPECT_EQ(cfg.servers[0].id, ServerId{1});
  EXPECT_EQ(cfg.servers[0].line, 3);
  EXPECT_EQ(cfg.servers[2].id, ServerId{3});
  EXPECT_EQ(cfg.servers[2].addresses, (std::vector<Address>{{"c", 1, 2}}));
  EXPECT_EQ(cfg.configuration.kind(), QuorumKind::majority);
  EXPECT_EQ(cfg.configuration.voters(), 3U);
  EXPECT_EQ(cfg.configuration.version(), ConfigVersion{0});
  EXPECT_EQ(cfg.file, "zoo.cfg");
  EXPECT_FALSE(cfg.dynamic_file);
  EXPECT_TRUE(cfg.standalone_enabled);
  EXPECT_FALSE(cfg.reconfig_enabled);
  EXPECT_FALSE(cfg.has_oracle);
  EXPECT_TRUE(cfg.notes.empty()) << cfg.notes.front();
}

ServerLine server(const std::string& value) {
  const ZooCfg cfg = parsed("server.1=" + value + "\nserver.2=other:1:2\nserver.3=another:1:2\n");
  return cfg.servers.empty() ? ServerLine{} : cfg.servers[0];
}

TEST(ZooCfg, FormsOfAServerLine) {
  EXPECT_EQ(server("a:1:2").role, LearnerType::participant);
  EXPECT_EQ(server("a:1:2:participant").role, LearnerType::participant);
  EXPECT_EQ(server("a:1:2:OBSERVER").role, LearnerType::observer);
  EXPECT_EQ(server("a:1:2: Observer  ").role, LearnerType::observer);
  EXPECT_EQ(server("a:1:2:").role, LearnerType::participant);
  EXPECT_EQ(server("a:1:65535").addresses, (std::vector<Address>{{"a", 1, 65535}}));
  EXPECT_EQ(server("a:+1:0002").addresses, (std::vector<Address>{{"a", 1, 2}}));
  EXPECT_EQ(server("[2001:db8::1]:1:2:observer").addresses, (std::vector<Address>{{"2001:db8::1", 1, 2}}));
  EXPECT_EQ(server("[2001:db8::1]:1:2:observer").role, LearnerType::observer);
  EXPECT_EQ(server("[fe80::1%eth0]:1:2").addresses, (std::vector<Address>{{"fe80::1%eth0", 1, 2}}));
  EXPECT_EQ(server("my_host-1.example.org:1:2").addresses[0].host, "my_host-1.example.org");
}

TEST(ZooCfg, ClientPartOfAServerLine) {
  EXPECT_EQ(server("a:1:2").client, std::nullopt);
  EXPECT_EQ(server("a:1:2;").client, std::nullopt);
  EXPECT_EQ(server("a:1:2;2181").client, "0.0.0.0:2181");
  EXPECT_EQ(server("a:1:2:observer;c:2181").client, "c:2181");
  EXPECT_EQ(server("a:1:2;[::1]:2181").client, "[::1]:2181");
  EXPECT_EQ(server("a:1:2;2181").secure_client, std::nullopt);
  EXPECT_EQ(server("a:1:2;2181;c:2281").secure_client, "c:2281");
  EXPECT_EQ(server("a:1:2;;2281").client, std::nullopt);
  EXPECT_EQ(server("a:1:2;;2281").secure_client, "0.0.0.0:2281");
}

TEST(ZooCfg, SeveralAddressesOfOneServer) {
  const ServerLine line = server("b:1:2|a:3:4|[::1]:1:2:observer;9");
  EXPECT_EQ(line.addresses, (std::vector<Address>{{"::1", 1, 2}, {"a", 3, 4}, {"b", 1, 2}}));
  EXPECT_EQ(line.role, LearnerType::observer);
  EXPECT_EQ(line.client, "0.0.0.0:9");
}

TEST(ZooCfg, ServerIds) {
  const ZooCfg cfg = parsed("server.0=a:1:2\nserver.9223372036854775807=b:1:2\nserver.007=c:1:2\n");
  ASSERT_EQ(cfg.servers.size(), 3U);
  EXPECT_EQ(cfg.servers[0].id.value, 0);
  EXPECT_EQ(cfg.servers[1].id.value, 7);
  EXPECT_EQ(cfg.servers[2].id.value, INT64_MAX);
}

TEST(ZooCfg, GroupsAndWeights) {
  const ZooCfg cfg = parsed(
      "group.1=1:2\ngroup.2=3:4:\nweight.1=5\nweight.4=0\nweight.5=7\n"
      "server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\nserver.4=d:1:2:observer\nserver.5=e:1:2:observer\n");
  const model::Configuration& configuration = cfg.configuration;
  EXPECT_EQ(configuration.kind(), QuorumKind::hierarchical);
  EXPECT_EQ(configuration.voters(), 3U);
  EXPECT_EQ(configuration.weight_of(ServerId{1}), Weight{5});
  EXPECT_EQ(configuration.weight_of(ServerId{2}), Weight{1});
  EXPECT_EQ(configuration.weight_of(ServerId{4}), Weight{0});
  EXPECT_EQ(configuration.weight_of(ServerId{5}), Weight{7});
  ASSERT_EQ(configuration.groups().size(), 2U);
  EXPECT_EQ(configuration.groups()[0], (model::Group{1, Weight{6}}));
  EXPECT_EQ(configuration.groups()[1], (model::Group{2, Weight{1}}));
  EXPECT_EQ(configuration.find(ServerId{5})->group, std::nullopt);
}

// createQuorumVerifier does not look whether there are groups once there is an oracle.
TEST(ZooCfg, OracleComesBeforeGroups) {
  const ZooCfg cfg = parsed("oraclePath=/run/oracle\nserver.1=a:1:2\nserver.2=b:1:2\ngroup.1=1:2:77\nweight.x=-1\n");
  EXPECT_TRUE(cfg.has_oracle);
  EXPECT_EQ(cfg.oracle_path, "/run/oracle");
  EXPECT_EQ(cfg.configuration.kind(), QuorumKind::oracle_majority);
  EXPECT_EQ(cfg.configuration.voters(), 2U);
  EXPECT_TRUE(has_note(cfg, "lines are ignored because oraclePath is set"));
}

TEST(ZooCfg, Settings) {
  const ZooCfg cfg = parsed(
      "tickTime = 1500\ninitLimit=10\nsyncLimit=5 \nconnectToLearnerMasterLimit=3\ncnxTimeout=900\n"
      "clientPort=2181\nclientPortAddress=c\ndataDir = /data dir\ndataLogDir=/log\nreconfigEnabled=TRUE\n"
      "standaloneEnabled=False\npeerType=Observer\nquorumListenOnAllIPs=true\nelectionAlg=3\n"
      "admin.enableServer=maybe\nmaxClientCnxns=-1\n"
      "server.1=a:1:2\nserver.2=b:1:2:observer\n");
  EXPECT_EQ(cfg.tick_time_ms, 1500);
  EXPECT_EQ(cfg.init_limit_ticks, 10);
  EXPECT_EQ(cfg.sync_limit_ticks, 5);
  EXPECT_EQ(cfg.connect_to_learner_master_limit_ticks, 3);
  EXPECT_EQ(cfg.cnx_timeout_ms, 900);
  EXPECT_EQ(cfg.client_port, 2181);
  EXPECT_EQ(cfg.client_port_address, "c");
  EXPECT_EQ(cfg.data_dir, "/data dir");
  EXPECT_EQ(cfg.data_log_dir, "/log");
  EXPECT_TRUE(cfg.reconfig_enabled);
  EXPECT_FALSE(cfg.standalone_enabled);
  EXPECT_EQ(cfg.peer_type, LearnerType::observer);
  EXPECT_TRUE(cfg.quorum_listen_on_all_ips);
}

TEST(ZooCfg, SettingsOfWhatIsSeenFromOutside) {
  const ZooCfg cfg = parsed(
      "4lw.commands.whitelist = ruok, mntr \nmaxClientCnxns=7\nminSessionTimeout=100\nmaxSessionTimeout=-1\n"
      "clientPortListenBacklog=50\nsecureClientPort=2281\nmetricsProvider.className=a.B\n"
      "metricsProvider.httpHost=m\nmetricsProvider.httpPort=7000\nadmin.enableServer=maybe\n"
      "admin.forceHttps=true\nadmin.serverAddress=n\nadmin.serverPort=8080\n"
      "server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\n");
  EXPECT_EQ(cfg.four_letter_words, "ruok, mntr");
  EXPECT_EQ(cfg.max_client_cnxns, 7);
  EXPECT_EQ(cfg.min_session_timeout_ms, 100);
  EXPECT_EQ(cfg.max_session_timeout_ms, -1);
  EXPECT_EQ(cfg.client_port_listen_backlog, 50);
  EXPECT_EQ(cfg.secure_client_port, 2281);
  EXPECT_EQ(cfg.metrics_provider, "a.B");
  EXPECT_EQ(cfg.metrics_http_host, "m");
  EXPECT_EQ(cfg.metrics_http_port, 7000);
  EXPECT_EQ(cfg.admin_enable_server, "maybe");
  EXPECT_EQ(cfg.admin_force_https, "true");
  EXPECT_EQ(cfg.admin_server_address, "n");
  EXPECT_EQ(cfg.admin_server_port, 8080);
}

TEST(ZooCfg, LastValueOfASettingCounts) {
  const ZooCfg cfg = parsed("tickTime=wrong\nserver.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\ntickTime=3000\n");
  EXPECT_EQ(cfg.tick_time_ms, 3000);
  EXPECT_TRUE(has_note(cfg, "'tickTime' is set on line 1 and again on line 5"));
}

TEST(ZooCfg, VersionInTheMainFile) {
  EXPECT_EQ(parsed("server.1=a:1:2\nversion=1A00000000").configuration.version(), ConfigVersion{0x1A00000000});
}

// Only with the same addresses are two configurations of the same members the same.
TEST(ZooCfg, AddressesAreComparedByTheConfiguration) {
  const std::string rest = "\nserver.2=b:1:2\nversion=";
  const auto configuration = [&rest](const std::string& first, const std::string& version) {
    return parsed("server.1=" + first + rest + version).configuration;
  };
  const auto base = configuration("host:1:2", "1");
  EXPECT_TRUE(base.same_as(configuration("host:1:2:participant", "2")));
  EXPECT_TRUE(base.same_as(configuration("HOST:1:2", "2")));
  EXPECT_TRUE(base.same_as(configuration("elsewhere:1:2", "1")));  // the same version is enough, as in ZooKeeper
  EXPECT_FALSE(base.same_as(configuration("elsewhere:1:2", "2")));
  EXPECT_FALSE(base.same_as(configuration("host:1:3", "2")));
  EXPECT_FALSE(base.same_as(configuration("host:1:2;2181", "2")));
}

TEST(ZooCfg, AsManyServersAsTheModelHolds) {
  std::string text;
  for (std::size_t id = 1; id <= model::servers_max; ++id) {
    text += "server." + std::to_string(id) + "=h" + std::to_string(id) + ":1:2\n";
  }
  EXPECT_EQ(parsed(text).configuration.voters(), model::servers_max);
}

}  // namespace
}  // namespace conclave::config
