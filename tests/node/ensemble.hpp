// Whole nodes of one ensemble in this process, in one thread and over real sockets.
#pragma once

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "conclave/node/node.hpp"
#include "ports.hpp"
#include "run_until.hpp"

namespace conclave::node {

// A disk that never fails, and outlives the node that writes it.
struct MemoryFiles : EpochFiles {
  void write_accepted(model::PeerEpoch epoch) override { durable.accepted_epoch = epoch; }
  void write_current(model::PeerEpoch epoch) override { durable.current_epoch = epoch; }
  model::Durable durable;
};

class Ensemble : public testing::Test {
 protected:
  struct Server {
    std::uint16_t quorum_port = 0;
    std::uint16_t election_port = 0;
    MemoryFiles files;
    std::shared_ptr<Node> node;
  };

  Ensemble() { spdlog::set_level(spdlog::level::off); }
  ~Ensemble() override {
    for (auto& [sid, server] : servers_) {
      if (server.node) server.node->stop();
    }
    io_.restart();
    io_.poll();
  }

  // Servers 1 to `count`; `more` are further lines.
  void configure(int count, const std::string& more = "") {
    text_ = "tickTime=200\ninitLimit=5\nsyncLimit=2\ndataDir=/nowhere\n" + more;
    for (int sid = 1; sid <= count; ++sid) {
      Server& server = servers_[sid];
      server.quorum_port = free_port();
      server.election_port = free_port();
      text_ += "server." + std::to_string(sid) + "=127.0.0.1:" + std::to_string(server.quorum_port) + ":" +
               std::to_string(server.election_port) + "\n";
    }
    const auto cfg = config::parse_zoo_cfg(text_, "zoo.cfg", {});
    ASSERT_TRUE(cfg) << cfg.error().message();
    cfg_ = *cfg;
  }

  // With epochs, on top of what the server has promised before. `empty_history`: as NodeSettings says.
  void start(int sid, bool empty_history = false) {
    Server& server = servers_.at(sid);
    NodeSettings settings;
    settings.sid = model::ServerId{sid};
    settings.cfg = cfg_;
    settings.finalize_wait_ms = 50;
    settings.empty_history = empty_history;
    settings.durable = server.files.durable;
    settings.files = &server.files;
    adjust(settings);
    server.node = Node::make(io_, settings, [this, sid](const NodeState& state) { heard(sid, state); });
    const auto started = server.node->start();
    ASSERT_TRUE(started) << started.error();
  }
  virtual void adjust(NodeSettings&) {}
  void kill(int sid) {
    servers_.at(sid).node->stop();
    servers_.at(sid).node.reset();
  }
  Node& node(int sid) { return *servers_.at(sid).node; }

  // No epoch is established by two, ever.
  void heard(int sid, const NodeState& state) {
    if (!state.established || state.state != model::ServerState::leading) return;
    const auto [place, fresh] = leaders_.emplace(state.epoch.value, sid);
    EXPECT_TRUE(fresh) << "epoch " << state.epoch.value << " of " << place->second << " and again of " << sid;
  }
  [[nodiscard]] std::int64_t last_epoch() const { return leaders_.empty() ? 0 : leaders_.rbegin()->first; }

  // On whom all that run here agree, with one epoch that is established; or 0.
  [[nodiscard]] int established() const {
    int leader = 0;
    for (const auto& [sid, server] : servers_) {
      if (!server.node) continue;
      const NodeState state = server.node->state();
      const bool leads = state.leader == model::ServerId{sid};
      const auto role = leads ? model::ServerState::leading : model::ServerState::following;
      if (!state.established || state.state != role || state.epoch.value != last_epoch()) return 0;
      if (leader != 0 && state.leader != model::ServerId{leader}) return 0;
      leader = static_cast<int>(state.leader.value);
    }
    return leader;
  }

  // Runs whatever happens until it is so; false: it has not become so in time.
  bool until(const std::function<bool()>& so, std::chrono::seconds patience = std::chrono::seconds{20}) {
    return run_until(io_, so, patience);
  }

  boost::asio::io_context io_;
  std::string text_;
  config::ZooCfg cfg_;
  std::map<int, Server> servers_;
  std::map<std::int64_t, int> leaders_;
};

}  // namespace conclave::node
