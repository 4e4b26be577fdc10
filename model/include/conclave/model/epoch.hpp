// From an election to an established epoch: one pure function.
//
//     EpochTransition epoch_step(const Ensemble&, const EpochPeer&, const EpochEvent&)
//
// The rules of ZooKeeper's discovery and synchronisation phases, as far as they are about epochs. L is Leader, LH
// LearnerHandler, Ln Learner. No I/O, clock, allocation or exception; usable in constant expressions and from any
// thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <type_traits>
#include <variant>

#include "conclave/model/configuration.hpp"
#include "conclave/model/epoch_state.hpp"
#include "conclave/model/types.hpp"

namespace conclave::model {

// What a learner makes of the epoch that a leader proposes.
enum class EpochAnswer : std::uint8_t { accept, accepted_before, refuse };

// The decisions of the phase, as today's ZooKeeper takes them. A study of another rule derives from this struct and
// hides one of them, as with ZooKeeperRules.
struct ZooKeeperEpochRules {
  // L.getEpochToPropose: has the leader to go beyond what it meant to propose?
  static constexpr bool raises(PeerEpoch accepted, PeerEpoch proposed) { return accepted >= proposed; }

  // L.isParticipant: is the word of this server one of those that are counted?
  static constexpr bool counts(LeadPhase, const Configuration& configuration, ServerId id) {
    return configuration.votes(id);
  }

  // L.getEpochToPropose, waitForEpochAck, waitForNewLeaderAck, lead: do these servers contain a quorum?
  template <class Contains>
  static constexpr bool enough(LeadPhase, const Configuration& configuration, const Contains& contains) {
    return configuration.contains_quorum(contains);
  }

  // L.waitForEpochAck: StateSummary.isMoreRecentThan.
  static constexpr bool ahead(const Standing& learner, const Standing& leader) { return learner > leader; }

  // Ln.registerWithLeader.
  static constexpr EpochAnswer answer(PeerEpoch proposed, PeerEpoch accepted) {
    if (proposed > accepted) return EpochAnswer::accept;
    return proposed == accepted ? EpochAnswer::accepted_before : EpochAnswer::refuse;
  }

  // Is an epoch that a leader proposes, and one that a learner accepts, on the disk before anybody hears of it?
  static constexpr bool leader_writes_first = true;
  static constexpr bool learner_writes_first = true;

  // Ln.syncWithLeader: is the leader's history on the disk before the epoch of it?
  static constexpr bool history_first = true;

  // Ln.syncWithLeader: is currentEpoch on the disk before NEWLEADER is acknowledged? Otherwise it is at UPTODATE.
  static constexpr bool current_before_ack = true;

  // Does a server without history remember the epoch of the newest one that it has seen?
  static constexpr bool vouches = true;
};

// newLeaderProposal and the look once a tick count in the committed configuration, and in the last seen one if that is
// newer.
template <class Rules, class Contains>
constexpr bool quorum_of_both(const Ensemble& ensemble, const EpochPeer& peer, LeadPhase phase,
                              const Contains& contains) {
  const Configuration& current = ensemble.configurations[peer.committed];
  if (!Rules::enough(phase, current, contains)) return false;
  if (!peer.last_seen) return true;
  const Configuration& next = ensemble.configurations[*peer.last_seen];
  return next.version() <= current.version() || Rules::enough(phase, next, contains);
}

// Do those for which `contains(ServerId)` is true keep an established leader in its place? It counts itself.
template <class Contains>
constexpr bool holds_quorum(const Ensemble& ensemble, const EpochPeer& peer, const Contains& contains) {
  return quorum_of_both<ZooKeeperEpochRules>(ensemble, peer, LeadPhase::established, contains);
}

// One step, in the making. Used by epoch_step_with(); a study of a leader that takes other steps derives from it, is
// its `Self`, and hides one of the four members that are called by self().
template <class Rules, class Self = void>
class EpochStepper {
 public:
  constexpr EpochStepper(const Ensemble& ensemble, const EpochPeer& peer) : ensemble_(ensemble), made_{peer, {}} {}

  constexpr EpochTransition take(const EpochEvent& event) {
    std::visit([this](const auto& happened) { self().on(happened); }, event);
    return made_;
  }

 protected:
  // --- the events ---------------------------------------------------------------------------------------------------

