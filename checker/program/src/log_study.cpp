// `conclave trace` of logs: reading, replaying, and comparing.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "conclave/check/log_study.hpp"
#include "conclave/check/words.hpp"
#include "conclave/config/zoo_cfg.hpp"
#include "conclave/logs/clocks.hpp"
#include "conclave/model/election.hpp"
#include "conclave/spec/zookeeper_bugs.hpp"
#include "printable.hpp"

namespace conclave::check {
namespace {

using model::ServerId;

std::string vote_words(const model::Vote& vote) {
  return fmt::format("{} for server {}, round {}, epoch {}, zxid {}", model::name_of(vote.state),
                     id_text(vote.proposal.leader), vote.round.value, vote.proposal.epoch.value,
                     zxid_text(vote.proposal.zxid));
}

// Its release's rules, as far as they are known to have been others.
model::Transition today(const model::Ensemble& ensemble, const model::Peer& peer, const model::Event& event) {
  return model::step(ensemble, peer, event);
}

logs::StepFunction rules_of(const std::string& release) {
  const spec::RuleVariant* variant = release.empty() ? nullptr : spec::rules_of_release(release);
  return variant == nullptr ? today : variant->step;
}

// What a log has said may be shown from now on.
void make_printable(logs::Logs& logs) {
  for (logs::ServerLog& log : logs.servers) {
    for (logs::Fact& fact : log.facts) {
      if (auto* one = std::get_if<logs::RoleLost>(&fact.sentence)) one->why = printable(one->why);
      if (auto* one = std::get_if<logs::StateChanged>(&fact.sentence)) one->phase = printable(one->phase);
      if (auto* one = std::get_if<logs::Connected>(&fact.sentence)) one->address = printable(one->address);
      if (auto* one = std::get_if<logs::ChannelRefused>(&fact.sentence)) one->address = printable(one->address);
      if (auto* one = std::get_if<logs::ListensAt>(&fact.sentence)) one->address = printable(one->address);
    }
  }
}

void note_divergences(LogStudy& study) {
  for (std::size_t i = 0; i < study.logs.servers.size(); ++i) {
    const logs::ServerLog& log = study.logs.servers[i];
    for (const logs::Divergence& one : study.explanations[i].divergences) {
      note_finding(study, log, {place_of(log.facts[one.fact]), log.sid, one.what, one.logged, one.model, {}});
    }
    for (const logs::Divergence& one : study.explanations[i].given_up) {
      study.doubts.push_back({place_of(log.facts[one.fact]), log.sid, one.what, one.logged, one.model,
                              "too much is possible there to be followed"});
    }
  }
  for (const logs::Unsaid& one : study.crossing.unsaid) {
    const logs::ServerLog& log = study.logs.servers[one.server];
    const logs::Fact& fact = log.facts[one.fact];
    const model::Notification& heard = std::get<logs::Heard>(fact.sentence).notification;
    study.findings.push_back({place_of(fact),
                              log.sid,
                              fmt::format("hears what server {} has not said", heard.from.value),
                              vote_words(heard.vote),
                              fmt::format("nothing in server {}'s log makes it say that", heard.from.value),
                              {}});
  }
}

// Each notification that is not accounted for counts once, whatever is unknown of it.
void count(LogStudy& study) {
  for (std::size_t i = 0; i < study.logs.servers.size(); ++i) {
    const logs::Explanation& explanation = study.explanations[i];
    std::set<std::size_t> unknown(explanation.unknown.begin(), explanation.unknown.end());
    study.heard += explanation.heard;
    study.explained += explanation.heard - unknown.size();
    unknown.insert(study.crossing.undecided[i].begin(), study.crossing.undecided[i].end());
    for (const logs::Unsaid& one : study.crossing.unsaid) {
      if (one.server == i) unknown.insert(one.fact);
    }
    study.unknown.push_back(unknown.size());
    study.accounted += explanation.heard - unknown.size();
  }
}

std::optional<std::string> configure(LogStudy& study, const std::string& config) {
  study.membership = logs::membership_of(study.logs);
  study.config_file = config;
  if (!config.empty()) {
    auto cfg = config::read_zoo_cfg(config);
    if (!cfg) return cfg.error().message();
    study.configuration = cfg->configuration;
    study.addresses = std::move(cfg->servers);
    study.servers_file = cfg->dynamic_file.value_or(config);
    for (const logs::ServerLog& log : study.logs.servers) {
      if (study.configuration.find(log.sid) != nullptr) continue;
      return fmt::format("{}: found no server {}; expected all whose logs are given", study.servers_file,
                         log.sid.value);
    }
    return note_foreign(study);
  }
  study.configuration = logs::configuration_of(study.membership);
  if (study.configuration.error() != model::ConfigurationError::none || study.configuration.voters() == 0) {
    return fmt::format("{}: found {} servers; expected 1 to {}, or --config zoo.cfg", study.logs.files[0].name,
                       study.membership.voters.size(), model::servers_max);
  }
  return std::nullopt;
}

}  // namespace

tl::expected<LogStudy, std::string> study_logs(const std::vector<std::string>& files, const std::string& config) {
  LogStudy study;
  auto read = logs::read_logs(files);
  if (!read) return tl::unexpected(read.error().message());
  study.logs = std::move(*read);
  logs::correct_clocks(study.logs);
  make_printable(study.logs);
  if (auto wrong = configure(study, config)) return tl::unexpected(std::move(*wrong));
  for (const logs::ServerLog& log : study.logs.servers) {
    study.releases.push_back(logs::releases_of(log));
    logs::World world{study.configuration, model::Timing{}, rules_of(study.releases.back().front().name)};
    for (const logs::Release& release : study.releases.back())
      world.later_steps[release.from] = rules_of(release.name);
    study.worlds.push_back(std::move(world));
    study.explanations.push_back(logs::explain(log, study.worlds.back()));
  }
  study.crossing = logs::cross(study.logs, study.explanations, study.worlds);
  note_divergences(study);
  note_epochs(study);
  count(study);
  tell_elections(study);
  tell_troubles(study);
  note_other_leaders(study);
  for (std::vector<LogFinding>* all : {&study.findings, &study.doubts}) {
    std::stable_sort(all->begin(), all->end(),
                     [](const auto& left, const auto& right) { return left.place.time_ms < right.place.time_ms; });
  }
  return study;
}

std::string release_words(const std::vector<logs::Release>& releases) {
  std::vector<std::string> names;
  for (const logs::Release& release : releases) names.push_back(release.name);
  return join(names, ", then ");
}

bool knows_one_voter(const LogStudy& study) { return study.config_file.empty() && study.configuration.voters() == 1; }

void note_finding(LogStudy& study, const logs::ServerLog& log, LogFinding finding) {
  if (log.goes_back) {
    finding.unknown_as = "its log goes back in time, and so may not be in the order in which it was written";
  } else if (log.incomplete) {
    finding.unknown_as = "lines of its own may be among those that are nobody's or are not understood";
  } else if (knows_one_voter(study)) {
    finding.unknown_as =
        "the logs name no other voter, and one alone holds no election (--config zoo.cfg says who votes)";
  }
  (finding.unknown_as.empty() ? study.findings : study.doubts).push_back(std::move(finding));
}

ExitCode exit_code_of(const LogStudy& study) {
  if (!study.findings.empty()) return ExitCode::violated;
  const bool decided =
      std::any_of(study.turns.begin(), study.turns.end(), [](const Turn& turn) { return turn.end.has_value(); });
  const bool judged = decided || (study.explained > 0 && !knows_one_voter(study));
  return judged ? ExitCode::holds : ExitCode::bounded;
}

}  // namespace conclave::check
