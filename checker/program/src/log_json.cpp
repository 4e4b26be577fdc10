// `conclave trace` of logs: the report for programs.
#include <nlohmann/json.hpp>

#include "conclave/check/log_study.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

using Json = nlohmann::ordered_json;

template <class Set>
Json ids(const Set& set) {
  Json list = Json::array();
  for (const model::ServerId id : set) list.push_back(id.value);
  return list;
}

Json proposal(const model::Proposal& of) {
  if (of.leader == model::no_server) return nullptr;
  return {{"leader", of.leader.value}, {"epoch", of.epoch.value}, {"zxid", zxid_text(of.zxid)}};
}

// Without a time zone, as a log names none.
std::string time_text(std::int64_t ms) {
  std::string text = record::time_to_text(ms * 1'000);
  text.resize(text.size() - std::string_view("000Z").size());
  return text;
}

Json place(const LogStudy& study, const LogPlace& at) {
  Json json = {{"file", study.logs.files[at.file].name}, {"line", at.line}, {"time", time_text(at.time_ms)}};
  if (at.ahead_ms != 0) json["own_time"] = time_text(at.time_ms + at.ahead_ms);
  return json;
}

Json turn(const LogStudy& study, const Turn& of) {
  Json json = {{"sid", study.logs.servers[of.server].sid.value},
               {"began", place(study, of.began)},
               {"round", of.round.value},
               {"initial", proposal(of.initial)}};
  Json changes = Json::array();
  for (const VoteChange& change : of.changes) {
    changes.push_back({{"at", place(study, change.place)},
                       {"heard", change.by ? Json(change.by->value) : Json(nullptr)},
                       {"round", change.round.value},
                       {"proposal", proposal(change.proposal)}});
  }
  json["changes"] = changes;
  json["time_outs"] = of.timeouts;
  Json heard = Json::array();
  for (const auto& [sid, at] : of.heard) heard.push_back({{"sid", sid.value}, {"first", place(study, at)}});
  json["heard"] = heard;
  if (!of.end) {
    json["end"] = nullptr;
    return json;
  }
  json["end"] = {{"at", place(study, of.end->place)},
                 {"state", model::name_of(of.end->state)},
                 {"leader", of.end->vote.proposal.leader.value},
                 {"round", of.end->vote.round.value},
                 {"joined", !of.end->by_silence},
                 {"agreed", ids(of.end->agreed)},
                 {"took_ms", of.end->place.time_ms - of.began.time_ms},
                 {"waited_ms", of.end->waited_ms ? Json(*of.end->waited_ms) : Json(nullptr)}};
  return json;
}

Json files(const LogStudy& study) {
  Json list = Json::array();
  for (const logs::LogFile& file : study.logs.files) {
    list.push_back({{"name", file.name},
                    {"lines", file.lines},
                    {"messages", file.messages},
                    {"of_elections", file.of_elections},
                    {"nobodys", file.nobodys},
                    {"repeated", file.repeated},
                    {"not_understood", file.garbled_lines}});
  }
  return list;
}

Json servers(const LogStudy& study) {
  Json list = Json::array();
  for (std::size_t i = 0; i < study.logs.servers.size(); ++i) {
    const logs::Explanation& explanation = study.explanations[i];
    const logs::ServerLog& log = study.logs.servers[i];
    const std::string release = release_words(study.releases[i]);
    list.push_back({{"sid", log.sid.value},
                    {"release", release.empty() ? Json(nullptr) : Json(release)},
                    {"goes_back", log.goes_back ? place(study, place_of(log.facts[*log.goes_back])) : Json(nullptr)},
                    {"notifications", explanation.heard},
                    {"unknown", study.unknown[i]},
                    {"found_at_sender", study.crossing.found[i]},
                    {"sender_without_log", study.crossing.uncovered[i]}});
  }
  return list;
}

Json foreign(const LogStudy& study) {
  Json list = Json::array();
  for (const Foreign& of : study.foreign) {
    Json one = place(study, of.place);
    one["lines"] = of.lines;
    one["sid"] = of.sid ? Json(of.sid->value) : Json(nullptr);
    one["logged"] = of.logged;
    one["configured"] = of.configured;
    one["config_line"] = of.config_line > 0 ? Json(of.config_line) : Json(nullptr);
    list.push_back(one);
  }
  return list;
}

Json findings(const LogStudy& study, const std::vector<LogFinding>& all) {
  Json list = Json::array();
  for (const LogFinding& finding : all) {
    Json one = place(study, finding.place);
    one["sid"] = finding.sid.value;
    one["what"] = finding.what;
    one["logged"] = finding.logged;
    one["model"] = finding.model;
    if (!finding.unknown_as.empty()) one["unknown_as"] = finding.unknown_as;
    list.push_back(one);
  }
  return list;
}

Json clocks(const LogStudy& study) {
  const auto sid = [&](std::size_t server) { return study.logs.servers[server].sid.value; };
  Json list = Json::array();
  for (const logs::ClockDifference& one : study.logs.clocks) {
    list.push_back({{"sid", sid(one.server)},
                    {"with", sid(one.with)},
                    {"ahead_ms", one.ahead_ms},
                    {"give_or_take_ms", one.give_or_take_ms},
                    {"votes", one.votes},
                    {"against", one.against}});
  }
  for (const auto& [one, other] : study.crossing.apart) {
    list.push_back({{"sid", sid(other)},
                    {"with", sid(one)},
                    {"ahead_ms", nullptr},
                    {"give_or_take_ms", nullptr},
                    {"votes", 0},
                    {"against", 0}});
  }
  return list;
}

}  // namespace

