#include "conclave/check/reduction_options.hpp"

#include <CLI/CLI.hpp>

#include "conclave/check/options.hpp"

namespace conclave::check {

void ReductionOptions::add_to(CLI::App& check) {
  check
      .add_flag("--late-reads", late_reads,
                "decide what servers have read when it matters: far fewer states, and claims about states alone are "
                "judged (docs/late-reads.md)")
      ->group("Reductions");
  check
      .add_flag("--joined-reads", joined_reads,
                "likewise, and what may be proposed and have been read is joined over all runs in which the servers "
                "look the same but for that: fewer yet (docs/joined-reads.md)")
      ->group("Reductions");
  check
      .add_option("--no-reduction", switched_off,
                  "explore without dead-votes, local-states, all (both), or histories: every order by itself; "
                  "repeatable")
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"dead-votes", "local-states", "histories", "all"}))
      ->group("Limits");
}

void ReductionOptions::read(CheckOptions& options) const {
  options.joined_reads = joined_reads;
  options.late_reads = late_reads || joined_reads;
  for (const std::string& reduction : switched_off) {
    const bool all = reduction == "all";
    if (all || reduction == "dead-votes") options.scope.clear_dead_votes = false;
    if (all || reduction == "local-states") options.minimise = false;
    if (reduction == "histories") options.every_order = true;
  }
}

}  // namespace conclave::check
