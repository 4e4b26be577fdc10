// What can happen to one server of a scenario, and what comes of it: the model's step function with the judges of the
// step properties beside it. Values in, values out; nothing is remembered, and there may be any number of servers.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "conclave/model/event.hpp"
#include "conclave/spec/properties.hpp"
#include "conclave/spec/rules.hpp"
#include "conclave/spec/scope.hpp"
#include "conclave/spec/server.hpp"

namespace conclave::spec {

// What can happen to one server, as a small number: the first few are plain, the others carry a notification.
using Input = std::uint32_t;
namespace input {
inline constexpr Input begin = 0;  // coarse: the process starts and looks; fine: lookForLeader is called
inline constexpr Input boot = 1;   // fine: the process starts
inline constexpr Input silence = 2;
inline constexpr Input end_role = 3;  // coarse: and looks again
inline constexpr Input resend = 4;
inline constexpr Input process = 5;
inline constexpr Input publish = 6;
inline constexpr Input crash = 7;
inline constexpr Input establish_base = 8;
inline constexpr Input receive_base = 128;  // and, where notifications are numbered, + its number
// The leader that was elected in this round establishes its epoch, or a follower takes it over. REQUIRES: 1 <= round.
constexpr Input establish(std::int64_t round) { return establish_base + static_cast<Input>(round); }
static_assert(establish_base + rounds_max < receive_base);
}  // namespace input

// The round that gives an epoch to a leader with this clock. Old rules have clocks below 1.
constexpr std::int64_t epoch_round(std::int64_t clock) { return clock < 1 ? 1 : clock; }

// Not synchronised, and it needs not be: nothing in it changes.
class LocalSteps {
 public:
  // All references must outlive this. `rules`: of those servers that have none of their own.
  LocalSteps(const Scenario& scenario, const Scope& scope, const RuleVariant& rules);

  struct Outcome {
    Server server;
    model::Effects effects;
    model::RuleSet rules;
    Findings findings;
  };
  using Watch = std::function<void(const LocalStep&)>;
  // `heard` is the notification of a receive input. `watch` sees every step of the model on the way.
  // REQUIRES: 0 <= server < participants.
  [[nodiscard]] Outcome compute(int server, const Server& before, Input input, const model::Notification& heard,
                                const Watch& watch = {}) const;

  [[nodiscard]] const Scenario& scenario() const { return scenario_; }
  [[nodiscard]] const Scope& scope() const { return scope_; }
  [[nodiscard]] int servers() const { return static_cast<int>(blanks_.size()); }
  [[nodiscard]] model::ServerId id(int server) const {
    return scenario_.participants[static_cast<std::size_t>(server)].id;
  }
  // A server, the configurations that count for it, and whether it looks for a leader.
  struct Party {
    int server = 0;
    ConfigSet counting = first_configuration;
    bool looking = false;
  };
  // Can the process start again? Who is not in the configuration that it has committed is refused (QuorumPeer.start).
  [[nodiscard]] bool may_restart(const Party& party) const;
  // The participant of that id, or -1.
  [[nodiscard]] int index_of(model::ServerId id) const;
  // The servers before they have ever started.
  [[nodiscard]] const std::vector<Server>& blanks() const { return blanks_; }
  [[nodiscard]] const Server& blank(int server) const { return blanks_[static_cast<std::size_t>(server)]; }
  // On a `latest` network: does `reader` hear offers of this kind from `speaker`?
  [[nodiscard]] bool can_hear(const Party& reader, const Party& speaker, Offer kind) const;
  // latest: does nobody hear what a server proposed once he has heard that it has settled?
  [[nodiscard]] bool keeps_order() const;
  // The rules of one server.
  [[nodiscard]] const RuleVariant& rules(int server) const { return *rules_[static_cast<std::size_t>(server)]; }
  // Of all servers that take part.
  [[nodiscard]] bool reducible() const;
  // What `reader` makes of a notification: its version, or that it is cut off, follows from both their releases.
  [[nodiscard]] model::Message as_read(int reader, const model::Notification& heard) const;

 private:
  void take(Outcome& outcome, int server, const model::Event& event, const Watch& watch) const;
  [[nodiscard]] bool goes_for_news(const Party& reader, const Party& speaker) const;
  [[nodiscard]] const model::Configuration& committed_by(const Party& party) const;
  [[nodiscard]] bool votes_in(ConfigSet configurations, int server) const;
  [[nodiscard]] Server stopped(int server, const Server& before) const;
  [[nodiscard]] bool overtaken(const model::Peer& peer, const model::Notification& heard) const;
  [[nodiscard]] bool asks_unversioned(int speaker) const;
  void receive(Outcome& outcome, int server, const model::Notification& heard, const Watch& watch) const;
  void establish(Outcome& outcome, int server, std::int64_t round, const Watch& watch) const;

  const Scenario& scenario_;
  const Scope& scope_;
  bool mixed_;
  std::int64_t epoch_before_ = 0;  // no server begins with a higher one
  std::vector<const RuleVariant*> rules_;
  std::vector<Server> blanks_;
};

}  // namespace conclave::spec
