#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "conclave/model/types.hpp"

namespace conclave::config {

std::string_view trimmed(std::string_view text) {
  const auto above_space = [](char c) { return static_cast<unsigned char>(c) > ' '; };
  const auto first = std::find_if(text.begin(), text.end(), above_space);
  text.remove_prefix(static_cast<std::size_t>(first - text.begin()));
  while (!text.empty() && !above_space(text.back())) text.remove_suffix(1);
  return text;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  for (std::size_t end = text.find(separator); end != std::string_view::npos; end = text.find(separator, begin)) {
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  parts.push_back(text.substr(begin));
  if (parts.size() == 1) return parts;
  while (!parts.empty() && parts.back().empty()) parts.pop_back();
  return parts;
}

std::optional<std::int64_t> parse_long(std::string_view text, int base) {
  // from_chars knows the minus, but not the plus.
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::optional<model::LearnerType> parse_role(std::string_view text) {
  const std::string name = lower(trimmed(text));
  if (name == "participant") return model::LearnerType::participant;
  if (name == "observer") return model::LearnerType::observer;
  return std::nullopt;
}

std::string_view name_of(model::LearnerType role) {
  return role == model::LearnerType::observer ? "observer" : "participant";
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t shown_max = 80;
  std::string result = "'";
  for (const char c : text.substr(0, shown_max)) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7F) {
      result += fmt::format("\\x{:02x}", byte);
    } else {
      result += c;
    }
  }
  result += '\'';
  if (text.size() > shown_max) result += fmt::format("... ({} characters)", text.size());
  return result;
}

std::string listed(const std::vector<std::string>& items) {
  std::string result;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) result += i + 1 == items.size() ? " and " : ", ";
    result += items[i];
  }
  return result;
}

}  // namespace conclave::config
