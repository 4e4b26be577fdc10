// Joined reads beside late ones.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

#include "conclave/check/joined_system.hpp"
#include "conclave/checker/join_explorer.hpp"
#include "conclave/spec/late_worker.hpp"
#include "late.hpp"

namespace conclave::explore {

struct Covered {
  std::uint64_t states = 0;            // of late reads
  std::uint64_t places_of_states = 0;  // where they are
  std::uint64_t places = 0;            // of joined reads
  std::uint64_t missing = 0;           // late states that no place has
};

// The same system twice: in states of late reads, and in places with facts. Both have their numbers from one machine.
template <std::size_t HeardWords = 2>
class Beside {
 public:
  using Late = spec::LateWorker<late_words>;
  using Joined = spec::JoinedWorker<late_words, HeardWords>;
  using State = typename Late::State;
  using Heard = typename Joined::Heard;

  Beside(const spec::Scenario& scenario, const spec::Scope& scope)
      : system_(scenario, scope, spec::zookeeper_rules()),
        late_(system_),
        layout_(late_layout(system_)),
        bits_(system_.servers()),
        late_worker_(system_, late_, layout_),
        joined_worker_(system_, late_, layout_, bits_) {}

  // From every late state: (compared, differences) in the steps, what they come to, and what the state breaks.
  std::pair<std::uint64_t, std::uint64_t> compare_steps() {
    std::uint64_t compared = 0;
    std::uint64_t differences = 0;
    const auto look = [&](const State& state) {
      const auto [place, facts] = split(state);
      std::vector<std::tuple<Words, spec::PropertySet>> of_late;
      std::vector<std::tuple<Words, spec::PropertySet>> of_joined;
      const spec::PropertySet late = late_worker_.successors(
          state,
          [&](const State& next, std::uint32_t, spec::PropertySet by) { of_late.emplace_back(next.words, by); });
      const spec::PropertySet joined = joined_worker_.successors(
          place, std::span<const Heard>(facts),
          [&](const State& next, std::span<const Heard> heard, std::uint32_t, spec::PropertySet by) {
            of_joined.emplace_back(merged(next, heard).words, by);
          });
      std::sort(of_late.begin(), of_late.end());
      std::sort(of_joined.begin(), of_joined.end());
      compared += of_late.size();
      if (late != joined || of_late != of_joined) ++differences;
    };
    for_each_late_state(look);
    return {compared, differences};
  }

  Covered cover() {
    Covered covered;
    check::JoinedSystem<late_words, HeardWords> joined(system_, late_, layout_, bits_);
    checker::Progress progress;
    checker::JoinExplorer<check::JoinedSystem<late_words, HeardWords>> explorer(joined, {}, progress);
    covered.places = explorer.run().places;
    std::map<Words, std::vector<Heard>> places;
    explorer.for_each_place([&](const State& place, std::span<const Heard> facts) {
      places.emplace(place.words, std::vector<Heard>(facts.begin(), facts.end()));
    });
    std::set<Words> of_states;
    for_each_late_state([&](const State& state) {
      ++covered.states;
      const auto [place, facts] = split(state);
      of_states.insert(place.words);
      const auto found = places.find(place.words);
      bool all = found != places.end();
      for (std::size_t i = 0; all && i < facts.size(); ++i) all = (facts[i] & found->second[i]) == facts[i];
      if (!all) ++covered.missing;
    });
    covered.places_of_states = of_states.size();
    return covered;
  }

 private:
  using Words = std::array<std::uint64_t, late_words>;

  template <class Look>
  void for_each_late_state(const Look& look) {
    std::set<Words> seen;
    std::vector<State> waiting;
    const auto reach = [&](const State& state) {
      if (seen.insert(state.words).second) waiting.push_back(state);
    };
    late_worker_.initial(reach);
    while (!waiting.empty()) {
      const State state = waiting.back();
      waiting.pop_back();
      look(state);
      late_worker_.successors(state, [&](const State& next, std::uint32_t, spec::PropertySet) { reach(next); });
    }
  }
  std::pair<State, std::vector<Heard>> split(State state) {
    std::vector<Heard> facts(static_cast<std::size_t>(system_.servers()));
    for (int i = 0; i < system_.servers(); ++i) {
      const spec::LateId id = late_worker_.get(state, i);
      for (const spec::NotificationId one : late_.all_heard(i, id)) {
        facts[static_cast<std::size_t>(i)].insert(bits_.bit_of(i, one, Heard::bits));
      }
      layout_.set(state, system_.fields().local(i), late_.with(i, id, {}));
    }
    return {state, facts};
  }
  State merged(State place, std::span<const Heard> facts) {
    for (int i = 0; i < system_.servers(); ++i) {
      std::vector<spec::NotificationId> heard;
      facts[static_cast<std::size_t>(i)].for_each([&](int bit) { heard.push_back(bits_.notification(i, bit)); });
      std::sort(heard.begin(), heard.end());
      layout_.set(place, system_.fields().local(i), late_.with(i, late_worker_.get(place, i), std::move(heard)));
    }
    return place;
  }

  spec::ClosedSystem system_;
  spec::LateMachine late_;
  spec::Layout layout_;
  spec::HeardBits bits_;
  Late late_worker_;
  Joined joined_worker_;
};

}  // namespace conclave::explore
