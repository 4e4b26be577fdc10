#include "conclave/check/simulate_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string_view>
#include <system_error>
#include <vector>

#include "conclave/check/options.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {

struct SimulateCommandLine::Raw {
  std::string file;
  std::string servers;
  std::string network;
  std::string timing;
  std::string role_ends;
  std::string grain;
  std::string start;
  std::string history;
  std::string seed_bug;
  std::vector<std::string> claims;
  std::uint64_t runs = 0;
  std::uint64_t run = 0;
  std::uint64_t seed = 1;
  int steps = 0;
  int threads = 1;
  double seconds = 0;
  bool json = false;
  OutputOptions outputs;
};

namespace {

constexpr std::uint64_t runs_default = 1000;
constexpr std::uint64_t runs_max = 1'000'000'000'000;
constexpr int steps_max = 1'000'000;

struct Wrong {
  std::string sentence;
};

// "101", "5-101".
bool parse_servers(std::string_view text, spec::SwarmBounds& bounds) {
  const std::size_t dash = std::min(text.find('-'), text.size());
  const auto number = [](std::string_view digits, int& value) {
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return !digits.empty() && error == std::errc() && end == digits.data() + digits.size() && value >= 1 &&
           value <= spec::world_servers_max;
  };
  if (!number(text.substr(0, dash), bounds.servers_min)) return false;
  bounds.servers_max = bounds.servers_min;
  if (dash == text.size()) return true;
  return number(text.substr(dash + 1), bounds.servers_max) && bounds.servers_min <= bounds.servers_max;
}

// For a shell, as it was typed or so.
std::string shell_word(const std::string& word) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace

SimulateCommandLine::SimulateCommandLine() : raw_(std::make_unique<Raw>()) {}
SimulateCommandLine::~SimulateCommandLine() = default;

void SimulateCommandLine::add_to(CLI::App& app, int threads) {
  Raw& raw = *raw_;
  raw.threads = threads;
  command_ = app.add_subcommand("simulate", "random elections with random faults, of up to 128 servers");
  const char* what = "What each run is like (what is not given each run draws for itself)";
  const char* much = "How much";
  const char* told = "What is claimed and shown";
  command_->add_option("FILE", raw.file, "a zoo.cfg (default: $CONCLAVE_DEFAULT_CONFIG)")->check(wrong_name);
  command_->add_option("--servers", raw.servers, "instead of FILE: N voters, or N-M, of which each run draws one")
      ->check(wrong_nothing)
      ->type_name("N|N-M")
      ->group(what);
  command_->add_option("--network", raw.network, "latest or fifo:K")->group(what);
  command_->add_option("--timing", raw.timing, "async or timely")
      ->check(CLI::IsMember({"async", "timely"}))
      ->group(what);
  command_->add_option("--role-ends", raw.role_ends, "lost or any")
      ->check(CLI::IsMember({"lost", "any"}))
      ->group(what);
  command_->add_option("--grain", raw.grain, "coarse or fine")->check(CLI::IsMember({"coarse", "fine"}))->group(what);
  command_->add_option("--start", raw.start, "staggered or together")
      ->check(CLI::IsMember({"staggered", "together"}))
      ->group(what);
  command_
      ->add_option("--history", raw.history,
                   "any (default: drawn), equal, or ID=EPOCH:ZXID,... (zxid -1: no database)")
      ->group(what);
  command_->add_option("--seed-bug", raw.seed_bug, "a rule as it must not be; `conclave check --list` names them")
      ->check(wrong_nothing)
      ->group(what);
  command_->add_option("--runs", raw.runs, "N runs (default 1000; with --time as many as there is time for)")
      ->check(CLI::Range(std::uint64_t{1}, runs_max))
      ->group(much);
  command_
      ->add_option("--steps", raw.steps, "at most N steps before faults stop (default 50 per server, at least 500)")
      ->check(CLI::Range(1, steps_max))
      ->group(much);
  command_->add_option("--time", raw.seconds, "at most so many seconds")
      ->check(wrong_seconds)
      ->type_name("SECONDS")
      ->group(much);
  command_->add_option("--seed", raw.seed, "what all runs follow from (default 1)")->check(wrong_seed)->group(much);
  command_->add_option("--run", raw.run, "only run N of that seed")
      ->check(CLI::Range(std::uint64_t{1}, runs_max))
      ->group(much);
  command_->add_option("--threads", raw.threads, "default: as many as there are cores; the result is the same")
      ->check(CLI::Range(1, 256))
      ->group(much);
  command_->add_option("--property", raw.claims, "claim NAME too, although it is known not to hold; repeatable")
      ->allow_extra_args(false)
      ->type_name("NAME")
      ->group(told);
  command_->add_flag("--json", raw.json, "one JSON document on stdout (docs/simulate.md)")->group(told);
  command_
      ->add_option("--html", raw.outputs.html, "a page with the picture of the failing run; into DIR if it is one")
      ->check(wrong_name)
      ->type_name("FILE|DIR")
      ->group(told);
  command_->add_option("--itf", raw.outputs.itf, "the same run as a trace in the Informal Trace Format (JSON)")
      ->check(wrong_name)
      ->type_name("FILE|DIR")
      ->group(told);
}

bool SimulateCommandLine::parsed() const { return command_->parsed(); }

namespace {

void read_ensemble(const std::string& file, const std::string& servers, SimulateOptions& options) {
  if (!servers.empty()) {
    if (!file.empty()) throw Wrong{fmt::format("--servers: found it with {}; expected one of them", file)};
    if (!parse_servers(servers, options.bounds)) {
      throw Wrong{
          fmt::format("--servers: found '{}'; expected N or N-M, from 1 to {}", servers, spec::world_servers_max)};
    }
    options.repeat.push_back("--servers " + servers);
    return;
  }
  options.file = file;
  const char* shipped = std::getenv("CONCLAVE_DEFAULT_CONFIG");
  if (options.file.empty() && shipped != nullptr) options.file = shipped;
  if (options.file.empty()) {
    throw Wrong{
        "FILE: found none, and CONCLAVE_DEFAULT_CONFIG is not set; expected a ZooKeeper configuration, or --servers"};
  }
  options.repeat.push_back(shell_word(options.file));
}

void read_history(const std::string& history, SimulateOptions& options) {
  if (history.empty() || history == "any") return;
  options.repeat.push_back("--history " + history);
  options.bounds.equal_histories = history == "equal";
  if (options.bounds.equal_histories) return;
  std::string wrong;
  options.bounds.histories = parse_histories(history, wrong);
  if (!options.bounds.histories) throw Wrong{fmt::format("--history: {} (or any, or equal)", wrong)};
}

void read_claims(const std::vector<std::string>& claims, const std::string& seed_bug, SimulateOptions& options) {
  for (const std::string& name : claims) {
    const spec::PropertyInfo* info = spec::find_property(name);
    std::vector<std::string> names;
    for (const spec::PropertyInfo& one : spec::property_infos()) {
      if (one.kind != spec::PropertyKind::sometimes) names.emplace_back(one.name);
    }
    if (info == nullptr || info->kind == spec::PropertyKind::sometimes) {
      throw Wrong{fmt::format("--property: found '{}'; expected one of {}", name, join(names, ", "))};
    }
    options.claim |= spec::bit(info->property);
    options.repeat.push_back("--property " + name);
  }
  if (seed_bug.empty()) return;
  options.repeat.push_back("--seed-bug " + seed_bug);
  options.rules = spec::find_seeded_bug(seed_bug);
  if (options.rules != nullptr) return;
  std::vector<std::string> names;
  for (const spec::RuleVariant& bug : spec::seeded_bugs()) names.emplace_back(bug.name);
  throw Wrong{fmt::format("--seed-bug: {}; expected one of {}", found_bug(seed_bug, "check"), join(names, ", "))};
}

}  // namespace

bool SimulateCommandLine::read(SimulateOptions& options, std::string& wrong) const {
  const Raw& raw = *raw_;
  const auto given = [this](const char* name) { return command_->get_option(name)->count() > 0; };
  const auto word = [&](const char* name, const std::string& value) {
    if (given(name)) options.repeat.push_back(fmt::format("{} {}", name, value));
    return given(name);
  };
  try {
    read_ensemble(raw.file, raw.servers, options);
    spec::SwarmBounds& bounds = options.bounds;
    if (word("--network", raw.network)) {
      bounds.network = parse_network(raw.network);
      if (!bounds.network) {
        throw Wrong{fmt::format("--network: found '{}'; expected latest, or fifo:K with K from 1 to {}", raw.network,
                                spec::fifo_capacity_max)};
      }
    }
    if (word("--timing", raw.timing)) {
      bounds.timing = raw.timing == "timely" ? spec::TimingKind::timely : spec::TimingKind::async;
    }
    if (word("--role-ends", raw.role_ends)) {
      bounds.role_end = raw.role_ends == "any" ? spec::RoleEnd::any : spec::RoleEnd::lost;
      if (bounds.role_end == spec::RoleEnd::any) {
        // Such roles end early, and timely is about time-outs that do not.
        if (bounds.timing == spec::TimingKind::timely) {
          throw Wrong{"--role-ends: found any with --timing timely; expected it with --timing async"};
        }
        bounds.timing = spec::TimingKind::async;
      }
    }
    if (word("--grain", raw.grain)) bounds.grain = raw.grain == "fine" ? spec::Grain::fine : spec::Grain::coarse;
    if (word("--start", raw.start)) {
      bounds.start = raw.start == "together" ? spec::StartKind::together : spec::StartKind::staggered;
    }
    read_history(raw.history, options);
    read_claims(raw.claims, raw.seed_bug, options);
    if (word("--steps", std::to_string(raw.steps))) bounds.steps_max = raw.steps;
    if (given("--run") && given("--runs")) throw Wrong{"--run: found it with --runs; expected one of them"};
  } catch (const Wrong& found) {
    wrong = found.sentence;
    return false;
  }
  options.json = raw.json;
  options.outputs = raw.outputs;
  options.threads = raw.threads;
  options.seed = raw.seed;
  options.time_max_ms = std::llround(std::ceil(raw.seconds * 1000));
  if (given("--run")) options.run = raw.run;
  options.runs = given("--runs") ? raw.runs : options.time_max_ms > 0 ? 0 : runs_default;
  return true;
}

}  // namespace conclave::check
