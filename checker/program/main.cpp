// The program `conclave`.
#include <cstdio>
#include <exception>

#include "conclave/check/command.hpp"
#include "conclave/check/epoch_command.hpp"
#include "conclave/check/options.hpp"

int main(int argc, char** argv) {
  using namespace conclave::check;
  try {
    const CommandLine line = parse_command_line(argc, argv);
    if (line.check) return status_of(run_check(*line.check));
    if (line.epoch) return status_of(run_epoch(*line.epoch));
    std::fputs(line.text.c_str(), line.code == ExitCode::holds ? stdout : stderr);
    return status_of(line.code);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "conclave: internal defect: %s\n", error.what());
  } catch (...) {
    std::fputs("conclave: internal defect: an exception of unknown kind\n", stderr);
  }
  return status_of(ExitCode::internal_defect);
}
