// What servers heard, held against what the others said.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "conclave/logs/replay.hpp"

namespace conclave::logs {

// A notification that its sender has not sent, as far as the sender's explained log goes.
struct Unsaid {
  std::size_t server = 0;  // who heard it: index into Logs::servers
  std::size_t fact = 0;
};

struct Crossing {
  std::vector<std::pair<std::size_t, std::size_t>> apart;  // servers whose logs have no time in common
  std::vector<std::size_t> found;      // of each server: so many that it heard were said by another whose log is here
  std::vector<std::size_t> uncovered;  // of each server: the log of the sender, or of that time, is not here
  std::vector<std::vector<std::size_t>> undecided;  // of each server, facts: what the sender did then is not known
  std::vector<Unsaid> unsaid;
};

// REQUIRES: an explanation for each server's log, and the world that it was made with, in the same order.
[[nodiscard]] Crossing cross(const Logs& logs, const std::vector<Explanation>& explanations,
                             const std::vector<World>& worlds);

}  // namespace conclave::logs
