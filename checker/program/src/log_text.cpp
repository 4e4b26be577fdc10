// `conclave trace` of logs: the report for people.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <map>

#include "conclave/check/log_study.hpp"
#include "conclave/check/words.hpp"
#include "text_parts.hpp"

namespace conclave::check {
namespace {

using model::ServerId;
using model::ServerState;

constexpr std::size_t lines_named_max = 5;
// An election that takes longer than this has a reason beyond the votes' way and the last wait.
constexpr std::int64_t long_ms = 1'000;

std::string clock_of(std::int64_t ms) { return record::time_to_text(ms * 1'000).substr(11, 12); }
std::string day_of(std::int64_t ms) { return record::time_to_text(ms * 1'000).substr(0, 10); }

template <class Set>
std::string set_words(const Set& ids) {
  return id_set({ids.begin(), ids.end()});
}

std::string seconds(std::int64_t ms) {
  return ms < 10'000 ? fmt::format("{} ms", ms) : fmt::format("{:.1f} s", static_cast<double>(ms) / 1'000.0);
}

void write_files(std::string& text, const LogStudy& study) {
  auto out = std::back_inserter(text);
  for (const logs::LogFile& file : study.logs.files) {
    fmt::format_to(out, "{}\n  {}, {}\n", file.name, counted(file.lines, "line", "lines"),
                   counted(file.messages, "message", "messages"));
    if (!file.of_elections) fmt::format_to(out, "  note: no word of an election\n");
    if (file.nobodys > 0) {
      fmt::format_to(out, "  note: of {} of elections it can't be told whose {}; left out\n",
                     counted(file.nobodys, "line", "lines"), file.nobodys == 1 ? "it is" : "they are");
    }
    if (file.repeated > 0) {
      fmt::format_to(out, "  note: {} of elections {} in another file too, and {} once\n",
                     counted(file.repeated, "line", "lines"), file.repeated == 1 ? "is" : "are",
                     file.repeated == 1 ? "counts" : "count");
    }
    if (file.garbled_lines.empty()) continue;
    std::vector<std::string> lines;
    for (const std::size_t line : file.garbled_lines) {
      if (lines.size() == lines_named_max) break;
      lines.push_back(std::to_string(line));
    }
    const bool more = file.garbled_lines.size() > lines.size();
    fmt::format_to(out, "  note: not understood, though of elections: {} {}{}\n",
                   file.garbled_lines.size() == 1 ? "line" : "lines", join(lines, ", "),
                   more ? fmt::format(" and {} more", file.garbled_lines.size() - lines.size()) : "");
  }
}

void write_servers(std::string& text, const LogStudy& study) {
  for (std::size_t i = 0; i < study.logs.servers.size(); ++i) {
    const logs::ServerLog& log = study.logs.servers[i];
    const logs::Explanation& explanation = study.explanations[i];
    const auto starts = std::count_if(log.facts.begin(), log.facts.end(), [](const logs::Fact& fact) {
      return std::holds_alternative<logs::ProcessStarted>(fact.sentence);
    });
    const auto turns =
        std::count_if(study.turns.begin(), study.turns.end(), [&](const Turn& turn) { return turn.server == i; });
    const std::string named = release_words(study.releases[i]);
    const std::string release = named.empty() ? "its release is not named" : "ZooKeeper " + named;
    wrapped(
        text, fmt::format("server {}  ", log.sid.value),
        words_of(fmt::format("{}; {}, {}, {} heard", release, how_many(static_cast<int>(starts), "start", "starts"),
                             how_many(static_cast<int>(turns), "election", "elections"),
                             how_many(static_cast<int>(explanation.heard), "notification", "notifications"))),
        " ");
  }
}

void write_membership(std::string& text, const LogStudy& study) {
  std::vector<ServerId> voters;
  std::vector<ServerId> observers;
  for (const model::Member& member : study.configuration.members()) {
    (member.role == model::LearnerType::participant ? voters : observers).push_back(member.id);
  }
  std::string sentence = fmt::format("voters {}", id_set(voters));
  if (!observers.empty()) sentence += fmt::format(", observers {}", id_set(observers));
  if (!study.config_file.empty()) {
    sentence += " as in " + study.config_file;
    if (study.configuration.kind() == model::QuorumKind::hierarchical) sentence += ", in groups";
  } else {
    sentence += fmt::format(
        "; ASSUMED: those that the logs hear vote or call, any {} of them a quorum (--config "
        "zoo.cfg says it for sure)",
        voters.size() / 2 + 1);
    if (!study.membership.silent.empty()) {
      sentence += fmt::format("; never heard to vote: {}", set_words(study.membership.silent));
    }
  }
  wrapped(text, "", words_of(sentence), " ");
}

// Both places, what each says, and that they can't both be right.
void write_foreign(std::string& text, const LogStudy& study) {
  for (const Foreign& one : study.foreign) {
    const std::string more =
        one.lines > 1 ? fmt::format(" and {} more", how_many(static_cast<int>(one.lines - 1), "line", "lines")) : "";
    const std::string line = one.config_line > 0 ? fmt::format(":{}", one.config_line) : "";
    wrapped(text, "  note: NOT AS CONFIGURED: ",
            words_of(fmt::format("{} ({}:{}{}); {} ({}{})", one.logged, study.logs.files[one.place.file].name,
                                 one.place.line, more, one.configured, study.servers_file, line)),
            " ");
  }
}

// Where the times of two logs do not go together.
void write_clocks(std::string& text, const LogStudy& study) {
  const auto sid = [&](std::size_t server) { return study.logs.servers[server].sid.value; };
  const auto span = [&](std::size_t server) {
    const std::vector<logs::Fact>& facts = study.logs.servers[server].facts;
    return fmt::format("{} {} to {} {}", day_of(facts.front().time_ms), clock_of(facts.front().time_ms),
                       day_of(facts.back().time_ms), clock_of(facts.back().time_ms));
  };
  for (const logs::ServerLog& log : study.logs.servers) {
    if (!log.goes_back) continue;
    const logs::Fact& fact = log.facts[*log.goes_back];
    wrapped(text, "  note: ",
            words_of(fmt::format("server {}'s log goes back in time at {}:{}, to {}: its clock was set back, or its "
                                 "lines are not in the order in which they were written",
                                 log.sid.value, study.logs.files[fact.file].name, fact.line, clock_of(fact.time_ms))),
            " ");
  }
  for (const logs::ClockDifference& one : study.logs.clocks) {
    wrapped(
        text, "  note: ",
        words_of(fmt::format("{}; its times below are by server {}'s clock", clock_words(study, one), sid(one.with))),
        " ");
  }
  for (const auto& [one, other] : study.crossing.apart) {
    wrapped(
        text, "  note: ",
        words_of(fmt::format("the logs of server {} ({}) and server {} ({}) have no time in common: what they heard "
                             "of each other could not be looked for",
                             sid(one), span(one), sid(other), span(other))),
        " ");
  }
}

// By which clocks the times are.
const char* by_clocks(const LogStudy& study) {
  return study.logs.clocks.empty() ? "by the logs' clocks" : "by the logs' clocks, put right as noted above";
}

std::string change_words(const VoteChange& change) {
  const std::string by = change.by ? fmt::format(" (heard server {})", change.by->value) : "";
  const std::string round = change.later_round ? fmt::format("round {}, ", change.round.value) : "";
  return fmt::format("{}server {}{}", round, id_text(change.proposal.leader), by);
}

std::string turn_words(const LogStudy& study, const Turn& turn) {
  std::string text = fmt::format("round {}, server {}", turn.round.value, id_text(turn.initial.leader));
  if (turn.initial.leader == model::no_server) text = fmt::format("round {}, proposes nobody", turn.round.value);
  for (const VoteChange& change : turn.changes) text += " -> " + change_words(change);
  if (turn.timeouts > 0) {
    text += fmt::format("; waited in vain {}", how_many(static_cast<int>(turn.timeouts), "time", "times"));
  }
  if (!turn.end) return text + "; its log shows no end of it";
  const std::int64_t took = turn.end->place.time_ms - turn.began.time_ms;
  const std::string role = turn.end->state == ServerState::leading     ? "leads"
                           : turn.end->state == ServerState::following ? "follows"
                                                                       : "observes";
  text += fmt::format("; {} after {}", role, seconds(took));
  if (turn.end->by_silence && turn.end->waited_ms) {
    text += fmt::format(": {} to a quorum {}, then {} for something better",
                        seconds(std::max<std::int64_t>(0, took - *turn.end->waited_ms)), set_words(turn.end->agreed),
                        seconds(*turn.end->waited_ms));
  } else if (!turn.end->by_silence) {
    text += ": joined those that had decided";
  }
  const logs::LogFile& file = study.logs.files[turn.end->place.file];
  return text + fmt::format(" ({}:{})", file.name, turn.end->place.line);
}

// Why an election took so long, as far as this server saw; empty if it did not.
std::string why_long(const LogStudy& study, const Turn& turn) {
  const logs::ServerLog& log = study.logs.servers[turn.server];
  const std::int64_t end_ms = turn.end ? turn.end->place.time_ms : log.facts.back().time_ms;
  if (end_ms - turn.began.time_ms < long_ms) return "";
  std::vector<std::string> heard;
  for (const auto& [sid, first] : turn.heard) {
    if (sid == log.sid) continue;
    heard.push_back(fmt::format("server {} after {}", sid.value,
                                seconds(std::max<std::int64_t>(0, first.time_ms - turn.began.time_ms))));
  }
  std::string text = heard.empty() ? "it heard nobody else" : "it heard " + join(heard, ", ") + ", not before";
  if (!turn.end)
    text += fmt::format("; no quorum by the end of its log, {} later", seconds(end_ms - turn.began.time_ms));
  std::vector<std::string> refused;
  for (const auto& [to, times] : turn.refused) {
    refused.push_back(fmt::format("server {} ({})", to.value, how_many(static_cast<int>(times), "try", "tries")));
  }
  if (!refused.empty()) text += "; it could not reach " + join(refused, ", ");
  return text;
}

void write_turn(std::string& text, const LogStudy& study, const Turn& turn) {
  wrapped(
      text,
      fmt::format("      {}  server {}: ", clock_of(turn.began.time_ms), study.logs.servers[turn.server].sid.value),
      words_of(turn_words(study, turn)), " ");
  const std::string why = why_long(study, turn);
  if (!why.empty()) wrapped(text, "          why so long: ", words_of(why), " ");
}

void write_outcome(std::string& text, const LogStudy& study, std::size_t number) {
  const ElectionOutcome& outcome = study.outcomes[number];
  std::set<ServerId> follow;
  for (const std::size_t i : outcome.turns) {
    if (study.turns[i].end->state != ServerState::leading) {
      follow.insert(study.logs.servers[study.turns[i].server].sid);
    }
  }
  const std::string led = outcome.epoch ? fmt::format("is established in epoch {}", outcome.epoch->value)
                                        : std::string("no log shows it established");
  wrapped(text,
          fmt::format("{:>3}  {}  ", number + 1, clock_of(study.turns[outcome.turns.front()].end->place.time_ms)),
          words_of(fmt::format("server {} elected, round {}; followed by {}; {}", outcome.leader.value,
                               outcome.round.value, set_words(follow), led)),
          " ");
  wrapped(text, "      why: ", words_of(why_leader(study, outcome)), " ");
  for (const std::size_t i : outcome.turns) write_turn(text, study, study.turns[i]);
}

void write_elections(std::string& text, const LogStudy& study) {
  auto out = std::back_inserter(text);
  std::string day;
  for (std::size_t number = 0; number < study.outcomes.size(); ++number) {
    const std::string its_day = day_of(study.turns[study.outcomes[number].turns.front()].end->place.time_ms);
    if (its_day != day) fmt::format_to(out, "elections, {} {}\n", its_day, by_clocks(study));
    day = its_day;
    write_outcome(text, study, number);
  }
  const bool open = std::any_of(study.turns.begin(), study.turns.end(), [](const Turn& turn) { return !turn.end; });
  if (!open) return;
  text += "without an end in the logs\n";
  for (const Turn& turn : study.turns) {
    if (!turn.end) write_turn(text, study, turn);
  }
}

// Empty if there is nothing to tell.
std::string trouble_words(std::int64_t sid, const Trouble& trouble) {
  std::string sentence;
  if (trouble.refused > 0) {
    sentence = fmt::format("server {} could not reach server {} at {}, {}", sid, trouble.with.value, trouble.address,
                           how_many(static_cast<int>(trouble.refused), "time", "times"));
    sentence += trouble.refused == 1
                    ? fmt::format(", {}", clock_of(trouble.first->time_ms))
                    : fmt::format(", {} to {}", clock_of(trouble.first->time_ms), clock_of(trouble.last->time_ms));
  }
  if (trouble.hearing == Hearing::never) {
    sentence += sentence.empty() ? fmt::format("server {} NEVER heard server {}", sid, trouble.with.value)
                                 : ", and NEVER heard it";
  }
  return sentence;
}

void write_troubles(std::string& text, const LogStudy& study) {
  text += "connections\n";
  std::map<std::int64_t, std::vector<ServerId>> not_shown;
  bool all_heard = true;
  for (const Trouble& trouble : study.troubles) {
    const std::int64_t sid = study.logs.servers[trouble.server].sid.value;
    const std::string sentence = trouble_words(sid, trouble);
    if (!sentence.empty()) wrapped(text, "  ", words_of(sentence), " ");
    if (trouble.hearing == Hearing::not_shown) not_shown[sid].push_back(trouble.with);
    all_heard = all_heard && trouble.hearing == Hearing::heard;
  }
  for (const auto& [sid, with] : not_shown) {
    wrapped(
        text, "  ",
        words_of(fmt::format("server {} did not hear {}, but no log shows that it would have", sid, id_set(with))),
        " ");
  }
  if (knows_one_voter(study)) {
    text += "  no log names another voter\n";
  } else if (all_heard) {
    text += "  every voter was heard by every server whose log is here\n";
  }
}

void write_story(std::string& text, const LogStudy& study) {
  auto out = std::back_inserter(text);
  std::string day;
  for (const StoryLine& line : study.story) {
    const std::string time = record::time_to_text(line.unix_us);
    if (time.substr(0, 10) != day) {
      day = time.substr(0, 10);
      fmt::format_to(out, "story, {} {}\n", day, by_clocks(study));
    }
    wrapped(text, fmt::format("  {}  server {}  ", time.substr(11, 12), line.sid.value), words_of(line.text), " ");
  }
}

void write_findings(std::string& text, const LogStudy& study) {
  auto out = std::back_inserter(text);
  const auto write = [&](const LogFinding& finding) {
    fmt::format_to(out, "{}  {}:{}: server {} {}\n", finding.unknown_as.empty() ? "DIVERGES" : "UNKNOWN",
                   study.logs.files[finding.place.file].name, finding.place.line, finding.sid.value, finding.what);
    wrapped(text, "    logged: ", words_of(finding.logged), " ");
    wrapped(text, "    model:  ", words_of(finding.model), " ");
    if (!finding.unknown_as.empty()) wrapped(text, "    unknown, as ", words_of(finding.unknown_as), " ");
  };
  for (const LogFinding& doubt : study.doubts) write(doubt);
  for (const LogFinding& finding : study.findings) write(finding);
}

std::string percent(std::size_t part, std::size_t whole) {
  return whole == 0 ? "none"
                    : fmt::format("{:.1f} %", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

void write_verdict(std::string& text, const LogStudy& study) {
  auto out = std::back_inserter(text);
  std::size_t found = 0;
  std::size_t uncovered = 0;
  for (const std::size_t number : study.crossing.found) found += number;
  for (const std::size_t number : study.crossing.uncovered) uncovered += number;
  std::string sentence = fmt::format(
      "{} heard; {} accounted for ({}), {} unknown; {} of them by others, found as said in the sender's log",
      how_many(static_cast<int>(study.heard), "notification", "notifications"), grouped(study.accounted),
      percent(study.accounted, study.heard), grouped(study.heard - study.accounted), grouped(found));
  if (uncovered > 0) sentence += fmt::format("; {} of senders or times of which no log is here", grouped(uncovered));
  wrapped(text, "", words_of(sentence), " ");
  switch (exit_code_of(study)) {
    case ExitCode::holds:
      fmt::format_to(out, "verdict: same - the model explains {} of {}{}\n",
                     how_many(static_cast<int>(study.turns.size()), "election", "elections"),
                     how_many(static_cast<int>(study.logs.servers.size()), "server", "servers"),
                     study.doubts.empty()
                         ? ""
                         : fmt::format("; {} unknown",
                                       how_many(static_cast<int>(study.doubts.size()), "place is", "places are")));
      return;
    case ExitCode::violated:
      fmt::format_to(out, "verdict: diverges - in {} a server did what the model does not allow{}\n",
                     how_many(static_cast<int>(study.findings.size()), "place", "places"),
                     study.config_file.empty() ? ", if the voters are those assumed"
                     : study.foreign.empty()   ? ""
                                               : ", if the configuration is theirs");
      return;
    default: text += "verdict: unknown - nothing in these logs could be judged\n";
  }
}

// Voters of whom nobody who decided by a quorum had heard.
std::vector<ServerId> absent_from(const LogStudy& study, const ElectionOutcome& outcome) {
  std::set<ServerId> present;
  for (const std::size_t i : outcome.turns) {
    const Turn& turn = study.turns[i];
    if (!turn.end->by_silence) continue;
    present.insert(study.logs.servers[turn.server].sid);
    for (const auto& [sid, first] : turn.heard) present.insert(sid);
  }
  std::vector<ServerId> absent;
  for (const model::Member& member : study.configuration.members()) {
    const bool votes = member.role == model::LearnerType::participant;
    if (votes && present.count(member.id) == 0) absent.push_back(member.id);
  }
  return absent;
}

// What set the vote apart from those of the others that were in it.
std::string why_its_vote(const LogStudy& study, const ElectionOutcome& outcome, const Turn& first) {
  const model::Proposal& best = first.end->vote.proposal;
  std::vector<model::Proposal> others;
  for (const std::size_t i : outcome.turns) {
    const Turn& turn = study.turns[i];
    if (turn.end->by_silence && turn.initial.leader != best.leader) others.push_back(turn.initial);
  }
  std::string why = fmt::format("{} voted for it", set_words(first.end->agreed));
  if (others.empty()) return why;
  const model::Proposal& next = *std::max_element(others.begin(), others.end());
  if (next.epoch != best.epoch) {
    return fmt::format("{}: its epoch {} is the latest, before server {} with {}", why, best.epoch.value,
                       next.leader.value, next.epoch.value);
  }
  if (next.zxid != best.zxid) {
    return fmt::format("{}: of epoch {} its zxid {} is the latest, before server {} with {}", why, best.epoch.value,
                       zxid_text(best.zxid), next.leader.value, zxid_text(next.zxid));
  }
  return fmt::format("{}: as up to date as server {} (epoch {}, zxid {}), and its id is larger", why,
                     next.leader.value, best.epoch.value, zxid_text(best.zxid));
}

}  // namespace

std::string why_leader(const LogStudy& study, const ElectionOutcome& outcome) {
  const Turn* first = &study.turns[outcome.turns.front()];
  const auto by_silence = std::find_if(outcome.turns.begin(), outcome.turns.end(),
                                       [&](std::size_t i) { return study.turns[i].end->by_silence; });
  if (by_silence != outcome.turns.end()) first = &study.turns[*by_silence];
  if (!first->end->by_silence) {
    return fmt::format("server {} led already, and a quorum said so", outcome.leader.value);
  }
  const std::string why = why_its_vote(study, outcome, *first);
  const std::vector<ServerId> absent = absent_from(study, outcome);
  return absent.empty() ? why : fmt::format("{}; of {} nothing was heard then", why, set_words(absent));
}

std::string clock_words(const LogStudy& study, const logs::ClockDifference& clock) {
  const auto sid = [&](std::size_t server) { return study.logs.servers[server].sid.value; };
  std::string words =
      fmt::format("server {}'s clock is {} {} server {}'s, give or take {}, as {} show", sid(clock.server),
                  seconds(std::abs(clock.ahead_ms)), clock.ahead_ms > 0 ? "ahead of" : "behind", sid(clock.with),
                  seconds(clock.give_or_take_ms), how_many(static_cast<int>(clock.votes), "vote", "votes"));
  if (clock.against > 0) {
    words +=
        fmt::format(" and {} not: it has changed meanwhile", how_many(static_cast<int>(clock.against), "does", "do"));
  }
  return words;
}

std::string log_text_report(const LogStudy& study, bool all) {
  std::string text;
  write_files(text, study);
  write_servers(text, study);
  write_membership(text, study);
  write_foreign(text, study);
  write_clocks(text, study);
  write_elections(text, study);
  write_troubles(text, study);
  if (all) write_story(text, study);
  write_findings(text, study);
  write_verdict(text, study);
  return text;
}

}  // namespace conclave::check
