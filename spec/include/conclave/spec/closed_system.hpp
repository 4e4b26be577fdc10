// The closed system: servers, network and faults of one scenario within one scope, as a transition system.
//
// Everything that threads share is here; the states themselves are made by Worker (worker.hpp), one per thread.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "conclave/spec/channels.hpp"
#include "conclave/spec/local_machine.hpp"
#include "conclave/spec/properties.hpp"
#include "conclave/spec/quotient.hpp"
#include "conclave/spec/rules.hpp"
#include "conclave/spec/scope.hpp"

namespace conclave::spec {

enum class ActionKind : std::uint8_t {
  read,     // latest: `server` reads what `peer` offers
  deliver,  // fifo: the oldest message from `peer` reaches `server`
  process,  // fine: the main loop takes a notification
  publish,  // fine: the decision is stored
  begin,    // fine: lookForLeader is called
  silence,  // finalizeWait is over
  end_role,
  resend,     // fifo: a notification time-out
  establish,  // `peer`, which leads, establishes its epoch, or `server`, which follows it, takes that over
  start,      // the environment's from here on
  crash,
  restart,
  lose  // fifo: the oldest message from `peer` to `server` disappears
};

// What one step does. The same whatever numbers the local states have got, so it can be told and compared.
struct Action {
  ActionKind kind = ActionKind::read;
  std::uint8_t server = 0;  // participants, from 0
  std::uint8_t peer = 0;
  Offer offer = Offer::proposal;

  [[nodiscard]] constexpr std::uint32_t code() const {
    return static_cast<std::uint32_t>(kind) << 16U | static_cast<std::uint32_t>(server) << 8U |
           static_cast<std::uint32_t>(peer) << 4U | static_cast<std::uint32_t>(offer);
  }
  static constexpr Action from(std::uint32_t code) {
    return Action{static_cast<ActionKind>(code >> 16U), static_cast<std::uint8_t>(code >> 8U & 0xffU),
                  static_cast<std::uint8_t>(code >> 4U & 0xfU), static_cast<Offer>(code & 0xfU)};
  }
  friend constexpr bool operator==(const Action&, const Action&) = default;
};

// States in which nothing can happen but starts and faults, by why that is in order.
struct QuietCounts {
  std::uint64_t settled = 0;    // all running servers have settled on one that leads
  std::uint64_t no_quorum = 0;  // the running servers are too few
  std::uint64_t cut = 0;        // a bound of the exploration keeps something from happening
};

// The fields of a packed state, in this order: local states, channels, budgets.
class Fields {
 public:
  Fields(const Scenario& scenario, const Scope& scope);

  [[nodiscard]] std::size_t count() const { return losses_ + 1; }
  [[nodiscard]] std::size_t growing() const { return crashes_; }  // local states and channels
  [[nodiscard]] std::size_t local(int server) const { return static_cast<std::size_t>(server); }
  [[nodiscard]] std::size_t channel(int from, int to) const {
    const auto servers = static_cast<std::size_t>(servers_);
    return servers + static_cast<std::size_t>(from) * servers + static_cast<std::size_t>(to);
  }
  [[nodiscard]] std::size_t crashes() const { return crashes_; }
  [[nodiscard]] std::size_t restarts() const { return crashes_ + 1; }
  [[nodiscard]] std::size_t resends() const { return crashes_ + 2; }
  [[nodiscard]] std::size_t losses() const { return losses_; }
  // Bits each field needs to begin with. A field that is not in use needs none.
  [[nodiscard]] const std::vector<int>& widths() const { return widths_; }

 private:
  int servers_;
  std::size_t crashes_;
  std::size_t losses_;
  std::vector<int> widths_;
};

class ClosedSystem {
 public:
  // The scenario, the scope and the rules are copied. REQUIRES: 1 to participants_max participants; at most
  // explored_configurations_max configurations, and more than one only on a `latest` network and without an oracle.
  ClosedSystem(Scenario scenario, const Scope& scope, const RuleVariant& rules);
  ClosedSystem(const ClosedSystem&) = delete;
  ClosedSystem& operator=(const ClosedSystem&) = delete;

  [[nodiscard]] const Scenario& scenario() const { return scenario_; }
  [[nodiscard]] const Scope& scope() const { return scope_; }
  [[nodiscard]] int servers() const { return static_cast<int>(scenario_.participants.size()); }
  [[nodiscard]] const Fields& fields() const { return fields_; }
  [[nodiscard]] model::ServerId id(int server) const {
    return scenario_.participants[static_cast<std::size_t>(server)].id;
  }
  LocalMachine& machine() { return machine_; }
  // The contents of the channels from one server. Kept apart by sender: fewer contents, smaller numbers.
  Channels& channels(int from) { return channels_[static_cast<std::size_t>(from)]; }

