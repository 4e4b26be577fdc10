// The closed system of one run: any number of servers as plain values, one state at a time. It is what Worker is for
// explorations, without numbers, tables and reductions: up to model::servers_max servers instead of participants_max.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "conclave/model/types.hpp"
#include "conclave/spec/closed_system.hpp"
#include "conclave/spec/local_steps.hpp"
#include "conclave/spec/replay.hpp"
#include "conclave/spec/state_view.hpp"

namespace conclave::spec {

inline constexpr int world_servers_max = static_cast<int>(model::servers_max);
using WorldSet = std::bitset<model::servers_max>;  // of participants

// The bounds of a scope on crashes, restarts, losses, resends and rounds are not looked at: who chooses the actions
// keeps to them, or has none. Not synchronised.
class World {
 public:
  // The initial state. The steps must outlive the world. REQUIRES: 1 to world_servers_max participants.
  explicit World(const LocalSteps& steps);
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Can the action be taken here? Any action may be asked about, whatever its servers; each of the scope's kinds of
  // network has its own.
  [[nodiscard]] bool possible(const Action& action) const;
  // Takes it; `broken` has what the step and the state after it break. REQUIRES: possible(action).
  Replay::Step take(const Action& action, std::optional<Property> watched = std::nullopt);

  [[nodiscard]] const LocalSteps& steps() const { return steps_; }
  [[nodiscard]] const Replay& replay() const { return replay_; }
  [[nodiscard]] int servers() const { return steps_.servers(); }
  [[nodiscard]] const Scope& scope() const { return steps_.scope(); }
  [[nodiscard]] const Scenario& scenario() const { return steps_.scenario(); }
  [[nodiscard]] const LocalFacts& facts(int server) const { return facts_[static_cast<std::size_t>(server)]; }
  [[nodiscard]] PropertySet applicable() const { return applicable_; }
  // What the state itself breaks or witnesses; a deadlock is not among it (see stuck()).
  [[nodiscard]] PropertySet judge_state() const;

  // Do these contain a quorum of voters that can found an ensemble (whose zxid is not -1), in each of the
  // configurations?
  [[nodiscard]] bool quorum_among(const WorldSet& servers, ConfigSet configurations) const;
  [[nodiscard]] bool quorum_runs() const { return view_.quorum_runs(); }
  // Have all that run settled on one that leads?
  [[nodiscard]] bool all_settled() const { return view_.all_settled(); }

  // latest: is there something on offer that the reader has not read since it last spoke, or since it was said?
  // What was said in an election that is over for its speaker does not count: it was sent once, long ago.
  [[nodiscard]] bool unread(int reader, int speaker, Offer offer) const;
  // Does nothing move any more but starts, faults, resends, and roles that may end? Then the longest time-outs run out.
  [[nodiscard]] bool at_rest() const;
  // Can nothing happen but starts and faults, though a quorum runs and has not settled?
  [[nodiscard]] bool stuck() const;
  // fifo: does what goes between these two hold up nobody's wait?
  [[nodiscard]] bool is_chatter(int one, int other) const;
  // Has the role of a settled server lost what it stands on, as far as patience goes that outlasts all messages?
  [[nodiscard]] bool role_lost(int server) const { return view_.role_lost(server, false); }

 private:
  struct Mark {  // what was read last, and as whom
    std::size_t said = 0;
    std::size_t spoke = 0;
    bool ever = false;
  };

  void look_at(int server);
  [[nodiscard]] bool hears(int reader, int speaker, Offer offer) const;
  [[nodiscard]] bool has_room(int server) const;
  [[nodiscard]] bool is_old_news(int reader, int speaker, Offer offer) const;
  [[nodiscard]] bool changes_something(int reader, const model::Notification& heard) const;
  [[nodiscard]] bool ends_wait(int server, const model::Notification& heard) const;
  [[nodiscard]] bool better_is_coming(int server) const;
  [[nodiscard]] bool may_resend(int server) const;
  [[nodiscard]] bool may_end_role(int server) const;
  [[nodiscard]] bool moves(int server) const;
  [[nodiscard]] Mark& mark(int reader, int speaker, Offer offer) const;
  [[nodiscard]] bool fifo() const { return scope().network.kind == NetworkKind::fifo; }
  [[nodiscard]] bool coarse() const { return scope().grain == Grain::coarse; }

  const LocalSteps& steps_;
  PropertySet applicable_;
  Replay replay_;
  std::vector<bool> founds_;  // has a database
  std::vector<LocalFacts> facts_;
  BasicStateView<World, WorldSet, world_servers_max> view_;
  mutable std::vector<Mark> marks_;                         // latest only
  mutable std::optional<bool> at_rest_;                     // of this state, once asked
  mutable std::vector<std::optional<bool>> better_coming_;  // likewise, of each server
};

}  // namespace conclave::spec
