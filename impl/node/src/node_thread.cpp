// conclave::Node: the single-threaded node in a thread of its own, and what other threads may ask of it.
#include <fmt/format.h>
#include <pthread.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/node.hpp"
#include "conclave/node/epoch_files.hpp"
#include "conclave/node/folder_lock.hpp"
#include "conclave/node/lease.hpp"
#include "conclave/node/node.hpp"
#include "conclave/node/storage.hpp"
#include "conclave/record/recorder.hpp"
#include "log.hpp"

namespace conclave {
namespace {

tl::unexpected<NodeError> refused(NodeError::Kind kind, std::string message) {
  return tl::unexpected(NodeError{kind, std::move(message)});
}

// Another program's handlers of signals are meant for its own threads.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

class CallbackFailed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

std::optional<std::string> wrong_in(const NodeServers& servers) {
  if (servers.tick_time.count() < 2 || servers.tick_time > std::chrono::hours(1)) {
    return fmt::format("tick_time: found {} ms; expected 2 ms to an hour", servers.tick_time.count());
  }
  for (const NodeServer& server : servers.servers) {
    const auto is_wrong = [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == '[' || c == ']'; };
    if (!server.host.empty() && std::none_of(server.host.begin(), server.host.end(), is_wrong)) continue;
    return fmt::format("server {}: found host '{}'; expected a name or an address", server.id.value, server.host);
  }
  return std::nullopt;
}

// Through the text of a zoo.cfg, so that there is one reader, with one opinion of what is right.
std::string zoo_cfg_of(const NodeServers& servers) {
  std::string text = fmt::format("tickTime={}\ninitLimit={}\nsyncLimit={}\n", servers.tick_time.count(),
                                 servers.init_limit_ticks, servers.sync_limit_ticks);
  for (const NodeServer& server : servers.servers) {
    const bool ipv6 = server.host.find(':') != std::string::npos;
    text += fmt::format("server.{}={}{}{}:{}:{}{}\n", server.id.value, ipv6 ? "[" : "", server.host, ipv6 ? "]" : "",
                        server.quorum_port, server.election_port,
                        server.type == model::LearnerType::observer ? ":observer" : "");
  }
  return text;
}

}  // namespace

struct Node::Inside {
  config::ZooCfg cfg;
  NodeOptions options;
  model::ServerId sid{0};
  node::LeaseBoard lease;

  // Between start() and stop(); the owner's.
  std::unique_ptr<boost::asio::io_context> io;
  std::optional<node::FolderLock> lock;
  std::optional<node::DiskEpochFiles> files;
  std::unique_ptr<record::Recorder> recorder;
  std::shared_ptr<node::Node> core;
  std::thread thread;

  // Everybody's.
  mutable std::mutex mutex;
  std::condition_variable changed;
  bool running = false;
  bool stopping = false;
  NodeState state;
  std::optional<NodeError> failure;
  std::uint64_t changes = 0;  // since start()
  std::deque<NodeChange> unread;

