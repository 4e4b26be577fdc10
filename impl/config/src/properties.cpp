#include "conclave/config/properties.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace conclave::config {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\f'; }
bool is_line_end(char c) { return c == '\n' || c == '\r'; }

// Several lines joined where a backslash ends one of them. Escapes are still in it.
struct LogicalLine {
  std::string text;
  int line = 0;
};

// Properties.LineReader: hands out logical lines that are neither blank nor a comment.
class LineReader {
 public:
  explicit LineReader(std::string_view text) : text_(text) {}

  std::optional<LogicalLine> next() {
    while (true) {
      skip_blanks();
      if (at_end()) return std::nullopt;
      if (at_comment()) {
        while (!at_end() && !is_line_end(text_[at_])) ++at_;
      } else if (is_line_end(text_[at_])) {
        end_line();
      } else if (std::optional<LogicalLine> line = logical_line()) {
        return line;
      }
    }
  }

 private:
  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] bool at_comment() const { return !at_end() && (text_[at_] == '#' || text_[at_] == '!'); }

  void skip_blanks() {
    while (!at_end() && is_blank(text_[at_])) ++at_;
  }

  // CR, LF and CR LF are one line end each.
  void end_line() {
    if (at_end()) return;
    const bool carriage_return = text_[at_++] == '\r';
    if (carriage_return && !at_end() && text_[at_] == '\n') ++at_;
    ++line_;
  }

  // What belongs together, beginning here; nothing if that is only a backslash before a line that can't follow it.
  std::optional<LogicalLine> logical_line() {
    LogicalLine logical{{}, line_};
    while (true) {
      bool escaped = false;  // an odd number of backslashes is right before
      while (!at_end() && !is_line_end(text_[at_])) {
        escaped = text_[at_] == '\\' && !escaped;
        logical.text += text_[at_++];
      }
      if (escaped) logical.text.pop_back();
      end_line();
      if (escaped) skip_blanks();
      // Where there is some text already, a `#` in the next line belongs to it.
      const bool comment = logical.text.empty() && at_comment();
      if (escaped && !at_end() && !comment) continue;
      if (logical.text.empty()) return std::nullopt;
      return logical;
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
};

void append_utf8(std::string& text, std::uint32_t point) {
  const auto byte = [&text](std::uint32_t value) { text += static_cast<char>(static_cast<unsigned char>(value)); };
  if (point < 0x80) {
    byte(point);
  } else if (point < 0x800) {
    byte(0xC0U | (point >> 6U));
    byte(0x80U | (point & 0x3FU));
  } else if (point < 0x10000) {
    byte(0xE0U | (point >> 12U));
    byte(0x80U | ((point >> 6U) & 0x3FU));
    byte(0x80U | (point & 0x3FU));
  } else {
    byte(0xF0U | (point >> 18U));
    byte(0x80U | ((point >> 12U) & 0x3FU));
    byte(0x80U | ((point >> 6U) & 0x3FU));
    byte(0x80U | (point & 0x3FU));
  }
}

// The UTF-16 unit of the escape at text[at] == '\\', text[at + 1] == 'u'; nothing if four digits do not follow.
std::optional<std::uint32_t> utf16_unit(std::string_view text, std::size_t at) {
  if (text.size() < at + 6) return std::nullopt;
  const char* const first = text.data() + at + 2;
  std::uint32_t unit = 0;
  const auto [end, error] = std::from_chars(first, first + 4, unit, 16);
  if (error != std::errc{} || end != first + 4) return std::nullopt;
  return unit;
}

bool is_high_surrogate(std::uint32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
bool is_low_surrogate(std::uint32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

// Appends the character of one or, for a surrogate pair, two \u escapes; returns how long they are, 0 if malformed.
std::size_t append_unicode_escape(std::string& out, std::string_view text, std::size_t at) {
  constexpr std::size_t escape_length = 6;
  constexpr std::uint32_t replacement = 0xFFFD;
  const std::optional<std::uint32_t> unit = utf16_unit(text, at);
  if (!unit) return 0;
  if (!is_high_surrogate(*unit) && !is_low_surrogate(*unit)) {
    append_utf8(out, *unit);
    return escape_length;
  }
  if (is_high_surrogate(*unit) && text.substr(at + escape_length).starts_with("\\u")) {
    const std::optional<std::uint32_t> low = utf16_unit(text, at + escape_length);
    if (low && is_low_surrogate(*low)) {
      append_utf8(out, 0x10000 + ((*unit - 0xD800) << 10U) + (*low - 0xDC00));
      return 2 * escape_length;
    }
  }
  append_utf8(out, replacement);  // half a character is none in UTF-8
  return escape_length;
}

// Properties.loadConvert.
tl::expected<std::string, std::string> without_escapes(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] != '\\' || at + 1 == text.size()) {
      out += text[at++];
      continue;
    }
    const char escaped = text[at + 1];
    if (escaped == 'u') {
      const std::size_t length = append_unicode_escape(out, text, at);
      if (length == 0) return tl::unexpected(std::string(text.substr(at, 6)));
      at += length;
      continue;
    }
    switch (escaped) {
      case 't': out += '\t'; break;
      case 'r': out += '\r'; break;
      case 'n': out += '\n'; break;
      case 'f': out += '\f'; break;
      default: out += escaped;
    }
    at += 2;
  }
  return out;
}

// Properties.load0: the key ends at the first separator without a backslash before it; blanks around one `=` or `:`
// belong to the separator, and blanks at the end of the line belong to the value.
std::pair<std::string_view, std::string_view> key_and_value(std::string_view line) {
  std::size_t key_end = 0;
  for (bool escaped = false; key_end < line.size(); ++key_end) {
    const char c = line[key_end];
    if (!escaped && (c == '=' || c == ':' || is_blank(c))) break;
    escaped = c == '\\' && !escaped;
  }
  std::size_t value = key_end;
  while (value < line.size() && is_blank(line[value])) ++value;
  if (value < line.size() && (line[value] == '=' || line[value] == ':')) ++value;
  while (value < line.size() && is_blank(line[value])) ++value;
  return {line.substr(0, key_end), line.substr(value)};
}

}  // namespace

tl::expected<std::vector<Property>, BadEscape> parse_properties(std::string_view text) {
  std::vector<Property> properties;
  LineReader lines(text);
  while (const std::optional<LogicalLine> line = lines.next()) {
    const auto [raw_key, raw_value] = key_and_value(line->text);
    auto key = without_escapes(raw_key);
    if (!key) return tl::unexpected(BadEscape{line->line, std::move(key.error())});
    auto value = without_escapes(raw_value);
    if (!value) return tl::unexpected(BadEscape{line->line, std::move(value.error())});
    properties.push_back({std::move(*key), std::move(*value), line->line});
  }
  return properties;
}

}  // namespace conclave::config
