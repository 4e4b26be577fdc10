#include "arguments.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>

namespace conclave::golden {

std::vector<std::string> split(std::string_view text, char at) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(at);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

std::int64_t number_of(std::string_view word, std::string_view what) {
  if (word == "least") return std::numeric_limits<std::int64_t>::min();
  const bool hexadecimal = word.substr(0, 2) == "0x";
  const std::string_view digits = hexadecimal ? word.substr(2) : word;
  std::int64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number, hexadecimal ? 16 : 10);
  if (error != std::errc{} || stop != end || digits.empty()) {
    throw BadScript(fmt::format("{}: expected a number (12, -1, 0x1f or least), found '{}'", what, word));
  }
  return number;
}

std::int32_t small_number_of(std::string_view word, std::string_view what) {
  const std::int64_t number = number_of(word, what);
  if (number < std::numeric_limits<std::int32_t>::min() || number > std::numeric_limits<std::int32_t>::max()) {
    throw BadScript(fmt::format("{}: expected a number of 32 bits, found '{}'", what, word));
  }
  return static_cast<std::int32_t>(number);
}

std::vector<std::int64_t> numbers_of(std::string_view words, std::string_view what) {
  std::vector<std::int64_t> numbers;
  if (words.empty()) return numbers;
  for (const std::string& part : split(words, ',')) {
    const std::size_t dots = part.find("..");
    if (dots == std::string::npos) {
      numbers.push_back(number_of(part, what));
      continue;
    }
    const std::int64_t first = number_of(part.substr(0, dots), what);
    const std::int64_t last = number_of(part.substr(dots + 2), what);
    if (last < first || last - first > 1000) {
      throw BadScript(fmt::format("{}: expected a range as in 0..6, found '{}'", what, part));
    }
    for (std::int64_t number = first; number <= last; ++number) numbers.push_back(number);
  }
  return numbers;
}

Arguments::Arguments(std::string_view line) {
  for (const std::string& word : split(line, ' ')) {
    if (word.empty()) continue;
    const std::size_t equals = word.find('=');
    if (command_.empty()) {
      command_ = word;
    } else if (equals == std::string::npos) {
      words_.push_back(word);
    } else if (!values_.emplace(word.substr(0, equals), word.substr(equals + 1)).second) {
      throw BadScript(fmt::format("expected {} once", word.substr(0, equals)));
    }
  }
}

std::optional<std::string> Arguments::word_if_any() {
  if (next_word_ == words_.size()) return std::nullopt;
  return words_[next_word_++];
}

std::string Arguments::word(std::string_view what) {
  const std::optional<std::string> found = word_if_any();
  if (!found) throw BadScript(fmt::format("{}: expected {}", command_, what));
  return *found;
}

std::optional<std::string> Arguments::value(const std::string& key) {
  const auto found = values_.find(key);
  if (found == values_.end()) return std::nullopt;
  std::string value = found->second;
  values_.erase(found);
  return value;
}

std::string Arguments::required(const std::string& key) {
  const std::optional<std::string> found = value(key);
  if (!found) throw BadScript(fmt::format("{}: expected {}=...", command_, key));
  return *found;
}

std::int64_t Arguments::number(const std::string& key, std::int64_t otherwise) {
  const std::optional<std::string> found = value(key);
  return found ? number_of(*found, key) : otherwise;
}

std::int32_t Arguments::small_number(const std::string& key, std::int32_t otherwise) {
  const std::optional<std::string> found = value(key);
  return found ? small_number_of(*found, key) : otherwise;
}

std::int64_t Arguments::required_number(const std::string& key) { return number_of(required(key), key); }

bool Arguments::yes(const std::string& key, bool otherwise) {
  const std::optional<std::string> found = value(key);
  if (!found) return otherwise;
  if (*found != "yes" && *found != "no") {
    throw BadScript(fmt::format("{}: expected yes or no, found '{}'", key, *found));
  }
  return *found == "yes";
}

std::vector<std::int64_t> Arguments::numbers(const std::string& key) {
  return numbers_of(value(key).value_or(""), key);
}

void Arguments::finish() const {
  if (next_word_ < words_.size()) {
    throw BadScript(fmt::format("{}: expected nothing more, found '{}'", command_, words_[next_word_]));
  }
  if (!values_.empty()) {
    throw BadScript(fmt::format("{}: expected no '{}='", command_, values_.begin()->first));
  }
}

}  // namespace conclave::golden
