// What an exploration covers: the bounds of the closed system, and the histories that its servers start from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conclave/model/configuration.hpp"
#include "conclave/model/peer.hpp"
#include "conclave/model/types.hpp"

namespace conclave::spec {

// How many servers of an ensemble can take part in one exploration. Sets of them are bit masks.
inline constexpr int participants_max = 8;

enum class NetworkKind : std::uint8_t {
  latest,  // each server offers its latest notification of each kind, to be read at any time, any number of times
  fifo     // per ordered pair a FIFO of `capacity`; a full one drops its oldest
};
struct Network {
  NetworkKind kind = NetworkKind::latest;
  int capacity = 0;  // fifo only; 1 to fifo_capacity_max
};
inline constexpr int fifo_capacity_max = 64;

struct RuleVariant;

enum class TimingKind : std::uint8_t {
  async,  // finalizeWait may run out at any time
  timely  // messages are faster than finalizeWait
};
enum class RoleEnd : std::uint8_t {
  lost,  // at once where the leader is down or follows another; where it has no quorum of followers, or still looks,
         // when nothing else moves: initLimit and syncLimit are the longest of all time-outs
  any    // at any time, for no reason
};
enum class Grain : std::uint8_t {
  coarse,  // model::react: a message goes through a server at once
  fine     // model::step: reception, main loop, publication and the own copies are steps of their own
};
enum class StartKind : std::uint8_t {
  staggered,  // each server at a moment of its own, or never
  together    // all before anything else happens
};

enum class VoteEpoch : std::uint8_t {
  voted,       // a settled server's vote keeps the epoch that it was decided with
  established  // once a quorum follows it, a leader may establish a new epoch, and its followers take it over
};

struct Scope {
  Network network;
  TimingKind timing = TimingKind::async;
  RoleEnd role_end = RoleEnd::lost;  // `any` only with async
  Grain grain = Grain::coarse;
  StartKind start = StartKind::staggered;
  int crashes = 0;
  int restarts = 0;
  int rounds = 1;   // no election begins whose round would be higher
  int resends = 0;  // fifo: notification time-outs of a server that nothing is on its way to or from
  int losses = 0;   // fifo: messages that disappear
  VoteEpoch vote_epoch = VoteEpoch::voted;
  bool clear_dead_votes = true;  // a reduction: votes in a table that no later quorum can count
};
inline constexpr int faults_max = 15;  // of each kind
inline constexpr int rounds_max = 100;
// fine: a server takes no further message while so many wait for its main loop.
inline constexpr int fine_queue_max = 2;

// One server of an exploration, and what it finds on its disk.
struct Participant {
  model::ServerId id;
  model::Durable durable;
  // The rules that this server runs, if not those of the exploration. Has to outlive the participant.
  const RuleVariant* rules = nullptr;
  // Which of the ensemble's configurations it has committed, and which it has last seen, if it has seen one since.
  model::ConfigIndex committed = 0;
  std::optional<model::ConfigIndex> last_seen = std::nullopt;
};
// Does some server run rules of its own? Then messages are written and read as each server's release did.
bool is_mixed(const std::vector<Participant>& participants);

// An ensemble, the servers of it that may ever start (the others never do), and their histories.
struct Scenario {
  model::Ensemble ensemble;  // more than one configuration: in the midst of a reconfiguration, by ascending versions
  std::vector<Participant> participants;  // sorted by id; 1 to participants_max
  // With an oracle: the server that it grants. Nobody, if empty.
  std::optional<model::ServerId> oracle_grants;
};

// Is it explored in the midst of a reconfiguration, from its first configuration to its second?
bool reconfigures(const Scenario& scenario);
// Sets of a scenario's configurations: bit i is for configuration i.
using ConfigSet = std::uint8_t;
inline constexpr std::size_t explored_configurations_max = 2;
inline constexpr std::size_t config_sets = std::size_t{1} << explored_configurations_max;
inline constexpr ConfigSet first_configuration = 1;
// Those that count for a server: what it has committed, and what it has last seen where that is newer.
ConfigSet counting_for(const model::Ensemble& ensemble, const model::Peer& peer);

// "async latest coarse staggered, 1 round, 0 crashes, 0 restarts": the bounds in words.
std::string describe(const Scope& scope);

// All assignments of epochs and zxids to the voters, as far as votes are concerned: the rules only compare, so an
// assignment is an order of the initial votes, and orders that a symmetry of the configuration (a permutation of its
// voters that keeps weights and groups) maps onto each other are one. For majorities one order is left.
// With starts_max below the number of voters: also every choice of that many voters that may ever start, up to the
// same symmetries. Observers always take part. zxid -1 is not among these histories.
// Only servers of one kind are swapped; who is not named is of kind 0.
// REQUIRES: a configuration without error; 1 <= starts_max <= voters.
std::vector<Scenario> every_history(const model::Ensemble& ensemble, int starts_max,
                                    const std::map<model::ServerId, int>& kinds = {});

// Of the orders that every_history() leaves out for this scenario's sake, which it has given, at most `count_max`, with
// itself as the first: the same participants or others, with the same numbers in another order.
// REQUIRES: count_max >= 1; no server has rules of its own.
std::vector<Scenario> orders_like(const Scenario& scenario, std::size_t count_max);

// All voters and observers, with these histories; a server without one has epoch 0 and zxid 0.
Scenario given_history(const model::Ensemble& ensemble, const std::vector<Participant>& histories);

// What a configuration stands, found by trying every set of voters.
struct Tolerance {
  bool complete = false;                                     // false: too many voters to try every set
  int any_crashes = 0;                                       // however they are chosen, so many voters may be lost
  std::vector<std::vector<model::ServerId>> smallest_fatal;  // the smallest sets whose loss leaves no quorum
};
inline constexpr int tolerance_voters_max = 20;
Tolerance tolerance_of(const model::Configuration& configuration);

}  // namespace conclave::spec
