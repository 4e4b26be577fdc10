// An election at compile time: the rules are constant expressions, and this file does not compile where they are wrong.
#include <gtest/gtest.h>

#include <array>
#include <cstddef>

#include "conclave/model/coarse.hpp"

namespace conclave::model {
namespace {

constexpr std::array<ServerId, 3> ids = {ServerId{1}, ServerId{2}, ServerId{3}};

struct Outcome {
  std::array<ServerState, 3> states{};
  std::array<ServerId, 3> leaders{};
};

// Three servers with these zxids start, hear everything that is sent until nothing is left, and have their silence.
constexpr Outcome elect(const std::array<Zxid, 3>& zxids) {
  const Ensemble ensemble = single_configuration(Configuration::majority(ids));
  std::array<Peer, 3> peers;
  FixedVector<Notification, 64> sent;
  const auto take = [&](std::size_t server, const Event& event) {
    const Transition made = react(ensemble, peers[server], event);
    peers[server] = made.peer;
    for (const Effect& effect : made.effects) {
      if (const auto* all = std::get_if<SendToAll>(&effect)) sent.push_back(all->notification);
    }
  };
  for (std::size_t i = 0; i < ids.size(); ++i) {
    peers[i] = make_peer(ensemble, ids[i], Durable{PeerEpoch{1}, PeerEpoch{1}, zxids[i]});
    take(i, Start{});
  }
  for (std::size_t next = 0; next < sent.size(); ++next) {
    const Notification notification = sent[next];
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (!(ids[i] == notification.from)) take(i, Received{message_of(notification)});
    }
  }
  Outcome outcome;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    take(i, Silence{});
    outcome.states[i] = state_of(peers[i]);
    outcome.leaders[i] = peers[i].current_vote.proposal.leader;
  }
  return outcome;
}

constexpr bool all_follow(const Outcome& outcome, std::size_t leader) {
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const ServerState expected = i == leader ? ServerState::leading : ServerState::following;
    if (outcome.states[i] != expected || !(outcome.leaders[i] == ids[leader])) return false;
  }
  return true;
}

static_assert(all_follow(elect({Zxid{0}, Zxid{0}, Zxid{0}}), 2), "equal histories: the highest id leads");
static_assert(all_follow(elect({Zxid{9}, Zxid{5}, Zxid{7}}), 0), "the latest transaction wins over the id");
static_assert(!all_follow(elect({Zxid{9}, Zxid{5}, Zxid{7}}), 2), "and these assertions can fail");

// Where it is full there is nothing behind the last item to be read, which a constant expression would not allow.
constexpr bool full_vectors_are_copied() {
  FixedVector<int, 2> full;
  full.push_back(1);
  full.push_back(2);
  FixedVector<int, 2> copy = full;
  copy.erase(1);
  return full[1] == 2 && copy.size() == 1 && copy[0] == 1;
}
static_assert(full_vectors_are_copied());

// One that is kept may have nothing in it that nobody has written.
constexpr FixedVector<int, 2> kept;
static_assert(kept.empty());

TEST(CompileTime, TheSameElectionAtRunTime) {
  EXPECT_TRUE(all_follow(elect({Zxid{0}, Zxid{0}, Zxid{0}}), 2));
  EXPECT_TRUE(all_follow(elect({Zxid{1}, Zxid{3}, Zxid{2}}), 1));
}

}  // namespace
}  // namespace conclave::model
