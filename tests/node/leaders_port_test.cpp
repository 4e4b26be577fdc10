// A leader's quorum port alone, and whoever connects to it: by hand, packet by packet. No limit of time ends in a test,
// so what happens has another reason.
#include "conclave/node/quorum_port.hpp"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/write.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ports.hpp"
#include "run_until.hpp"

namespace conclave::node {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using model::PeerEpoch;
using model::ServerId;
using model::Zxid;
using namespace std::chrono_literals;

struct NoDisk : EpochFiles {
  void write_accepted(PeerEpoch) override {}
  void write_current(PeerEpoch) override {}
};

// Server 3 of three, whose history is empty, leads; nobody follows yet.
class LeadersPort : public testing::Test {
 protected:
  LeadersPort() {
    spdlog::set_level(spdlog::level::off);
    const std::array voters{ServerId{1}, ServerId{2}, ServerId{3}};
    ensemble_ = model::single_configuration(model::Configuration::majority(voters));
    QuorumSettings settings;
    settings.own = ServerId{3};
    for (const ServerId voter : voters) settings.addresses[voter] = {{"127.0.0.1", free_port()}};
    address_ = {asio::ip::address_v4::loopback(), settings.addresses[settings.own].front().port};
    settings.tick_time = settings.init_limit = settings.sync_limit = 10min;
    settings_ = settings;
    lead_again({}, 10min);
  }
  void lead_again(const model::Durable& durable, std::chrono::milliseconds tick) {
    if (port_) port_->stop();
    settings_.tick_time = tick;
    QuorumPort::Callbacks callbacks;
    callbacks.established = [](ServerId, PeerEpoch) {};
    callbacks.over = [this](const std::string&) { over_ = true; };
    port_ = QuorumPort::make(io_, ensemble_, settings_, files_, callbacks);
    port_->lead(model::make_epoch_peer(ensemble_, settings_.own, durable), "");
  }
  ~LeadersPort() override {
    port_->stop();
    io_.restart();
    io_.poll();
  }

  tcp::socket stranger() {
    tcp::socket socket(io_);
    socket.connect(address_);
    return socket;
  }
  static void say(tcp::socket& socket, std::int64_t sid, const model::Packet& packet) {
    const wire::Bytes bytes = wire::encode_packet(packet, ServerId{sid}, "");
    asio::write(socket, asio::buffer(bytes.data(), bytes.size()));
  }
  static void register_as(tcp::socket& socket, std::int64_t sid) {
    say(socket, sid, model::FollowerInfo{PeerEpoch{0}, model::LearnerType::participant, model::ConfigVersion{0}});
  }

  // Nothing: the leader does not know it.
  [[nodiscard]] std::optional<model::LearnerPhase> phase_of(std::int64_t sid) const {
    for (const model::LearnerLink& link : port_->peer().leading.learners) {
      if (link.sid == ServerId{sid}) return link.phase;
    }
    return std::nullopt;
  }
  [[nodiscard]] std::uint64_t rejected(wire::QuorumReject why) const {
    return port_->counters().rejected[static_cast<std::size_t>(why)];
  }
  bool until(const std::function<bool()>& so) { return run_until(io_, so, 20s); }

