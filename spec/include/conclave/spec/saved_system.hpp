// All the numbers that an exploration has given out, in plain containers: what a checkpoint keeps beside the states.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "conclave/model/event.hpp"
#include "conclave/spec/properties.hpp"

namespace conclave::spec {

struct SavedResult {
  std::uint64_t key = 0;  // local state << 32 | input
  std::uint32_t next = 0;
  std::uint32_t sends = 0;
  PropertySet broken = 0;
};
struct SavedSend {
  std::uint8_t to = 0;
  std::uint16_t notification = 0;
};

struct SavedMachine {
  std::vector<std::string> notifications;         // in their encoding, from number 1
  std::vector<std::vector<std::string>> locals;   // by server and number, likewise
  std::vector<std::vector<SavedSend>> sends;      // from number 1
  std::vector<std::vector<SavedResult>> results;  // by server
  std::array<std::uint64_t, model::rules_count> rules{};
  std::array<std::uint64_t, properties_count> tested{};
};

struct SavedSystem {
  SavedMachine machine;
  std::vector<std::vector<std::vector<std::uint16_t>>> channels;         // by sender and number
  std::vector<std::vector<std::vector<std::uint16_t>>> representatives;  // of the quotient; empty: it was not built
  std::array<std::uint64_t, 3> quiet{};                                  // as QuietCounts
};

}  // namespace conclave::spec
