// What the tests of the outside share.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/status/shown.hpp"

namespace conclave::status {

inline config::ZooCfg cfg_of(std::string_view text) {
  const auto cfg = config::parse_zoo_cfg(text, "zoo.cfg", {});
  if (cfg) return *cfg;
  ADD_FAILURE() << cfg.error().message();
  return {};
}

inline constexpr std::string_view four_servers =
    "tickTime=500\ninitLimit=10\nsyncLimit=4\ndataDir=/nowhere/1\nclientPort=57673\nclientPortAddress=127.0.0.1\n"
    "server.1=127.0.0.1:42135:40483\nserver.2=127.0.0.1:34611:42775\nserver.3=127.0.0.1:53047:57205\n"
    "server.4=127.0.0.1:58519:50127:observer\n";

// Server 1 of four_servers, in a state as after an election that server 3 has won.
inline node::NodeStatus status_in(model::ServerState state) {
  using namespace std::chrono_literals;
  const node::Clock::time_point begin{1h};
  node::NodeStatus status;
  status.sid = model::ServerId{state == model::ServerState::leading ? 3 : 1};
  status.state = state;
  status.round = model::Round{2};
  status.voters = 3;
  status.statistics = node::Statistics(begin);
  status.statistics.election_began(begin);
  for (int sid = 1; sid <= 4; ++sid) {
    node::PeerStatus& peer = status.peers.emplace_back();
    peer.sid = model::ServerId{sid};
    peer.self = peer.sid == status.sid;
    peer.connected = !peer.self;
    peer.type = sid == 4 ? model::LearnerType::observer : model::LearnerType::participant;
    peer.election_addresses = {{"127.0.0.1", 40000}};
    if (state == model::ServerState::leading && !peer.self) peer.learner = model::LearnerPhase::up_to_date;
  }
  if (state != model::ServerState::looking) {
    status.leader = model::ServerId{3};
    status.vote = {model::PeerEpoch{1}, model::Zxid{0}, model::ServerId{3}};
    status.established = true;
    status.phase = node::ZabPhase::broadcast;
    status.current_epoch = status.accepted_epoch = model::PeerEpoch{1};
    status.statistics.decided(state, begin + 250ms);
    status.statistics.established(begin + 300ms);
  }
  status.now = begin + 2543ms;
  return status;
}

}  // namespace conclave::status
