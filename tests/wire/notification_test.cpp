#include "conclave/wire/notification.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <cstdint>
#include <string>

#include "conclave/wire/frame.hpp"
#include "support.hpp"

namespace conclave::wire {
namespace {

using model::ConfigText;
using model::MessageFormat;

constexpr model::ServerId sender{3};
constexpr std::string_view config_text =
    "server.1=127.0.0.1:21101:21201:participant\nserver.2=127.0.0.1:21102:21202:participant\nversion=0";

model::Notification notification() {
  const model::Proposal proposal{model::PeerEpoch{4}, model::Zxid{0x400000007}, model::ServerId{2}};
  return {sender, {proposal, model::Round{9}, model::notification_version, model::ServerState::following}};
}

// Up to the peer epoch, with a given state.
Bytes fields(std::int32_t state, std::size_t count) {
  Bytes bytes;
  put(bytes, state);
  const std::int64_t longs[] = {2, 0x400000007, 9, 4};
  for (std::size_t i = 0; i < count; ++i) put(bytes, longs[i]);
  return bytes;
}

Bytes versioned(std::int32_t version, std::int32_t length, std::string_view text, std::int32_t state = 1) {
  Bytes bytes = fields(state, 4);
  put(bytes, version);
  put(bytes, length);
  put(bytes, text);
  return bytes;
}

TEST(Notification, ByteForByte) {
  const Bytes expected = joined(from_hex("00000001 0000000000000002 0000000400000007 0000000000000009"
                                         "0000000000000004 00000002 0000005f"),
                                config_text);
  ASSERT_EQ(config_text.size(), 0x5fU);
  EXPECT_EQ(encode_notification(notification(), config_text), expected);
}

TEST(Notification, RoundTrip) {
  const Bytes body = encode_notification(notification(), config_text);
  const DecodedNotification decoded = decode_notification(sender, body);
  model::Message expected = model::message_of(notification());
  expected.config_text = ConfigText::absent;
  EXPECT_EQ(decoded.message, expected);
  EXPECT_EQ(decoded.config_text, config_text);
  EXPECT_FALSE(decoded.reject);
}

TEST(Notification, OldFormats) {
  const DecodedNotification oldest = decode_notification(sender, fields(0, 3));
  EXPECT_EQ(oldest.message.format, MessageFormat::without_epoch);
  EXPECT_EQ(oldest.message.zxid, model::Zxid{0x400000007});
  EXPECT_FALSE(oldest.reject);
  // 40 bytes hold a version, at which ZooKeeper does not look.
  Bytes old = fields(0, 4);
  put(old, std::int32_t{2});
  ASSERT_EQ(old.size(), 40U);
  const DecodedNotification older = decode_notification(sender, old);
  EXPECT_EQ(older.message.format, MessageFormat::without_version);
  EXPECT_EQ(older.message.peer_epoch, model::PeerEpoch{4});
  EXPECT_FALSE(older.config_text);
  EXPECT_EQ(oldest.message.version, 0);
  EXPECT_EQ(older.message.version, 0);
  // Version 1 has a version, and nothing behind it.
  const DecodedNotification one = decode_notification(sender, versioned(1, 0, ""));
  EXPECT_EQ(one.message.format, MessageFormat::versioned);
  EXPECT_EQ(one.message.version, 1);
  EXPECT_EQ(one.message.peer_epoch, model::PeerEpoch{4});
  EXPECT_EQ(encode_notification_without_config(notification()),
            from_hex("00000001 0000000000000002 0000000400000007 0000000000000009 0000000000000004 00000001"));
}

TEST(Notification, EveryLengthCutOff) {
  const Bytes body = encode_notification(notification(), config_text);
  for (std::size_t length = 0; length < body.size(); ++length) {
    const DecodedNotification decoded = decode_notification(sender, ByteView(body).first(length));
    if (length == 28 || length == 40) continue;
    const Reject expected = length < 28   ? Reject::short_notification
                            : length < 40 ? Reject::partial_notification
                                          : Reject::config_length;
    EXPECT_EQ(decoded.reject, expected) << length;
    const bool judged =
        decoded.message.format == MessageFormat::too_short || decoded.message.config_text == ConfigText::bad_length;
    EXPECT_TRUE(judged) << length;
  }
}

TEST(Notification, ConfigLength) {
  for (const std::int32_t length : {-1, 6, 46, 1 << 30, std::numeric_limits<std::int32_t>::min()}) {
    const DecodedNotification decoded = decode_notification(sender, versioned(2, length, "12345"));
    EXPECT_EQ(decoded.message.config_text, ConfigText::bad_length) << length;
    EXPECT_EQ(decoded.reject, Reject::config_length);
  }
  const Bytes shorter = versioned(2, 3, "12345");
  EXPECT_EQ(decode_notification(sender, shorter).config_text, "123");
  // What follows an old version is nobody's.
  EXPECT_FALSE(decode_notification(sender, versioned(1, -1, "")).reject);
}

TEST(Notification, UnknownState) {
  for (const std::int32_t state : {-1, 4, 7, std::numeric_limits<std::int32_t>::max()}) {
    const Bytes body = versioned(2, 0, "", state);
    const DecodedNotification decoded = decode_notification(sender, body);
    EXPECT_EQ(decoded.reject, Reject::unknown_state) << state;
    EXPECT_EQ(decoded.message.state_code, state);
  }
  // The first fault is the one that is told.
  EXPECT_EQ(decode_notification(sender, versioned(2, -1, "", 7)).reject, Reject::config_length);
}

TEST(ConfigurationText, AsServersSendIt) {
  const auto cfg = parse_config_text(config_text);
  ASSERT_TRUE(cfg) << cfg.error().message();
  EXPECT_EQ(cfg->configuration.voters(), 2U);
  EXPECT_EQ(config::to_config_text(*cfg), config_text);
}

// Whether a single participant may have observers, the reader's own file says.
TEST(ConfigurationText, ObserversOfASingleParticipant) {
  const std::string text = "server.1=127.0.0.1:1:2:participant\nserver.2=127.0.0.1:3:4:observer\nversion=0";
  EXPECT_FALSE(parse_config_text(text));
  const auto cfg = parse_config_text(text, false);
  ASSERT_TRUE(cfg) << cfg.error().message();
  EXPECT_EQ(config::to_config_text(*cfg), text);
}

TEST(ConfigurationText, Unparseable) {
  const std::string one = "server.1=127.0.0.1:1:2:participant\n";
  for (const std::string& text : {std::string(), one + "version=zzz", std::string("server.x="), one + "group.1=1:9",
                                  std::string("\\u12"), std::string("dynamicConfigFile=/etc/passwd"),
                                  one + "tickTime=2000", std::string(300, '\0'), std::string("version=-1")}) {
    EXPECT_FALSE(parse_config_text(text)) << text;
  }
}

RC_GTEST_PROP(NotificationProperty, AnyBytesAreDecoded, (const std::vector<std::uint8_t>& noise)) {
  Bytes body = encode_notification(notification(), config_text);
  for (const std::uint8_t value : noise) {
    body[*rc::gen::inRange<std::size_t>(0, body.size())] = static_cast<std::byte>(value);
  }
  body.resize(*rc::gen::inRange<std::size_t>(0, body.size() + 1));
  const DecodedNotification decoded = decode_notification(sender, body);
  if (decoded.config_text) (void)parse_config_text(*decoded.config_text);
  RC_ASSERT(decoded.message.from == sender);
}

}  // namespace
}  // namespace conclave::wire
