// ZooKeeper's own bugs in its election, each a rule as it once was, and which releases had it.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "conclave/spec/rules.hpp"

namespace conclave::spec {

enum class Bug : std::uint8_t {
  zk_157,
  zk_159,
  zk_261,
  zk_275,
  zk_480,
  zk_491,
  zk_498,
  zk_975_word,
  zk_975_all,
  zk_975_queue,
  zk_1419,
  zk_1514,
  zk_1732,
  zk_1808,
  zk_1817,
  zk_1818,
  zk_2988,
  zk_3537,
  count_
};
inline constexpr std::size_t bugs_count = static_cast<std::size_t>(Bug::count_);

// Sets of bugs, one bit each.
using BugSet = std::uint32_t;
static_assert(bugs_count <= 32);
constexpr BugSet bit(Bug bug) { return BugSet{1} << static_cast<unsigned>(bug); }

struct Release {
  int major = 0;
  int minor = 0;
  int patch = 0;
  friend constexpr auto operator<=>(const Release&, const Release&) = default;
};

// From the first release that had it up to, and without, the first that had it no more.
struct Releases {
  Release first;
  Release fixed;
};

struct ZooKeeperBug {
  Bug bug;
  std::string_view name;      // as on the command line: "zk-" and the number at issues.apache.org
  std::string_view sentence;  // the rule as it was
  std::string_view method;    // of FastLeaderElection, unless another class is named
  std::string_view needs;     // what an exploration has to have for it to show; empty: three servers
  int rounds_min = 1;         // as RuleVariant's
  // An empty one is {0, 0}; none: fixed before the first Apache release, 3.0.0. With both ends the same: fixed between
  // the last release before it and this one, and in no release.
  std::array<Releases, 2> affected{};
};

// In the order of the enumeration.
std::span<const ZooKeeperBug> zookeeper_bugs();

// One variant for each of them, in the same order.
std::span<const RuleVariant> zookeeper_bug_variants();

// Every release of Apache ZooKeeper whose rules are known here, ascending.
std::span<const Release> known_releases();
std::string name_of(Release release);  // "3.4.5"

// What of the bugs above a release had.
BugSet bugs_of(Release release);

// From here on the releases are known well enough to run beside others: before it votes had no epoch.
inline constexpr Release first_mixable{3, 4, 0};

// Today's rules with all bugs of that release at once. `version` is like "3.4.5"; nullptr if it is not a known release.
const RuleVariant* rules_of_release(std::string_view version);

}  // namespace conclave::spec
