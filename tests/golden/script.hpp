// A golden script as a file: blocks of comment, command, `----` and expected output.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace conclave::golden {

// What is wrong with a script, in words that name what was expected.
struct BadScript : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Block {
  std::vector<std::string> head;     // comments and empty lines before the command, kept as they are
  std::vector<std::string> written;  // the command, as it is written: one line, and indented ones that go on with it
  std::string command;               // the same on one line
  std::size_t line = 0;              // of the command's first line, from 1
  std::string expected;              // lines, each with its newline
};

struct Script {
  std::vector<Block> blocks;
  std::vector<std::string> tail;  // comments after the last block
};

// Throws BadScript, beginning with the line's number.
Script parse_script(std::string_view text);

// The file's text again. parse_script and text_of are inverse to each other on well-formed files.
std::string text_of(const Script& script);

}  // namespace conclave::golden
