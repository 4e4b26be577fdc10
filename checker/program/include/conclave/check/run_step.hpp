// One step of a run that is told.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "conclave/model/peer.hpp"
#include "conclave/spec/closed_system.hpp"
#include "conclave/spec/properties.hpp"
#include "conclave/spec/replay.hpp"
#include "conclave/spec/server.hpp"

namespace conclave::check {

// One step of a run, with everything a reader needs; the first of a run has no action.
struct RunStep {
  std::optional<spec::Action> action;
  std::optional<model::Notification> heard;      // read, deliver, lose, process: the notification concerned
  std::vector<spec::Server> servers;             // after the step, one per participant
  spec::PropertySet broken = 0;                  // by this step, as judged anew in the replay
  std::size_t sent_at = 0;                       // read, deliver, lose: the step that sent the notification
  std::vector<spec::Replay::Message> gone;       // fifo: messages that this step made vanish unheard
  std::vector<spec::Replay::Message> under_way;  // fifo: what is in the channels after the step
};

}  // namespace conclave::check
