// How an exploration keeps the states that it has reached, as the command line says it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace CLI {  // NOLINT(readability-identifier-naming): the library's
class App;
}

namespace conclave::check {

enum class Keeping : std::uint8_t {
  states,        // whole: exact
  fingerprints,  // 64 bits of each
  bits           // three of each, in a field of a fixed size
};

struct Storage {
  Keeping keeping = Keeping::states;
  std::string folder;          // for what memory has no room for; empty: none
  std::size_t bits_bytes = 0;  // bits only: the size of the field
};

// The options as given.
struct StorageOptions {
  std::string disk;
  bool fingerprints = false;
  std::string bitstate;

  void add_to(CLI::App& command);
  // Something: what is wrong with them, in one sentence. `liveness`: the judge of endless runs needs all states.
  std::optional<std::string> read(bool liveness, Storage& storage) const;
};

// "by 64-bit fingerprints". Empty for what is usual: whole states in memory.
std::string in_words(const Storage& storage);
// What such a way of keeping `states` leaves open: "that one was missed has a probability of at most 1.2e-09".
std::string omissions_in_words(const Storage& storage, double omissions_expected, std::uint64_t states);

}  // namespace conclave::check
