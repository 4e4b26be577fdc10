// When a leader may still take it that nobody has taken its place: with a clock that is set by hand.
#include "conclave/node/lease.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "conclave/model/epoch.hpp"

namespace conclave::node {
namespace {

using model::PeerEpoch;
using model::ServerId;
using namespace std::chrono_literals;
using Time = LeaseClock::time_point;

constexpr auto sync_limit = 1000ms;

// A leader as its quorum port sees it.
class Leader {
 public:
  explicit Leader(int servers) {
    std::vector<ServerId> voters;
    for (int i = 1; i <= servers; ++i) voters.push_back(ServerId{i});
    ensemble_ = model::single_configuration(model::Configuration::majority(voters));
    peer_ = model::make_epoch_peer(ensemble_, ServerId{servers}, {});
  }
  void happens(const model::EpochEvent& event) {
    const model::EpochTransition made = model::epoch_step(ensemble_, peer_, event);
    peer_ = made.peer;
    lease_.step(event, made, now);
  }
  void hear(int from, const model::Packet& packet) { happens(model::PacketFrom{ServerId{from}, packet}); }
  void greet(int from) { hear(from, model::FollowerInfo{}); }
  void accept(int from) { hear(from, model::AckEpoch{PeerEpoch{0}, model::Zxid{0}}); }
  void acknowledge(int from) { hear(from, model::EpochAck{PeerEpoch{1}}); }
  // Establishes the epoch with these.
  void establish_with(const std::vector<int>& learners) {
    happens(model::Lead{});
    for (const int learner : learners) greet(learner);
    for (const int learner : learners) accept(learner);
    for (const int learner : learners) acknowledge(learner);
  }
  [[nodiscard]] std::optional<Time> until() const { return lease_.until(ensemble_, peer_); }

  Time now{};

