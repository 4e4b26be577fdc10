// What an operator is told about a configuration that is not wrong.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "conclave/config/zoo_cfg.hpp"
#include "support.hpp"

namespace conclave::config {
namespace {

std::string servers(int count) {
  std::string text;
  for (int id = 1; id <= count; ++id) text += "server." + std::to_string(id) + "=h" + std::to_string(id) + ":1:2\n";
  return text;
}

struct Case {
  std::string text;
  std::string note;
};

TEST(Notes, AreGivenWhereTheyApply) {
  const std::vector<Case> cases = {
      {servers(1), "There is a single server: ZooKeeper would run it standalone"},
      {servers(1) + "standaloneEnabled=false", "There is a single participant: no failure is tolerated."},
      {servers(2), "There are 2 participants, and a quorum takes both"},
      {servers(4), "There are 4 participants, an even number: they tolerate 1 failure, as many as 3 would."},
      {servers(6), "There are 6 participants, an even number: they tolerate 2 failures, as many as 5 would."},
      {servers(3) + "oraclePath=o",
       "The oracle makes up for a quorum only where there are at most 2 participants; here are 3. It still lets a "
       "server that it does not grant the lead follow a leader without a quorum."},
      {servers(3) + "peerType=observer", "peerType=observer disagrees with the server lines"},
      {servers(3) + "server.300=h:1:2:observer\nserver.0=i:1:2:observer",
       "server ids from 1 to 255, of which session ids keep 8 bits; elections work with 0 and 300 too."},
      {servers(3) + "group.1=1:2:3\nweight.2=0", "Server 2 has weight 0: votes for such a server count nothing"},
      {servers(4) + "group.1=1:2\ngroup.2=3:4\nweight.4=0\nweight.3=0", "Servers 3 and 4 have weight 0"},
      {servers(4) + "group.1=1:2\ngroup.2=3:4\nweight.4=0\nweight.3=0", "Group 2 has weight 0 and is not counted"},
      {servers(3) + "server.9=h:1:2:observer\ngroup.1=1:2:3:9\nweight.9=1", "The weight of observer 9 counts in"},
      {"server.1=h:1:2\nserver.2=h:2:3\nserver.3=i:1:2", "server.1 and server.2 both have h:2: only one of them"},
      {"server.1=h:1:2\nserver.2=h:5:1\nserver.3=i:1:2", "server.1 and server.2 both have h:1: only one of them"},
      {"server.1=[::1]:1:2\nserver.2=[0::1]:2:3", "server.1 and server.2 both have [0::1]:2: only one of them"},
      {servers(3), "dataDir, initLimit and syncLimit are not set: ZooKeeper does not start without them."},
      {servers(3) + "dataDir=d\ninitLimit=5", "syncLimit is not set: ZooKeeper does not start without it."},
      {servers(1) + "initLimit=5", "dataDir is not set: ZooKeeper does not start without it."},
      {servers(1) + "standaloneEnabled=false\ndataDir=d", "initLimit and syncLimit are not set: ZooKeeper does not"},
      {servers(3) + "Server.4=h4:1:2", "'Server.4' on line 4 is no server line"},
      {servers(3) + "sever.4=h4:1:2", "'sever.4' on line 4 has the value of a server line and is none"},
      {servers(3) + "servers.4=h4:1:2", "'servers.4' on line 4 is no server line"},
      {servers(3) + "server4=h4:1:2", "'server4' on line 4 is no server line"},
      {servers(3) + "server 4=h4:1:2", "'server' with the value '4=h4:1:2' on line 4 is no server line"},
      {servers(3) + "server:4=h4:1:2", "'server' with the value '4=h4:1:2' on line 4 is no server line"},
      {servers(3) + "Server 4 h4:1:2", "'Server' with the value '4 h4:1:2' on line 4 is no server line"},
      {servers(3) + "server 4=h4:1:2\nserver 5=h5:1:2", "'server' with the value '4=h4:1:2' on line 4 is no"},
      {"server.1=a:1:2|b:1:2\nserver.2=c:1:2\nserver.3=d:1:2",
       "server.1 has several addresses, which ZooKeeper refuses unless its process runs with "
       "-Dzookeeper.multiAddress.enabled=true."},
      {"server.1=a:1:2|b:1:2\nserver.2=c:1:2\nserver.3=d:1:2\nmultiAddress.enabled=true",
       "; multiAddress.enabled in this file is not enough."},
      {servers(3) + "tickTme=2000",
       "'tickTme' on line 4 is no setting, neither here nor in ZooKeeper; tickTime is one."},
      {servers(3) + "sycnLimit=2", "; syncLimit is one."},
      {servers(3) + "datadir=d", "; dataDir is one."},
      {servers(3) + "4lw.commands.whitlist=*", "; 4lw.commands.whitelist is one."},
      {servers(3) + "sslQuorums=true\nssl.quorum.keyStore.location=k.pem",
       "'ssl.quorum.keyStore.location' is set, and neither sslQuorum nor portUnification is true: servers talk "
       "without"},
  };
  for (const Case& c : cases) {
    const ZooCfg cfg = parsed(c.text);
    EXPECT_TRUE(has_note(cfg, c.note)) << c.note << "\nin " << cfg.notes.size()
                                       << " notes, the first: " << (cfg.notes.empty() ? "" : cfg.notes.front());
    for (const std::string& note : cfg.notes) EXPECT_EQ(note.back(), '.') << note;
  }
}

TEST(Notes, AreNotGivenElsewhere) {
  const std::vector<std::string> texts = {
      servers(3),
      servers(5) + "serverCnxnFactory=org.example.Factory\npeerType=participant\nserver=4\nservers=four",
      servers(2) + "oraclePath=o",
      servers(4) + "group.1=1:2\ngroup.2=3:4",  // an even number says nothing about groups
      servers(3) + "server.9=h:1:2:observer\ngroup.1=1:2:3:9\nweight.9=0",
      "multiAddress.enabled=true\n" + servers(3),
      servers(3) + "other.4=h4:1",
      servers(3) + "mine=2\nfsync.warningthresholdms=3\nmaxCnxns=4\ndata=5",
      servers(3) + "portUnification=true\nssl.quorum.keyStore.location=k.pem",
  };
  for (const std::string& text : texts) {
    const ZooCfg cfg = parsed(text + "\ndataDir=d\ninitLimit=5\nsyncLimit=2");
    EXPECT_TRUE(cfg.notes.empty()) << cfg.notes.front();
  }
}

// A single server needs the limits only in an ensemble: QuorumPeerConfig.isDistributed.
TEST(Notes, StandaloneNeedsNoLimits) {
  const ZooCfg cfg = parsed(servers(1) + "dataDir=d");
  EXPECT_FALSE(has_note(cfg, "not set"));
}

}  // namespace
}  // namespace conclave::config
