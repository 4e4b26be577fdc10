// What the fuzz targets share. Each is one function that takes any bytes; libFuzzer looks for bytes that break it, and
// replay.cpp tries the ones that are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "conclave/wire/bytes.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace conclave::fuzzing {

// A finding: libFuzzer keeps the input of a process that aborts.
inline void check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

inline wire::ByteView view_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const std::byte*>(data), size};
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// Where to cut: any place, but the same for the same input.
inline std::size_t cut_of(wire::ByteView bytes) {
  std::size_t mixed = 0;
  for (const std::byte byte : bytes) mixed = mixed * 131 + std::to_integer<std::size_t>(byte);
  return bytes.empty() ? 0 : mixed % bytes.size();
}

// Calls feed(part) for all of `bytes`: in one part, byte by byte, and in two parts.
enum class Split { whole, bytes, two };
inline constexpr Split splits[] = {Split::whole, Split::bytes, Split::two};

// feed() answers whether it takes more.
template <class Feed>
void feed_in_parts(wire::ByteView bytes, Split split, const Feed& feed) {
  if (split == Split::whole) {
    feed(bytes);
  } else if (split == Split::two) {
    const std::size_t cut = cut_of(bytes);
    if (feed(bytes.first(cut))) feed(bytes.subspan(cut));
  } else {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (!feed(bytes.subspan(i, 1))) return;
    }
  }
}

}  // namespace conclave::fuzzing
