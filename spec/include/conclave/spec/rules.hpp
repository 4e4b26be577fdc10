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

struct RuleVariant {
  std::string_view name;        // as on the command line
  std::string_view sentence;    // what is different
  StepFunction step = nullptr;  // step_with<> of one Rules struct
  int rounds_min = 1;           // with fewer it can't be told from today's rules
  RulesOf of = RulesOf::seeded_bug;
  // A decision rests on votes that agree with it, as the reductions assume (docs/dead-votes.md).
  bool reducible = true;
};

// The unchanged rules: model::step.
const RuleVariant& zookeeper_rules();

// The seeded bugs, each one rule as it must not be: made-up ones first, then ZooKeeper's own (zookeeper_bugs.hpp).
std::span<const RuleVariant> seeded_bugs();

// nullptr if there is none of that name.
const RuleVariant* find_seeded_bug(std::string_view name);

}  // namespace conclave::spec
