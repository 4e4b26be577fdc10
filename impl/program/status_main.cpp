// The program `conclave-status`; `conclave status` hands over to it.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/node/storage.hpp"
#include "conclave/status/survey.hpp"
#include "conclave/status/survey_report.hpp"

namespace {

using namespace conclave;

// As in docs/json.md.
constexpr int no_leader = 1;  // none that is established, with a quorum
constexpr int bad_input = 4;
constexpr int wrong_use = 5;
constexpr int internal_defect = 70;

constexpr int timeout_ms_max = 60000;

struct Options {
  std::string file;
  std::optional<std::int64_t> sid;
  int timeout_ms = static_cast<int>(status::survey_timeout_default.count());
  bool json = false;
};

int refused(const std::string& sentence, int code) {
  fmt::print(stderr, "conclave status: {}\n", sentence);
  return code;
}

int run(const Options& options) {
  const auto cfg = config::read_zoo_cfg(options.file);
  if (!cfg) return refused(cfg.error().message(), bad_input);
  status::SurveySettings settings;
  settings.timeout = std::chrono::milliseconds(options.timeout_ms);
  if (options.sid) {
    settings.own = model::ServerId{*options.sid};
    if (cfg->configuration.find(*settings.own) == nullptr) {
      return refused(fmt::format("{}: found no server.{}", cfg->file, *options.sid), bad_input);
    }
  } else if (cfg->data_dir) {
    // Only where this is run on the server itself; elsewhere the id is not known, and need not be.
    const auto myid = node::read_myid(*cfg->data_dir);
    if (myid && cfg->configuration.find(*myid) != nullptr) settings.own = *myid;
  }
  const auto reports = status::survey(*cfg, settings);
  std::fputs((options.json ? survey_json(*cfg, reports) : survey_text(*cfg, reports)).c_str(), stdout);
  return is_good(status::verdict_of(*cfg, reports)) ? 0 : no_leader;
}

int parse_and_run(int argc, char** argv) {
  Options options;
  CLI::App app("Asks every server of a ZooKeeper ensemble whom it follows. Exit status 0: one leads, with a quorum.",
               "conclave status");
  app.add_option("FILE", options.file, "the zoo.cfg of one of them")->required();
  app.add_option("--timeout", options.timeout_ms, "milliseconds for all answers together (default 3000)")
      ->check(CLI::Range(1, timeout_ms_max));
  app.add_option("--sid", options.sid,
                 "whose file it is, so whose clientPort (default: dataDir/myid, if it is here)");
  app.add_flag("--json", options.json, "for programs");
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    fmt::print("{}", app.help());
    return 0;
  } catch (const CLI::ParseError& error) {
    return refused(error.what(), wrong_use);
  }
  return run(options);
}

}  // namespace

int main(int argc, char** argv) {
  int code = internal_defect;
  try {
    code = parse_and_run(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "conclave status: internal defect: {}\n", error.what());
  } catch (...) {
    std::fputs("conclave status: internal defect: an exception of unknown kind\n", stderr);
  }
  // Names that nobody knows may still be looked up by threads that nothing waits for.
  std::fflush(stdout);
  std::_Exit(code);
}