 private:
  model::Ensemble ensemble_;
  model::EpochPeer peer_;
  Lease lease_{sync_limit};
};

TEST(Lease, BeginsWithTheEpochAndCountsFromWhatWasSent) {
  Leader leader(3);
  leader.now = Time(100ms);
  leader.happens(model::Lead{});
  leader.greet(1);
  leader.accept(1);  // NEWLEADER is sent
  EXPECT_EQ(leader.until(), std::nullopt);
  leader.now = Time(250ms);
  leader.acknowledge(1);
  EXPECT_EQ(leader.until(), Time(100ms + sync_limit));
}

TEST(Lease, APingExtendsItFromWhenItWasSentOnceItIsAnswered) {
  Leader leader(3);
  leader.establish_with({1});
  leader.now = Time(400ms);
  leader.happens(model::Tick{});
  leader.now = Time(700ms);
  leader.happens(model::Tick{});
  EXPECT_EQ(leader.until(), Time(sync_limit));
  leader.now = Time(800ms);
  leader.hear(1, model::Ping{});
  EXPECT_EQ(leader.until(), Time(400ms + sync_limit));
  leader.hear(1, model::Ping{});
  EXPECT_EQ(leader.until(), Time(700ms + sync_limit));
  leader.hear(1, model::Ping{});  // an answer to nothing
  EXPECT_EQ(leader.until(), Time(700ms + sync_limit));
}

// The model of a learner: "between NEWLEADER and UPTODATE a ping is passed over".
TEST(Lease, APingThatIsNotAnsweredIsNotWaitedFor) {
  Leader leader(5);
  leader.establish_with({1, 2});
  leader.greet(3);
  leader.accept(3);  // has NEWLEADER, and not yet UPTODATE
  leader.now = Time(100ms);
  leader.happens(model::Tick{});
  leader.acknowledge(3);
  leader.now = Time(200ms);
  leader.happens(model::Tick{});
  leader.hear(3, model::Ping{});
  leader.hear(2, model::Ping{});
  EXPECT_EQ(leader.until(), Time(100ms + sync_limit));  // 2 has answered the first, 3 the second
}

TEST(Lease, EndsAtOnceWithTheQuorum) {
  Leader leader(5);
  leader.establish_with({1, 2, 3});
  leader.now = Time(100ms);
  leader.happens(model::LinkLost{ServerId{1}});
  EXPECT_EQ(leader.until(), Time(sync_limit));
  leader.happens(model::LinkLost{ServerId{3}});
  EXPECT_EQ(leader.until(), std::nullopt);
  leader.greet(3);  // is there again, but has confirmed nothing
  EXPECT_EQ(leader.until(), std::nullopt);
  leader.accept(3);
  leader.acknowledge(3);
  EXPECT_EQ(leader.until(), Time(sync_limit));  // with 2, of whom nothing newer is known
}

TEST(Lease, TheSlowestOfTheFastestQuorumCounts) {
  Leader leader(5);
  leader.establish_with({1, 2, 3, 4});
  for (int i = 1; i <= 4; ++i) {
    leader.now = Time(i * 100ms);
    leader.happens(model::Tick{});
  }
  for (int learner = 1; learner <= 4; ++learner) {
    for (int pings = 0; pings < learner; ++pings) leader.hear(learner, model::Ping{});
  }
  EXPECT_EQ(leader.until(), Time(300ms + sync_limit));
  leader.happens(model::LinkLost{ServerId{4}});
  EXPECT_EQ(leader.until(), Time(200ms + sync_limit));
}

TEST(Lease, ALearnerThatAnswersNothingIsNotRememberedWithoutBound) {
  Leader leader(3);
  leader.establish_with({1});
  for (std::size_t i = 0; i < Lease::unanswered_max + 10; ++i) {
    leader.now += 1ms;
    leader.happens(model::Tick{});
  }
  for (std::size_t i = 0; i < Lease::unanswered_max + 10; ++i) leader.hear(1, model::Ping{});
  EXPECT_EQ(leader.until(), Time(std::chrono::milliseconds(Lease::unanswered_max) + sync_limit));
}

TEST(Lease, WhoIsAQuorumAloneNeedsNobody) {
  Leader leader(1);
  EXPECT_EQ(leader.until(), std::nullopt);
  leader.happens(model::Lead{});
  EXPECT_EQ(leader.until(), Time::max());
  leader.happens(model::LimitOver{});  // too late to matter
  EXPECT_EQ(leader.until(), Time::max());
}

TEST(Lease, IsOverWithTheRole) {
  Leader leader(3);
  leader.establish_with({1});
  leader.happens(model::LinkLost{ServerId{1}});
  leader.happens(model::Tick{});
  EXPECT_EQ(leader.until(), std::nullopt);
  leader.happens(model::Lead{});
  EXPECT_EQ(leader.until(), std::nullopt);
}

// Learners that only lose messages, never their connection: each leaves when it has heard nothing for syncLimit. As
// long as the lease says so, a quorum has not left. Messages take any time, in either direction, and are lost from
// some moment on.
TEST(Lease, NobodyElseCanBeEstablishedBeforeItEnds) {
  std::mt19937 random(7);
  const auto up_to = [&random](unsigned most) { return std::chrono::milliseconds(random() % (most + 1)); };
  for (int again = 0; again < 2000; ++again) {
    constexpr int learners = 4;
    Leader leader(learners + 1);
    leader.establish_with({1, 2, 3, 4});
    struct Learner {
      Time hears_until, heard_until, last_heard{}, reader{}, writer{};
    };
    std::map<int, Learner> others;
    struct Answer {
      Time when;
      int from;
    };
    std::vector<Answer> answers;
    for (int i = 1; i <= learners; ++i) others[i] = {Time(up_to(3000)), Time(up_to(3000)), Time{}, Time{}, Time{}};
    const auto slowest_ms = static_cast<unsigned>(random() % 700);
    for (Time now{}; now < Time(5000ms); now += 1ms) {
      leader.now = now;
      if (now.time_since_epoch() % 100ms == 0ms) {
        leader.happens(model::Tick{});
        for (auto& [id, other] : others) {
          // Of one connection messages stay in order.
          other.reader = std::max(other.reader, now + up_to(slowest_ms));
          if (now > other.hears_until || other.reader >= other.last_heard + sync_limit) continue;
          other.last_heard = other.reader;
          other.writer = std::max(other.writer, other.reader + up_to(slowest_ms));
          if (other.reader <= other.heard_until) answers.push_back({other.writer, id});
        }
      }
      std::stable_sort(answers.begin(), answers.end(), [](auto& a, auto& b) { return a.when < b.when; });
      while (!answers.empty() && answers.front().when <= now) {
        leader.hear(answers.front().from, model::Ping{});
        answers.erase(answers.begin());
      }
      const auto gone = std::count_if(others.begin(), others.end(),
                                      [&](const auto& entry) { return entry.second.last_heard + sync_limit <= now; });
      // Three of five elect another.
      if (gone >= 3) {
        ASSERT_LE(*leader.until(), now) << again;
        break;
      }
    }
  }
}

TEST(LeaseBoard, ShowsWhatIsHeldUntilItRunsOut) {
  LeaseBoard board;
  EXPECT_EQ(board.held(Time{}), std::nullopt);
  board.hold(PeerEpoch{3}, Time(1s));
  EXPECT_EQ(board.held(Time(999ms)), PeerEpoch{3});
  EXPECT_EQ(board.held(Time(1s)), std::nullopt);
  board.hold(PeerEpoch{3}, Time::max());
  board.close();
  EXPECT_EQ(board.held(Time{}), std::nullopt);
  board.hold(PeerEpoch{4}, Time::max());
  EXPECT_EQ(board.held(Time{}), std::nullopt);
  board.open();
  board.hold(PeerEpoch{4}, Time::max());
  EXPECT_EQ(board.held(Time{}), PeerEpoch{4});
  board.clear();
  EXPECT_EQ(board.held(Time{}), std::nullopt);
}

TEST(LeaseClock, Goes) {
  const Time before = LeaseClock::now();
  while (LeaseClock::now() == before) {
  }
  EXPECT_GT(LeaseClock::now(), before);
}

}  // namespace
}  // namespace conclave::node
