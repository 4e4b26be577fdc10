// `conclave trace` of real servers' logs: what they say, explained by the model, and the elections that come of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "conclave/check/diagram.hpp"
#include "conclave/check/trace_command.hpp"
#include "conclave/config/zoo_cfg.hpp"
#include "conclave/logs/configuration.hpp"
#include "conclave/logs/crossing.hpp"
#include "conclave/logs/replay.hpp"
#include "conclave/logs/server_log.hpp"
#include "conclave/model/rule.hpp"

namespace conclave::check {

// A line of a log: which file, and where in it.
struct LogPlace {
  std::size_t file = 0;
  std::size_t line = 0;
  std::int64_t time_ms = 0;
  std::int64_t ahead_ms = 0;  // by which the log's own clock is ahead of that time
};
inline LogPlace place_of(const logs::Fact& fact) { return {fact.file, fact.line, fact.time_ms, fact.ahead_ms}; }

// Another vote than before, within one election of one server.
struct VoteChange {
  LogPlace place;
  std::optional<model::ServerId> by;  // whose notification made it so
  model::Proposal proposal{};
  model::Round round{0};
  bool later_round = false;
};

// How an election of one server ended.
struct TurnEnd {
  LogPlace place;
  model::ServerState state{};
  model::Vote vote{};
  bool by_silence = false;                // a quorum was there and nothing better came; else it joined others
  std::set<model::ServerId> agreed;       // by silence: who voted alike
  std::optional<std::int64_t> waited_ms;  // by silence: since the quorum was there
};

// One election, as one server saw it: from "New election" to a role, or to wherever its log ends.
struct Turn {
  std::size_t server = 0;  // index into LogStudy::logs.servers
  LogPlace began;
  model::Proposal initial{};
  model::Round round{0};  // with which it began
  std::vector<VoteChange> changes;
  std::size_t timeouts = 0;
  std::map<model::ServerId, LogPlace> heard;       // whose votes it took from its queue, and when first
  std::map<model::ServerId, std::size_t> refused;  // whom it could not connect to, how often
  std::optional<TurnEnd> end;
  std::optional<LogPlace> role_ended;
  std::string why_ended;
};

// One outcome: a leader, and who followed it in that round.
struct ElectionOutcome {
  model::ServerId leader{0};
  model::Round round{0};
  std::vector<std::size_t> turns;         // indices into LogStudy::turns, by time
  std::optional<model::PeerEpoch> epoch;  // that it was established in
};

// Was a voter heard? If not, that tells something only where it would have been.
enum class Hearing : std::uint8_t { heard, never, not_shown };

// What one server could not do with another, over all of its log.
struct Trouble {
  std::size_t server = 0;  // index into LogStudy::logs.servers
  model::ServerId with{0};
  std::size_t refused = 0;        // attempts to connect that failed
  std::optional<LogPlace> first;  // of them
  std::optional<LogPlace> last;
  std::string address;    // that it tried
  std::size_t heard = 0;  // notifications of that one in all
  Hearing hearing = Hearing::heard;
};

// A divergence in one log or between two, ready to be told.
struct LogFinding {
  LogPlace place;
  model::ServerId sid{0};
  std::string what;
  std::string logged;
  std::string model;
  std::string unknown_as;  // of a doubt: why it is no divergence
};

// Where the logs and the configuration file do not speak of the same servers.
struct Foreign {
  LogPlace place;                      // the first line that shows it
  std::size_t lines = 1;               // that show it
  std::optional<model::ServerId> sid;  // whose; nothing: of a leader that the line does not name
  std::string logged;
  std::string configured;
  int config_line = 0;  // 0: the file as a whole
};

struct LogStudy {
  logs::Logs logs;
  model::Configuration configuration;
  std::string config_file;                    // empty: the membership was deduced
  std::string servers_file;                   // where its server lines are: it, or the dynamic file that it names
  std::vector<config::ServerLine> addresses;  // of the configuration file, if there is one
  std::vector<Foreign> foreign;               // in the order of their lines
  logs::Membership membership;                // as the logs tell
  std::vector<logs::World> worlds;            // of each server
  std::vector<std::vector<logs::Release>> releases;  // of each server
  std::vector<logs::Explanation> explanations;       // of each server
  logs::Crossing crossing;
  std::vector<Turn> turns;                // by the time at which they began
  std::vector<ElectionOutcome> outcomes;  // by the time of the first decision
  std::vector<Trouble> troubles;          // connections that failed, and voters that were not heard
  std::vector<LogFinding> findings;       // by time
  std::vector<LogFinding> doubts;         // likewise: not explained, but nothing says that it can't be
  std::vector<StoryLine> story;
  std::vector<std::size_t> unknown;  // of each server: notifications heard that are not accounted for
  std::size_t heard = 0;             // notifications in all logs
  std::size_t explained = 0;         // by the replay of the server that heard them
  std::size_t accounted = 0;         // explained, and where the sender's log is here, found there
};

// "3.4.14, then 3.8.0"; empty where its log does not say.
[[nodiscard]] std::string release_words(const std::vector<logs::Release>& releases);

// Reads and studies. `config`: a zoo.cfg, or empty. Errors are one line each, ready to be printed.
[[nodiscard]] tl::expected<LogStudy, std::string> study_logs(const std::vector<std::string>& files,
                                                             const std::string& config);

// Where a log shows the step that a walk has just taken: what only a line of QuorumPeer's can show happened just before
// that; all else just after the line that made it possible.
[[nodiscard]] LogPlace log_place_of(const logs::ServerLog& log, const logs::Walk& walk);

// Fills turns, outcomes and the story from the explanations.
void tell_elections(LogStudy& study);
// Fills the troubles.
void tell_troubles(LogStudy& study);
// Fills what is foreign. Gives the error, ready to be printed, where nothing that the logs say of servers is so in the
// configuration file. REQUIRES: one was read.
[[nodiscard]] std::optional<std::string> note_foreign(LogStudy& study);
// Is one voter all that the logs tell of? There are others: one alone holds no election.
[[nodiscard]] bool knows_one_voter(const LogStudy& study);
// A divergence of a server; a doubt if lines of its log may be missing, or no other voter is known.
void note_finding(LogStudy& study, const logs::ServerLog& log, LogFinding finding);
// Finds epochs that were led twice, and followers that later vote with another one than their leader's.
void note_epochs(LogStudy& study);
// Finds servers that connected to another leader than they had decided for. REQUIRES: the turns.
void note_other_leaders(LogStudy& study);

// Why this one, in words: what set its vote apart from those of the others that were in it, and who was not.
[[nodiscard]] std::string why_leader(const LogStudy& study, const ElectionOutcome& outcome);

// By how much a server's clock is apart from the others', and how that is known.
[[nodiscard]] std::string clock_words(const LogStudy& study, const logs::ClockDifference& clock);

// One election as a space-time diagram across servers. REQUIRES: an index into the outcomes.
[[nodiscard]] Diagram log_diagram(const LogStudy& study, std::size_t outcome);
// The first that a divergence falls into, or else the last; nothing if there is none at all.
[[nodiscard]] std::optional<std::size_t> outcome_to_draw(const LogStudy& study);

[[nodiscard]] std::string log_text_report(const LogStudy& study, bool all);
[[nodiscard]] std::string log_json_report(const LogStudy& study);
[[nodiscard]] ExitCode exit_code_of(const LogStudy& study);

}  // namespace conclave::check
