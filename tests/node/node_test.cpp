// Whole nodes, in one thread and over real sockets: they elect, and stand what others do to their port.
#include "conclave/node/node.hpp"

#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <string>
#include <vector>

#include "conclave/node/node_status.hpp"
#include "conclave/wire/notification.hpp"
#include "ensemble.hpp"

namespace conclave::node {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using model::ServerId;
using model::ServerState;
using namespace std::chrono_literals;

class Nodes : public Ensemble {
 protected:
  // Elections only, without epochs.
  void start(int sid, std::int64_t epoch = 0) {
    NodeSettings settings;
    settings.sid = ServerId{sid};
    settings.cfg = cfg_;
    settings.durable.current_epoch = model::PeerEpoch{epoch};
    settings.finalize_wait_ms = 50;
    auto& node = servers_.at(sid).node;
    node = Node::make(io_, settings, [](const NodeState&) {});
    const auto started = node->start();
    ASSERT_TRUE(started) << started.error();
  }
  // What it has promised outlives it.
  void start_with_epochs(int sid, bool empty_history = false) { Ensemble::start(sid, empty_history); }
  bool until(const std::function<bool()>& so) { return Ensemble::until(so, 10s); }
  // All that run follow one that leads.
  [[nodiscard]] bool settled_on(int leader) const {
    for (const auto& [sid, server] : servers_) {
      if (!server.node) continue;
      const NodeState state = server.node->state();
      const bool leads = sid == leader;
      if (state.state != (leads ? ServerState::leading : ServerState::following)) return false;
      if (state.leader != ServerId{leader}) return false;
    }
    return true;
  }
  // On whom, or 0.
  [[nodiscard]] int settled() const {
    for (const auto& [sid, server] : servers_) {
      if (server.node && settled_on(sid)) return sid;
    }
    return 0;
  }
  tcp::socket stranger(int sid) {
    tcp::socket socket(io_);
    socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), servers_.at(sid).election_port));
    return socket;
  }
  static std::uint64_t count(const Node& node, wire::Reject why) {
    const auto index = static_cast<std::size_t>(why);
    return node.counters().rejected[index] + node.rejected()[index];
  }
};

TEST_F(Nodes, ThreeElectTheLargest) {
  configure(3);
  for (int i = 1; i <= 3; ++i) start(i);
  EXPECT_TRUE(until([this] { return settled_on(3); }));
}

TEST_F(Nodes, TheMostRecentHistoryWins) {
  configure(3);
  start(1, 7);
  start(2, 3);
  start(3, 3);
  EXPECT_TRUE(until([this] { return settled_on(1); }));
}

TEST_F(Nodes, FiveSurviveTheirLeaderAgainAndAgain) {
  configure(5);
  for (int i = 1; i <= 5; ++i) start(i);
  ASSERT_TRUE(until([this] { return settled_on(5); }));
  for (int again = 0; again < 6; ++again) {
    const int leader = settled();
    kill(leader);
    // Mostly the largest, but three that have noticed first are a quorum.
    ASSERT_TRUE(until([this] { return settled() != 0; })) << again;
    const int next = settled();
    EXPECT_NE(next, leader);
    // Who comes late joins, and does not disturb.
    start(leader);
    ASSERT_TRUE(until([&] { return settled_on(next); })) << again;
  }
}

TEST_F(Nodes, WithoutAQuorumALeaderGivesUp) {
  configure(3);
  for (int i = 1; i <= 3; ++i) start(i);
  ASSERT_TRUE(until([this] { return settled_on(3); }));
  kill(1);
  kill(2);
  EXPECT_TRUE(until([this] { return node(3).state().state == ServerState::looking; }));
  start(1);
  EXPECT_TRUE(until([this] { return settled_on(3); }));
}

TEST_F(Nodes, EachLeaderHasAnEpochOfItsOwn) {
  configure(5);
  for (int i = 1; i <= 5; ++i) start_with_epochs(i);
  ASSERT_TRUE(until([this] { return established() != 0; }));
  std::int64_t epoch = 0;
  for (int again = 0; again < 6; ++again) {
    const int leader = established();
    EXPECT_GT(node(leader).state().epoch.value, epoch);
    epoch = node(leader).state().epoch.value;
    kill(leader);
    ASSERT_TRUE(until([this] { return established() != 0; })) << again;
    start_with_epochs(leader);
    ASSERT_TRUE(until([this] { return established() != 0; })) << again;
  }
}

