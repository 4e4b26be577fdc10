// Where recordings are written to, and what happens when they can't be.
#include <sys/resource.h>
#include <csignal>

#include <string>
#include <vector>

#include "loop.hpp"
#include "support.hpp"

namespace conclave::record {
namespace {

TEST(Recorder, GoesOnWithARecordingAlsoWhereItWasCut) {
  const Folder folder;
  const auto run = [&folder] {
    const auto recorder = Recorder::open(folder.file("x"), nullptr);
    ASSERT_TRUE(recorder) << recorder.error();
    Loop loop(**recorder, 3);
    for (int i = 0; i < 5; ++i) loop.step();
  };
  run();
  run();
  EXPECT_EQ(replayed_file(folder.file("x")).runs, 2U);
  const std::string text = folder.read("x");
  folder.write("x", text.substr(0, text.size() - 7));
  run();
  const Replayed all = replayed_file(folder.file("x"));
  EXPECT_TRUE(all.same()) << all;
  EXPECT_EQ(all.runs, 3U);
  EXPECT_EQ(all.cuts, 1U);
}

TEST(Recorder, LeavesOtherFilesAlone) {
  const Folder folder;
  for (const char* text : {"hello\n", "tickTime=2000\n", "{}\n", "\x01"}) {
    const std::string path = folder.write("x", text);
    const auto recorder = Recorder::open(path, nullptr);
    ASSERT_FALSE(recorder) << text;
    EXPECT_EQ(recorder.error(), path + ": found a file that is no recording; expected one to append to, or none");
    EXPECT_EQ(folder.read("x"), text);
  }
  EXPECT_NE(Recorder::open(folder.file("no/such/folder"), nullptr).error().find("can't be opened"),
            std::string::npos);
  EXPECT_FALSE(Recorder::open(folder.file("."), nullptr));
}

TEST(Recorder, HasItsFileToItself) {
  const Folder folder;
  {
    const auto first = Recorder::open(folder.file("x"), nullptr);
    ASSERT_TRUE(first) << first.error();
    const auto second = Recorder::open(folder.file("x"), nullptr);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error(), folder.file("x") + ": found it in use by another node; expected a file of its own");
  }
  EXPECT_TRUE(Recorder::open(folder.file("x"), nullptr));
}

// A disk that is full: it says so once, and what is there can be read.
TEST(Recorder, WithoutRoomItComplainsOnceAndEnds) {
  const Folder folder;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 5000;
  std::vector<std::string> complaints;
  {
    const auto recorder =
        Recorder::open(folder.file("x"), [&complaints](const std::string& why) { complaints.push_back(why); });
    ASSERT_TRUE(recorder);
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
    Loop loop(**recorder, 4);
    for (int i = 0; i < 40; ++i) loop.step();
    (*recorder)->end("enough");
    ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
    (*recorder)->end("again");
  }
  std::signal(SIGXFSZ, handler);
  ASSERT_EQ(complaints.size(), 1U);
  EXPECT_NE(complaints[0].find("can't be written"), std::string::npos);
  EXPECT_EQ(folder.read("x").size(), 5000U);
  const Replayed all = replayed_file(folder.file("x"));
  EXPECT_TRUE(all.same()) << all;
  EXPECT_EQ(all.ends.size(), 0U);
}

}  // namespace
}  // namespace conclave::record
