// Files that are broken, cut, or no recordings at all.
#include <algorithm>
#include <string>
#include <vector>

#include "loop.hpp"
#include "support.hpp"

namespace conclave::record {
namespace {

std::string recording(unsigned seed) {
  const Folder folder;
  {
    const auto recorder = Recorder::open(folder.file("x"), nullptr);
    Loop loop(**recorder, seed);
    for (int i = 0; i < 8; ++i) loop.step();
    (*recorder)->end("enough");
  }
  return folder.read("x");
}

// A kill may come after any byte.
TEST(Reader, TakesWhatIsCutAnywhere) {
  const std::string whole = recording(1);
  for (std::size_t bytes = 1; bytes < whole.size(); ++bytes) {
    const Replayed all = replayed_text(whole.substr(0, bytes));
    ASSERT_TRUE(all.same()) << bytes << ": " << all;
    // Only the newline may be missing from a line that is all there.
    const bool at_an_end = whole[bytes] == '\n' || whole[bytes - 1] == '\n';
    ASSERT_EQ(all.cuts, at_an_end ? 0U : 1U) << bytes;
  }
}

TEST(Reader, GoesOnAfterACutLineWithTheNextRun) {
  const std::string whole = recording(1);
  const Replayed all = replayed_text(whole.substr(0, whole.size() - 10) + "\n" + whole);
  EXPECT_TRUE(all.same()) << all;
  EXPECT_EQ(all.runs, 2U);
  EXPECT_EQ(all.cuts, 1U);
  // But not with anything else.
  std::vector<std::string> lines = lines_of(whole);
  lines[2].resize(lines[2].size() / 2);
  const Replayed broken = replayed_text(joined(lines));
  ASSERT_TRUE(broken.error);
  EXPECT_EQ(broken.error->line, 3U);
}

TEST(Reader, MissesLinesThatAreMissingTwiceThereOrSwapped) {
  const std::vector<std::string> lines = lines_of(recording(1));
  for (std::size_t i = 1; i + 1 < lines.size(); ++i) {
    std::vector<std::string> missing = lines;
    missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_TRUE(replayed_text(joined(missing)).error) << i;
    std::vector<std::string> twice = lines;
    twice.insert(twice.begin() + static_cast<std::ptrdiff_t>(i), lines[i]);
    EXPECT_TRUE(replayed_text(joined(twice)).error) << i;
    std::vector<std::string> swapped = lines;
    std::swap(swapped[i], swapped[i + 1]);
    EXPECT_TRUE(replayed_text(joined(swapped)).error) << i;
  }
}

TEST(Reader, AfterADifferenceTheRestOfTheRunIsCountedAndTheNextIsReplayed) {
  const std::string whole = recording(1);
  std::vector<std::string> lines = lines_of(whole);
  const std::string before = "\"round\":1";
  lines[1].replace(lines[1].find(before), before.size(), "\"round\":2");
  const Replayed all = replayed_text(joined(lines) + whole);
  ASSERT_FALSE(all.error) << all;
  ASSERT_TRUE(all.difference);
  EXPECT_EQ(all.difference_line, 2U);
  EXPECT_NE(all.difference->field.find("round"), std::string::npos);
  EXPECT_EQ(all.difference->recorded, "2");
  EXPECT_EQ(all.difference->model, "1");
  EXPECT_EQ(all.not_looked_at, lines.size() - 2);
  EXPECT_EQ(all.runs, 2U);
}

TEST(Reader, SaysWhatAFileIsThatIsNoRecording) {
  const Folder folder;
  const auto message = [&folder](const std::string& text) {
    const Replayed all = replayed_file(folder.write("x", text));
    return all.error ? all.error->message().substr(folder.file("x").size()) : "no error";
  };
  EXPECT_EQ(message(""), ": found an empty file; expected a recording");
  EXPECT_EQ(message("hello\n"), ":1: found \"hello\"; expected a line of a recording");
  EXPECT_EQ(message(std::string("\x7f"
                                "ELF\0\0\0",
                                7) +
                    "\n"),
            ":1: found bytes that are no text; expected a line of a recording");
  EXPECT_EQ(message("\n"), ":1: found an empty line; expected a line of a recording");
  EXPECT_EQ(message("[1]\n"), ":1: found \"[1]\"; expected a line of a recording");
  EXPECT_EQ(message("{\"kind\":\"election\",\"n\":1}\n"),
            ":1: kind: found \"election\"; expected a line of kind \"run\" first");
  EXPECT_EQ(message("{\"kind\":\"run\",\"format\":2}\n"), ":1: format: found 2; expected 1");
  EXPECT_EQ(message("{\"kind\":\"run\"}\n"), ":1: format: found nothing; expected 1");
  EXPECT_EQ(message(std::string(line_bytes_max + 1, 'x')),
            ":1: found a line of more than 1048576 bytes; expected a line of a recording");
  EXPECT_NE(message(std::string(100'000, '[') + "\n"), "no error");
  EXPECT_EQ(replayed_file(folder.file("none")).error->message(),
            folder.file("none") + ": found no such file; expected a recording");
  EXPECT_EQ(replayed_file(folder.file(".")).error->found, "a folder");
}

TEST(Reader, TellsKindsOfFilesByHowTheyBegin) {
  EXPECT_EQ(content_of(""), Content::empty);
  EXPECT_EQ(content_of(recording(2).substr(0, beginning_bytes)), Content::recording);
  EXPECT_EQ(content_of("{\"kin"), Content::recording);
  EXPECT_EQ(content_of("2026-01-31 12:00:00,000 [myid:1] - INFO  [main:X] - y\n"), Content::other);
  EXPECT_EQ(content_of("{\"kind\":\"walk\"}"), Content::other);
  EXPECT_EQ(content_of(std::string("a\0b", 3)), Content::binary);
}

// Which configuration a notification carries is an index, and the model trusts it.
TEST(Reader, AConfigurationThatIsNotKnownIsRefused) {
  std::string text;
  for (unsigned seed = 1; text.find("\"config_text\":\"parsed\",\"configuration\":0") == std::string::npos; ++seed) {
    text = recording(seed);
  }
  const std::string before = "\"config_text\":\"parsed\",\"configuration\":0";
  text.replace(text.find(before), before.size(), "\"config_text\":\"parsed\",\"configuration\":3");
  const Replayed all = replayed_text(text);
  ASSERT_TRUE(all.error) << all;
  EXPECT_EQ(all.error->what, "event.configuration");
}

}  // namespace
}  // namespace conclave::record