  asio::io_context io_;
  NoDisk files_;
  QuorumSettings settings_;
  model::Ensemble ensemble_;
  tcp::endpoint address_;
  std::shared_ptr<QuorumPort> port_;
  bool over_ = false;
};

// Else the leader would count it for its quorum, though it is gone. Server 2 is there, so that nobody asks any more how
// recent server 1 is: it can't be given what it would need.
TEST_F(LeadersPort, ForgetsALearnerThatItSendsAwayForItsData) {
  tcp::socket empty = stranger();
  register_as(empty, 2);
  ASSERT_TRUE(until([this] { return phase_of(2) == model::LearnerPhase::told_epoch; }));
  say(empty, 2, model::AckEpoch{PeerEpoch{0}, Zxid{0}});
  ASSERT_TRUE(until([this] { return phase_of(2) == model::LearnerPhase::told_new_leader; }));
  tcp::socket full = stranger();
  register_as(full, 1);
  ASSERT_TRUE(until([this] { return phase_of(1) == model::LearnerPhase::told_epoch; }));
  say(full, 1, model::AckEpoch{PeerEpoch{0}, Zxid{7}});
  ASSERT_TRUE(until([this] { return rejected(wire::QuorumReject::has_data) == 1; }));
  EXPECT_FALSE(phase_of(1));
  EXPECT_TRUE(phase_of(2));
}

// One stranger would else use up all epochs.
TEST_F(LeadersPort, DoesNotFollowALearnerFarBeyondItsOwnEpoch) {
  const auto register_with = [](tcp::socket& socket, std::int64_t epoch) {
    say(socket, 2, model::FollowerInfo{PeerEpoch{epoch}, model::LearnerType::participant, model::ConfigVersion{0}});
  };
  for (const std::int64_t epoch : {std::int64_t{-1}, epochs_ahead_max + 1, std::int64_t{0x7fffffff}}) {
    const std::uint64_t before = rejected(wire::QuorumReject::far_epoch);
    tcp::socket far = stranger();
    register_with(far, epoch);
    ASSERT_TRUE(until([&] { return rejected(wire::QuorumReject::far_epoch) == before + 1; })) << epoch;
    EXPECT_FALSE(phase_of(2));
  }
  tcp::socket voter = stranger();
  register_with(voter, epochs_ahead_max);
  ASSERT_TRUE(until([this] { return phase_of(2) == model::LearnerPhase::told_epoch; }));
  EXPECT_EQ(port_->peer().leading.epoch, PeerEpoch{epochs_ahead_max + 1});
}

// Whoever follows finds nobody, so there is nothing to wait for; with the port free the next try leads.
TEST_F(LeadersPort, GivesUpAtOnceWhereItsPortIsTaken) {
  const auto leader = model::make_epoch_peer(ensemble_, ServerId{3}, {});
  port_->stop();
  EXPECT_TRUE(port_->can_listen());
  {
    const tcp::acceptor somebody(io_, address_);
    const auto free = port_->can_listen();
    ASSERT_FALSE(free);
    EXPECT_NE(free.error().find(std::to_string(address_.port())), std::string::npos) << free.error();
    port_->lead(leader, "");
    EXPECT_FALSE(over_);  // not from within the call
    ASSERT_TRUE(until([this] { return over_; }));
  }
  over_ = false;
  port_->lead(leader, "");
  tcp::socket voter = stranger();
  register_as(voter, 1);
  EXPECT_TRUE(until([this] { return phase_of(1).has_value(); }));
  EXPECT_FALSE(over_);
}

// A follower of ZooKeeper's would come back at once, dozens of times a second.
TEST_F(LeadersPort, TakesATickToSendAwayWhomItCanGiveNothing) {
  model::Durable witness{PeerEpoch{5}, PeerEpoch{5}, model::no_history};
  lead_again(witness, 300ms);
  tcp::socket old = stranger();
  register_as(old, 1);
  ASSERT_TRUE(until([this] { return phase_of(1).has_value(); }));
  tcp::socket other = stranger();
  register_as(other, 2);
  ASSERT_TRUE(until([this] { return phase_of(1) == model::LearnerPhase::told_epoch; }));
  const auto asked = std::chrono::steady_clock::now();
  say(old, 1, model::AckEpoch{PeerEpoch{0}, Zxid{0}});  // of an older epoch than server 3 vouches for
  ASSERT_TRUE(until([this] { return !phase_of(1); }));
  bool ended = false;
  std::array<char, 256> rest{};
  const std::function<void()> read = [&] {
    old.async_read_some(asio::buffer(rest), [&](boost::system::error_code error, std::size_t) {
      ended = static_cast<bool>(error);
      if (!ended) read();
    });
  };
  read();
  ASSERT_TRUE(until([&] { return ended; }));
  EXPECT_GE(std::chrono::steady_clock::now() - asked, 300ms);
  EXPECT_TRUE(phase_of(2));
  EXPECT_FALSE(over_);
}

TEST_F(LeadersPort, HasRoomForAVoterAmongIdleConnections) {
  std::vector<tcp::socket> idle;
  for (std::size_t i = 0; i < learners_max; ++i) idle.push_back(stranger());
  ASSERT_TRUE(until([&] { return port_->counters().opened == idle.size(); }));
  tcp::socket voter = stranger();
  register_as(voter, 1);
  EXPECT_TRUE(until([this] { return phase_of(1).has_value(); }));
  EXPECT_EQ(rejected(wire::QuorumReject::learner_limit), 1U);
}

// They have said who they are, and are nobody of the ensemble.
TEST_F(LeadersPort, HasRoomForAVoterAmongStrangers) {
  std::vector<tcp::socket> strangers;
  for (std::size_t i = 0; i < learners_max; ++i) {
    strangers.push_back(stranger());
    register_as(strangers.back(), static_cast<std::int64_t>(100 + i));
    ASSERT_TRUE(until([this, i] { return port_->peer().leading.learners.size() == i + 1; }));
  }
  tcp::socket first = stranger();
  register_as(first, 1);
  ASSERT_TRUE(until([this] { return phase_of(1).has_value(); }));
  // The oldest stranger went. A voter that is there does not, however many come.
  EXPECT_FALSE(phase_of(100));
  for (std::size_t i = 0; i < 2 * learners_max; ++i) {
    strangers.push_back(stranger());
    register_as(strangers.back(), static_cast<std::int64_t>(1000 + i));
    ASSERT_TRUE(until([this, i] { return phase_of(static_cast<std::int64_t>(1000 + i)).has_value(); }));
  }
  EXPECT_TRUE(phase_of(1));
}

}  // namespace
}  // namespace conclave::node
