// What a node does, written down so that it can be done again: docs/recordings.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "conclave/model/configuration.hpp"
#include "conclave/model/epoch_state.hpp"
#include "conclave/model/event.hpp"
#include "conclave/model/peer.hpp"

namespace conclave::record {

inline constexpr int format_version = 1;

// What a run of a node begins with. Everything after it follows from this and from what happens.
struct RunStart {
  std::string program;       // what wrote it, for people
  std::int64_t unix_us = 0;  // when
  model::ServerId sid{0};
  bool epochs = true;  // false: it votes and no more
  model::Durable durable;
  model::Ensemble ensemble;
};

// Appends to a file, a line for each thing that happens, in one write() each: a process that is killed loses at most
// the line at hand. Nothing is synced, so a machine that fails may lose more.
//
// If a line can't be written, it says so once and writes nothing more: a recording with a hole is of no use, and a node
// must not end for it. Not thread-safe.
class Recorder {
 public:
  using Complain = std::function<void(const std::string& sentence)>;

  // Makes the file, or goes on with one that is a recording; the error says why it can't, on one line.
  static tl::expected<std::unique_ptr<Recorder>, std::string> open(const std::string& path, Complain complain);
  ~Recorder();
  Recorder(const Recorder&) = delete;
  Recorder& operator=(const Recorder&) = delete;

  // A process that starts. `start.unix_us` is filled in. REQUIRES: before all else.
  void begin(RunStart start);
  // One more in the ensemble, from now on.
  void configuration(const model::Configuration& configuration);
  // A step of the election, before its effects happen. `before`: the server that takes it.
  void election(const model::Peer& before, const model::Event& event, const model::Transition& made);
  // As election().
  void epoch(const model::EpochEvent& event, const model::EpochTransition& made);
  // It stops by itself; a recording that ends without is one of a process that was killed, or is still running.
  void end(std::string_view why);

 private:
  struct Inside;
  explicit Recorder(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

}  // namespace conclave::record
