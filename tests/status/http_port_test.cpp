// The pages over real sockets, with clients of all kinds.
#include "conclave/status/http_port.hpp"

#include <gtest/gtest.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <string>
#include <vector>

#include "loop.hpp"

namespace conclave::status {
namespace {

using namespace std::chrono_literals;

class HttpPages : public testing::Test {
 protected:
  HttpPages() { spdlog::set_level(spdlog::level::off); }
  ~HttpPages() override {
    if (port_) port_->stop();
    loop_.io.poll();
  }

  void open() {
    port_ = HttpPort::make(loop_.io, limits_,
                           {{"/metrics", {"text/plain; version=0.0.4", [this] { return body_; }}},
                            {"/status", {"application/json", [] { return "{}"; }}}});
    const auto bound = port_->listen({"127.0.0.1", 0});
    ASSERT_TRUE(bound) << bound.error();
  }
  // An answer and the end of the connection.
  std::string ask(std::string_view request) {
    Stranger stranger(loop_, port_->port());
    stranger.try_to_say(request);
    return stranger.all();
  }
  static std::string get(const std::string& path, const std::string& more = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + more + "\r\n";
  }
  static std::string status_of(const std::string& answer) { return answer.substr(0, answer.find("\r\n")); }
  static std::string body_of(const std::string& answer) {
    const std::size_t end = answer.find("\r\n\r\n");
    return end == std::string::npos ? "(no body)" : answer.substr(end + 4);
  }
  [[nodiscard]] std::uint64_t count(HttpReject why) const {
    return port_->status().rejected[static_cast<std::size_t>(why)];
  }

