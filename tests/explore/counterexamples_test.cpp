// Several counterexamples: each another state or step, by a shortest run that breaks nothing before, and the first of
// all that there are.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "conclave/checker/explorer.hpp"
#include "support.hpp"
#include "twin.hpp"

namespace conclave::checker {
namespace {

struct Number {
  std::uint64_t value = 0;
  friend bool operator==(const Number&, const Number&) = default;
};

// A graph whose states and steps break claims (properties 0 and 2), and show what is only watched (1).
struct Faulty {
  using State = Number;
  struct Edge {
    std::uint64_t to;
    PropertyMask broken;
  };
  struct Node {
    PropertyMask broken = 0;
    std::vector<Edge> edges;  // an action each
  };
  static constexpr PropertyMask claims = 0b101;

  std::vector<Node> nodes;

  struct Worker {
    const Faulty* graph;
    template <class Take>
    void initial(const Take& take) const {
      take(Number{0});
    }
    template <class Take>
    PropertyMask successors(const Number& state, const Take& take) const {
      const Node& node = graph->nodes[state.value];
      for (std::size_t i = 0; i < node.edges.size(); ++i) {
        take(Number{node.edges[i].to}, static_cast<std::uint32_t>(i), node.edges[i].broken);
      }
      return node.broken;
    }
    [[nodiscard]] bool precedes(const Number& left, const Number& right) const { return left.value > right.value; }
  };
  [[nodiscard]] Worker worker() const { return Worker{this}; }
  [[nodiscard]] std::vector<Property> properties() const {
    return {{"claimed", "", Mode::claim}, {"watched", "", Mode::observe}, {"also claimed", "", Mode::claim}};
  }
  [[nodiscard]] std::size_t bytes_used() const { return 0; }
};

// About as many states in a level as in the next, some of them broken.
Faulty drawn(std::uint32_t seed) {
  std::mt19937 random(seed);
  const auto rarely = [&random](PropertyMask mask) { return random() % 12 == 0 ? mask : PropertyMask{0}; };
  Faulty graph;
  graph.nodes.resize(60);
  for (Faulty::Node& node : graph.nodes) {
    node.broken = rarely(1) | rarely(2) | rarely(4);
    for (auto count = random() % 4; count > 0; --count) {
      node.edges.push_back({random() % graph.nodes.size(), rarely(1) | rarely(2) | rarely(4)});
    }
  }
  return graph;
}

// What identifies a violation, in the order in which they are shown; the states' own order is a falling one.
struct Place {
  std::uint32_t level;
  bool by_state;  // steps come first
  std::uint64_t state;
  std::uint64_t from;
  std::uint32_t action;
  PropertyMask broken;

