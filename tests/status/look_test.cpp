// A look at an ensemble over real sockets: at nodes, and at those who only pretend.
#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "conclave/status/survey.hpp"
#include "conclave/status/survey_report.hpp"
#include "conclave/wire/frame.hpp"
#include "conclave/wire/notification.hpp"
#include "exposition.hpp"
#include "fleet.hpp"
#include "loop.hpp"

namespace conclave::status {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using model::ServerId;
using model::ServerState;
using namespace std::chrono_literals;

using Reports = std::vector<ServerReport>;

// Looks again and again until it is so.
Reports look_until(const config::ZooCfg& cfg, const std::function<bool(const Reports&)>& so) {
  const auto deadline = std::chrono::steady_clock::now() + test_patience;
  for (;;) {
    Reports reports = survey(cfg, {test_patience, std::nullopt});
    if (so(reports) || std::chrono::steady_clock::now() > deadline) return reports;
  }
}

std::string ask_http(std::uint16_t port, const std::string& path) {
  Loop loop;
  Stranger stranger(loop, port);
  stranger.say("GET " + path + " HTTP/1.0\r\n\r\n");
  const std::string answer = stranger.all();
  return answer.substr(std::min(answer.find("\r\n\r\n"), answer.size() - 4) + 4);
}

std::string ask_word(std::uint16_t port, const std::string& word) {
  Loop loop;
  Stranger stranger(loop, port);
  stranger.say(word);
  return stranger.all();
}

bool all_follow(const config::ZooCfg& cfg, const Reports& reports, std::size_t how_many) {
  const Verdict verdict = verdict_of(cfg, reports);
  if (!is_good(verdict) || verdict.followers.size() != how_many) return false;
  std::size_t serving = 0;
  for (const ServerReport& report : reports) serving += report.serving && report.serving->serving ? 1 : 0;
  return serving == how_many;
}

TEST(Look, AtFiveNodesThroughALossAndAReturn) {
  Fleet fleet(5);
  Reports reports = survey(fleet.cfg, {test_patience, std::nullopt});
  EXPECT_FALSE(verdict_of(fleet.cfg, reports).leader);
  EXPECT_EQ(reports[0].vote_error, "Connection refused");
  EXPECT_EQ(reports[0].serving_error, "Connection refused");

  fleet.start_all();
  reports = look_until(fleet.cfg, [&](const Reports& now) { return all_follow(fleet.cfg, now, 5); });
  const Verdict first = verdict_of(fleet.cfg, reports);
  ASSERT_TRUE(is_good(first)) << survey_text(fleet.cfg, reports);
  for (const ServerReport& report : reports) {
    const bool leads = report.sid == first.leader;
    ASSERT_TRUE(report.vote) << report.vote_error;
    EXPECT_EQ(report.vote->state, leads ? ServerState::leading : ServerState::following);
    EXPECT_EQ(report.vote->proposal.leader, first.leader);
    EXPECT_EQ(report.vote->proposal.epoch, first.epoch);
    EXPECT_TRUE(report.same_members);
    ASSERT_TRUE(report.serving) << report.serving_error;
    EXPECT_EQ(report.serving->mode, leads ? "leader" : "follower");
  }

  // The others, and a larger epoch.
  const int killed = static_cast<int>(first.leader->value);
  fleet.stop(killed);
  reports = look_until(fleet.cfg, [&](const Reports& now) { return all_follow(fleet.cfg, now, 4); });
  const Verdict second = verdict_of(fleet.cfg, reports);
  ASSERT_TRUE(is_good(second)) << survey_text(fleet.cfg, reports);
  EXPECT_NE(second.leader, first.leader);
  EXPECT_GT(second.epoch, first.epoch);
  EXPECT_FALSE(reports[static_cast<std::size_t>(killed - 1)].vote);

  // Without a quorum nobody leads.
  int left = 4;
  for (int sid = 1; sid <= 5 && left > 2; ++sid) {
    if (sid == killed) continue;
    fleet.stop(sid);
    --left;
  }
  reports = look_until(fleet.cfg, [&](const Reports& now) { return !verdict_of(fleet.cfg, now).leader; });
  EXPECT_FALSE(verdict_of(fleet.cfg, reports).leader) << survey_text(fleet.cfg, reports);
}

// What a real server would keep, a node forgets: any number of looks takes no place from anybody.
TEST(Look, ManyTimes) {
  Fleet fleet(3);
  fleet.start_all();
  look_until(fleet.cfg, [&](const Reports& now) { return all_follow(fleet.cfg, now, 3); });
  for (int i = 0; i < 100; ++i) {
    const Reports reports = survey(fleet.cfg, {test_patience, std::nullopt});
    ASSERT_TRUE(all_follow(fleet.cfg, reports, 3)) << i << "\n" << survey_text(fleet.cfg, reports);
  }
  const auto rejected = fleet.status(1).connections.rejected;
  EXPECT_EQ(rejected, decltype(rejected){});
}

// Several at once ask with the same few ids, and take each other's connections.
TEST(Look, SeveralAtOnce) {
  Fleet fleet(3);
  fleet.start_all();
  look_until(fleet.cfg, [&](const Reports& now) { return all_follow(fleet.cfg, now, 3); });
  std::vector<std::future<Reports>> looks;
  for (int i = 0; i < 4; ++i) {
    looks.push_back(std::async(std::launch::async, [&] { return survey(fleet.cfg, {test_patience, std::nullopt}); }));
  }
  for (auto& look : looks) {
    const Reports reports = look.get();
    EXPECT_TRUE(is_good(verdict_of(fleet.cfg, reports))) << survey_text(fleet.cfg, reports);
  }
}

TEST(Node, ShowsItselfOnAllItsPorts) {
  Fleet fleet(3);
  fleet.start(1);
  EXPECT_EQ(ask_word(fleet.client_ports[0], "ruok"), "imok");
  EXPECT_EQ(ask_word(fleet.client_ports[0], "mntr"), "This ZooKeeper instance is not currently serving requests\n");
  EXPECT_EQ(ask_word(fleet.client_ports[0], "isro"), "null");
  fleet.start(2);
  fleet.start(3);
  const Reports reports = look_until(fleet.cfg, [&](const Reports& now) { return all_follow(fleet.cfg, now, 3); });
  ASSERT_TRUE(all_follow(fleet.cfg, reports, 3));
  const auto leader = static_cast<int>(verdict_of(fleet.cfg, reports).leader->value);
  const std::uint16_t client = fleet.client_ports[static_cast<std::size_t>(leader - 1)];
  EXPECT_NE(ask_word(client, "srvr").find("\nMode: leader\n"), std::string::npos);
  EXPECT_NE(ask_word(client, "stat").find("\nClients:\n /127.0.0.1:"), std::string::npos);
  EXPECT_NE(ask_word(client, "conf").find("\nserverId=" + std::to_string(leader) + "\n"), std::string::npos);
  EXPECT_NE(ask_word(client, "mntr").find("\nzk_server_state\tleader\n"), std::string::npos);
  EXPECT_EQ(ask_word(client, std::string("\0\0\0\x2c", 4)), "");

  const auto json = nlohmann::json::parse(ask_http(fleet.http_port(leader), "/status"));
  EXPECT_EQ(json["state"], "LEADING");
  EXPECT_EQ(json["sid"], leader);
  EXPECT_EQ(json["clientPort"]["rejected"]["session"], 1);
  const Exposition page(ask_http(fleet.http_port(leader), "/metrics"));
  for (const std::string& wrong : page.wrongs()) ADD_FAILURE() << wrong;
  EXPECT_EQ(page.value("conclave_established"), 1.0);
  EXPECT_EQ(page.value("conclave_learners_synced"), 2.0);
  EXPECT_EQ(page.value("conclave_rejected_total", {{"port", "client"}, {"reason", "session"}}), 1.0);
  EXPECT_EQ(page.value("conclave_four_letter_words_total", {{"word", "mntr"}}), 1.0);
}

// --- those who only pretend -----------------------------------------------------------------------------------------

wire::Bytes vote_frame(std::int64_t leader) {
  const model::Proposal proposal{model::PeerEpoch{4}, model::Zxid{0}, ServerId{leader}};
  const model::Vote vote{proposal, model::Round{2}, 2, ServerState::following};
  return wire::encode_frame(
      wire::encode_notification({ServerId{1}, vote}, "server.1=127.0.0.1:1:2:participant\nversion=0"));
}

// Accepts on the election port of server 1, and does with each connection what it is told.
class Pretender {
 public:
  using Play = std::function<void(const std::shared_ptr<tcp::socket>&, int which)>;  // which: counts from 0