std::string log_json_report(const LogStudy& study) {
  const ExitCode code = exit_code_of(study);
  Json json = {{"format", 1},
               {"verdict", code == ExitCode::holds      ? "same"
                           : code == ExitCode::violated ? "diverges"
                                                        : "unknown"}};
  json["files"] = files(study);
  json["servers"] = servers(study);
  std::vector<model::ServerId> voters;
  for (const model::Member& member : study.configuration.members()) {
    if (member.role == model::LearnerType::participant) voters.push_back(member.id);
  }
  json["voters"] = ids(voters);
  json["voters_assumed"] = study.config_file.empty();
  json["not_as_configured"] = foreign(study);
  json["clocks"] = clocks(study);
  json["notifications"] = {
      {"heard", study.heard}, {"accounted", study.accounted}, {"unknown", study.heard - study.accounted}};
  Json outcomes = Json::array();
  for (const ElectionOutcome& outcome : study.outcomes) {
    Json one = {{"leader", outcome.leader.value},
                {"round", outcome.round.value},
                {"epoch", outcome.epoch ? Json(outcome.epoch->value) : Json(nullptr)}};
    Json turns = Json::array();
    for (const std::size_t i : outcome.turns) turns.push_back(turn(study, study.turns[i]));
    one["servers"] = turns;
    outcomes.push_back(one);
  }
  json["elections"] = outcomes;
  Json open = Json::array();
  for (const Turn& of : study.turns) {
    if (!of.end) open.push_back(turn(study, of));
  }
  json["without_end"] = open;
  Json troubles = Json::array();
  for (const Trouble& trouble : study.troubles) {
    if (trouble.refused == 0 && trouble.hearing == Hearing::not_shown) continue;
    troubles.push_back({{"sid", study.logs.servers[trouble.server].sid.value},
                        {"with", trouble.with.value},
                        {"refused", trouble.refused},
                        {"first", trouble.first ? place(study, *trouble.first) : Json(nullptr)},
                        {"last", trouble.last ? place(study, *trouble.last) : Json(nullptr)},
                        {"notifications", trouble.heard},
                        {"never_heard", trouble.hearing == Hearing::never}});
  }
  json["connections"] = troubles;
  json["unknown_places"] = findings(study, study.doubts);
  json["divergences"] = findings(study, study.findings);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace conclave::check
