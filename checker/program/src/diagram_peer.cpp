#include "diagram_peer.hpp"

#include <variant>

#include "conclave/check/words.hpp"

namespace conclave::check {

Stroke stroke_of(const model::Peer& peer) {
  switch (peer.role.index()) {
    case 0: return Stroke::idle;
    case 1: return Stroke::looking;
    case 2: return Stroke::waiting;
    case 3: return Stroke::leading;
    case 4: return Stroke::following;
    default: return Stroke::observing;
  }
}

std::string choice(const model::Peer& peer) {
  if (const auto* following = std::get_if<model::Following>(&peer.role)) return id_text(following->leader);
  if (const auto* observing = std::get_if<model::Observing>(&peer.role)) return id_text(observing->leader);
  if (std::holds_alternative<model::Leading>(peer.role)) return id_text(peer.id);
  if (std::holds_alternative<model::BeforeElection>(peer.role)) return "–";
  return peer.proposal.leader == model::no_server ? "–" : id_text(peer.proposal.leader);
}

}  // namespace conclave::check
