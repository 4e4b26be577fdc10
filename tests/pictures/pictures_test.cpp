// What pages and files are made with.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "conclave/check/output_file.hpp"
#include "html_parts.hpp"

namespace conclave::check {
namespace {

namespace fs = std::filesystem;

TEST(HtmlText, MarkupIsText) {
  EXPECT_EQ(html_text("<a href=\"x\" title='y'>&amp;"), "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;amp;");
  EXPECT_EQ(html_text(""), "");
}

TEST(HtmlText, Utf8StaysAndTheRestIsReplaced) {
  EXPECT_EQ(html_text("zk-\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80"), "zk-\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80");
  const std::string replaced = "\xef\xbf\xbd";
  EXPECT_EQ(html_text("a\xff"
                      "b"),
            "a" + replaced + "b");
  EXPECT_EQ(html_text("a\xe2\x82"), "a" + replaced + replaced);                         // ends too early
  EXPECT_EQ(html_text("\xc0\xbc"), replaced + replaced);                                // overlong `<`
  EXPECT_EQ(html_text("\xed\xa0\x80"), replaced + replaced + replaced);                 // half of a pair
  EXPECT_EQ(html_text("\xf4\x90\x80\x80"), replaced + replaced + replaced + replaced);  // beyond the last character
  EXPECT_EQ(html_text(std::string("\0\x1b\x7f\xc2\x85", 5)), replaced + replaced + replaced + replaced + replaced);
}

class Files : public testing::Test {
 protected:
  Files() {
    std::string pattern = (fs::temp_directory_path() / "conclave-files-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Files() override { fs::remove_all(folder_); }

  [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
  static std::string content(const std::string& path) {
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    return text.str();
  }
  [[nodiscard]] std::size_t count() const {
    std::size_t files = 0;
    for (const auto& entry : fs::directory_iterator(folder_)) files += entry.exists() ? 1 : 0;
    return files;
  }

  fs::path folder_;
};

TEST_F(Files, AreWrittenAndReplaced) {
  EXPECT_EQ(write_whole(path("a"), "first"), std::nullopt);
  EXPECT_EQ(content(path("a")), "first");
  EXPECT_EQ(write_whole(path("a"), "second"), std::nullopt);
  EXPECT_EQ(content(path("a")), "second");
  EXPECT_EQ(count(), 1U);
}

TEST_F(Files, KeepTheirModeAndNewOnesFollowTheMask) {
  const mode_t before = ::umask(027);
  EXPECT_EQ(write_whole(path("new"), "x"), std::nullopt);
  ::umask(before);
  EXPECT_EQ(fs::status(path("new")).permissions(), static_cast<fs::perms>(0640));
  fs::permissions(path("new"), static_cast<fs::perms>(0604));
  EXPECT_EQ(write_whole(path("new"), "y"), std::nullopt);
  EXPECT_EQ(fs::status(path("new")).permissions(), static_cast<fs::perms>(0604));
}

TEST_F(Files, ALinkStaysALink) {
  EXPECT_EQ(write_whole(path("target"), "old"), std::nullopt);
  fs::create_symlink("target", path("link"));
  EXPECT_EQ(write_whole(path("link"), "new"), std::nullopt);
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(content(path("target")), "new");
}

TEST_F(Files, WhatIsNoFileIsWrittenToAsItIs) {
  EXPECT_EQ(write_whole("/dev/null", "gone"), std::nullopt);
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  const auto full = write_whole("/dev/full", "x");
  ASSERT_TRUE(full);
  EXPECT_EQ(*full, "/dev/full: No space left on device");
}

TEST_F(Files, SayWhyTheyCanNotBeWritten) {
  const auto missing = write_whole(path("none/a"), "x");
  ASSERT_TRUE(missing);
  EXPECT_EQ(*missing, path("none/a") + ": No such file or directory");
  EXPECT_EQ(why_not_writable(path("none/a")), missing);
  fs::create_directory(path("folder"));
  ASSERT_TRUE(write_whole(path("folder"), "x"));
  EXPECT_EQ(why_not_writable(path("folder")), path("folder") + ": Is a directory");
  EXPECT_EQ(why_not_writable(path("a")), std::nullopt);
  EXPECT_EQ(write_whole(path("a"), "x"), std::nullopt);
  EXPECT_EQ(why_not_writable(path("a/b")), path("a/b") + ": Not a directory");
}

}  // namespace
}  // namespace conclave::check
