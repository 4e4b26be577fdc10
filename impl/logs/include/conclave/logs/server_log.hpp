// Log files as what each server says of its elections.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "conclave/logs/sentence.hpp"
#include "conclave/model/types.hpp"

namespace conclave::logs {

// A file that is no log of a ZooKeeper server, or can't be read.
struct LogError {
  std::string file;
  std::size_t line = 0;  // 1-based; 0: the file as a whole
  std::string found;
  std::string expected;

  // "FILE:LINE: found ...; expected ...", on one line.
  [[nodiscard]] std::string message() const;
};

// One sentence, and where it stands.
struct Fact {
  std::size_t file = 0;  // index into Logs::files
  std::size_t line = 0;  // 1-based
  std::int64_t time_ms = 0;
  Sentence sentence;
  std::int64_t ahead_ms = 0;  // by which its log's clock is ahead, as far as that was taken off the time
};

struct LogFile {
  std::string name;
  std::size_t lines = 0;
  std::size_t messages = 0;                // of which so many begin a message
  std::vector<std::size_t> garbled_lines;  // those that begin as a sentence that matters and go on otherwise
  bool of_elections = false;               // it has a word of an election
  std::size_t nobodys = 0;                 // sentences of which it is not known whose they are; they are left out
  std::size_t repeated = 0;                // sentences that an earlier file of the same server has as well
};

struct ServerLog {
  model::ServerId sid{0};
  std::vector<Fact> facts;  // in the order in which the server wrote them
  bool incomplete = false;  // some of its lines may be among those that are nobody's, or were not understood
  // A fact that is earlier than one before it by more than threads can be apart: a clock that was set back, or lines in
  // another order than they were written in. Then, too, what is not explained says nothing.
  std::optional<std::size_t> goes_back{};

  [[nodiscard]] bool in_doubt() const { return incomplete || goes_back; }
};

// A server whose clock is not that of the others; its facts' times are put right.
struct ClockDifference {
  std::size_t server = 0;            // indices into Logs::servers
  std::size_t with = 0;              // by whose clock its times are now
  std::int64_t ahead_ms = 0;         // its own, of that one's
  std::int64_t give_or_take_ms = 0;  // as far as the votes leave it open
  std::size_t votes = 0;             // of it and others, that show it
  std::size_t against = 0;           // that do not fit: it has changed meanwhile
};

struct Logs {
  std::vector<LogFile> files;
  std::vector<ServerLog> servers;       // by ascending ids
  std::vector<ClockDifference> clocks;  // at most one of each server
};

// Reads files of one or several servers, packed by gzip or not. Whose a line is, `[myid:N]` says, a thread's name, or
// its message; or where it has none of these, other lines of its file behind the same words of a container engine or a
// journal. Several files of a server are put in the order of their first times, as rotated ones need it. What two of
// them have in common, as copies do, counts once; what they say otherwise of the same time is an error. A file may be
// empty or have no word of an election, as long as another has. The error is of the first bad file.
[[nodiscard]] tl::expected<Logs, LogError> read_logs(const std::vector<std::string>& paths);

// The first so many bytes of a file, unpacked if gzip has packed it; fewer if there are no more. An error if none can
// be read.
[[nodiscard]] tl::expected<std::string, LogError> beginning_of(const std::string& path, std::size_t bytes);

// Does a text begin as the log of a server does? `beginning` is a file's first bytes.
[[nodiscard]] bool looks_like_log(std::string_view beginning);

}  // namespace conclave::logs
