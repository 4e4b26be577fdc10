// The closed system in the shape that the explorer and the judge of liveness take.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "conclave/check/run.hpp"
#include "conclave/checker/fairness.hpp"
#include "conclave/spec/layout.hpp"
#include "conclave/spec/promises.hpp"
#include "conclave/spec/worker.hpp"

namespace conclave::check {

// One thread's, like spec::Worker.
template <std::size_t Words>
class ElectionWorker : public spec::Worker<Words> {
 public:
  using State = spec::PackedState<Words>;

  ElectionWorker(spec::ClosedSystem& system, const spec::Layout& layout)
      : spec::Worker<Words>(system, layout), promises_(system, layout) {}

  bool pending(const State& state) {
    promises_.load(state);
    return promises_.pending();
  }
  template <class Step, class Cut>
  void fair_steps(const State& state, const Step& step, const Cut& cut) {
    promises_.load(state);
    bool moves = false;
    this->successors(state, [&](const State& next, std::uint32_t code, spec::PropertySet) {
      const spec::Action action = spec::Action::from(code);
      const checker::FairClass fair_class = class_of(action);
      moves = moves || (fair_class < checker::fair_classes_max && action.kind != spec::ActionKind::end_role);
      step(next, code, fair_class, stocks_of(action, next));
    });
    promises_.for_each_cut(moves, [&](const spec::Action& action) { cut(class_of(action)); });
  }

 private:
  // What a server has said and does not say again, or not for ever, is a stock of its own, which another election
  // refills. And `timely` messages are faster than waits: those that are heard again were asked for again after a wait,
  // so that some wait has ended for everybody.
  [[nodiscard]] checker::Stocks stocks_of(const spec::Action& action, const State& next) const {
    static_assert(spec::participants_max < static_cast<int>(checker::stocks_max));
    constexpr std::uint32_t waits = 1U << static_cast<unsigned>(spec::participants_max);
    checker::Stocks stocks;
    if (promises_.is_old_news(action) || promises_.is_vain_answer(action, next)) stocks.drawn |= 1U << action.peer;
    if (promises_.begins_election(action)) stocks.refilled |= 1U << action.server;
    if (promises_.takes_no_time(action)) stocks.drawn |= waits;
    if (promises_.ends_wait(action)) stocks.refilled |= waits;
    return stocks;
  }
  [[nodiscard]] checker::FairClass class_of(const spec::Action& action) const {
    static_assert(spec::promise_classes_max <= static_cast<int>(checker::fair_classes_max));
    switch (promises_.promise(action)) {
      case spec::Promise::weakly_fair: return static_cast<checker::FairClass>(promises_.promise_class(action));
      case spec::Promise::none: return checker::unpromised;
      case spec::Promise::environment: break;
    }
    return checker::environment;
  }

  spec::Promises<Words> promises_;
};

template <std::size_t Words>
class ElectionSystem {
 public:
  using State = spec::PackedState<Words>;

  // All must outlive this.
  ElectionSystem(spec::ClosedSystem& system, const spec::Layout& layout, const Request& request)
      : system_(system), layout_(layout), request_(request) {}

  ElectionWorker<Words> worker() { return ElectionWorker<Words>(system_, layout_); }
  [[nodiscard]] std::vector<checker::Property> properties() const {
    std::vector<checker::Property> properties;
    for (const spec::PropertyInfo& info : spec::property_infos()) {
      const auto mode = is_claim(info.property, request_) ? checker::Mode::claim : checker::Mode::observe;
      properties.push_back({std::string(info.name), std::string(info.sentence), mode});
    }
    return properties;
  }
  std::size_t bytes_used() { return system_.bytes_used(); }

 private:
  spec::ClosedSystem& system_;
  const spec::Layout& layout_;
  const Request& request_;
};

}  // namespace conclave::check
