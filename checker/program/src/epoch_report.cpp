#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <variant>

#include "conclave/check/epoch_command.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

using model::EpochRole;
using spec::EpochActionKind;
using spec::EpochProperty;
using spec::EpochServer;
using spec::PropertyKind;

std::string ids_of(const model::Configuration& configuration, model::LearnerType role) {
  std::vector<model::ServerId> ids;
  for (const model::Member& member : configuration.members()) {
    if (member.role == role) ids.push_back(member.id);
  }
  return id_set(ids);
}

// What a report of this scope has in it.
std::vector<spec::EpochPropertyInfo> properties_of(const EpochOutcome& outcome) {
  std::vector<spec::EpochPropertyInfo> infos;
  for (const spec::EpochPropertyInfo& info : spec::epoch_property_infos()) {
    if (spec::in_scope(info.property, outcome.options.scope)) infos.push_back(info);
  }
  return infos;
}

std::string sorted_ids(const EpochOptions& options) {
  const std::set<std::int64_t> sorted(options.without_history.begin(), options.without_history.end());
  std::vector<model::ServerId> ids;
  ids.reserve(sorted.size());
  for (const std::int64_t id : sorted) ids.push_back(model::ServerId{id});
  return id_set(ids);
}

std::string epochs_in_words(const spec::EpochScope& scope) {
  const std::string stops = scope.stops < 0 ? "any number of stops" : how_many(scope.stops, "stop", "stops");
  return fmt::format("epochs up to {}; {}; {}", scope.epochs,
                     how_many(scope.transactions, "transaction", "transactions"), stops);
}

struct PacketWords {
  std::string operator()(const model::FollowerInfo& info) const {
    const bool observes = info.learner_type == model::LearnerType::observer;
    return fmt::format("{} accepted={}", observes ? "OBSERVERINFO" : "FOLLOWERINFO", info.accepted_epoch.value);
  }
  std::string operator()(const model::LeaderInfo& info) const {
    return fmt::format("LEADERINFO epoch={}", info.epoch.value);
  }
  std::string operator()(const model::AckEpoch& ack) const {
    return fmt::format("ACKEPOCH current={} zxid={}", ack.current_epoch ? ack.current_epoch->value : -1,
                       zxid_text(ack.last_zxid));
  }
  std::string operator()(const model::Synchronise& synchronise) const {
    return fmt::format("the history up to {}", zxid_text(synchronise.to));
  }
  std::string operator()(const model::NewLeader& leader) const {
    return fmt::format("NEWLEADER epoch={}", leader.epoch.value);
  }
  std::string operator()(const model::EpochAck& ack) const { return fmt::format("ACK epoch={}", ack.epoch.value); }
  std::string operator()(const model::UpToDate&) const { return "UPTODATE"; }
  std::string operator()(const model::Ping&) const { return "PING"; }
};

std::string role_text(const EpochServer& server) {
  constexpr std::string_view leading[] = {"asks a quorum which epochs it has accepted", "proposes epoch",
                                          "hands over its history in epoch", "is established in epoch"};
  constexpr std::string_view learning[] = {"has said FOLLOWERINFO to", "has accepted the epoch of",
                                           "has the history of", "has acknowledged NEWLEADER of",
                                           "is up to date with"};
  if (server.peer.role == EpochRole::leading) {
    const auto phase = static_cast<std::size_t>(server.peer.leading.phase);
    const std::string epoch = phase == 0 ? "" : fmt::format(" {}", server.peer.leading.epoch.value);
    return fmt::format("LEADING, {}{}", leading[phase], epoch);
  }
  if (server.peer.role == EpochRole::learning) {
    const auto phase = static_cast<std::size_t>(server.peer.learning.phase);
    const bool observes = server.peer.learner_type == model::LearnerType::observer;
    const std::string_view does = observes && server.peer.learning.phase == model::LearnPhase::registering
                                      ? "has said OBSERVERINFO to"
                                      : learning[phase];
    return fmt::format("{}, {} server {}", observes ? "OBSERVING" : "FOLLOWING", does,
                       id_text(server.peer.learning.leader));
  }
  return "LOOKING";
}
std::string disk_text(const model::Durable& disk) {
  return fmt::format("acceptedEpoch={} currentEpoch={} zxid={}", disk.accepted_epoch.value, disk.current_epoch.value,
                     zxid_text(disk.last_zxid));
}

