// Small steps through a text, shared by the readers.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace conclave::logs {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

constexpr std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string_view::npos ? std::string_view{} : text.substr(first);
}

constexpr std::string_view trimmed(std::string_view text) {
  text = without_blanks(text);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

// The whole text is one decimal number.
inline std::optional<std::int64_t> decimal(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The whole text is one number as Long.toHexString writes it: at most 16 digits, negative ones as two's complement.
inline std::optional<std::int64_t> hexadecimal(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return static_cast<std::int64_t>(value);
}

// 0x1f, or decimal as ZooKeeper wrote zxids before 3.4.3.
inline std::optional<std::int64_t> number(std::string_view text) {
  if (text.starts_with("0x")) return hexadecimal(text.substr(2));
  return decimal(text);
}

// Goes through a text from its front; once something was not as expected, all that follows fails too.
class Scan {
 public:
  explicit Scan(std::string_view text) : rest_(text) {}

  bool skip(std::string_view words) {
    good_ = good_ && rest_.starts_with(words);
    if (good_) rest_.remove_prefix(words.size());
    return good_;
  }
  // Up to the separator, which is taken as well.
  std::string_view until(std::string_view separator) {
    const std::size_t end = good_ ? rest_.find(separator) : std::string_view::npos;
    good_ = end != std::string_view::npos;
    if (!good_) return {};
    const std::string_view found = rest_.substr(0, end);
    rest_.remove_prefix(end + separator.size());
    return found;
  }
  std::int64_t number_until(std::string_view separator) { return taken(number(until(separator))); }
  std::int64_t hexadecimal_until(std::string_view separator) { return taken(hexadecimal(until(separator))); }
  std::int64_t last_number() { return taken(number(rest())); }
  std::int64_t last_hexadecimal() { return taken(hexadecimal(rest())); }
  std::string_view rest() {
    const std::string_view found = rest_;
    rest_ = {};
    return found;
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] std::string_view left() const { return rest_; }
  void fail() { good_ = false; }

 private:
  std::int64_t taken(std::optional<std::int64_t> value) {
    good_ = good_ && value.has_value();
    return good_ ? *value : 0;
  }

  std::string_view rest_;
  bool good_ = true;
};

}  // namespace conclave::logs
