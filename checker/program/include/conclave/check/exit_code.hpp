// What the program's exit status says. docs/json.md and the help text repeat these numbers.
#pragma once

#include <cstdint>

namespace conclave::check {

enum class ExitCode : std::uint8_t {
  holds = 0,             // everything within the bounds was explored, and every claim holds
  violated = 1,          // a claim is violated
  bounded = 2,           // a limit that the user set ended it
  aborted = 3,           // memory, a signal or an error ended it
  bad_input = 4,         // the configuration
  wrong_use = 5,         // the command line; as in the start script, which has 6 for a failed build
  internal_defect = 70,  // EX_SOFTWARE
  not_written = 74  // EX_IOERR: the report, or a file that was asked for; the report says what was found all the same
};
constexpr int status_of(ExitCode code) { return static_cast<int>(code); }

}  // namespace conclave::check
