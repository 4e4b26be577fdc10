// The lines of a recording: what the writer writes, and what the reader compares with what the model does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "codec.hpp"
#include "conclave/model/epoch_state.hpp"
#include "conclave/model/event.hpp"
#include "conclave/model/peer.hpp"
#include "conclave/record/recorder.hpp"
#include "conclave/record/replay.hpp"

namespace conclave::record {

// The reverse of time_to_text().
[[nodiscard]] std::optional<std::int64_t> time_from_text(std::string_view text);

// All of the line but its kind.
[[nodiscard]] Json run_fields(const RunStart& start);
[[nodiscard]] RunStart run_of(const Json& line);  // throws WrongValue

// What has become of the states. A line has the fields that its step has changed.
struct States {
  Json election = Json::object();
  Json epoch = Json::object();
};

// event, rules, effects and after, each where there is something to say. `states` is as after the step.
[[nodiscard]] Json election_fields(const model::Event& event, const model::Transition& made, States& states);
[[nodiscard]] Json epoch_fields(const model::EpochEvent& event, const model::EpochTransition& made, States& states);

[[nodiscard]] Json encode_durable(const model::Durable& durable);
[[nodiscard]] Json encode_configuration(const model::Configuration& configuration);
// These throw WrongValue, as they do for an event with a field that does not matter to its kind.
[[nodiscard]] model::Durable durable_of(const Json& line);
[[nodiscard]] model::Configuration configuration_of(const Json& line);
[[nodiscard]] model::Event event_of(const Json& line);
[[nodiscard]] model::EpochEvent epoch_event_of(const Json& line);

}  // namespace conclave::record