std::string action_text(const EpochRunStep& step, const std::vector<EpochServer>& before) {
  const spec::EpochAction& action = *step.action;
  const EpochServer& own = before[action.server];
  const std::string server = "server " + id_text(own.peer.id);
  const std::string peer = "server " + id_text(before[action.peer].peer.id);
  switch (action.kind) {
    case EpochActionKind::lead: return server + " is elected";
    case EpochActionKind::follow: return fmt::format("{} connects to {}, which leads", server, peer);
    case EpochActionKind::deliver:
      return fmt::format("{} gets {} from {}", server, std::visit(PacketWords{}, *step.packet), peer);
    case EpochActionKind::write: return server + " writes";
    case EpochActionKind::stop: return server + " stops, and is LOOKING again";
    case EpochActionKind::log: return server + " logs a transaction";
    case EpochActionKind::copy: return fmt::format("{} logs what {} has", server, peer);
    case EpochActionKind::notice: return fmt::format("{} finds its connection with {} ended", server, peer);
    case EpochActionKind::tick: return server + " looks, at a tick, for its quorum";
    case EpochActionKind::count: return server + ", which leads, is now counted itself";
    case EpochActionKind::lose: return fmt::format("what {} still had from {} is gone", server, peer);
  }
  return "?";
}

std::string run_text(const EpochRun& run) {
  const spec::EpochPropertyInfo& info = spec::epoch_property_infos()[static_cast<std::size_t>(run.property)];
  std::string text;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "{} {} in {} steps (there is no shorter run)\n  {}\n", info.name,
                 info.kind == PropertyKind::sometimes ? "is reached" : "is broken", run.steps.size() - 1,
                 info.sentence);
  for (std::size_t i = 1; i < run.steps.size(); ++i) {
    const EpochRunStep& step = run.steps[i];
    const std::vector<EpochServer>& before = run.steps[i - 1].servers;
    fmt::format_to(out, " {:2}. {}\n", i, action_text(step, before));
    const EpochServer& was = before[step.action->server];
    const EpochServer& is = step.servers[step.action->server];
    if (!(was.disk == is.disk)) fmt::format_to(out, "       on disk: {}\n", disk_text(is.disk));
    if (role_text(was) != role_text(is)) fmt::format_to(out, "       {}\n", role_text(is));
    if (!is.pending.empty() && was.pending.empty()) text += "       has to write before it goes on\n";
  }
  return text;
}

// A claim is put to the test by what it is about: a leader that is established, a second one, a transaction to lose.
bool was_tested(const EpochReport& report, EpochProperty property) {
  const auto seen = [&report](EpochProperty what) {
    return report.first_seen[static_cast<std::size_t>(what)].has_value();
  };
  const bool again = seen(EpochProperty::second_epoch);
  if (property == EpochProperty::epochs_rise || property == EpochProperty::one_leader_per_epoch) return again;
  if (property == EpochProperty::kept_by_quorum) return seen(EpochProperty::leader_gives_up);
  if (property == EpochProperty::committed_survives) return again && seen(EpochProperty::transaction_committed);
  return seen(EpochProperty::leader_established);
}

std::string_view standing_of(const EpochOutcome& outcome, const spec::EpochPropertyInfo& info) {
  const bool seen = outcome.report.first_seen[static_cast<std::size_t>(info.property)].has_value();
  if (info.kind == PropertyKind::always) {
    if (seen) return "violated";
    const bool tested = was_tested(outcome.report, info.property);
    if (!tested) return "untested";
    return outcome.report.verdict == checker::Verdict::exhausted ? "holds" : "so far";
  }
  return seen ? "seen" : "not seen";
}

std::size_t untested_claims(const EpochOutcome& outcome) {
  const auto infos = properties_of(outcome);
  return static_cast<std::size_t>(std::count_if(
      infos.begin(), infos.end(), [&](const auto& info) { return standing_of(outcome, info) == "untested"; }));
}