// That is acceptedEpoch's doing: among nodes currentEpoch is never written, for no history became newer.
TEST_F(Nodes, AllKilledAtOnceGoOnFromWhatTheyHaveAccepted) {
  configure(5);
  std::int64_t epoch = 0;
  for (int again = 0; again < 6; ++again) {
    for (int i = 1; i <= 5; ++i) start_with_epochs(i);
    ASSERT_TRUE(until([this] { return established() != 0; })) << again;
    EXPECT_GT(last_epoch(), epoch);
    epoch = last_epoch();
    for (int i = 1; i <= 5; ++i) {
      kill(i);
      EXPECT_EQ(servers_.at(i).files.durable.accepted_epoch, model::PeerEpoch{epoch}) << i;
      EXPECT_EQ(servers_.at(i).files.durable.current_epoch, model::PeerEpoch{0}) << i;
    }
  }
}

TEST_F(Nodes, ALeaderLosesItsEpochWithItsQuorum) {
  configure(3);
  for (int i = 1; i <= 3; ++i) start_with_epochs(i);
  ASSERT_TRUE(until([this] { return established() == 3; }));
  kill(1);
  kill(2);
  EXPECT_TRUE(until([this] { return !node(3).state().established; }));
}

// Else it would be elected again and again, and nobody could follow it. An observer never needs the port.
TEST_F(Nodes, AVoterNeedsItsQuorumPort) {
  configure(3, "peerType=observer\nserver.9=127.0.0.1:" + std::to_string(free_port()) + ":" +
                   std::to_string(free_port()) + ":observer\n");
  boost::asio::ip::tcp::acceptor somebody(io_, {boost::asio::ip::address_v4::loopback(), servers_.at(2).quorum_port});
  NodeSettings settings;
  settings.cfg = cfg_;
  settings.files = &servers_.at(2).files;
  settings.sid = ServerId{2};
  const auto voter = Node::make(io_, settings, {});
  const auto started = voter->start();
  voter->stop();
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().find("quorum port"), std::string::npos) << started.error();
  somebody.close();
  start_with_epochs(2);
  const std::uint16_t of_observer = cfg_.servers.back().addresses.front().quorum_port;
  const boost::asio::ip::tcp::acceptor another(io_, {boost::asio::ip::address_v4::loopback(), of_observer});
  settings.sid = ServerId{9};
  const auto observer = Node::make(io_, settings, {});
  EXPECT_TRUE(observer->start());
  observer->stop();
}

// The elected server's quorum port ends every connection at once, again and again.
TEST_F(Nodes, PauseWhereOneRoleAfterTheOtherComesToNothing) {
  configure(3);
  start(2);  // these vote, and no more
  start(3);
  tcp::acceptor rude(io_, {asio::ip::address_v4::loopback(), servers_.at(3).quorum_port});
  const std::function<void()> hang_up = [&] {
    rude.async_accept([&](boost::system::error_code error, tcp::socket) {
      if (!error) hang_up();
    });
  };
  hang_up();
  const auto began = std::chrono::steady_clock::now();
  start_with_epochs(1);
  // After the first: 0, 50, 100, 200, 400, 800 ms.
  ASSERT_TRUE(until([this] { return node(1).status().statistics.elections() >= 7; }));
  EXPECT_GE(std::chrono::steady_clock::now() - began, 1550ms);
  rude.close();
}

// 100::1 is nobody's (RFC 6666): nobody can listen there, and no call gets there.
TEST_F(Nodes, ElectOverOneOfSeveralAddresses) {
  configure(3, "cnxTimeout=300\n");
  for (config::ServerLine& server : cfg_.servers) {
    server.addresses.insert(server.addresses.begin(), {"100::1", 2888, 3888});
  }
  for (int i = 1; i <= 3; ++i) start_with_epochs(i);
  EXPECT_TRUE(until([this] { return established() == 3; }));
}

TEST_F(Nodes, TheirStatusSaysWhatTheySee) {
  configure(3);
  for (int i = 1; i <= 3; ++i) start_with_epochs(i);
  ASSERT_TRUE(until([this] { return established() == 3; }));
  const NodeStatus leader = node(3).status();
  EXPECT_EQ(detailed_state(leader), "leading - broadcast");
  EXPECT_TRUE(is_running(leader));
  EXPECT_EQ(leader.leader, ServerId{3});
  EXPECT_EQ(leader.accepted_epoch, model::PeerEpoch{1});
  EXPECT_EQ(leader.current_epoch, model::PeerEpoch{0});  // of a history; nobody has one
  EXPECT_EQ(leader.voters, 3U);
  EXPECT_EQ(leader.statistics.decisions(ServerState::leading), 1U);
  EXPECT_EQ(leader.statistics.election_time().count(), 1U);
  EXPECT_EQ(leader.statistics.unavailable_time().count(), 1U);
  EXPECT_GE(leader.statistics.unavailable_time().sum(), leader.statistics.election_time().sum());
  ASSERT_EQ(leader.peers.size(), 3U);
  EXPECT_TRUE(leader.peers[2].self);
  EXPECT_FALSE(leader.peers[2].heard);
  for (const std::size_t i : {0U, 1U}) {
    EXPECT_TRUE(leader.peers[i].connected);
    ASSERT_TRUE(leader.peers[i].heard);
    EXPECT_EQ(leader.peers[i].heard->leader, ServerId{3});
  }
  // A quorum is itself and one of them; the other may still be on its way.
  EXPECT_TRUE(until([this] {
    const NodeStatus now = node(3).status();
    return now.peers[0].learner == model::LearnerPhase::up_to_date &&
           now.peers[1].learner == model::LearnerPhase::up_to_date;
  }));
  EXPECT_GT(leader.quorum.received, 0U);

  const NodeStatus follower = node(1).status();
  EXPECT_EQ(detailed_state(follower), "following - broadcast");
  EXPECT_EQ(follower.accepted_epoch, leader.accepted_epoch);

  kill(2);
  kill(3);
  ASSERT_TRUE(until([this] { return node(1).state().state == ServerState::looking; }));
  const NodeStatus looking = node(1).status();
  EXPECT_EQ(detailed_state(looking), "looking");
  EXPECT_FALSE(is_running(looking));
  EXPECT_EQ(looking.statistics.roles_ended(), 1U);
  EXPECT_EQ(looking.statistics.elections(), 2U);
  EXPECT_EQ(looking.vote.leader, ServerId{1});
}

