#include "conclave/status/addresses.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support.hpp"

namespace conclave::status {
namespace {

using model::ServerId;
using wire::HostPort;

const std::string servers = "dataDir=/d\nserver.1=a:1:2;7\nserver.2=b:1:2;[::1]:8\nserver.3=c:1:2\n";

TEST(ClientAddress, OfTheServerLine) {
  const auto cfg = cfg_of(servers);
  EXPECT_EQ(client_address_of(cfg, ServerId{1}, false), (HostPort{"0.0.0.0", 7}));
  EXPECT_EQ(client_address_of(cfg, ServerId{2}, true), (HostPort{"::1", 8}));
  EXPECT_EQ(client_address_of(cfg, ServerId{3}, true), std::nullopt);
}

TEST(ClientAddress, OfTheFileItIsTheOwnServers) {
  const auto cfg = cfg_of(servers + "clientPort=9\nclientPortAddress=here\n");
  EXPECT_EQ(client_address_of(cfg, ServerId{3}, true), (HostPort{"here", 9}));
  EXPECT_EQ(client_address_of(cfg, ServerId{3}, false), std::nullopt);
  EXPECT_EQ(client_address_of(cfg, ServerId{1}, true), (HostPort{"0.0.0.0", 7}));
  EXPECT_EQ(client_address_of(cfg_of(servers + "clientPort=9\n"), ServerId{3}, true), (HostPort{"", 9}));
  EXPECT_EQ(client_address_of(cfg_of(servers + "clientPort=0\n"), ServerId{3}, true), std::nullopt);
}

// QuorumPeerConfig.setupClientPort.
TEST(ClientAddress, MustNotBeSaidInTwoWays) {
  const auto clash = [](const std::string& more, int sid) {
    return client_address_clash(cfg_of(servers + more), ServerId{sid});
  };
  EXPECT_FALSE(clash("", 1));
  EXPECT_FALSE(clash("clientPort=9\n", 3));
  EXPECT_FALSE(clash("clientPort=7\n", 1));
  EXPECT_FALSE(clash("clientPort=8\nclientPortAddress=::1\n", 2));
  EXPECT_FALSE(clash("clientPort=8\nclientPortAddress=0.0.0.0\n", 2));
  const auto told = clash("clientPort=9\n", 1);
  ASSERT_TRUE(told);
  EXPECT_NE(told->find("found clientPort"), std::string::npos) << *told;
  EXPECT_NE(told->find("server.1"), std::string::npos) << *told;
  EXPECT_TRUE(clash("clientPort=8\nclientPortAddress=127.0.0.1\n", 2));
}

TEST(HttpAddresses, OnlyWhereTheyAreAskedFor) {
  const auto addresses = [](const std::string& more) { return http_addresses_of(cfg_of(servers + more)); };
  using Addresses = std::vector<HostPort>;
  const std::string provider =
      "metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider\n";
  EXPECT_EQ(addresses(""), Addresses{});
  EXPECT_EQ(addresses("admin.enableServer=true\n"), Addresses{});
  EXPECT_EQ(addresses("metricsProvider.httpPort=7001\n"), Addresses{});  // nobody provides anything
  EXPECT_EQ(addresses("metricsProvider.className=other\nmetricsProvider.httpPort=7001\n"), Addresses{});
  EXPECT_EQ(addresses(provider), (Addresses{{"", 7000}}));
  EXPECT_EQ(addresses(provider + "metricsProvider.httpPort=7001\nmetricsProvider.httpHost=m\n"),
            (Addresses{{"m", 7001}}));
  EXPECT_EQ(addresses("admin.serverPort=8081\n"), (Addresses{{"", 8081}}));
  EXPECT_EQ(addresses("admin.serverPort=8081\nadmin.serverAddress=n\nadmin.enableServer=TRUE\n"),
            (Addresses{{"n", 8081}}));
  EXPECT_EQ(addresses("admin.serverPort=8081\nadmin.enableServer=false\n"), Addresses{});
  EXPECT_EQ(addresses("admin.serverPort=8081\nadmin.enableServer=maybe\n"), Addresses{});
  EXPECT_EQ(addresses("admin.serverPort=8081\nadmin.forceHttps=true\n"), Addresses{});
  EXPECT_EQ(addresses(provider + "admin.serverPort=8081\n"), (Addresses{{"", 7000}, {"", 8081}}));
}

TEST(ListenAddress, HostAndPort) {
  EXPECT_EQ(parse_listen_address("127.0.0.1:80"), (HostPort{"127.0.0.1", 80}));
  EXPECT_EQ(parse_listen_address("[::1]:80"), (HostPort{"::1", 80}));
  EXPECT_EQ(parse_listen_address(":80"), (HostPort{"", 80}));
  EXPECT_EQ(parse_listen_address("h:0"), (HostPort{"h", 0}));
  for (const char* wrong : {"", "80", "h", "h:", "h:x", "h:-1", "h:65536", "h:80 ", "::1:80", "[::1:80", "h]:1"}) {
    const auto address = parse_listen_address(wrong);
    ASSERT_FALSE(address) << wrong;
    EXPECT_NE(address.error().find("expected HOST:PORT"), std::string::npos);
  }
}

}  // namespace
}  // namespace conclave::status
