#include "script.hpp"

#include <fmt/format.h>

#include <utility>

namespace conclave::golden {
namespace {

constexpr std::string_view separator = "----";

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

bool is_comment(const std::string& line) { return line.empty() || line[0] == '#'; }

std::string trimmed(const std::string& line) {
  const std::size_t from = line.find_first_not_of(' ');
  return from == std::string::npos ? "" : line.substr(from);
}

// The command from `place` on, up to and with its separator.
void take_command(const std::vector<std::string>& lines, std::size_t& place, Block& block) {
  block.line = place + 1;
  if (lines[place][0] == ' ') {
    throw BadScript(fmt::format("{}: expected a command, found a line that is indented", block.line));
  }
  do {
    const std::string& line = lines[place];
    if (is_comment(line)) throw BadScript(fmt::format("{}: expected {} after the command", place + 1, separator));
    if (!block.command.empty()) block.command += ' ';
    block.command += trimmed(line);
    block.written.push_back(line);
    ++place;
  } while (place < lines.size() && lines[place] != separator && !lines[place].empty() && lines[place][0] == ' ');
  if (place == lines.size() || lines[place] != separator) {
    throw BadScript(fmt::format("{}: expected {} (a command goes on with indented lines)", place + 1, separator));
  }
  ++place;
}

}  // namespace

Script parse_script(std::string_view text) {
  const std::vector<std::string> lines = lines_of(text);
  Script script;
  Block block;
  std::size_t place = 0;
  while (place < lines.size()) {
    if (is_comment(lines[place])) {
      block.head.push_back(lines[place++]);
      continue;
    }
    take_command(lines, place, block);
    while (place < lines.size() && !lines[place].empty()) block.expected += lines[place++] + '\n';
    script.blocks.push_back(std::exchange(block, Block{}));
  }
  script.tail = std::move(block.head);
  return script;
}

std::string text_of(const Script& script) {
  std::string text;
  const auto add = [&text](const std::vector<std::string>& lines) {
    for (const std::string& line : lines) text += line + '\n';
  };
  for (const Block& block : script.blocks) {
    add(block.head);
    add(block.written);
    text += separator;
    text += '\n' + block.expected;
  }
  add(script.tail);
  return text;
}

}  // namespace conclave::golden
