// A look at an ensemble: what is made of the answers.
#include "conclave/status/survey.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "conclave/status/survey_report.hpp"
#include "support.hpp"

namespace conclave::status {
namespace {

using model::ServerId;
using model::ServerState;
using wire::HostPort;

TEST(ProbeIds, AreLargeAndNobodys) {
  const auto ids = probe_ids(cfg_of("server.9223372036854775806=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\n"));
  ASSERT_EQ(ids.size(), probe_ids_count);
  EXPECT_EQ(ids.front(), ServerId{9223372036854775805});
  EXPECT_EQ(ids.back(), ServerId{9223372036854775790});
}

TEST(ClientAddressToAsk, WhereItMayBe) {
  const auto ask = [](const std::string& text, std::int64_t sid, std::optional<ServerId> own = std::nullopt) {
    const auto cfg = cfg_of(text);
    return client_address_to_ask(cfg, cfg.servers.at(static_cast<std::size_t>(sid - 1)), own);
  };
  const std::string apart = "server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\n";
  const std::string together = "server.1=h:1:2\nserver.2=h:3:4\nserver.3=h:5:6\n";
  EXPECT_EQ(ask(apart, 2), std::nullopt);
  EXPECT_EQ(ask(apart + "clientPort=9\n", 2), (HostPort{"b", 9}));
  EXPECT_EQ(ask(apart + "clientPort=9\nclientPortAddress=x\n", 2), (HostPort{"b", 9}));
  EXPECT_EQ(ask(apart + "clientPort=9\nclientPortAddress=x\n", 2, ServerId{2}), (HostPort{"x", 9}));
  EXPECT_EQ(ask(apart + "clientPort=9\nclientPortAddress=x\n", 2, ServerId{1}), (HostPort{"b", 9}));
  EXPECT_EQ(ask(together + "clientPort=9\n", 2), std::nullopt);
  EXPECT_EQ(ask(together + "clientPort=9\n", 2, ServerId{2}), (HostPort{"h", 9}));
  EXPECT_EQ(ask(together + "clientPort=9\n", 3, ServerId{2}), std::nullopt);
  EXPECT_EQ(ask("server.1=h:1:2;7\nserver.2=h:3:4;k:8\nserver.3=h:5:6\n", 1), (HostPort{"h", 7}));
  EXPECT_EQ(ask("server.1=h:1:2;7\nserver.2=h:3:4;k:8\nserver.3=h:5:6\n", 2), (HostPort{"k", 8}));
}

TEST(ParseSrvr, OfARealServerAndNothingElse) {
  const std::string real =
      "Zookeeper version: 3.8.0-${mvngit.commit.id}, built on 2024-12-29 17:54 UTC\nLatency min/avg/max: 0/0.0/0\n"
      "Received: 3\nSent: 2\nConnections: 1\nOutstanding: 0\nZxid: 0xf00000001\nMode: leader\nNode count: 5\n";
  const auto answer = parse_srvr(real);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->serving);
  EXPECT_EQ(answer->mode, "leader");
  EXPECT_EQ(answer->zxid, model::Zxid{0xf00000001});
  EXPECT_EQ(answer->version, "3.8.0-${mvngit.commit.id}, built on 2024-12-29 17:54 UTC");
  const auto refusal = parse_srvr("This ZooKeeper instance is not currently serving requests\n");
  ASSERT_TRUE(refusal);
  EXPECT_FALSE(refusal->serving);
  for (const std::string wrong : {"", "Mode: leader\n", "Zookeeper version: 1\nMode: leader\nZxid: 12\n",
                                  "Zookeeper version: 1\nMode: leader\nZxid: 0x\n",
                                  "Zookeeper version: 1\nMode: leader\nZxid: 0x1g\n", "HTTP/1.1 400 Bad Request\n"}) {
    EXPECT_FALSE(parse_srvr(wrong)) << wrong;
  }
}

// Three voters and an observer.
class Verdicts : public testing::Test {
 protected:
  Verdicts() {
    for (const config::ServerLine& server : cfg_.servers) {
      ServerReport& report = reports_.emplace_back();
      report.sid = server.id;
      report.type = server.role;
      report.election = {{"127.0.0.1", 1}};
      report.vote_error = "Connection refused";
    }
  }
  void votes(std::size_t sid, ServerState state, std::int64_t leader, std::int64_t epoch) {
    ServerReport& report = reports_[sid - 1];
    report.vote = model::Vote{{model::PeerEpoch{epoch}, model::Zxid{0}, ServerId{leader}}, model::Round{2}, 2, state};
    report.vote_error.clear();
  }
  void serves(std::size_t sid, const std::string& mode, std::int64_t zxid = 0) {
    reports_[sid - 1].client = HostPort{"127.0.0.1", 2};
    reports_[sid - 1].serving = ServingAnswer{!mode.empty(), mode, model::Zxid{zxid}, "3.8.0"};
  }
  [[nodiscard]] Verdict verdict() const { return verdict_of(cfg_, reports_); }
  static std::vector<ServerId> ids(std::initializer_list<std::int64_t> values) {
    std::vector<ServerId> made;
    for (const std::int64_t value : values) made.push_back(ServerId{value});
    return made;
  }