  // Do these voters (a set of participants) contain a quorum of each of the configurations? Servers that can't found an
  // ensemble (zxid -1) and observers never count. REQUIRES: configurations != 0.
  [[nodiscard]] bool quorum_among(std::uint32_t servers, ConfigSet configurations = first_configuration) const {
    return quorums_[configurations][servers];
  }
  [[nodiscard]] bool votes(int server) const { return (voters_ >> static_cast<unsigned>(server) & 1U) != 0; }
  // On a `latest` network: does `reader` hear offers of this kind from `speaker`?
  using Party = LocalSteps::Party;
  [[nodiscard]] bool hears(const Party& reader, const Party& speaker, Offer kind) const {
    const Heard& heard = heard_[reader.counting][speaker.counting][speaker.looking ? 1 : 0];
    const std::uint32_t speakers = heard[static_cast<std::size_t>(reader.server)][static_cast<std::size_t>(kind)];
    return (speakers >> static_cast<unsigned>(speaker.server) & 1U) != 0;
  }
  [[nodiscard]] bool may_restart(const Party& party) const { return machine_.steps().may_restart(party); }
  // What servers add that may still begin from nothing, after so many crashes and restarts.
  [[nodiscard]] std::uint64_t support_anew(const Support& support, int crashes, int restarts) const {
    if (scope_.restarts == 0 || restarts >= scope_.restarts) return 0;
    return support.after_restart | (crashes < scope_.crashes ? support.after_crash : 0);
  }
  // Who may be settled on, by what all parts of a state add together. `held` gets those that a quorum supports and that
  // are not among `open`, a set of participants.
  [[nodiscard]] VoteSet supported(const Support& support, std::uint64_t anew, std::uint32_t open,
                                  VoteSet& held) const {
    VoteSet votes = support.settled;
    for (int round = 0; round < scope_.rounds; ++round) {
      std::uint64_t sets = support.by_round[static_cast<std::size_t>(round)] | anew;
      if (round > 0 && votes != 0) sets |= support.coming_back;
      for (int leader = 0; leader < servers(); ++leader, sets >>= 8U) {
        if (!quorum_among(static_cast<std::uint32_t>(sets & 0xffU))) continue;
        const VoteSet vote = vote_bit(leader, round + 1);
        ((open >> static_cast<unsigned>(leader) & 1U) != 0 ? votes : held) |= vote;
      }
    }
    return votes;
  }
  // Whether votes that can't matter any more are cleared (Scope::clear_dead_votes, where it is possible).
  [[nodiscard]] bool clears() const { return clears_; }
  // timely, on a `latest` network: is what every server says read at any time, by all, so that waits outlast it?
  [[nodiscard]] bool outlasts() const { return outlasts_; }
  // The participants whose initial votes this server's does not supersede, itself among them.
  [[nodiscard]] std::uint32_t not_before(int server) const { return not_before_[static_cast<std::size_t>(server)]; }
  // Participants that may be elected at all: voters whose weight is not zero.
  [[nodiscard]] std::uint32_t electable() const { return electable_; }
  [[nodiscard]] bool electable(int server) const { return (electable_ >> static_cast<unsigned>(server) & 1U) != 0; }
  // The properties that are claimed, recorded or awaited here.
  [[nodiscard]] PropertySet applicable() const { return applicable_; }

  // Looks for local states that can be told apart by nothing, before an exploration; may take seconds.
  void minimise(
      int threads, const Quotient::Enough& enough = [] { return false; }) {
    quotient_.build(*this, threads, enough);
  }
  [[nodiscard]] bool minimised() const { return quotient_.built(); }
  // The local state that stands for this one where only these votes can matter.
  LocalId canonical(int server, LocalId local, VoteSet votes) {
    if (!machine_.facts(server, local).in_election) return local;
    if (quotient_.built()) return quotient_.representative(server, local, votes);
    return machine_.cleared(server, local, votes);
  }

  // As LocalMachine's.
  SavedSystem saved();
  std::array<std::uint64_t, 3> saved_quiet();
  void restore(const SavedSystem& saved);

  void absorb(const QuietCounts& counts);
  QuietCounts quiet_counts();
  void forget_quiet() {
    const std::scoped_lock lock(mutex_);
    quiet_ = {};
  }
  std::size_t bytes_used();

 private:
  [[nodiscard]] bool may_be_reduced() const;
  void look_who_hears();
  void look_for_quorums(std::uint32_t founders);

  Scenario scenario_;
  Scope scope_;
  RuleVariant rules_;
  Fields fields_;
  LocalMachine machine_;
  std::vector<Channels> channels_;
  Quotient quotient_;
  std::uint32_t voters_ = 0;
  std::uint32_t electable_ = 0;
  bool clears_ = false;
  bool outlasts_ = false;
  std::array<std::uint32_t, participants_max> not_before_{};
  // By the configurations that count for the reader and for the speaker, and whether that looks, then by reader: a set
  // of speakers.
  using Heard = std::array<std::array<std::uint32_t, offers_count>, participants_max>;
  std::array<std::array<std::array<Heard, 2>, config_sets>, config_sets> heard_{};
  static Heard who_hears(const LocalSteps& steps, ConfigSet readers, ConfigSet speakers, bool looking);
  // By the configurations, then by set of participants.
  std::array<std::array<bool, std::size_t{1} << participants_max>, config_sets> quorums_{};
  PropertySet applicable_ = 0;
  std::mutex mutex_;
  QuietCounts quiet_;
};

}  // namespace conclave::spec
