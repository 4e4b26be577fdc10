// conclave::Node as a program uses it: several in one process, each with a thread of its own, asked from another one.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "../node/ports.hpp"
#include "conclave/node.hpp"

namespace conclave {
namespace {

using model::PeerEpoch;
using model::ServerId;
using model::ServerState;
using namespace std::chrono_literals;

constexpr auto patience = 60s;

class Threads : public testing::Test {
 protected:
  Threads() {
    folder_ =
        std::filesystem::path(testing::TempDir()) / ("conclave-threads-" + std::to_string(::getpid()) + "-" +
                                                     testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_);
  }
  ~Threads() override {
    nodes_.clear();
    std::filesystem::remove_all(folder_);
  }

  void configure(int servers) {
    ensemble_ = NodeServers{{}, "", 200ms, 10, 5};
    for (int i = 1; i <= servers; ++i) {
      ensemble_.servers.push_back({ServerId{i}, "127.0.0.1", node::free_port(), node::free_port()});
    }
  }
  [[nodiscard]] std::string dir(int sid) const { return folder_ / std::to_string(sid); }
  Node make(int sid, std::function<void(const NodeState&)> on_change = nullptr) {
    NodeServers ensemble = ensemble_;
    ensemble.data_dir = dir(sid);
    auto node = Node::from_servers(ensemble,
                                   {.sid = ServerId{sid}, .finalize_wait = 50ms, .on_change = std::move(on_change)});
    if (!node) throw std::runtime_error(node.error().message);
    return std::move(*node);
  }
  Node& start(int sid) {
    const auto [place, fresh] = nodes_.insert_or_assign(sid, make(sid));
    const auto started = place->second.start();
    EXPECT_TRUE(started) << started.error().message;
    return place->second;
  }
  static bool until(const std::function<bool()>& so) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!so()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(1ms);
    }
    return true;
  }
  // The one that leads, and whom all others follow in its epoch; 0 if there is none.
  [[nodiscard]] int leader() const {
    int leader = 0;
    for (const auto& [sid, node] : nodes_) {
      if (node.leading()) leader = sid;
    }
    if (leader == 0) return 0;
    const NodeState leads = nodes_.at(leader).state();
    for (const auto& [sid, node] : nodes_) {
      const NodeState state = node.state();
      if (!state.established || state.epoch != leads.epoch || state.leader != ServerId{leader}) return 0;
    }
    return leader;
  }

  std::filesystem::path folder_;
  NodeServers ensemble_;
  std::map<int, Node> nodes_;
};

TEST_F(Threads, EachLeaderHasAHigherEpochThanTheOneBefore) {
  configure(3);
  for (int i = 1; i <= 3; ++i) start(i);
  PeerEpoch before{0};
  for (int again = 0; again < 4; ++again) {
    ASSERT_TRUE(until([this] { return leader() != 0; })) << again;
    const int leads = leader();
    Node& node = nodes_.at(leads);
    const auto epoch = node.leading();
    ASSERT_TRUE(epoch);
    EXPECT_GT(*epoch, before);
    before = *epoch;
    EXPECT_TRUE(node.am_i_leader(*epoch));
    EXPECT_FALSE(node.am_i_leader(PeerEpoch{epoch->value - 1}));
    EXPECT_FALSE(node.am_i_leader(PeerEpoch{epoch->value + 1}));
    for (const auto& [sid, other] : nodes_) EXPECT_EQ(other.am_i_leader(*epoch), sid == leads);
    node.stop();
    EXPECT_FALSE(node.leading());
    EXPECT_FALSE(node.running());
    EXPECT_EQ(node.state(), NodeState{});
    nodes_.erase(leads);
    ASSERT_TRUE(until([this] { return leader() != 0; })) << again;
    start(leads);
  }
}

// Asked all the time, from several threads: whoever leads has an epoch that nobody else has.
TEST_F(Threads, NoEpochIsSeenAtTwo) {
  configure(3);
  for (int i = 1; i <= 3; ++i) start(i);
  std::mutex mutex;
  std::map<std::int64_t, int> leaders;
  std::atomic<bool> done{false};
  std::vector<std::thread> askers;
  for (int asker = 0; asker < 2; ++asker) {
    askers.emplace_back([&] {
      while (!done) {
        for (const auto& [sid, node] : nodes_) {
          const auto epoch = node.leading();
          static_cast<void>(node.state());
          if (!epoch) continue;
          const std::lock_guard lock(mutex);
          EXPECT_EQ(leaders.emplace(epoch->value, sid).first->second, sid) << epoch->value;
        }
      }
    });
  }
  for (int again = 0; again < 4; ++again) {
    EXPECT_TRUE(until([this] { return leader() != 0; }));
    const int leads = leader();
    if (leads == 0) break;
    nodes_.at(leads).stop();
    EXPECT_TRUE(until([&] {
      return std::any_of(nodes_.begin(), nodes_.end(), [](const auto& entry) { return !!entry.second.leading(); });
    }));
    EXPECT_TRUE(nodes_.at(leads).start());
  }
  done = true;
  for (std::thread& asker : askers) asker.join();
  EXPECT_GE(leaders.size(), 4U);
}

