// Lines in the layouts of log4j.properties and logback.xml, release by release, and in those that people make of them.
#include "conclave/logs/line.hpp"

#include <gtest/gtest.h>

#include <string>

namespace conclave::logs {
namespace {

// 2026-01-31 12:00:00.123 UTC
constexpr std::int64_t noon_ms = 1'769'860'800'123;

struct Layout {
  const char* name;
  const char* text;
  std::optional<std::int64_t> myid;
  const char* level;
  const char* thread;
  const char* source;
};

class Layouts : public testing::TestWithParam<Layout> {};

TEST_P(Layouts, AreUnderstood) {
  const Layout& layout = GetParam();
  const auto line = parse_line(layout.text);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->time_ms, noon_ms);
  EXPECT_EQ(line->myid, layout.myid);
  EXPECT_EQ(line->level, layout.level);
  EXPECT_EQ(line->thread, layout.thread);
  EXPECT_EQ(line->source, layout.source);
  EXPECT_EQ(line->message, "New election. My id = 1, proposed zxid=0x0");
}

INSTANTIATE_TEST_SUITE_P(
    All, Layouts,
    testing::Values(
        // %d{ISO8601} [myid:%X{myid}] - %-5p [%t:%C{1}@%L] - %m%n
        Layout{"log4j34",
               "2026-01-31 12:00:00,123 [myid:1] - INFO  [QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181:"
               "FastLeaderElection@813] - New election. My id = 1, proposed zxid=0x0",
               1, "INFO", "QuorumPeer[myid=1]/0:0:0:0:0:0:0:0:2181", "FastLeaderElection"},
        Layout{"log4j38",
               "2026-01-31 12:00:00,123 [myid:1] - INFO  [QuorumPeer[myid=1](plain=[0:0:0:0:0:0:0:0]:2181)"
               "(secure=disabled):FastLeaderElection@946] - New election. My id = 1, proposed zxid=0x0",
               1, "INFO", "QuorumPeer[myid=1](plain=[0:0:0:0:0:0:0:0]:2181)(secure=disabled)", "FastLeaderElection"},
        // logback's %C{1} shortens packages.
        Layout{"logback39",
               "2026-01-31 12:00:00,123 [myid:1] - INFO  [QuorumPeer[myid=1](plain=0.0.0.0:2181)(secure=disabled):"
               "o.a.z.s.q.FastLeaderElection@968] - New election. My id = 1, proposed zxid=0x0",
               1, "INFO", "QuorumPeer[myid=1](plain=0.0.0.0:2181)(secure=disabled)", "o.a.z.s.q.FastLeaderElection"},
        // [%t:%C{1}@%L][%x], the pattern of TRACEFILE
        Layout{"nested_context",
               "2026-01-31 12:00:00,123 [myid:1] - DEBUG [main:FastLeaderElection@1][] - New election. My id = 1, "
               "proposed zxid=0x0",
               1, "DEBUG", "main", "FastLeaderElection"},
        Layout{"without_class",
               "2026-01-31 12:00:00,123 [myid:1] - WARN  [QuorumPeer[myid=1](plain=127.0.0.1:2181)(secure=disabled)]"
               " - New election. My id = 1, proposed zxid=0x0",
               1, "WARN", "QuorumPeer[myid=1](plain=127.0.0.1:2181)(secure=disabled)", ""},
        // Debian's: %d{ISO8601} - %-5p [%t:%C{1}@%L] - %m%n; the thread still has the id.
        Layout{"debian",
               "2026-01-31 12:00:00,123 - INFO  [QuorumPeer[myid=3]/0.0.0.0:2181:FastLeaderElection@946] - New "
               "election. My id = 1, proposed zxid=0x0",
               3, "INFO", "QuorumPeer[myid=3]/0.0.0.0:2181", "FastLeaderElection"},
        Layout{"without_thread",
               "2026-01-31 12:00:00,123 [myid:1] - INFO - New election. My id = 1, proposed zxid=0x0", 1, "INFO", "",
               ""},
        Layout{"before_it_knows_its_id",
               "2026-01-31 12:00:00,123 [myid:] - INFO  [main:X@1] - New election. My id = 1, proposed zxid=0x0",
               std::nullopt, "INFO", "main", "X"},
        Layout{"bare", "2026-01-31T12:00:00.123 INFO New election. My id = 1, proposed zxid=0x0", std::nullopt,
               "INFO", "", ""},
        // [%d] %p %m (%c)%n
        Layout{"kafka",
               "[2026-01-31 12:00:00,123] INFO New election. My id = 1, proposed zxid=0x0 "
               "(org.apache.zookeeper.server.quorum.FastLeaderElection)",
               std::nullopt, "INFO", "", "org.apache.zookeeper.server.quorum.FastLeaderElection"},
        // %d{ISO8601} %p %m (%c) [%t]%n
        Layout{"strimzi",
               "2026-01-31 12:00:00,123 INFO New election. My id = 1, proposed zxid=0x0 "
               "(org.apache.zookeeper.server.quorum.FastLeaderElection) [QuorumPeer[myid=1]/0.0.0.0:21810]",
               1, "INFO", "QuorumPeer[myid=1]/0.0.0.0:21810",
               "org.apache.zookeeper.server.quorum.FastLeaderElection"}),
    [](const auto& info) { return info.param.name; });

TEST(Line, MayComeBehindWordsOfAContainerEngine) {
  const std::string line = "2026-01-31 12:00:00,123 [myid:2] - INFO  [main:QuorumPeer@1455] - LOOKING";
  for (const char* prefix : {"zoo2_1  | ", "2026-01-31T12:00:01.123456789Z ", "2026-01-31T12:00:01.123456+01:00 ",
                             "Jan 31 12:00:01 host java[812]: "}) {
    const std::string text = prefix + line;
    const auto parsed = parse_line(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->time_ms, noon_ms) << text;
    EXPECT_EQ(parsed->myid, 2);
    EXPECT_EQ(parsed->message, "LOOKING");
  }
}

TEST(Line, MayComeBehindAnotherDate) {
  const std::string line = "2026-01-31 12:00:00,123 - INFO  [main:QuorumPeer@1455] - LOOKING";
  for (const char* prefix : {"2026-01-31T12:00:01.123456789Z stdout F ", "zoo-1  | 2026-01-31T12:00:01.123456789Z ",
                             "2026-01-31T12:00:01.123456+01:00 host java[812]: "}) {
    const std::string text = prefix + line;
    const auto parsed = parse_line(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->time_ms, noon_ms) << text;
    EXPECT_EQ(std::string(parsed->prefix) + " ", prefix);
    EXPECT_EQ(parsed->message, "LOOKING");
  }
}

TEST(Line, IsTakenOutOfWhatItWasWrappedIn) {
  const std::string line = "2026-01-31 12:00:00,123 [myid:2] - INFO  [main:QuorumPeer@1455] - LOOKING";
  EXPECT_EQ(plain_line(line), line);
  EXPECT_EQ(plain_line("\x1b[36mzoo1  |\x1b[0m " + line), "zoo1  | " + line);
  EXPECT_EQ(plain_line("2026-01-31 12:00:00,123 \x1b[1;32mINFO\x1b[m LOOKING\x1b["),
            "2026-01-31 12:00:00,123 INFO LOOKING");
  EXPECT_EQ(plain_line("{\"log\":\"\\u001b[36m" + line +
                       "\\r\\n\",\"stream\":\"stdout\",\"time\":\"2026-01-31T12:00:01Z\"}"),
            line + "\r\n");
  for (const char* text : {"{\"log\":\"cut", "{\"log\":7}", "{\"log\":", "\x1b", "\x1b]0;title"}) {
    EXPECT_EQ(plain_line(text), text);
  }
}

TEST(Line, LastingWordsAreNames) {
  struct Case {
    const char* prefix;
    const char* words;
    const char* without_process;
  };
  for (const Case& one :
       {Case{"", "", ""}, Case{"zoo2_1  |", "zoo2_1 |", "zoo2_1 |"},
        Case{"zoo-1  | 2026-01-31T12:00:01.123456789Z", "zoo-1 |", "zoo-1 |"},
        Case{"2026-01-31T12:00:01.123456789Z stdout F", "", ""},
        Case{"Jan 31 12:00:01 host java[812]:", "host java[812]:", "host java[]:"},
        Case{"2026-01-31T12:00:01.123456+01:00 10.0.0.1 java[812]:", "10.0.0.1 java[812]:", "10.0.0.1 java[]:"},
        Case{"[pod/zk-0/zookeeper]", "[pod/zk-0/zookeeper]", "[pod/zk-0/zookeeper]"}}) {
    EXPECT_EQ(lasting_words(one.prefix, true), one.words);
    EXPECT_EQ(lasting_words(one.prefix, false), one.without_process);
  }
}

TEST(Line, AMessageMayNameItsServer) {
  EXPECT_EQ(own_id_in("New election. My id =  1, Proposed zxid = 0"), 1);
  EXPECT_EQ(own_id_in("Starting quorum peer, myid=12"), 12);
  EXPECT_EQ(own_id_in("Connection broken for id 2, my id = 1, error = "), 1);
  EXPECT_EQ(own_id_in("Have smaller server identifier, so dropping the connection: (myId:1 --> sid:2)"), 1);
  EXPECT_EQ(own_id_in("Sending Notification: 3 (n.leader), 0x0 (n.zxid), 0x1 (n.round), 2 (recipient), 1 (myid), 0x0 "
                      "(n.peerEpoch) "),
            1);
  EXPECT_EQ(own_id_in("Notification: 3 (n.leader), 0x0 (n.zxid), 2 (n.sid)"), std::nullopt);
  EXPECT_EQ(own_id_in("My id = "), std::nullopt);
}

TEST(Line, EndsWhereItEnds) {
  EXPECT_EQ(parse_line("2026-01-31 12:00:00,123 [myid:2] - INFO  [main:X@1] - LOOKING\r\n")->message, "LOOKING");
  EXPECT_EQ(parse_line("2026-01-31 12:00:00,123 [myid:2] - INFO  [main:X@1] - ")->message, "");
}

TEST(Line, IsNoneWithoutDateOrLevel) {
  for (const char* text :
       {"", "java.net.ConnectException: Connection refused", "\tat java.base/java.lang.Thread.run(Thread.java:840)",
        "2026-01-31 12:00:00 [myid:1] - INFO [main:X@1] - no milliseconds",
        "2026-13-31 12:00:00,123 [myid:1] - INFO  [main:X@1] - no such month",
        "2026-02-30 12:00:00,123 [myid:1] - INFO  [main:X@1] - no such day",
        "2026-01-31 25:00:00,123 [myid:1] - INFO  [main:X@1] - no such hour",
        "2026-01-31 12:00:00,123 [myid:1 - INFO  [main:X@1 - no end",
        "2026-01-31 12:00:00,123 [myid:1[ - INFO  [main:X@1] - no end", "2026-01-31 12:00:00,123 no level",
        "[2026-01-31 12:00:00,123 INFO no end", "2026-01-31 12:00:00,123"}) {
    EXPECT_FALSE(parse_line(text)) << text;
  }
}

}  // namespace
}  // namespace conclave::logs
