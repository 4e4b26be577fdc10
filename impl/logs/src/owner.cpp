// Whose a line is, where its layout does not say.
#include <algorithm>
#include <array>

#include "conclave/logs/line.hpp"
#include "scan.hpp"

namespace conclave::logs {
namespace {

bool all_of(std::string_view word, bool (*fits)(char)) { return std::all_of(word.begin(), word.end(), fits); }

// A date, a time, both, or a part of one.
bool is_time(std::string_view word) {
  constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (std::find(months.begin(), months.end(), word) != months.end()) return true;
  if (!is_digit(word.front())) return false;
  const bool address = std::count(word.begin(), word.end(), '.') == 3 && word.find(':') == std::string_view::npos;
  constexpr auto fits = [](char c) {
    return is_digit(c) || std::string_view("-:.,/+TZ").find(c) != std::string::npos;
  };
  return !address && all_of(word, fits);
}

// "stdout F" and the like, of a container's runtime.
bool is_stream(std::string_view word) { return word == "stdout" || word == "stderr" || word == "F" || word == "P"; }

// "java[812]:" as "java[]:".
std::string without_process(std::string_view word) {
  const std::size_t open = word.rfind('[');
  const std::size_t close = word.rfind(']');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) return std::string(word);
  if (!all_of(word.substr(open + 1, close - open - 1), is_digit)) return std::string(word);
  return std::string(word.substr(0, open + 1)) + std::string(word.substr(close));
}

std::optional<std::int64_t> digits_of(std::string_view text) {
  text = without_blanks(text);
  return decimal(text.substr(0, text.find_first_not_of("0123456789")));
}

}  // namespace

std::string lasting_words(std::string_view prefix, bool with_process) {
  std::string words;
  for (prefix = without_blanks(prefix); !prefix.empty(); prefix = without_blanks(prefix)) {
    const std::string_view word = prefix.substr(0, prefix.find(' '));
    prefix.remove_prefix(word.size());
    if (is_time(word) || is_stream(word)) continue;
    if (!words.empty()) words += ' ';
    words += with_process ? std::string(word) : without_process(word);
  }
  return words;
}

std::optional<std::int64_t> own_id_in(std::string_view message) {
  for (const std::string_view words : {"My id =", "my id =", "myid=", "(myId:"}) {
    const std::size_t at = message.find(words);
    if (at != std::string_view::npos) return digits_of(message.substr(at + words.size()));
  }
  const std::size_t behind = message.find(" (myid)");
  if (behind == std::string_view::npos) return std::nullopt;
  const std::size_t blank = message.rfind(' ', behind - 1);
  return blank == std::string_view::npos ? std::nullopt : digits_of(message.substr(blank, behind - blank));
}

}  // namespace conclave::logs