  constexpr void on(const Lead&) {
    if (peer().role != EpochRole::none) return;
    peer().role = EpochRole::leading;
    peer().leading.standing = Standing{peer().durable.current_epoch, peer().durable.last_zxid};
    // Nobody goes on before it is counted, so it is all the same when it comes: at once.
    self().hear_accepted(peer().id, peer().durable.accepted_epoch);
  }

  constexpr void on(const Follow& follow) {
    if (peer().role != EpochRole::none || follow.leader == peer().id) return;
    peer().role = EpochRole::learning;
    peer().learning.leader = follow.leader;
    const ConfigVersion version = committed().version();
    // Who keeps no history can't acknowledge transactions. Where there may be some it registers as an observer, which
    // is told of them once they are committed, for ZooKeeper sends away a follower that acknowledges none. It is
    // counted all the same: a leader goes by ids. A leader without history has no transactions.
    const bool only_observes = !keeps_history(peer().durable) && keeps_history(follow.zxid);
    const LearnerType type = only_observes ? LearnerType::observer : peer().learner_type;
    effect(Connect{follow.leader, FollowerInfo{peer().durable.accepted_epoch, type, version}});
  }

  constexpr void on(const PacketFrom& received) {
    if (peer().role == EpochRole::leading) {
      std::visit([&](const auto& packet) { this->from_learner(received.from, packet); }, received.packet);
    } else if (peer().role == EpochRole::learning) {
      if (peer().learning.leader != received.from) return;
      std::visit([&](const auto& packet) { this->from_leader(packet); }, received.packet);
    }
  }

  constexpr void on(const LinkLost& lost) {
    if (peer().role == EpochRole::leading) {
      remove_learner(lost.with);
    } else if (peer().role == EpochRole::learning && peer().learning.leader == lost.with) {
      end(EndReason::link_lost);
    }
  }

  constexpr void on(const LimitOver&) {
    if (peer().role == EpochRole::none || established()) return;
    end(peer().leading.refused.empty() ? EndReason::limit_over : EndReason::no_history);
  }

  // L.lead's loop. Whoever is connected counts, synchronised or not (LH.synced), as long as it is not silent.
  constexpr void on(const Tick&) {
    if (!established()) return;
    const bool holds = enough_of_both(LeadPhase::established, [&](ServerId id) {
      return id == peer().id || find(peer().leading.learners, id) != nullptr;
    });
    if (!holds) return end(EndReason::quorum_lost);
    for (const LearnerLink& learner : peer().leading.learners) {
      if (learner.phase >= LearnerPhase::told_new_leader) effect(SendPacket{learner.sid, Packet{Ping{}}});
    }
  }

  // --- a leader hears ----------------------------------------------------------------------------------------------

  constexpr void from_learner(ServerId sid, const FollowerInfo& info) {
    remove_learner(sid);
    // LH.run: "Follower is ahead of the leader (has a later activated configuration)".
    if (info.config_version > committed().version()) return effect(Disconnect{sid});
    LeadingEpoch& leader = peer().leading;
    if (leader.learners.full() && find(leader.learners, sid) == nullptr) return effect(Disconnect{sid});
    insert(leader.learners, LearnerLink{sid, LearnerPhase::waiting_for_epoch, Zxid{0}});
    self().hear_accepted(sid, info.accepted_epoch);
  }

  // LH.run reads one ACKEPOCH after its LEADERINFO; L.waitForEpochAck.
  constexpr void from_learner(ServerId sid, const AckEpoch& ack) {
    LeadingEpoch& leader = peer().leading;
    LearnerLink* learner = find(leader.learners, sid);
    if (learner == nullptr || learner->phase != LearnerPhase::told_epoch) return drop(sid);
    if (!keeps_history(peer().durable) && ack.last_zxid != no_history) return give_way(sid, ack);
    learner->phase = LearnerPhase::waiting_for_quorum;
    learner->last_zxid = ack.last_zxid;
    // Whoever comes later is not asked any more how recent it is: it will be synchronised, or truncated.
    if (leader.phase != LeadPhase::proposing) return serve_learners();
    if (ack.current_epoch) {
      // The exception is the handler's: this learner is sent away, and the leader goes on.
      if (Rules::ahead(Standing{*ack.current_epoch, ack.last_zxid}, leader.standing)) return drop(sid);
      if (ack.last_zxid != unlogged && Rules::counts(leader.phase, committed(), sid)) insert(leader.accepted, sid);
    }
    self().propose_if_accepted();
    serve_learners();
  }

