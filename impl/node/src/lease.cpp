#include "conclave/node/lease.hpp"

#include <algorithm>
#include <ctime>
#include <functional>
#include <variant>
#include <vector>

#include "conclave/model/epoch.hpp"

namespace conclave::node {

LeaseClock::time_point LeaseClock::now() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return time_point(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

void Lease::step(const model::EpochEvent& event, const model::EpochTransition& made, LeaseClock::time_point now) {
  if (made.peer.role != model::EpochRole::leading || std::holds_alternative<model::Lead>(event)) learners_.clear();
  if (made.peer.role != model::EpochRole::leading) return;
  if (const auto* packet = std::get_if<model::PacketFrom>(&event)) {
    heard(packet->from, packet->packet);
  } else if (const auto* lost = std::get_if<model::LinkLost>(&event)) {
    learners_.erase(lost->with);
  }
  for (const model::EpochEffect& effect : made.effects) {
    if (const auto* packet = std::get_if<model::SendPacket>(&effect)) sent(packet->to, packet->packet, now);
    if (const auto* away = std::get_if<model::Disconnect>(&effect)) learners_.erase(away->from);
  }
}

void Lease::heard(model::ServerId from, const model::Packet& packet) {
  Learner& learner = learners_[from];
  if (std::holds_alternative<model::FollowerInfo>(packet)) {
    learner = Learner{};  // over a new connection
  } else if (std::holds_alternative<model::EpochAck>(packet)) {
    if (!learner.confirmed) learner.confirmed = learner.told;
  } else if (std::holds_alternative<model::Ping>(packet) && !learner.pings.empty()) {
    // One answer to each ping, and in order.
    learner.confirmed = learner.pings.front();
    learner.pings.pop_front();
  }
}

void Lease::sent(model::ServerId to, const model::Packet& packet, LeaseClock::time_point now) {
  Learner& learner = learners_[to];
  if (std::holds_alternative<model::NewLeader>(packet)) {
    learner.told = now;
  } else if (std::holds_alternative<model::UpToDate>(packet)) {
    learner.answers_pings = true;
  } else if (std::holds_alternative<model::Ping>(packet) && learner.answers_pings) {
    // Where there is no room, later answers count for earlier pings, which is on the safe side.
    if (learner.pings.size() < unanswered_max) learner.pings.push_back(now);
  }
}

std::optional<LeaseClock::time_point> Lease::until(const model::Ensemble& ensemble,
                                                   const model::EpochPeer& peer) const {
  const bool established =
      peer.role == model::EpochRole::leading && peer.leading.phase == model::LeadPhase::established;
  if (!established) return std::nullopt;
  const auto holds_with = [&](const std::optional<LeaseClock::time_point>& since) {
    return model::holds_quorum(ensemble, peer, [&](model::ServerId id) {
      if (id == peer.id) return true;
      const auto learner = learners_.find(id);
      return since && learner != learners_.end() && learner->second.confirmed && *learner->second.confirmed >= *since;
    });
  };
  if (holds_with(std::nullopt)) return LeaseClock::time_point::max();
  std::vector<LeaseClock::time_point> moments;
  for (const auto& [sid, learner] : learners_) {
    if (learner.confirmed) moments.push_back(*learner.confirmed);
  }
  std::sort(moments.begin(), moments.end(), std::greater<>());
  for (const LeaseClock::time_point since : moments) {
    if (holds_with(since)) return since + sync_limit_;
  }
  return std::nullopt;
}

void LeaseBoard::hold(model::PeerEpoch epoch, LeaseClock::time_point until) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  epoch_ = epoch;
  until_ = until;
}

void LeaseBoard::clear() {
  const std::lock_guard lock(mutex_);
  epoch_.reset();
}

void LeaseBoard::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  epoch_.reset();
}

void LeaseBoard::open() {
  const std::lock_guard lock(mutex_);
  closed_ = false;
}

std::optional<model::PeerEpoch> LeaseBoard::held(LeaseClock::time_point now) const {
  const std::lock_guard lock(mutex_);
  if (!epoch_ || now >= until_) return std::nullopt;
  return epoch_;
}

}  // namespace conclave::node
