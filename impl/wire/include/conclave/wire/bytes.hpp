// Big-endian integers, as Java's DataInput and DataOutput have them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace conclave::wire {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

template <class Integer>
void put(Bytes& bytes, Integer value) {
  using Unsigned = std::make_unsigned_t<Integer>;
  const auto bits = static_cast<Unsigned>(value);
  for (std::size_t i = sizeof(Integer); i > 0; --i) {
    bytes.push_back(static_cast<std::byte>(bits >> (8 * (i - 1)) & 0xFFU));
  }
}

inline void put(Bytes& bytes, std::string_view text) {
  const ByteView view = std::as_bytes(std::span(text.data(), text.size()));
  bytes.insert(bytes.end(), view.begin(), view.end());
}

// REQUIRES: bytes.size() >= sizeof(Integer).
template <class Integer>
[[nodiscard]] Integer integer_at_front(ByteView bytes) {
  std::make_unsigned_t<Integer> value = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    value = static_cast<decltype(value)>(value << 8U | std::to_integer<unsigned>(bytes[i]));
  }
  return static_cast<Integer>(value);
}

// Reads on from the front; once something is missing, nothing more is read. Does not own the bytes.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  // nullopt if the bytes end before.
  template <class Integer>
  [[nodiscard]] std::optional<Integer> take() {
    if (rest_.size() < sizeof(Integer)) return std::nullopt;
    const auto value = integer_at_front<Integer>(rest_);
    rest_ = rest_.subspan(sizeof(Integer));
    return value;
  }
  [[nodiscard]] ByteView rest() const { return rest_; }

 private:
  ByteView rest_;
};

[[nodiscard]] inline std::string_view as_text(ByteView bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace conclave::wire
