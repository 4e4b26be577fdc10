// What the parts of a run's picture share: with whose names its words are chosen.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <vector>

#include "conclave/check/diagram.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {

// What all steps of a run are told with.
struct Teller {
  const Outcome& outcome;
  const spec::Scenario& scenario;
  const std::vector<RunStep>& steps;

  [[nodiscard]] std::string id(std::size_t lane) const { return id_text(scenario.participants[lane].id); }

  // A candidate's number is enough where its epoch and zxid are those it began with.
  [[nodiscard]] std::string candidate(const model::Proposal& proposal) const {
    for (const spec::Participant& participant : scenario.participants) {
      const bool own = participant.id == proposal.leader && participant.durable.current_epoch == proposal.epoch &&
                       participant.durable.last_zxid == proposal.zxid;
      if (own) return id_text(proposal.leader);
    }
    if (proposal.leader == model::no_server) return "nobody";
    return fmt::format("{} with zxid {}, epoch {}", id_text(proposal.leader), zxid_text(proposal.zxid),
                       proposal.epoch.value);
  }
  // What it is said with, where that is the new configuration of a reconfiguration.
  [[nodiscard]] std::string said(const model::Notification& notification) const {
    return said(notification.vote) + (notification.config == 0 ? "" : ", new");
  }
  // What a notification says, in two words; the round only where it is not the first.
  [[nodiscard]] std::string said(const model::Vote& vote) const {
    const std::string whom = candidate(vote.proposal);
    const std::string round = vote.round.value == 1 ? "" : fmt::format(" (r{})", vote.round.value);
    switch (vote.state) {
      case model::ServerState::looking: return "votes " + whom + round;
      case model::ServerState::following: return "follows " + whom + round;
      case model::ServerState::leading: return "leads" + round;
      case model::ServerState::observing: return "observes " + whom + round;
    }
    return "?";
  }
};

// Who the servers are and what they begin with; what was explored.
void add_lanes(const Teller& teller, Diagram& diagram);
void add_facts(const Teller& teller, Diagram& diagram);

}  // namespace conclave::check
