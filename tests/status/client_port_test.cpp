// The client port over real sockets: words, and strangers who want something else or nothing.
#include "conclave/status/client_port.hpp"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>
#include <vector>

#include "loop.hpp"

namespace conclave::status {
namespace {

using namespace std::chrono_literals;

class Clients : public testing::Test {
 protected:
  Clients() { spdlog::set_level(spdlog::level::off); }
  ~Clients() override {
    if (port_) port_->stop();
    loop_.io.poll();
  }

  void open(const std::optional<std::string>& whitelist = "*") {
    port_ = ClientPort::make(loop_.io, limits_, whitelist, [this](std::string_view word) {
      return word == "telnet close" ? std::nullopt : std::optional<std::string>(answer_ + std::string(word));
    });
    const auto bound = port_->listen({"127.0.0.1", 0});
    ASSERT_TRUE(bound) << bound.error();
  }
  std::string ask(std::string_view text) {
    Stranger stranger(loop_, port_->port());
    stranger.say(text);
    return stranger.all();
  }
  [[nodiscard]] std::uint64_t count(ClientReject why) const {
    return port_->status().rejected[static_cast<std::size_t>(why)];
  }

  Loop loop_;
  TcpLimits limits_;
  std::string answer_ = "to ";
  std::shared_ptr<ClientPort> port_;
};

TEST_F(Clients, AWordIsAnsweredAndTheConnectionEnds) {
  open();
  EXPECT_EQ(ask("ruok"), "to ruok");
  EXPECT_EQ(ask("mntr"), "to mntr");
  const ClientPortStatus status = port_->status();
  EXPECT_EQ(status.received, 2U);
  EXPECT_EQ(status.sent, 2U);
  EXPECT_EQ(status.words.at("ruok"), 1U);
  EXPECT_EQ(status.tcp.opened, 2U);
}

TEST_F(Clients, InAnyParts) {
  open();
  Stranger stranger(loop_, port_->port());
  for (const char* part : {"r", "u", "o", "k"}) {
    stranger.say(part);
    loop_.io.restart();
    loop_.io.run_for(10ms);
  }
  EXPECT_EQ(stranger.all(), "to ruok");
}

// What comes after the word is read away: a reset would take the answer with it.
TEST_F(Clients, MoreThanAWordIsNoReasonForAReset) {
  open();
  Stranger stranger(loop_, port_->port());
  stranger.say("ruok\n" + std::string(5000, 'x'));
  EXPECT_EQ(stranger.all(), "to ruok");
  EXPECT_FALSE(stranger.was_reset());
}

// netcat hangs up its side at once.
TEST_F(Clients, AHalfClosedConnectionGetsItsAnswer) {
  open();
  Stranger stranger(loop_, port_->port());
  stranger.say("srvr");
  stranger.half_close();
  EXPECT_EQ(stranger.all(), "to srvr");
}

TEST_F(Clients, OnlyWhatIsInTheWhitelist) {
  open(std::nullopt);
  EXPECT_EQ(ask("srvr"), "to srvr");
  EXPECT_EQ(ask("mntr"), "mntr is not executed because it is not in the whitelist.\n");
  EXPECT_EQ(ask("\xff\xf4\xff\xfd"), "telnet close is not executed because it is not in the whitelist.\n");
  EXPECT_EQ(port_->status().not_in_whitelist, 2U);
}

TEST_F(Clients, AClientThatWantsASessionIsLetDownGently) {
  open();
  // ConnectRequest: its length, then 44 bytes.
  Stranger stranger(loop_, port_->port());
  stranger.say(std::string_view("\0\0\0\x2c", 4));
  stranger.say(std::string(44, '\0'));
  EXPECT_EQ(stranger.all(), "");
  EXPECT_FALSE(stranger.was_reset());
  EXPECT_EQ(count(ClientReject::session), 1U);
}

TEST_F(Clients, GarbageIsNoSession) {
  open();
  EXPECT_EQ(ask("GET / HTTP/1.1\r\n\r\n"), "");
  EXPECT_EQ(ask("RUOK"), "");
  EXPECT_EQ(ask("\xff\xf4\xff\xfd"), "");  // in the whitelist, and yet no command: a negative length
  EXPECT_EQ(ask(std::string_view("\0\x10\0\0", 4)), "");
  EXPECT_EQ(count(ClientReject::no_word), 4U);
  EXPECT_EQ(count(ClientReject::session), 0U);
}

TEST_F(Clients, APartOfAWordIsCounted) {
  open();
  Stranger part(loop_, port_->port());
  part.say("ru");
  part.half_close();
  EXPECT_EQ(part.all(), "");
  EXPECT_EQ(count(ClientReject::cut), 1U);
  Stranger only_looks(loop_, port_->port());
  only_looks.half_close();
  EXPECT_EQ(only_looks.all(), "");
  EXPECT_EQ(count(ClientReject::cut), 1U);
}

TEST_F(Clients, IdleAndSlowOnesAreClosedInTime) {
  limits_.patience = 50ms;
  open();
  Stranger idle(loop_, port_->port());
  Stranger slow(loop_, port_->port());
  slow.say("ruo");
  EXPECT_EQ(idle.all(), "");
  EXPECT_EQ(slow.all(), "");
  EXPECT_EQ(port_->status().tcp.timed_out, 2U);
  EXPECT_EQ(port_->status().connections.size(), 0U);
}

TEST_F(Clients, WhoDoesNotHangUpIsHungUp) {
  limits_.linger = 50ms;
  open();
  Stranger stranger(loop_, port_->port(), false);
  stranger.say("ruok");
  EXPECT_TRUE(loop_.until([this] { return port_->status().sent == 1; }));
  EXPECT_TRUE(loop_.until([this] { return port_->status().connections.empty(); }));
}

TEST_F(Clients, WhoSendsForEverIsHungUp) {
  open();
  Stranger stranger(loop_, port_->port());
  stranger.say("ruok");
  const std::string more(1 << 14, 'x');
  EXPECT_TRUE(loop_.until([&] {
    stranger.try_to_say(more);
    return port_->status().sent == 1 && port_->status().connections.empty();
  }));
}

// An answer that does not fit into the sockets' buffers, to one that does not read.
TEST_F(Clients, WhoDoesNotReadIsClosedInTime) {
  limits_.patience = 100ms;
  answer_ = std::string(std::size_t{64} << 20U, 'a');
  open();
  Stranger stranger(loop_, port_->port(), false);
  stranger.say("ruok");
  EXPECT_TRUE(loop_.until([this] { return port_->status().tcp.timed_out == 1; }));
  EXPECT_TRUE(port_->status().connections.empty());
}

TEST_F(Clients, OfTooManyTheOldestGoes) {
  limits_.connections_max = 8;
  open();
  std::vector<std::unique_ptr<Stranger>> idle;
  for (int i = 0; i < 40; ++i) idle.push_back(std::make_unique<Stranger>(loop_, port_->port()));
  ASSERT_TRUE(loop_.until([this] { return port_->status().tcp.evicted == 32; }));
  EXPECT_EQ(port_->status().connections.size(), 8U);
  EXPECT_TRUE(loop_.until([&] { return idle[0]->over() && idle[31]->over(); }));
  EXPECT_FALSE(idle[39]->over());
  EXPECT_EQ(ask("ruok"), "to ruok");
}

TEST_F(Clients, OfTooManyOfOneAddressTheNewOneGoes) {
  limits_.connections_per_address = 3;
  open();
  std::vector<std::unique_ptr<Stranger>> idle;
  for (int i = 0; i < 3; ++i) idle.push_back(std::make_unique<Stranger>(loop_, port_->port()));
  ASSERT_TRUE(loop_.until([this] { return port_->status().connections.size() == 3; }));
  Stranger fourth(loop_, port_->port());
  EXPECT_EQ(fourth.all(), "");
  EXPECT_EQ(port_->status().tcp.refused, 1U);
  idle[0]->half_close();
  ASSERT_TRUE(loop_.until([this] { return port_->status().connections.size() == 2; }));
  EXPECT_EQ(ask("ruok"), "to ruok");
}

TEST_F(Clients, ResetsAtAnyMomentDoNoHarm) {
  open();
  for (const char* text : {"", "ru", "ruok", "ruok and more"}) {
    Stranger stranger(loop_, port_->port(), false);
    if (*text != '\0') stranger.say(text);
    stranger.reset();
  }
  ASSERT_TRUE(loop_.until([this] { return port_->status().connections.empty(); }));
  EXPECT_EQ(ask("ruok"), "to ruok");
}

TEST_F(Clients, ItListensWhereItIsTold) {
  open();
  EXPECT_EQ(ask("ruok"), "to ruok");
  const auto second = ClientPort::make(loop_.io, limits_, "*", [](std::string_view) { return std::nullopt; });
  const auto taken = second->listen({"127.0.0.1", port_->port()});
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error(), "can't listen on 127.0.0.1:" + std::to_string(port_->port()) + ": Address already in use");
  const auto everywhere = ClientPort::make(loop_.io, limits_, "*", [](std::string_view) { return "x"; });
  ASSERT_TRUE(everywhere->listen({"", 0}));
  Stranger stranger(loop_, everywhere->port());
  stranger.say("ruok");
  EXPECT_EQ(stranger.all(), "x");
  // An IPv4 address, also where it came in over an IPv6 socket.
  Stranger open_one(loop_, everywhere->port());
  ASSERT_TRUE(loop_.until([&] { return !everywhere->status().connections.empty(); }));
  EXPECT_EQ(everywhere->status().connections.back().address.find("127.0.0.1:"), 0U);
}

}  // namespace
}  // namespace conclave::status
