// The wordings of each release, as the log statements of its sources have them.
#include "conclave/logs/sentence.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace conclave::logs {
namespace {

using model::ServerId;
using model::ServerState;

template <class T>
T read(const std::string& message) {
  const Reading reading = read_sentence(message);
  EXPECT_FALSE(reading.garbled) << message;
  if (!reading.sentence || !std::holds_alternative<T>(*reading.sentence)) {
    ADD_FAILURE() << "another sentence, or none: " << message;
    return T{};
  }
  return std::get<T>(*reading.sentence);
}

void expect_notification(const std::string& message, std::int32_t version, bool with_config) {
  const auto heard = read<Heard>(message);
  EXPECT_EQ(heard.my_state, ServerState::looking) << message;
  const model::Vote expected{{model::PeerEpoch{2}, model::Zxid{0x200000003}, ServerId{3}},
                             model::Round{31},
                             version,
                             ServerState::following};
  EXPECT_EQ(heard.notification, (model::Notification{ServerId{1}, expected})) << message;
  EXPECT_EQ(heard.config.has_value(), with_config) << message;
}

TEST(Sentence, NotificationOfEachRelease) {
  expect_notification(  // 3.4.0 to 3.4.2
      "Notification: 3 (n.leader), 8589934595 (n.zxid), 31 (n.round), FOLLOWING (n.state), 1 (n.sid), "
      "2 (n.peerEPoch), LOOKING (my state)",
      0, false);
  expect_notification(  // 3.4.3 to 3.4.5
      "Notification: 3 (n.leader), 0x200000003 (n.zxid), 0x1f (n.round), FOLLOWING (n.state), 1 (n.sid), "
      "0x2 (n.peerEPoch), LOOKING (my state)",
      0, false);
  expect_notification(  // 3.4.6 to 3.4.14
      "Notification: 1 (message format version), 3 (n.leader), 0x200000003 (n.zxid), 0x1f (n.round), "
      "FOLLOWING (n.state), 1 (n.sid), 0x2 (n.peerEpoch) LOOKING (my state)",
      1, false);
  expect_notification(  // 3.5, from a server of its own release
      "Notification: 2 (message format version), 3 (n.leader), 0x200000003 (n.zxid), 0x1f (n.round), "
      "FOLLOWING (n.state), 1 (n.sid), 0x2 (n.peerEPoch), LOOKING (my state)0 (n.config version)",
      2, true);
  expect_notification(  // 3.5, from an older one
      "Notification: 1 (message format version), 3 (n.leader), 0x200000003 (n.zxid), 0x1f (n.round), "
      "FOLLOWING (n.state), 1 (n.sid), 0x2 (n.peerEPoch), LOOKING (my state)",
      1, false);
  expect_notification(  // 3.6 to 3.9
      "Notification: my state:LOOKING; n.sid:1, n.state:FOLLOWING, n.leader:3, n.round:0x1f, n.peerEpoch:0x2, "
      "n.zxid:0x200000003, message format version:0x2, n.config version:0x100000000",
      2, true);
}

TEST(Sentence, NegativeNumbersAreTwosComplement) {
  const auto heard = read<Heard>(
      "Notification: my state:FOLLOWING; n.sid:-1, n.state:OBSERVING, n.leader:-9223372036854775808, "
      "n.round:0xffffffffffffffff, n.peerEpoch:0x8000000000000000, n.zxid:0x8000000000000000, "
      "message format version:0x2, n.config version:0x0");
  EXPECT_EQ(heard.notification.from, ServerId{-1});
  EXPECT_EQ(heard.notification.vote.round, model::no_round);
  EXPECT_EQ(heard.notification.vote.proposal.leader, model::no_server);
  EXPECT_EQ(heard.notification.vote.proposal.zxid.value, model::least);
}

TEST(Sentence, ElectionBegins) {
  for (const char* text : {"New election. My id =  7, Proposed zxid = 17",  // 3.4.0
                           "New election. My id =  7, proposed zxid=0x11",  // 3.4.3 to 3.5
                           "New election. My id = 7, proposed zxid=0x11"}) {
    const auto begins = read<ElectionBegins>(text);
    EXPECT_EQ(begins.sid, ServerId{7}) << text;
    EXPECT_EQ(begins.zxid, model::Zxid{17}) << text;
  }
}

TEST(Sentence, QuorumPeersOwn) {
  EXPECT_EQ(read<TimedOut>("Notification time out: 400").ms, 400);  // to 3.5
  EXPECT_EQ(read<TimedOut>("Notification time out: 60000 ms").ms, 60'000);
  read<Looking>("LOOKING");
  EXPECT_EQ(read<RoleTaken>("FOLLOWING").state, ServerState::following);
  EXPECT_EQ(read<RoleTaken>("LEADING").state, ServerState::leading);
  EXPECT_EQ(read<RoleTaken>("OBSERVING").state, ServerState::observing);
  EXPECT_TRUE(read<StateChanged>("Peer state changed: leading").first);
  const auto changed = read<StateChanged>("Peer state changed: following - synchronization - diff");
  EXPECT_EQ(changed.state, ServerState::following);
  EXPECT_FALSE(changed.first);
  EXPECT_EQ(changed.phase, "synchronization - diff");
  EXPECT_EQ(read<ProcessStarted>("Starting quorum peer").sid, std::nullopt);  // 3.4
  EXPECT_EQ(read<ProcessStarted>("Starting quorum peer, myid=4").sid, ServerId{4});
  EXPECT_EQ(read<ReleaseNamed>("Server environment:zookeeper.version=3.4.14-4c25d480e66aa, built on x").version,
            "3.4.14");
}

TEST(Sentence, RolesAndEpochs) {
  EXPECT_EQ(read<ElectionTook>("FOLLOWING - LEADER ELECTION TOOK - 235").ms, 235);  // to 3.4.13
  EXPECT_EQ(read<ElectionTook>("LEADING - LEADER ELECTION TOOK - 212 MS").ms, 212);
  using Sids = std::optional<std::set<ServerId>>;
  const Sids two = std::set{ServerId{1}, ServerId{3}};
  const std::vector<std::pair<std::string, Sids>> established = {
      {"Have quorum of supporters; starting up and setting last processed zxid: 17179869184", {}},  // 3.4.0
      {"Have quorum of supporters, sids: [ 1,3 ]; starting up and setting last processed zxid: 0x400000000", two},
      {"Have quorum of supporters, sids: [ [1, 3],[1, 2] ]; starting up and setting last processed zxid: 0x400000000",
       two},
      {"Have quorum of supporters, sids: [[1, 3],[1, 2]]; starting up and setting last processed zxid: 0x400000000",
       two}};
  for (const auto& [text, sids] : established) {
    EXPECT_EQ(read<Established>(text).zxid, model::Zxid{4LL << 32}) << text;
    EXPECT_EQ(read<Established>(text).supporters, sids) << text;
  }
  read<UpToDate>("Learner received UPTODATE message");
  EXPECT_EQ(read<Connected>("Successfully connected to leader, using address: zoo2/10.0.0.2:2888").address,
            "zoo2/10.0.0.2:2888");
  EXPECT_FALSE(read<LearnerKnown>("Follower sid: 4 : info : zoo4:2888:3888:observer").votes);
  EXPECT_TRUE(read<LearnerKnown>("Follower sid: 1 : info : zoo1:2888:3888:participant").votes);
}

TEST(Sentence, ALearnerOf34IsOfNoKnownRole) {
  const Reading reading =
      read_sentence("Follower sid: 1 : info : org.apache.zookeeper.server.quorum.QuorumPeer$QuorumServer@38bb5aa9");
  EXPECT_FALSE(reading.sentence || reading.garbled);
}

TEST(Sentence, Debugging) {
  for (const char* text : {"Sending Notification: 3 (n.leader), 0x10 (n.zxid), 0x2 (n.round), 1 (recipient), 5 "
                           "(myid), 0x4 (n.peerEpoch)",
                           "Sending Notification: 3 (n.leader), 0x10 (n.zxid), 0x2 (n.round), 1 (recipient), 5 "
                           "(myid), 0x4 (n.peerEpoch) ",
                           "Sending Notification: 3 (n.leader), 0x10 (n.zxid), 0x4 (n.peerEpoch), 0x2 (n.round), 1 "
                           "(recipient), 5 (myid) "}) {
    const auto sent = read<NotificationSent>(text);
    EXPECT_EQ(sent.to, ServerId{1}) << text;
    EXPECT_EQ(sent.proposal, (model::Proposal{model::PeerEpoch{4}, model::Zxid{16}, ServerId{3}})) << text;
    EXPECT_EQ(sent.round, model::Round{2}) << text;
  }
  const auto added = read<VoteAdded>(
      "Adding vote: from=1, proposed leader=3, proposed zxid=0x10, proposed election "
      "epoch=0x2");
  EXPECT_EQ(added.from, ServerId{1});
  EXPECT_EQ(added.leader, ServerId{3});
  EXPECT_EQ(added.round, model::Round{2});
  EXPECT_EQ(
      read<VoteAdded>("Adding vote: From = 1, Proposed leader = 3, Proposed zxid = 16, Proposed election epoch = 2")
          .zxid,
      model::Zxid{16});  // 3.4.0
  EXPECT_EQ(
      read<ProposalUpdated>("Updating proposal: 3 (newleader), 0x10 (newzxid), 2 (oldleader), 0x0 (oldzxid)").leader,
      ServerId{3});
  EXPECT_EQ(read<VoterUnknown>("Ignoring notification for non-cluster member sid 9 from sid 1").leader, ServerId{9});
  EXPECT_EQ(read<VoterUnknown>("Ignoring notification for sid 9 from non-quorum member sid 1").from, ServerId{1});
}

TEST(Sentence, Connections) {
  EXPECT_EQ(read<ChannelRefused>("Cannot open channel to 2 at election address zoo2/10.0.0.2:3888").to, ServerId{2});
  EXPECT_EQ(read<ConnectionLeft>("Have smaller server identifier, so dropping the connection: (2, 1)").to,
            ServerId{2});
  EXPECT_EQ(read<ConnectionLeft>("Have smaller server identifier, so dropping the connection: (myId:1 --> sid:2)").to,
            ServerId{2});
  EXPECT_EQ(read<ConnectionBroken>("Connection broken for id 3, my id = 1, error = ").with, ServerId{3});
  EXPECT_EQ(read<ListensAt>("My election bind port: 0.0.0.0/0.0.0.0:3888").address, "0.0.0.0/0.0.0.0:3888");
  EXPECT_EQ(read<ListensAt>("1 is accepting connections now, my election bind port: /127.0.0.1:3888").address,
            "/127.0.0.1:3888");
  EXPECT_EQ(read<ConnectionRequested>("Received connection request from /10.0.0.3:40012").address, "/10.0.0.3:40012");
}

TEST(Sentence, OthersSayNothing) {
  for (const char* text : {"", "Snapshotting: 0x0 to /data/version-2/snapshot.0", "LOOKING for something",
                           "Established session 0x1", "Starting quorum peer that is not one"}) {
    const Reading reading = read_sentence(text);
    EXPECT_FALSE(reading.sentence || reading.garbled) << text;
  }
}

TEST(Sentence, WhatBytesThatAreNoTextMayHideIsGarbled) {
  for (const char* damaged :
       {"LOO\x01KING", "LOO\x01ING", "FOLL\xef\xbf\xbdWING", "\x01LEADING", "Notif\x02ication: x",
        "New\x7f"
        "election. My id = 1"}) {
    EXPECT_TRUE(read_sentence(damaged).garbled) << damaged;
  }
  for (const char* other :
       {"LOOKING\x01 for it", "Caf\xc3\xa9", "\xff\xff", "LO\x01KIN", "a\x01 Notification: x", "LOOKIN"}) {
    EXPECT_FALSE(read_sentence(other).garbled) << other;
    EXPECT_FALSE(read_sentence(other).sentence) << other;
  }
}

TEST(Sentence, WhatIsCutOrChangedIsGarbled) {
  const std::string whole =
      "Notification: my state:LOOKING; n.sid:1, n.state:FOLLOWING, n.leader:3, n.round:0x1f, n.peerEpoch:0x2, "
      "n.zxid:0x200000003, message format version:0x2, n.config version:0x0";
  for (std::size_t length = std::string("Notification: ").size() + 1; length < whole.size(); ++length) {
    const Reading reading = read_sentence(whole.substr(0, length));
    EXPECT_TRUE(reading.garbled && !reading.sentence) << whole.substr(0, length);
  }
  for (const char* text :
       {"Notification: my state:LOKING; n.sid:1", "Notification time out: soon",
        "New election. My id = x, proposed zxid=0x0", "New election. My id = 1, proposed zxid=0xg",
        "Peer state changed: dreaming", "Have quorum of supporters",
        "Have quorum of supporters, sids: [[1, x]]; starting up and setting last processed zxid: 0x400000000",
        "Adding vote: from=1",
        "Notification: my state:LOOKING; n.sid:1, n.state:FOLLOWING, n.leader:3, n.round:0x10000000000000000, "
        "n.peerEpoch:0x2, n.zxid:0x2, message format version:0x2, n.config version:0x0"}) {
    EXPECT_TRUE(read_sentence(text).garbled) << text;
  }
}

}  // namespace
}  // namespace conclave::logs