TEST_F(Threads, WithoutAQuorumNobodyLeads) {
  configure(3);
  for (int i = 1; i <= 3; ++i) start(i);
  ASSERT_TRUE(until([this] { return leader() != 0; }));
  const int leads = leader();
  for (int i = 1; i <= 3; ++i) {
    if (i != leads) nodes_.erase(i);
  }
  EXPECT_TRUE(until([&] { return !nodes_.at(leads).leading(); }));
  EXPECT_TRUE(until([&] { return nodes_.at(leads).state().state == ServerState::looking; }));
  EXPECT_FALSE(nodes_.at(leads).leading());
}

TEST_F(Threads, ChangesAreGivenOnceAndInOrder) {
  configure(1);
  Node node = make(1);
  EXPECT_EQ(node.next_change(1ms), std::nullopt);
  for (int again = 1; again <= 3; ++again) {
    ASSERT_TRUE(node.start());
    std::vector<NodeState> states;
    while (states.empty() || !states.back().established) {
      const auto change = node.next_change(patience);
      ASSERT_TRUE(change);
      states.push_back(change->state);
      EXPECT_EQ(change->number, states.size());
    }
    EXPECT_EQ(states.front().state, ServerState::looking);
    EXPECT_EQ(states.back().epoch, PeerEpoch{again});
    EXPECT_EQ(states.back(), node.state());
    EXPECT_EQ(node.leading(), PeerEpoch{again});
    EXPECT_EQ(node.next_change(1ms), std::nullopt);
    node.stop();
    node.stop();
    EXPECT_EQ(node.next_change(patience), std::nullopt);  // at once: nothing can come
  }
}

// What the queries say when the callback comes is not older than what it is called with.
TEST_F(Threads, TheCallbackComesAfterTheQueriesKnow) {
  configure(1);
  std::atomic<Node*> self{nullptr};
  std::atomic<bool> known{false};
  Node node = make(1, [&](const NodeState& state) {
    while (self.load() == nullptr) std::this_thread::yield();
    if (!state.established) return;
    known = self.load()->state() == state && self.load()->am_i_leader(state.epoch);
    self.load()->stop();  // from its own thread: it begins to
  });
  self = &node;
  ASSERT_TRUE(node.start());
  EXPECT_TRUE(until([&] { return !node.running(); }));
  EXPECT_TRUE(known);
  EXPECT_FALSE(node.leading());
  EXPECT_FALSE(node.failure());
  node.stop();
  ASSERT_TRUE(node.start());
  node.stop();
}

TEST_F(Threads, ACallbackThatThrowsEndsTheNode) {
  configure(1);
  Node node = make(1, [](const NodeState& state) {
    if (state.established) throw std::runtime_error("enough");
  });
  ASSERT_TRUE(node.start());
  ASSERT_TRUE(until([&] { return !node.running(); }));
  ASSERT_TRUE(node.failure());
  EXPECT_EQ(node.failure()->kind, NodeError::Kind::callback);
  EXPECT_EQ(node.failure()->message, "on_change: enough");
  EXPECT_FALSE(node.leading());
  EXPECT_EQ(node.state(), NodeState{});

  Node at_once = make(1, [](const NodeState&) { throw 1; });
  const auto started = at_once.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, NodeError::Kind::callback);
}

TEST_F(Threads, AnEpochThatCantBeWrittenEndsTheNode) {
  configure(1);
  Node node = make(1, [this](const NodeState& state) {
    // Between the decision and the first write.
    if (state.state != ServerState::looking) return;
    std::filesystem::remove_all(folder_ / "1" / "version-2");
    std::ofstream(folder_ / "1" / "version-2") << "a file where a folder has to be";
  });
  ASSERT_TRUE(node.start());
  ASSERT_TRUE(until([&] { return !node.running(); }));
  ASSERT_TRUE(node.failure());
  EXPECT_EQ(node.failure()->kind, NodeError::Kind::write);
  EXPECT_NE(node.failure()->message.find("version-2"), std::string::npos) << node.failure()->message;
  EXPECT_FALSE(node.leading());
  std::optional<NodeChange> last;
  while (auto change = node.next_change(1ms)) last = change;
  ASSERT_TRUE(last);
  EXPECT_EQ(last->state, NodeState{});
  const auto again = node.start();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().kind, NodeError::Kind::data_dir);
}

