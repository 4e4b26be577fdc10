// A server of the election on a network: the model's step function, timers and connections.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/model/coarse.hpp"
#include "conclave/model/election.hpp"
#include "conclave/node/connection_manager.hpp"
#include "conclave/node/lease.hpp"
#include "conclave/node/node_state.hpp"
#include "conclave/node/quorum_port.hpp"
#include "conclave/node/seldom.hpp"
#include "conclave/node/statistics.hpp"
#include "conclave/node/transport.hpp"
#include "conclave/record/recorder.hpp"

namespace conclave::node {

// Milliseconds until a looking server says again what it proposes, at first. ZooKeeper waits 200; a server that is
// quicker than the others finds them still following, and should not wait so long.
inline constexpr int first_resend_ms = 50;

struct NodeStatus;

// Why a configuration with quorum.auth.enableSasl is not served: who asks for it must not go without.
[[nodiscard]] std::string sasl_refused(const config::ZooCfg& cfg);

struct NodeSettings {
  model::ServerId sid{0};  // one of cfg.servers
  config::ZooCfg cfg;
  model::Durable durable;
  int finalize_wait_ms = 200;
  // Stand as a server whose history is empty, not as one that keeps none: such a one may lead others that are empty.
  bool empty_history = false;
  // With it, epochs are established over the quorum port; without, the node votes and no more. Must outlive the node.
  EpochFiles* files = nullptr;
  // Is told of everything that happens; nobody has to. Must outlive the node.
  record::Recorder* recorder = nullptr;
  // How bytes travel. Where cfg asks for TLS there has to be one; otherwise, without, they travel as they are.
  std::shared_ptr<Transport> transport;
  // Where other threads read whether this server leads; nobody has to. Must outlive the node.
  LeaseBoard* lease = nullptr;
};

// Votes, and then leads or follows over the quorum port until that role is over. Without epoch files it keeps the
// outcome for as long as its connections to the election ports say that it holds: a follower while it reaches its
// leader and that does not look, a leader while it reaches a quorum.
//
// Single-threaded, as ConnectionManager.
class Node : public std::enable_shared_from_this<Node> {
 public:
  using Listener = std::function<void(const NodeState&)>;  // at each change of state

  static std::shared_ptr<Node> make(boost::asio::io_context& io, NodeSettings settings, Listener listener);
  // Binds, and begins to look. The error says what is wrong.
  [[nodiscard]] tl::expected<void, std::string> start();
  void stop();

  [[nodiscard]] NodeState state() const;
  [[nodiscard]] NodeStatus status() const;  // in node_status.hpp: everything that is shown to the outside
  [[nodiscard]] const model::Peer& peer() const { return peer_; }
  [[nodiscard]] const ConnectionCounters& counters() const { return connections_->counters(); }
  // Notifications that could not be used, by reason.
  [[nodiscard]] const std::array<std::uint64_t, wire::rejects_count>& rejected() const { return rejected_; }

 private:
  Node(boost::asio::io_context& io, NodeSettings settings, Listener listener);
  void take(const model::Event& event);
  void step(const model::Event& event);
  void apply(const model::Effect& effect);
  void tell();
  void received(model::ServerId from, wire::ByteView body);
  model::ConfigText look_at_config(std::string_view text, model::ConfigIndex& index);
  void send(model::ServerId to, const model::Notification& notification);
  void arm(const model::ArmTimer& timer);
  void begin_election();
  void begin_role();
  void look_at_role();
  void make_quorum_port();
  void end_role(const std::string& why);
  void show_lease();
  [[nodiscard]] bool role_stands() const;

  boost::asio::io_context& io_;
  NodeSettings settings_;
  Listener listener_;
  model::Ensemble ensemble_;
  std::vector<std::string> config_texts_;  // of the ensemble's configurations
  model::Durable durable_;                 // peer_ has what it votes with
  model::Peer peer_;
  std::shared_ptr<ConnectionManager> connections_;
  std::shared_ptr<QuorumPort> quorum_;
  bool established_ = false;
  Lease lease_;
  bool stands_back_ = false;  // in the next election
  int fruitless_ = 0;         // roles in a row that were over before an epoch was established
  Seldom seldom_;
  boost::asio::steady_timer election_timer_;
  boost::asio::steady_timer role_timer_;
  bool waiting_for_role_ = false;  // the role's limit is running
  bool stopped_ = false;
  NodeState told_;
  std::array<std::uint64_t, wire::rejects_count> rejected_{};
  Statistics statistics_{Clock::now()};
};

}  // namespace conclave::node
