// Nodes that elect over real sockets: their recordings are what the model does.
#include <boost/asio/write.hpp>
#include <map>
#include <memory>
#include <string>

#include "conclave/wire/frame.hpp"
#include "conclave/wire/handshake.hpp"
#include "conclave/wire/notification.hpp"
#include "ensemble.hpp"
#include "support.hpp"

namespace conclave::node {
namespace {

class Recorded : public Ensemble {
 protected:
  void adjust(NodeSettings& settings) override {
    const auto sid = static_cast<int>(settings.sid.value);
    recorders_.erase(sid);  // of its last life, which is over
    auto opened = record::Recorder::open(file(sid), [](const std::string& why) { ADD_FAILURE() << why; });
    ASSERT_TRUE(opened) << opened.error();
    settings.recorder = recorders_.emplace(sid, std::move(*opened)).first->second.get();
    if (votes_only_) settings.files = nullptr;
  }
  [[nodiscard]] std::string file(int sid) const { return folder_.file(std::to_string(sid) + ".rec"); }
  void expect_same(int servers) const {
    for (int sid = 1; sid <= servers; ++sid) {
      const record::Replayed all = record::replayed_file(file(sid));
      EXPECT_TRUE(all.same()) << "server " << sid << ": " << all;
      EXPECT_GE(all.runs, 1U);
      EXPECT_GT(all.steps, 5U);
      EXPECT_EQ(all.cuts, 0U);
    }
  }
  void kill_all() {
    for (auto& [sid, server] : servers_) {
      if (server.node) kill(sid);
    }
  }

  record::Folder folder_;
  std::map<int, std::unique_ptr<record::Recorder>> recorders_;
  bool votes_only_ = false;
};

TEST_F(Recorded, ThreeThatElect) {
  configure(3);
  for (int sid = 1; sid <= 3; ++sid) start(sid);
  ASSERT_TRUE(until([this] { return established() != 0; }));
  kill_all();
  expect_same(3);
}

TEST_F(Recorded, FiveWhoseLeaderIsKilledAgainAndAgain) {
  configure(5);
  for (int sid = 1; sid <= 5; ++sid) start(sid);
  for (int again = 0; again < 4; ++again) {
    ASSERT_TRUE(until([this] { return established() != 0; })) << again;
    const int leader = established();
    kill(leader);
    ASSERT_TRUE(until([this] { return established() != 0; })) << again;
    start(leader);
  }
  ASSERT_TRUE(until([this] { return established() != 0; }));
  kill_all();
  expect_same(5);
}

TEST_F(Recorded, AQuorumThatIsLostAndComesBack) {
  configure(3);
  for (int sid = 1; sid <= 3; ++sid) start(sid);
  ASSERT_TRUE(until([this] { return established() == 3; }));
  kill(1);
  kill(2);
  ASSERT_TRUE(until([this] { return node(3).state().state == model::ServerState::looking; }));
  start(1);
  ASSERT_TRUE(until([this] { return established() != 0; }));
  kill_all();
  expect_same(3);
}

TEST_F(Recorded, OnlyVotes) {
  votes_only_ = true;
  configure(3);
  for (int sid = 1; sid <= 3; ++sid) start(sid);
  const auto settled = [this] {
    for (int sid = 1; sid <= 3; ++sid) {
      if (servers_[sid].node && node(sid).state().state == model::ServerState::looking) return false;
    }
    return true;
  };
  ASSERT_TRUE(until(settled));
  kill(3);
  ASSERT_TRUE(until([this] { return node(1).state().leader == model::ServerId{2}; }));
  kill_all();
  expect_same(3);
}

// Configurations that are newer, or can't be read, and votes of nobody.
TEST_F(Recorded, WhatStrangersSay) {
  configure(3);
  start(1);
  boost::asio::ip::tcp::socket socket(io_);
  socket.connect({boost::asio::ip::address_v4::loopback(), servers_[1].election_port});
  wire::Bytes bytes = encode(wire::Handshake{model::ServerId{9}, {{"127.0.0.1", 1}}});
  const model::Proposal proposal{model::PeerEpoch{9}, model::Zxid{9}, model::ServerId{9}};
  const model::Notification vote{model::ServerId{9}, {proposal, model::Round{1}, 2, model::ServerState::looking}};
  const std::string servers = text_.substr(text_.find("server.1"));
  for (const std::string& text : {servers + "version=zzz", servers + "version=5", std::string("x")}) {
    const wire::Bytes frame = wire::encode_frame(wire::encode_notification(vote, text));
    bytes.insert(bytes.end(), frame.begin(), frame.end());
  }
  boost::asio::write(socket, boost::asio::buffer(bytes.data(), bytes.size()));
  ASSERT_TRUE(until([this] { return node(1).counters().received >= 3; }));
  start(2);
  start(3);
  ASSERT_TRUE(until([this] { return established() != 0; }));
  kill_all();
  expect_same(3);
  EXPECT_NE(folder_.read("1.rec").find("\"kind\":\"configuration\""), std::string::npos);
}

}  // namespace
}  // namespace conclave::node