  tl::expected<void, NodeError> start();
  void stop();
  void run(std::promise<tl::expected<void, NodeError>> started);
  void tell(const NodeState& now);
  void record(const NodeState& now);
  void fail(NodeError::Kind kind, const std::string& why);
};

// --- making one -----------------------------------------------------------------------------------------------------

Node::Node(std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Node::Node(Node&& other) noexcept = default;
Node& Node::operator=(Node&& other) noexcept {
  if (this != &other) {
    if (inside_) inside_->stop();
    inside_ = std::move(other.inside_);
  }
  return *this;
}
Node::~Node() {
  if (inside_) inside_->stop();
}

namespace {

tl::expected<model::ServerId, NodeError> sid_of(const config::ZooCfg& cfg, const NodeOptions& options) {
  using Kind = NodeError::Kind;
  model::ServerId sid = options.sid.value_or(model::ServerId{0});
  if (!options.sid) {
    if (!cfg.data_dir) {
      return refused(Kind::configuration, cfg.file + ": found no dataDir; expected one with myid, or an id");
    }
    const auto myid = node::read_myid(*cfg.data_dir);
    if (!myid) return refused(Kind::data_dir, myid.error());
    sid = *myid;
  }
  if (cfg.configuration.find(sid) == nullptr) {
    return refused(Kind::configuration,
                   fmt::format("{}: found no server.{}; expected this server among the others", cfg.file, sid.value));
  }
  if (!options.votes_only && !cfg.data_dir) {
    return refused(Kind::configuration, cfg.file + ": found no dataDir; expected one for the epochs, or votes_only");
  }
  if (cfg.quorum_sasl) return refused(Kind::configuration, node::sasl_refused(cfg));
  if (cfg.wants_tls() && !options.transport) {
    return refused(Kind::configuration,
                   cfg.file + ": found TLS between servers; expected a transport (conclave::tls)");
  }
  if (options.finalize_wait.count() < 1 || options.finalize_wait > std::chrono::minutes(1)) {
    return refused(Kind::configuration,
                   fmt::format("finalize_wait: found {} ms; expected 1 to 60000", options.finalize_wait.count()));
  }
  return sid;
}

}  // namespace

tl::expected<Node, NodeError> Node::from_file(const std::string& zoo_cfg, NodeOptions options) {
  auto cfg = config::read_zoo_cfg(zoo_cfg);
  if (!cfg) return refused(NodeError::Kind::configuration, cfg.error().message());
  const auto sid = sid_of(*cfg, options);
  if (!sid) return tl::unexpected(sid.error());
  auto inside = std::make_unique<Inside>();
  inside->cfg = std::move(*cfg);
  inside->options = std::move(options);
  inside->sid = *sid;
  return Node(std::move(inside));
}

tl::expected<Node, NodeError> Node::from_servers(const NodeServers& servers, NodeOptions options) {
  const char* const name = "list of servers";
  if (const auto wrong = wrong_in(servers)) return refused(NodeError::Kind::configuration, *wrong);
  auto cfg = config::parse_zoo_cfg(zoo_cfg_of(servers), name, {});
  if (!cfg) return refused(NodeError::Kind::configuration, cfg.error().message());
  // Beside the text: a path may hold what a line of it can't.
  if (!servers.data_dir.empty()) cfg->data_dir = servers.data_dir;
  if (!options.sid) return refused(NodeError::Kind::configuration, "sid: found none; expected this server's id");
  const auto sid = sid_of(*cfg, options);
  if (!sid) return tl::unexpected(sid.error());
  auto inside = std::make_unique<Inside>();
  inside->cfg = std::move(*cfg);
  inside->options = std::move(options);
  inside->sid = *sid;
  return Node(std::move(inside));
}

// --- running --------------------------------------------------------------------------------------------------------

tl::expected<void, NodeError> Node::Inside::start() {
  stop();  // the thread of one that has failed
  node::NodeSettings settings;
  settings.sid = sid;
  settings.cfg = cfg;
  settings.finalize_wait_ms = static_cast<int>(options.finalize_wait.count());
  settings.lease = &lease;
  settings.transport = options.transport;
  if (!options.votes_only) {
    const auto durable = node::read_durable(cfg);
    if (!durable) return refused(NodeError::Kind::data_dir, durable.error());
    settings.durable = *durable;
    lock.reset();
    auto taken = node::FolderLock::take(*cfg.data_dir);
    if (!taken) return refused(NodeError::Kind::data_dir, taken.error());
    lock = std::move(*taken);
    try {
      files.emplace(*cfg.data_dir);
    } catch (const node::WriteFailed& failed) {
      return refused(NodeError::Kind::data_dir, failed.what());
    }
    settings.files = &*files;
  }
  if (!options.record.empty()) {
    auto opened =
        record::Recorder::open(options.record, [](const std::string& sentence) { node::log::error("{}", sentence); });
    if (!opened) return refused(NodeError::Kind::recording, opened.error());
    recorder = std::move(*opened);
    settings.recorder = recorder.get();
  }
  {
    const std::lock_guard lock(mutex);
    running = true;
    stopping = false;
    state = NodeState{};
    failure.reset();
    changes = 0;
    unread.clear();
  }
  lease.open();
  io = std::make_unique<boost::asio::io_context>(1);
  core = node::Node::make(*io, std::move(settings), [this](const NodeState& now) { tell(now); });
  std::promise<tl::expected<void, NodeError>> promise;
  auto started = promise.get_future();
  {
    const SignalsBlocked blocked;
    thread = std::thread([this, begun = std::move(promise)]() mutable { run(std::move(begun)); });
  }
  auto result = started.get();
  if (!result) stop();
  return result;
}

// The node's thread.
void Node::Inside::run(std::promise<tl::expected<void, NodeError>> started) {
  bool told = false;
  try {
    tell(core->state());
    const auto bound = core->start();
    if (!bound) return started.set_value(refused(NodeError::Kind::address, bound.error()));
    started.set_value({});
    told = true;
    // Until stop(): there is always something that the node waits for.
    const auto work = boost::asio::make_work_guard(*io);
    io->run();
  } catch (const node::WriteFailed& failed) {
    fail(NodeError::Kind::write, failed.what());
  } catch (const CallbackFailed& thrown) {
    fail(NodeError::Kind::callback, thrown.what());
  } catch (const std::exception& thrown) {
    fail(NodeError::Kind::internal, thrown.what());
  }
  if (!told) {
    const std::lock_guard lock(mutex);
    started.set_value(tl::unexpected(failure.value_or(NodeError{})));
  }
}

void Node::Inside::fail(NodeError::Kind kind, const std::string& why) {
  lease.close();
  core->stop();
  lock.reset();  // it writes nothing any more; the owner looks at it only once this thread has ended
  {
    const std::lock_guard lock(mutex);
    failure = NodeError{kind, why};
    running = false;
    record(NodeState{});
  }
  changed.notify_all();
  // Whoever has thrown is not called again.
  if (kind == NodeError::Kind::callback || !options.on_change) return;
  try {
    options.on_change(NodeState{});
  } catch (...) {
    return;  // it ends here in any case
  }
}

void Node::Inside::stop() {
  lease.close();
  {
    const std::lock_guard lock(mutex);
    running = false;
    stopping = true;
    state = NodeState{};
  }
  changed.notify_all();
  if (!thread.joinable()) return;
  boost::asio::post(*io, [this] {
    core->stop();
    io->stop();
  });
  if (thread.get_id() == std::this_thread::get_id()) return;
  thread.join();
  core.reset();
  io.reset();
  files.reset();
  lock.reset();
  recorder.reset();
}

void Node::Inside::tell(const NodeState& now) {
  {
    const std::lock_guard lock(mutex);
    if (stopping) return;
    record(now);
  }
  changed.notify_one();
  if (!options.on_change) return;
  try {
    options.on_change(now);
  } catch (const std::exception& thrown) {
    throw CallbackFailed(std::string("on_change: ") + thrown.what());
  } catch (...) {
    throw CallbackFailed("on_change has thrown what is no std::exception");
  }
}

// REQUIRES: the mutex is held.
void Node::Inside::record(const NodeState& now) {
  state = now;
  unread.push_back(NodeChange{++changes, now});
  if (unread.size() > changes_max) unread.pop_front();
}

// --- asking ---------------------------------------------------------------------------------------------------------

tl::expected<void, NodeError> Node::start() { return inside_->start(); }
void Node::stop() { inside_->stop(); }
model::ServerId Node::id() const { return inside_->sid; }

bool Node::running() const {
  const std::lock_guard lock(inside_->mutex);
  return inside_->running;
}

NodeState Node::state() const {
  const std::lock_guard lock(inside_->mutex);
  return inside_->state;
}

std::optional<NodeError> Node::failure() const {
  const std::lock_guard lock(inside_->mutex);
  return inside_->failure;
}

std::optional<model::PeerEpoch> Node::leading() const { return inside_->lease.held(node::LeaseClock::now()); }
bool Node::am_i_leader(model::PeerEpoch epoch) const { return leading() == epoch; }

std::optional<NodeChange> Node::next_change(std::chrono::milliseconds patience) {
  std::unique_lock lock(inside_->mutex);
  inside_->changed.wait_for(lock, patience, [this] { return !inside_->unread.empty() || !inside_->running; });
  if (inside_->unread.empty()) return std::nullopt;
  NodeChange change = inside_->unread.front();
  inside_->unread.pop_front();
  return change;
}

}  // namespace conclave
