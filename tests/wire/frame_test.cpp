#include "conclave/wire/frame.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <set>
#include <string_view>
#include <vector>

#include "support.hpp"

namespace conclave::wire {
namespace {

struct Fed {
  std::vector<Bytes> bodies;
  std::optional<Reject> reject;
};

Fed feed(const std::vector<ByteView>& parts) {
  FrameDecoder decoder;
  Fed fed;
  for (const ByteView part : parts) {
    fed.reject = decoder.feed(part, [&](ByteView body) {
      fed.bodies.emplace_back(body.begin(), body.end());
      return true;
    });
    if (fed.reject) break;
  }
  return fed;
}

TEST(Frame, EverySplitOfThreeFrames) {
  const std::vector<Bytes> bodies = {from_hex("01"), from_hex("0203040506"), from_hex("07")};
  Bytes all;
  for (const Bytes& body : bodies) {
    const Bytes frame = encode_frame(body);
    all.insert(all.end(), frame.begin(), frame.end());
  }
  const ByteView view(all);
  for (std::size_t first = 0; first <= all.size(); ++first) {
    for (std::size_t second = first; second <= all.size(); ++second) {
      ASSERT_EQ(feed({view.first(first), view.subspan(first, second - first), view.subspan(second)}).bodies, bodies);
    }
  }
}

TEST(Frame, Lengths) {
  const auto of_length = [](std::int32_t length) {
    Bytes bytes;
    put(bytes, length);
    return feed({bytes}).reject;
  };
  for (const std::int32_t wrong : {0, -1, frame_bytes_max + 1, std::numeric_limits<std::int32_t>::max()}) {
    EXPECT_EQ(of_length(wrong), Reject::frame_length) << wrong;
  }
  EXPECT_EQ(of_length(1), std::nullopt);
  EXPECT_EQ(of_length(frame_bytes_max), std::nullopt);
}

TEST(Frame, TheLargest) {
  const Bytes body(static_cast<std::size_t>(frame_bytes_max), std::byte{7});
  EXPECT_EQ(feed({encode_frame(body)}).bodies, std::vector<Bytes>{body});
}

TEST(Frame, StopsWhereItIsTold) {
  FrameDecoder decoder;
  int taken = 0;
  const Bytes two = from_hex("00000001 01 00000001 02");
  EXPECT_EQ(decoder.feed(two, [&](ByteView) { return ++taken == 0; }), std::nullopt);
  EXPECT_EQ(taken, 1);
}

TEST(Frame, KnowsThatItIsInsideOfOne) {
  FrameDecoder decoder;
  const auto feed_hex = [&](std::string_view hex) {
    return decoder.feed(from_hex(hex), [](ByteView) { return true; });
  };
  EXPECT_FALSE(decoder.inside());
  EXPECT_FALSE(feed_hex("0000"));
  EXPECT_TRUE(decoder.inside());
  EXPECT_FALSE(feed_hex("0001 01"));
  EXPECT_FALSE(decoder.inside());
}

TEST(Rejects, HaveANameAndASentenceEach) {
  std::set<std::string_view> names;
  std::set<std::string_view> sentences;
  for (std::size_t i = 0; i < rejects_count; ++i) {
    names.insert(name_of(static_cast<Reject>(i)));
    sentences.insert(sentence_of(static_cast<Reject>(i)));
  }
  EXPECT_EQ(names.size(), rejects_count);
  EXPECT_EQ(sentences.size(), rejects_count);
  EXPECT_EQ(names.count("?") + sentences.count("?"), 0U);
  for (const Reject none : {Reject::count_, static_cast<Reject>(255)}) {
    EXPECT_EQ(name_of(none), "?");
    EXPECT_EQ(sentence_of(none), "?");
  }
}

RC_GTEST_PROP(FrameProperty, RoundTripInAnyParts, ()) {
  const auto bodies = *rc::gen::container<std::vector<std::vector<std::uint8_t>>>(
      rc::gen::nonEmpty(rc::gen::arbitrary<std::vector<std::uint8_t>>()));
  std::vector<Bytes> expected;
  Bytes all;
  for (const auto& body : bodies) {
    const ByteView view = std::as_bytes(std::span(body));
    expected.emplace_back(view.begin(), view.end());
    const Bytes frame = encode_frame(view);
    all.insert(all.end(), frame.begin(), frame.end());
  }
  std::vector<ByteView> parts;
  for (ByteView rest(all); !rest.empty();) {
    const auto part = *rc::gen::inRange<std::size_t>(1, rest.size() + 1);
    parts.push_back(rest.first(part));
    rest = rest.subspan(part);
  }
  RC_ASSERT(feed(parts).bodies == expected);
}

}  // namespace
}  // namespace conclave::wire
