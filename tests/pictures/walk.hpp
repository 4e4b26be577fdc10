// Random walks through the closed system, step by step with the servers themselves: runs of any length with every
// kind of fault in them, which a shortest counterexample seldom has.
#pragma once

#include <cstddef>
#include <random>
#include <utility>
#include <vector>

#include "conclave/check/run.hpp"
#include "conclave/spec/closed_system.hpp"
#include "conclave/spec/replay.hpp"

namespace conclave::pictures {

class Walk {
 public:
  Walk(spec::ClosedSystem& system, unsigned seed) : system_(system), replay_(system), chance_(seed) {}

  // Ends early where nothing can happen any more.
  check::Run go(std::size_t steps, spec::Property property) {
    check::Run run;
    run.property = property;
    run.steps.push_back(check::RunStep{{}, {}, replay_.servers(), 0, 0, {}, replay_.under_way()});
    while (run.steps.size() <= steps) {
      const std::vector<spec::Action> possible = actions();
      if (possible.empty()) break;
      const spec::Action action = possible[pick(possible.size())];
      const spec::Replay::Step step = replay_.take(action, property);
      if (!step.possible) continue;
      numbers_.push_back(run.steps.size());
      const bool still = action.kind == spec::ActionKind::read && same(run.steps.back().servers, replay_.servers());
      if (still) continue;  // read again without learning anything
      spend(action.kind);
      run.steps.push_back(check::RunStep{action, step.heard, replay_.servers(), step.broken, numbers_[step.sent_at],
                                         renumbered(step.gone), renumbered(replay_.under_way())});
    }
    run.clause = "a walk that shows <b>nothing</b> & \"everything\"";
    return run;
  }

 private:
  using Kind = spec::ActionKind;

  std::size_t pick(std::size_t size) { return std::uniform_int_distribution<std::size_t>(0, size - 1)(chance_); }

  static bool same(const std::vector<spec::Server>& left, const std::vector<spec::Server>& right) {
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (spec::encode(left[i]) != spec::encode(right[i])) return false;
    }
    return true;
  }

  // The replay counts also what was read again; the run does not.
  [[nodiscard]] std::vector<spec::Replay::Message> renumbered(std::vector<spec::Replay::Message> messages) const {
    for (spec::Replay::Message& message : messages) message.sent_at = numbers_[message.sent_at];
    return messages;
  }

  // What may be tried; messages that are not there turn out impossible.
  std::vector<spec::Action> actions() {
    std::vector<spec::Action> all;
    const spec::Scope& scope = system_.scope();
    const bool fifo = scope.network.kind == spec::NetworkKind::fifo;
    const bool fine = scope.grain == spec::Grain::fine;
    for (std::uint8_t i = 0; i < static_cast<std::uint8_t>(system_.servers()); ++i) {
      const spec::Server& server = replay_.servers()[i];
      const auto add = [&](Kind kind) { all.push_back(spec::Action{kind, i, 0, {}}); };
      if (server.life == spec::Life::unborn) add(Kind::start);
      if (server.life == spec::Life::down && restarts_ < scope.restarts) add(Kind::restart);
      if (server.life != spec::Life::up) continue;
      if (crashes_ < scope.crashes && pick(6) == 0) add(Kind::crash);
      hear(all, i, fifo, fine);
      const model::Peer& peer = server.peer;
      const bool looking = state_of(peer) == model::ServerState::looking;
      if (std::holds_alternative<model::Finalizing>(peer.role) && peer.received.size() == 0) add(Kind::silence);
      if (fine && in_election(peer) && peer.received.size() > 0) add(Kind::process);
      if (fine && peer.unpublished) add(Kind::publish);
      if (fine && std::holds_alternative<model::BeforeElection>(peer.role)) add(Kind::begin);
      if (!looking && !peer.unpublished && peer.clock.value < scope.rounds && pick(4) == 0) add(Kind::end_role);
    }
    return all;
  }

  void hear(std::vector<spec::Action>& all, std::uint8_t reader, bool fifo, bool fine) {
    const spec::Server& server = replay_.servers()[reader];
    for (std::uint8_t speaker = 0; speaker < static_cast<std::uint8_t>(system_.servers()); ++speaker) {
      if (fifo && (fine || speaker != reader)) {
        all.push_back(spec::Action{Kind::deliver, reader, speaker, {}});
        if (losses_ < system_.scope().losses && pick(5) == 0) {
          all.push_back(spec::Action{Kind::lose, reader, speaker, {}});
        }
      }
      if (fifo || !in_election(server.peer)) continue;
      const spec::Server& other = replay_.servers()[speaker];
      if (other.life != spec::Life::up) continue;
      for (const spec::Offer offer : {spec::Offer::proposal, spec::Offer::answer}) {
        if (system_.hears({reader}, {speaker}, offer)) {
          all.push_back(spec::Action{Kind::read, reader, speaker, offer});
        }
      }
    }
  }

  void spend(Kind kind) {
    crashes_ += kind == Kind::crash ? 1 : 0;
    restarts_ += kind == Kind::restart ? 1 : 0;
    losses_ += kind == Kind::lose ? 1 : 0;
  }

  spec::ClosedSystem& system_;
  spec::Replay replay_;
  std::mt19937 chance_;
  std::vector<std::size_t> numbers_{0};  // of the run's steps, by those of the replay
  int crashes_ = 0;
  int restarts_ = 0;
  int losses_ = 0;
};

}  // namespace conclave::pictures
