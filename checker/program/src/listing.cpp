#include <fmt/format.h>

#include <iterator>
#include <string>
#include <string_view>

#include "conclave/check/reports.hpp"
#include "conclave/model/rule.hpp"
#include "conclave/spec/liveness_claims.hpp"
#include "conclave/spec/properties.hpp"
#include "conclave/spec/rules.hpp"
#include "conclave/spec/zookeeper_bugs.hpp"

namespace conclave::check {
namespace {

void list_properties(std::string& text, spec::PropertyKind kind, const char* title) {
  auto out = std::back_inserter(text);
  fmt::format_to(out, "{}\n", title);
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    if (info.kind != kind) continue;
    fmt::format_to(out, "  {}\n      {}\n", info.name, info.sentence);
    if (!info.assumes.empty()) {
      fmt::format_to(out, "      {}: {}\n", kind == spec::PropertyKind::always ? "assumes" : "needs", info.assumes);
    }
    if (!info.reason.empty()) fmt::format_to(out, "      why: {}\n", info.reason);
  }
}

// Of a bug that ZooKeeper had: what it takes to show, and which releases had it.
void tell_history(std::string& text, std::string_view name) {
  auto out = std::back_inserter(text);
  for (const spec::ZooKeeperBug& bug : spec::zookeeper_bugs()) {
    if (bug.name != name) continue;
    if (!bug.needs.empty()) fmt::format_to(out, "      needs: {}\n", bug.needs);
    std::string releases;
    for (const spec::Releases& range : bug.affected) {
      const bool unreleased = range.fixed != spec::Release{} && range.first == range.fixed;
      if (unreleased) releases = fmt::format("none, fixed before {}", spec::name_of(range.fixed));
      if (unreleased) continue;
      if (range.fixed == spec::Release{}) continue;
      releases += fmt::format("{}from {} until {}", releases.empty() ? "" : ", ", spec::name_of(range.first),
                              spec::name_of(range.fixed));
    }
    fmt::format_to(out, "      releases: {}\n", releases.empty() ? "none, fixed before 3.0.0" : releases);
  }
}

}  // namespace

std::string listing() {
  std::string text;
  auto out = std::back_inserter(text);
  list_properties(text, spec::PropertyKind::always, "claims: a violation is an error");
  list_properties(text, spec::PropertyKind::refuted, "\nknown not to hold: --property NAME claims one all the same");
  list_properties(text, spec::PropertyKind::sometimes, "\nhas to be reached: a warning where it is not");
  text += "\nhas to happen eventually: claimed with --liveness\n";
  for (const spec::LivenessClaim& claim : spec::liveness_claims) {
    fmt::format_to(out, "  {}\n      {}\n      assumes: {}\n", claim.name, claim.sentence, claim.assumes);
  }
  fmt::format_to(out, "\nrules of the election, with the method of ZooKeeper that each stands for\n");
  for (const model::RuleInfo& info : model::rule_infos) {
    fmt::format_to(out, "  {}  ({})\n      {}\n", info.name, info.zookeeper, info.sentence);
  }
  fmt::format_to(out, "\nbugs for --seed-bug, each a rule as it must not be\n");
  for (const spec::RuleVariant& bug : spec::seeded_bugs()) {
    fmt::format_to(out, "  {}\n      {}\n", bug.name, bug.sentence);
    tell_history(text, bug.name);
  }
  return text;
}

}  // namespace conclave::check
