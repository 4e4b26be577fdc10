#include "conclave/logs/server_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "conclave/logs/line.hpp"
#include "line_source.hpp"

namespace conclave::logs {
namespace {

constexpr std::string_view a_log = "the log of a ZooKeeper server";

// A fact of a file, of which it may not be known yet whose it is.
struct Said {
  std::optional<std::int64_t> sid;
  std::string process;  // what stood before its date, but for what changes from line to line
  std::string text;     // the message
  Fact fact;
};
// What one file has of one server.
using Part = std::vector<Said>;

template <class... Kinds>
bool is_any(const Sentence& sentence) {
  return (std::holds_alternative<Kinds>(sentence) || ...);
}

// Does the explanation of a log hang on it? Else it may be missing.
bool matters(const Sentence& sentence) {
  if (const auto* set = std::get_if<IntervalSet>(&sentence)) {
    const model::Timing usual;
    return set->ms != (set->longest ? usual.notification_interval_max_ms : usual.notification_interval_min_ms);
  }
  return !is_any<ReleaseNamed, Connected, RoleLost, LearnerKnown, ChannelRefused, ConnectionLeft, ConnectionBroken,
                 ListensAt, ConnectionRequested>(sentence);
}

LogError not_a_log(const std::string& file, std::string found) {
  return {file, 0, std::move(found), std::string(a_log)};
}

LogError damaged(const std::string& file, std::string found) {
  return {file, 0, std::move(found), fmt::format("{}, whole, packed by gzip or not", a_log)};
}

class FileReader {
 public:
  FileReader(const std::string& path, std::size_t index) : index_(index) { file.name = path; }

  std::optional<LogError> read() {
    std::error_code failed;
    const auto kind = std::filesystem::status(file.name, failed).type();
    if (kind == std::filesystem::file_type::not_found) return error("no such file");
    if (kind == std::filesystem::file_type::directory) return error("a folder");
    LineSource in(file.name);
    if (!in.good()) return error(std::strerror(errno));
    std::string text;
    while (in.next(text, line_bytes_max)) take(text);
    if (!in.wrong().empty()) return damaged(file.name, in.wrong());
    if (file.messages == 0 && file.lines > 0) return error("a text of another kind");
    attribute();
    return std::nullopt;
  }

  LogFile file;
  Part said;
  std::set<std::int64_t> incomplete;  // servers of whom lines that matter may be nobody's, or were not understood
  bool all_incomplete = false;        // likewise, of any server

 private:
  void take(const std::string& raw) {
    ++file.lines;
    const std::string text = plain_line(raw);
    const auto line = parse_line(text);
    if (!line) return;
    ++file.messages;
    const auto sid = line->myid ? line->myid : own_id_in(line->message);
    std::string process = lasting_words(line->prefix, true);
    if (sid) {
      named_[process].insert(*sid);
      named_[lasting_words(process, false)].insert(*sid);
    }
    Reading reading = read_sentence(line->message);
    if (reading.garbled) {
      file.garbled_lines.push_back(file.lines);
      garbled_.emplace_back(sid, process);
    }
    if (!reading.sentence) return;
    said.push_back({sid, std::move(process), std::string(line->message),
                    Fact{index_, file.lines, line->time_ms, std::move(*reading.sentence)}});
  }

  // Lines that name nobody are of the one whose words stand before them, if that is one.
  void attribute() {
    file.of_elections = std::any_of(said.begin(), said.end(), [](const Said& said) {
      return is_any<ElectionBegins, Heard, Looking>(said.fact.sentence);
    });
    for (Said& said : said) {
      if (!said.sid) said.sid = only_one(said.process);
    }
    const auto nobodys = std::stable_partition(said.begin(), said.end(), [](const Said& said) { return said.sid; });
    file.nobodys = static_cast<std::size_t>(said.end() - nobodys);
    bool lost = std::any_of(nobodys, said.end(), [](const Said& said) { return matters(said.fact.sentence); });
    said.erase(nobodys, said.end());
    for (const auto& [sid, process] : garbled_) {
      const auto whose = sid ? sid : only_one(process);
      if (whose) incomplete.insert(*whose);
      lost = lost || !whose;
    }
    if (!lost) return;
    for (const Said& one : said) incomplete.insert(*one.sid);
    all_incomplete = said.empty();
  }

  // Of a process, or where that names nobody, of the machine.
  [[nodiscard]] std::optional<std::int64_t> only_one(const std::string& process) const {
    for (const std::string& words : {process, lasting_words(process, false)}) {
      const auto found = named_.find(words);
      if (found == named_.end()) continue;
      return found->second.size() == 1 ? std::optional(*found->second.begin()) : std::nullopt;
    }
    return std::nullopt;
  }

  [[nodiscard]] LogError error(std::string found) const { return not_a_log(file.name, std::move(found)); }

  std::size_t index_;
  std::map<std::string, std::set<std::int64_t>> named_;  // behind which words, of a process or a machine
  std::vector<std::pair<std::optional<std::int64_t>, std::string>> garbled_;  // whose, and its process
};

// Lines of two threads may be in another order than their times, but not by so much.
constexpr std::int64_t out_of_order_ms = 1'000;

bool same(const Said& left, const Said& right) {
  return left.fact.time_ms == right.fact.time_ms && left.text == right.text;
}

// Puts the files of one server one behind the other. REQUIRES: they come in the order of their first times.
class Joining {
 public:
  explicit Joining(std::vector<LogFile>& files) : files_(files) {}

