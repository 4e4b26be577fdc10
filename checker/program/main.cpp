// The program `conclave`.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <string>

#include "conclave/check/command.hpp"
#include "conclave/check/connections_options.hpp"
#include "conclave/check/epoch_command.hpp"
#include "conclave/check/options.hpp"
#include "conclave/check/simulate_command.hpp"

namespace {

// What talks on a network is a program of its own beside this one: the checker links none. Comes back only if it fails.
void hand_over_to(const std::string& name, char** argv) {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / ("conclave-" + name);
  ::execv(program.c_str(), argv + 1);
  std::fprintf(stderr, "conclave: can't start %s: %s\n", program.c_str(), std::strerror(errno));
}

}  // namespace

int main(int argc, char** argv) {
  using namespace conclave::check;
  try {
    if (argc > 1 && (std::strcmp(argv[1], "node") == 0 || std::strcmp(argv[1], "status") == 0)) {
      hand_over_to(argv[1], argv);
      return status_of(ExitCode::internal_defect);
    }
    if (argc > 1 && std::strcmp(argv[1], "connections") == 0) {
      return status_of(run_connections_line(argc, argv));
    }
    const CommandLine line = parse_command_line(argc, argv);
    if (line.check) return status_of(run_check(*line.check));
    if (line.epoch) return status_of(run_epoch(*line.epoch));
    if (line.simulate) return status_of(run_simulate(*line.simulate));
    if (line.trace) return status_of(run_trace(*line.trace));
    if (line.code == ExitCode::holds) return status_of(printed(line.text, line.code));
    std::fputs(line.text.c_str(), stderr);
    return status_of(line.code);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "conclave: internal defect: %s\n", error.what());
  } catch (...) {
    std::fputs("conclave: internal defect: an exception of unknown kind\n", stderr);
  }
  return status_of(ExitCode::internal_defect);
}