// Two nodes are a quorum of three, so they lead as long as nobody who keeps a history (here: an empty one) is there.
TEST_F(Nodes, GiveWayToAServerThatKeepsAHistory) {
  configure(3);
  start_with_epochs(2);
  start_with_epochs(3);
  ASSERT_TRUE(until([this] { return established() == 3; }));
  const std::int64_t before = node(3).state().epoch.value;
  start_with_epochs(1, true);
  ASSERT_TRUE(until([this] { return established() == 1; }));
  EXPECT_GT(node(1).state().epoch.value, before);
  // Its epoch is one of a history, and counts; theirs was of none.
  EXPECT_EQ(servers_.at(3).files.durable.current_epoch, node(1).state().epoch);
  kill(1);
  ASSERT_TRUE(until([this] { return established() == 3; }));
  EXPECT_EQ(servers_.at(3).files.durable.current_epoch.value, node(3).state().epoch.value - 1);
  // And again, although it has not seen the latest epoch.
  start_with_epochs(1, true);
  EXPECT_TRUE(until([this] { return established() == 1; }));
}

// Server 3 has seen a later epoch than anybody who is left. It can't lead them, and must not keep them from electing.
TEST_F(Nodes, StandBackWhereTheyCantLead) {
  configure(3);
  servers_.at(3).files.durable = model::Durable{model::PeerEpoch{5}, model::PeerEpoch{5}, model::Zxid{0}};
  start_with_epochs(1, true);
  start_with_epochs(2, true);
  start_with_epochs(3);
  ASSERT_TRUE(until([this] { return established() == 2; }));
  EXPECT_GT(node(2).state().epoch.value, 5);
}

TEST_F(Nodes, IdleAndWrongConnectionsKeepNobodyFromElecting) {
  configure(3);
  start(1);
  std::vector<tcp::socket> idle;
  for (std::size_t i = 0; i < 2 * half_open_max; ++i) {
    idle.push_back(stranger(1));
    io_.poll();
  }
  ASSERT_TRUE(until([this] { return count(node(1), wire::Reject::half_open_limit) > 0; }));
  tcp::socket wrong = stranger(1);
  asio::write(wrong, asio::buffer(std::string(8, '\xff')));
  ASSERT_TRUE(until([this] { return count(node(1), wire::Reject::unknown_protocol) == 1; }));
  start(2);
  start(3);
  EXPECT_TRUE(until([this] { return settled_on(3); }));
}

TEST_F(Nodes, AConfigurationThatCantBeReadIsNoReasonToGoDeaf) {
  configure(3);
  start(1);
  tcp::socket other = stranger(1);
  wire::Bytes bytes = encode(wire::Handshake{ServerId{9}, {{"127.0.0.1", 1}}});
  const model::Proposal proposal{model::PeerEpoch{9}, model::Zxid{9}, ServerId{9}};
  const model::Notification vote{ServerId{9}, {proposal, model::Round{1}, 2, ServerState::looking}};
  const wire::Bytes frame =
      wire::encode_frame(wire::encode_notification(vote, "server.1=127.0.0.1:1:2:participant\nversion=zzz"));
  bytes.insert(bytes.end(), frame.begin(), frame.end());
  asio::write(other, asio::buffer(bytes.data(), bytes.size()));
  ASSERT_TRUE(until([this] { return count(node(1), wire::Reject::unparseable_config) == 1; }));
  start(2);
  start(3);
  EXPECT_TRUE(until([this] { return settled_on(3); }));
}

}  // namespace
}  // namespace conclave::node
