// Which rules the closed system runs: today's, or today's with one historical bug.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "conclave/model/election.hpp"

namespace conclave::spec {

using StepFunction = model::Transition (*)(const model::Ensemble&, const model::Peer&, const model::Event&);

enum class RulesOf : std::uint8_t {
  today,
  seeded_bug,
  release  // an older ZooKeeper
};

// What a server writes of its votes, and what it makes of what others write.
enum class Format : std::uint8_t {
  unversioned,  // 36 bytes: state, leader, zxid, round, epoch (3.4.0 to 3.4.5)
  version_1,    // 40 bytes: and the version (3.4.6 on, ZOOKEEPER-1808)
  version_2     // longer: and the configuration (3.5.0 on, ZOOKEEPER-1810)
};
struct Dialect {
  Format sends = Format::version_2;
  // 40 bytes are taken for a message without a version, and 36 are too short (3.5.0 on).
  bool judges_by_length = true;
  // Once an epoch is established the vote has it (QuorumPeer.updateElectionVote; 3.4.6 on, ZOOKEEPER-1732).
  bool tells_new_epoch = true;
  // But who asks without a version is told the epoch that was voted for (QuorumPeer.bcVote; 3.4.6 to 3.4.14,
  // ZOOKEEPER-1817).
  bool remembers_voted_epoch = false;
  // 3.4.0 on (ZOOKEEPER-335). All that is explored has the epoch in its votes; it is established only where they do.
  bool votes_have_epoch = true;

  friend bool operator==(const Dialect&, const Dialect&) = default;
};

struct RuleVariant {
  std::string_view name;        // as on the command line
  std::string_view sentence;    // what is different
  StepFunction step = nullptr;  // step_with<> of one Rules struct
  int rounds_min = 1;           // with fewer it can't be told from today's rules
  RulesOf of = RulesOf::seeded_bug;
  // A decision rests on votes that agree with it, as the reductions assume (docs/dead-votes.md).
  bool reducible = true;
  // fifo: what is sent to a server that does not run waits for it, all of it (QuorumCnxManager.CAPACITY).
  bool keeps_for_down = false;
  // Looked at only where servers have rules of their own (Participant::rules).
  Dialect dialect{};
};

// The unchanged rules: model::step.
const RuleVariant& zookeeper_rules();

// The seeded bugs, each one rule as it must not be: made-up ones first, then ZooKeeper's own (zookeeper_bugs.hpp).
std::span<const RuleVariant> seeded_bugs();

// nullptr if there is none of that name.
const RuleVariant* find_seeded_bug(std::string_view name);

}  // namespace conclave::spec
