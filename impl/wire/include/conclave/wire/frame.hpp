// Messages on an election connection after its handshake: a length, and so many bytes.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "conclave/wire/bytes.hpp"
#include "conclave/wire/reject.hpp"

namespace conclave::wire {

inline constexpr std::int32_t frame_bytes_max = 512 * 1024;  // QuorumCnxManager.PACKETMAXSIZE

// REQUIRES: 1 <= body.size() <= frame_bytes_max.
[[nodiscard]] Bytes encode_frame(ByteView body);

// Takes frames in whatever parts they come. Holds one frame at most, and memory only for bytes that have come: a
// length alone costs nothing.
//
// Not thread-safe. After a Reject it must not be fed again.
class FrameDecoder {
 public:
  // Calls take(ByteView body) for each frame that is complete; where it returns false the rest is thrown away. The
  // body is valid during the call.
  template <class Take>
  [[nodiscard]] std::optional<Reject> feed(ByteView bytes, const Take& take) {
    for (;;) {
      const std::size_t part = std::min(missing(), bytes.size());
      bytes_.insert(bytes_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(part));
      bytes = bytes.subspan(part);
      if (missing() > 0) return std::nullopt;
      if (const auto wrong = length_wrong()) return wrong;
      if (missing() > 0) continue;
      const bool go_on = take(ByteView(bytes_).subspan(length_bytes));
      forget();
      if (!go_on) return std::nullopt;
    }
  }

  // Is there a part of a frame?
  [[nodiscard]] bool inside() const { return !bytes_.empty(); }

 private:
  static constexpr std::size_t length_bytes = 4;

  [[nodiscard]] std::size_t missing() const { return needed_ - bytes_.size(); }
  // Once the length is there: needs the body, too.
  [[nodiscard]] std::optional<Reject> length_wrong();
  void forget();

  Bytes bytes_;
  std::size_t needed_ = length_bytes;
};

}  // namespace conclave::wire