  Loop loop_;
  TcpLimits limits_;
  std::string body_ = "a 1\n";
  std::shared_ptr<HttpPort> port_;
};

TEST_F(HttpPages, APage) {
  open();
  const std::string answer = ask(get("/metrics"));
  EXPECT_EQ(status_of(answer), "HTTP/1.1 200 OK");
  EXPECT_NE(answer.find("\r\nContent-Type: text/plain; version=0.0.4\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find("\r\nContent-Length: 4\r\n"), std::string::npos) << answer;
  EXPECT_EQ(body_of(answer), "a 1\n");
  EXPECT_EQ(body_of(ask(get("/status?pretty=1"))), "{}");
  EXPECT_EQ(port_->status().answers.at(200), 2U);
}

TEST_F(HttpPages, ListedAtTheRootAndForWhatIsNotThere) {
  open();
  EXPECT_EQ(body_of(ask(get("/"))), "/metrics\n/status\n");
  const std::string answer = ask(get("/../../etc/passwd"));
  EXPECT_EQ(status_of(answer), "HTTP/1.1 404 Not Found");
  EXPECT_EQ(body_of(answer), "/metrics\n/status\n");
}

TEST_F(HttpPages, HeadHasNoBody) {
  open();
  const std::string answer = ask("HEAD /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 200 OK");
  EXPECT_NE(answer.find("\r\nContent-Length: 4\r\n"), std::string::npos) << answer;
  EXPECT_EQ(body_of(answer), "");
}

TEST_F(HttpPages, OnlyGetAndHead) {
  open();
  const std::string answer =
      ask("POST /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc");
  EXPECT_EQ(status_of(answer), "HTTP/1.1 405 Method Not Allowed");
  EXPECT_NE(answer.find("\r\nAllow: GET, HEAD\r\n"), std::string::npos) << answer;
  EXPECT_EQ(status_of(ask("BREW /metrics HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")),
            "HTTP/1.1 405 Method Not Allowed");
}

TEST_F(HttpPages, ConnectionsAreKept) {
  open();
  Stranger stranger(loop_, port_->port());
  const std::string request = "GET /metrics HTTP/1.1\r\nHost: h\r\n\r\n";
  const auto answers = [&] {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = stranger.heard().find("a 1\n", at)) != std::string::npos; ++at) ++found;
    return found;
  };
  stranger.say(request);
  EXPECT_TRUE(loop_.until([&] { return answers() == 1; }));
  stranger.say(request + request);  // two at once
  EXPECT_TRUE(loop_.until([&] { return answers() == 3; }));
  EXPECT_FALSE(stranger.over());
  EXPECT_EQ(port_->status().tcp.opened, 1U);
  stranger.half_close();
  stranger.all();
  EXPECT_TRUE(stranger.over());
}

TEST_F(HttpPages, Http10IsClosedAfterwards) {
  open();
  const std::string answer = ask("GET /metrics HTTP/1.0\r\n\r\n");
  EXPECT_EQ(status_of(answer), "HTTP/1.0 200 OK");
  EXPECT_EQ(body_of(answer), "a 1\n");
}

TEST_F(HttpPages, InAnyParts) {
  open();
  Stranger stranger(loop_, port_->port());
  for (const char c : get("/metrics")) {
    stranger.say(std::string(1, c));
    loop_.io.restart();
    loop_.io.poll();
  }
  EXPECT_EQ(body_of(stranger.all()), "a 1\n");
}

TEST_F(HttpPages, GarbageIsABadRequest) {
  open();
  EXPECT_EQ(status_of(ask("srvr\r\n\r\n")), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(status_of(ask("GET /metrics HTTP/3.7\r\n\r\n")), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(status_of(ask("GET /metrics HTTP/1.1\r\nContent-Length: many\r\n\r\n")), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(status_of(ask(std::string("\0\1\2\3\r\n\r\n", 8))), "HTTP/1.1 400 Bad Request");
  EXPECT_EQ(count(HttpReject::malformed), 4U);
}

TEST_F(HttpPages, AHeaderWithoutAnEndIsRefused) {
  open();
  const std::string answer = ask("GET /metrics HTTP/1.1\r\nX: " + std::string(3 * http_header_bytes_max, 'x'));
  EXPECT_EQ(status_of(answer), "HTTP/1.1 431 Request Header Fields Too Large");
  EXPECT_EQ(status_of(ask("GET /" + std::string(3 * http_header_bytes_max, 'x'))),
            "HTTP/1.1 431 Request Header Fields Too Large");
  EXPECT_EQ(count(HttpReject::header_too_large), 2U);
}

TEST_F(HttpPages, ABodyBeyondTheBoundIsRefused) {
  open();
  EXPECT_EQ(status_of(ask("GET /metrics HTTP/1.1\r\nContent-Length: 1000000000\r\n\r\nx")),
            "HTTP/1.1 413 Payload Too Large");
  std::string chunks = "GET /metrics HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 10; ++i) chunks += "400\r\n" + std::string(0x400, 'x') + "\r\n";
  EXPECT_EQ(status_of(ask(chunks)), "HTTP/1.1 413 Payload Too Large");
  EXPECT_EQ(count(HttpReject::body_too_large), 2U);
}

TEST_F(HttpPages, HalfARequestIsCounted) {
  open();
  Stranger stranger(loop_, port_->port());
  stranger.say("GET /metrics HT");
  stranger.half_close();
  EXPECT_EQ(stranger.all(), "");
  EXPECT_EQ(count(HttpReject::cut), 1U);
}

TEST_F(HttpPages, IdleAndSlowOnesAreClosedInTime) {
  limits_.patience = 50ms;
  open();
  Stranger idle(loop_, port_->port());
  Stranger slow(loop_, port_->port());
  slow.say("GET /metrics HTTP/1.1\r\n");
  EXPECT_EQ(idle.all(), "");
  EXPECT_EQ(slow.all(), "");
  // Also one that was answered once and then falls silent.
  Stranger silent(loop_, port_->port());
  silent.say("GET /status HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(body_of(silent.all()), "{}");
  EXPECT_EQ(port_->status().tcp.timed_out, 3U);
}

TEST_F(HttpPages, WhoDoesNotReadIsClosedInTime) {
  limits_.patience = 100ms;
  body_ = std::string(std::size_t{64} << 20U, 'a');
  open();
  Stranger stranger(loop_, port_->port(), false);
  stranger.say(get("/metrics"));
  EXPECT_TRUE(loop_.until([this] { return port_->status().tcp.timed_out == 1; }));
}

TEST_F(HttpPages, AFloodOfIdleOnesKeepsNobodyWaiting) {
  limits_.connections_max = 8;
  open();
  std::vector<std::unique_ptr<Stranger>> idle;
  for (int i = 0; i < 100; ++i) {
    idle.push_back(std::make_unique<Stranger>(loop_, port_->port()));
    if (i % 10 == 0) {
      EXPECT_EQ(body_of(ask(get("/metrics"))), "a 1\n");
    }
  }
  EXPECT_TRUE(loop_.until([this] { return port_->status().tcp.evicted > 80; }));
}

TEST_F(HttpPages, ResetsAtAnyMomentDoNoHarm) {
  open();
  for (const std::string& text : {std::string("G"), std::string("GET /metrics HTTP/1.1\r\n\r\n"), get("/status")}) {
    Stranger stranger(loop_, port_->port(), false);
    stranger.say(text);
    stranger.reset();
  }
  EXPECT_EQ(body_of(ask(get("/metrics"))), "a 1\n");
}

}  // namespace
}  // namespace conclave::status