// Empty where everything was explored.
std::string why_it_ended(const EpochOutcome& outcome) {
  return stop_in_words(outcome.report.stop, {0, outcome.options.time_max_ms, outcome.options.memory_bytes});
}

// What makes a verdict say less than it seems to.
std::vector<std::string> warnings_of(const EpochOutcome& outcome) {
  const spec::EpochRuleVariant& rules = *outcome.options.rules;
  const bool whole = outcome.report.verdict == checker::Verdict::exhausted && outcome.report.violations.empty();
  if (!whole || rules.needs.empty()) return {};
  return {fmt::format("{} breaks nothing here; to show it needs {}", rules.name, rules.needs)};
}

void conclusion(std::string& text, const EpochOutcome& outcome) {
  const EpochReport& report = outcome.report;
  const std::string bounds = epochs_in_words(outcome.options.scope);
  if (!report.violations.empty()) {
    fmt::format_to(std::back_inserter(text), "verdict: violated\n");
  } else if (report.verdict == checker::Verdict::exhausted) {
    const std::size_t untested = untested_claims(outcome);
    const std::string holds = untested == 0 ? "every claim holds within these bounds"
                                            : fmt::format(
                                                  "no claim fails within these bounds, and {} {} never put "
                                                  "to the test",
                                                  untested, untested == 1 ? "was" : "were");
    fmt::format_to(
        std::back_inserter(text),
        "Every run within these bounds was explored, whatever the elections decide, and in none does a claim "
        "fail.\nBeyond them nothing is said. Bounds: {}.\nverdict: exhausted - {}\n",
        bounds, holds);
  } else {
    fmt::format_to(std::back_inserter(text),
                   "Only a part of the runs was explored; no claim failed in that part.\nverdict: {} - {}\n",
                   name_of(report.verdict), why_it_ended(outcome));
  }
}

}  // namespace

std::string epoch_text_report(const EpochOutcome& outcome) {
  const EpochReport& report = outcome.report;
  std::string text;
  auto out = std::back_inserter(text);
  const model::Configuration& configuration = outcome.cfg.configuration;
  fmt::format_to(out, "{}\n  voters {}\n", outcome.cfg.file, ids_of(configuration, model::LearnerType::participant));
  if (outcome.options.scope.observers) {
    fmt::format_to(out, "  observers {}\n", ids_of(configuration, model::LearnerType::observer));
  }
  fmt::format_to(out, "explored\n  bounds: {}\n", epochs_in_words(outcome.options.scope));
  fmt::format_to(out, "  elections: any server may be elected, and follow any that leads, at any time\n");
  if (outcome.options.scope.ticks) {
    text += "  ticks: a leader notices that a connection has ended, and once a tick that it has no quorum\n";
  }
  if (!outcome.options.without_history.empty()) {
    fmt::format_to(out, "  without history: {}\n", sorted_ids(outcome.options));
  }
  if (outcome.options.rules != &spec::zookeeper_epoch_rules()) {
    fmt::format_to(out, "  seeded bug {}: {}\n", outcome.options.rules->name, outcome.options.rules->sentence);
  }
  fmt::format_to(out, "  {} states, {} steps, {} levels; {:.2f} s; {}\n", grouped(report.states),
                 grouped(report.steps), report.levels, report.seconds, bytes_in_words(report.bytes));
  if (report.cut > 0) {
    fmt::format_to(out, "  {} steps were not taken: a leader would have gone beyond epoch {}\n", grouped(report.cut),
                   outcome.options.scope.epochs);
  }
  text += "claims\n";
  const auto infos = properties_of(outcome);
  for (const spec::EpochPropertyInfo& info : infos) {
    if (info.kind == PropertyKind::always) {
      fmt::format_to(out, "  {:9} {}\n", standing_of(outcome, info), info.name);
    }
  }
  text += "reached\n";
  for (const spec::EpochPropertyInfo& info : infos) {
    if (info.kind == PropertyKind::always) continue;
    const auto first = report.first_seen[static_cast<std::size_t>(info.property)];
    const std::string_view broken = info.kind == PropertyKind::refuted ? "broken " : "";
    const std::string when = first ? fmt::format("{}after {} steps", broken, *first) : "not";
    fmt::format_to(out, "  {:22} {}\n", info.name, when);
  }
  for (const EpochRun& run : report.shown) text += "\n" + run_text(run);
  for (const EpochRun& run : report.violations) text += "\n" + run_text(run);
  text += "\n";
  for (const std::string& warning : warnings_of(outcome)) text += "warning: " + warning + "\n";
  conclusion(text, outcome);
  return text;
}

