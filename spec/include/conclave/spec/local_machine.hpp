// Each distinct local state of a server gets a small number, and each (local state, input) is computed once with the
// real step function and remembered.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "conclave/spec/local_steps.hpp"
#include "conclave/spec/properties.hpp"
#include "conclave/spec/rules.hpp"
#include "conclave/spec/saved_system.hpp"
#include "conclave/spec/scope.hpp"
#include "conclave/spec/server.hpp"
#include "conclave/spec/support.hpp"

namespace conclave::spec {

using LocalId = std::uint32_t;         // of one participant; 0 is the unborn server
using NotificationId = std::uint16_t;  // over all participants; 0 is none
inline constexpr NotificationId no_notification = 0;

namespace input {
constexpr Input receive(NotificationId id) { return receive_base + id; }
}  // namespace input

// One notification that a step sends to one participant.
struct Sent {
  std::uint8_t to;
  NotificationId notification;

  friend bool operator==(const Sent&, const Sent&) = default;
};

// What comes of an input. `sends` is an index for LocalMachine::sends(); 0 is none.
struct LocalResult {
  LocalId next = 0;
  std::uint32_t sends = 0;
  PropertySet broken = 0;
};

// What the closed system needs to know of a local state, without decoding it.
struct LocalFacts {
  Life life = Life::unborn;
  model::ServerState state = model::ServerState::looking;
  bool in_election : 1 = false;
  bool finalizing : 1 = false;
  bool before_election : 1 = false;
  bool unpublished : 1 = false;
  ConfigSet counting : explored_configurations_max = first_configuration;  // also of a server that does not run
  std::uint8_t waiting = 0;                                                // notifications in the receive queue
  std::int8_t leader = -1;                                                 // participant it has settled on, or -1
  std::int8_t established = 0;  // the round of the leader whose epoch its role has; 0: none
  std::int16_t clock = 0;
  std::array<NotificationId, offers_count> offers{};

  friend bool operator==(const LocalFacts&, const LocalFacts&) = default;
};
static_assert(sizeof(LocalFacts) == 16 && rounds_max <= INT8_MAX, "four to a cache line");
// All of them but the offers, which are numbers of notifications.
LocalFacts facts_without_offers(const LocalSteps& steps, const Server& server);

// Thread-safe: each call takes the lock, though not while it computes. Callers on a hot path keep what they have asked
// for.
class LocalMachine {
 public:
  // All references must outlive the machine.
  LocalMachine(const Scenario& scenario, const Scope& scope, const RuleVariant& rules);

  // REQUIRES: 0 <= server < participants; local came from this machine.
  LocalResult apply(int server, LocalId local, Input input);
  // What messages on their way say about who may be settled on.
  Support support_carried(const std::vector<NotificationId>& messages);
  // Can this notification still be sent, where only these can be settled on? Proposals always can.
  bool may_come(NotificationId id, VoteSet votes);
  // Does a stored notification matter, where only these votes can?
  bool matters(NotificationId id, VoteSet votes);
  // The participants whose initial votes this one's does not supersede.
  [[nodiscard]] std::uint32_t not_before(int server) const;
  // The local state without what can't matter where only these votes can.
  LocalId cleared(int server, LocalId local, VoteSet votes);
  LocalFacts facts(int server, LocalId local);
  Support support(int server, LocalId local);
  std::string bytes(int server, LocalId local);  // the canonical encoding
  Server decoded(int server, LocalId local);
  // The number of a server, such as decoded() gives one back.
  LocalId number_of(int server, const Server& state);
  std::vector<Sent> sends(std::uint32_t index);
  model::Notification notification(NotificationId id);
  // latest: does nobody hear what a server proposed once he has heard that it has settled?
  [[nodiscard]] bool keeps_order() const { return steps_.keeps_order(); }
  // Is `after` what `before` is, but for a wait that has ended?
  bool only_stops_waiting(int server, LocalId before, LocalId after);
  // What apply() computes, by values.
  [[nodiscard]] const LocalSteps& steps() const { return steps_; }
  // All numbers given out, results and counts; and back into a machine that has given out none, of the same scenario,
  // scope and rules. Throws std::invalid_argument where they do not fit together, and is good for nothing then.
  SavedMachine saved();
  void restore(const SavedMachine& saved);
  // The (local state, input) pairs of a server whose results are remembered, in ascending order.
  std::vector<std::pair<LocalId, Input>> remembered(int server);
  // Forgets results and counts, but none of the numbers given out.
  void forget_results();

  std::size_t locals(int server);
  std::size_t notifications();
  std::size_t remembered();  // (local state, input) pairs
  // How many distinct local steps took each rule, broke each property (or witnessed it), put each to the test.
  std::array<std::uint64_t, model::rules_count> rule_counts();
  std::array<std::uint64_t, properties_count> tested_counts();
  std::size_t bytes_used();

 private:
  struct Known {
    std::deque<const std::string*> bytes;  // by local id
    std::deque<LocalFacts> facts;
    std::deque<Support> support;
    std::unordered_map<std::string, LocalId> ids;
    std::unordered_map<std::uint64_t, LocalResult> results;
  };
  model::Notification heard_by(Input input);
  LocalId intern(int server, const Server& state);
  NotificationId intern(const model::Notification& notification);
  static std::string key_of(const std::vector<Sent>& sends);
  std::uint32_t intern_sends(int server, const LocalSteps::Outcome& outcome);
  void clear_votes(model::Peer& peer, VoteSet votes) const;
  void forget_quorum(model::Peer& peer) const;
  void clear_unread(model::Peer& peer, int server) const;
  LocalFacts facts_of(const Server& server);
  [[nodiscard]] Support support_of(int index, const Server& server) const;
  void add_offers(int index, const Server& server, bool looking, Support& support) const;
  [[nodiscard]] bool can_matter(const model::Vote& vote, VoteSet votes, bool any_round) const;
  [[nodiscard]] int index_of(model::ServerId id) const { return steps_.index_of(id); }

  const Scenario& scenario_;
  const Scope& scope_;
  LocalSteps steps_;
  std::mutex mutex_;
  std::optional<model::Proposal> best_;  // no server ever supersedes this proposal
  bool all_vote_ = true;
  std::vector<Known> known_;
  std::deque<model::Notification> notifications_;
  std::unordered_map<std::string, NotificationId> notification_ids_;
  std::deque<std::vector<Sent>> sends_;
  std::unordered_map<std::string, std::uint32_t> send_ids_;
  std::array<std::uint64_t, model::rules_count> rule_counts_{};
  std::array<std::uint64_t, properties_count> tested_counts_{};
};

}  // namespace conclave::spec
