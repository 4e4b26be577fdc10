// What the tests of the codec share.
#pragma once

#include <cstddef>
#include <string_view>

#include "conclave/wire/bytes.hpp"

namespace conclave::wire {

// "ffff 00 0f" -> bytes; blanks are left out.
inline Bytes from_hex(std::string_view text) {
  const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  Bytes bytes;
  unsigned half = 0;
  bool has_half = false;
  for (const char c : text) {
    if (c == ' ') continue;
    if (has_half) bytes.push_back(static_cast<std::byte>(half << 4U | digit(c)));
    half = digit(c);
    has_half = !has_half;
  }
  return bytes;
}

inline Bytes joined(Bytes first, std::string_view second) {
  put(first, second);
  return first;
}

}  // namespace conclave::wire
