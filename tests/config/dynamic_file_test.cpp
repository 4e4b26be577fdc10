// The servers in a file of their own: dynamicConfigFile.
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/model/configuration.hpp"
#include "conclave/model/types.hpp"
#include "support.hpp"

namespace conclave::config {
namespace {

using model::ConfigVersion;

constexpr std::string_view three = "server.1=a:1:2:participant;5\nserver.2=b:1:2\nserver.3=c:1:2\n";

TEST(DynamicFile, IsReadAsItIsNamed) {
  const ZooCfg cfg = parsed("dataDir=d\ninitLimit=5\nsyncLimit=2\ndynamicConfigFile=zk.dynamic.1f\n",
                            {{"zk.dynamic.1f", std::string(three)}}, "conf/zoo.cfg");
  EXPECT_EQ(cfg.dynamic_file, "zk.dynamic.1f");
  EXPECT_EQ(cfg.configuration.version(), ConfigVersion{0x1f});
  ASSERT_EQ(cfg.servers.size(), 3U);
  EXPECT_EQ(cfg.servers[1].line, 2);
  EXPECT_TRUE(cfg.notes.empty()) << cfg.notes.front();
}

TEST(DynamicFile, BesideTheMainFileIsTheSecondChoice) {
  const Files files = {{"conf/zk.dynamic.1f", std::string(three)}};
  const ZooCfg cfg = parsed("dynamicConfigFile=zk.dynamic.1f\n", files, "conf/zoo.cfg");
  EXPECT_EQ(cfg.dynamic_file, "conf/zk.dynamic.1f");
  EXPECT_EQ(cfg.configuration.version(), ConfigVersion{0x1f});
  EXPECT_TRUE(has_note(cfg, "'zk.dynamic.1f' was not found from here and is taken from beside the main file"));
}

// Only beside the main file, and only if that names a dynamic file.
TEST(DynamicFile, NextConfigurationIsNoted) {
  const std::string note =
      "There is a file 'conf/zoo.cfg.dynamic.next', which is not looked at here. ZooKeeper loads it as the last seen "
      "configuration";
  const Files next = {{"d", std::string(three)}, {"conf/zoo.cfg.dynamic.next", "server.1=a:1:2\nversion=5"}};
  EXPECT_TRUE(has_note(parsed("dynamicConfigFile=d", next, "conf/zoo.cfg"), note));
  EXPECT_FALSE(has_note(parsed(three, next, "conf/zoo.cfg"), "dynamic.next"));
  const Files elsewhere = {{"d", std::string(three)}, {"d.dynamic.next", ""}, {"zoo.cfg.dynamic.next", ""}};
  EXPECT_FALSE(has_note(parsed("dynamicConfigFile=d", elsewhere, "conf/zoo.cfg"), "dynamic.next"));
}

TEST(DynamicFile, VersionIsTheEndOfItsName) {
  struct Case {
    std::string name;
    std::int64_t version;
  };
  const std::vector<Case> cases = {
      {"zoo.cfg.dynamic.100000000", 0x100000000},
      {"zoo.cfg.dynamic.0", 0},
      {"zoo.cfg.dynamic.7fffffffffffffff", 0x7fffffffffffffff},
      {"zoo.cfg.dynamic.8000000000000000", 0},  // no long, so no version
      {"zoo.cfg.dynamic", 0},
      {"dynamic", 0},
      {"zoo.", 0},
      {"v.2/dynamic", 0},  // the last dot of the whole path, as in ZooKeeper
      {"servers.add", 0xadd},
  };
  for (const Case& c : cases) {
    const ZooCfg cfg = parsed("dynamicConfigFile=" + c.name, {{c.name, std::string(three)}});
    EXPECT_EQ(cfg.configuration.version(), ConfigVersion{c.version}) << c.name;
  }
}

TEST(DynamicFile, GroupsAndOracle) {
  const Files files = {{"d", std::string(three) + "group.1=1:2:3\n"}};
  EXPECT_EQ(parsed("dynamicConfigFile=d", files).configuration.kind(), model::QuorumKind::hierarchical);
  EXPECT_EQ(parsed("dynamicConfigFile=d\noraclePath=o", files).configuration.kind(),
            model::QuorumKind::oracle_majority);
}

// A version of the main file's is none of the dynamic configuration's.
TEST(DynamicFile, VersionInTheMainFileIsAnUnknownKey) {
  const ZooCfg cfg = parsed("version=notanumber\ndynamicConfigFile=d.5", {{"d.5", std::string(three)}});
  EXPECT_EQ(cfg.configuration.version(), ConfigVersion{5});
}

struct Wrong {
  std::string main;
  std::string dynamic;
  std::string message;
};

// A copy of both files, as somebody takes it home: ZooKeeper has written where its own was.
TEST(DynamicFile, OfAnAbsoluteNameTheLastPartIsTheSecondChoice) {
  const ZooCfg cfg = parsed("dynamicConfigFile=/opt/conf/zk.dynamic.1f\n",
                            {{"copy/zk.dynamic.1f", std::string(three)}}, "copy/zoo.cfg");
  EXPECT_EQ(cfg.dynamic_file, "copy/zk.dynamic.1f");
  EXPECT_EQ(cfg.configuration.version(), ConfigVersion{0x1f});
  EXPECT_TRUE(has_note(cfg, "was not found from here and is taken from beside the main file"));
}

TEST(DynamicFile, WrongInputs) {
  const std::vector<Wrong> cases = {
      {"a=1\ndynamicConfigFile=none", "",
       "conf/zoo.cfg:2: no dynamic file: found 'none': no such file; 'conf/none': no such file; expected the dynamic "
       "file that ZooKeeper wrote or is to start from"},
      {"dynamicConfigFile=/none", "",
       "conf/zoo.cfg:1: no dynamic file: found '/none': no such file; 'conf/none': no such file; expected the "
       "dynamic "
       "file that ZooKeeper wrote or is to start from"},
      {"dynamicConfigFile=", "",
       "conf/zoo.cfg:1: no dynamic file: found dynamicConfigFile without a name; expected the dynamic file that "
       "ZooKeeper wrote or is to start from"},
      {"server.1=a:1:2\ndynamicConfigFile=d", std::string(three),
       "conf/zoo.cfg:1: server line beside dynamicConfigFile: found 'server.1' (dynamicConfigFile is on line 2); "
       "expected server, group and weight lines in the dynamic file alone"},
      {"dynamicConfigFile=d\nweight.1=1", std::string(three),
       "conf/zoo.cfg:2: server line beside dynamicConfigFile: found 'weight.1' (dynamicConfigFile is on line 1); "
       "expected server, group and weight lines in the dynamic file alone"},
      {"dynamicConfigFile=d", "server.1=a:1:2\nversion=1",
       "d:2: version inside the dynamic file: found version='1'; expected the version in the file's name alone, in "
       "hexadecimal after its last dot"},
      {"dynamicConfigFile=d", "# servers\ntickTime=2000\nserver.1=a:1:2",
       "d:2: unknown key in the dynamic file: found 'tickTime'; expected server.N, group.N and weight.N lines alone"},
      {"dynamicConfigFile=d", "server.1=a:1",
       "d:1: missing port: found 'a:1'; expected host:quorum-port:election-port with an optional :participant or "
       ":observer"},
      {"dynamicConfigFile=d", "",
       "d: no server lines: found no server.N; expected at least one server.N=host:quorum-port:election-port"},
      {"dynamicConfigFile=d", std::string(file_bytes_max + 1, ' '),
       "d: file too large: found more than 1048576 bytes; expected a configuration of at most 1048576 bytes"},
      {"dynamicConfigFile=d", "\xEF\xBB\xBF" + std::string(three),
       "d:1: byte order mark: found the UTF-8 byte order mark (EF BB BF); expected a file without one: ZooKeeper "
       "takes it for a part of the first line"},
      {"dynamicConfigFile=d", "a=\\u1",
       "d:1: malformed escape: found '\\u1'; expected four hexadecimal digits after "
       "\\u"},
  };
  for (const Wrong& wrong : cases) {
    const auto cfg = parse(wrong.main, {{"d", wrong.dynamic}}, "conf/zoo.cfg");
    ASSERT_FALSE(cfg) << wrong.message;
    EXPECT_EQ(cfg.error().message(), wrong.message);
  }
  const auto negative = parse("dynamicConfigFile=d.-5", {{"d.-5", std::string(three)}});
  ASSERT_FALSE(negative);
  EXPECT_EQ(negative.error().what, "negative version");
}

}  // namespace
}  // namespace conclave::config
