// Everything that is refused, one kind at a time: the message names the file, the line, what was found there and
// what was expected.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/model/types.hpp"
#include "support.hpp"

namespace conclave::config {
namespace {

struct Wrong {
  std::string_view name;
  std::string text;
  int line;
  std::string_view what;
  std::string_view found;
  std::string_view expected;

  friend std::ostream& operator<<(std::ostream& out, const Wrong& wrong) { return out << wrong.name; }
};

// Two servers that are fine, after one line that may not be.
std::string with_others(const std::string& line) { return line + "\nserver.8=h8:1:2\nserver.9=h9:1:2\n"; }
std::string first_server(const std::string& value) { return "# a comment\n" + with_others("server.1=" + value); }
std::string grouped(const std::string& lines) { return with_others("server.1=h1:1:2:observer") + lines; }

std::string many_servers() {
  std::string text;
  for (std::size_t id = 0; id <= model::servers_max; ++id) {
    text += "server." + std::to_string(id) + "=h" + std::to_string(id) + ":1:2\n";
  }
  return text;
}

class WrongInput : public testing::TestWithParam<Wrong> {};

TEST_P(WrongInput, IsRefused) {
  const Wrong& wrong = GetParam();
  const auto cfg = parse(wrong.text, {}, "conf/zoo.cfg");
  ASSERT_FALSE(cfg) << "accepted";
  const ConfigError& error = cfg.error();
  EXPECT_EQ(error.file, "conf/zoo.cfg");
  EXPECT_EQ(error.line, wrong.line);
  EXPECT_EQ(error.what, wrong.what);
  const std::string message = error.message();
  const std::string place = wrong.line == 0 ? "conf/zoo.cfg: " : "conf/zoo.cfg:" + std::to_string(wrong.line) + ": ";
  EXPECT_TRUE(message.starts_with(place + std::string(wrong.what) + ": found ")) << message;
  EXPECT_NE(error.found.find(wrong.found), std::string::npos) << message;
  EXPECT_NE(error.expected.find(wrong.expected), std::string::npos) << message;
  EXPECT_NE(message.find("; expected " + error.expected), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

std::string name_of(const testing::TestParamInfo<Wrong>& info) { return std::string(info.param.name); }

INSTANTIATE_TEST_SUITE_P(
    File, WrongInput,
    testing::Values(
        Wrong{"Huge", std::string(file_bytes_max + 1, '\n'), 0, "file too large", "more than 1048576",
              "at most 1048576"},
        Wrong{"Empty", "", 0, "no server lines", "no server.N", "at least one server.N="},
        Wrong{"NoServers", "tickTime=2000\n", 0, "no server lines", "no server.N", "at least one server.N="},
        Wrong{"BadEscape", "a=1\nb=\\u00g0\n", 2, "malformed escape", "\\u00g0", "four hexadecimal digits"},
        Wrong{"TooManyServers", many_servers(), 129, "too many servers", "server.128 after 128",
              "at most 128 servers; what to do: take a copy of the file with fewer servers"},
        Wrong{"ByteOrderMark", "\xEF\xBB\xBF" + with_others("server.1=h:1:2"), 1, "byte order mark", "EF BB BF",
              "a file without one: ZooKeeper takes it for a part of the first line"},
        Wrong{"ByteOrderMarkBeforeAComment", "\xEF\xBB\xBF" + first_server("h:1:2"), 1, "byte order mark", "EF BB BF",
              "a file without one"}),
    name_of);

// Each setting is in order, and ZooKeeper does not start with all of them.
INSTANTIATE_TEST_SUITE_P(
    Together, WrongInput,
    testing::Values(Wrong{"ClientAddressAlone", with_others("clientPortAddress=::1"), 1,
                          "clientPortAddress without clientPort", "'::1'", "clientPort beside it"},
                    Wrong{"ClientAddressAndPortZero", with_others("clientPort=0\nclientPortAddress=a"), 2,
                          "clientPortAddress without clientPort", "'a'", "clientPort beside it"},
                    Wrong{"SecureAddressAlone", with_others("clientPort=1\nsecureClientPortAddress=a"), 2,
                          "secureClientPortAddress without secureClientPort", "'a'", "secureClientPort beside it"},
                    Wrong{"SessionTimeouts", with_others("maxSessionTimeout=5\nminSessionTimeout=6"), 2,
                          "minSessionTimeout above maxSessionTimeout", "6 and 5 ms", "at most maxSessionTimeout"},
                    Wrong{"SessionTimeoutBelowTicks", with_others("tickTime=100\nmaxSessionTimeout=199"), 2,
                          "minSessionTimeout above maxSessionTimeout", "200 and 199 ms", "2 and 20 times tickTime"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Sasl, WrongInput,
    testing::Values(Wrong{"ServerAlone", with_others("quorum.auth.serverRequireSasl=TRUE"), 1,
                          "quorum.auth.serverRequireSasl without quorum.auth.enableSasl",
                          "quorum.auth.serverRequireSasl=true", "quorum.auth.enableSasl=true beside it"},
                    Wrong{"LearnerAlone",
                          with_others("quorum.auth.enableSasl=false\nquorum.auth.learnerRequireSasl=true"), 2,
                          "quorum.auth.learnerRequireSasl without quorum.auth.enableSasl",
                          "quorum.auth.learnerRequireSasl=true", "quorum.auth.enableSasl=true beside it"},
                    Wrong{"ServerWithoutLearner",
                          with_others("quorum.auth.serverRequireSasl=true\nquorum.auth.enableSasl=true"), 1,
                          "quorum.auth.serverRequireSasl without quorum.auth.learnerRequireSasl",
                          "quorum.auth.serverRequireSasl=true", "quorum.auth.learnerRequireSasl=true beside it"}),
    name_of);

TEST(Sasl, IsTakenInFull) {
  const std::string enable = with_others("quorum.auth.enableSasl=true");
  EXPECT_TRUE(parse(enable));
  EXPECT_TRUE(parse(enable + "quorum.auth.learnerRequireSasl=true"));
  EXPECT_TRUE(parse(enable + "quorum.auth.learnerRequireSasl=true\nquorum.auth.serverRequireSasl=true"));
  EXPECT_TRUE(parse(with_others("quorum.auth.serverRequireSasl=false")));
}

INSTANTIATE_TEST_SUITE_P(
    ServerId, WrongInput,
    testing::Values(
        Wrong{"Text", "server.one=h:1:2", 1, "malformed server id", "'server.one'", "integer N from 0"},
        Wrong{"None", "server.=h:1:2", 1, "malformed server id", "'server.'", "integer N from 0"},
        Wrong{"Fraction", "server.1.5=h:1:2", 1, "malformed server id", "'server.1.5'", "integer N from 0"},
        Wrong{"Negative", "server.-1=h:1:2", 1, "malformed server id", "'server.-1'", "integer N from 0"},
        Wrong{"SignTwice", "server.+-1=h:1:2", 1, "malformed server id", "'server.+-1'", "integer N from 0"},
        Wrong{"TooLarge", "server.9223372036854775808=h:1:2", 1, "malformed server id", "9223372036854775808",
              "to 9223372036854775807"},
        Wrong{"BlankAfter", "server.1\\ =h:1:2", 1, "malformed server id", "'server.1 '", "integer N from 0"},
        Wrong{"BlankBefore", "\\ server.1=h:1:2", 1, "malformed server line", "' server.1'", "server.N"},
        Wrong{"Duplicate", "server.3=a:1:2\n\nserver.4=b:1:2\nserver.3=c:1:2\n", 4, "duplicate server id",
              "server.3 again (first on line 1)", "each server.N once"},
        Wrong{"DuplicateWithZeros", "server.3=a:1:2\nserver.03=a:1:2\n", 2, "duplicate server id",
              "server.3 again (first on line 1)", "each server.N once"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Address, WrongInput,
    testing::Values(
        Wrong{"Nothing", first_server(""), 2, "malformed address", "nothing", "host:quorum-port:election-port"},
        Wrong{"OnlyClient", first_server(";2181"), 2, "empty host", "''", "host name"},
        Wrong{"OnlySemicolons", first_server(";;"), 2, "malformed address", "';;'", "server;client"},
        Wrong{"OnlyBars", first_server("||"), 2, "malformed address", "'||'", "host:quorum-port:election-port"},
        Wrong{"OnlyColons", first_server("\\::"), 2, "malformed address", "'::'", "host:quorum-port:election-port"},
        Wrong{"NoPorts", first_server("h"), 2, "missing port", "'h'", "host:quorum-port:election-port"},
        Wrong{"NoElectionPort", first_server("h:2888"), 2, "missing port", "'h:2888'", "election-port"},
        Wrong{"EmptyPort", first_server("h::3888"), 2, "missing port", "'h::3888'", "for the quorum port"},
        Wrong{"PortIsNoNumber", first_server("h:2888:abc"), 2, "port is not a number", "'abc' in 'h:2888:abc'",
              "1 to 65535 for the election port"},
        Wrong{"PortZero", first_server("h:0:3888"), 2, "port out of range", "'0' in", "1 to 65535 for the quorum"},
        Wrong{"PortNegative", first_server("h:1:-3888"), 2, "port out of range", "'-3888'", "1 to 65535"},
        Wrong{"PortTooLarge", first_server("h:1:65536"), 2, "port out of range", "'65536'", "1 to 65535"},
        Wrong{"PortFarTooLarge", first_server("h:1:99999999999999999999"), 2, "port out of range",
              "'99999999999999999999'", "1 to 65535"},
        Wrong{"BlankAtTheEnd", first_server("h:1:2 "), 2, "malformed address", "'h:1:2 '", "no blank or control"},
        Wrong{"NulAtTheEnd", first_server("h:1:2\\u0000"), 2, "malformed address", "'h:1:2\\x00'",
              "no blank or control character around the election port"},
        Wrong{"EqualPorts", first_server("h:2888:2888"), 2, "quorum port and election port are equal",
              "'h:2888:2888'", "two different ports"},
        Wrong{"EmptyHost", first_server("\\:2888:3888"), 2, "empty host", "':2888:3888'", "a host name"},
        Wrong{"EmptyBrackets", first_server("[]:1:2"), 2, "empty host", "'[]:1:2'", "a host name"},
        Wrong{"BlankHost", first_server("a b:1:2"), 2, "malformed address", "'a b:1:2'", "without other characters"},
        Wrong{"Placeholder", first_server("${HOST}:1:2"), 2, "malformed address", "${HOST}", "a host name"},
        Wrong{"ControlCharacter", first_server("h\\n\\u0007:1:2"), 2, "malformed address", "'h\\x0a\\x07:1:2'",
              "a host name"},
        Wrong{"BracketNotClosed", first_server("[::1:1:2"), 2, "unbalanced bracket", "'[::1:1:2'", "']'"},
        Wrong{"BracketNotOpened", first_server("h]:1:2"), 2, "unbalanced bracket", "'h]:1:2'", "one pair"},
        Wrong{"BracketTwice", first_server("[[::1]:1:2"), 2, "unbalanced bracket", "'[[::1]:1:2'", "one pair"},
        Wrong{"BracketNoColon", first_server("[::1]1:2"), 2, "malformed address", "'[::1]1:2'", "':' and a port"},
        Wrong{"BracketAlone", first_server("[::1]"), 2, "missing port", "'[::1]'", "host:quorum-port"},
        Wrong{"BracketColonAlone", first_server("[::1]:"), 2, "missing port", "'[::1]:'", "host:quorum-port"},
        Wrong{"NoBrackets", first_server("2001\\:db8::1:2888:3888"), 2, "malformed address", "2001:db8::1:2888:3888",
              "IPv6 address in brackets"},
        Wrong{"TooManyParts", first_server("h:1:2:observer:3"), 2, "malformed address", "'h:1:2:observer:3'",
              "host:quorum-port"},
        Wrong{"UnknownRole", first_server("h:1:2:leader"), 2, "unknown role", "'leader'", "participant or observer"},
        Wrong{"EmptyAlternative", first_server("h:1:2||i:1:2"), 2, "empty host", "''", "a host name"},
        Wrong{"DifferentRoles", first_server("h:1:2:observer|i:1:2:participant"), 2,
              "different roles in one server line", "participant after observer", "the same role"},
        Wrong{"ClientPortIsNoNumber", first_server("h:1:2;abc"), 2, "port is not a number", "'abc'", "client port"},
        Wrong{"ClientPortTooLarge", first_server("h:1:2;70000"), 2, "port out of range", "'70000'", "client port"},
        Wrong{"ClientTooManyParts", first_server("h:1:2;c:1:2"), 2, "malformed address", "'c:1:2'", "after ';'"},
        Wrong{"ClientEmptyHost", first_server("h:1:2;:2181"), 2, "empty host", "':2181'", "a host name"},
        Wrong{"SecureClientPort", first_server("h:1:2;;x"), 2, "port is not a number", "'x'", "secure client port"},
        Wrong{"TooManySemicolons", first_server("h:1:2;3;4;5"), 2, "malformed address", "'h:1:2;3;4;5'",
              "server;client;secure-client"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    SameAddress, WrongInput,
    testing::Values(
        Wrong{"TwoServers", "server.1=h:1:3888\nserver.2=H:2:3888\n", 2, "same address twice",
              "H:3888 of server.2, which is also that of server.1 on line 1", "an address of its own"},
        Wrong{"QuorumPortOfTwoServers", "server.1=h:1:2\nserver.2=h:1:3:observer\n", 2, "same address twice",
              "h:1 of server.2, which is also that of server.1 on line 1", "an address of its own"},
        Wrong{"SpelledDifferently", "server.1=[::1]:1:2\nserver.2=[0:0:0:0:0:0:0:1]:3:2\n", 2, "same address twice",
              "[0:0:0:0:0:0:0:1]:2 of server.2, which is also that of server.1 on line 1", "an address of its own"},
        Wrong{"UpperCase", "server.1=[2001:db8::a]:1:2\nserver.2=[2001:DB8:0::A]:3:2\n", 2, "same address twice",
              "[2001:DB8:0::A]:2 of server.2", "an address of its own"},
        Wrong{"ZoneAndCase", "server.1=[fe80::a%e]:1:2\nserver.2=[FE80::0A%e]:3:2\n", 2, "same address twice",
              "[FE80::0A%e]:2 of server.2", "an address of its own"},
        Wrong{"MappedAddress", "server.1=10.0.0.1:1:2\nserver.2=[::ffff:a00:1]:3:2\n", 2, "same address twice",
              "[::ffff:a00:1]:2 of server.2", "an address of its own"},
        Wrong{"OneServer", first_server("h:1:2|h:3:2"), 2, "same address twice", "h:2 of server.1", "of its own"},
        Wrong{"QuorumPortOfOneServer", first_server("h:1:2|h:1:3"), 2, "same address twice", "h:1 of server.1",
              "of its own"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Groups, WrongInput,
    testing::Values(
        Wrong{"MalformedId", grouped("group.a=8:9"), 4, "malformed group id", "'group.a'", "integer N from 0"},
        Wrong{"NegativeId", grouped("group.-1=8:9"), 4, "malformed group id", "'group.-1'", "integer N from 0"},
        Wrong{"NoDot", grouped("group1=8:9"), 4, "malformed group line", "'group1'", "group.N"},
        Wrong{"OtherWord", grouped("groupware.1=8:9"), 4, "malformed group line", "'groupware.1'", "group.N"},
        Wrong{"Duplicate", grouped("group.1=8\ngroup.1=9"), 5, "duplicate group id",
              "group.1 again (first on line 4)", "each group.N once"},
        Wrong{"InTwo", grouped("group.1=8:9\ngroup.2=9"), 5, "server in two groups",
              "server 9 in group.1 and in group.2", "each server in one group"},
        Wrong{"InOneTwice", grouped("group.1=8:9:8"), 4, "server in two groups", "server 8 in group.1 and in group.1",
              "each server in one group, once"},
        Wrong{"Empty", grouped("group.1="), 4, "group without members", "group.1=", "server ids separated by ':'"},
        Wrong{"OnlyColons", grouped("group.1 = ::"), 4, "group without members", "group.1=", "server ids"},
        Wrong{"MalformedMember", grouped("group.1=8:nine"), 4, "malformed server id", "'nine' in group.1",
              "server ids separated by ':'"},
        Wrong{"BlankMember", grouped("group.1=8: 9"), 4, "malformed server id", "' 9' in group.1", "without blanks"},
        Wrong{"EmptyMember", grouped("group.1=8::9"), 4, "malformed server id", "'' in group.1", "server ids"},
        Wrong{"UnknownServer", grouped("group.1=8:9:7"), 4, "group of an unknown server", "server 7 in group.1",
              "a server.7 line"},
        Wrong{"ParticipantWithout", grouped("group.1=8"), 3, "participant without a group", "server.9 in no group",
              "every participant in a group"},
        Wrong{"ParticipantWithoutBesideWeight", grouped("weight.8=1"), 2, "participant without a group",
              "server.8 in no group", "every participant in a group"},
        Wrong{"ObserverWithoutWeight", grouped("group.1=8:9:1"), 4, "observer in a group without a weight",
              "observer 1 in group.1", "a weight.1 line"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Weights, WrongInput,
    testing::Values(
        Wrong{"MalformedId", grouped("weight.a=1"), 4, "malformed server id", "'weight.a'", "integer N from 0"},
        Wrong{"NoDot", grouped("weights=1"), 4, "malformed weight line", "'weights'", "weight.N"},
        Wrong{"Malformed", grouped("weight.8=heavy"), 4, "malformed weight", "weight.8='heavy'", "integer from 0"},
        Wrong{"BlankAtTheEnd", grouped("weight.8=1 "), 4, "malformed weight", "weight.8='1 '", "without blanks"},
        Wrong{"Negative", grouped("weight.8=-1"), 4, "negative weight", "weight.8=-1", "integer from 0"},
        Wrong{"Duplicate", grouped("weight.8=1\nweight.8=2"), 5, "duplicate weight", "weight.8 again", "once"},
        Wrong{"UnknownServer", grouped("group.1=8:9\nweight.7=1"), 5, "weight of an unknown server", "weight.7=1",
              "a server.7 line"},
        Wrong{"TooLarge", grouped("group.1=8:9\nweight.8=9223372036854775807"), 4, "weights too large",
              "a sum over 9223372036854775807 in group.1", "add up to at most"},
        Wrong{"AllZero", grouped("group.1=8:9\nweight.9=0\nweight.8=0"), 5, "no quorum can exist",
              "even all participants together", "more than half of the weight"},
        Wrong{"ObserversTooHeavy", grouped("group.1=1:8:9\nweight.1=2"), 5, "no quorum can exist",
              "even all participants together", "more than half of the weight"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Roles, WrongInput,
    testing::Values(Wrong{"OnlyObservers", "a=1\nserver.2=a:1:2:observer\nserver.1=b:1:2:observer", 2,
                          "observers without participants", "no participant", "at least one participant"},
                    Wrong{"StandaloneWithObserver", "server.1=a:1:2\nserver.2=b:1:2:observer", 2,
                          "observers without a quorum", "a single participant", "standaloneEnabled=false"},
                    Wrong{"PeerType", with_others("peerType=leader"), 1, "unknown role", "peerType='leader'",
                          "peerType=observer"}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Settings, WrongInput,
    testing::Values(
        Wrong{"TickTimeText", with_others("tickTime=2s"), 1, "malformed setting", "tickTime='2s'",
              "an integer from 1"},
        Wrong{"TickTimeZero", with_others("tickTime=0"), 1, "malformed setting", "tickTime='0'", "an integer from 1"},
        Wrong{"InitLimitTooLarge", with_others("initLimit=2147483648"), 1, "malformed setting",
              "initLimit='2147483648'", "to 2147483647"},
        Wrong{"SyncLimitEmpty", with_others("syncLimit="), 1, "malformed setting", "syncLimit=", "an integer from 1"},
        Wrong{"ClientPort", with_others("clientPort=65536"), 1, "malformed setting", "clientPort=", "to 65535"},
        Wrong{"MaxClients", with_others("maxClientCnxns=many"), 1, "malformed setting", "'many'", "an integer"},
        Wrong{"MetricsPort", with_others("metricsProvider.httpPort=70000"), 1, "malformed setting", "'70000'",
              "to 65535"},
        Wrong{"AdminPort", with_others("admin.serverPort=http"), 1, "malformed setting", "'http'", "to 65535"},
        Wrong{"PurgeInterval", with_others("autopurge.purgeInterval=daily"), 1, "malformed setting",
              "autopurge.purgeInterval='daily'", "an integer"},
        Wrong{"PauseTime", with_others("jvm.pause.sleep.time.ms=1s"), 1, "malformed setting",
              "jvm.pause.sleep.time.ms='1s'", "an integer"},
        Wrong{"PauseMonitor", with_others("jvm.pause.monitor=on"), 1, "malformed setting", "jvm.pause.monitor='on'",
              "true"},
        Wrong{"ElectionAlg", with_others("electionAlg=0"), 1, "malformed setting", "electionAlg='0'", "3"},
        Wrong{"Boolean", with_others("reconfigEnabled=yes"), 1, "malformed setting", "reconfigEnabled='yes'",
              "true or false"},
        Wrong{"Version", with_others("version=xyz"), 1, "malformed version", "version='xyz'", "hexadecimal"},
        Wrong{"NegativeVersion", with_others("version=-1"), 1, "malformed version", "version='-1'", "hexadecimal"}),
    name_of);

TEST(SameAddress, AnotherZoneIsAnotherHost) {
  EXPECT_TRUE(parse("server.1=[fe80::a%e]:1:2\nserver.2=[fe80::a%f]:1:2\n"));
}

// The first in the order of the file, not the first that some step of the reader happens to look for.
TEST(WrongInputs, FirstInTheFileIsReported) {
  const auto cfg = parse("server.1=h:1\ntickTime=x\nserver.x=h:1:2\n");
  ASSERT_FALSE(cfg);
  EXPECT_EQ(cfg.error().line, 1);
  const auto cross = parse("weight.7=1\ngroup.1=1:6\nserver.1=a:1:2\nserver.2=b:1:2\n");
  ASSERT_FALSE(cross);
  EXPECT_EQ(cross.error().line, 1);
}

TEST(WrongInputs, LongTextIsShortened) {
  const auto cfg = parse("server.1=" + std::string(5000, 'x') + "\n");
  ASSERT_FALSE(cfg);
  EXPECT_NE(cfg.error().message().find("... (5000 characters)"), std::string::npos);
  EXPECT_LT(cfg.error().message().size(), 400U);
}

TEST(WrongFile, Missing) {
  const auto cfg = read_zoo_cfg("examples/none.cfg");
  ASSERT_FALSE(cfg);
  EXPECT_EQ(cfg.error().message(),
            "examples/none.cfg: can't read the configuration: found no such file; expected a ZooKeeper zoo.cfg");
}

TEST(WrongFile, FolderOfAFile) {
  const auto cfg = read_zoo_cfg("examples/three-voters.cfg/zoo.cfg");
  ASSERT_FALSE(cfg);
  EXPECT_EQ(cfg.error().found, "no such file");
}

TEST(WrongFile, Directory) {
  const auto cfg = read_zoo_cfg("examples");
  ASSERT_FALSE(cfg);
  EXPECT_EQ(cfg.error().message(),
            "examples: can't read the configuration: found a directory; expected a ZooKeeper zoo.cfg");
}

// A file of this test that is gone after it.
class TemporaryFile {
 public:
  TemporaryFile(const std::string& name, std::string_view text)
      : path_((std::filesystem::path(testing::TempDir()) / name).string()) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::remove(path_.c_str()); }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(WrongFile, NotReadable) {
  const TemporaryFile file("conclave-unreadable.cfg", "server.1=a:1:2\n");
  std::filesystem::permissions(file.path(), std::filesystem::perms::none);
  if (std::ifstream(file.path()).is_open()) GTEST_SKIP() << "this user reads everything";
  const auto cfg = read_zoo_cfg(file.path());
  ASSERT_FALSE(cfg);
  EXPECT_NE(cfg.error().found.find("can't be read"), std::string::npos);
}

TEST(WrongFile, Huge) {
  const TemporaryFile just_right("conclave-large.cfg", "server.1=a:1:2\n" + std::string(file_bytes_max - 15, '#'));
  EXPECT_TRUE(read_zoo_cfg(just_right.path()));
  const TemporaryFile huge("conclave-huge.cfg", "server.1=a:1:2\n" + std::string(file_bytes_max - 14, '#'));
  const auto cfg = read_zoo_cfg(huge.path());
  ASSERT_FALSE(cfg);
  EXPECT_EQ(cfg.error().what, "file too large");
  EXPECT_EQ(cfg.error().line, 0);
}

TEST(WrongFile, EndlessDevice) {
  if (!std::filesystem::exists("/dev/zero")) GTEST_SKIP() << "no such device here";
  const auto cfg = read_zoo_cfg("/dev/zero");
  ASSERT_FALSE(cfg);
  EXPECT_EQ(cfg.error().what, "file too large");
}

}  // namespace
}  // namespace conclave::config
