// Everything of a running node that is shown to the outside, as values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conclave/model/epoch_state.hpp"
#include "conclave/model/types.hpp"
#include "conclave/model/vote.hpp"
#include "conclave/node/connection_manager.hpp"
#include "conclave/node/quorum_port.hpp"
#include "conclave/node/statistics.hpp"
#include "conclave/wire/handshake.hpp"
#include "conclave/wire/reject.hpp"

namespace conclave::node {

// A server of the configuration, as this node sees it.
struct PeerStatus {
  model::ServerId sid{0};
  model::LearnerType type = model::LearnerType::participant;
  std::vector<wire::HostPort> election_addresses;
  bool self = false;
  bool connected = false;                      // to its election port, by whichever side
  std::optional<Heard> heard;                  // what it last said there
  std::optional<model::LearnerPhase> learner;  // of this leader, over the quorum port
};

struct NodeStatus {
  model::ServerId sid{0};
  model::LearnerType type = model::LearnerType::participant;
  model::ServerState state = model::ServerState::looking;
  ZabPhase phase = ZabPhase::election;
  bool establishes_epochs = true;  // false: it votes and no more
  bool established = false;        // as leader or learner; always false where it only votes
  model::ServerId leader{0};       // not while looking
  // What it proposes while it looks, afterwards what it has decided on.
  model::Proposal vote{};
  model::Round round{0};
  model::PeerEpoch accepted_epoch{0};
  model::PeerEpoch current_epoch{0};
  model::Zxid last_zxid{0};  // no_history: it keeps none
  model::ConfigVersion config_version{0};
  std::size_t voters = 0;
  std::vector<PeerStatus> peers;  // by id, itself included

  ConnectionCounters connections;
  std::array<std::uint64_t, wire::rejects_count> notifications_rejected{};
  QuorumCounters quorum;
  Statistics statistics{Clock::time_point{}};
  Clock::time_point now;
};

// Has it got as far as it can get, to an established epoch or, where it only votes, to a decision? A real server says
// until then that it is not serving (isZKServerRunning).
[[nodiscard]] inline bool is_running(const NodeStatus& status) {
  return status.state != model::ServerState::looking && (status.established || !status.establishes_epochs);
}

// As QuorumPeer.getDetailedPeerState: "looking", "following - broadcast".
[[nodiscard]] std::string detailed_state(const NodeStatus& status);

}  // namespace conclave::node
