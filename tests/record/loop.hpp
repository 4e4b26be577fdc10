// A node without a network: whatever a random number makes happen, taken by the model and recorded.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <variant>

#include "conclave/model/coarse.hpp"
#include "conclave/model/epoch.hpp"
#include "conclave/record/recorder.hpp"

namespace conclave::record {

class Loop {
 public:
  // Begins a run in `recorder`, as a node does.
  Loop(Recorder& recorder, unsigned seed) : recorder_(recorder), random_(seed) {
    using model::Member;
    const bool groups = one_in(3);
    model::FixedVector<Member, model::servers_max> members;
    for (int i = 1; i <= 3; ++i) {
      Member member{model::ServerId{i}, model::LearnerType::participant, {}, {}};
      if (groups) member.group = 1;
      if (groups && one_in(2)) member.weight = model::Weight{small()};
      members.push_back(member);
    }
    if (one_in(2)) members.push_back({model::ServerId{4}, model::LearnerType::observer, {}, {}});
    const bool oracle = !groups && one_in(4);
    const auto kind = groups   ? model::QuorumKind::hierarchical
                      : oracle ? model::QuorumKind::oracle_majority
                               : model::QuorumKind::majority;
    ensemble_.configurations.push_back(
        model::Configuration::make(kind, {members.begin(), members.size()}, model::ConfigVersion{1}, 7));
    ensemble_.reconfig_enabled = one_in(2);
    const model::ServerId sid{one_in(5) && members.size() == 4 ? 4 : 1 + small() % 3};
    disk_ = {model::PeerEpoch{1}, model::PeerEpoch{1}, model::Zxid{std::int64_t{1} << 32U | small()}};
    if (one_in(4)) disk_.last_zxid = model::no_history;
    peer_ = model::make_peer(ensemble_, sid, disk_);
    role_ = model::make_epoch_peer(ensemble_, sid, disk_);
    recorder_.begin({"a test", 0, sid, true, disk_, ensemble_});
    take(model::Start{});
  }

  // One more thing happens.
  void step() {
    if (!ensemble_.configurations.full() && one_in(40)) {
      auto next = ensemble_.configurations[0];
      std::array<model::Member, 3> members{};
      for (std::size_t i = 0; i < members.size(); ++i) members[i] = next.members()[i];
      next = model::Configuration::make(next.kind(), members, model::ConfigVersion{1 + small()}, 8);
      ensemble_.configurations.push_back(next);
      recorder_.configuration(next);
    }
    const bool settled = state_of(peer_) != model::ServerState::looking;
    if (settled && !one_in(4)) return epoch_event();
    switch (random_() % 8) {
      case 0: return take(model::Silence{});
      case 1: return take(model::NotificationTimeout{one_in(2)});
      case 2: return take(model::OracleRead{{one_in(2), one_in(2)}});
      case 3: return take(model::Process{});
      case 4: return take(model::VotePublished{});
      default: return take(model::Received{message()});
    }
  }

 private:
  bool one_in(unsigned many) { return random_() % many == 0; }
  std::int64_t small() { return static_cast<std::int64_t>(random_() % 4); }
  model::ServerId server() { return model::ServerId{1 + small()}; }
  model::PeerEpoch epoch() { return model::PeerEpoch{small()}; }
  model::Zxid zxid() { return model::Zxid{small() << 32U | small()}; }

  model::Message message() {
    model::Message message;
    message.from = one_in(10) ? model::ServerId{9} : server();
    message.format = one_in(8) ? static_cast<model::MessageFormat>(random_() % 4) : model::MessageFormat::versioned;
    message.state_code = one_in(20) ? 7 : one_in(2) ? 0 : static_cast<std::int32_t>(random_() % 4);
    message.leader = one_in(12) ? model::ServerId{8} : server();
    message.zxid = one_in(12) ? model::unlogged : zxid();
    message.round = one_in(3) ? model::Round{small()} : peer_.clock;
    message.peer_epoch = epoch();
    message.version = one_in(4) ? static_cast<std::int32_t>(small()) : 2;
    message.config_text = one_in(8) ? static_cast<model::ConfigText>(random_() % 4) : model::ConfigText::parsed;
    message.config = static_cast<model::ConfigIndex>(random_() % ensemble_.configurations.size());
    return message;
  }

