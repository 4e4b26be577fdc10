// Three nodes of one ensemble, and strangers who do what they can to keep them from electing.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "conclave/wire/frame.hpp"
#include "conclave/wire/notification.hpp"
#include "conclave/wire/quorum.hpp"
#include "ensemble.hpp"

namespace conclave::node {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using model::ServerId;

class Attacked : public Ensemble {
 protected:
  Attacked() { configure(3); }

  tcp::socket connect(std::uint16_t port) {
    tcp::socket socket(io_);
    socket.connect(tcp::endpoint(asio::ip::address_v4::loopback(), port));
    return socket;
  }
  // False: the other end is gone.
  static bool say(tcp::socket& socket, const wire::Bytes& bytes) {
    error_code error;
    asio::write(socket, asio::buffer(bytes.data(), bytes.size()), error);
    return !error;
  }
  // To a node's election port, as server `as`.
  tcp::socket call(int sid, std::int64_t as, const wire::HostPort& address) {
    tcp::socket socket = connect(servers_.at(sid).election_port);
    say(socket, encode(wire::Handshake{ServerId{as}, {address}}));
    return socket;
  }
  // Calls a node as server `as`, again and again, each time once it has hung up. False: it has not become so in time.
  bool calls_until(int sid, std::int64_t as, const wire::HostPort& address, const std::function<bool()>& so) {
    std::optional<tcp::socket> caller;
    struct Answer {
      std::array<char, 1> byte{};
      bool over = true;
    };
    const auto answer = std::make_shared<Answer>();  // the last one may come later
    return until([&] {
      if (so()) return true;
      if (!answer->over) return false;
      answer->over = false;
      caller.emplace(call(sid, as, address));
      caller->async_read_some(asio::buffer(answer->byte), [answer](error_code, std::size_t) { answer->over = true; });
      return false;
    });
  }
  static wire::Bytes vote(std::int64_t from, const std::string& config) {
    const model::Proposal proposal{model::PeerEpoch{0}, model::Zxid{0}, ServerId{from}};
    const model::Notification said{ServerId{from}, {proposal, model::Round{1}, 2, model::ServerState::looking}};
    return wire::encode_frame(wire::encode_notification(said, config));
  }
};

// Each of them restarts an election in ZooKeeper, as often as it comes.
TEST_F(Attacked, NewerConfigurationsDoNotGoOnRestartingAnElection) {
  std::array<std::string, 8> configs;
  for (std::size_t i = 0; i < configs.size(); ++i) {
    configs[i] = "server.9=127.0.0.1:1:2:participant\nversion=" + std::to_string(i + 1);
  }
  std::vector<tcp::socket> strangers;
  for (int sid = 1; sid <= 3; ++sid) {
    start(sid);
    strangers.push_back(call(sid, 9, {"127.0.0.1", 1}));
  }
  std::size_t told = 0;
  EXPECT_TRUE(until([&] {
    if (established() != 0) return true;
    for (tcp::socket& stranger : strangers) say(stranger, vote(9, configs[told % configs.size()]));
    ++told;
    return false;
  }));
  EXPECT_GT(told, configs.size());
}

// An address that accepts nothing and refuses nothing.
class BlackHole {
 public:
  explicit BlackHole(asio::io_context& io) : acceptor_(io), waiting_(io) {
    acceptor_.open(tcp::v4());
    acceptor_.bind({asio::ip::address_v4::loopback(), 0});
    acceptor_.listen(0);
    waiting_.connect(acceptor_.local_endpoint());  // there is room for one
  }
  [[nodiscard]] wire::HostPort address() const { return {"127.0.0.1", acceptor_.local_endpoint().port()}; }

