// Nodes with all their ports, in a thread of their own, so that somebody can look at them from outside.
#pragma once

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "../node/ensemble.hpp"
#include "conclave/config/zoo_cfg.hpp"
#include "conclave/node/node.hpp"
#include "conclave/status/status_ports.hpp"

namespace conclave::status {

// A loop that runs in a thread of its own until this goes away.
class LoopThread {
 public:
  ~LoopThread() {
    guard_.reset();
    io.stop();
    thread_.join();
  }
  // Does it in the thread, and waits until it is done.
  template <class Work>
  void run(const Work& work) {
    std::promise<void> done;
    boost::asio::post(io, [&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  boost::asio::io_context io;

 private:
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_ = boost::asio::make_work_guard(io);
  std::thread thread_{[this] { io.run(); }};
};

class Fleet {
 public:
  explicit Fleet(int servers, const std::string& more = "4lw.commands.whitelist=*\n") {
    spdlog::set_level(spdlog::level::off);
    std::string text = "tickTime=200\ninitLimit=10\nsyncLimit=4\ndataDir=/nowhere\n" + more;
    for (int i = 1; i <= servers; ++i) {
      client_ports.push_back(node::free_port());
      text += "server." + std::to_string(i) + "=127.0.0.1:" + std::to_string(node::free_port()) + ":" +
              std::to_string(node::free_port()) + ";127.0.0.1:" + std::to_string(client_ports.back()) + "\n";
    }
    const auto parsed = config::parse_zoo_cfg(text, "zoo.cfg", {});
    if (!parsed) ADD_FAILURE() << parsed.error().message();
    if (parsed) cfg = *parsed;
    for (int i = 0; i < servers; ++i) members_.push_back(std::make_unique<Member>());
  }
  ~Fleet() {
    for (std::size_t i = 0; i < members_.size(); ++i) stop(static_cast<int>(i) + 1);
  }

  void start(int sid) {
    loop_.run([this, sid] {
      Member& member = *members_[static_cast<std::size_t>(sid - 1)];
      node::NodeSettings settings;
      settings.sid = model::ServerId{sid};
      settings.cfg = cfg;
      settings.durable = member.files.durable;
      settings.finalize_wait_ms = 50;
      settings.files = &member.files;
      member.node = node::Node::make(loop_.io, settings, [](const node::NodeState&) {});
      member.ports = std::make_unique<StatusPorts>(
          loop_.io, StatusSettings{settings.sid, cfg, {{"127.0.0.1", 0}}},
          [node = std::weak_ptr<node::Node>(member.node)] { return node.lock()->status(); });
      const auto bound = member.ports->listen();
      ASSERT_TRUE(bound) << bound.error();
      const auto started = member.node->start();
      ASSERT_TRUE(started) << started.error();
    });
  }
  void start_all() {
    for (std::size_t i = 0; i < members_.size(); ++i) start(static_cast<int>(i) + 1);
  }
  void stop(int sid) {
    loop_.run([this, sid] {
      Member& member = *members_[static_cast<std::size_t>(sid - 1)];
      if (!member.node) return;
      member.ports.reset();
      member.node->stop();
      member.node.reset();
    });
  }
  node::NodeStatus status(int sid) {
    node::NodeStatus status;
    loop_.run([&] { status = members_[static_cast<std::size_t>(sid - 1)]->node->status(); });
    return status;
  }
  std::uint16_t http_port(int sid) {
    std::uint16_t port = 0;
    loop_.run([&] { port = members_[static_cast<std::size_t>(sid - 1)]->ports->http_port().port(); });
    return port;
  }

  config::ZooCfg cfg;
  std::vector<std::uint16_t> client_ports;

 private:
  struct Member {
    node::MemoryFiles files;
    std::shared_ptr<node::Node> node;
    std::unique_ptr<StatusPorts> ports;
  };
  std::vector<std::unique_ptr<Member>> members_;
  LoopThread loop_;
};

}  // namespace conclave::status
