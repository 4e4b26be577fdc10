#include "conclave/check/epoch_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "conclave/check/options.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {

struct EpochCommandLine::Raw {
  std::string file;
  std::string memory;
  std::string seed_bug;
  std::vector<std::string> shows;
  std::vector<std::string> without_history;
  int epochs = 0;
  int transactions = -1;
  int stops = 0;
  bool any_stops = false;
  bool observers = false;
  bool ticks = false;
  int threads = 1;
  double seconds = 0;
  bool json = false;
  bool list = false;
};

EpochCommandLine::EpochCommandLine() : raw_(std::make_unique<Raw>()) {}
EpochCommandLine::~EpochCommandLine() = default;

void EpochCommandLine::add_to(CLI::App& app, int threads) {
  Raw& raw = *raw_;
  raw.threads = threads;
  raw.stops = -2;
  command_ = app.add_subcommand("epoch", "explore what follows an election: establishing an epoch");
  command_->add_option("FILE", raw.file, "a zoo.cfg (default: $CONCLAVE_DEFAULT_CONFIG)")->check(wrong_name);
  command_->add_option("--epochs", raw.epochs, "no leader goes beyond epoch N (default 2)")
      ->check(CLI::Range(1, spec::epochs_max));
  command_->add_option("--transactions", raw.transactions, "at most N are logged (default 1; from five voters on 0)")
      ->check(CLI::Range(0, spec::transactions_max));
  command_
      ->add_option("--stops", raw.stops, "at most N crashes and ends of roles (default 3 up to three voters, else 1)")
      ->check(CLI::Range(0, spec::stops_max));
  command_->add_flag("--any-stops", raw.any_stops, "any number of crashes and ends of roles");
  command_
      ->add_option("--without-history", raw.without_history,
                   "servers that keep no data, as conclave's node: ids, separated by commas")
      ->allow_extra_args(false)
      ->type_name("IDS");
  command_->add_flag("--observers", raw.observers, "the observers of FILE take part");
  command_->add_flag("--ticks", raw.ticks, "leaders notice lost connections, and look once a tick for their quorum");
  command_->add_option("--seed-bug", raw.seed_bug, "a rule as it must not be")->check(wrong_nothing);
  command_->add_option("--show", raw.shows, "print the shortest run to NAME; repeatable")
      ->allow_extra_args(false)
      ->type_name("NAME");
  command_->add_flag("--list", raw.list, "the claims, what is reached, and the bugs that can be seeded");
  command_->add_option("--threads", raw.threads, "default: as many as there are cores")->check(CLI::Range(1, 256));
  command_->add_option("--memory", raw.memory, "512M, 8G, or bytes (default: 80 % of what is available)")
      ->check(wrong_nothing)
      ->type_name("SIZE");
  command_->add_option("--time", raw.seconds, "at most so many seconds")->check(wrong_seconds)->type_name("SECONDS");
  command_->add_flag("--json", raw.json, "one JSON document on stdout");
}

bool EpochCommandLine::parsed() const { return command_->parsed(); }
bool EpochCommandLine::list() const { return raw_->list; }

bool EpochCommandLine::read(EpochOptions& options, std::string& wrong) const {
  const Raw& raw = *raw_;
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
  if (raw.epochs > 0) options.scope.epochs = raw.epochs;
  options.scope.transactions = raw.transactions;
  if (raw.any_stops && raw.stops >= 0) {
    wrong = "--any-stops: found it with --stops; expected one of them";
    return false;
  }
  options.scope.observers = raw.observers;
  options.scope.ticks = raw.ticks;
  const auto ids = parse_ids(raw.without_history, wrong);
  if (!ids) {
    wrong = "--without-history: " + wrong;
    return false;
  }
  options.without_history = *ids;
  options.stops_given = raw.any_stops || raw.stops >= 0;
  options.scope.stops = raw.stops >= 0 ? raw.stops : -1;
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
    for (const spec::EpochPropertyInfo& info : spec::epoch_property_infos()) {
      if (!spec::in_scope(info.property, options.scope)) continue;
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
  options.rules = spec::find_seeded_epoch_bug(raw.seed_bug);
  if (options.rules != nullptr) return true;
  std::vector<std::string> names;
  for (const spec::EpochRuleVariant& bug : spec::seeded_epoch_bugs()) names.emplace_back(bug.name);
  wrong = fmt::format("--seed-bug: {}; expected one of {}", found_bug(raw.seed_bug, "epoch"), join(names, ", "));
  return false;
}

}  // namespace conclave::check
