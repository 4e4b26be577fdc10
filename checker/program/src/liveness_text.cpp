// What has to happen eventually, for people.
#include <fmt/format.h>

#include <iterator>
#include <string>

#include "conclave/check/liveness_outcome.hpp"
#include "conclave/check/outcome.hpp"
#include "conclave/check/reports.hpp"
#include "conclave/check/words.hpp"
#include "conclave/spec/liveness_claims.hpp"

namespace conclave::check {
namespace {

using checker::Prospect;

Prospect worse(Prospect left, Prospect right) {
  if (left == Prospect::violated || right == Prospect::violated) return Prospect::violated;
  return left == Prospect::holds ? right : left;
}

// What is shown of one claim after its name.
void claim_line(std::string& text, Prospect prospect, std::string_view name, const std::string& numbers) {
  const char* standing = prospect == Prospect::violated ? "VIOLATED"
                         : prospect == Prospect::cut    ? "unknown"
                                                        : "holds";
  fmt::format_to(std::back_inserter(text), "  {:<8}  {:<32} {}\n", standing, name, numbers);
}

void why_it_is_fair(std::string& text, const LassoRun& lasso, const spec::Scenario& scenario) {
  auto out = std::back_inserter(text);
  if (lasso.unpromised) {
    text +=
        "  it takes, over and over, steps that may be taken and that nothing promises: roles that end though "
        "nothing\n"
        "      is lost, or messages of stopped servers\n";
  }
  text += "  this is fair: whatever stays possible all along the cycle is taken on it\n";
  for (const LassoRun::Intermittent& never : lasso.intermittent) {
    RunStep step;
    step.action = never.action;
    fmt::format_to(out, "      never taken, and not possible after step {}: {}\n", never.impossible_after,
                   action_text(step, scenario));
  }
}

void tell_lasso(std::string& text, const LassoRun& lasso, const spec::Scenario& scenario) {
  auto out = std::back_inserter(text);
  const std::size_t last = lasso.steps.size() - 1;
  const bool stays = lasso.cycle_from == last;
  fmt::format_to(out, "\n{} is broken by a run without end: {}, then {}{}\n", spec::eventually_settled.name,
                 steps_in_words(lasso.cycle_from),
                 stays ? std::string("nothing more") : steps_in_words(last - lasso.cycle_from) + " over and over",
                 lasso.shortest ? " (no run gets there in fewer steps)" : "");
  tell_opening(text, lasso.steps.front(), scenario);
  tell_steps(text, lasso.steps, 1, lasso.cycle_from, scenario);
  if (stays) {
    text +=
        "      .- nothing that is promised can happen any more, and not all that run have settled on one server\n";
  } else {
    fmt::format_to(out, "  .-> over and over, as after step {}:\n", lasso.cycle_from);
    tell_steps(text, lasso.steps, lasso.cycle_from + 1, last, scenario);
    fmt::format_to(out, "  '-- after step {} all is as after step {}\n", last, lasso.cycle_from);
    why_it_is_fair(text, lasso, scenario);
  }
  fmt::format_to(out, "  broken: {}\n", spec::eventually_settled.sentence);
}

void tell_run(std::string& text, const std::string& head, const std::vector<RunStep>& steps,
              const spec::Scenario& scenario) {
  fmt::format_to(std::back_inserter(text), "\n{} {} (there is no shorter run)\n", head,
                 steps_in_words(steps.size() - 1));
  tell_opening(text, steps.front(), scenario);
  tell_steps(text, steps, 1, steps.size() - 1, scenario);
}

}  // namespace

LivenessOutcome liveness_of(const Outcome& outcome) {
  LivenessOutcome all;
  for (const Explored& explored : outcome.explored) {
    const auto& liveness = explored.report.liveness;
    if (!liveness) {
      all.not_judged = "not everything within the bounds was explored";
      continue;
    }
    if (!liveness->not_judged.empty()) {
      all.not_judged = liveness->not_judged;
      all.limited = liveness->limited;
    }
    all.eventually = worse(all.eventually, liveness->eventually);
    all.possibly = worse(all.possibly, liveness->possibly);
    const checker::LivenessCounts& counts = liveness->counts;
    all.counts.pending += counts.pending;
    all.counts.steps += counts.steps;
    all.counts.cycles += counts.cycles;
    all.counts.largest = std::max(all.counts.largest, counts.largest);
    all.counts.fair_cycles += counts.fair_cycles;
    all.counts.fair_ends += counts.fair_ends;
    all.counts.at_bound += counts.at_bound;
    all.counts.hopeless += counts.hopeless;
    all.counts.bytes = std::max(all.counts.bytes, counts.bytes);
    all.counts.seconds += counts.seconds;
  }
  const bool all_begun = outcome.explored.size() == outcome.scenarios;
  if (!all_begun) all.not_judged = "not everything within the bounds was explored";
  return all;
}

void tell_liveness(std::string& text, const Outcome& outcome) {
  if (!outcome.options.liveness) return;
  auto out = std::back_inserter(text);
  const LivenessOutcome liveness = liveness_of(outcome);
  text += "what has to happen eventually (--liveness)\n";
  if (!liveness.not_judged.empty() && liveness.eventually != Prospect::violated) {
    fmt::format_to(out, "  not judged: {}\n", liveness.not_judged);
    return;
  }
  const checker::LivenessCounts& counts = liveness.counts;
  claim_line(text, liveness.eventually, spec::eventually_settled.name,
             fmt::format("owed in {} states; {} cycles, {} of them fair; {} ends", grouped(counts.pending),
                         grouped(counts.cycles), grouped(counts.fair_cycles), grouped(counts.fair_ends)));
  claim_line(text, liveness.possibly, spec::settled_reachable.name,
             counts.hopeless == 0 ? fmt::format("tested in {} states", grouped(counts.pending))
                                  : fmt::format("out of reach in {} states", grouped(counts.hopeless)));
  if (counts.at_bound > 0) {
    fmt::format_to(out, "  in {} of these states a bound on rounds or resends keeps a step from happening\n",
                   grouped(counts.at_bound));
  }
  fmt::format_to(out, "  fairness: {}\n", spec::eventually_settled.assumes);
  fmt::format_to(out, "  {} steps, {:.2f} s; {}\n", grouped(counts.steps), counts.seconds,
                 bytes_in_words(counts.bytes));
}

void tell_liveness_runs(std::string& text, const Outcome& outcome) {
  for (const auto& [scenario, report] : outcome.explored) {
    if (!report.liveness) continue;
    if (report.liveness->lasso) tell_lasso(text, *report.liveness->lasso, scenario);
    if (!report.liveness->to_hopeless.empty()) {
      tell_run(text, fmt::format("{} is broken in", spec::settled_reachable.name), report.liveness->to_hopeless,
               scenario);
    }
    if (!report.liveness->to_bound.empty()) {
      tell_run(text, "not settled, and a bound keeps a step from happening, after", report.liveness->to_bound,
               scenario);
    }
  }
}

}  // namespace conclave::check