  std::optional<LogError> add(Part part) {
    const auto [shared, whole] = overlap(part);
    if (!whole && part.front().fact.time_ms + out_of_order_ms < joined_.back().fact.time_ms) {
      return disagreement(part[shared]);
    }
    const auto fresh = part.begin() + (whole ? static_cast<std::ptrdiff_t>(shared) : 0);
    files_[part.front().fact.file].repeated += static_cast<std::size_t>(fresh - part.begin());
    std::move(fresh, part.end(), std::back_inserter(joined_));
    return std::nullopt;
  }

  std::vector<Fact> facts() {
    std::vector<Fact> facts;
    for (Said& said : joined_) facts.push_back(std::move(said.fact));
    return facts;
  }

 private:
  // With how many lines the part begins that are here already, and whether these reach to an end of either.
  [[nodiscard]] std::pair<std::size_t, bool> overlap(const Part& part) const {
    std::size_t longest = 0;
    for (std::size_t from = 0; from < joined_.size(); ++from) {
      const std::size_t most = std::min(joined_.size() - from, part.size());
      std::size_t shared = 0;
      while (shared < most && same(joined_[from + shared], part[shared])) ++shared;
      if (shared == most) return {shared, true};
      longest = std::max(longest, shared);
    }
    return {longest, joined_.empty()};
  }

  [[nodiscard]] LogError disagreement(const Said& said) const {
    const auto of_its_time = std::find_if(joined_.rbegin(), joined_.rend(),
                                          [&](const Said& other) { return other.fact.time_ms <= said.fact.time_ms; });
    const Fact& other = (of_its_time == joined_.rend() ? joined_.front() : *of_its_time).fact;
    return {files_[said.fact.file].name, said.fact.line,
            fmt::format("another line of server {} than {} has of that time, at line {}", *said.sid,
                        files_[other.file].name, other.line),
            "the same lines where two files of a server are of the same time"};
  }

  std::vector<LogFile>& files_;
  Part joined_;
};

std::optional<std::size_t> first_back(const std::vector<Fact>& facts) {
  std::int64_t latest_ms = facts.front().time_ms;
  for (std::size_t i = 1; i < facts.size(); ++i) {
    if (facts[i].time_ms + out_of_order_ms < latest_ms) return i;
    latest_ms = std::max(latest_ms, facts[i].time_ms);
  }
  return std::nullopt;
}

}  // namespace

std::string LogError::message() const {
  const std::string where = line == 0 ? file : fmt::format("{}:{}", file, line);
  return fmt::format("{}: found {}; expected {}", where, found, expected);
}

tl::expected<Logs, LogError> read_logs(const std::vector<std::string>& paths) {
  Logs logs;
  std::map<std::int64_t, std::vector<Part>> parts;  // of each server, one for each file
  std::set<std::int64_t> incomplete;
  bool all_incomplete = false;
  for (const std::string& path : paths) {
    std::error_code failed;
    for (const LogFile& other : logs.files) {
      if (std::filesystem::equivalent(path, other.name, failed)) {
        return tl::unexpected(LogError{path, 0, "the same file twice", "each file once"});
      }
    }
    FileReader reader(path, logs.files.size());
    if (auto wrong = reader.read()) return tl::unexpected(std::move(*wrong));
    logs.files.push_back(std::move(reader.file));
    std::map<std::int64_t, Part> of_file;
    for (Said& said : reader.said) of_file[*said.sid].push_back(std::move(said));
    for (auto& [sid, part] : of_file) parts[sid].push_back(std::move(part));
    incomplete.merge(reader.incomplete);
    all_incomplete = all_incomplete || reader.all_incomplete;
  }
  const auto silent = [](const LogFile& file) { return !file.of_elections; };
  if (std::all_of(logs.files.begin(), logs.files.end(), silent)) {
    const bool empty = logs.files.front().lines == 0;
    return tl::unexpected(not_a_log(paths.front(), empty ? "an empty file" : "a log without a word of an election"));
  }
  if (parts.empty()) return tl::unexpected(not_a_log(paths.front(), "a log that nowhere says which server's it is"));
  for (auto& [sid, files] : parts) {
    std::stable_sort(files.begin(), files.end(), [](const Part& left, const Part& right) {
      return left.front().fact.time_ms < right.front().fact.time_ms;
    });
    Joining joining(logs.files);
    for (Part& part : files) {
      if (auto wrong = joining.add(std::move(part))) return tl::unexpected(std::move(*wrong));
    }
    logs.servers.push_back({model::ServerId{sid}, joining.facts(), all_incomplete || incomplete.count(sid) > 0});
    logs.servers.back().goes_back = first_back(logs.servers.back().facts);
  }
  return logs;
}

tl::expected<std::string, LogError> beginning_of(const std::string& path, std::size_t bytes) {
  LineSource in(path);
  if (!in.good()) return tl::unexpected(not_a_log(path, std::strerror(errno)));
  std::string text;
  std::string line;
  while (text.size() < bytes && in.next(line, bytes)) text += line + '\n';
  if (text.empty() && !in.wrong().empty()) return tl::unexpected(damaged(path, in.wrong()));
  return text.substr(0, bytes);
}

bool looks_like_log(std::string_view beginning) {
  // The last line may be cut.
  while (!beginning.empty()) {
    const std::size_t end = beginning.find('\n');
    if (parse_line(plain_line(beginning.substr(0, end)))) return true;
    if (end == std::string_view::npos) break;
    beginning.remove_prefix(end + 1);
  }
  return false;
}

}  // namespace conclave::logs
