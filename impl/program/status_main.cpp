// The program `conclave-status`; `conclave status` hands over to it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/node/storage.hpp"
#include "conclave/status/survey.hpp"
#include "conclave/status/survey_report.hpp"
#include "program.hpp"

namespace {

using namespace conclave;
using program::ExitCode;

constexpr program::Program this_program{
    "conclave status",
    "Asks every server of a ZooKeeper ensemble whom it follows. Exit status 0: one leads, with a quorum."};

constexpr int timeout_ms_max = 60000;

struct Options {
  std::string file;
  std::optional<std::int64_t> sid;
  int timeout_ms = static_cast<int>(status::survey_timeout_default.count());
  bool json = false;
};

ExitCode run(const Options& options) {
  const auto cfg = config::read_zoo_cfg(options.file);
  if (!cfg) return refused(this_program, cfg.error().message(), ExitCode::bad_input);
  status::SurveySettings settings;
  settings.timeout = std::chrono::milliseconds(options.timeout_ms);
  if (options.sid) {
    settings.own = model::ServerId{*options.sid};
    if (cfg->configuration.find(*settings.own) == nullptr) {
      return refused(this_program, fmt::format("{}: found no server.{}", cfg->file, *options.sid),
                     ExitCode::bad_input);
    }
  } else if (cfg->data_dir) {
    // Only where this is run on the server itself; elsewhere the id is not known, and need not be.
    const auto myid = node::read_myid(*cfg->data_dir);
    if (myid && cfg->configuration.find(*myid) != nullptr) settings.own = *myid;
  }
  const auto reports = status::survey(*cfg, settings);
  return printed(this_program, options.json ? survey_json(*cfg, reports) : survey_text(*cfg, reports),
                 is_good(status::verdict_of(*cfg, reports)) ? ExitCode::done : ExitCode::no_leader);
}

void declare(CLI::App& app, Options& options) {
  app.add_option("FILE", options.file, "the zoo.cfg of one of them")->required();
  app.add_option("--timeout", options.timeout_ms, "milliseconds for all answers together (default 3000)")
      ->check(CLI::Range(1, timeout_ms_max));
  app.add_option("--sid", options.sid, "whose file it is, so whose clientPort (default: dataDir/myid, if it is here)")
      ->check(program::wrong_integer);
  app.add_flag("--json", options.json, "for programs");
}

}  // namespace

int main(int argc, char** argv) {
  const ExitCode code = program::run_program(this_program, argc, argv, declare, run);
  // Names that nobody knows may still be looked up by threads that nothing waits for.
  std::_Exit(status_of(code));
}
