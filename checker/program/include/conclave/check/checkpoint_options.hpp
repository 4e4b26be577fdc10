// What the command line says of checkpoints.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "conclave/check/storage.hpp"

namespace conclave::check {

struct CheckpointRequest {
  std::string write_to;     // empty: none is written
  double every_s = 0;       // between levels, when so much time has passed since the last
  std::string resume_from;  // empty: from the beginning
};

// What came of it.
struct CheckpointReport {
  bool written = false;
  std::uint32_t level = 0;  // of the last that was written
  std::uint64_t states = 0;
  std::string error;          // why the last could not be
  bool begun_anew = false;    // --resume: a field was too narrow for what came, so all was explored again
  std::uint32_t resumed = 0;  // --resume: the level that it went on from
};

// The options as given.
struct CheckpointOptions {
  std::string write_to;
  std::optional<double> every_s;
  std::string resume_from;

  void add_to(CLI::App& command);
  // Something: what is wrong with them, in one sentence.
  std::optional<std::string> read(const Storage& storage, CheckpointRequest& request) const;
};

}  // namespace conclave::check
