// Each file in tests/golden/*.txt is a test: its commands, run against the model, print what the file expects.
//
// With CONCLAVE_REWRITE=1 in the environment a file that differs gets the new output, and its test fails once, so
// that the difference is read before it is committed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "interpreter.hpp"
#include "script.hpp"

namespace conclave::golden {
namespace {

std::vector<std::string> script_names() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(CONCLAVE_GOLDEN_SCRIPTS)) {
    const std::filesystem::path& path = entry.path();
    if (path.extension() == ".txt" && path.filename() != "CMakeLists.txt") names.push_back(path.stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string path_of(const std::string& name) { return fmt::format("{}/{}.txt", CONCLAVE_GOLDEN_SCRIPTS, name); }

std::string contents_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The script with what it printed in the place of what it expected, and the rules that fired.
struct Played {
  Script script;
  model::RuleSet fired;
};

// nullopt: the script itself is wrong, and the test has failed with file:line and what was expected.
std::optional<Played> play(const std::string& name, const std::string& text) {
  Played played;
  const std::string file = name + ".txt";
  try {
    played.script = parse_script(text);
  } catch (const BadScript& wrong) {
    ADD_FAILURE() << file << ':' << wrong.what();
    return std::nullopt;
  }
  Interpreter interpreter;
  for (Block& block : played.script.blocks) {
    try {
      block.expected = interpreter.run(block.command);
    } catch (const BadScript& wrong) {
      ADD_FAILURE() << file << ':' << block.line << ": " << wrong.what() << "\n  in: " << block.command;
      return std::nullopt;
    }
  }
  played.fired = interpreter.fired();
  return played;
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, PrintsWhatItExpects) {
  const std::string path = path_of(GetParam());
  const std::string text = contents_of(path);
  const std::optional<Played> done = play(GetParam(), text);
  if (!done) return;
  EXPECT_FALSE(done->script.blocks.empty()) << path << ": expected at least one command";
  const std::string printed = text_of(done->script);
  if (printed == text) return;
  if (std::getenv("CONCLAVE_REWRITE") != nullptr) {
    std::ofstream(path, std::ios::binary) << printed;
    FAIL() << path << ": rewritten: read the diff";
  }
  const Script expected = parse_script(text);
  for (std::size_t i = 0; i < expected.blocks.size(); ++i) {
    const Block& block = expected.blocks[i];
    EXPECT_EQ(done->script.blocks[i].expected, block.expected)
        << GetParam() << ".txt:" << block.line << ": " << block.command;
  }
  EXPECT_EQ(printed, text);
}

INSTANTIATE_TEST_SUITE_P(Scripts, Golden, testing::ValuesIn(script_names()),
                         [](const testing::TestParamInfo<std::string>& info) { return info.param; });

TEST(GoldenScripts, AreThere) { EXPECT_FALSE(script_names().empty()); }

TEST(GoldenScripts, FireEveryRule) {
  model::RuleSet fired;
  for (const std::string& name : script_names()) {
    if (const std::optional<Played> done = play(name, contents_of(path_of(name)))) fired.add(done->fired);
  }
  for (const model::RuleInfo& info : model::rule_infos) {
    EXPECT_TRUE(fired.has(info.rule)) << "no script fires " << info.name;
  }
}

TEST(GoldenScripts, SayWhatTheyShowFirst) {
  for (const std::string& name : script_names()) {
    EXPECT_EQ(contents_of(path_of(name)).substr(0, 2), "# ") << name << ".txt: expected a comment at its head";
  }
}

std::string failure_of(const std::string& command) {
  Interpreter interpreter;
  interpreter.run("configuration voters=1,2,3");
  interpreter.run("server 1");
  try {
    return interpreter.run(command);
  } catch (const BadScript& wrong) {
    return wrong.what();
  }
}

TEST(GoldenCommands, SayWhatTheyExpect) {
  EXPECT_EQ(failure_of("server 1"), "expected a new server, 1 is there already (crash and restart it?)");
  EXPECT_EQ(failure_of("start 2"), "expected a server that there is, 2 is not (server 2)");
  EXPECT_EQ(failure_of("start"), "start: expected a server, as in 1 or 1,2 or 0..6");
  EXPECT_EQ(failure_of("start one"), "server: expected a number (12, -1, 0x1f or least), found 'one'");
  EXPECT_EQ(failure_of("start 3..1"), "server: expected a range as in 0..6, found '3..1'");
  EXPECT_EQ(failure_of("start 1 now"), "start: expected nothing more, found 'now'");
  EXPECT_EQ(failure_of("start 1 at=2"), "start: expected no 'at='");
  EXPECT_EQ(failure_of("time-out 1 delivered=maybe"), "delivered: expected yes or no, found 'maybe'");
  EXPECT_EQ(failure_of("receive 1 from=2 leader=2"), "receive: expected state=...");
  EXPECT_EQ(failure_of("server 2 config=1"), "config: expected one of 1 configurations, found 1");
  EXPECT_EQ(failure_of("deliver 2->1"), "expected something on its way 2->1, there is nothing");
  EXPECT_EQ(failure_of("process 1"), "process: expected grain fine (coarse leaves nothing to process)");
  EXPECT_EQ(failure_of("require 1 state=LEADING"), "server 1: expected state LEADING, found LOOKING");
  EXPECT_EQ(failure_of("quorum acks=1 want=yes"), "expected quorum to be yes");
  EXPECT_EQ(failure_of("fly 1").substr(0, 18), "expected a command");
}

std::string failure_of_text(const std::string& text) {
  try {
    parse_script(text);
    return "none";
  } catch (const BadScript& wrong) {
    return wrong.what();
  }
}

TEST(GoldenFiles, KeepTheirForm) {
  EXPECT_EQ(failure_of_text("# Only a comment.\n"), "none");
  EXPECT_EQ(failure_of_text("start 1\nstart 2\n----\nok\n"),
            "2: expected ---- (a command goes on with indented lines)");
  EXPECT_EQ(failure_of_text("start 1\n"), "2: expected ---- (a command goes on with indented lines)");
  EXPECT_EQ(failure_of_text("\n  start 1\n----\n"), "2: expected a command, found a line that is indented");
  const std::string text = "# Head.\n\nstart 1\n  2\n----\nok\nno\n\n# Tail.\n";
  EXPECT_EQ(text_of(parse_script(text)), text);
  EXPECT_EQ(parse_script(text).blocks[0].command, "start 1 2");
}

}  // namespace
}  // namespace conclave::golden
