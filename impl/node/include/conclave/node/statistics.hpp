// What a node has seen so far, in numbers: elections and how long they took, and what others last said.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>

#include "conclave/model/event.hpp"
#include "conclave/model/types.hpp"

namespace conclave::node {

using Clock = std::chrono::steady_clock;

// Durations by size. Bounds are those of elections: finalizeWait alone is 200 ms, a cold start takes seconds.
class DurationHistogram {
 public:
  static constexpr std::array<std::int64_t, 12> bounds_ms = {10,  25,   50,   100,  200,   300,
                                                             500, 1000, 2500, 5000, 10000, 60000};

  // A duration equal to a bound belongs to that bound. Negative ones count as 0.
  void add(Clock::duration took);

  // By bound, the last one: longer than all of them. Not cumulative.
  [[nodiscard]] const std::array<std::uint64_t, bounds_ms.size() + 1>& counts() const { return counts_; }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] Clock::duration sum() const { return sum_; }
  [[nodiscard]] Clock::duration least() const { return count_ == 0 ? Clock::duration::zero() : least_; }
  [[nodiscard]] Clock::duration most() const { return most_; }
  [[nodiscard]] Clock::duration last() const { return last_; }

 private:
  std::array<std::uint64_t, bounds_ms.size() + 1> counts_{};
  std::uint64_t count_ = 0;
  Clock::duration sum_{};
  Clock::duration least_ = Clock::duration::max();
  Clock::duration most_{};
  Clock::duration last_{};
};

// The last notification of a server, whether or not it was good for anything.
struct Heard {
  std::int32_t state_code = 0;  // a model::ServerState, or not
  model::ServerId leader{0};
  model::Zxid zxid{0};
  model::Round round{0};
  model::PeerEpoch epoch{0};
  Clock::time_point at;
};

// Where a server is between its election and serving: QuorumPeer.ZabState.
enum class ZabPhase : std::uint8_t { election, discovery, synchronization, broadcast };

class Statistics {
 public:
  explicit Statistics(Clock::time_point now) : process_began_(now), state_since_(now) {}

  void election_began(Clock::time_point now);
  // REQUIRES: not looking. The election is over.
  void decided(model::ServerState state, Clock::time_point now);
  void established(Clock::time_point now);
  void role_ended(Clock::time_point now);
  // Kept for servers of the configuration alone, so that strangers can't make it grow.
  void heard(const model::Message& message, Clock::time_point now);

  [[nodiscard]] Clock::time_point process_began() const { return process_began_; }
  [[nodiscard]] Clock::time_point state_since() const { return state_since_; }
  [[nodiscard]] std::uint64_t elections() const { return elections_; }
  [[nodiscard]] std::uint64_t decisions(model::ServerState state) const {
    return decisions_[static_cast<std::size_t>(state)];
  }
  [[nodiscard]] std::uint64_t roles_ended() const { return roles_ended_; }
  // ZooKeeper's election_time: of each election, from LOOKING to the decision.
  [[nodiscard]] const DurationHistogram& election_time() const { return election_time_; }
  // ZooKeeper's unavailable_time: from LOOKING to an established epoch, over as many elections as that took.
  [[nodiscard]] const DurationHistogram& unavailable_time() const { return unavailable_time_; }
  [[nodiscard]] std::optional<Heard> heard_from(model::ServerId sid) const;

 private:
  Clock::time_point process_began_;
  Clock::time_point state_since_;  // the change to or from LOOKING
  Clock::time_point election_began_;
  std::optional<Clock::time_point> unavailable_since_;
  std::uint64_t elections_ = 0;
  std::array<std::uint64_t, model::server_states> decisions_{};
  std::uint64_t roles_ended_ = 0;
  DurationHistogram election_time_;
  DurationHistogram unavailable_time_;
  std::map<model::ServerId, Heard> heard_;
};

}  // namespace conclave::node
