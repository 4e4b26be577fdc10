#include "conclave/check/checkpoint_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "conclave/check/options.hpp"
#include "conclave/check/output_file.hpp"

namespace conclave::check {
namespace {

constexpr const char* group = "Checkpoints (docs/checkpoints.md)";
constexpr double every_s_usual = 300;

}  // namespace

void CheckpointOptions::add_to(CLI::App& command) {
  CLI::Option* write =
      command.add_option("--checkpoint", write_to, "write FILE between levels, and when a limit or a signal ends it")
          ->check(wrong_name)
          ->type_name("FILE")
          ->group(group);
  command.add_option("--checkpoint-every", every_s, "between two of them at least so many seconds (default 300)")
      ->check(wrong_seconds)
      ->type_name("SECONDS")
      ->needs(write)
      ->group(group);
  command.add_option("--resume", resume_from, "go on from a checkpoint of the same check by the same program")
      ->check(wrong_name)
      ->type_name("FILE")
      ->group(group);
}

std::optional<std::string> CheckpointOptions::read(const Storage& storage, CheckpointRequest& request) const {
  request.write_to = write_to;
  request.every_s = every_s.value_or(every_s_usual);
  request.resume_from = resume_from;
  const char* used = !write_to.empty() ? "--checkpoint" : !resume_from.empty() ? "--resume" : nullptr;
  if (used == nullptr) return std::nullopt;
  if (storage.keeping == Keeping::bits) {
    return fmt::format("{}: found it with --bitstate, whose field is not kept; expected whole states or fingerprints",
                       used);
  }
  if (write_to.empty()) return std::nullopt;
  if (const auto wrong = why_not_writable(write_to)) return fmt::format("--checkpoint: can't write {}", *wrong);
  if (is_no_regular_file(write_to)) {
    return fmt::format(
        "--checkpoint: found {}, which is no regular file; expected one, or a name that is free, for a "
        "checkpoint takes the place of the one before",
        write_to);
  }
  return std::nullopt;
}

}  // namespace conclave::check
