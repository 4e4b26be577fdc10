// Words for a step of a server, shared by the tellers of recordings and of logs.
#pragma once

#include <string>
#include <vector>

#include "conclave/model/event.hpp"
#include "conclave/model/peer.hpp"

namespace conclave::check {

// What a step of the election is worth telling; empty if nothing.
std::string told_step(const model::Peer& before, const model::Event& event, const model::Transition& made,
                      const model::Ensemble& ensemble);

// Who has voted as this server proposes, by its table; ascending.
std::vector<model::ServerId> supporters_of(const model::Peer& peer);

}  // namespace conclave::check
