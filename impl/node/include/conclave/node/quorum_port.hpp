// The connections between a leader and its learners, around model::epoch_step.
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
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "conclave/model/epoch.hpp"
#include "conclave/node/epoch_files.hpp"
#include "conclave/node/seldom.hpp"
#include "conclave/node/transport.hpp"
#include "conclave/wire/handshake.hpp"
#include "conclave/wire/quorum.hpp"

namespace conclave::node {

class LeaderCall;
class LearnerListener;

inline constexpr std::size_t learners_max = 128;          // connections to a leader
inline constexpr std::size_t unsent_bytes_max = 1 << 20;  // to one that does not read; then it is sent away

struct QuorumSettings {
  model::ServerId own{0};
  std::map<model::ServerId, std::vector<wire::HostPort>> addresses;  // of all servers, the own one included
  bool listen_on_all_ips = false;
  std::chrono::milliseconds tick_time{3000};
  std::chrono::milliseconds init_limit{30000};
  std::chrono::milliseconds sync_limit{15000};
  std::shared_ptr<Transport> transport = plain_transport();
};

// How far a learner may be ahead of its leader: a million elections. Whoever says more is no server of the ensemble and
// would use up the epochs, of which there are 2^31.
inline constexpr std::int64_t epochs_ahead_max = 1 << 20;

struct QuorumCounters {
  std::uint64_t sent = 0;      // packets
  std::uint64_t received = 0;  // packets
  std::uint64_t opened = 0;    // connections, whoever opened them
  std::array<std::uint64_t, wire::quorum_rejects_count> rejected{};
};

// Plays one role at a time: leader or learner. No data goes over it. A learner takes the leader's history as read. What
// a leader does with learners that have one is the model's to say where it keeps none itself; where its own is empty,
// it sends them away.
//
// Single-threaded: calls have to come from the thread that runs the io_context. Writes of epochs block it, because
// nothing may be said before they are done; they throw WriteFailed out of the io_context's run().
class QuorumPort : public std::enable_shared_from_this<QuorumPort> {
 public:
  struct Callbacks {
    std::function<void(model::ServerId leader, model::PeerEpoch epoch)> established;
    std::function<void(const std::string& why)> over;  // the role; everything of it is closed
    // Each step of the model, before its effects happen.
    std::function<void(const model::EpochEvent& event, const model::EpochTransition& made)> stepped;
  };

  // The ensemble and the files must outlive the port.
  static std::shared_ptr<QuorumPort> make(boost::asio::io_context& io, const model::Ensemble& ensemble,
                                          QuorumSettings settings, EpochFiles& files, Callbacks callbacks);
  ~QuorumPort();
  QuorumPort(const QuorumPort&) = delete;
  QuorumPort& operator=(const QuorumPort&) = delete;

  // Whether lead() could listen now; otherwise why not. Looks the own name up, and waits for that.
  [[nodiscard]] tl::expected<void, std::string> can_listen() const;
  // REQUIRES: no role. `config_text` goes to learners with NEWLEADER.
  void lead(const model::EpochPeer& peer, std::string config_text);
  void follow(const model::EpochPeer& peer, const model::Follow& elected);
  // Ends the role, if there is one, without a callback.
  void stop();
  [[nodiscard]] const model::EpochPeer& peer() const { return peer_; }
  [[nodiscard]] const QuorumCounters& counters() const { return counters_; }
  // Why the last role was over; nothing while one is played, and after stop().
  [[nodiscard]] std::optional<model::EndReason> end_reason() const { return end_reason_; }

 private:
  using Socket = boost::asio::ip::tcp::socket;
  struct Link;

  QuorumPort(boost::asio::io_context& io, const model::Ensemble& ensemble, QuorumSettings settings, EpochFiles& files,
             Callbacks callbacks);
  void take(const model::EpochEvent& event);
  bool apply(const model::EpochEffect& effect);
  void end(model::EndReason why);
  void listen();
  void accepted(Socket socket);
  void make_room();
  void connect(const model::FollowerInfo& info);
  void begin(const std::shared_ptr<Link>& link);
  void read(const std::shared_ptr<Link>& link);
  bool heard(const std::shared_ptr<Link>& link, const wire::QuorumPacket& packet);
  void hand_on(const std::shared_ptr<Link>& link, model::Packet packet);
  void send_away(const std::shared_ptr<Link>& link);
  void watch(const std::shared_ptr<Link>& link);
  void send(const std::shared_ptr<Link>& link, const model::Packet& packet);
  void pump(const std::shared_ptr<Link>& link);
  void reject(const std::shared_ptr<Link>& link, wire::QuorumReject why);
  void reject_later(const std::shared_ptr<Link>& link, wire::QuorumReject why);
  void lose(const std::shared_ptr<Link>& link);
  void close(const std::shared_ptr<Link>& link);
  std::shared_ptr<Link> link_of(model::ServerId sid);
  void arm_limit(std::chrono::milliseconds limit);
  void arm_tick();

  boost::asio::io_context& io_;
  const model::Ensemble& ensemble_;
  QuorumSettings settings_;
  EpochFiles& files_;
  Callbacks callbacks_;
  model::EpochPeer peer_;
  std::string config_text_;
  model::ServerId leader_{0};
  std::shared_ptr<LeaderCall> call_;
  std::optional<model::EndReason> end_reason_;
  Seldom seldom_;           // lines that anybody can provoke
  std::uint64_t role_ = 0;  // counts; handlers of an earlier role do nothing
  std::shared_ptr<LearnerListener> listener_;
  std::list<std::shared_ptr<Link>> links_;
  QuorumCounters counters_;
  boost::asio::steady_timer limit_;
  boost::asio::steady_timer tick_;
};

}  // namespace conclave::node
