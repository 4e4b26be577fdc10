// One long-lived connection to each other server's election port: QuorumCnxManager.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "conclave/model/types.hpp"
#include "conclave/node/seldom.hpp"
#include "conclave/node/transport.hpp"
#include "conclave/wire/frame.hpp"
#include "conclave/wire/handshake.hpp"
#include "conclave/wire/reject.hpp"

namespace conclave::node {

// Bounds on what others can make this process hold. ZooKeeper has none of them.
inline constexpr std::size_t half_open_max = 64;  // accepted, handshake not yet there; beyond, the oldest is closed
inline constexpr std::size_t strangers_max = 32;  // servers that are not in the configuration
inline constexpr std::size_t read_bytes = std::size_t{16} << 10U;

struct PeerAddresses {
  model::ServerId sid{0};
  std::vector<wire::HostPort> election;
};

struct ConnectionSettings {
  model::ServerId own{0};
  std::vector<wire::HostPort> own_addresses;          // bound, and told to others; at least one
  bool listen_on_all_ips = false;                     // quorumListenOnAllIPs
  std::vector<PeerAddresses> peers;                   // the others
  std::chrono::milliseconds connect_timeout{5000};    // zookeeper.cnxTimeout; for each address
  std::chrono::milliseconds handshake_timeout{5000};  // for a whole handshake; nothing else waits for it
  std::shared_ptr<Transport> transport = plain_transport();
};

struct ConnectionCounters {
  std::uint64_t sent = 0;      // notifications
  std::uint64_t received = 0;  // notifications
  std::uint64_t opened = 0;    // connections in use, whoever opened them
  std::array<std::uint64_t, wire::rejects_count> rejected{};
};

// Single-threaded: everything happens in the thread that runs the io_context, and all calls have to come from there.
// Handlers keep the manager alive; stop() ends them.
class ConnectionManager : public std::enable_shared_from_this<ConnectionManager> {
 public:
  struct Callbacks {
    std::function<void(model::ServerId from, wire::ByteView body)> received;  // the body is valid during the call
    std::function<void(model::ServerId sid, bool up)> link;                   // a connection has begun, or ended
    std::function<void(model::ServerId sid)> unreachable;                     // an attempt to connect has failed
  };

  static std::shared_ptr<ConnectionManager> make(boost::asio::io_context& io, ConnectionSettings settings,
                                                 Callbacks callbacks);
  ~ConnectionManager();
  ConnectionManager(const ConnectionManager&) = delete;
  ConnectionManager& operator=(const ConnectionManager&) = delete;

  // Binds the own addresses and accepts from then on. The error says which address and why.
  [[nodiscard]] tl::expected<void, std::string> listen();
  // Closes everything; nothing is called back afterwards.
  void stop();

  // QuorumCnxManager.toSend: into a queue of one, where the newest replaces; connects if there is no connection.
  // What was sent last is sent again over a new connection. REQUIRES: to is not this server.
  void send(model::ServerId to, wire::Bytes body);
  void connect(model::ServerId to);  // connectOne: if there is no connection, and no attempt under way
  void connect_all();                // to whomever something was to be sent
  // Is the queue to at least one server empty (haveDelivered)? False where nothing was ever sent.
  [[nodiscard]] bool have_delivered() const;
  [[nodiscard]] bool connected(model::ServerId to) const;
  [[nodiscard]] const ConnectionCounters& counters() const { return counters_; }

 private:
  using Socket = boost::asio::ip::tcp::socket;
  struct HalfOpen;
  struct Link;
  struct Attempt;
  struct Peer {
    std::vector<wire::HostPort> addresses;
    bool configured = false;
    bool connecting = false;
    bool addressed = false;  // something was to be sent
    std::shared_ptr<Link> link;
    std::optional<wire::Bytes> slot;
    std::optional<wire::Bytes> last;
    std::uint64_t met = 0;  // counts those that are in no configuration
    // A connection that is there stays until then, whoever calls in its server's name.
    std::chrono::steady_clock::time_point stays_until{};
    std::chrono::milliseconds stays{0};
  };

  ConnectionManager(boost::asio::io_context& io, ConnectionSettings settings, Callbacks callbacks);
  void accept_next(std::size_t acceptor);
  void begin_handshake(Socket socket);
  void shaken(const std::shared_ptr<HalfOpen>& half, const HandshakeOutcome& outcome);
  void read_handshake(const std::shared_ptr<HalfOpen>& half);
  void greeted(const std::shared_ptr<HalfOpen>& half, wire::ByteView rest);
  bool may_give_way(model::ServerId sid);
  void forget(const std::shared_ptr<HalfOpen>& half);
  void reject(wire::Reject why);
  Peer* peer_of(model::ServerId sid);
  void install(model::ServerId sid, std::shared_ptr<Connection> connection, wire::ByteView rest);
  void read(const std::shared_ptr<Link>& link);
  bool take(const std::shared_ptr<Link>& link, wire::ByteView bytes);
  void pump(Peer& peer);
  void drop(const std::shared_ptr<Link>& link);
  void connect_to(model::ServerId sid, const std::optional<wire::HostPort>& claimed);
  void try_next(const std::shared_ptr<Attempt>& attempt);
  void refused(const std::shared_ptr<Attempt>& attempt, const std::string& why);
  void connect_at(const std::shared_ptr<Attempt>& attempt,
                  const boost::asio::ip::tcp::resolver::results_type& endpoints);
  void connected_to(const std::shared_ptr<Attempt>& attempt);
  void introduce(const std::shared_ptr<Attempt>& attempt);
  void failed(const std::shared_ptr<Attempt>& attempt);
  void end(const std::shared_ptr<Attempt>& attempt);

  boost::asio::io_context& io_;
  ConnectionSettings settings_;
  Callbacks callbacks_;
  std::vector<boost::asio::ip::tcp::acceptor> acceptors_;
  std::list<std::shared_ptr<HalfOpen>> half_open_;
  std::list<std::shared_ptr<Attempt>> attempts_;
  std::map<model::ServerId, Peer> peers_;
  std::uint64_t met_ = 0;
  std::int64_t next_observer_ = -1;
  Seldom seldom_;  // lines that anybody can provoke
  bool stopped_ = false;
  ConnectionCounters counters_;
};

}  // namespace conclave::node
