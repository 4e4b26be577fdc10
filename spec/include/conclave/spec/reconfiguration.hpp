// Elections in the midst of a reconfiguration: who may know what of the new configuration when they begin.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "conclave/model/configuration.hpp"
#include "conclave/spec/scope.hpp"

namespace conclave::spec {

// From the first configuration of the ensemble, which all have committed, to its second, which is newer, or, without
// reconfigEnabled, may have the same version. Who has
// committed that, and who else has logged it as proposed (QuorumPeer.lastSeenQuorumVerifier); where they are not given,
// all that may have.
struct Reconfiguration {
  model::Ensemble ensemble;
  std::optional<std::set<model::ServerId>> committed;
  std::optional<std::set<model::ServerId>> seen;
};

// What a server knows of the new configuration.
enum class Knowledge : std::uint8_t { none, seen, committed };
Knowledge knowledge_of(const Participant& participant);
// The same configuration under another version.
model::Configuration with_version(const model::Configuration& configuration, model::ConfigVersion version);

// The members of both configurations, ascending.
std::vector<model::ServerId> all_members(const model::Ensemble& ensemble);
// Does the server vote in either?
bool votes_in_any(const model::Ensemble& ensemble, model::ServerId id);

// Every moment at which an election may begin: some know of the new configuration, and not all have committed it. It is
// committed where quorums of both have logged it, which those that have committed it have done as well; the leader, a
// voter of the old one, commits it first. Who observes in the old one is told of what is committed alone.
// With every order of initial votes in which who knows of the new configuration comes after who does not, and of those
// that know who was told of all that is proposed comes last; orders and moments that a symmetry of both configurations
// maps onto each other are one.
// Without reconfigEnabled who has the new configuration has got it by hand: any may have, but not all, each with every
// order of initial votes, and nobody has only seen it.
// REQUIRES: two configurations of at most participants_max members together.
std::vector<Scenario> every_moment(const Reconfiguration& reconfiguration);
// The same with these histories; a server without one has epoch 0 and zxid 0.
std::vector<Scenario> every_moment(const Reconfiguration& reconfiguration, const std::vector<Participant>& histories);

// Is a server told of what is proposed, before that is committed?
bool is_told_proposals(const model::Ensemble& ensemble, model::ServerId id);

// Why what servers are said to know can't be. The later ones are asked about only where none before them is the reason.
enum class Mistake : std::uint8_t {
  nobody_knows,        // of the new configuration
  all_have_committed,  // it, so that there is no other any more
  leader_has_not,      // committed it, where somebody else has
  no_old_quorum,       // has logged it, where somebody has committed it
  no_new_quorum
};
struct Impossible {
  Mistake mistake;
  std::vector<model::ServerId> committed;  // in the moment that comes nearest
  std::vector<model::ServerId> logged;
};
// Nothing where there is such a moment.
std::optional<Impossible> why_no_moment(const Reconfiguration& reconfiguration);

}  // namespace conclave::spec
