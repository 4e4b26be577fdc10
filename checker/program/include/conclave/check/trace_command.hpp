// `conclave trace`: what nodes have recorded, done again by the model, and told as one story.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tl/expected.hpp>
#include <tuple>
#include <utility>
#include <vector>

#include "conclave/check/exit_code.hpp"
#include "conclave/model/types.hpp"
#include "conclave/model/vote.hpp"
#include "conclave/record/replay.hpp"

namespace conclave::check {

struct TraceOptions {
  std::vector<std::string> files;  // at least one; all recordings, or all logs
  std::string config;              // logs: a zoo.cfg that says who votes; empty: the logs have to tell
  bool all = false;                // each line of the recordings is told; of logs, each step
  bool json = false;
  std::string html;          // logs: where to draw an election; empty: nowhere
  std::size_t election = 0;  // logs: which, as the report numbers them; 0: one that diverges, or the last
};

// What a vote on its way consists of; of the configuration it carries, nothing is compared.
using SentVote = std::tuple<model::Proposal, model::Round, std::int32_t, std::int32_t>;  // ..., version, state
// From whom, to whom.
using Direction = std::pair<model::ServerId, model::ServerId>;

// One difference: within a file, or between two.
struct TraceFinding {
  std::string file;
  std::size_t line = 0;
  model::ServerId sid{0};
  std::string what;  // the event as it is recorded, or what is wrong between two files
  std::string field;
  std::string recorded;
  std::string model;
};

struct TracedFile {
  std::string name;
  std::set<model::ServerId> sids;
  std::size_t runs = 0;
  std::size_t lines = 0;
  std::size_t steps = 0;               // of elections and epochs
  std::size_t not_looked_at = 0;       // lines after a difference
  std::vector<std::size_t> cut_lines;  // not written to their end
};

// A stretch of time in which a server recorded all that it did.
struct Span {
  std::int64_t from_us = 0;
  std::int64_t to_us = 0;
};
struct ReceivedVote {
  std::size_t file = 0;
  std::size_t line = 0;
  std::int64_t unix_us = 0;
};

// What all files together say, before anything is put in order.
struct Survey {
  std::vector<TracedFile> files;
  std::vector<TraceFinding> findings;
  std::map<model::ServerId, std::vector<Span>> spans;
  std::map<Direction, std::set<SentVote>> sent;
  std::map<std::pair<Direction, SentVote>, ReceivedVote> received;  // the first of each
  std::set<model::ServerId> unsure;                                 // a difference hides what it did
  std::vector<std::string> notes;                                   // what makes comparing the files doubtful
};
// Replays each file by itself, and then compares what each says of the others. The error is of the first bad file.
[[nodiscard]] tl::expected<Survey, record::ReadError> survey(const std::vector<std::string>& files);

struct StoryLine {
  std::int64_t unix_us = 0;
  model::ServerId sid{0};
  std::size_t file = 0;
  std::size_t line = 0;
  std::string text;
};
// The files as one, in order of time; but nobody hears what has not been said yet, whatever the clocks say.
// REQUIRES: the survey is of the same files.
[[nodiscard]] tl::expected<std::vector<StoryLine>, record::ReadError> story_of(const Survey& survey, bool all);
// What a moment is worth telling; empty if nothing.
[[nodiscard]] std::string told(const record::Moment& moment, bool all);
// The votes that a moment sends, and the one it receives.
[[nodiscard]] std::vector<std::pair<Direction, SentVote>> votes_sent(const record::Moment& moment);
[[nodiscard]] std::vector<std::pair<Direction, SentVote>> votes_received(const record::Moment& moment);

[[nodiscard]] std::string trace_text_report(const Survey& survey, const std::vector<StoryLine>& story);
[[nodiscard]] std::string trace_json_report(const Survey& survey, const std::vector<StoryLine>& story);

// What the files are, which is told by their content: all of one kind, or an error of one line.
enum class TraceInput : std::uint8_t { recordings, logs };
[[nodiscard]] tl::expected<TraceInput, std::string> trace_input_of(const std::vector<std::string>& files);

// Prints the report on stdout, errors on stderr. 0: the model does the same, 1: not, 2: nothing could be judged,
// 4: bad input, 5: an option that the files have no use for, or whose file can't be written, as can be seen beforehand,
// 74: a file or the report could not be written.
ExitCode run_trace(const TraceOptions& options);

}  // namespace conclave::check