  explicit Pretender(Play play, bool client_port_too = false)
      : play_(std::move(play)), acceptor_(loop_.io, {asio::ip::address_v4::loopback(), 0}) {
    const std::string port = std::to_string(acceptor_.local_endpoint().port());
    const std::string client = client_port_too ? ";127.0.0.1:" + port : "";
    const auto parsed = config::parse_zoo_cfg("server.1=127.0.0.1:1:" + port + client + "\n", "zoo.cfg", {});
    if (!parsed) ADD_FAILURE() << parsed.error().message();
    if (parsed) cfg = *parsed;
    loop_.run([this] { accept(); });
  }
  ~Pretender() {
    loop_.run([this] {
      acceptor_.close();
      for (const auto& socket : sockets_) socket->close();
    });
  }
  ServerReport look(std::chrono::milliseconds timeout = test_patience) {
    return survey(cfg, {timeout, std::nullopt}).front();
  }
  config::ZooCfg cfg;

 private:
  void accept() {
    acceptor_.async_accept([this](error_code error, tcp::socket socket) {
      if (error) return;
      sockets_.push_back(std::make_shared<tcp::socket>(std::move(socket)));
      play_(sockets_.back(), static_cast<int>(sockets_.size()) - 1);
      accept();
    });
  }
  LoopThread loop_;
  Play play_;
  std::vector<std::shared_ptr<tcp::socket>> sockets_;
  tcp::acceptor acceptor_;
};

void write(const std::shared_ptr<tcp::socket>& socket, const wire::Bytes& bytes) {
  error_code ignored;
  asio::write(*socket, asio::buffer(bytes.data(), bytes.size()), ignored);
}

// Reads so many bytes, and goes on.
void expect(const std::shared_ptr<tcp::socket>& socket, std::size_t bytes, const std::function<void()>& then) {
  const auto buffer = std::make_shared<wire::Bytes>(bytes);
  asio::async_read(*socket, asio::buffer(*buffer), [socket, buffer, then](error_code error, std::size_t) {
    if (!error) then();
  });
}

constexpr std::size_t question_bytes = 44;  // a frame of 40
std::size_t handshake_bytes(const std::shared_ptr<tcp::socket>& socket) {
  return 20 + ("0.0.0.0:" + std::to_string(socket->local_endpoint().port())).size();
}

// As a ZooKeeper server does it: what was said last comes first, and is old.
TEST(Pretenders, WhatWasSaidLastIsNoAnswer) {
  Pretender pretender([](const auto& socket, int) {
    write(socket, vote_frame(1));
    expect(socket, handshake_bytes(socket) + question_bytes, [socket] {
      write(socket, vote_frame(2));
      expect(socket, question_bytes, [socket] { write(socket, vote_frame(3)); });
    });
  });
  const ServerReport report = pretender.look();
  ASSERT_TRUE(report.vote) << report.vote_error;
  EXPECT_GE(report.vote->proposal.leader, ServerId{2});
}

TEST(Pretenders, WhoseConnectionIsTakenAsksWithAnotherId) {
  Pretender pretender([](const auto& socket, int which) {
    expect(socket, 16, [socket, which] {
      if (which < 2) return socket->close();
      expect(socket, handshake_bytes(socket) - 16 + question_bytes, [socket] {
        write(socket, vote_frame(1));
        expect(socket, question_bytes, [socket] { write(socket, vote_frame(2)); });
      });
    });
  });
  const ServerReport report = pretender.look();
  EXPECT_TRUE(report.vote) << report.vote_error;
}

TEST(Pretenders, SilenceEndsInTime) {
  Pretender pretender([](const auto&, int) {}, true);
  const auto begin = std::chrono::steady_clock::now();
  const ServerReport report = pretender.look(200ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, test_patience);
  EXPECT_EQ(report.vote_error, "no answer in 200 ms");
  EXPECT_EQ(report.serving_error, "no answer in 200 ms");
}

TEST(Pretenders, HangingUpAgainAndAgainIsAnAnswer) {
  Pretender pretender([](const auto& socket, int) { socket->close(); }, true);
  const ServerReport report = pretender.look();
  EXPECT_FALSE(report.vote);
  EXPECT_NE(report.vote_error, "");
  EXPECT_FALSE(report.serving);
  EXPECT_NE(report.serving_error, "");
}

TEST(Pretenders, GarbageIsNoVote) {
  Pretender pretender([](const auto& socket, int) { write(socket, wire::Bytes(100, std::byte{0xff})); });
  const ServerReport report = pretender.look();
  EXPECT_EQ(report.vote_error, sentence_of(wire::Reject::frame_length));
}

// A flood without an end, on both ports.
TEST(Pretenders, AFloodIsCutOff) {
  std::function<void(const std::shared_ptr<tcp::socket>&)> flood = [&](const auto& socket) {
    static const std::string text(1 << 16, 'x');
    asio::async_write(*socket, asio::buffer(text), [&, socket](error_code error, std::size_t) {
      if (!error) flood(socket);
    });
  };
  Pretender pretender([&](const auto& socket, int) { flood(socket); }, true);
  const ServerReport report = pretender.look();
  EXPECT_FALSE(report.vote);
  EXPECT_EQ(report.serving_error, "no answer to srvr");
}

TEST(Pretenders, ANameThatNobodyKnowsHoldsUpNobody) {
  Fleet fleet(3);
  fleet.start_all();
  look_until(fleet.cfg, [&](const Reports& now) { return all_follow(fleet.cfg, now, 3); });
  config::ZooCfg cfg = fleet.cfg;
  cfg.servers[0].addresses[0].host = "no-such-host.invalid";
  const Reports reports = survey(cfg, {test_patience, std::nullopt});
  EXPECT_FALSE(reports[0].vote);
  EXPECT_NE(reports[0].vote_error, "");
  EXPECT_TRUE(is_good(verdict_of(cfg, reports))) << survey_text(cfg, reports);
}

}  // namespace
}  // namespace conclave::status
