// Java's Properties format. What is expected here was compared with java.util.Properties of OpenJDK 17.
#include "conclave/config/properties.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>
#include <string_view>
#include <vector>

namespace conclave::config {
namespace {

std::vector<Property> properties(std::string_view text) {
  const auto parsed = parse_properties(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(std::vector<Property>{});
}

struct Case {
  std::string_view text;
  Property expected;
};

TEST(Properties, OneLine) {
  const std::vector<Case> cases = {
      {"key=value", {"key", "value", 1}},
      {"key:value", {"key", "value", 1}},
      {"key value", {"key", "value", 1}},
      {"key\tvalue", {"key", "value", 1}},
      {" \t\f key \t=\f value", {"key", "value", 1}},
      {"key", {"key", "", 1}},
      {"key=", {"key", "", 1}},
      {"=value", {"", "value", 1}},
      {"key = = value", {"key", "= value", 1}},
      {"key:=value", {"key", "=value", 1}},
      {"key=value  ", {"key", "value  ", 1}},  // blanks at the end belong to the value
      {"key=a#b!c", {"key", "a#b!c", 1}},
      {R"(a\=b\:c\ d=1)", {"a=b:c d", "1", 1}},
      {R"(key=a\tb\nc\rd\fe)", {"key", "a\tb\nc\rd\fe", 1}},
      {R"(key=\a\\\")", {"key", "a\\\"", 1}},
      {R"(key\\=value)", {"key\\", "value", 1}},  // the second backslash is escaped, the separator is not
      {R"(key=\u0041\u00e9\u20AC)", {"key", "A\xC3\xA9\xE2\x82\xAC", 1}},
      {R"(key=\ud83d\ude00)", {"key", "\xF0\x9F\x98\x80", 1}},
      {R"(key=\ud83d)", {"key", "\xEF\xBF\xBD", 1}},
      {R"(key=\ud83dx)", {"key", "\xEF\xBF\xBDx", 1}},
      {R"(key=\\u004)", {"key", "\\u004", 1}},
      {"key=\xC3\xA9", {"key", "\xC3\xA9", 1}},
      {"\xEF\xBB\xBFkey=value", {"\xEF\xBB\xBFkey", "value", 1}},
      {"\xEF\xBB\xBF# comment", {"\xEF\xBB\xBF#", "comment", 1}},
  };
  for (const Case& c : cases) EXPECT_EQ(properties(c.text), std::vector{c.expected}) << c.text;
}

TEST(Properties, CommentsAndBlankLines) {
  const auto found = properties("# one\n! two\n\n   # three \\\n\t\nkey=value\n#last");
  EXPECT_EQ(found, (std::vector<Property>{{"key", "value", 6}}));
}

TEST(Properties, EveryLineEndCountsOnce) {
  const auto found = properties("a=1\r\nb=2\rc=3\n\r\nd=4");
  EXPECT_EQ(found, (std::vector<Property>{{"a", "1", 1}, {"b", "2", 2}, {"c", "3", 3}, {"d", "4", 5}}));
}

TEST(Properties, ContinuedLines) {
  EXPECT_EQ(properties("a=1:\\\n   2:\\\r\n\t3\nb=4"), (std::vector<Property>{{"a", "1:2:3", 1}, {"b", "4", 4}}));
  // An even number of backslashes continues nothing.
  EXPECT_EQ(properties("a=1\\\\\nb=2"), (std::vector<Property>{{"a", "1\\", 1}, {"b", "2", 2}}));
  // A comment can't be in the middle of a line, nor can it be continued.
  EXPECT_EQ(properties("a=1\\\n#2\nb=3"), (std::vector<Property>{{"a", "1#2", 1}, {"b", "3", 3}}));
  // A blank line ends it.
  EXPECT_EQ(properties("a=1\\\n\nb=2"), (std::vector<Property>{{"a", "1", 1}, {"b", "2", 3}}));
  // A lone backslash at the end of the file means nothing.
  EXPECT_EQ(properties("a=1\\"), (std::vector<Property>{{"a", "1", 1}}));
  EXPECT_EQ(properties("\\\n\na=1"), (std::vector<Property>{{"a", "1", 3}}));
  EXPECT_EQ(properties("\\\n  a=1"), (std::vector<Property>{{"a", "1", 1}}));
  EXPECT_EQ(properties("\\\n# comment\na=1"), (std::vector<Property>{{"a", "1", 3}}));
  EXPECT_TRUE(properties("\\").empty());
}

TEST(Properties, KeysMayComeTwice) {
  EXPECT_EQ(properties("a=1\na=2"), (std::vector<Property>{{"a", "1", 1}, {"a", "2", 2}}));
}

TEST(Properties, UnicodeEscapeNeedsFourDigits) {
  for (const std::string_view text : {R"(ok=1
key=\u12)",
                                      R"(ok=1
key=\u12G4)",
                                      R"(ok=1
\u 123=4)",
                                      R"(ok=1
key=\u-123)"}) {
    const auto parsed = parse_properties(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().line, 2);
    EXPECT_TRUE(parsed.error().found.starts_with("\\u")) << parsed.error().found;
  }
}

// Escapes everything that could mean something, as Properties.store does.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      case '\f': out += "\\f"; break;
      case ' ':
      case '=':
      case ':':
      case '#':
      case '!':
      case '\\': out += '\\'; [[fallthrough]];
      default: out += c;
    }
  }
  return out;
}

TEST(Properties, WhatIsEscapedComesBack) {
  EXPECT_TRUE(rc::check("escaped keys and values come back", [](const std::vector<std::string>& texts) {
    std::string file;
    std::vector<Property> expected;
    for (const std::string& text : texts) {
      file += escaped("k" + text) + "=" + escaped(text) + "\n";
      expected.push_back({"k" + text, text, static_cast<int>(expected.size()) + 1});
    }
    const auto parsed = parse_properties(file);
    RC_ASSERT(parsed.has_value());
    RC_ASSERT(*parsed == expected);
  }));
}

}  // namespace
}  // namespace conclave::config
