// The program `conclave`.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <string>

#include "conclave/check/command.hpp"
#include "conclave/check/epoch_command.hpp"
#include "conclave/check/options.hpp"

namespace {

// The node is a program of its own beside this one: the checker links no network. Comes back only if it fails.
void hand_over_to_node(char** argv) {
  const std::string node = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "conclave-node";
  ::execv(node.c_str(), argv + 1);
  std::fprintf(stderr, "conclave: can't start %s: %s\n", node.c_str(), std::strerror(errno));
}

}  // namespace

int main(int argc, char** argv) {
  using namespace conclave::check;
  try {
    if (argc > 1 && std::strcmp(argv[1], "node") == 0) {
      hand_over_to_node(argv);
      return status_of(ExitCode::internal_defect);
    }
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
