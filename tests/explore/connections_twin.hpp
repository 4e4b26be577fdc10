// A second explorer of the connections, as slow and plain as possible: sockets and numbered messages as they are, a set
// of texts.
#pragma once

#include <cstdint>
#include <vector>

#include "conclave/spec/connection_rules.hpp"

namespace conclave::tests {

struct ConnectionsTwinResult {
  std::uint64_t steps = 0;
  std::vector<std::uint64_t> levels;  // states
  spec::PropertySet seen = 0;         // up to the level in which a claim is first violated
  bool violated = false;
  bool comes_to_rest = true;  // no endless run of steps that have to happen; looked at where nothing is violated
};

// REQUIRES: no pair of servers gets more connections or calls than the explored system has room for.
ConnectionsTwinResult explore_connections_plainly(const spec::ConnectionScope& scope,
                                                  const spec::ConnectionRules& rules);

}  // namespace conclave::tests
