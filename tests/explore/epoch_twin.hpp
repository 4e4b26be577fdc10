// A second explorer of the epoch phase, as slow and plain as possible: whole states as values, a set of texts.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conclave/spec/epoch_rules.hpp"

namespace conclave::tests {

struct EpochTwinResult {
  std::uint64_t steps = 0;
  std::vector<std::uint64_t> levels;  // states
  spec::PropertySet seen = 0;         // up to the level in which a claim is first violated
  bool violated = false;
};

// Voters 1 to `voters`, majority; with scope.observers, the next `observers` ids are such.
EpochTwinResult explore_epochs_plainly(int voters, int observers, const spec::EpochScope& scope,
                                       const spec::EpochRuleVariant& rules);

}  // namespace conclave::tests
