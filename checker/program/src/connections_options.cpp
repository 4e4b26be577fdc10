#include "conclave/check/connections_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <thread>
#include <vector>

#include "conclave/check/command.hpp"
#include "conclave/check/options.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

// What the command line says, as text where it has a grammar of its own.
struct Raw {
  std::string file;
  std::string memory;
  std::string seed_bug;
  std::vector<std::string> shows;
  std::vector<std::string> servers;
  std::vector<std::string> wildcard;
  std::vector<std::string> out_of_reach;
  std::optional<int> crashes;
  std::optional<int> messages;
  int threads = 1;
  double seconds = 0;
  bool json = false;
  bool list = false;
};

void add_connections(CLI::App& app, Raw& raw) {
  CLI::App* command = app.add_subcommand("connections", "explore how servers connect to each other's election ports");
  command->add_option("FILE", raw.file, "a zoo.cfg (default: $CONCLAVE_DEFAULT_CONFIG)")->check(wrong_name);
  const auto add_ids = [command](const char* name, std::vector<std::string>& ids, const char* what) {
    command->add_option(name, ids, what)->allow_extra_args(false)->type_name("IDS");
  };
  add_ids("--servers", raw.servers, "two or three voters, separated by commas (default: the two smallest ids)");
  command->add_option("--crashes", raw.crashes, "at most N (default 2; of three servers 0)")
      ->check(CLI::Range(0, spec::connection_crashes_max))
      ->check(wrong_number);
  command
      ->add_option("--messages", raw.messages, "at most N beyond those of the starts (default 1; of three servers 0)")
      ->check(CLI::Range(0, spec::connection_messages_max))
      ->check(wrong_number);
  add_ids("--wildcard", raw.wildcard, "servers that say that their address is 0.0.0.0, beside those of FILE");
  add_ids("--out-of-reach", raw.out_of_reach, "servers of which nothing is heard: who calls one waits for nothing");
  command->add_option("--seed-bug", raw.seed_bug, "a rule as it must not be")->check(wrong_nothing);
  command->add_option("--show", raw.shows, "print the shortest run to NAME; repeatable")
      ->allow_extra_args(false)
      ->type_name("NAME");
  command->add_flag("--list", raw.list, "the claims, what is reached, and the bugs that can be seeded");
  command->add_option("--threads", raw.threads, "default: as many as there are cores")
      ->check(CLI::Range(1, 256))
      ->check(wrong_number);
  command->add_option("--memory", raw.memory, "512M, 8G, or bytes (default: 80 % of what is available)")
      ->check(wrong_nothing)
      ->type_name("SIZE");
  command->add_option("--time", raw.seconds, "at most so many seconds")->check(wrong_seconds)->type_name("SECONDS");
  command->add_flag("--json", raw.json, "one JSON document on stdout");
}

// False: `wrong` says in one sentence what is wrong.
bool read(const Raw& raw, ConnectionsOptions& options, std::string& wrong) {
  options.json = raw.json;
  options.threads = raw.threads;
  options.time_max_ms = std::llround(std::ceil(raw.seconds * 1000));
  options.file = raw.file;
  const char* shipped = std::getenv("CONCLAVE_DEFAULT_CONFIG");
  if (options.file.empty() && shipped != nullptr) options.file = shipped;
  if (raw.list && raw.json) {
    wrong = "--list: found it with --json; expected one of them, for the list is text";
    return false;
  }
  if (options.file.empty() && !raw.list) {
    wrong = "FILE: found none, and CONCLAVE_DEFAULT_CONFIG is not set; expected a ZooKeeper configuration";
    return false;
  }
  const auto read_ids = [&wrong](const char* name, const std::vector<std::string>& texts, auto& ids) {
    const auto found = parse_ids(texts, wrong);
    if (found) ids = *found;
    if (!found) wrong = fmt::format("{}: {}", name, wrong);
    return found.has_value();
  };
  if (!read_ids("--servers", raw.servers, options.servers) ||
      !read_ids("--wildcard", raw.wildcard, options.wildcard) ||
      !read_ids("--out-of-reach", raw.out_of_reach, options.out_of_reach)) {
    return false;
  }
  options.crashes = raw.crashes;
  options.messages = raw.messages;
  if (!raw.memory.empty()) {
    options.memory_bytes = parse_size(raw.memory);
    if (!options.memory_bytes) {
      wrong = fmt::format("--memory: found '{}'; expected a size like 512M, 8G or 1.5GiB", raw.memory);
      return false;
    }
  }
  for (const std::string& name : raw.shows) {
    std::vector<std::string> names;
    spec::PropertySet found = 0;
    for (const spec::ConnectionPropertyInfo& info : spec::connection_property_infos()) {
      if (info.kind != spec::PropertyKind::sometimes) continue;
      names.emplace_back(info.name);
      if (info.name == name) found = spec::bit(info.property);
    }
    if (found == 0) {
      wrong = fmt::format("--show: found '{}'; expected one of {}", name, join(names, ", "));
      return false;
    }
    options.show |= found;
  }
  if (raw.seed_bug.empty()) return true;
  options.rules = spec::find_seeded_connection_bug(raw.seed_bug);
  if (options.rules != nullptr) return true;
  std::vector<std::string> names;
  for (const spec::ConnectionRuleVariant& bug : spec::seeded_connection_bugs()) names.emplace_back(bug.name);
  wrong =
      fmt::format("--seed-bug: {}; expected one of {}", found_bug(raw.seed_bug, "connections"), join(names, ", "));
  return false;
}

ExitCode refused(const std::string& sentence) {
  std::fputs(
      fmt::format("conclave: {}\nconclave: `conclave connections --help` shows the options\n", sentence).c_str(),
      stderr);
  return ExitCode::wrong_use;
}

}  // namespace

ExitCode run_connections_line(int argc, const char* const* argv) {
  constexpr int threads_max = 256;
  Raw raw;
  raw.threads = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, threads_max);
  CLI::App app("Model-checks the leader election of a ZooKeeper ensemble.", "conclave");
  add_connections(app, raw);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) {
      const bool extras = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr && !app.get_subcommands().empty();
      return refused(extras ? unexpected(*app.get_subcommands()[0], argc, argv, error.what()) : error.what());
    }
    std::ostringstream text;
    app.exit(error, text, text);
    return printed(text.str(), ExitCode::holds);
  }
  ConnectionsOptions options;
  std::string wrong;
  if (!read(raw, options, wrong)) return refused(wrong);
  return raw.list ? printed(connections_listing(), ExitCode::holds) : run_connections(options);
}

}  // namespace conclave::check
