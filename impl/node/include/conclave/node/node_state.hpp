// What a node tells of itself whenever it changes.
#pragma once

#include "conclave/model/types.hpp"

namespace conclave::node {

struct NodeState {
  model::ServerState state = model::ServerState::looking;
  model::ServerId leader{0};  // not while looking
  model::PeerEpoch epoch{0};  // of the vote, or once it is established, of the leader
  bool established = false;   // from here on `epoch` is a fencing token
  model::Round round{0};

  friend bool operator==(const NodeState&, const NodeState&) = default;
};

}  // namespace conclave::node
