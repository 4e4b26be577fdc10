// One line of a Java server's log, whatever its layout.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace conclave::logs {

// Longer than any line that matters; what is longer is cut.
inline constexpr std::size_t line_bytes_max = std::size_t{1} << 16U;

// The parts are views into the text that was parsed.
struct LogLine {
  std::int64_t time_ms = 0;          // since 1970 as if the log's clock were UTC: a log does not name its time zone
  std::string_view prefix;           // what stood before the date: a container's name, say; mostly empty
  std::optional<std::int64_t> myid;  // of `[myid:N]`, or of a thread named [myid=N]
  std::string_view level;            // INFO, ...
  std::string_view thread;           // empty where the layout has none
  std::string_view source;           // the class, without its line number; empty where the layout has none
  std::string_view message;
};

// A line without what others have made of it: terminals' colours, and the JSON of docker's json-file.
[[nodiscard]] std::string plain_line(std::string_view text);

// Understands the layouts that ZooKeeper's log4j.properties and logback.xml have had since 3.4, and those that leave
// parts of them out:
//
//     2026-01-31 12:00:00,123 [myid:1] - INFO  [main:QuorumPeer@1455] - LOOKING       log4j, logback; 3.4 to 3.9
//     2026-01-31 12:00:00,123 - INFO  [main] - LOOKING                                without myid, without class
//     2026-01-31 12:00:00,123 INFO  LOOKING                                           bare
//     [2026-01-31 12:00:00,123] INFO LOOKING (org.apache.zookeeper.server.X)          as Kafka starts it
//     2026-01-31 12:00:00,123 INFO LOOKING (org.apache.zookeeper.server.X) [thread]   as Strimzi does
//
// Something may stand before the date, as container engines and journals put it there, also with dates of their own.
// Nothing: it does not begin a message, as the lines of a stack trace.
[[nodiscard]] std::optional<LogLine> parse_line(std::string_view text);

// What of a prefix stays the same from line to line of one server: names, but no times, and not which of its streams it
// is. The process, in brackets as `java[812]`, stays the same until the server starts again.
[[nodiscard]] std::string lasting_words(std::string_view prefix, bool with_process);

// The id that a server gives itself in a message: "My id = 1", "myid=1", "(myId:1 --> sid:2)", "1 (myid)".
[[nodiscard]] std::optional<std::int64_t> own_id_in(std::string_view message);

}  // namespace conclave::logs
