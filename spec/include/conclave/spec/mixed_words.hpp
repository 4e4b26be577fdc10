// A hash of a few words, for tables of what consists of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace conclave::spec {

// The same in every run. `seed` is one more word.
inline std::size_t mixed_words(std::span<const std::uint64_t> words, std::uint64_t seed = 0) {
  std::uint64_t mixed = seed;
  for (const std::uint64_t word : words) {
    mixed = (mixed ^ word) * 0x9e3779b97f4a7c15U;  // 2^64 divided by the golden ratio
    mixed ^= mixed >> 32U;
  }
  return static_cast<std::size_t>(mixed);
}

}  // namespace conclave::spec