  model::Packet packet() {
    switch (random_() % 12) {
      case 0: return model::FollowerInfo{epoch(), model::LearnerType::observer, model::ConfigVersion{small()}};
      case 1:
      case 2: return model::FollowerInfo{epoch(), model::LearnerType::participant, model::ConfigVersion{0}};
      case 3: return model::LeaderInfo{model::PeerEpoch{disk_.accepted_epoch.value + small() - 1}};
      case 4: return model::AckEpoch{std::nullopt, zxid()};
      case 5: return model::AckEpoch{epoch(), zxid()};
      case 6: return model::AckEpoch{model::PeerEpoch{0}, model::Zxid{0}};
      case 7: return model::Synchronise{zxid(), zxid()};
      case 8: return model::NewLeader{role_.learning.epoch};
      case 9: return model::EpochAck{role_.leading.epoch};
      case 10: return model::UpToDate{};
      default: return model::Ping{};
    }
  }

  // What fits, mostly: at random, hardly anything would be established.
  std::optional<model::Packet> fitting() {
    if (role_.role != model::EpochRole::learning) return std::nullopt;
    switch (role_.learning.phase) {
      case model::LearnPhase::registering: return model::LeaderInfo{model::PeerEpoch{disk_.accepted_epoch.value + 1}};
      case model::LearnPhase::accepted: return model::Synchronise{zxid(), zxid()};
      case model::LearnPhase::synchronised: return model::NewLeader{role_.learning.epoch};
      case model::LearnPhase::acknowledged: return model::UpToDate{};
      case model::LearnPhase::up_to_date: return model::Ping{};
    }
    return std::nullopt;
  }

  // The next packet of some learner, from which a leader gets on.
  model::PacketFrom from_learner() {
    const model::ServerId sid{1 + small() % 3};
    for (const model::LearnerLink& learner : role_.leading.learners) {
      if (learner.sid != sid) continue;
      if (learner.phase == model::LearnerPhase::told_epoch) return {sid, model::AckEpoch{epoch(), zxid()}};
      if (learner.phase >= model::LearnerPhase::told_new_leader) return {sid, model::EpochAck{role_.leading.epoch}};
    }
    return {sid, model::FollowerInfo{model::PeerEpoch{1 + small()}, {}, model::ConfigVersion{small() % 2}}};
  }

  void epoch_event() {
    if (role_.role == model::EpochRole::leading && one_in(2)) return take(from_learner());
    const model::ServerId from = one_in(3) ? server() : role_.learning.leader;
    switch (random_() % 16) {
      case 0: return take(model::LinkLost{server()});
      case 1: return one_in(3) ? take(model::LimitOver{}) : take(model::Tick{});
      case 2: return take(model::Tick{});
      case 3:
      case 4:
      case 5:
      case 6:
        if (const auto next = fitting()) return take(model::PacketFrom{role_.learning.leader, *next});
        [[fallthrough]];
      default: return take(model::PacketFrom{role_.role == model::EpochRole::leading ? server() : from, packet()});
    }
  }

  void take(const model::Event& event) {
    const bool looked = state_of(peer_) == model::ServerState::looking;
    const model::Transition made = model::react(ensemble_, peer_, event);
    recorder_.election(peer_, event, made);
    peer_ = made.peer;
    if (!looked || state_of(peer_) == model::ServerState::looking) return;
    role_ = model::make_epoch_peer(ensemble_, peer_.id, disk_, peer_.committed);
    if (state_of(peer_) == model::ServerState::leading) return take(model::EpochEvent{model::Lead{}});
    const model::Proposal& elected = peer_.current_vote.proposal;
    take(model::EpochEvent{model::Follow{elected.leader, elected.zxid}});
  }

  void take(const model::EpochEvent& event) {
    const model::EpochTransition made = model::epoch_step(ensemble_, role_, event);
    recorder_.epoch(event, made);
    role_ = made.peer;
    disk_ = role_.durable;
    for (const model::EpochEffect& effect : made.effects) {
      if (const auto* established = std::get_if<model::Established>(&effect)) {
        take(model::Event{model::EpochEstablished{established->epoch}});
      } else if (const auto* over = std::get_if<model::RoleOver>(&effect)) {
        take(model::Event{model::RoleEnded{}});
        peer_.durable = over->reason == model::EndReason::no_history ? model::standing_back(disk_) : disk_;
        return take(model::Event{model::Start{}});
      }
    }
  }
  template <class EpochEvent>
  auto take(const EpochEvent& event) -> decltype(take(model::EpochEvent{event})) {
    return take(model::EpochEvent{event});
  }

  Recorder& recorder_;
  std::mt19937 random_;
  model::Ensemble ensemble_;
  model::Durable disk_;
  model::Peer peer_;
  model::EpochPeer role_;
};

}  // namespace conclave::record
