#include "conclave/check/exploring.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "conclave/check/memory.hpp"
#include "conclave/check/options.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

// What the process needs beside what an exploration counts: itself, stacks, and the slack of the allocator.
std::size_t bytes_aside(int threads) {
  constexpr std::size_t slack = std::size_t{6} << 20U;
  constexpr std::size_t per_thread = std::size_t{1} << 20U;
  return resident_bytes() + slack + per_thread * static_cast<std::size_t>(threads);
}

// What an exploration holds for each thread, and needs in any case.
constexpr std::size_t bytes_per_thread = std::size_t{3} << 18U;
constexpr std::size_t bytes_at_least = std::size_t{2} << 20U;

// As many as memory has room for, since each has buffers of its own. Which are used changes no result.
int threads_for(int wanted, const std::optional<std::size_t>& memory_bytes) {
  if (!memory_bytes) return wanted;
  int threads = wanted;
  const auto needed = [](int count) {
    return bytes_aside(count) + bytes_per_thread * static_cast<std::size_t>(count) + bytes_at_least;
  };
  while (threads > 1 && needed(threads) > *memory_bytes) --threads;
  if (threads < wanted) {
    say(fmt::format("conclave: --memory {} has room for {}, not for {}\n", bytes_in_words(*memory_bytes),
                    how_many(threads, "thread", "threads"), wanted));
  }
  return threads;
}

}  // namespace

checker::Progress& the_progress() {
  static checker::Progress progress;
  return progress;
}

void say(const std::string& text) { static_cast<void>(std::fputs(text.c_str(), stderr)); }

ExitCode refused(const std::string& message, ExitCode code) {
  say(message + "\n");
  return code;
}

ExitCode code_of(checker::Verdict verdict) {
  switch (verdict) {
    case checker::Verdict::exhausted: return ExitCode::holds;
    case checker::Verdict::bounded: return ExitCode::bounded;
    case checker::Verdict::aborted: return ExitCode::aborted;
  }
  return ExitCode::internal_defect;
}

std::string wrong_beside(const std::string& option, const CheckOptions& options) {
  const auto refused = [&option](const char* found) {
    return fmt::format(
        "{}: found it with {}, which keeps whole states in memory and judges nothing; expected one of them", found,
        option);
  };
  if (options.liveness) return refused("--liveness");
  if (options.claim != 0) return refused("--property");
  if (options.except != 0) return refused("--except");
  if (options.show != 0) return refused("--show");
  if (!options.outputs.html.empty()) return refused("--html");
  if (!options.outputs.itf.empty()) return refused("--itf");
  if (options.graph) return refused("--graph");
  if (options.storage.keeping == Keeping::fingerprints) return refused("--fingerprints");
  if (options.storage.keeping == Keeping::bits) return refused("--bitstate");
  if (!options.storage.folder.empty()) return refused("--disk");
  if (!options.checkpoint.write_to.empty()) return refused("--checkpoint");
  if (!options.checkpoint.resume_from.empty()) return refused("--resume");
  return "";
}

checker::Limits limits_of(int threads, const std::optional<std::size_t>& memory_bytes) {
  checker::Limits limits;
  limits.threads = threads_for(threads, memory_bytes);
  limits.memory_is_users = memory_bytes.has_value();
  const std::size_t whole = memory_bytes ? *memory_bytes : available_bytes() / 5 * 4;
  const std::size_t aside = bytes_aside(limits.threads);
  // 0 would be no limit at all.
  if (whole > 0) limits.memory_bytes = whole > aside ? whole - aside : 1;
  return limits;
}

}  // namespace conclave::check
