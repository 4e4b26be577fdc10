// The one kind of message of an election, as bytes: FastLeaderElection.WorkerReceiver and buildMsg.
#pragma once

#include <optional>
#include <string_view>
#include <tl/expected.hpp>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/model/event.hpp"
#include "conclave/model/peer.hpp"
#include "conclave/wire/bytes.hpp"
#include "conclave/wire/reject.hpp"

namespace conclave::wire {

// What a body says. The model judges it: also a message that is good for nothing is one, with a format or a
// configuration that says so. `reject` is for the counters.
struct DecodedNotification {
  // config_text is `absent` until the caller has looked at the text below, or bad_length.
  model::Message message;
  std::optional<std::string_view> config_text;  // a part of the body
  std::optional<Reject> reject;
};

// Every body can be decoded. 28 and 40 bytes are the formats without epoch and without version.
[[nodiscard]] DecodedNotification decode_notification(model::ServerId from, ByteView body);

// Format version 2, with the configuration. REQUIRES: the text leaves room in a frame.
[[nodiscard]] Bytes encode_notification(const model::Notification& notification, std::string_view config_text);

// The format of 40 bytes, which has no configuration.
[[nodiscard]] Bytes encode_notification_without_config(const model::Notification& notification);

// QuorumPeer.configFromString. Never reads a file, whatever the text says. `standalone_enabled`: of the server that
// reads it, since no such text says so; with it a single participant may have no observers.
[[nodiscard]] tl::expected<config::ZooCfg, config::ConfigError> parse_config_text(std::string_view text,
                                                                                  bool standalone_enabled = true);

}  // namespace conclave::wire