  config::ZooCfg cfg_ = cfg_of(four_servers);
  std::vector<ServerReport> reports_;
};

TEST_F(Verdicts, ALeaderWithAQuorum) {
  votes(1, ServerState::following, 3, 4);
  votes(3, ServerState::leading, 3, 4);
  votes(4, ServerState::observing, 3, 4);
  EXPECT_EQ(verdict().leader, ServerId{3});
  EXPECT_EQ(verdict().epoch, model::PeerEpoch{4});
  EXPECT_EQ(verdict().followers, ids({1, 3}));
  EXPECT_TRUE(is_good(verdict()));
}

TEST_F(Verdicts, AnObserverMakesNoQuorum) {
  votes(3, ServerState::leading, 3, 4);
  votes(4, ServerState::observing, 3, 4);
  votes(1, ServerState::looking, 3, 4);
  EXPECT_EQ(verdict().leader, ServerId{3});
  EXPECT_EQ(verdict().followers, ids({3}));
  EXPECT_FALSE(verdict().quorum);
}

TEST_F(Verdicts, AFollowerOfAnotherEpochDoesNotCount) {
  votes(1, ServerState::following, 3, 3);
  votes(3, ServerState::leading, 3, 4);
  EXPECT_FALSE(verdict().quorum);
}

TEST_F(Verdicts, OfTwoLeadersTheOneWithTheQuorum) {
  votes(1, ServerState::leading, 1, 9);  // cut off, and does not know it yet
  votes(2, ServerState::following, 3, 4);
  votes(3, ServerState::leading, 3, 4);
  EXPECT_EQ(verdict().leader, ServerId{3});
  EXPECT_TRUE(is_good(verdict()));
}

TEST_F(Verdicts, ElectedIsNotEstablished) {
  votes(1, ServerState::following, 3, 0);
  votes(3, ServerState::leading, 3, 0);
  EXPECT_TRUE(verdict().quorum);
  EXPECT_FALSE(is_good(verdict()));  // no epoch is 0
  serves(3, "leader");               // it only votes: it leads, and no epoch is established
  EXPECT_TRUE(verdict().quorum);
  EXPECT_FALSE(is_good(verdict()));
  serves(3, "leader", 0x100000000);
  EXPECT_TRUE(is_good(verdict()));
  votes(1, ServerState::following, 3, 4);
  votes(3, ServerState::leading, 3, 4);
  serves(3, "");
  EXPECT_FALSE(is_good(verdict()));
}

TEST_F(Verdicts, WhereOnlyClientPortsCanBeReached) {
  serves(1, "follower");
  serves(3, "leader", 0x500000007);
  EXPECT_EQ(verdict().leader, ServerId{3});
  EXPECT_EQ(verdict().epoch, model::PeerEpoch{5});
  EXPECT_EQ(verdict().followers, ids({1, 3}));
  EXPECT_TRUE(is_good(verdict()));
  serves(1, "follower", 0x600000001);  // of another leader, later than this one
  EXPECT_EQ(verdict().followers, ids({3}));
  serves(1, "follower", 0x500000007);
  EXPECT_TRUE(is_good(verdict()));
  votes(1, ServerState::following, 2, 5);  // its vote says more than its mode
  EXPECT_FALSE(verdict().quorum);
}

TEST_F(Verdicts, NobodyLeads) {
  votes(1, ServerState::looking, 1, 4);
  EXPECT_FALSE(verdict().leader);
  EXPECT_FALSE(is_good(verdict()));
}

TEST_F(Verdicts, AsATable) {
  votes(1, ServerState::following, 3, 4);
  votes(2, ServerState::looking, 2, 4);
  votes(3, ServerState::leading, 3, 4);
  serves(1, "follower", 0x400000001);
  serves(2, "");
  reports_[0].same_members = false;
  EXPECT_EQ(survey_text(cfg_, reports_),
            "server        election port  state      leader  epoch  round  vote         client port\n"
            "1             127.0.0.1:1    FOLLOWING  3       4      2      (4, 0x0, 3)  follower, zxid 0x400000001\n"
            "2             127.0.0.1:1    LOOKING    -       4      2      (4, 0x0, 2)  not serving\n"
            "3             127.0.0.1:1    LEADING    3       4      2      (4, 0x0, 3)  -\n"
            "4 (observer)  127.0.0.1:1    -          -       -      -      -            -\n"
            "server 1: has other members, roles or weights than zoo.cfg\n"
            "server 4: Connection refused\n"
            "leader 3 in epoch 4, with voters {1 3}: a quorum of 3\n");
}

TEST_F(Verdicts, AsASentence) {
  const auto last_line = [this] {
    std::string text = survey_text(cfg_, reports_);
    text.pop_back();
    return text.substr(text.rfind('\n') + 1);
  };
  EXPECT_EQ(last_line(), "no leader: none of 3 voters says that it leads, and 3 can't be asked");
  votes(1, ServerState::looking, 1, 4);
  EXPECT_EQ(last_line(), "no leader: none of 3 voters says that it leads, and 2 can't be asked");
  votes(3, ServerState::leading, 3, 0);
  EXPECT_EQ(last_line(), "no leader with a quorum: 3 says it leads in epoch 0, but voters {3} are no quorum of 3");
  votes(1, ServerState::following, 3, 0);
  EXPECT_EQ(last_line(), "leader 3 in epoch 0, with voters {1 3}: a quorum of 3, but no epoch is established yet");
}

// A looking observer votes for nobody, with numbers that mean nothing.
TEST_F(Verdicts, ANobodyIsNoNumber) {
  reports_[3].vote = model::Vote{{model::PeerEpoch{model::least}, model::Zxid{model::least}, model::no_server},
                                 model::Round{1},
                                 2,
                                 ServerState::looking};
  EXPECT_NE(survey_text(cfg_, reports_).find("LOOKING  -       -      1      (-, -, -)"), std::string::npos)
      << survey_text(cfg_, reports_);
  const auto json = nlohmann::json::parse(survey_json(cfg_, reports_));
  EXPECT_TRUE(json["servers"][3]["vote"]["leader"].is_null());
  EXPECT_TRUE(json["servers"][3]["vote"]["zxid"].is_null());
}

TEST_F(Verdicts, AsJson) {
  votes(1, ServerState::following, 3, 4);
  votes(3, ServerState::leading, 3, 4);
  serves(1, "follower", 0x400000001);
  serves(3, "");
  const auto json = nlohmann::json::parse(survey_json(cfg_, reports_));
  EXPECT_EQ(json["format"], survey_format);
  EXPECT_EQ(json["ok"], false);
  EXPECT_EQ(json["quorum"], true);
  EXPECT_EQ(json["established"], false);
  EXPECT_EQ(json["leader"], 3);
  EXPECT_EQ(json["epoch"], 4);
  EXPECT_EQ(json["followers"], (std::vector<int>{1, 3}));
  const auto& first = json["servers"][0];
  EXPECT_EQ(first["state"], "FOLLOWING");
  EXPECT_EQ(first["vote"]["zxid"], "0x0");
  EXPECT_EQ(first["srvr"]["mode"], "follower");
  EXPECT_EQ(first["srvr"]["zxid"], "0x400000001");
  EXPECT_EQ(first["reachable"], true);
  EXPECT_EQ(json["servers"][1]["reachable"], false);
  EXPECT_EQ(json["servers"][1]["voteError"], "Connection refused");
  EXPECT_TRUE(json["servers"][1]["vote"].is_null());
  EXPECT_EQ(json["servers"][2]["srvr"]["serving"], false);
  EXPECT_EQ(json["servers"][3]["type"], "observer");
}

}  // namespace
}  // namespace conclave::status
