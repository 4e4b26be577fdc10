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
  std::uint64_t missing = 0;           // late states that no place has, with all that is true of them
};

// The same system twice: in states of late reads, and in places with facts. Both have their numbers from one machine.
template <std::size_t HeardWords = 2>
class Beside {
 public:
  using Late = spec::LateWorker<late_words>;
  using Joined = spec::JoinedWorker<late_words, HeardWords>;
  using State = typename Late::State;
  using Facts = typename Joined::Facts;

  Beside(const spec::Scenario& scenario, const spec::Scope& scope)
      : system_(scenario, scope, spec::zookeeper_rules()),
        late_(system_),
        layout_(late_layout(system_)),
        numbers_(late_, system_.servers()),
        late_worker_(system_, late_, layout_),
        joined_worker_(system_, late_, layout_, numbers_) {}

  // From every late state: (compared, not covered) steps, and states that break what its place does not.
  std::pair<std::uint64_t, std::uint64_t> compare_steps() {
    std::uint64_t compared = 0;
    std::uint64_t lacking = 0;
    for_each_late_state([&](const State& state) {
      const auto [place, facts] = split(state);
      std::map<Words, std::vector<std::vector<Facts>>> reached;
      const auto within = joined_worker_.close(place, facts);
      reached[place.words].emplace_back(within.begin(), within.end());
      std::vector<std::pair<State, std::vector<Facts>>> emitted;
      const spec::PropertySet joined = joined_worker_.successors(
          place, facts, [&](const State& next, std::span<const Facts> there, std::uint32_t, spec::PropertySet) {
            emitted.emplace_back(next, std::vector<Facts>(there.begin(), there.end()));
          });
      for (const auto& [next, there] : emitted) {
        const auto closed = joined_worker_.close(next, there);
        reached[next.words].emplace_back(closed.begin(), closed.end());
      }
      const spec::PropertySet late =
          late_worker_.successors(state, [&](const State& next, std::uint32_t, spec::PropertySet) {
            ++compared;
            const auto [next_place, then] = split(next);
            const std::vector<std::vector<Facts>>& likes = reached[next_place.words];
            const bool covered = std::any_of(likes.begin(), likes.end(),
                                             [&, &then = then](const auto& like) { return covers(like, then); });
            if (!covered) ++lacking;
          });
      if ((late & ~joined) != 0) ++lacking;
    });
    return {compared, lacking};
  }

  // What joined reads come to; and where all late states were looked at before, the last ones first, so that servers,
  // members and what is heard have other numbers.
  checker::JoinResult explored(bool late_first) {
    std::vector<State> states;
    if (late_first) for_each_late_state([&states](const State& state) { states.push_back(state); });
    for (auto state = states.rbegin(); state != states.rend(); ++state) split(*state);
    check::JoinedSystem<late_words, HeardWords> joined(system_, late_, layout_, numbers_);
    checker::Progress progress;
    return checker::JoinExplorer<check::JoinedSystem<late_words, HeardWords>>(joined, {}, progress).run();
  }

  Covered cover() {
    Covered covered;
    check::JoinedSystem<late_words, HeardWords> joined(system_, late_, layout_, numbers_);
    checker::Progress progress;
    checker::JoinExplorer<check::JoinedSystem<late_words, HeardWords>> explorer(joined, {}, progress);
    covered.places = explorer.run().places;
    std::map<Words, std::vector<Facts>> places;
    explorer.for_each_place([&](const State& place, std::span<const Facts> facts) {
      const auto closed = joined_worker_.close(place, facts);
      places.emplace(place.words, std::vector<Facts>(closed.begin(), closed.end()));
    });
    std::set<Words> of_states;
    for_each_late_state([&](const State& state) {
      ++covered.states;
      const auto [place, facts] = split(state);
      of_states.insert(place.words);
      const auto found = places.find(place.words);
      if (found == places.end() || !covers(found->second, facts)) ++covered.missing;
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
  // The place of a late state, and what is true of it there.
  std::pair<State, std::vector<Facts>> split(State state) {
    std::vector<Facts> facts(static_cast<std::size_t>(system_.servers()));
    for (int i = 0; i < system_.servers(); ++i) {
      Facts& own = facts[static_cast<std::size_t>(i)];
      const spec::LateId id = late_worker_.get(state, i);
      for (const spec::NotificationId one : late_.all_heard(i, id)) {
        own.heard.insert(numbers_.heard.bit_of(i, one, decltype(own.heard)::bits));
      }
      const spec::Shapes::Member member = joined_worker_.shape_of(i, late_.with(i, id, {}));
      own.members.insert(member.number);
      layout_.set(state, system_.fields().local(i), member.shape);
    }
    return {state, facts};
  }
  static bool covers(const std::vector<Facts>& more, const std::vector<Facts>& less) {
    for (std::size_t i = 0; i < less.size(); ++i) {
      Facts both = more[i];
      both |= less[i];
      if (!(both == more[i])) return false;
    }
    return true;
  }

  spec::ClosedSystem system_;
  spec::LateMachine late_;
  spec::Layout layout_;
  spec::PlaceNumbers numbers_;
  Late late_worker_;
  Joined joined_worker_;
};

}  // namespace conclave::explore
