#include "conclave/wire/frame.hpp"

#include <cassert>

namespace conclave::wire {
namespace {

// A buffer that a large frame has blown up is not kept for the small ones that follow.
constexpr std::size_t kept_bytes_max = 4096;

}  // namespace

Bytes encode_frame(ByteView body) {
  assert(!body.empty() && body.size() <= static_cast<std::size_t>(frame_bytes_max));
  Bytes bytes;
  bytes.reserve(sizeof(std::int32_t) + body.size());
  put(bytes, static_cast<std::int32_t>(body.size()));
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

std::optional<Reject> FrameDecoder::length_wrong() {
  if (needed_ > length_bytes) return std::nullopt;
  const auto length = integer_at_front<std::int32_t>(bytes_);
  if (length < 1 || length > frame_bytes_max) return Reject::frame_length;
  needed_ = length_bytes + static_cast<std::size_t>(length);
  return std::nullopt;
}

void FrameDecoder::forget() {
  if (bytes_.capacity() > kept_bytes_max) {
    bytes_ = Bytes{};
  } else {
    bytes_.clear();
  }
  needed_ = length_bytes;
}

}  // namespace conclave::wire
