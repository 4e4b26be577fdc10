// What happened to the servers during one election, by their logs, in an order in which nobody hears what has not been
// said. Private to the diagram.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conclave/check/log_study.hpp"
#include "conclave/model/event.hpp"
#include "conclave/model/peer.hpp"

namespace conclave::check {

enum class Happening : std::uint8_t { process_starts, process_ends, step, established, diverges };

struct LogMoment {
  std::size_t server = 0;  // index into LogStudy::logs.servers
  LogPlace place;
  Happening what = Happening::step;
  model::Peer before;
  model::Peer after;
  std::string text;
  std::optional<model::Notification> heard;  // from another
};

struct LogMoments {
  std::vector<std::optional<model::Peer>> first;  // of each server, before all; nothing: it does not run
  std::vector<LogMoment> moments;
  bool cut = false;  // there were too many
};

[[nodiscard]] LogMoments moments_of(const LogStudy& study, std::int64_t from_ms, std::int64_t to_ms);

// What a vote that was heard has in common with what its sender said: of a settled server's, not the epoch, which
// changes when the leader is established.
[[nodiscard]] bool says(const LogMoment& moment, const model::Vote& vote);

}  // namespace conclave::check
