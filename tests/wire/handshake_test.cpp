#include "conclave/wire/handshake.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "support.hpp"

namespace conclave::wire {
namespace {

// As a real 3.8.0 server sent it.
const Bytes captured = joined(from_hex("ffffffffffff0000 0000000000000002 0000000f"), "127.0.0.1:21202");

tl::expected<Handshake, Reject> decoded(ByteView bytes) {
  HandshakeDecoder decoder;
  const auto taken = decoder.feed(bytes);
  if (!taken) return tl::unexpected(taken.error());
  if (!decoder.handshake()) return tl::unexpected(Reject::handshake_cut);
  return *decoder.handshake();
}

Bytes with_text(std::string_view text, std::int64_t protocol = protocol_v1) {
  Bytes bytes;
  put(bytes, protocol);
  put(bytes, std::int64_t{7});
  put(bytes, static_cast<std::int32_t>(text.size()));
  put(bytes, text);
  return bytes;
}

Bytes with_length(std::int32_t length) {
  Bytes bytes;
  put(bytes, protocol_v1);
  put(bytes, std::int64_t{7});
  put(bytes, length);
  return bytes;
}

TEST(Handshake, OfARealServer) {
  const Handshake expected{model::ServerId{2}, {{"127.0.0.1", 21202}}};
  EXPECT_EQ(decoded(captured), expected);
  EXPECT_EQ(encode(expected), captured);
}

TEST(Handshake, EverySplitInThree) {
  for (std::size_t first = 0; first <= captured.size(); ++first) {
    for (std::size_t second = first; second <= captured.size(); ++second) {
      HandshakeDecoder decoder;
      const ByteView all(captured);
      const std::vector<ByteView> parts = {all.first(first), all.subspan(first, second - first), all.subspan(second)};
      std::size_t taken = 0;
      for (const ByteView part : parts) {
        if (!decoder.handshake()) taken += decoder.feed(part).value();
      }
      ASSERT_EQ(taken, captured.size());
      ASSERT_EQ(decoder.handshake()->sid, model::ServerId{2});
    }
  }
}

TEST(Handshake, WhatFollowsIsNotTaken) {
  HandshakeDecoder decoder;
  EXPECT_EQ(decoder.feed(joined(captured, "more")).value(), captured.size());
}

TEST(Handshake, BareId) {
  EXPECT_EQ(decoded(from_hex("0000000000000005")), (Handshake{model::ServerId{5}, {}}));
  EXPECT_EQ(decoded(from_hex("0000000000000000")), (Handshake{model::ServerId{0}, {}}));
  EXPECT_EQ(decoded(from_hex("7fffffffffffffff")), (Handshake{observer_id, {}}));
  HandshakeDecoder decoder;
  EXPECT_EQ(decoder.feed(from_hex("0000000000000005 00000001 07")).value(), 8U);
}

TEST(Handshake, SeveralAddresses) {
  const Handshake two{model::ServerId{7}, {{"10.0.0.1", 1}, {"::1", 65535}}};
  EXPECT_EQ(decoded(with_text("10.0.0.1:1|[::1]:65535", protocol_v2)), two);
  EXPECT_EQ(encode(two), with_text("10.0.0.1:1|[::1]:65535", protocol_v2));
  EXPECT_EQ(decoded(with_text("h:1||", protocol_v2))->addresses.size(), 1U);
  EXPECT_TRUE(decoded(with_text("|"))->addresses.empty());
}

TEST(Handshake, UnknownProtocol) {
  for (const std::int64_t protocol : {std::int64_t{-1}, std::int64_t{-65534}, std::int64_t{-65537}, model::least}) {
    Bytes bytes;
    put(bytes, protocol);
    EXPECT_EQ(decoded(bytes).error(), Reject::unknown_protocol) << protocol;
  }
}

TEST(Handshake, AddressLength) {
  for (const std::int32_t length : {0, -1, 2049, 1 << 30, std::numeric_limits<std::int32_t>::min()}) {
    EXPECT_EQ(decoded(with_length(length)).error(), Reject::address_length) << length;
  }
  // The longest that is allowed: no sooner an error than its text is seen.
  EXPECT_EQ(decoded(with_length(address_bytes_max)).error(), Reject::handshake_cut);
  EXPECT_TRUE(decoded(with_text(std::string(2046, 'h') + ":1")));
}

TEST(Handshake, Begins) {
  HandshakeDecoder decoder;
  EXPECT_FALSE(decoder.begun());
  EXPECT_EQ(decoder.feed(ByteView(captured).first(1)).value(), 1U);
  EXPECT_TRUE(decoder.begun());
}

TEST(Handshake, WhatAHostIsMadeOf) {
  for (const std::string_view text : {"azAZ09:1", "a.b-c_d%e:1"}) EXPECT_TRUE(decoded(with_text(text))) << text;
  for (const char wrong : {'/', ';', '@', '[', '`', '{'}) {
    EXPECT_EQ(decoded(with_text(std::string("h") + wrong + ":1")).error(), Reject::malformed_address) << wrong;
  }
}

TEST(Handshake, MalformedAddress) {
  for (const std::string_view text :
       {"localhost", "localhost:", ":3888", "h:x", "h:-1", "h:65536", "h:1:2", "h:1 ", "1", "[1", "[::1]",
        "[::1]3888", "[::1:3888", "h\n:1", "h:1||h:2", "\x80:1", "a b:1"}) {
    EXPECT_EQ(decoded(with_text(text)).error(), Reject::malformed_address) << text;
  }
}

RC_GTEST_PROP(HandshakeProperty, RoundTrip, ()) {
  const auto host = rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(std::string("az09.-_:%"))));
  Handshake handshake{model::ServerId{*rc::gen::arbitrary<std::int64_t>()}, {}};
  for (int left = *rc::gen::inRange(1, 5); left > 0; --left) {
    handshake.addresses.push_back({*host, *rc::gen::arbitrary<std::uint16_t>()});
  }
  RC_ASSERT(decoded(encode(handshake)) == handshake);
}

// Whatever comes, byte by byte or at once: the same answer.
RC_GTEST_PROP(HandshakeProperty, PartsDoNotMatter, (const std::vector<std::uint8_t>& noise)) {
  Bytes bytes = captured;
  for (const std::uint8_t value : noise) {
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = static_cast<std::byte>(value);
  }
  HandshakeDecoder decoder;
  std::optional<Reject> rejected;
  for (std::size_t i = 0; i < bytes.size() && !rejected && !decoder.handshake(); ++i) {
    const auto taken = decoder.feed(ByteView(bytes).subspan(i, 1));
    if (!taken) rejected = taken.error();
  }
  const auto whole = decoded(bytes);
  if (whole) {
    RC_ASSERT(decoder.handshake() == *whole);
  } else if (whole.error() != Reject::handshake_cut) {
    RC_ASSERT(rejected == whole.error());
  }
}

}  // namespace
}  // namespace conclave::wire
