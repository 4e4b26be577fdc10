// Late reads and the unreduced system side by side in the explorer.
#pragma once

#include <cstddef>
#include <string>
#include <tuple>
#include <vector>

#include "conclave/check/audit_pairs.hpp"
#include "conclave/spec/late_beside.hpp"

namespace conclave::check {

// As PairSystem is for the other reductions. `Late`: see spec::LateBeside. `More`: what it needs beside the rest.
template <std::size_t Words, class Late = spec::LateWorker<Words>, class... More>
class LatePairSystem {
 public:
  using State = spec::PairState<Words>;
  using Side = spec::PackedState<Words>;
  using Finding = checker::Finding<State>;
  using Trace = std::vector<checker::TraceStep<State>>;

  using Worker = TallyingWorker<spec::LateBeside<Words, Late>>;

  // All must outlive this.
  LatePairSystem(spec::ClosedSystem& system, spec::LateMachine& late, const spec::Layout& layout, AuditTally& tally,
                 More&... more)
      : system_(system), late_(late), layout_(layout), tally_(tally), more_(more...) {}

  Worker worker() {
    return std::apply([this](More&... more) { return Worker(tally_, system_, late_, layout_, more...); }, more_);
  }
  [[nodiscard]] std::vector<checker::Property> properties() const {
    return pair_properties<spec::Lack>(spec::lacks_count);
  }
  std::size_t bytes_used() { return system_.bytes_used() + late_.bytes_used(); }

  // What is lacking in words, with the run to it. Throws ReplayFailed.
  AuditFailure tell(const Finding& finding, const Trace& trace, bool shortest) {
    AuditFailure failure;
    const auto lack = static_cast<spec::Lack>(finding.property);
    failure.sentence = sentence_of(lack);
    failure.clause = lack == spec::Lack::like ? "the last step has none" : "its like keeps what this state breaks";
    failure.shortest = shortest;
    std::vector<checker::TraceStep<Side>> run;
    for (const auto& step : trace) run.push_back({step.action, step.state.plain});
    failure.steps = Retelling<Words>(system_, layout_).steps(run);
    return failure;
  }

 private:
  spec::ClosedSystem& system_;
  spec::LateMachine& late_;
  const spec::Layout& layout_;
  AuditTally& tally_;
  std::tuple<More&...> more_;
};

}  // namespace conclave::check
