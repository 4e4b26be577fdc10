// How a server is drawn, of a run and of real servers' logs alike.
#pragma once

#include <string>

#include "conclave/check/diagram.hpp"
#include "conclave/model/peer.hpp"

namespace conclave::check {

Stroke stroke_of(const model::Peer& peer);    // REQUIRES: it is up
std::string choice(const model::Peer& peer);  // whom it proposes or has settled on

}  // namespace conclave::check
