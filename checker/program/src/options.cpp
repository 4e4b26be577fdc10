#include "conclave/check/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "conclave/check/counterexamples.hpp"
#include "conclave/check/epoch_options.hpp"
#include "conclave/check/graph_options.hpp"
#include "conclave/check/late_run.hpp"
#include "conclave/check/reconfig_options.hpp"
#include "conclave/check/reduction_options.hpp"
#include "conclave/check/releases.hpp"
#include "conclave/check/reports.hpp"
#include "conclave/check/simulate_options.hpp"
#include "conclave/check/trace_options.hpp"
#include "conclave/check/words.hpp"
#include "conclave/spec/zookeeper_bugs.hpp"

namespace conclave::check {
namespace {

constexpr int threads_max = 256;
// Less than this and the program itself, its buffers and tables, would not fit.
constexpr std::size_t memory_bytes_min = std::size_t{32} << 20U;

constexpr const char* overview = R"(conclave {version} - model-checks the leader election of a ZooKeeper ensemble

  conclave check [FILE]   explore every election of the ensemble that FILE (a zoo.cfg) describes
  conclave simulate FILE  random elections and faults, of up to 128 servers, where exploring all takes too long
  conclave epoch [FILE]   explore what follows an election: how its leader's epoch is established
  conclave connections    explore how servers connect to each other's election ports
  conclave node FILE      take part in the ensemble's elections, on the network
  conclave status FILE    ask every server of the ensemble whom it follows
  conclave trace FILE...  replay real servers' logs, or nodes' recordings, against the model
  conclave check --list   the properties that are checked, the rules, and the bugs that can be seeded
  conclave check --help   all options; likewise for simulate, epoch and connections
  conclave --version

examples:
  conclave check zoo.cfg
  conclave check zoo.cfg --crashes 1 --rounds 2 --timing timely --start together
  conclave check zoo.cfg --seed-bug no-majority

exit status: 0 everything within the bounds was explored and every claim holds, 1 a claim is violated,
2 a limit that was set ended it, 3 it was aborted, 4 the configuration is wrong, 5 the command line is,
74 a file could not be written (5 if that can be seen beforehand).
)";

// What the command line says, as text where it has a grammar of its own.
struct Raw {
  std::string file;
  std::string network = "latest";
  std::string timing = "async";
  std::string grain = "coarse";
  std::string start = "staggered";
  std::string history = "any";
  std::string memory;
  std::string seed_bug;
  std::string zookeeper;
  std::optional<int> starts;
  std::vector<std::string> claims;
  std::vector<std::string> shows;
  std::vector<std::string> excepted;
  std::string epochs;
  ReductionOptions reductions;
  std::string role_ends = "lost";
  int crashes = 0;
  int restarts = 0;
  int rounds = 0;  // not given: by the number of servers
  int resends = 0;
  int losses = 0;
  int threads = 1;
  std::uint32_t depth = 0;
  double seconds = 0;
  int counterexamples = 1;
  bool liveness = false;
  bool json = false;
  bool list = false;
  OutputOptions outputs;
  StorageOptions storage;
  CheckpointOptions checkpoint;
  GraphCommandLine graph;
  AuditCommandLine audit;
  CompareCommandLine compare;
  ReconfigCommandLine reconfig;
};

void add_bounds(CLI::App& check, Raw& raw) {
  const CLI::Range faults(0, spec::faults_max);
  check.add_option("--network", raw.network, "latest (default) or fifo:K, a FIFO of K messages per direction")
      ->group("What is explored");
  check
      .add_option("--timing", raw.timing,
                  "async (default): finalizeWait may run out at any time; timely: messages are faster")
      ->check(CLI::IsMember({"async", "timely"}))
      ->group("What is explored");
  check
      .add_option("--role-ends", raw.role_ends,
                  "lost (default): a role ends when what it stands on is lost; any: at any time (async only)")
      ->check(CLI::IsMember({"lost", "any"}))
      ->group("What is explored");
  check.add_option("--grain", raw.grain, "coarse (default): a message is one step; fine: ZooKeeper's threads")
      ->check(CLI::IsMember({"coarse", "fine"}))
      ->group("What is explored");
  check.add_option("--start", raw.start, "staggered (default): each at a moment of its own, or never; together")
      ->check(CLI::IsMember({"staggered", "together"}))
      ->group("What is explored");
  check
      .add_option("--history", raw.history,
                  "any (default): every order of initial votes; equal; or ID=EPOCH:ZXID,... (zxid -1: no database)")
      ->group("What is explored");
  check.add_option("--starts", raw.starts, "at most N voters ever start, any N of them; needed for large ensembles")
      ->check(CLI::Range(1, spec::participants_max))
      ->group("What is explored");
  check.add_option("--crashes", raw.crashes, "at most N crashes (default 0)")
      ->check(faults)
      ->group("What is explored");
  check.add_option("--restarts", raw.restarts, "at most N restarts after crashes (default 0)")
      ->check(faults)
      ->group("What is explored");
  check
      .add_option("--rounds", raw.rounds,
                  "no election of a later round begins (default 2 for up to three servers, else 1)")
      ->check(CLI::Range(1, spec::rounds_max))
      ->group("What is explored");
  check.add_option("--resends", raw.resends, "fifo: at most N notification time-outs (default 0)")
      ->check(faults)
      ->group("What is explored");
  check.add_option("--losses", raw.losses, "fifo: at most N messages are lost (default 0)")
      ->check(faults)
      ->group("What is explored");
  check
      .add_option("--epochs", raw.epochs,
                  "voted (default): a settled vote keeps its epoch; established (default where releases are mixed): "
                  "it gets the new one once that is established")
      ->check(CLI::IsMember({"voted", "established"}))
      ->group("What is explored");
  check.add_option("--seed-bug", raw.seed_bug, "a rule as it must not be; --list names them")
      ->check(wrong_nothing)
      ->group("What is explored");
  check
      .add_option(
          "--zookeeper", raw.zookeeper,
          "the bugs that this release had, all at once (docs/bugs.md); ID=X.Y.Z,...: servers of these releases "
          "beside others, as in a rolling upgrade")
      ->check(wrong_nothing)
      ->type_name("X.Y.Z")
      ->group("What is explored");
}

void add_properties(CLI::App& check, Raw& raw) {
  check.add_option("--property", raw.claims, "claim NAME too, although it is known not to hold; repeatable")
      ->allow_extra_args(false)
      ->type_name("NAME")
      ->group("What is claimed and shown");
  check.add_option("--show", raw.shows, "print the shortest run to NAME though the check goes on; repeatable")
      ->allow_extra_args(false)
      ->type_name("NAME")
      ->group("What is claimed and shown");
  check
      .add_option("--counterexamples", raw.counterexamples,
                  "go on until N states or steps that break claims are found, and show a run to each (default 1)")
      ->check(CLI::Range(1, counterexamples_max))
      ->group("What is claimed and shown");
  check
      .add_option("--except", raw.excepted,
                  "don't claim NAME, as where an old release is known to break it; repeatable")
      ->allow_extra_args(false)
      ->type_name("NAME")
      ->group("What is claimed and shown");
  check.add_flag("--liveness", raw.liveness, "also: does every election end, once faults do? (docs/liveness.md)")
      ->group("What is claimed and shown");
  check.add_flag("--json", raw.json, "one JSON document on stdout (docs/json.md)")
      ->group("What is claimed and shown");
  check.add_flag("--list", raw.list, "print properties, rules and seeded bugs, and stop")
      ->group("What is claimed and shown");
}

void add_outputs(CLI::App& check, Raw& raw) {
  check
      .add_option("--html", raw.outputs.html,
                  "a page with the picture of each violation and of what --show names; into DIR if it is one or ends "
                  "with /")
      ->check(wrong_name)
      ->type_name("FILE|DIR")
      ->group("Files");
  raw.graph.add_to(check);
  check.add_option("--itf", raw.outputs.itf, "the same runs as traces in the Informal Trace Format (JSON)")
      ->check(wrong_name)
      ->type_name("FILE|DIR")
      ->group("Files");
}

void add_limits(CLI::App& check, Raw& raw) {
  check.add_option("--threads", raw.threads, "default: as many as there are cores")
      ->check(CLI::Range(1, threads_max))
      ->group("Limits");
  check.add_option("--memory", raw.memory, "512M, 8G, 1.5GiB, or bytes (default: 80 % of what is available)")
      ->check(wrong_nothing)
      ->type_name("SIZE")
      ->group("Limits");
  check.add_option("--depth", raw.depth, "at most N steps deep")->check(CLI::Range(1, 65000))->group("Limits");
  check.add_option("--time", raw.seconds, "at most so many seconds")
      ->check(wrong_seconds)
      ->type_name("SECONDS")
      ->group("Limits");
  raw.reductions.add_to(check);
}

// Wrong use, in one sentence.
struct Wrong {
  std::string sentence;
};

spec::Property property_named(const std::string& option, const std::string& name) {
  if (const spec::PropertyInfo* info = spec::find_property(name)) return info->property;
  std::vector<std::string> names;
  for (const spec::PropertyInfo& info : spec::property_infos()) names.emplace_back(info.name);
  throw Wrong{fmt::format("{}: found '{}'; expected one of {}", option, name, join(names, ", "))};
}

const spec::RuleVariant* release_named(const std::string& version) {
  if (const spec::RuleVariant* rules = spec::rules_of_release(version)) return rules;
  const auto releases = spec::known_releases();
  throw Wrong{fmt::format("--zookeeper: found '{}'; expected a release from {} to {}, such as 3.4.5", version,
                          spec::name_of(releases.front()), spec::name_of(releases.back()))};
}

void read_properties(const Raw& raw, CheckOptions& options) {
  for (const std::string& name : raw.claims) {
    const spec::Property property = property_named("--property", name);
    if (spec::info_of(property).kind == spec::PropertyKind::sometimes) {
      throw Wrong{
          fmt::format("--property: found '{}', which is to be reached and not to be kept; --show shows it", name)};
    }
    options.claim |= spec::bit(property);
  }
  for (const std::string& name : raw.shows) options.show |= spec::bit(property_named("--show", name));
  for (const std::string& name : raw.excepted) {
    const spec::Property property = property_named("--except", name);
    if (spec::info_of(property).kind != spec::PropertyKind::always) {
      throw Wrong{fmt::format("--except: found '{}', which is not claimed; expected a claim", name)};
    }
    if ((options.claim & spec::bit(property)) != 0) {
      throw Wrong{fmt::format("--except: found '{}' with --property of the same name; expected one of them", name)};
    }
    options.except |= spec::bit(property);
  }
}

void read_rules(const Raw& raw, CheckOptions& options) {
  const bool mixed = raw.zookeeper.find('=') != std::string::npos;
  if (mixed) {
    std::string wrong;
    const auto releases = parse_releases(raw.zookeeper, wrong);
    if (!releases) throw Wrong{fmt::format("--zookeeper: {}", wrong)};
    options.releases = *releases;
  } else if (!raw.zookeeper.empty()) {
    if (!raw.seed_bug.empty()) {
      throw Wrong{"--zookeeper: found a release for all servers with --seed-bug; expected one of them, or ID=X.Y.Z"};
    }
    options.rules = release_named(raw.zookeeper);
  }
  const bool established = raw.epochs.empty() ? mixed : raw.epochs == "established";
  if (established && !options.rules->dialect.votes_have_epoch) {
    throw Wrong{
        fmt::format("--epochs: found established with {}, whose votes have no epoch; expected a release from {} on",
                    options.rules->name, spec::name_of(spec::first_mixable))};
  }
  options.scope.vote_epoch = established ? spec::VoteEpoch::established : spec::VoteEpoch::voted;
  if (raw.seed_bug.empty()) return;
  options.rules = spec::find_seeded_bug(raw.seed_bug);
  if (options.rules != nullptr) return;
  std::vector<std::string> names;
  for (const spec::RuleVariant& bug : spec::seeded_bugs()) names.emplace_back(bug.name);
  throw Wrong{fmt::format("--seed-bug: {}; expected one of {}", found_bug(raw.seed_bug, "check"), join(names, ", "))};
}

void read_scope(const Raw& raw, CheckOptions& options) {
  spec::Scope& scope = options.scope;
  const auto network = parse_network(raw.network);
  if (!network) {
    throw Wrong{fmt::format("--network: found '{}'; expected latest, or fifo:K with K from 1 to {}", raw.network,
                            spec::fifo_capacity_max)};
  }
  scope.network = *network;
  scope.timing = raw.timing == "timely" ? spec::TimingKind::timely : spec::TimingKind::async;
  scope.role_end = raw.role_ends == "any" ? spec::RoleEnd::any : spec::RoleEnd::lost;
  if (scope.role_end == spec::RoleEnd::any && scope.timing == spec::TimingKind::timely) {
    throw Wrong{
        "--role-ends: found any with --timing timely, which is about time-outs that do not run out early; expected "
        "it with --timing async"};
  }
  scope.grain = raw.grain == "fine" ? spec::Grain::fine : spec::Grain::coarse;
  scope.start = raw.start == "together" ? spec::StartKind::together : spec::StartKind::staggered;
  scope.crashes = raw.crashes;
  scope.restarts = raw.restarts;
  scope.rounds = raw.rounds;
  scope.resends = raw.resends;
  scope.losses = raw.losses;
  const bool latest = scope.network.kind == spec::NetworkKind::latest && !raw.compare.has_fifo();
  if (latest && raw.losses + raw.resends > 0) {
    throw Wrong{fmt::format("{}: found it with --network latest; expected it with --network fifo:K",
                            raw.losses > 0 ? "--losses" : "--resends")};
  }
  if (raw.restarts > 0 && raw.crashes == 0) {
    throw Wrong{"--restarts: found it without --crashes; expected both, for only a crashed server can be restarted"};
  }
  if (raw.restarts > raw.crashes) {
    throw Wrong{
        fmt::format("--restarts: found {} with --crashes {}; expected at most {}, for a crash is restarted once",
                    raw.restarts, raw.crashes, raw.crashes)};
  }
  raw.reductions.read(options);
  if (raw.liveness) {  // what is argued for them is about what can be reached, not about runs without end
    scope.clear_dead_votes = false;
    options.minimise = false;
  }
}

void read_history(const Raw& raw, CheckOptions& options) {
  options.starts = raw.starts;
  if (raw.history == "any") return;
  options.history = raw.history == "equal" ? HistoryKind::equal : HistoryKind::given;
  if (options.history == HistoryKind::equal) return;
  std::string wrong;
  const auto histories = parse_histories(raw.history, wrong);
  if (!histories) throw Wrong{fmt::format("--history: {} (or any, or equal)", wrong)};
  options.histories = *histories;
}

void read_limits(const Raw& raw, CheckOptions& options) {
  options.threads = raw.threads;
  options.depth_max = raw.depth;
  options.time_max_ms = std::llround(std::ceil(raw.seconds * 1000));
  if (raw.memory.empty()) return;
  options.memory_bytes = parse_size(raw.memory);
  if (!options.memory_bytes) {
    throw Wrong{fmt::format("--memory: found '{}'; expected a size like 512M, 8G or 1.5GiB", raw.memory)};
  }
  if (*options.memory_bytes < memory_bytes_min) {
    throw Wrong{
        fmt::format("--memory: found '{}'; expected at least {}", raw.memory, bytes_in_words(memory_bytes_min))};
  }
}

// What else is said beside --list has to be right as well, though it is not used.
CommandLine listed(const Raw& raw) {
  if (raw.json) throw Wrong{"--list: found it with --json; expected one of them, for the list is text"};
  CheckOptions unused;
  read_properties(raw, unused);
  read_rules(raw, unused);
  return CommandLine{std::nullopt, listing(), ExitCode::holds, std::nullopt};
}

CheckOptions options_of(const Raw& raw) {
  CheckOptions options;
  options.json = raw.json;
  options.outputs = raw.outputs;
  options.liveness = raw.liveness;
  options.counterexamples = raw.counterexamples;
  options.file = raw.file;
  if (options.file.empty()) {
    const char* shipped = std::getenv("CONCLAVE_DEFAULT_CONFIG");
    if (shipped != nullptr) options.file = shipped;
  }
  if (options.file.empty()) {
    throw Wrong{"FILE: found none, and CONCLAVE_DEFAULT_CONFIG is not set; expected a ZooKeeper configuration"};
  }
  read_scope(raw, options);
  read_history(raw, options);
  read_properties(raw, options);
  read_rules(raw, options);
  read_limits(raw, options);
  if (const auto wrong = raw.storage.read(options.liveness, options.storage)) throw Wrong{*wrong};
  if (const auto wrong = raw.checkpoint.read(options.storage, options.checkpoint)) throw Wrong{*wrong};
  if (const auto wrong = raw.graph.read(options)) throw Wrong{*wrong};
  std::string wrong;
  options.audit = raw.audit.read(wrong);
  if (wrong.empty()) options.compare = raw.compare.read(wrong);
  if (wrong.empty()) wrong = wrong_with_audit(options);
  if (wrong.empty()) wrong = wrong_with_compare(options);
  if (wrong.empty()) wrong = raw.reconfig.read(options);
  if (wrong.empty()) wrong = wrong_with_late_reads(options);
  if (!wrong.empty()) throw Wrong{wrong};
  return options;
}

std::string overview_text() {
  std::string text = overview;
  const std::string placeholder = "{version}";
  return text.replace(text.find(placeholder), placeholder.size(), version());
}

void take_decimal_numbers_only(CLI::App& command) {
  for (CLI::Option* option : command.get_options()) {
    const std::string type = option->get_type_name();
    if (type.starts_with("INT") || type.starts_with("UINT")) option->check(wrong_number);
  }
}

CommandLine refused(const std::string& sentence, const std::string& command = "check") {
  return CommandLine{
      std::nullopt,
      fmt::format("conclave: {}\nconclave: `conclave {} --help` shows the options\n", sentence, command),
      ExitCode::wrong_use, std::nullopt};
}

CommandLine refused_by_library(const CLI::ParseError& error, const CLI::App& app, int argc, const char* const* argv) {
  if (app.get_subcommands().empty()) return refused(error.what());
  const CLI::App& command = *app.get_subcommands()[0];
  const bool extras = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  return refused(extras ? unexpected(command, argc, argv, error.what()) : error.what(), command.get_name());
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  const std::string_view command = argc > 1 ? argv[1] : "-";
  if (!command.starts_with('-') && command != "check" && command != "epoch" && command != "trace" &&
      command != "simulate") {
    return CommandLine{
        std::nullopt,
        fmt::format("conclave: found the command '{}'; expected check, simulate, epoch, connections, node, status or "
                    "trace\n"
                    "conclave: `conclave --help` shows what there is\n",
                    command),
        ExitCode::wrong_use, std::nullopt};
  }
  Raw raw;
  raw.threads = std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, threads_max);
  CLI::App app("Model-checks the leader election of a ZooKeeper ensemble.", "conclave");
  app.set_version_flag("--version", "conclave " + std::string(version()));
  CLI::App* check = app.add_subcommand("check", "explore every election of an ensemble");
  check->add_option("FILE", raw.file, "a zoo.cfg (default: $CONCLAVE_DEFAULT_CONFIG)")->check(wrong_name);
  add_bounds(*check, raw);
  add_properties(*check, raw);
  add_outputs(*check, raw);
  add_limits(*check, raw);
  raw.storage.add_to(*check);
  raw.checkpoint.add_to(*check);
  raw.audit.add_to(*check);
  raw.compare.add_to(*check);
  raw.reconfig.add_to(*check);
  EpochCommandLine epoch;
  epoch.add_to(app, raw.threads);
  SimulateCommandLine simulate;
  simulate.add_to(app, raw.threads);
  TraceOptions trace_options;
  const CLI::App* trace = add_trace(app, trace_options);
  for (CLI::App* command : app.get_subcommands({})) take_decimal_numbers_only(*command);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() != 0) {
      return refused_by_library(error, app, argc, argv);
    }
    std::ostringstream text;
    app.exit(error, text, text);
    // The overview says more of the program than its one subcommand would.
    const bool top_help = dynamic_cast<const CLI::CallForHelp*>(&error) != nullptr && !check->parsed() &&
                          !epoch.parsed() && !trace->parsed() && !simulate.parsed();
    return CommandLine{std::nullopt, top_help ? overview_text() : text.str(), ExitCode::holds, std::nullopt};
  }
  if (simulate.parsed()) {
    auto options = std::make_shared<SimulateOptions>();
    std::string wrong;
    if (!simulate.read(*options, wrong)) return refused(wrong, "simulate");
    return CommandLine{std::nullopt, "", ExitCode::holds, std::nullopt, std::nullopt, options};
  }
  if (epoch.parsed()) {
    EpochOptions options;
    std::string wrong;
    if (!epoch.read(options, wrong)) return refused(wrong, "epoch");
    if (epoch.list()) return CommandLine{std::nullopt, epoch_listing(), ExitCode::holds, std::nullopt};
    return CommandLine{std::nullopt, "", ExitCode::holds, options};
  }
  if (trace->parsed()) return CommandLine{std::nullopt, "", ExitCode::holds, std::nullopt, trace_options};
  if (!check->parsed()) return CommandLine{std::nullopt, overview_text(), ExitCode::holds, std::nullopt};
  try {
    if (raw.list) return listed(raw);
    return CommandLine{options_of(raw), "", ExitCode::holds, std::nullopt};
  } catch (const Wrong& wrong) {
    return refused(wrong.sentence);
  }
}

}  // namespace conclave::check
