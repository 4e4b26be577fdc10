// What the commands that explore have in common.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "conclave/check/exit_code.hpp"
#include "conclave/checker/result.hpp"

namespace conclave::check {

struct CheckOptions;  // options.hpp

// The one that signals interrupt. Lives as long as the process: a signal may come at any time.
checker::Progress& the_progress();

// On stderr. That it can't be written changes no exit status.
void say(const std::string& text);

// Says what is wrong, and gives `code`.
ExitCode refused(const std::string& message, ExitCode code);

// The exit status of what came to this verdict and found nothing wrong.
ExitCode code_of(checker::Verdict verdict);

// What does not go with `option` (--audit, --compare), which keeps whole states in memory and judges nothing: in one
// sentence, or empty.
std::string wrong_beside(const std::string& option, const CheckOptions& options);

// What an exploration may take. `memory_bytes`: the user's limit for the whole process; without it four fifths of what
// is available. With less memory than so many threads need there are fewer, and that is said.
checker::Limits limits_of(int threads, const std::optional<std::size_t>& memory_bytes);

}  // namespace conclave::check
