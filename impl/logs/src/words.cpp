// A divergence's two sides, in words.
#include <fmt/format.h>

#include <string>

#include "outlook.hpp"
#include "situation.hpp"

namespace conclave::logs {
namespace {

std::string id_words(model::ServerId id) {
  return id == model::no_server ? "nobody" : fmt::format("server {}", id.value);
}

std::string main_words(const Situation& situation) {
  switch (situation.main) {
    case Main::idle: return "has not come round to look for a leader";
    case Main::round: return "is about to begin an election";
    case Main::started: return "has just begun an election";
    case Main::electing: break;
    case Main::timed_out: return "has waited in vain";
    case Main::decided: return "has decided and not taken up its role";
    case Main::settled: return "is in its role";
  }
  const bool waits = std::holds_alternative<model::Finalizing>(situation.peer.role);
  return waits ? "has a quorum and waits for something better" : "collects votes";
}

}  // namespace

std::string zxid_words(model::Zxid zxid) { return fmt::format("{:#x}", static_cast<std::uint64_t>(zxid.value)); }

std::string told_vote(const model::Vote& vote) {
  return fmt::format("{} for {}, round {}, epoch {}, zxid {}", model::name_of(vote.state),
                     id_words(vote.proposal.leader), vote.round.value, vote.proposal.epoch.value,
                     zxid_words(vote.proposal.zxid));
}

std::string established_words(const Established& established) {
  std::string text = fmt::format("epoch {}", established.zxid.value >> 32);
  if (!established.supporters) return text;
  std::string ids;
  for (const model::ServerId id : *established.supporters)
    ids += fmt::format("{}{}", ids.empty() ? "" : " ", id.value);
  return fmt::format("{}, supported by {{{}}}", text, ids);
}

std::string told_situation(const Situation& situation, const model::Ensemble& ensemble) {
  const model::Peer& peer = situation.peer;
  const model::ServerState state = model::state_of(peer);
  std::string text = fmt::format("{}, {}, round {}", model::name_of(state), main_words(situation), peer.clock.value);
  const bool votes = situation.main != Main::idle && situation.main != Main::round;
  if (state == model::ServerState::looking && votes) {
    text += fmt::format(", votes for {} (epoch {}, zxid {})", id_words(peer.proposal.leader),
                        peer.proposal.epoch.value, zxid_words(peer.proposal.zxid));
    const model::Vote mine{peer.proposal, peer.clock, 0, model::ServerState::looking};
    std::string agree;
    for (const model::Ballot& ballot : peer.recvset) {
      if (!model::votes_equal(mine, ballot.vote)) continue;
      agree += fmt::format("{}{}", agree.empty() ? "" : " ", ballot.from.value);
    }
    if (situation.main == Main::electing) {
      text += fmt::format(", of {} voters {{{}}} agree", ensemble.configurations[peer.committed].voters(), agree);
    }
  } else if (state != model::ServerState::looking) {
    text += fmt::format(", {} leads",
                        id_words((peer.unpublished ? *peer.unpublished : peer.current_vote).proposal.leader));
  }
  if (!situation.owed.empty()) {
    text += fmt::format("; will next hear from itself: {}", told_vote(situation.owed.front().vote));
  }
  return text;
}

}  // namespace conclave::logs
