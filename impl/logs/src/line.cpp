#include "conclave/logs/line.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "scan.hpp"

namespace conclave::logs {
namespace {

// As far as a container engine's or a journal's words before the date go.
constexpr std::size_t prefix_bytes_max = 200;
constexpr std::string_view date_shape = "0000-00-00 00:00:00,000";
constexpr std::array<std::string_view, 6> levels = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};

bool has_date_at(std::string_view text, std::size_t at) {
  if (text.size() < at + date_shape.size()) return false;
  for (std::size_t i = 0; i < date_shape.size(); ++i) {
    const char found = text[at + i];
    switch (date_shape[i]) {
      case '0':
        if (!is_digit(found)) return false;
        break;
      case ' ':
        if (found != ' ' && found != 'T') return false;
        break;
      case ',':
        if (found != ',' && found != '.') return false;
        break;
      default:
        if (found != date_shape[i]) return false;
    }
  }
  return true;
}

// REQUIRES: has_date_at. Nothing: no such day or time.
std::optional<std::int64_t> time_of(std::string_view date) {
  const auto number = [&](std::size_t from, std::size_t count) {
    int value = 0;
    for (const char digit : date.substr(from, count)) value = value * 10 + (digit - '0');
    return value;
  };
  using namespace std::chrono;
  const year_month_day day{year{number(0, 4)}, month{static_cast<unsigned>(number(5, 2))},
                           std::chrono::day{static_cast<unsigned>(number(8, 2))}};
  if (!day.ok() || number(11, 2) > 23 || number(14, 2) > 59 || number(17, 2) > 60) return std::nullopt;
  const auto time = sys_days{day} + hours{number(11, 2)} + minutes{number(14, 2)} + seconds{number(17, 2)} +
                    milliseconds{number(20, 3)};
  return duration_cast<milliseconds>(time.time_since_epoch()).count();
}

// The part in brackets at the front, whose own brackets are balanced; taken off the text.
std::optional<std::string_view> take_brackets(std::string_view& text) {
  if (text.empty() || text.front() != '[') return std::nullopt;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '[') ++depth;
    if (text[i] == ']' && --depth == 0) {
      const std::string_view inside = text.substr(1, i - 1);
      text.remove_prefix(i + 1);
      return inside;
    }
  }
  return std::nullopt;
}

std::optional<std::string_view> take_level(std::string_view& text) {
  for (const std::string_view level : levels) {
    if (!text.starts_with(level)) continue;
    if (text.size() > level.size() && text[level.size()] != ' ' && text[level.size()] != '[') continue;
    text.remove_prefix(level.size());
    return level;
  }
  return std::nullopt;
}

// "thread:Class@123" or a thread alone, which may itself have colons.
void split_thread(std::string_view inside, LogLine& line) {
  line.thread = inside;
  const std::size_t at = inside.rfind('@');
  const std::size_t colon = inside.rfind(':');
  if (at == std::string_view::npos || colon == std::string_view::npos || colon > at || at + 1 == inside.size())
    return;
  if (!std::all_of(inside.begin() + static_cast<std::ptrdiff_t>(at) + 1, inside.end(), is_digit)) return;
  line.thread = inside.substr(0, colon);
  line.source = inside.substr(colon + 1, at - colon - 1);
}

// "... (org.apache.zookeeper.server.quorum.QuorumPeer)", as %m (%c) has it, or with the thread, as %m (%c) [%t].
void split_class_behind(LogLine& line) {
  std::string_view text = line.message;
  std::string_view thread;
  const std::size_t brackets = text.ends_with(']') ? text.rfind(") [") : std::string_view::npos;
  if (brackets != std::string_view::npos) {
    thread = text.substr(brackets + 3, text.size() - brackets - 4);
    text = text.substr(0, brackets + 1);
  }
  if (!text.ends_with(')')) return;
  const std::size_t open = text.rfind(" (");
  if (open == std::string_view::npos) return;
  const std::string_view inside = text.substr(open + 2, text.size() - open - 3);
  if (inside.find('.') == std::string_view::npos || inside.find(' ') != std::string_view::npos) return;
  line.source = inside;
  line.message = text.substr(0, open);
  if (line.thread.empty()) line.thread = thread;
}

// [myid:1], or [myid:] before a server knows its own. False: it has no end.
bool take_myid(std::string_view& text, LogLine& line) {
  constexpr std::string_view name = "myid:";
  if (!text.starts_with("[") || !text.substr(1).starts_with(name)) return true;
  const auto inside = take_brackets(text);
  if (inside) line.myid = decimal(inside->substr(name.size()));
  return inside.has_value();
}

// REQUIRES: has_date_at.
std::optional<LogLine> parse_from(std::string_view text, std::size_t at) {
  LogLine line;
  line.prefix = text.substr(0, at);
  const auto time = time_of(text.substr(at, date_shape.size()));
  if (!time) return std::nullopt;
  line.time_ms = *time;
  std::string_view rest = text.substr(at + date_shape.size());
  if (line.prefix.ends_with('[')) {
    line.prefix.remove_suffix(1);
    if (!rest.starts_with(']')) return std::nullopt;
    rest.remove_prefix(1);
  }
  line.prefix = trimmed(line.prefix);
  rest = without_blanks(rest);
  if (!take_myid(rest, line)) return std::nullopt;
  rest = without_blanks(rest);
  if (rest.starts_with("- ")) rest = without_blanks(rest.substr(2));
  const auto level = take_level(rest);
  if (!level) return std::nullopt;
  line.level = *level;
  rest = without_blanks(rest);
  if (const auto inside = take_brackets(rest)) {
    split_thread(*inside, line);
    if (rest.starts_with('[')) take_brackets(rest);  // the nested context of TRACEFILE
    rest = without_blanks(rest);
  }
  if (rest.starts_with("- ")) rest.remove_prefix(2);
  line.message = rest;
  if (line.source.empty()) split_class_behind(line);
  if (!line.myid) {
    const std::size_t named = line.thread.find("[myid=");
    if (named != std::string_view::npos) {
      const std::string_view digits = line.thread.substr(named + 6);
      line.myid = decimal(digits.substr(0, digits.find(']')));
    }
  }
  return line;
}

}  // namespace

std::optional<LogLine> parse_line(std::string_view text) {
  text = text.substr(0, line_bytes_max);
  while (!text.empty() && (text.back() == '\r' || text.back() == '\n')) text.remove_suffix(1);
  // The date of an engine or a journal is followed by no level: the server's own comes behind it.
  for (std::size_t at = 0; at <= prefix_bytes_max && at + date_shape.size() <= text.size(); ++at) {
    if (!has_date_at(text, at)) continue;
    if (auto line = parse_from(text, at)) return line;
  }
  return std::nullopt;
}

}  // namespace conclave::logs
