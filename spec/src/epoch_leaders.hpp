// Leaders of old releases that took other steps than today's, for spec/src/epoch_rules.cpp.
#pragma once

#include <variant>

#include "conclave/model/epoch.hpp"

namespace conclave::spec {

// ZOOKEEPER-790 (debd8a036, 2678baf5c): lead set the last processed zxid to the epoch's first before anybody followed.
class LeaderThatBeginsAlone : public model::EpochStepper<model::ZooKeeperEpochRules, LeaderThatBeginsAlone> {
  using Rules = model::ZooKeeperEpochRules;
  using Today = model::EpochStepper<Rules, LeaderThatBeginsAlone>;
  friend Today;

 public:
  using Today::Today;

 private:
  constexpr void hear_accepted(model::ServerId sid, model::PeerEpoch accepted) {
    const bool collecting = peer().leading.phase == model::LeadPhase::collecting;
    Today::hear_accepted(sid, accepted);
    const bool proposes = collecting && peer().leading.phase != model::LeadPhase::collecting;
    if (proposes && keeps_history(peer().durable)) write_history(first_zxid_of(peer().leading.epoch));
  }
};

// ZOOKEEPER-1192 (b182dd4d7): waitForEpochAck let a leader go on when its time was over, whoever had accepted.
// Learners that answered later were compared with it and counted all the same, until a quorum had accepted.
struct NobodyHasToAccept : model::ZooKeeperEpochRules {
  template <class Contains>
  static constexpr bool enough(model::LeadPhase phase, const model::Configuration& configuration,
                               const Contains& contains) {
    return phase == model::LeadPhase::proposing || configuration.contains_quorum(contains);
  }
};
class LeaderThatWaitsNoLonger : public model::EpochStepper<NobodyHasToAccept, LeaderThatWaitsNoLonger> {
  using Today = model::EpochStepper<NobodyHasToAccept, LeaderThatWaitsNoLonger>;
  friend Today;

 public:
  using Today::Today;

 private:
  using Today::on;

  constexpr void on(const model::PacketFrom& received) {
    const auto* ack = std::get_if<model::AckEpoch>(&received.packet);
    if (ack != nullptr && ack->current_epoch && asks_still(received.from)) {
      const model::Standing standing{*ack->current_epoch, ack->last_zxid};
      if (NobodyHasToAccept::ahead(standing, peer().leading.standing)) return drop(received.from);
      if (committed().votes(received.from)) insert(peer().leading.accepted, received.from);
    }
    Today::on(received);
  }

  // Is this learner's word on the epoch still to come, and would one have been waited for?
  constexpr bool asks_still(model::ServerId sid) {
    if (peer().role != model::EpochRole::leading || peer().leading.phase <= model::LeadPhase::proposing) return false;
    const model::LearnerLink* learner = find(peer().leading.learners, sid);
    if (learner == nullptr || learner->phase != model::LearnerPhase::told_epoch) return false;
    return !committed().contains_quorum([&](model::ServerId id) { return contains(peer().leading.accepted, id); });
  }
};

// ZOOKEEPER-1270 (b1d917789): a quorum of learners alone was enough for getEpochToPropose and waitForEpochAck. The
// handlers of learners may be there before the leader's own thread, which a second Lead lets come.
class LeaderThatComesLate : public model::EpochStepper<model::ZooKeeperEpochRules, LeaderThatComesLate> {
  using Rules = model::ZooKeeperEpochRules;
  using Today = model::EpochStepper<Rules, LeaderThatComesLate>;
  friend Today;

 public:
  using Today::Today;

 private:
  using Today::on;

  constexpr void on(const model::Lead&) {
    if (peer().role == model::EpochRole::leading) return count_itself();
    if (peer().role != model::EpochRole::none) return;
    peer().role = model::EpochRole::leading;
    peer().leading.standing = model::Standing{peer().durable.current_epoch, peer().durable.last_zxid};
  }

  // The leader's own thread: getEpochToPropose, waitForEpochAck, and on, as far as it can.
  constexpr void count_itself() {
    model::LeadingEpoch& leader = peer().leading;
    if (came()) return;
    if (leader.phase == model::LeadPhase::collecting) {
      return hear_accepted(peer().id, peer().durable.accepted_epoch);
    }
    insert(leader.connected, peer().id);
    if (peer().durable.last_zxid != model::unlogged) insert(leader.accepted, peer().id);
    if (leader.phase == model::LeadPhase::synchronising) take_over();
    propose_if_accepted();
    serve_learners();
  }

  // Is it in getEpochToPropose, or further?
  constexpr bool came() { return contains(peer().leading.connected, peer().id); }

  constexpr void hear_accepted(model::ServerId sid, model::PeerEpoch accepted) {
    model::LeadingEpoch& leader = peer().leading;
    if (leader.phase != model::LeadPhase::collecting) return serve_learners();
    if (leader.epoch < model::PeerEpoch{0} || Rules::raises(accepted, leader.epoch)) {
      leader.epoch = model::PeerEpoch{accepted.value + 1};
    }
    if (Rules::counts(leader.phase, committed(), sid)) insert(leader.connected, sid);
    if (!quorum_in(leader.connected)) return;
    leader.phase = model::LeadPhase::proposing;
    peer().durable.accepted_epoch = leader.epoch;
    effect(model::WriteAccepted{leader.epoch});
    if (came() && peer().durable.last_zxid != model::unlogged) insert(leader.accepted, peer().id);
    propose_if_accepted();
    serve_learners();
  }

  constexpr void propose_if_accepted() {
    model::LeadingEpoch& leader = peer().leading;
    if (leader.phase != model::LeadPhase::proposing || !quorum_in(leader.accepted)) return;
    leader.phase = model::LeadPhase::synchronising;
    if (came()) take_over();
  }

  constexpr void take_over() {
    if (keeps_history(peer().durable)) write_current(peer().leading.epoch);
    hear_new_leader_ack(peer().id);
  }

  constexpr void hear_new_leader_ack(model::ServerId sid) {
    if (came()) Today::hear_new_leader_ack(sid);  // before there is no proposal that could be acknowledged
  }

  constexpr bool quorum_in(const auto& set) {
    return Rules::enough(peer().leading.phase, committed(), [&](model::ServerId id) { return contains(set, id); });
  }
};

}  // namespace conclave::spec