  // A learner with a history, at a leader without: it can't be given one, and must not be counted with an old one. If
  // it could lead itself, that is better for all; one that is behind has to wait for somebody with a newer history. One
  // whose database is missing (zxid -1) can't lead: it founds nothing (waitForEpochAck).
  constexpr void give_way(ServerId sid, const AckEpoch& ack) {
    if (!committed().votes(sid) || ack.last_zxid == unlogged) return drop(sid);
    LeadingEpoch& leader = peer().leading;
    // Nothing is said of the history's epoch the second time, but it has not become newer.
    const bool behind = ack.current_epoch
                            ? !Rules::ahead(Standing{*ack.current_epoch, ack.last_zxid}, leader.standing)
                            : contains(leader.refused, sid);
    if (!behind) return end(EndReason::no_history);
    insert(leader.refused, sid);
    drop(sid);
  }

  // LH.run reads one ACK after its NEWLEADER; L.waitForNewLeaderAck. Later ones are of UPTODATE.
  constexpr void from_learner(ServerId sid, const EpochAck& ack) {
    LeadingEpoch& leader = peer().leading;
    LearnerLink* learner = find(leader.learners, sid);
    if (learner == nullptr || learner->phase < LearnerPhase::told_new_leader) return drop(sid);
    if (learner->phase == LearnerPhase::told_new_leader) {
      learner->phase = LearnerPhase::waiting_for_start;
      if (ack.epoch == leader.epoch) self().hear_new_leader_ack(sid);
    }
    serve_learners();
  }

  constexpr void from_learner(ServerId, const Ping&) {}  // that it came is all it says

  // LH.run: "First packet is not FOLLOWERINFO", "is not ACKEPOCH", "was supposed to be an ACK". Beyond that a strange
  // packet is logged and passed over.
  template <class Other>
  constexpr void from_learner(ServerId sid, const Other&) {
    const LearnerLink* learner = find(peer().leading.learners, sid);
    if (learner == nullptr || learner->phase < LearnerPhase::waiting_for_start) drop(sid);
  }

  // --- a leader goes on --------------------------------------------------------------------------------------------

  // L.getEpochToPropose, called by the leader itself and for each learner.
  constexpr void hear_accepted(ServerId sid, PeerEpoch accepted) {
    LeadingEpoch& leader = peer().leading;
    if (leader.phase != LeadPhase::collecting) return serve_learners();
    const bool raise = leader.epoch < PeerEpoch{0} || Rules::raises(accepted, leader.epoch);
    if (raise) leader.epoch = PeerEpoch{accepted.value + 1};
    if (Rules::counts(leader.phase, committed(), sid)) insert(leader.connected, sid);
    const bool enough =
        contains(leader.connected, peer().id) &&
        Rules::enough(leader.phase, committed(), [&](ServerId id) { return contains(leader.connected, id); });
    if (!enough) return;
    leader.phase = LeadPhase::proposing;
    peer().durable.accepted_epoch = leader.epoch;
    const EpochEffect write = WriteAccepted{leader.epoch};
    if (Rules::leader_writes_first) effect(write);
    if (peer().durable.last_zxid != unlogged) insert(leader.accepted, peer().id);
    self().propose_if_accepted();
    serve_learners();
    if (!Rules::leader_writes_first) effect(write);
  }

  // L.waitForEpochAck, and what L.lead does after it. ZooKeeper's handlers may send NEWLEADER a moment before the
  // leader's own current epoch is written; here it is written first.
  constexpr void propose_if_accepted() {
    LeadingEpoch& leader = peer().leading;
    const bool enough =
        leader.phase == LeadPhase::proposing && contains(leader.accepted, peer().id) &&
        Rules::enough(leader.phase, committed(), [&](ServerId id) { return contains(leader.accepted, id); });
    if (!enough) return;
    leader.phase = LeadPhase::synchronising;
    if (keeps_history(peer().durable)) write_current(leader.epoch);
    hear_new_leader_ack(peer().id);
  }

  constexpr void hear_new_leader_ack(ServerId sid) {
    LeadingEpoch& leader = peer().leading;
    // SyncedLearnerTracker.addAck. There is no end of others: any id may connect, acknowledge and leave.
    if (votes(sid)) insert(leader.acknowledged, sid);
    if (leader.phase != LeadPhase::synchronising) return;
    if (!enough_of_both(leader.phase, [&](ServerId id) { return contains(leader.acknowledged, id); })) return;
    leader.phase = LeadPhase::established;
    effect(Established{peer().id, leader.epoch});
  }

