#include "conclave/wire/notification.hpp"

#include <cassert>
#include <cstdint>
#include <string>
#include <utility>

#include "conclave/wire/frame.hpp"

namespace conclave::wire {
namespace {

constexpr std::size_t bytes_without_epoch = 28;
constexpr std::size_t bytes_without_version = 40;
constexpr std::int32_t last_version_without_config = 1;

DecodedNotification unusable(model::Message message, Reject why) {
  message.format = model::MessageFormat::too_short;
  return {message, std::nullopt, why};
}

// From version 2 on: a length and a text.
DecodedNotification with_config(model::Message message, Reader reader) {
  const auto length = reader.take<std::int32_t>();
  if (!length || *length < 0 || static_cast<std::size_t>(*length) > reader.rest().size()) {
    message.config_text = model::ConfigText::bad_length;
    return {message, std::nullopt, Reject::config_length};
  }
  return {message, as_text(reader.rest().first(static_cast<std::size_t>(*length))), std::nullopt};
}

// What all formats since ZOOKEEPER-107 begin with, 36 bytes.
void put_vote(Bytes& bytes, const model::Vote& vote) {
  put(bytes, static_cast<std::int32_t>(vote.state));
  put(bytes, vote.proposal.leader.value);
  put(bytes, vote.proposal.zxid.value);
  put(bytes, vote.round.value);
  put(bytes, vote.proposal.epoch.value);
}

}  // namespace

DecodedNotification decode_notification(model::ServerId from, ByteView body) {
  model::Message message;
  message.from = from;
  message.version = 0;
  if (body.size() < bytes_without_epoch) return unusable(message, Reject::short_notification);
  Reader reader(body);
  message.state_code = *reader.take<std::int32_t>();
  message.leader = model::ServerId{*reader.take<std::int64_t>()};
  message.zxid = model::Zxid{*reader.take<std::int64_t>()};
  message.round = model::Round{*reader.take<std::int64_t>()};
  DecodedNotification decoded{message, std::nullopt, std::nullopt};
  if (body.size() == bytes_without_epoch) {
    decoded.message.format = model::MessageFormat::without_epoch;
  } else {
    const auto epoch = reader.take<std::int64_t>();
    const auto version = reader.take<std::int32_t>();
    if (!epoch || !version) return unusable(message, Reject::partial_notification);
    message.peer_epoch = model::PeerEpoch{*epoch};
    if (body.size() == bytes_without_version) {
      message.format = model::MessageFormat::without_version;
      decoded.message = message;
    } else {
      message.version = *version;
      decoded.message = message;
      if (*version > last_version_without_config) decoded = with_config(message, reader);
    }
  }
  const bool known_state = message.state_code >= 0 && message.state_code < model::server_states;
  if (!decoded.reject && !known_state) decoded.reject = Reject::unknown_state;
  return decoded;
}

Bytes encode_notification(const model::Notification& notification, std::string_view config_text) {
  Bytes bytes;
  bytes.reserve(bytes_without_version + sizeof(std::int32_t) + config_text.size());
  put_vote(bytes, notification.vote);
  put(bytes, model::notification_version);
  put(bytes, static_cast<std::int32_t>(config_text.size()));
  put(bytes, config_text);
  assert(bytes.size() <= static_cast<std::size_t>(frame_bytes_max));
  return bytes;
}

Bytes encode_notification_without_config(const model::Notification& notification) {
  Bytes bytes;
  put_vote(bytes, notification.vote);
  put(bytes, last_version_without_config);
  return bytes;
}

tl::expected<config::ZooCfg, config::ConfigError> parse_config_text(std::string_view text, bool standalone_enabled) {
  const auto no_file = [](const std::string&) -> tl::expected<std::string, std::string> {
    return tl::unexpected(std::string("a file that a notification may not name"));
  };
  constexpr std::string_view not_standalone = "standaloneEnabled=false\n";
  auto cfg = standalone_enabled
                 ? config::parse_zoo_cfg(text, "notification", no_file)
                 : config::parse_zoo_cfg(std::string(not_standalone).append(text), "notification", no_file);
  if (!cfg) return cfg;
  if (auto error = config::unrecognised_parameter(text, "notification")) return tl::unexpected(std::move(*error));
  return cfg;
}

}  // namespace conclave::wire
