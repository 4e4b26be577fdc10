// A server in some state that an election can be in, and something that happens to it.
//
//     rc::check([] {
//       const auto now = *conclave::testing::gen::situation({});
//       const auto after = step(now.ensemble, now.peer, now.event);
//       ...
//     });
#pragma once

#include <rapidcheck.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <ostream>
#include <string>
#include <variant>
#include <vector>

#include "conclave/model/election.hpp"
#include "conclave/testing/generators.hpp"
#include "conclave/testing/show.hpp"

namespace conclave::testing {

struct Situation {
  model::Ensemble ensemble;
  model::Peer peer;
  model::Event event;
};

inline std::string text(const Situation& situation) {
  return words("\n", text(situation.ensemble), "\n", text(situation.peer), "\nevent: ", text(situation.event));
}
inline void showValue(const Situation& situation, std::ostream& out) { out << text(situation); }

// What every reachable state of a server satisfies; nullptr, or the sentence that is broken.
inline const char* broken_invariant(const model::Ensemble& ensemble, const model::Peer& peer) {
  using namespace model;
  if (peer.committed >= ensemble.configurations.size()) return "committed is a configuration";
  if (peer.last_seen && *peer.last_seen >= ensemble.configurations.size()) {
    return "last seen is a configuration";
  }
  if (!in_election(peer)) {
    if (peer.recvset.size() != 0 || peer.outofelection.size() != 0) {
      return "outside of an election the tables are empty";
    }
    if (peer.notification_timeout_ms != 0) return "outside of an election there is no time-out";
    if (peer.tracked) return "outside of an election nothing is tracked";
  }
  for (const Ballot& ballot : peer.recvset) {
    if (ballot.vote.round != peer.clock) return "recvset holds votes of the own round only";
    if (ballot.vote.version != 0) return "recvset holds votes without a version";
    if (ballot.vote.state == ServerState::observing) return "recvset holds no observer's vote";
  }
  for (const Ballot& ballot : peer.outofelection) {
    const ServerState state = ballot.vote.state;
    if (state != ServerState::following && state != ServerState::leading) {
      return "outofelection holds votes of followers and leaders only";
    }
  }
  if (state_of(peer) == ServerState::looking) {
    return peer.unpublished ? "a looking server has no decision" : nullptr;
  }
  if (!peer.received.empty()) return "a decision empties the queue, and it stays empty";
  const ServerId leader = peer.unpublished ? peer.unpublished->proposal.leader : peer.current_vote.proposal.leader;
  if (const auto* following = std::get_if<Following>(&peer.role)) {
    if (following->leader != leader) return "a follower votes for its leader";
    if (leader == peer.id) return "nobody follows itself";
  }
  if (const auto* observing = std::get_if<Observing>(&peer.role)) {
    if (observing->leader != leader) return "an observer votes for its leader";
    if (leader == peer.id) return "nobody observes itself";
  }
  if (std::holds_alternative<Leading>(peer.role) && leader != peer.id) {
    return "a leader votes for itself";
  }
  return nullptr;
}

namespace gen {

enum class Happening : std::uint8_t { anything, processing };

struct SituationOptions {
  std::size_t servers_max = 5;
  Kinds kinds = any_kind;
  std::size_t configurations_max = 3;
  // processing: the server is in an election, has received something, and now looks at it.
  Happening happening = Happening::anything;
};

// The numbers that a situation's votes revolve around: without something in common no quorum would ever agree.
struct Talk {
  std::vector<model::ServerId> servers;  // of all configurations, and one that is in none
  model::Vote common;
};

inline model::Durable pick_durable() {
  constexpr std::int64_t zxids[] = {0, 1, 2, -1};
  const std::int64_t current = between<std::int64_t>(0, 2);
  return model::Durable{model::PeerEpoch{current + between<std::int64_t>(0, 1)}, model::PeerEpoch{current},
                        model::Zxid{zxids[weighted({5, 4, 3, 1})]}};
}

inline model::Round pick_clock() {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  constexpr std::int64_t rounds[] = {1, 2, 3, 0, most, -1, model::least};
  return model::Round{rounds[weighted({20, 20, 10, 3, 1, 1, 1})]};
}

// What Polling and Finalizing have beside the role itself.
inline void fill_election(model::Peer& peer, const model::Ensemble& ensemble, const Talk& talk) {
  peer.notification_timeout_ms = 200 << between(0, 3);
  for (const model::ServerId server : talk.servers) {
    if (!model::valid_voter(ensemble, peer, server)) continue;
    if (chance(60)) {
      model::Vote vote = pick_similar(talk.common, talk.servers);
      vote.round = peer.clock;
      vote.version = 0;
      if (vote.state == model::ServerState::observing) vote.state = model::ServerState::looking;
      peer.recvset.put(server, vote);
    }
    if (chance(50)) {
      model::Vote vote = pick_similar(talk.common, talk.servers);
      vote.state =
          server == vote.proposal.leader && !chance(20) ? model::ServerState::leading : model::ServerState::following;
      peer.outofelection.put(server, vote);
    }
  }
  if (model::committed(ensemble, peer).kind() == model::QuorumKind::oracle_majority && chance(70)) {
    peer.tracked = model::TrackedSupport{chance(50), chance(80)};
  }
}

inline model::Notification pick_notification(const Talk& talk) {
  return model::Notification{one_of(talk.servers), pick_similar(talk.common, talk.servers)};
}

inline void pick_role(model::Peer& peer, const Talk& talk, Happening happening) {
  if (happening == Happening::processing) {
    peer.role = weighted({4, 1}) == 0 ? model::Role{model::Polling{}} : model::Role{model::Finalizing{}};
    return;
  }
  const model::ServerId leader = talk.common.proposal.leader;
  switch (weighted({2, 6, 4, 2, 3})) {
    case 0: peer.role = model::BeforeElection{}; return;
    case 1: peer.role = model::Polling{}; return;
    case 2: peer.role = model::Finalizing{}; return;
    case 3: break;
    default:
      if (leader == peer.id) break;
      peer.role = peer.learner_type == model::LearnerType::participant ? model::Role{model::Following{leader}}
                                                                       : model::Role{model::Observing{leader}};
      return;
  }
  peer.role = model::Leading{};
}

// After a decision: the vote that was decided for, published or not.
inline void fill_settled(model::Peer& peer, const Talk& talk) {
  model::Vote decided = talk.common;
  if (std::holds_alternative<model::Leading>(peer.role)) decided.proposal.leader = peer.id;
  decided.version = 0;
  decided.state = model::ServerState::looking;
  if (chance(30)) {
    peer.unpublished = decided;
  } else {
    peer.current_vote = decided;
  }
}

inline model::Peer pick_peer(const model::Ensemble& ensemble, const Talk& talk, Happening happening) {
  model::Peer peer = model::make_peer(
      ensemble, one_of(talk.servers), pick_durable(),
      between<model::ConfigIndex>(0, static_cast<model::ConfigIndex>(ensemble.configurations.size() - 1)));
  if (chance(40)) {
    peer.last_seen =
        between<model::ConfigIndex>(0, static_cast<model::ConfigIndex>(ensemble.configurations.size() - 1));
  }
  peer.oracle = model::Oracle{chance(80), chance(50)};
  peer.clock = talk.common.round;
  if (chance(15)) peer.clock = pick_clock();
  peer.proposal = chance(70) ? talk.common.proposal : pick_vote(talk.servers, peer.clock).proposal;
  peer.current_vote = pick_vote(talk.servers, peer.clock);
  pick_role(peer, talk, happening);
  if (model::in_election(peer)) {
    fill_election(peer, ensemble, talk);
  } else if (model::state_of(peer) != model::ServerState::looking) {
    fill_settled(peer, talk);
    return peer;
  }
  const int received = happening == Happening::processing ? between(1, 3) : between(0, 2);
  for (int i = 0; i < received; ++i) peer.received.push_back(pick_notification(talk));
  if (happening == Happening::anything && chance(3)) {
    while (!peer.received.full()) peer.received.push_back(pick_notification(talk));
  }
  return peer;
}

inline model::Message pick_message(const model::Ensemble& ensemble, const Talk& talk) {
  const auto config =
      between<model::ConfigIndex>(0, static_cast<model::ConfigIndex>(ensemble.configurations.size() - 1));
  model::Notification notification = pick_notification(talk);
  notification.config = config;
  model::Message message = model::message_of(notification);
  if (chance(15)) {
    message.format = static_cast<model::MessageFormat>(weighted({1, 2, 2}));
  } else if (chance(15)) {
    message.version = between(-1, 3);
    message.config_text = static_cast<model::ConfigText>(between(0, 2));
  }
  if (chance(5)) message.state_code = one_of<std::int32_t>({-1, 4, 7});
  return message;
}

inline model::Event pick_event(const model::Ensemble& ensemble, const Talk& talk) {
  switch (weighted({6, 10, 3, 3, 2, 2, 2, 2, 1})) {
    case 0: return model::Process{};
    case 1: return model::Received{pick_message(ensemble, talk)};
    case 2: return model::Silence{};
    case 3: return model::NotificationTimeout{chance(50)};
    case 4: return model::Start{};
    case 5: return model::VotePublished{};
    case 6: return model::RoleEnded{};
    case 7: return model::EpochEstablished{model::PeerEpoch{between<std::int64_t>(0, 4)}};
    default: return model::OracleRead{model::Oracle{chance(50), chance(50)}};
  }
}

inline Talk pick_talk(const model::Ensemble& ensemble) {
  Talk talk{servers_of(ensemble), {}};
  if (chance(10)) talk.servers.push_back(model::ServerId{99});
  talk.common = pick_vote(talk.servers, pick_clock());
  return talk;
}

// A server of some ensemble, in a state that satisfies broken_invariant(), with an event that may or may not be one
// whose REQUIRES holds.
inline rc::Gen<Situation> situation(SituationOptions options) {
  return rc::gen::exec([=] {
    Situation made;
    made.ensemble = *ensemble(options.servers_max, options.kinds, options.configurations_max);
    const Talk talk = pick_talk(made.ensemble);
    made.peer = pick_peer(made.ensemble, talk, options.happening);
    if (options.happening == Happening::processing) {
      made.event = model::Process{};
    } else {
      made.event = pick_event(made.ensemble, talk);
    }
    return made;
  });
}

// Half of them with something to process: the main loop has most of the rules.
inline rc::Gen<Situation> any_situation() {
  SituationOptions processing;
  processing.happening = Happening::processing;
  return rc::gen::oneOf(situation(SituationOptions{}), situation(processing));
}

// A server of the given ensemble.
inline rc::Gen<model::Peer> peer(model::Ensemble ensemble) {
  return rc::gen::exec([=] { return pick_peer(ensemble, pick_talk(ensemble), Happening::anything); });
}

// Something that may happen to a server of the given ensemble.
inline rc::Gen<model::Event> event(model::Ensemble ensemble) {
  return rc::gen::exec([=] { return pick_event(ensemble, pick_talk(ensemble)); });
}

}  // namespace gen
}  // namespace conclave::testing

namespace rc {

template <>
struct Arbitrary<conclave::testing::Situation> {
  static Gen<conclave::testing::Situation> arbitrary() { return conclave::testing::gen::any_situation(); }
};

}  // namespace rc
