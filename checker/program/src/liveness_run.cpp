#include "conclave/check/liveness_run.hpp"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "conclave/check/lasso_walk.hpp"
#include "conclave/check/retelling.hpp"
#include "conclave/check/words.hpp"
#include "conclave/checker/liveness.hpp"

namespace conclave::check {
namespace {

template <class State>
std::vector<std::uint32_t> actions_of(const std::vector<checker::TraceStep<State>>& steps, std::size_t from) {
  std::vector<std::uint32_t> actions;
  for (std::size_t i = from; i < steps.size(); ++i) actions.push_back(steps[i].action);
  return actions;
}

}  // namespace

template <std::size_t Words>
LivenessReport judge_liveness(spec::ClosedSystem& system, const spec::Layout& layout, const Request& request,
                              ElectionSystem<Words>& adapter, checker::Explorer<ElectionSystem<Words>>& explorer,
                              checker::Progress& progress, std::vector<GraphRun<Words>>& runs) {
  LivenessReport report;
  try {
    checker::LivenessCheck<ElectionSystem<Words>> check(adapter, explorer, request.limits, progress);
    auto result = check.run();
    report.eventually = result.eventually;
    report.possibly = result.possibly;
    report.counts = result.counts;
    Retelling<Words> retelling(system, layout);
    if (!result.to_bound.empty()) report.to_bound = retelling.steps(result.to_bound);
    if (!result.to_hopeless.empty()) report.to_hopeless = retelling.steps(result.to_hopeless);
    if (result.lasso) {
      report.lasso = walk_lasso(system.scenario(), request,
                                {actions_of(result.lasso->stem, 1), actions_of(result.lasso->cycle, 0)});
      report.lasso->shortest = result.lasso->shortest_cycle;
      GraphRun<Words> run{std::move(result.lasso->stem), report.lasso->cycle_from};
      std::move(result.lasso->cycle.begin(), result.lasso->cycle.end(), std::back_inserter(run.steps));
      runs.insert(runs.begin(), std::move(run));
    }
  } catch (const checker::GraphTooLarge& large) {
    report.not_judged = "the graph of states would take " + bytes_in_words(large.bytes()) + " or more";
    report.limited = request.limits.memory_is_users;
  } catch (const checker::GraphOutOfTime&) {
    report.not_judged = "the time was over before the graph of states stood";
    report.limited = true;
  } catch (const checker::GraphInterrupted&) {
    report.not_judged = "a signal";
  }
  return report;
}

template LivenessReport judge_liveness(spec::ClosedSystem&, const spec::Layout&, const Request&, ElectionSystem<1>&,
                                       checker::Explorer<ElectionSystem<1>>&, checker::Progress&,
                                       std::vector<GraphRun<1>>&);
template LivenessReport judge_liveness(spec::ClosedSystem&, const spec::Layout&, const Request&, ElectionSystem<2>&,
                                       checker::Explorer<ElectionSystem<2>>&, checker::Progress&,
                                       std::vector<GraphRun<2>>&);
template LivenessReport judge_liveness(spec::ClosedSystem&, const spec::Layout&, const Request&, ElectionSystem<3>&,
                                       checker::Explorer<ElectionSystem<3>>&, checker::Progress&,
                                       std::vector<GraphRun<3>>&);
template LivenessReport judge_liveness(spec::ClosedSystem&, const spec::Layout&, const Request&, ElectionSystem<4>&,
                                       checker::Explorer<ElectionSystem<4>>&, checker::Progress&,
                                       std::vector<GraphRun<4>>&);
template LivenessReport judge_liveness(spec::ClosedSystem&, const spec::Layout&, const Request&, ElectionSystem<8>&,
                                       checker::Explorer<ElectionSystem<8>>&, checker::Progress&,
                                       std::vector<GraphRun<8>>&);

std::string_view why_not_judged(const spec::Scope& scope) {
  if (scope.network.kind != spec::NetworkKind::latest) return "";
  if (scope.grain == spec::Grain::fine) {
    return "on a latest network a message can be read again and again, and in the fine grain that fills a queue for "
           "ever; expected --grain coarse, or --network fifo:K";
  }
  // A leader that nobody follows ends its role when nothing else happens. With restarts its answer and the proposals of
  // others can be read in turns, so that this would never come. In ZooKeeper an answer comes once for each question.
  if (scope.restarts > 0 && scope.role_end == spec::RoleEnd::lost) {
    return "with restarts, messages of a latest network can be read in turns for ever, and a role that ends only "
           "when "
           "nothing else happens then never does; expected --restarts 0, --network fifo:K, or --role-ends any";
  }
  return "";
}

}  // namespace conclave::check
