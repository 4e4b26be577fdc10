// Late reads next to the unreduced system: whatever a run does there that others notice has its like here.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "conclave/spec/late_worker.hpp"
#include "conclave/spec/worker.hpp"

namespace conclave::spec::late {

using State = PackedState<4>;

struct Pairs {
  std::size_t states = 0;  // unreduced
  std::size_t late = 0;    // of them all, those that were met
  std::size_t pairs = 0;
  std::size_t silent = 0;             // steps that nobody notices
  std::set<std::string> seen;         // what others see of all, in the unreduced system
  std::set<std::string> late_seen;    // and here, in all that late reads come to
  PropertySet broken = 0;             // of late_properties, in the unreduced system
  std::optional<std::string> missed;  // what has no like here
};

class Beside {
 public:
  // `reduced`: dead votes are cleared on the other side as well, where it has too many states.
  Beside(const Scenario& scenario, const Scope& scope, const RuleVariant& rules, bool reduced)
      : system_(scenario, scope, rules),
        late_(system_),
        layout_(plan()),
        whole_(system_, layout_, reduced),
        reads_late_(system_, late_, layout_) {}

  // Goes through all pairs. A step of a server that others notice has to be one of the same server here, to what looks
  // the same, and of those with the most that may have been heard; what is broken there has to be broken here.
  Pairs walk() {
    Pairs result;
    std::set<std::pair<std::array<std::uint64_t, 4>, std::array<std::uint64_t, 4>>> met;
    std::deque<std::pair<State, State>> open;
    const auto meet = [&](const State& real, const State& late) {
      if (met.emplace(real.words, late.words).second) open.emplace_back(real, late);
    };
    State real{};
    State late{};
    whole_.initial([&real](const State& state) { real = state; });
    reads_late_.initial([&late](const State& state) { late = state; });
    meet(real, late);
    for (; !open.empty() && !result.missed; open.pop_front())
      step(open.front().first, open.front().second, meet, result);
    std::set<std::array<std::uint64_t, 4>> states;
    std::set<std::array<std::uint64_t, 4>> lates;
    for (const auto& [one, other] : met) {
      states.insert(one);
      lates.insert(other);
    }
    result.states = states.size();
    result.late = lates.size();
    result.pairs = met.size();
    go_through(late, result);
    return result;
  }

 private:
  struct Step {
    State state{};
    Action action;
  };

  template <class Meet>
  void step(const State& real, const State& late, const Meet& meet, Pairs& result) {
    std::vector<Step> here;
    PropertySet late_broken = reads_late_.successors(late, [&](const State& next, std::uint32_t code, PropertySet) {
      here.push_back({next, Action::from(code)});
    });
    std::vector<Step> there;
    const PropertySet broken =
        late_properties & whole_.successors(real, [&](const State& next, std::uint32_t code, PropertySet) {
          there.push_back({next, Action::from(code)});
        });
    result.broken |= broken;
    result.seen.insert(seen(facts_of(real)));
    if ((broken & ~late_broken) != 0) result.missed = "a broken claim in " + seen(facts_of(real));
    for (const Step& taken : there) {
      const std::string shown = seen(facts_of(taken.state));
      if (shown == seen(facts_of(real))) {
        ++result.silent;
        meet(taken.state, late);
        continue;
      }
      const State* best = nullptr;
      for (const Step& like : here) {
        if (like.action.server != taken.action.server || seen(late_facts_of(like.state)) != shown) continue;
        if (best == nullptr || heard(like.state) > heard(*best)) best = &like.state;
      }
      if (best == nullptr) {
        result.missed = missed(real, taken);
        return;
      }
      meet(taken.state, *best);
    }
  }

  std::string missed(const State& real, const Step& taken) {
    const int server = taken.action.server;
    const auto told = [](const model::Vote& vote) {
      return std::to_string(vote.proposal.leader.value) + "@" + std::to_string(vote.round.value) + "s" +
             std::to_string(static_cast<int>(vote.state)) + " ";
    };
    const Server before = system_.machine().decoded(server, whole_.local(real, server));
    std::string text = "server " + std::to_string(server + 1) + " takes action " +
                       std::to_string(static_cast<int>(taken.action.kind)) + " with server " +
                       std::to_string(taken.action.peer + 1) + " to " + seen(facts_of(taken.state)) + "from " +
                       seen(facts_of(real)) + "with recvset ";
    for (const model::Ballot& one : before.peer.recvset)
      text += std::to_string(one.from.value) + ":" + told(one.vote);
    text += "outofelection ";
    for (const model::Ballot& one : before.peer.outofelection) {
      text += std::to_string(one.from.value) + ":" + told(one.vote);
    }
    return text;
  }

  void go_through(const State& first, Pairs& result) {
    std::set<std::array<std::uint64_t, 4>> met{first.words};
    std::deque<State> open{first};
    for (; !open.empty(); open.pop_front()) {
      result.late_seen.insert(seen(late_facts_of(open.front())));
      reads_late_.successors(open.front(), [&](const State& next, std::uint32_t, PropertySet) {
        if (met.insert(next.words).second) open.push_back(next);
      });
    }
  }

  std::vector<LocalFacts> facts_of(const State& state) {
    std::vector<LocalFacts> facts;
    for (int i = 0; i < system_.servers(); ++i) facts.push_back(system_.machine().facts(i, whole_.local(state, i)));
    return facts;
  }
  std::vector<LocalFacts> late_facts_of(const State& state) {
    std::vector<LocalFacts> facts;
    for (int i = 0; i < system_.servers(); ++i) facts.push_back(late_.facts(i, reads_late_.get(state, i)));
    return facts;
  }
  // But for waiting finalizeWait, which nobody sees.
  static std::string seen(const std::vector<LocalFacts>& all) {
    std::string text;
    for (const LocalFacts& facts : all) {
      text += std::to_string(static_cast<int>(facts.life)) + std::to_string(static_cast<int>(facts.state)) +
              std::to_string(facts.in_election) + std::to_string(facts.leader) + "/" + std::to_string(facts.clock);
      for (const NotificationId offer : facts.offers) text += "." + std::to_string(offer);
      text += ' ';
    }
    return text;
  }
  std::size_t heard(const State& state) {
    std::size_t bytes = 0;
    for (int i = 0; i < system_.servers(); ++i) bytes += late_.bytes(i, reads_late_.get(state, i)).size();
    return bytes;
  }
  Layout plan() {
    std::vector<int> widths = system_.fields().widths();
    for (int i = 0; i < system_.servers(); ++i) widths[system_.fields().local(i)] = 20;
    return Layout::plan(widths, system_.fields().growing(), 4).value();
  }

  ClosedSystem system_;
  LateMachine late_;
  Layout layout_;
  Worker<4> whole_;
  LateWorker<4> reads_late_;
};

// A walk in which there has to be something to put off, and nothing may be missed.
inline Pairs beside(const Scenario& scenario, const Scope& scope, bool reduced = false,
                    const RuleVariant& rules = zookeeper_rules()) {
  SCOPED_TRACE(describe(scope) + ", " + std::string(rules.name));
  const Pairs pairs = Beside(scenario, scope, rules, reduced).walk();
  EXPECT_EQ(pairs.missed.value_or(""), "");
  EXPECT_GT(pairs.silent, 0U) << "there was nothing to put off";
  EXPECT_GT(pairs.states, pairs.late);
  EXPECT_TRUE(std::includes(pairs.late_seen.begin(), pairs.late_seen.end(), pairs.seen.begin(), pairs.seen.end()));
  return pairs;
}

}  // namespace conclave::spec::late
