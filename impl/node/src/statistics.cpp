#include "conclave/node/statistics.hpp"

#include <algorithm>

namespace conclave::node {

void DurationHistogram::add(Clock::duration took) {
  took = std::max(took, Clock::duration::zero());
  std::size_t place = 0;
  while (place < bounds_ms.size() && took > std::chrono::milliseconds(bounds_ms[place])) ++place;
  ++counts_[place];
  ++count_;
  sum_ += took;
  least_ = std::min(least_, took);
  most_ = std::max(most_, took);
  last_ = took;
}

void Statistics::election_began(Clock::time_point now) {
  ++elections_;
  election_began_ = now;
  if (!unavailable_since_) unavailable_since_ = now;
}

void Statistics::decided(model::ServerState state, Clock::time_point now) {
  ++decisions_[static_cast<std::size_t>(state)];
  state_since_ = now;
  election_time_.add(now - election_began_);
}

void Statistics::established(Clock::time_point now) {
  if (!unavailable_since_) return;
  unavailable_time_.add(now - *unavailable_since_);
  unavailable_since_.reset();
}

void Statistics::role_ended(Clock::time_point now) {
  ++roles_ended_;
  state_since_ = now;
}

void Statistics::heard(const model::Message& message, Clock::time_point now) {
  heard_[message.from] = {message.state_code, message.leader, message.zxid, message.round, message.peer_epoch, now};
}

std::optional<Heard> Statistics::heard_from(model::ServerId sid) const {
  const auto place = heard_.find(sid);
  if (place == heard_.end()) return std::nullopt;
  return place->second;
}

}  // namespace conclave::node