  [[nodiscard]] auto rank() const { return std::tuple(level, by_state, ~state, ~from, action); }
  friend bool operator<(const Place& left, const Place& right) { return left.rank() < right.rank(); }
  friend bool operator==(const Place& left, const Place& right) {
    return left.rank() == right.rank() && left.broken == right.broken;
  }
};
std::ostream& operator<<(std::ostream& out, const Place& place) {
  return out << place.level << (place.by_state ? " state " : " step ") << place.from << "-" << place.action << "->"
             << place.state << " breaks " << place.broken;
}

// All that there are, by going through the graph a level at a time.
std::vector<Place> all_of(const Faulty& graph) {
  std::vector<Place> places;
  std::set<std::uint64_t> seen{0};
  std::set<std::uint64_t> level{0};
  for (std::uint32_t depth = 0; !level.empty(); ++depth) {
    std::set<std::uint64_t> next;
    for (const std::uint64_t state : level) {
      const Faulty::Node& node = graph.nodes[state];
      const PropertyMask broken = node.broken & Faulty::claims;
      if (broken != 0) {
        places.push_back({depth, true, state, 0, 0, broken});
        continue;
      }
      for (std::uint32_t i = 0; i < node.edges.size(); ++i) {
        const auto& [to, by_step] = node.edges[i];
        if ((by_step & Faulty::claims) != 0) {
          places.push_back({depth + 1, false, to, state, i, by_step & Faulty::claims});
        } else if (seen.insert(to).second) {
          next.insert(to);
        }
      }
    }
    level = next;
  }
  std::sort(places.begin(), places.end());
  return places;
}

// The first of each claim, as short as any; and then the first that are left, up to `max` in all.
std::vector<Place> first_of(const std::vector<Place>& all, std::size_t max) {
  std::set<Place> chosen;
  for (const PropertyMask claim : {1U, 4U}) {
    const auto first =
        std::find_if(all.begin(), all.end(), [&](const Place& place) { return (place.broken & claim) != 0; });
    if (first != all.end() && first->level == all.front().level) chosen.insert(*first);
  }
  for (const Place& place : all) {
    if (chosen.size() < max) chosen.insert(place);
  }
  return {chosen.begin(), chosen.end()};
}

Place place_of(const Finding<Number>& finding) {
  return {finding.level,      !finding.by_step, finding.state.value,
          finding.from.value, finding.action,   (PropertyMask{1} << finding.property) | finding.also};
}

void expect_a_run(const Faulty& graph, const Finding<Number>& finding, const std::vector<TraceStep<Number>>& run) {
  ASSERT_EQ(run.size(), finding.level + 1U);
  EXPECT_EQ(run.front().state, Number{0});
  EXPECT_EQ(run.back().state, finding.state);
  for (std::size_t i = 1; i < run.size(); ++i) {
    const Faulty::Node& before = graph.nodes[run[i - 1].state.value];
    EXPECT_EQ(before.broken & Faulty::claims, 0U) << "broken before its end";
    ASSERT_LT(run[i].action, before.edges.size());
    EXPECT_EQ(before.edges[run[i].action].to, run[i].state.value);
    const bool breaks = (before.edges[run[i].action].broken & Faulty::claims) != 0;
    EXPECT_EQ(breaks, finding.by_step && i + 1 == run.size());
  }
}

TEST(Counterexamples, AreTheFirstOfAllThatThereAre) {
  std::size_t most = 0;
  for (std::uint32_t seed = 0; seed < 60; ++seed) {
    Faulty graph = drawn(seed);
    const std::vector<Place> all = all_of(graph);
    most = std::max(most, all.size());
    for (const std::size_t max : {2U, 3U, 6U, 1000U}) {
      SCOPED_TRACE("seed " + std::to_string(seed) + ", at most " + std::to_string(max));
      Limits limits;
      limits.violations_max = max;
      limits.threads = 1 + static_cast<int>(seed % 3);
      Progress progress;
      Explorer<Faulty> explorer(graph, limits, progress);
      const Result<Number> result = explorer.run();
      std::vector<Place> found;
      for (const auto& finding : result.violations) found.push_back(place_of(finding));
      ASSERT_EQ(found, first_of(all, max));
      for (const auto& finding : result.violations) expect_a_run(graph, finding, explorer.trace(finding));
      EXPECT_EQ(result.verdict, all.empty() ? Verdict::exhausted : Verdict::bounded);
      EXPECT_EQ(result.stop, all.empty() ? Stop::none : Stop::violation);
    }
  }
  EXPECT_GT(most, 12U);
}

// What is found with one alone is among them, and comes first.
TEST(Counterexamples, BeginWithTheOneThatIsShownAlone) {
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Faulty graph = drawn(seed);
    const auto explored = [&graph](std::size_t max) {
      Limits limits;
      limits.violations_max = max;
      Progress progress;
      Explorer<Faulty> explorer(graph, limits, progress);
      return explorer.run().violations;
    };
    const auto alone = explored(1);
    const auto several = explored(4);
    for (const auto& finding : alone) {
      EXPECT_TRUE(std::any_of(several.begin(), several.end(), [&finding](const auto& other) {
        const bool same = other.state == finding.state && other.from == finding.from &&
                          other.by_step == finding.by_step && other.action == finding.action;
        const PropertyMask broken = (PropertyMask{1} << other.property) | other.also;
        return same && other.level == finding.level && (broken >> finding.property & 1U) != 0;
      }));
    }
    EXPECT_EQ(alone.empty(), several.empty());
  }
}

// Limits end it as ever; what was found until then is shown.
TEST(Counterexamples, AreThoseThatALimitLeft) {
  Faulty graph;
  graph.nodes.resize(40);
  for (std::uint64_t i = 0; i < 40; ++i) {
    if (i + 2 < 40) graph.nodes[i].edges = {{i + 1, 0}, {i + 2, i % 10 == 0 ? 4U : 0U}};
  }
  Limits limits;
  limits.violations_max = 9;
  limits.depth_max = 12;
  Progress progress;
  Explorer<Faulty> explorer(graph, limits, progress);
  const Result<Number> result = explorer.run();
  EXPECT_EQ(result.stop, Stop::depth);
  EXPECT_EQ(result.verdict, Verdict::bounded);
  std::vector<std::uint64_t> found;
  for (const auto& finding : result.violations) found.push_back(finding.from.value);
  EXPECT_EQ(found, (std::vector<std::uint64_t>{0, 10, 20}));
}

}  // namespace
}  // namespace conclave::checker

namespace conclave::explore {
namespace {

spec::Scope faults_of(int crashes) { return scope_with(async, staggered, crashes, 0, 2); }

// Every violation of an election with a seeded bug, by the explorer and by its twin.
TEST(Counterexamples, OfAnElectionAreThoseOfTheTwin) {
  constexpr std::size_t enough = 1000;
  std::size_t compared = 0;
  for (const auto& scope : {faults_of(0), on_fifo(faults_of(0), 1), faults_of(1)}) {
    for (const spec::RuleVariant& bug : spec::seeded_bugs()) {
      SCOPED_TRACE(describe(scope) + ", " + std::string(bug.name));
      const spec::Scenario scenario = scenario_of(2, 1);
      check::Request request = plain(scope);
      request.rules = &bug;
      request.claim = bit(spec::Property::single_leading);
      request.limits.threads = 2;
      request.limits.violations_max = enough;
      const check::Report report = explored(scenario, request);
      spec::PropertySet claims = request.claim;
      for (const spec::PropertyInfo& info : spec::property_infos()) {
        if (info.kind == spec::PropertyKind::always) claims |= bit(info.property);
      }
      const Twin::Listing listing = Twin(scenario, request.scope, bug).list_violations(claims);
      std::vector<std::uint32_t> lengths;
      for (const check::Run& run : report.violations) {
        lengths.push_back(static_cast<std::uint32_t>(run.steps.size() - 1));
      }
      ASSERT_LT(listing.lengths.size(), enough);
      EXPECT_EQ(lengths, listing.lengths);
      EXPECT_EQ(report.states, listing.states);
      if (listing.lengths.size() > 1) ++compared;
    }
  }
  EXPECT_GT(compared, 10U);
}

}  // namespace
}  // namespace conclave::explore