  // Sends to each learner what it can have by now.
  constexpr void serve_learners() {
    LeadingEpoch& leader = peer().leading;
    for (LearnerLink& learner : leader.learners) {
      if (learner.phase == LearnerPhase::waiting_for_epoch && leader.phase != LeadPhase::collecting) {
        learner.phase = LearnerPhase::told_epoch;
        effect(SendPacket{learner.sid, Packet{LeaderInfo{leader.epoch}}});
      }
      const bool proposed = leader.phase == LeadPhase::synchronising || leader.phase == LeadPhase::established;
      if (learner.phase == LearnerPhase::waiting_for_quorum && proposed) {
        learner.phase = LearnerPhase::told_new_leader;
        effect(SendPacket{learner.sid, Packet{Synchronise{learner.last_zxid, peer().durable.last_zxid}}});
        effect(SendPacket{learner.sid, Packet{NewLeader{leader.epoch}}});
      }
      if (learner.phase == LearnerPhase::waiting_for_start && leader.phase == LeadPhase::established) {
        learner.phase = LearnerPhase::up_to_date;
        effect(SendPacket{learner.sid, Packet{UpToDate{}}});
      }
    }
  }

  // --- a learner hears ---------------------------------------------------------------------------------------------

  // Ln.registerWithLeader.
  constexpr void from_leader(const LeaderInfo& info) {
    LearningEpoch& learner = peer().learning;
    if (learner.phase != LearnPhase::registering) return end(EndReason::unexpected_packet);
    const EpochAnswer answer = Rules::answer(info.epoch, peer().durable.accepted_epoch);
    if (answer == EpochAnswer::refuse) return end(EndReason::epoch_too_low);
    learner.epoch = info.epoch;
    learner.phase = LearnPhase::accepted;
    AckEpoch ack{std::nullopt, peer().durable.last_zxid};
    if (answer == EpochAnswer::accept) {
      ack.current_epoch = peer().durable.current_epoch;
      peer().durable.accepted_epoch = info.epoch;
    }
    const EpochEffect send = SendPacket{learner.leader, Packet{ack}};
    if (!Rules::learner_writes_first) effect(send);
    if (answer == EpochAnswer::accept) effect(WriteAccepted{info.epoch});
    if (Rules::learner_writes_first) effect(send);
  }

  // Ln.syncWithLeader. A log is truncated at once, anything else is written at NEWLEADER.
  constexpr void from_leader(const Synchronise& synchronise) {
    LearningEpoch& learner = peer().learning;
    if (learner.phase != LearnPhase::accepted) return end(EndReason::unexpected_packet);
    if (keeps_history(peer().durable) && synchronise.to == no_history) return end(EndReason::unexpected_packet);
    learner.phase = LearnPhase::synchronised;
    learner.history = synchronise.to;
    if (synchronise.to < peer().durable.last_zxid) write_history(synchronise.to);
  }

  constexpr void from_leader(const NewLeader&) {
    LearningEpoch& learner = peer().learning;
    if (learner.phase != LearnPhase::synchronised) return end(EndReason::unexpected_packet);
    learner.phase = LearnPhase::acknowledged;
    const Zxid history = learner.history;
    learner.history = Zxid{0};
    const bool newer = keeps_history(peer().durable) && history != peer().durable.last_zxid;
    if (Rules::history_first && newer) write_history(history);
    const PeerEpoch epoch = learner.epoch;  // LEADERINFO's: what NEWLEADER says is not looked at
    const bool seen = history != no_history && (Rules::vouches || keeps_history(peer().durable));
    if (Rules::current_before_ack && seen) write_current(epoch);
    if (!Rules::history_first && newer) write_history(history);
    effect(SendPacket{learner.leader, Packet{EpochAck{epoch}}});
  }

  constexpr void from_leader(const UpToDate&) {
    LearningEpoch& learner = peer().learning;
    if (learner.phase != LearnPhase::acknowledged) return end(EndReason::unexpected_packet);
    learner.phase = LearnPhase::up_to_date;
    if (!Rules::current_before_ack && keeps_history(peer().durable)) write_current(learner.epoch);
    effect(SendPacket{learner.leader, Packet{EpochAck{learner.epoch}}});
    effect(Established{learner.leader, learner.epoch});
  }