std::string epoch_listing() {
  std::string text;
  auto out = std::back_inserter(text);
  const auto list = [&](PropertyKind kind, std::string_view title) {
    fmt::format_to(out, "{}\n", title);
    for (const spec::EpochPropertyInfo& info : spec::epoch_property_infos()) {
      if (info.kind != kind) continue;
      fmt::format_to(out, "  {}\n      {}\n", info.name, info.sentence);
      if (!info.reason.empty()) fmt::format_to(out, "      why: {}\n", info.reason);
    }
  };
  list(PropertyKind::always, "claims: a violation is an error");
  list(PropertyKind::refuted, "\nknown not to hold: --show NAME prints the shortest run that breaks one");
  list(PropertyKind::sometimes, "\nreached in some runs: --show NAME prints the shortest");
  text += "\nbugs for --seed-bug, each a rule as it must not be\n";
  for (const spec::EpochRuleVariant& bug : spec::seeded_epoch_bugs()) {
    fmt::format_to(out, "  {}\n      {}\n", bug.name, bug.sentence);
    if (!bug.needs.empty()) fmt::format_to(out, "      needs: {}\n", bug.needs);
    if (!bug.releases.empty()) fmt::format_to(out, "      releases: {}\n", bug.releases);
  }
  return text;
}

std::string epoch_json_report(const EpochOutcome& outcome) {
  using nlohmann::json;
  const EpochReport& report = outcome.report;
  const auto run_json = [](const EpochRun& run) {
    json steps = json::array();
    for (std::size_t i = 1; i < run.steps.size(); ++i) {
      const EpochRunStep& step = run.steps[i];
      const EpochServer& is = step.servers[step.action->server];
      steps.push_back({{"action", action_text(step, run.steps[i - 1].servers)},
                       {"server", is.peer.id.value},
                       {"role", role_text(is)},
                       {"acceptedEpoch", is.disk.accepted_epoch.value},
                       {"currentEpoch", is.disk.current_epoch.value},
                       {"zxid", zxid_text(is.disk.last_zxid)}});
    }
    const auto& info = spec::epoch_property_infos()[static_cast<std::size_t>(run.property)];
    return json{{"property", info.name}, {"steps", steps}};
  };
  json properties = json::array();
  for (const spec::EpochPropertyInfo& info : properties_of(outcome)) {
    const auto first = report.first_seen[static_cast<std::size_t>(info.property)];
    properties.push_back({{"name", info.name},
                          {"sentence", info.sentence},
                          {"standing", standing_of(outcome, info)},
                          {"first_seen", first ? json(*first) : json()}});
  }
  json runs = json::array();
  for (const EpochRun& run : report.violations) runs.push_back(run_json(run));
  for (const EpochRun& run : report.shown) runs.push_back(run_json(run));
  const spec::EpochScope& scope = outcome.options.scope;
  const json document = {
      {"version", version()},
      {"exit_code", status_of(outcome.exit_code)},
      {"why", why_it_ended(outcome)},
      {"file", outcome.cfg.file},
      {"bounds",
       {{"epochs", scope.epochs},
        {"transactions", scope.transactions},
        {"stops", scope.stops < 0 ? json() : json(scope.stops)}}},
      {"without_history", outcome.options.without_history},
      {"observers", scope.observers},
      {"ticks", scope.ticks},
      {"rules", outcome.options.rules->name},
      {"warnings", warnings_of(outcome)},
      {"verdict", report.violations.empty() ? name_of(report.verdict) : std::string_view("violated")},
      {"states", report.states},
      {"steps", report.steps},
      {"levels", report.levels},
      {"seconds", report.seconds},
      {"bytes", report.bytes},
      {"cut", report.cut},
      {"properties", properties},
      {"runs", runs}};
  return document.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace conclave::check
