// A recording, read back and done again with the model's functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "conclave/model/epoch_state.hpp"
#include "conclave/model/event.hpp"
#include "conclave/model/peer.hpp"
#include "conclave/record/recorder.hpp"

namespace conclave::record {

// Longer than any line of a recording; what is longer is something else.
inline constexpr std::size_t line_bytes_max = std::size_t{1} << 20U;

// What a file is, by how it begins.
enum class Content : std::uint8_t { recording, empty, binary, other };
[[nodiscard]] Content content_of(std::string_view beginning);
inline constexpr std::size_t beginning_bytes = 512;  // are enough for it

// "2026-01-31T12:00:00.000001Z". REQUIRES: not before 1970.
[[nodiscard]] std::string time_to_text(std::int64_t unix_us);

// A file that is no recording, or a broken one.
struct ReadError {
  std::string file;
  std::size_t line = 0;  // 1-based; 0: the file as a whole
  std::string what;
  std::string found;
  std::string expected;

  // "FILE:LINE: what: found ...; expected ...", on one line.
  [[nodiscard]] std::string message() const;
};

// Where what was recorded is not what the model does.
struct Difference {
  std::string event;  // as recorded, JSON
  std::string field;  // "effects[1].round"
  std::string recorded;
  std::string model;
};

// One line of a recording, done again. Pointers are into the Replay, valid until its next step.
struct Moment {
  enum class Kind : std::uint8_t {
    run_began,
    configuration,  // one more is known
    durable,        // what is on the disk has been taken over from the epochs into the election
    election,       // event, before, made
    epoch,          // epoch_event, epoch_before, epoch_made
    run_ended,      // `why`
    cut             // the line was not written to its end, as by a kill; the run is over
  };
  Kind kind{};
  std::size_t line = 0;
  std::int64_t unix_us = 0;
  const RunStart* run = nullptr;  // with the ensemble as it is by now
  const model::Peer* before = nullptr;
  const model::Event* event = nullptr;
  const model::Transition* made = nullptr;
  const model::EpochPeer* epoch_before = nullptr;
  const model::EpochEvent* epoch_event = nullptr;
  const model::EpochTransition* epoch_made = nullptr;
  std::string why;
  std::optional<Difference> difference;  // the first of its run
};

// Goes through a recording line by line and holds no more of it than that. Not thread-safe.
class Replay {
 public:
  static tl::expected<Replay, ReadError> open(const std::string& path);
  // The same of what is already open; `name` is what messages call it.
  Replay(std::unique_ptr<std::istream> in, std::string name);
  Replay(Replay&& other) noexcept;
  Replay& operator=(Replay&& other) noexcept;
  ~Replay();

  // What comes next; nothing at the end. After an error it must not be called again.
  [[nodiscard]] tl::expected<std::optional<Moment>, ReadError> next();
  [[nodiscard]] const std::string& name() const;
  // Lines after a difference, to the end of its run: of these nothing can be said.
  [[nodiscard]] std::size_t not_looked_at() const;

 private:
  struct Inside;
  std::unique_ptr<Inside> inside_;
};

}  // namespace conclave::record
