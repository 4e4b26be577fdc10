// What is printed reads as what it was printed from, and no text whatever breaks the reader.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/model/configuration.hpp"
#include "conclave/model/types.hpp"
#include "support.hpp"

namespace conclave::config {
namespace {

TEST(ConfigText, Majority) {
  const ZooCfg cfg =
      parsed("server.2=B:1:2:OBSERVER;9\nserver.1=[::1]:1:2|a:3:4;c:5;6\nserver.3=c:1:2;;7\nversion=00ff");
  EXPECT_EQ(to_config_text(cfg),
            "server.1=[::1]:1:2|a:3:4:participant;c:5;0.0.0.0:6\n"
            "server.2=B:1:2:observer;0.0.0.0:9\n"
            "server.3=c:1:2:participant;;0.0.0.0:7\n"
            "version=ff");
}

TEST(ConfigText, Groups) {
  const ZooCfg cfg = parsed(
      "weight.2=5\ngroup.2=3:1\ngroup.1=2\nserver.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\nserver.4=d:1:2:"
      "observer\n");
  EXPECT_EQ(to_config_text(cfg),
            "server.1=a:1:2:participant\nserver.2=b:1:2:participant\nserver.3=c:1:2:participant\n"
            "server.4=d:1:2:observer\ngroup.1=2\ngroup.2=1:3\nweight.1=1\nweight.2=5\nweight.3=1\nversion=0");
}

bool same(const ZooCfg& left, const ZooCfg& right) {
  if (left.servers.size() != right.servers.size()) return false;
  for (std::size_t i = 0; i < left.servers.size(); ++i) {
    const ServerLine& a = left.servers[i];
    const ServerLine& b = right.servers[i];
    const bool equal = a.id == b.id && a.addresses == b.addresses && a.role == b.role && a.client == b.client &&
                       a.secure_client == b.secure_client;
    if (!equal) return false;
  }
  // Nothing but a version's being equal would let `same_as` overlook a difference of the rest.
  const model::Configuration& a = left.configuration;
  const model::Configuration& b = right.configuration;
  return a.version() == b.version() && a.same_as(b) && a.members() == b.members() && a.groups() == b.groups();
}

int in_range(int from, int to) { return *rc::gen::inRange(from, to + 1); }
bool coin() { return in_range(0, 1) == 1; }

// An address of its own for each call with another number.
std::string some_address(int number) {
  const std::string host = coin() ? fmt::format("h{}.example", number) : fmt::format("[2001:db8::{:x}]", number);
  const int port = in_range(1, 65534);
  return fmt::format("{}:{}:{}", host, port, in_range(port + 1, 65535));
}

// A configuration that is fine: at least two participants, all in groups if there are any.
std::string some_text() {
  const int servers = in_range(2, 12);
  std::string text = fmt::format("version={:x}\n", *rc::gen::inRange<std::int64_t>(0, INT64_MAX));
  std::vector<std::string> groups(static_cast<std::size_t>(in_range(1, 3)));
  std::string weights;
  for (int i = 1; i <= servers; ++i) {
    const bool observer = i > 2 && coin();
    const std::int64_t id = i * *rc::gen::element<std::int64_t>(1, 1000, 0x700000000000000);
    text += fmt::format("server.{}={}", id, some_address(i));
    for (int more = in_range(0, 2); more > 0; --more) text += "|" + some_address(100 * more + i);
    if (observer) text += ":ObserveR";
    if (coin()) text += fmt::format(";{}", in_range(1, 65535));
    text += "\n";
    // The first participant always weighs something, so that a quorum exists; observers stay light.
    groups[i == 1 ? 0 : static_cast<std::size_t>(in_range(0, static_cast<int>(groups.size()) - 1))] +=
        observer ? "" : fmt::format("{}:", id);
    if (observer || coin()) weights += fmt::format("weight.{}={}\n", id, in_range(i == 1 ? 1 : 0, 5));
  }
  if (coin()) return text;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (!groups[i].empty()) text += fmt::format("group.{}={}\n", i, groups[i]);
  }
  return text + weights;
}

TEST(ConfigText, ParsesToTheSame) {
  EXPECT_TRUE(rc::check("printing, then parsing, gives the same", [] {
    const std::string text = some_text();
    const auto cfg = parse(text);
    // Two ids may be the same product, and the groups of all participants may weigh nothing.
    if (!cfg) {
      RC_ASSERT(cfg.error().what == "duplicate server id" || cfg.error().what == "no quorum can exist" ||
                cfg.error().what == "server in two groups");
      RC_DISCARD();
    }
    const std::string printed = to_config_text(*cfg);
    const auto again = parse(printed);
    if (!again) RC_FAIL(again.error().message());
    RC_ASSERT(same(*cfg, *again));
    RC_ASSERT(to_config_text(*again) == printed);
  }));
}

// Every text gets an answer: a configuration whose quorums exist, or an error with its place.
void answers(const std::string& text) {
  const auto cfg = parse(text, {{"dynamic", text}, {"d.1", text}});
  if (cfg) {
    RC_ASSERT(cfg->configuration.error() == model::ConfigurationError::none);
    RC_ASSERT(cfg->servers.size() == cfg->configuration.members().size());
    RC_ASSERT(parse(to_config_text(*cfg) + (cfg->has_oracle ? "\noraclePath=o" : "") +
                    (cfg->standalone_enabled ? "" : "\nstandaloneEnabled=false"))
                  .has_value());
    return;
  }
  const std::string message = cfg.error().message();
  RC_ASSERT(!cfg.error().file.empty() && !cfg.error().found.empty() && !cfg.error().expected.empty());
  RC_ASSERT(cfg.error().line >= 0);
  RC_ASSERT(message.size() < 1000U);
  for (const char c : message) RC_ASSERT(c >= ' ' && c <= '~');
}

TEST(AnyText, MutatedConfigurations) {
  constexpr std::string_view pieces[] = {"=",
                                         ":",
                                         ";",
                                         "|",
                                         "[",
                                         "]",
                                         "\\",
                                         "\n",
                                         "\r",
                                         "\\u00",
                                         "\0",
                                         "-",
                                         "9999999999",
                                         " ",
                                         "#",
                                         "server.",
                                         "group.",
                                         "weight",
                                         ".",
                                         "version",
                                         "dynamicConfigFile=dynamic\n",
                                         "dynamicConfigFile=d.1\n",
                                         "\xFF",
                                         "\xEF\xBB\xBF",
                                         "oraclePath=o\n",
                                         "standaloneEnabled=false\n",
                                         "observer",
                                         "1"};
  EXPECT_TRUE(rc::check("mutated configurations are answered", [&pieces] {
    std::string text = some_text();
    for (int changes = in_range(1, 6); changes > 0; --changes) {
      const std::size_t at = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
      const std::size_t length = *rc::gen::inRange<std::size_t>(0, 4);
      const std::size_t piece = *rc::gen::inRange<std::size_t>(0, std::size(pieces));
      text.replace(at, length, coin() ? pieces[piece] : "");
    }
    answers(text);
  }));
}

TEST(AnyText, Arbitrary) {
  EXPECT_TRUE(rc::check("arbitrary bytes are answered", [](const std::string& text) { answers(text); }));
  EXPECT_TRUE(rc::check("arbitrary server lines are answered",
                        [](const std::string& text) { answers("server.1=" + text + "\nserver.2=a:1:2\n"); }));
}

}  // namespace
}  // namespace conclave::config
