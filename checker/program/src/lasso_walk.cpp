#include "conclave/check/lasso_walk.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "conclave/check/election_system.hpp"
#include "conclave/spec/layout.hpp"
#include "conclave/spec/replay.hpp"

namespace conclave::check {
namespace {

using spec::Action;

// Where a walk is: in the closed system, and beside it with the servers themselves.
class Walk {
 public:
  static constexpr std::size_t words = 8;
  using State = spec::PackedState<words>;
  struct Possible {
    Action action;
    State next;
    checker::FairClass fair_class;
    checker::Stocks stocks;
    [[nodiscard]] bool promised() const { return fair_class < checker::fair_classes_max; }
  };
  // Of each state on the way.
  struct Station {
    State state{};
    bool pending = false;
    std::vector<Possible> possible;
    std::set<checker::FairClass> promised;            // classes that are possible, or would be but for a bound
    checker::FairClass taken = checker::environment;  // of the step that leads on
    checker::Stocks stocks;
  };

  Walk(const spec::Scenario& scenario, const Request& request)
      : system_(scenario, request.scope, *request.rules),
        layout_(plan()),
        worker_(system_, layout_),
        replay_(system_) {
    State first{};
    worker_.initial([&first](const State& state) { first = state; });
    arrive(first);
    steps_.push_back(RunStep{{}, {}, replay_.servers(), 0, 0, {}, replay_.under_way()});
  }

  [[nodiscard]] const std::vector<Station>& stations() const { return stations_; }
  [[nodiscard]] const Station& here() const { return stations_.back(); }
  std::vector<RunStep>& steps() { return steps_; }

  // REQUIRES: it is one of here().possible.
  void take(const Possible& chosen) {
    const Possible step = chosen;  // arriving moves the stations
    const spec::Replay::Step told = replay_.take(step.action, spec::Property::no_deadlock);
    if (!told.possible) throw ReplayFailed("a step of the endless run can't be taken");
    stations_.back().taken = step.fair_class;
    stations_.back().stocks = step.stocks;
    arrive(step.next);
    steps_.push_back(RunStep{step.action, told.heard, replay_.servers(), told.broken, told.sent_at, told.gone,
                             replay_.under_way()});
  }

 private:
  spec::Layout plan() {
    const auto planned = spec::Layout::plan(system_.fields().widths(), system_.fields().growing(), words);
    if (!planned) throw ReplayFailed("a state does not fit into eight words");
    return *planned;
  }

  void arrive(const State& state) {
    // Nothing is reduced here, so all there is of a server has to be the same.
    for (int i = 0; i < system_.servers(); ++i) {
      const std::string told = encode(replay_.servers()[static_cast<std::size_t>(i)]);
      if (told == system_.machine().bytes(i, worker_.local(state, i))) continue;
      throw ReplayFailed("server " + std::to_string(system_.id(i).value) + " differs when the endless run is retold");
    }
    Station station;
    station.state = state;
    station.pending = worker_.pending(state);
    const auto promise = [&station](checker::FairClass fair_class) {
      if (fair_class < checker::fair_classes_max) station.promised.insert(fair_class);
    };
    worker_.fair_steps(
        state,
        [&](const State& next, std::uint32_t code, checker::FairClass fair_class, const checker::Stocks& stocks) {
          station.possible.push_back({Action::from(code), next, fair_class, stocks});
          promise(fair_class);
        },
        promise);
    stations_.push_back(std::move(station));
  }

  spec::ClosedSystem system_;
  spec::Layout layout_;
  ElectionWorker<words> worker_;
  spec::Replay replay_;
  std::vector<Station> stations_;
  std::vector<RunStep> steps_;
};

// Takes the run on one station after the other, and judges it anew.
class LassoWalk {
 public:
  LassoWalk(const spec::Scenario& scenario, const Request& request) : walk_(scenario, request) {}

  LassoRun take(const FoundLasso& lasso) {
    for (const std::uint32_t code : lasso.stem) take_step(Action::from(code));
    LassoRun run;
    run.cycle_from = cycle_from_ = walk_.stations().size() - 1;
    for (const std::uint32_t code : lasso.cycle) take_step(Action::from(code));
    if (lasso.cycle.empty()) {
      if (!walk_.here().promised.empty() || !walk_.here().pending) throw ReplayFailed("the run goes on");
    } else {
      closes();
      is_fair();
    }
    run.steps = std::move(walk_.steps());
    tell_cycle(run);
    return run;
  }

 private:
  using Possible = Walk::Possible;
  using Classes = std::set<checker::FairClass>;

  void take_step(const Action& action) {
    const auto& all = walk_.here().possible;
    const auto step = std::find_if(all.begin(), all.end(), [&](const Possible& at) { return at.action == action; });
    if (step == all.end()) throw ReplayFailed("a step of the endless run is not possible");
    walk_.take(*step);
  }

  // Without the last station, which is the first again.
  [[nodiscard]] std::vector<Walk::Station> cycle() const {
    const auto first = walk_.stations().begin() + static_cast<std::ptrdiff_t>(cycle_from_);
    return {first, walk_.stations().end() - 1};
  }
  void closes() const {
    if (walk_.here().state != walk_.stations()[cycle_from_].state)
      throw ReplayFailed("the endless run does not close");
    for (const Walk::Station& station : cycle()) {
      if (!station.pending) throw ReplayFailed("the endless run comes to a settled state");
    }
  }
  // Each promised class is taken somewhere or impossible somewhere, and each stock drawn on is refilled.
  void is_fair() const {
    Classes owed = walk_.here().promised;
    checker::Stocks sum;
    for (const Walk::Station& station : cycle()) {
      std::erase_if(owed, [&](checker::FairClass each) { return station.promised.count(each) == 0; });
      sum.drawn |= station.stocks.drawn;
      sum.refilled |= station.stocks.refilled;
    }
    for (const Walk::Station& station : cycle()) owed.erase(station.taken);
    if (!owed.empty()) throw ReplayFailed("the endless run is not fair");
    if ((sum.drawn & ~sum.refilled) != 0) throw ReplayFailed("the endless run hears for ever what is not sent again");
  }

  // What the cycle takes, and what it never takes though it is possible at times.
  void tell_cycle(LassoRun& run) const {
    const auto& stations = walk_.stations();
    Classes taken;
    std::map<checker::FairClass, Action> seen;
    for (std::size_t i = cycle_from_; i + 1 < stations.size(); ++i) {
      taken.insert(stations[i].taken);
      run.unpromised = run.unpromised || stations[i].taken == checker::unpromised;
      for (const Possible& step : stations[i].possible) {
        if (step.promised()) seen.emplace(step.fair_class, step.action);
      }
    }
    for (const auto& [fair_class, action] : seen) {
      if (taken.count(fair_class) != 0) continue;
      std::size_t at = cycle_from_;
      while (stations[at].promised.count(fair_class) != 0) ++at;
      run.intermittent.push_back({action, at});
    }
  }

  Walk walk_;
  std::size_t cycle_from_ = 0;
};

}  // namespace

LassoRun walk_lasso(const spec::Scenario& scenario, const Request& request, const FoundLasso& lasso) {
  return LassoWalk(scenario, request).take(lasso);
}

}  // namespace conclave::check