TEST_F(Threads, MovedItGoesOn) {
  configure(1);
  Node first = make(1);
  ASSERT_TRUE(first.start());
  Node second = std::move(first);
  EXPECT_TRUE(until([&] { return second.leading() == PeerEpoch{1}; }));
  EXPECT_EQ(second.id(), ServerId{1});
  configure(1);
  second = make(1);  // stops it
  EXPECT_FALSE(second.running());
  ASSERT_TRUE(second.start());
  EXPECT_TRUE(until([&] { return second.leading() == PeerEpoch{2}; }));
}

// --- errors ---------------------------------------------------------------------------------------------------------

void expect_error(const tl::expected<Node, NodeError>& made, NodeError::Kind kind, const std::string& part) {
  ASSERT_FALSE(made) << part;
  EXPECT_EQ(made.error().kind, kind) << made.error().message;
  EXPECT_NE(made.error().message.find(part), std::string::npos) << made.error().message;
}

TEST_F(Threads, WhatIsWrongIsSaid) {
  using Kind = NodeError::Kind;
  const auto write = [this](const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  };
  const std::string server = "server.1=127.0.0.1:1:2\n";
  const std::string data_dir = "dataDir=" + dir(7) + "\n";
  const std::string whole = write("whole.cfg", server + data_dir);
  expect_error(Node::from_file(folder_ / "none.cfg"), Kind::configuration, "none.cfg");
  expect_error(Node::from_file(write("a.cfg", "server.1=x\n")), Kind::configuration, "a.cfg:1: ");
  expect_error(Node::from_file(write("b.cfg", server)), Kind::configuration, "found no dataDir");
  expect_error(Node::from_file(write("b.cfg", server), {.sid = ServerId{1}}), Kind::configuration, "votes_only");
  expect_error(Node::from_file(whole), Kind::data_dir, "myid: found no such file");
  expect_error(Node::from_file(whole, {.sid = ServerId{2}}), Kind::configuration, "found no server.2");
  expect_error(Node::from_file(whole, {.sid = ServerId{1}, .finalize_wait = 0ms}), Kind::configuration, "found 0 ms");
  EXPECT_TRUE(Node::from_file(whole, {.sid = ServerId{1}}));
  EXPECT_TRUE(Node::from_file(write("b.cfg", server), {.sid = ServerId{1}, .votes_only = true}));

  configure(3);
  expect_error(Node::from_servers(ensemble_, {}), Kind::configuration, "sid: found none");
  expect_error(Node::from_servers(ensemble_, {.sid = ServerId{1}}), Kind::configuration, "dataDir");
  ensemble_.data_dir = dir(1);
  EXPECT_TRUE(Node::from_servers(ensemble_, {.sid = ServerId{1}}));
  ensemble_.servers[1].host = "a\nserver.9=b";
  expect_error(Node::from_servers(ensemble_, {.sid = ServerId{1}}), Kind::configuration, "server 2: found host");
  ensemble_.servers[1].host = "::1";
  EXPECT_TRUE(Node::from_servers(ensemble_, {.sid = ServerId{1}}));
  ensemble_.servers[1].id = ServerId{1};
  expect_error(Node::from_servers(ensemble_, {.sid = ServerId{1}}), Kind::configuration, "server.1");
  ensemble_.servers.clear();
  expect_error(Node::from_servers(ensemble_, {.sid = ServerId{1}}), Kind::configuration, "expected");
  configure(3);
  ensemble_.data_dir = dir(1);
  ensemble_.tick_time = 1ms;
  expect_error(Node::from_servers(ensemble_, {.sid = ServerId{1}}), Kind::configuration, "tick_time: found 1 ms");
}

TEST_F(Threads, APortThatIsTakenAndEpochsThatAreTornKeepItFromStarting) {
  configure(1);
  boost::asio::io_context io;
  const boost::asio::ip::tcp::acceptor taken(io, {boost::asio::ip::address_v4::loopback(), 0});
  const std::uint16_t port = taken.local_endpoint().port();
  ensemble_.servers[0].election_port = port;
  Node node = make(1);
  auto started = node.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, NodeError::Kind::address);
  EXPECT_NE(started.error().message.find(std::to_string(port)), std::string::npos);
  EXPECT_FALSE(node.running());

  std::ofstream(folder_ / "1" / "version-2" / "acceptedEpoch", std::ios::trunc) << "";
  started = node.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, NodeError::Kind::data_dir);
  EXPECT_NE(started.error().message.find("acceptedEpoch: found an empty file"), std::string::npos);
}

}  // namespace
}  // namespace conclave