  constexpr void from_leader(const Ping&) {
    const LearningEpoch& learner = peer().learning;
    // Until the history is there nothing else is expected; between NEWLEADER and UPTODATE a ping is passed over.
    if (learner.phase < LearnPhase::synchronised) return end(EndReason::unexpected_packet);
    if (learner.phase == LearnPhase::up_to_date) effect(SendPacket{learner.leader, Packet{Ping{}}});
  }

  template <class Other>
  constexpr void from_leader(const Other&) {
    end(EndReason::unexpected_packet);
  }

  // The epoch of the newest history that was seen. Without one nothing was.
  constexpr void write_current(PeerEpoch epoch) {
    peer().durable.current_epoch = epoch;
    effect(WriteCurrent{epoch});
  }
  constexpr void write_history(Zxid last_zxid) {
    peer().durable.last_zxid = last_zxid;
    effect(WriteHistory{last_zxid});
  }

  // --- helpers -----------------------------------------------------------------------------------------------------

  constexpr void end(EndReason reason) {
    peer().role = EpochRole::none;
    peer().leading = LeadingEpoch{};
    peer().learning = LearningEpoch{};
    effect(RoleOver{reason});
  }
  constexpr void drop(ServerId sid) {
    remove_learner(sid);
    effect(Disconnect{sid});
  }
  constexpr void remove_learner(ServerId sid) {
    auto& learners = peer().leading.learners;
    for (std::size_t i = 0; i < learners.size(); ++i) {
      if (learners[i].sid == sid) return learners.erase(i);
    }
  }

  [[nodiscard]] constexpr bool established() const {
    return made_.peer.role == EpochRole::leading && made_.peer.leading.phase == LeadPhase::established;
  }

  template <class Contains>
  constexpr bool enough_of_both(LeadPhase phase, const Contains& contains) const {
    return quorum_of_both<Rules>(ensemble_, made_.peer, phase, contains);
  }

  template <std::size_t Capacity>
  static constexpr bool contains(const FixedVector<ServerId, Capacity>& set, ServerId id) {
    return std::find(set.begin(), set.end(), id) != set.end();
  }
  // REQUIRES: not more ids than there is room for are ever inserted: voters of one configuration, or of both.
  template <std::size_t Capacity>
  static constexpr void insert(FixedVector<ServerId, Capacity>& set, ServerId id) {
    std::size_t place = 0;
    while (place < set.size() && set[place] < id) ++place;
    if (place == set.size() || set[place] != id) set.insert(place, id);
  }
  template <class Links>
  static constexpr auto find(Links& links, ServerId id) -> decltype(links.begin()) {
    for (auto& link : links) {
      if (link.sid == id) return &link;
    }
    return nullptr;
  }
  static constexpr void insert(FixedVector<LearnerLink, servers_max>& links, const LearnerLink& link) {
    std::size_t place = 0;
    while (place < links.size() && links[place].sid < link.sid) ++place;
    links.insert(place, link);
  }

  [[nodiscard]] constexpr const Configuration& committed() const {
    return ensemble_.configurations[made_.peer.committed];
  }
  // In one of newLeaderProposal's configurations.
  [[nodiscard]] constexpr bool votes(ServerId id) const {
    return committed().votes(id) ||
           (made_.peer.last_seen && ensemble_.configurations[*made_.peer.last_seen].votes(id));
  }
  constexpr auto& self() {
    using Steps = std::conditional_t<std::is_void_v<Self>, EpochStepper, Self>;
    return static_cast<Steps&>(*this);
  }
  constexpr EpochPeer& peer() { return made_.peer; }
  constexpr void effect(const EpochEffect& effect) { made_.effects.push_back(effect); }

  const Ensemble& ensemble_;
  EpochTransition made_;
};

// An event that does not fit the role changes nothing. After RoleOver the caller goes back to the election (RoleEnded).
template <class Rules>
constexpr EpochTransition epoch_step_with(const Ensemble& ensemble, const EpochPeer& peer, const EpochEvent& event) {
  return EpochStepper<Rules>(ensemble, peer).take(event);
}

// Today's ZooKeeper.
constexpr EpochTransition epoch_step(const Ensemble& ensemble, const EpochPeer& peer, const EpochEvent& event) {
  return epoch_step_with<ZooKeeperEpochRules>(ensemble, peer, event);
}

}  // namespace conclave::model
