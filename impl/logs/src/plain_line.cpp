// Lines as the server wrote them, where a container engine or a terminal has wrapped them.
#include <nlohmann/json.hpp>

#include "conclave/logs/line.hpp"

namespace conclave::logs {
namespace {

constexpr char escape = '\x1b';

// {"log":"...\n","stream":"stdout","time":"..."}: docker's json-file.
std::string unpacked(std::string_view text) {
  if (!text.starts_with("{\"log\":")) return std::string(text);
  const auto json = nlohmann::json::parse(text, nullptr, false);
  const auto log = json.is_object() ? json.find("log") : json.end();
  return log != json.end() && log->is_string() ? log->get<std::string>() : std::string(text);
}

// "\x1b[36m" and the like.
void remove_colours(std::string& text) {
  std::size_t at = text.find(escape);
  if (at == std::string::npos) return;
  std::string plain = text.substr(0, at);
  for (; at < text.size(); ++at) {
    if (text[at] != escape || at + 1 == text.size() || text[at + 1] != '[') {
      plain += text[at];
      continue;
    }
    const std::size_t end = text.find_first_not_of("0123456789;", at + 2);
    if (end == std::string::npos) break;
    at = end;
  }
  text = std::move(plain);
}

}  // namespace

std::string plain_line(std::string_view text) {
  std::string plain = unpacked(text);
  remove_colours(plain);
  return plain;
}

}  // namespace conclave::logs
