// What the programs of this room have in common: their exit codes, and how a command line becomes a run.
#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>

namespace conclave::program {

// The numbers of conclave::check::ExitCode, which is of another room, wherever both speak of the same thing.
enum class ExitCode : std::uint8_t {
  done = 0,
  no_leader = 1,  // conclave status: none that is established, with a quorum
  aborted = 3,
  bad_input = 4,
  wrong_use = 5,
  internal_defect = 70,  // EX_SOFTWARE
  not_written = 74,      // EX_IOERR: stdout, a recording
};
constexpr int status_of(ExitCode code) { return static_cast<int>(code); }

struct Program {
  const char* name;     // as users call it: "conclave node"
  const char* purpose;  // the first sentences of its help
};

// Says on stderr what ended the program, and gives the code to end it with.
inline ExitCode refused(const Program& program, std::string_view sentence, ExitCode code) {
  fmt::print(stderr, "{}: {}\n", program.name, sentence);
  return code;
}

// What is wrong with a number, for CLI11, which takes the nearest one for what has no room; empty if nothing is.
inline std::string wrong_integer(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (wrong == std::errc() && end == text.data() + text.size()) return "";
  return fmt::format("found '{}'; expected an integer of at most 19 digits", text);
}

// Everything to stdout, or not_written and on stderr why.
inline ExitCode printed(const Program& program, std::string_view text, ExitCode code) {
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (written) return code;
  return refused(program, fmt::format("stdout could not be written: {}", std::strerror(errno)),
                 ExitCode::not_written);
}

// `declare` says to CLI11 which options there are, and which of Options' members take them; `run` gets what was read.
// Help and wrong use end here, and so does every exception.
template <class Options>
ExitCode run_program(const Program& program, int argc, char** argv, void (*declare)(CLI::App&, Options&),
                     ExitCode (*run)(const Options&)) {
  try {
    Options options;
    CLI::App app(program.purpose, program.name);
    declare(app, options);
    try {
      app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
      return printed(program, app.help(), ExitCode::done);
    } catch (const CLI::ParseError& error) {
      return refused(program, error.what(), ExitCode::wrong_use);
    }
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: internal defect: %s\n", program.name, error.what());
  } catch (...) {
    std::fprintf(stderr, "%s: internal defect: an exception of unknown kind\n", program.name);
  }
  return ExitCode::internal_defect;
}

}  // namespace conclave::program
