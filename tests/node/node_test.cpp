// Whole nodes, in one thread and over real sockets: they elect, and stand what others do to their port.
#include "conclave/node/node.hpp"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "conclave/node/node_status.hpp"
#include "conclave/wire/notification.hpp"

namespace conclave::node {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using model::ServerId;
using model::ServerState;
using namespace std::chrono_literals;

std::uint16_t free_port() {
  static asio::io_context io;
  tcp::acceptor acceptor(io, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
  return acceptor.local_endpoint().port();
}

struct MemoryFiles : EpochFiles {
  void write_accepted(model::PeerEpoch epoch) override { durable.accepted_epoch = epoch; }
  void write_current(model::PeerEpoch epoch) override { durable.current_epoch = epoch; }
  model::Durable durable;
};

class Nodes : public testing::Test {
 protected:
  Nodes() { spdlog::set_level(spdlog::level::off); }
  ~Nodes() override {
    for (auto& node : nodes_) {
      if (node) node->stop();
    }
    io_.poll();
  }

  void configure(int servers) {
    std::string text = "tickTime=200\ninitLimit=5\nsyncLimit=2\ndataDir=/nowhere\n";
    for (int i = 1; i <= servers; ++i) {
      ports_.push_back(free_port());
      text += "server." + std::to_string(i) + "=127.0.0.1:" + std::to_string(free_port()) + ":" +
              std::to_string(ports_.back()) + "\n";
    }
    const auto cfg = config::parse_zoo_cfg(text, "zoo.cfg", {});
    ASSERT_TRUE(cfg) << cfg.error().message();
    cfg_ = *cfg;
    nodes_.resize(static_cast<std::size_t>(servers));
  }
  void start(int sid, std::int64_t epoch = 0) {
    NodeSettings settings;
    settings.sid = ServerId{sid};
    settings.cfg = cfg_;
    settings.durable.current_epoch = model::PeerEpoch{epoch};
    settings.finalize_wait_ms = 50;
    auto& node = nodes_[static_cast<std::size_t>(sid - 1)];
    node = Node::make(io_, settings, [this](const NodeState&) { ++changes_; });
    const auto started = node->start();
    ASSERT_TRUE(started) << started.error();
  }
  // As start(), with epochs; what it has promised outlives it.
  void start_with_epochs(int sid) {
    disks_.resize(nodes_.size());
    auto& disk = disks_[static_cast<std::size_t>(sid - 1)];
    if (!disk) disk = std::make_unique<MemoryFiles>();
    NodeSettings settings;
    settings.sid = ServerId{sid};
    settings.cfg = cfg_;
    settings.durable = disk->durable;
    settings.finalize_wait_ms = 50;
    settings.files = disk.get();
    auto& node = nodes_[static_cast<std::size_t>(sid - 1)];
    node = Node::make(io_, settings, [this, sid](const NodeState& state) { heard(sid, state); });
    const auto started = node->start();
    ASSERT_TRUE(started) << started.error();
  }
  // No epoch is established by two, ever.
  void heard(int sid, const NodeState& state) {
    if (!state.established || state.state != ServerState::leading) return;
    const auto [place, fresh] = leaders_.emplace(state.epoch.value, sid);
    EXPECT_TRUE(fresh) << "epoch " << state.epoch.value << " of " << place->second << " and again of " << sid;
  }
  // On whom all that run agree, with one epoch that is established; or 0.
  [[nodiscard]] int established() const {
    const int leader = settled();
    if (leader == 0) return 0;
    const NodeState leads = nodes_[static_cast<std::size_t>(leader - 1)]->state();
    for (const auto& node : nodes_) {
      if (node && (!node->state().established || node->state().epoch != leads.epoch)) return 0;
    }
    return leader;
  }
  void kill(int sid) {
    nodes_[static_cast<std::size_t>(sid - 1)]->stop();
    nodes_[static_cast<std::size_t>(sid - 1)].reset();
  }
  // Runs whatever happens until it is so, at most ten seconds.
  bool until(const std::function<bool()>& so) {
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (!so()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      io_.restart();
      io_.run_one_for(100ms);
    }
    return true;
  }
  // All that run follow one that leads.
  [[nodiscard]] bool settled_on(int leader) const {
    for (const auto& node : nodes_) {
      if (!node) continue;
      const NodeState state = node->state();
      const bool leads = node->peer().id == ServerId{leader};
      if (state.state != (leads ? ServerState::leading : ServerState::following)) return false;
      if (state.leader != ServerId{leader}) return false;
    }
    return true;
  }
  // On whom, or 0.
  [[nodiscard]] int settled() const {
    for (int i = 1; i <= static_cast<int>(nodes_.size()); ++i) {
      if (nodes_[static_cast<std::size_t>(i - 1)] && settled_on(i)) return i;
    }
    return 0;
  }
  Node& node(int sid) { return *nodes_[static_cast<std::size_t>(sid - 1)]; }
  tcp::socket stranger(int sid) {
    tcp::socket socket(io_);
    socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), ports_[static_cast<std::size_t>(sid - 1)]));
    return socket;
  }
  static std::uint64_t count(const Node& node, wire::Reject why) {
    const auto index = static_cast<std::size_t>(why);
    return node.counters().rejected[index] + node.rejected()[index];
  }

  asio::io_context io_;
  config::ZooCfg cfg_;
  std::vector<std::uint16_t> ports_;
  std::vector<std::shared_ptr<Node>> nodes_;
  int changes_ = 0;
  std::vector<std::unique_ptr<MemoryFiles>> disks_;
  std::map<std::int64_t, int> leaders_;
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

TEST_F(Nodes, ALeaderLosesItsEpochWithItsQuorum) {
  configure(3);
  for (int i = 1; i <= 3; ++i) start_with_epochs(i);
  ASSERT_TRUE(until([this] { return established() == 3; }));
  kill(1);
  kill(2);
  EXPECT_TRUE(until([this] { return !node(3).state().established; }));
}

TEST_F(Nodes, TheirStatusSaysWhatTheySee) {
  configure(3);
  for (int i = 1; i <= 3; ++i) start_with_epochs(i);
  ASSERT_TRUE(until([this] { return established() == 3; }));
  const NodeStatus leader = node(3).status();
  EXPECT_EQ(detailed_state(leader), "leading - broadcast");
  EXPECT_TRUE(is_running(leader));
  EXPECT_EQ(leader.leader, ServerId{3});
  EXPECT_EQ(leader.accepted_epoch, leader.current_epoch);
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
  EXPECT_EQ(follower.current_epoch, leader.current_epoch);

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
