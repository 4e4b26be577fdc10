// The coarse grain: an event and all that follows from it inside one server, as a single step.
//
// ZooKeeper has three threads per server between a message and a decision, and its own notification comes back to it
// through two queues. A single-threaded node has none of that: it takes a message from reception through the main
// loop at once, hears its own notifications immediately, and publishes a decision where it makes it. This is that
// node. The fine grain (step() by itself) keeps all of the interleavings.
#pragma once

#include "conclave/model/election.hpp"

namespace conclave::model {

// One step by `step_function(ensemble, peer, event) -> Transition`, followed by everything the server owes itself: its
// own copies of what it sends, the received queue until it is empty, the publication of a decision, and the start after
// a restart. `observe(peer before, event, transition)` sees each of the steps.
//
// Effects are those of all the steps, in order. What is addressed to the server itself has been taken and must not be
// sent. Where the effects would not fit, react_by stops with notifications left in the queue of a server still in its
// election: then call again, with the event Process. That takes more than a dozen better votes received before the
// election began.
template <class StepFunction, class Observe>
constexpr Transition react_by(const StepFunction& step_function, const Ensemble& ensemble, const Peer& peer,
                              const Event& event, const Observe& observe) {
  Transition done{peer, {}, {}};
  const auto take = [&](const Event& next) {
    const Transition made = step_function(ensemble, done.peer, next);
    observe(done.peer, next, made);
    done.peer = made.peer;
    done.rules.add(made.rules);
    for (const Effect& effect : made.effects) append_effect(done.effects, effect);
  };
  // A server that does not vote would answer its own answers for ever: it never hears itself.
  const auto to_itself = [&] { return valid_voter(ensemble, done.peer, done.peer.id); };
  take(event);
  std::size_t looked_at = 0;
  for (;;) {
    if (looked_at < done.effects.size()) {
      const Effect effect = done.effects[looked_at++];
      if (const auto* all = std::get_if<SendToAll>(&effect)) {
        if (to_itself()) take(Received{message_of(all->notification)});
      } else if (const auto* one = std::get_if<SendTo>(&effect)) {
        if (one->to == done.peer.id && to_itself()) take(Received{message_of(one->notification)});
      } else if (const auto* adopted = std::get_if<ConfigurationAdopted>(&effect)) {
        if (adopted->restarted) take(Start{});
      }
    } else if (done.peer.unpublished) {
      take(VotePublished{});
    } else if (in_election(done.peer) && !done.peer.received.empty()) {
      // A step's own copies come back to it before the next look at the room.
      if (done.effects.size() + 2 * step_effects_max > effects_max) return done;
      take(Process{});
    } else {
      return done;
    }
  }
}

template <class Rules>
constexpr Transition react_with(const Ensemble& ensemble, const Peer& peer, const Event& event) {
  return react_by(step_with<Rules>, ensemble, peer, event, [](const Peer&, const Event&, const Transition&) {});
}

// The coarse step of today's ZooKeeper.
constexpr Transition react(const Ensemble& ensemble, const Peer& peer, const Event& event) {
  return react_with<ZooKeeperRules>(ensemble, peer, event);
}

}  // namespace conclave::model
