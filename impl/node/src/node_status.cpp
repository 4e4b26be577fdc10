#include "conclave/node/node_status.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "conclave/node/node.hpp"

namespace conclave::node {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

ZabPhase phase_of(const model::EpochPeer& peer) {
  if (peer.role == model::EpochRole::leading) {
    if (peer.leading.phase == model::LeadPhase::established) return ZabPhase::broadcast;
    return peer.leading.phase == model::LeadPhase::synchronising ? ZabPhase::synchronization : ZabPhase::discovery;
  }
  if (peer.role == model::EpochRole::learning) {
    if (peer.learning.phase == model::LearnPhase::up_to_date) return ZabPhase::broadcast;
    return peer.learning.phase == model::LearnPhase::registering ? ZabPhase::discovery : ZabPhase::synchronization;
  }
  return ZabPhase::election;
}

}  // namespace

std::string detailed_state(const NodeStatus& status) {
  std::string text = lower(name_of(status.state));
  switch (status.phase) {
    case ZabPhase::election: break;
    case ZabPhase::discovery: text += " - discovery"; break;
    case ZabPhase::synchronization: text += " - synchronization"; break;
    case ZabPhase::broadcast: text += " - broadcast"; break;
  }
  return text;
}

NodeStatus Node::status() const {
  NodeStatus status;
  status.now = Clock::now();
  status.sid = settings_.sid;
  status.type = peer_.learner_type;
  status.state = state_of(peer_);
  status.establishes_epochs = quorum_ != nullptr;
  status.established = established_;
  const bool looking = status.state == model::ServerState::looking;
  status.vote = looking ? peer_.proposal : peer_.current_vote.proposal;
  if (!looking) status.leader = status.vote.leader;
  status.round = peer_.clock;
  const bool in_role = quorum_ && !looking;
  const model::Durable& durable = in_role ? quorum_->peer().durable : durable_;
  status.accepted_epoch = durable.accepted_epoch;
  status.current_epoch = durable.current_epoch;
  status.last_zxid = durable.last_zxid;
  const model::Configuration& configuration = committed(ensemble_, peer_);
  status.config_version = configuration.version();
  status.voters = configuration.voters();
  for (const config::ServerLine& server : settings_.cfg.servers) {
    PeerStatus& peer = status.peers.emplace_back();
    peer.sid = server.id;
    peer.type = server.role;
    peer.self = server.id == settings_.sid;
    for (const config::Address& address : server.addresses) {
      peer.election_addresses.push_back({address.host, address.election_port});
    }
    peer.connected = connections_ && connections_->connected(server.id);
    peer.heard = statistics_.heard_from(server.id);
  }
  if (in_role) {
    status.phase = phase_of(quorum_->peer());
    for (const model::LearnerLink& learner : quorum_->peer().leading.learners) {
      const auto place = std::find_if(status.peers.begin(), status.peers.end(),
                                      [&](const PeerStatus& peer) { return peer.sid == learner.sid; });
      if (place != status.peers.end()) place->learner = learner.phase;
    }
  }
  if (connections_) status.connections = connections_->counters();
  status.notifications_rejected = rejected_;
  if (quorum_) status.quorum = quorum_->counters();
  status.statistics = statistics_;
  return status;
}

}  // namespace conclave::node
