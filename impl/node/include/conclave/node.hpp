// An elected leader among C++ programs: one server of an ensemble, in a thread of its own.
//
//     auto node = conclave::Node::from_file("zoo.cfg");
//     if (!node || !node->start()) ...
//     if (const auto epoch = node->leading()) write_to_the_resource(*epoch, ...);
//
// docs/library.md says what an epoch promises, and what it does not.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "conclave/model/types.hpp"
#include "conclave/node/node_state.hpp"

namespace conclave::node {
class Transport;
}

namespace conclave {

using node::NodeState;

// Changes that wait to be read; of more, the oldest are forgotten.
inline constexpr std::size_t changes_max = 1024;

// Why there is no node, or why it has ended. The message is one sentence that says what was found where, and what was
// expected.
struct NodeError {
  enum class Kind : std::uint8_t {
    configuration,  // the file or the list of servers
    data_dir,       // myid or the epochs
    address,        // it can't listen
    recording,      // the file of `record` can't be opened, or is something else
    write,          // an epoch could not be written, so it may promise nothing any more
    callback,       // `on_change` has thrown
    internal        // a defect of Conclave's, or no memory
  };
  Kind kind = Kind::configuration;
  std::string message;
};

struct NodeOptions {
  // This server's id. Not given: the one in dataDir/myid.
  std::optional<model::ServerId> sid = std::nullopt;
  // How long a server that has a quorum waits for something better. On a local network 20 ms are enough.
  std::chrono::milliseconds finalize_wait{200};
  // Elections, and nothing else: no quorum port, no epoch, nothing written. Nobody is fenced then.
  bool votes_only = false;
  // A file to append a recording to, for `conclave trace`; none if empty. If it can't be written any more, the
  // recording ends and the node goes on.
  std::string record = {};
  // TLS between the servers: conclave::tls::transport_from_file. Needed where the zoo.cfg has sslQuorum or
  // portUnification; each node has to have one of its own.
  std::shared_ptr<node::Transport> transport = nullptr;
  // Called at each change, in the node's thread; the queries already tell of it. While it runs the node hears and says
  // nothing, so that others take it for lost after some ticks: hand longer work on to another thread. It may call
  // everything of the node except start() and the destructor. An exception ends the node (NodeError::Kind::callback).
  std::function<void(const NodeState&)> on_change = nullptr;
};

// A server in a list of servers.
struct NodeServer {
  model::ServerId id{0};
  std::string host;  // a name or an address, IPv6 without brackets
  std::uint16_t quorum_port = 0;
  std::uint16_t election_port = 0;
  model::LearnerType type = model::LearnerType::participant;
};

// What a zoo.cfg says, for ensembles without one. Every server has to be given the same, but for its data_dir.
struct NodeServers {
  std::vector<NodeServer> servers;
  std::string data_dir;  // of this server alone: the epochs are in data_dir/version-2. Made where there is none
  std::chrono::milliseconds tick_time{2000};  // between pings; whole milliseconds, at least 2
  int init_limit_ticks = 10;                  // for establishing an epoch
  int sync_limit_ticks = 5;                   // without a word, after which the other side is taken for lost
};

struct NodeChange {
  std::uint64_t number = 0;  // 1 for the first since start(); a gap: changes that were forgotten
  NodeState state;
};

// Takes part in the elections of its ensemble between start() and stop(), and in nothing before and after.
//
// Every member function may be called from any thread at any time, but for start(), stop(), moving and the destructor,
// which belong to the owner. Queries take a lock for as long as it takes to copy a few words; none waits for the
// network or the disk.
class Node {
 public:
  // Reads the file that a ZooKeeper server would get. The file is not looked at again.
  [[nodiscard]] static tl::expected<Node, NodeError> from_file(const std::string& zoo_cfg, NodeOptions options = {});
  // REQUIRES: options.sid is given.
  [[nodiscard]] static tl::expected<Node, NodeError> from_servers(const NodeServers& servers, NodeOptions options);

  Node(Node&& other) noexcept;
  Node& operator=(Node&& other) noexcept;  // stops what was there
  ~Node();                                 // stops. REQUIRES: not called from `on_change`

  // Reads the epochs, binds the election port and begins to look for a leader. May be called again after stop() or a
  // failure. REQUIRES: it is not running.
  [[nodiscard]] tl::expected<void, NodeError> start();
  // Leaves the ensemble; when it returns, nothing is called back any more. From `on_change` it only begins to, and
  // the owner has to call it again. Does nothing where nothing runs.
  void stop();

  [[nodiscard]] model::ServerId id() const;
  [[nodiscard]] bool running() const;
  // The latest state; LOOKING where it does not run.
  [[nodiscard]] NodeState state() const;
  // Why it has ended by itself since the last start().
  [[nodiscard]] std::optional<NodeError> failure() const;

  // The epoch under which this server leads, now: established, and a quorum has answered within syncLimit. Nothing
  // where that can't be said for sure, so it may end before state() does, and begin again with the same epoch.
  //
  // At no time do two servers have the same epoch, and a leader that is established later has a larger one. But when
  // the answer is used it is already old. So the resource has to be told the epoch, and to refuse what comes with a
  // lower one than it has seen.
  [[nodiscard]] std::optional<model::PeerEpoch> leading() const;
  // leading() == epoch: does this server still lead under the epoch with which some work was begun?
  [[nodiscard]] bool am_i_leader(model::PeerEpoch epoch) const;

  // The next change that has not been read, the first of which is LOOKING; waits for it for at most `patience`.
  // Nothing: none came, or it does not run. Each change is given once, to whichever thread asks.
  [[nodiscard]] std::optional<NodeChange> next_change(std::chrono::milliseconds patience);

 private:
  struct Inside;
  explicit Node(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

}  // namespace conclave
