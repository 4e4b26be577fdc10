// The example of docs/model.md: three servers elect a leader.
#include <array>
#include <cstdio>
#include <deque>
#include <utility>

#include "conclave/model/coarse.hpp"

using namespace conclave::model;

int main() {
  const std::array voters = {ServerId{1}, ServerId{2}, ServerId{3}};
  const Ensemble ensemble = single_configuration(Configuration::majority(voters));
  std::array<Peer, 3> peers;
  std::deque<std::pair<ServerId, Message>> network;  // to whom, what
  const auto happens = [&](Peer& peer, const Event& event) {
    const Transition made = react(ensemble, peer, event);
    peer = made.peer;
    for (const Effect& effect : made.effects) {
      const auto* all = std::get_if<SendToAll>(&effect);
      if (all == nullptr) continue;  // nobody is late here, so nobody needs an answer
      for_each_voter(ensemble, peer, [&](ServerId to) {
        if (to != peer.id) network.emplace_back(to, message_of(all->notification));
      });
    }
  };
  for (std::size_t i = 0; i < peers.size(); ++i) peers[i] = make_peer(ensemble, voters[i], Durable{});
  for (Peer& peer : peers) happens(peer, Start{});
  for (; !network.empty(); network.pop_front()) {
    const auto [to, message] = network.front();
    happens(peers[static_cast<std::size_t>(to.value - 1)], Received{message});
  }
  for (Peer& peer : peers) happens(peer, Silence{});
  for (const Peer& peer : peers) {
    std::printf("server %d: %s\n", static_cast<int>(peer.id.value), name_of(state_of(peer)).data());
  }
}
