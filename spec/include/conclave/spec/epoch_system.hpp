// The closed system of the epoch phase: servers, connections and stops, with any outcome of the elections.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "conclave/spec/channels.hpp"
#include "conclave/spec/epoch_machine.hpp"
#include "conclave/spec/epoch_rules.hpp"

namespace conclave::spec {

enum class EpochActionKind : std::uint8_t {
  lead,     // the election has decided for `server`, which votes
  follow,   // ... for `peer`, which leads: `server` connects
  deliver,  // `server` takes the oldest packet from `peer`
  write,    // a write of `server` is done
  stop,     // `server` crashes and restarts, or its role ends
  log,      // `server`, established, logs a transaction
  copy,     // `server`, up to date, logs its leader's; an observer once that is committed
  notice,   // `server`, which leads, notices that the connection of `peer` has ended
  tick,     // `server`, established, looks for its quorum
  count,    // `server`, which leads, is counted itself (EpochRuleVariant::leader_late)
  lose      // what an ended connection from `peer` to `server` still carries is gone
};
struct EpochAction {
  EpochActionKind kind = EpochActionKind::lead;
  std::uint8_t server = 0;
  std::uint8_t peer = 0;

  [[nodiscard]] constexpr std::uint32_t code() const {
    return static_cast<std::uint32_t>(kind) << 16U | static_cast<std::uint32_t>(server) << 8U | peer;
  }
  static constexpr EpochAction from(std::uint32_t code) {
    return EpochAction{static_cast<EpochActionKind>(code >> 16U), static_cast<std::uint8_t>(code >> 8U & 0xffU),
                       static_cast<std::uint8_t>(code & 0xffU)};
  }
  friend constexpr bool operator==(const EpochAction&, const EpochAction&) = default;
};

// How a learner's connection to its leader stands.
enum class EpochLink : std::uint8_t {
  none,     // ended at the leader's side; what is on its way to the learner can still be read
  opening,  // FOLLOWERINFO has not been read
  open
};
inline constexpr int epoch_link_bits = 2;

// A connection's old packets stay readable ahead of a new connection's, up to so many.
inline constexpr std::size_t stale_packets_max = 2;

// The fields of a packed state: local states, channels, links, established[epoch], committed, and what is spent.
class EpochFields {
 public:
  EpochFields(int servers, const EpochScope& scope);

  [[nodiscard]] std::size_t count() const { return widths_.size(); }
  [[nodiscard]] std::size_t growing() const { return link(0); }
  [[nodiscard]] std::size_t local(int server) const { return static_cast<std::size_t>(server); }
  [[nodiscard]] std::size_t channel(int from, int to) const {
    return (1 + static_cast<std::size_t>(from)) * local(servers_) + static_cast<std::size_t>(to);
  }
  [[nodiscard]] std::size_t link(int learner) const {
    return (1 + local(servers_)) * local(servers_) + static_cast<std::size_t>(learner);
  }
  // Who has established the epoch: 0 nobody, else participant + 1. REQUIRES: 1 <= epoch <= scope.epochs.
  [[nodiscard]] std::size_t established(int epoch) const {
    return link(servers_) + static_cast<std::size_t>(epoch) - 1;
  }
  [[nodiscard]] std::size_t committed() const { return established(epochs_ + 1); }  // epoch * 8 + counter; 0: nothing
  [[nodiscard]] std::size_t transactions() const { return committed() + 1; }
  [[nodiscard]] std::size_t stops() const { return committed() + 2; }
  [[nodiscard]] const std::vector<int>& widths() const { return widths_; }

 private:
  int servers_;
  int epochs_;
  std::vector<int> widths_;
};

class EpochSystem {
 public:
  // REQUIRES: a configuration without error whose voters (with scope.observers: members) are at most participants_max.
  EpochSystem(const model::Configuration& configuration, const EpochScope& scope, const EpochRuleVariant& rules);
  EpochSystem(const EpochSystem&) = delete;
  EpochSystem& operator=(const EpochSystem&) = delete;

  [[nodiscard]] int servers() const { return static_cast<int>(participants_.size()); }
  [[nodiscard]] model::ServerId id(int server) const { return participants_[static_cast<std::size_t>(server)]; }
  [[nodiscard]] const EpochScope& scope() const { return scope_; }
  [[nodiscard]] const EpochFields& fields() const { return fields_; }
  EpochMachine& machine() { return machine_; }
  Channels& channels(int from) { return channels_[static_cast<std::size_t>(from)]; }
  [[nodiscard]] bool votes(int server) const { return ensemble_.configurations[0].votes(id(server)); }
  // Do the voters among them make a quorum?
  [[nodiscard]] bool quorum_among(std::uint32_t servers) const { return quorums_[servers]; }

  // Steps not taken because a leader would have gone beyond the last epoch.
  void absorb_cut(std::uint64_t steps);
  std::uint64_t cut();
  std::size_t bytes_used();

 private:
  model::Ensemble ensemble_;
  EpochScope scope_;
  std::vector<model::ServerId> participants_;
  EpochFields fields_;
  EpochMachine machine_;
  std::vector<Channels> channels_;
  std::array<bool, std::size_t{1} << participants_max> quorums_{};
  std::mutex mutex_;
  std::uint64_t cut_ = 0;
};

}  // namespace conclave::spec