 private:
  tcp::acceptor acceptor_;
  tcp::socket waiting_;
};

// Server 3 is the one who connects to 1. While it tries where a stranger says that 1 is, server 1 itself starts.
TEST_F(Attacked, AClaimedAddressKeepsNobodyFromTheServerItself) {
  BlackHole nowhere(io_);
  start(3);
  std::vector<tcp::socket> strangers;
  for (int again = 0; again < 3; ++again) strangers.push_back(call(3, 1, nowhere.address()));
  // Each of them has been read: node 3 hangs up.
  for (tcp::socket& stranger : strangers) {
    char byte = 0;
    error_code ended;
    bool over = false;
    stranger.async_read_some(asio::buffer(&byte, 1), [&](error_code error, std::size_t) {
      ended = error;
      over = true;
    });
    ASSERT_TRUE(until([&] { return over; }));
    EXPECT_TRUE(ended);
  }
  start(1);
  ASSERT_GE(ConnectionSettings{}.connect_timeout, std::chrono::seconds{5});
  // Before the attempt at the claimed address ends by itself.
  EXPECT_TRUE(until([this] { return established() == 3; }, std::chrono::seconds{4}));
}

// Whoever says that it is server 1 does not get what server 1 is sent, as long as that one runs.
TEST_F(Attacked, AClaimedAddressIsNotTakenForTheServer) {
  for (int sid = 1; sid <= 3; ++sid) start(sid);
  ASSERT_TRUE(until([this] { return established() == 3; }));
  tcp::acceptor forger(io_, {asio::ip::address_v4::loopback(), 0});
  bool called = false;
  tcp::socket caller(io_);
  forger.async_accept(caller, [&](error_code error) {
    if (!error) called = true;
  });
  const std::uint64_t opened = node(3).counters().opened;
  // Node 3 calls server 1 again, at its own address; if it has done so a moment ago, not at the first call.
  ASSERT_TRUE(calls_until(3, 1, {"127.0.0.1", forger.local_endpoint().port()},
                          [&] { return node(3).counters().opened > opened; }));
  EXPECT_FALSE(called);
  EXPECT_EQ(established(), 3);
}

// Each such call makes node 2 call server 1, and both say their last vote again; who waits for something better would
// wait anew, for ever.
TEST_F(Attacked, CallsInAVotersNameKeepNobodyFromElecting) {
  for (int sid = 1; sid <= 3; ++sid) start(sid);
  ASSERT_TRUE(until([this] { return established() == 3; }));
  kill(3);
  EXPECT_TRUE(calls_until(2, 1, {"127.0.0.1", 1}, [this] { return established() == 2; }));
}

TEST_F(Attacked, StrangersWhoStayKeepNobodyFromAsking) {
  start(1);
  std::vector<tcp::socket> strangers;
  for (std::size_t i = 0; i <= strangers_max; ++i) {
    strangers.push_back(call(1, static_cast<std::int64_t>(1000 + i), {"127.0.0.1", 1}));
    ASSERT_TRUE(until([&] { return node(1).counters().opened == i + 1; }));
  }
  ASSERT_TRUE(say(strangers.back(), vote(static_cast<std::int64_t>(1000 + strangers_max), "")));
  std::array<std::byte, 64> answer{};
  bool answered = false;
  strangers.back().async_read_some(asio::buffer(answer),
                                   [&](error_code error, std::size_t count) { answered = !error && count > 0; });
  EXPECT_TRUE(until([&] { return answered; }));
}

// Then the one who had it comes back, and the one who has stolen it gets nowhere: it does not know what to answer.
TEST_F(Attacked, AStolenLearnersIdComesBackToItsOwner) {
  for (int sid = 1; sid <= 3; ++sid) start(sid);
  ASSERT_TRUE(until([this] { return established() == 3; }));
  const model::FollowerInfo info{model::PeerEpoch{1}, model::LearnerType::participant, model::ConfigVersion{0}};
  for (int again = 0; again < 5; ++again) {
    for (const int sid : {1, 2}) {
      const int leader = established();
      ASSERT_NE(leader, 0);
      if (sid == leader) continue;
      tcp::socket thief = connect(servers_.at(leader).quorum_port);
      ASSERT_TRUE(say(thief, wire::encode_packet(info, ServerId{sid}, "")));
      ASSERT_TRUE(until([&] { return established() == 0; })) << "nothing was stolen";
      ASSERT_TRUE(until([&] { return established() != 0; }));
    }
  }
}

TEST_F(Attacked, NoSocketIsLeftToAProgramThatTheProcessStarts) {
  const auto sockets = [] {
    std::set<int> found;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
      std::error_code gone;
      const std::string what = std::filesystem::read_symlink(entry.path(), gone).string();
      if (what.starts_with("socket:")) found.insert(std::stoi(entry.path().filename()));
    }
    return found;
  };
  const std::set<int> before = sockets();
  for (int sid = 1; sid <= 3; ++sid) start(sid);
  ASSERT_TRUE(until([this] { return established() == 3; }));
  // One that is about to connect is not told until it has.
  std::size_t kept = 0;
  std::size_t left = 0;
  EXPECT_TRUE(until([&] {
    kept = left = 0;
    for (const int descriptor : sockets()) {
      if (before.contains(descriptor)) continue;
      const bool closes = (::fcntl(descriptor, F_GETFD) & FD_CLOEXEC) != 0;
      ++(closes ? kept : left);
    }
    // Election ports, the leader's quorum port, both ends of three connections and of two.
    return left == 0 && kept >= 3U + 1U + 6U + 4U;
  })) << left
      << " are left, " << kept << " are not";
}

}  // namespace
}  // namespace conclave::node
