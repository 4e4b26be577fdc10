// The four-letter words against what a ZooKeeper 3.8.0 server said (interop.py in this folder asks one again).
#include "conclave/status/four_letter.hpp"

#include <gtest/gtest.h>

#include <string>

#include "conclave/status/version.hpp"
#include "support.hpp"

namespace conclave::status {
namespace {

using model::ServerState;

wire::ByteView bytes_of(std::string_view text) { return std::as_bytes(std::span(text.data(), text.size())); }

class Words : public testing::Test {
 protected:
  std::string answer(std::string_view word, ServerState state = ServerState::following) {
    Shown shown{cfg_, status_in(state), client_, {}, {}};
    if (change_) change_(shown);
    return answer_of(word, shown).value_or("(nothing)");
  }
  config::ZooCfg cfg_ = cfg_of(four_servers);
  ClientPortStatus client_;
  std::function<void(Shown&)> change_;
};

TEST(WordOf, KnowsZooKeepersWordsAlone) {
  for (const std::string word : {"conf", "cons", "crst", "dirs", "dump", "envi", "gtmk", "ruok", "stmk", "srst",
                                 "srvr", "stat", "wchc", "wchp", "wchs", "mntr", "isro", "hash"}) {
    EXPECT_EQ(word_of(bytes_of(word)), word);
  }
  EXPECT_EQ(word_of(bytes_of("\xff\xf4\xff\xfd")), "telnet close");
  for (const std::string word : {"RUOK", "ruoc", "GET ", "\n\n\n\n"}) EXPECT_FALSE(word_of(bytes_of(word))) << word;
  EXPECT_FALSE(word_of(bytes_of(std::string_view("\0\0\0\x2c", 4))));
}

TEST(Whitelist, OnlySrvrByDefault) {
  for (const auto& setting : {std::optional<std::string>(), std::optional<std::string>("")}) {
    const Whitelist whitelist(setting);
    EXPECT_TRUE(whitelist.allows("srvr"));
    EXPECT_FALSE(whitelist.allows("ruok"));
    EXPECT_FALSE(whitelist.allows("*"));
  }
}

TEST(Whitelist, WordsWithBlanksAndWordsThatThereAreNot) {
  const Whitelist whitelist(" ruok,  mntr ,foo,,");
  EXPECT_TRUE(whitelist.allows("ruok"));
  EXPECT_TRUE(whitelist.allows("mntr"));
  EXPECT_TRUE(whitelist.allows("srvr"));
  EXPECT_FALSE(whitelist.allows("stat"));
  EXPECT_FALSE(whitelist.allows(""));
}

TEST(Whitelist, AStarIsAllOfThem) {
  for (const char* setting : {"*", "stat, * ,conf"}) {
    const Whitelist whitelist((std::string(setting)));
    EXPECT_TRUE(whitelist.allows("ruok"));
    EXPECT_TRUE(whitelist.allows("hash"));
    EXPECT_TRUE(whitelist.allows("telnet close"));
  }
  EXPECT_FALSE(Whitelist("r*").allows("ruok"));
  EXPECT_FALSE(Whitelist("* *").allows("ruok"));
}

TEST_F(Words, Ruok) {
  EXPECT_EQ(answer("ruok"), "imok");
  EXPECT_EQ(answer("ruok", ServerState::looking), "imok");
}

TEST_F(Words, Srvr) {
  client_.received = 3;
  client_.sent = 2;
  client_.connections = {{"127.0.0.1:49540", true, 1, 0}};
  EXPECT_EQ(answer("srvr"), "Zookeeper version: " + full_version() +
                                "\n"
                                "Latency min/avg/max: 0/0.0/0\n"
                                "Received: 3\n"
                                "Sent: 2\n"
                                "Connections: 1\n"
                                "Outstanding: 0\n"
                                "Zxid: 0x0\n"
                                "Mode: follower\n"
                                "Node count: 0\n");
}

TEST_F(Words, SrvrOfALeaderHasItsEpochAndProposals) {
  const std::string text = answer("srvr", ServerState::leading);
  EXPECT_NE(text.find("\nZxid: 0x100000000\nMode: leader\nNode count: 0\nProposal sizes last/min/max: -1/-1/-1\n"),
            std::string::npos)
      << text;
}

TEST_F(Words, StatHasTheClientsToo) {
  client_.connections = {{"127.0.0.1:49540", true, 1, 0}, {"[::1]:5", false, 0, 0}};
  EXPECT_EQ(answer("stat").find("Zookeeper version: " + full_version() +
                                "\n"
                                "Clients:\n"
                                " /127.0.0.1:49540[0](queued=0,recved=1,sent=0)\n"
                                " /[::1]:5[1](queued=0,recved=0,sent=0)\n"
                                "\n"
                                "Latency min/avg/max: 0/0.0/0\n"),
            0U);
}

TEST_F(Words, NotServing) {
  const std::string refusal = "This ZooKeeper instance is not currently serving requests\n";
  for (const char* word : {"srvr", "stat", "mntr", "conf", "cons", "dump", "wchs", "dirs"}) {
    EXPECT_EQ(answer(word, ServerState::looking), refusal) << word;
  }
  // A role whose epoch is not yet established.
  change_ = [](Shown& shown) { shown.node.established = false; };
  EXPECT_EQ(answer("srvr", ServerState::leading), refusal);
  // Without epochs the decision is all there is.
  change_ = [](Shown& shown) { shown.node.established = shown.node.establishes_epochs = false; };
  EXPECT_NE(answer("srvr", ServerState::leading), refusal);
}

TEST_F(Words, OfDataThereIsNothingToSay) {
  for (const char* word : {"dump", "wchs", "wchc", "wchp", "dirs", "hash", "gtmk"}) {
    EXPECT_EQ(answer(word), "This ZooKeeper instance is not currently serving requests\n") << word;
  }
  EXPECT_EQ(answer("isro"), "null");
  EXPECT_EQ(answer("telnet close"), "(nothing)");
}

TEST_F(Words, Conf) {
  EXPECT_EQ(answer("conf"),
            "clientPort=57673\nsecureClientPort=-1\ndataDir=/nowhere/1/version-2\ndataDirSize=0\n"
            "dataLogDir=/nowhere/1/version-2\ndataLogSize=0\ntickTime=500\nmaxClientCnxns=60\n"
            "minSessionTimeout=1000\nmaxSessionTimeout=10000\nclientPortListenBacklog=-1\nserverId=1\n"
            "initLimit=10\nsyncLimit=4\nelectionAlg=3\nelectionPort=40483\nquorumPort=42135\npeerType=0\n"
            "membership: \n"
            "server.1=127.0.0.1:42135:40483:participant\nserver.2=127.0.0.1:34611:42775:participant\n"
            "server.3=127.0.0.1:53047:57205:participant\nserver.4=127.0.0.1:58519:50127:observer\nversion=0");
}

TEST_F(Words, ConfWithEverythingSet) {
  cfg_ = cfg_of(
      "tickTime=100\ndataDir=relative/../data\ndataLogDir=/log/\nmaxClientCnxns=0\nminSessionTimeout=7\n"
      "maxSessionTimeout=9\nclientPortListenBacklog=5\nsecureClientPort=2281\n"
      "server.1=a:1:2|b:3:4:observer;c:2181\nserver.2=d:1:2\nserver.3=e:1:2\n");
  change_ = [](Shown& shown) { shown.node.type = model::LearnerType::observer; };
  const std::string text = answer("conf");
  for (const char* part :
       {"clientPort=2181\n", "\nsecureClientPort=2281\n",
        "/data/version-2\ndataDirSize=0\ndataLogDir=/log/version-2\n",
        "\nmaxClientCnxns=0\nminSessionTimeout=7\nmaxSessionTimeout=9\nclientPortListenBacklog=5\n",
        "\nelectionPort=2|4\nquorumPort=1|3\npeerType=1\n", ";c:2181\n"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in\n" << text;
  }
}

TEST_F(Words, Mntr) {
  const std::string text = answer("mntr");
  EXPECT_EQ(text.find("zk_version\t" + full_version() +
                      "\nzk_server_state\tfollower\nzk_peer_state\tfollowing - broadcast\n"),
            0U)
      << text;
  for (const char* line :
       {"zk_quorum_size\t3\n", "zk_looking_count\t1\n", "zk_uptime\t2293\n", "zk_avg_latency\t0.0\n",
        "zk_avg_election_time\t250.0\nzk_min_election_time\t250\nzk_max_election_time\t250\n"
        "zk_cnt_election_time\t1\nzk_sum_election_time\t250\n",
        "zk_sum_unavailable_time\t300\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << " in\n" << text;
  }
  EXPECT_EQ(text.find("zk_learners"), std::string::npos);
}

TEST_F(Words, MntrOfALeader) {
  change_ = [](Shown& shown) { shown.node.peers[0].learner = model::LearnerPhase::told_epoch; };
  const std::string text = answer("mntr", ServerState::leading);
  EXPECT_NE(text.find("zk_learners\t3\nzk_synced_followers\t1\nzk_synced_non_voting_followers\t0\n"
                      "zk_synced_observers\t1\nzk_pending_syncs\t0\nzk_leader_uptime\t2293\n"),
            std::string::npos)
      << text;
}

TEST_F(Words, MntrOfAnObserver) {
  EXPECT_NE(answer("mntr", ServerState::observing)
                .find("zk_server_state\tobserver\nzk_peer_state\tobserving - broadcast\nzk_observer_master_id\t3\n"),
            std::string::npos);
}

TEST_F(Words, EnviBeginsWithTheVersion) {
  const std::string text = answer("envi", ServerState::looking);
  EXPECT_EQ(text.find("Environment:\nzookeeper.version=" + full_version() + "\nhost.name="), 0U) << text;
  EXPECT_NE(text.find("\njava.version=<NA>\n"), std::string::npos);
  EXPECT_NE(text.find("\nos.name=Linux\n"), std::string::npos);
}

TEST(JavaDouble, AsDoubleToString) {
  EXPECT_EQ(java_double(0), "0.0");
  EXPECT_EQ(java_double(5550), "5550.0");
  EXPECT_EQ(java_double(0.3333), "0.3333");
  EXPECT_EQ(java_double(9999999.5), "9999999.5");
  EXPECT_EQ(java_double(1e7), "1.0E7");
  EXPECT_EQ(java_double(12345678.25), "1.234567825E7");
}

}  // namespace
}  // namespace conclave::status
