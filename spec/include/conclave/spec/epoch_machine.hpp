// The local states of the epoch phase as small numbers, each (local state, input) computed with the real epoch_step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "conclave/model/epoch.hpp"
#include "conclave/spec/epoch_rules.hpp"
#include "conclave/spec/local_machine.hpp"

namespace conclave::spec {

using PacketId = std::uint16_t;  // from 1; 0 is none

// One server: what its process has in mind, what is on its disk, and what it still has to do before it can go on.
struct EpochServer {
  model::EpochPeer peer;
  model::Durable disk;
  std::vector<model::EpochEffect> pending;  // empty, or a write and all that has to wait for it
  // For the claims alone; a server knows nothing of these. Of a leader:
  std::uint32_t witnesses = 0;  // voters that accepted its epoch with a history no more recent than its own
  std::int64_t floor = 0;       // the largest epoch that was established when it was elected
};

enum class EpochInput : std::uint8_t {
  lead,     // parameter: the floor
  follow,   // the leader's index
  packet,   // sender's index and packet
  write,    // the next write is done, and what waited for it happens
  stop,     // the process dies, or its role ends
  log,      // an established leader logs a transaction
  copy,     // a follower logs its leader's: epoch * 16 + counter
  witness,  // participant's index
  lost,     // a leader notices that the connection of this participant has ended
  tick,
  count_itself,  // a leader, after its learners
  count_
};
constexpr std::uint32_t epoch_input(EpochInput kind, std::uint32_t parameter = 0) {
  return static_cast<std::uint32_t>(kind) << 20U | parameter;
}
constexpr std::uint32_t packet_input(int from, PacketId packet) {
  return epoch_input(EpochInput::packet, static_cast<std::uint32_t>(from) << 16U | packet);
}

// What a step does to the rest of the system, in order.
struct EpochOut {
  enum class Kind : std::uint8_t { connect, send, disconnect, over, established, wrote_accepted };
  Kind kind = Kind::send;
  std::uint8_t other = 0;  // participant
  PacketId packet = 0;     // connect, send
  std::uint8_t epoch = 0;  // established, wrote_accepted
};

struct EpochLocalResult {
  LocalId next = 0;
  std::uint32_t outs = 0;  // an index for EpochMachine::outs(); 0: none
  PropertySet seen = 0;    // properties broken or witnessed
};

struct EpochFacts {
  model::EpochRole role = model::EpochRole::none;
  bool pending = false;
  bool established = false;  // a leader
  bool told = false;         // a leader: has chosen its epoch
  bool late = false;         // a leader that may still have to be counted itself
  bool up_to_date = false;   // a learner
  std::int8_t leader = -1;   // a learner's, a participant
  std::uint8_t epoch = 0;    // of a leader or learner
  std::uint8_t floor = 0;
  std::uint32_t witnesses = 0;
  std::uint32_t learners = 0;  // of a leader: participants that it takes for connected
  model::Standing standing;    // a leader's; else of the disk
  model::Durable disk;
};

// Thread-safe: each call takes the lock, though not while it computes.
class EpochMachine {
 public:
  // All must outlive the machine. Participants are numbered from 0, ids ascending: all voters, or with the observers.
  // `without_history`: a bit for each of them that keeps none.
  EpochMachine(const model::Ensemble& ensemble, std::vector<model::ServerId> participants,
               std::uint32_t without_history, const EpochRuleVariant& rules);

  // REQUIRES: the input is possible there (see EpochWorker).
  EpochLocalResult apply(int server, LocalId local, std::uint32_t input);
  EpochFacts facts(int server, LocalId local);
  EpochServer value(int server, LocalId local);
  std::string bytes(int server, LocalId local);  // the canonical encoding
  std::vector<EpochOut> outs(std::uint32_t index);
  model::Packet packet(PacketId id);
  std::string packet_bytes(PacketId id);  // the canonical encoding
  std::size_t locals(int server);
  std::size_t bytes_used();

 private:
  struct Known {
    std::deque<EpochServer> values;
    std::deque<std::string> bytes;
    std::unordered_map<std::string, LocalId> ids;
  };
  [[nodiscard]] model::Follow follow(std::uint32_t leader) const;
  EpochServer compute(int server, const EpochServer& before, std::uint32_t input, std::vector<EpochOut>& outs,
                      PropertySet& seen);
  void take(EpochServer& state, const model::EpochEvent& event, std::vector<EpochOut>& outs, PropertySet& seen);
  void flush(EpochServer& state, std::vector<EpochOut>& outs, PropertySet& seen);
  EpochOut out_of(const model::EpochEffect& effect);
  PacketId intern(const model::Packet& packet);
  LocalId intern(int server, const EpochServer& state);
  [[nodiscard]] int index_of(model::ServerId id) const;

  const model::Ensemble& ensemble_;
  std::vector<model::ServerId> participants_;
  std::uint32_t without_history_;
  const EpochRuleVariant& rules_;
  std::mutex mutex_;
  std::vector<Known> known_;
  std::deque<model::Packet> packets_;
  std::unordered_map<std::string, PacketId> packet_ids_;
  std::deque<std::vector<EpochOut>> outs_;
};

}  // namespace conclave::spec
