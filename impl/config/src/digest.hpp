// A 64-bit fingerprint that stays the same from run to run and from machine to machine.
#pragma once

#include <cstdint>
#include <string_view>

namespace conclave::config {

// Fowler, Noll and Vo's hash, variant 1a.
[[nodiscard]] constexpr std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 0x100000001B3U;
  }
  return hash;
}

static_assert(fnv1a("") == 0xCBF29CE484222325U);
static_assert(fnv1a("foobar") == 0x85944171F73967E8U);

}  // namespace conclave::config
