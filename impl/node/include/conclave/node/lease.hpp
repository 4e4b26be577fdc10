// For how long an established leader may take it that nobody has taken its place.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>

#include "conclave/model/epoch_state.hpp"
#include "conclave/model/types.hpp"

namespace conclave::node {

// CLOCK_BOOTTIME: it goes on while the machine is suspended, which std::chrono::steady_clock on Linux does not.
struct LeaseClock {
  using duration = std::chrono::nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<LeaseClock>;
  static constexpr bool is_steady = true;
  static time_point now() noexcept;
};

// A learner leaves its leader when it has not heard from it for syncLimit. So one that has answered a ping stays at
// least until syncLimit after that ping was *sent*, and until a quorum may have left, nobody else can be established.
// docs/library.md says what that is worth, and when it is not true.
//
// A value: told of each step of a leader's epoch, and of the time. Not thread-safe.
class Lease {
 public:
  // A learner that answers nothing is not counted, and not remembered without bound.
  static constexpr std::size_t unanswered_max = 1024;

  explicit Lease(LeaseClock::duration sync_limit) : sync_limit_(sync_limit) {}

  // REQUIRES: each step of the role, from Lead on, in order. `now` is not later than when its effects happen.
  void step(const model::EpochEvent& event, const model::EpochTransition& made, LeaseClock::time_point now);
  // Nothing: no epoch is established, or too few learners are there. Without end where a leader is a quorum by itself.
  [[nodiscard]] std::optional<LeaseClock::time_point> until(const model::Ensemble& ensemble,
                                                            const model::EpochPeer& peer) const;

 private:
  struct Learner {
    std::optional<LeaseClock::time_point> told;  // when NEWLEADER was sent
    bool answers_pings = false;                  // from UPTODATE on
    std::deque<LeaseClock::time_point> pings;    // when those were sent that are not answered yet
    std::optional<LeaseClock::time_point> confirmed;
  };
  void heard(model::ServerId from, const model::Packet& packet);
  void sent(model::ServerId to, const model::Packet& packet, LeaseClock::time_point now);

  LeaseClock::duration sync_limit_;
  std::map<model::ServerId, Learner> learners_;
};

// Where a node's thread writes its lease, and any thread reads it.
class LeaseBoard {
 public:
  void hold(model::PeerEpoch epoch, LeaseClock::time_point until);
  void clear();
  void close();  // clears it; hold() does nothing from then on
  void open();   // until here

  // The epoch of the lease, if it has not run out.
  [[nodiscard]] std::optional<model::PeerEpoch> held(LeaseClock::time_point now) const;

 private:
  mutable std::mutex mutex_;
  bool closed_ = false;
  std::optional<model::PeerEpoch> epoch_;
  LeaseClock::time_point until_;
};

}  // namespace conclave::node
