// What an audit of the reductions has come to, for people.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "conclave/check/audit.hpp"
#include "conclave/check/reports.hpp"
#include "conclave/check/words.hpp"
#include "text_parts.hpp"

namespace conclave::check {
namespace {

// Of one reduction in all scenarios.
struct Sum {
  std::size_t used = 0;  // scenarios
  std::string not_used;
  Audit all;
  bool whole = true;
};

Sum sum_of(const AuditOutcome& outcome, Reduction reduction) {
  Sum sum;
  for (const auto& [scenario, audits] : outcome.audited) {
    for (const Audit& audit : audits) {
      if (audit.reduction != reduction) continue;
      if (!audit.not_used.empty()) {
        sum.not_used = audit.not_used;
        continue;
      }
      ++sum.used;
      sum.all.pairs += audit.pairs;
      sum.all.steps += audit.steps;
      sum.all.left_out += audit.left_out;
      sum.all.runs += audit.runs;
      sum.all.seconds += audit.seconds;
      sum.all.renamings = std::max(sum.all.renamings, audit.renamings);
      sum.whole = sum.whole && audit.verdict == checker::Verdict::exhausted && !audit.failure;
      if (audit.failure) sum.all.failure = audit.failure;
    }
  }
  sum.whole = sum.whole && outcome.audited.size() == outcome.scenarios;
  return sum;
}

void tell_reduction(std::string& text, const AuditOutcome& outcome, Reduction reduction) {
  const Sum sum = sum_of(outcome, reduction);
  const std::string head = fmt::format("  {:<13} ", name_of(reduction));
  if (sum.used == 0) {
    std::string why = sum.not_used;
    const bool plain = outcome.options.releases.empty() && outcome.options.scope.vote_epoch == spec::VoteEpoch::voted;
    if (reduction == Reduction::histories && !plain) why = "it is argued for one release and votes as they were cast";
    if (reduction == Reduction::histories && outcome.options.every_order) why = "--no-reduction switches it off";
    if (reduction == Reduction::histories && outcome.options.history != HistoryKind::any) why = "--history gives one";
    return paragraph(text, head, why.empty() ? "not looked at" : "not used: " + why);
  }
  const Audit& all = sum.all;
  const bool drawn = outcome.options.audit->runs > 0;
  const std::string found = all.failure ? "DIFFERS" : sum.whole && !drawn ? "agrees" : "agrees so far";
  if (reduction == Reduction::histories) {
    return paragraph(
        text, head,
        fmt::format("{}: {}, each under {}; {:.2f} s", found, counted(all.steps, "local step", "local steps"),
                    counted(all.renamings, "other order or numbering", "other orders or numberings"), all.seconds));
  }
  if (all.pairs == 0) return paragraph(text, head, "not looked at: it was stopped before");
  const std::string pairs =
      drawn ? fmt::format("{} along {}", counted(all.pairs, "pair of states", "pairs of states"),
                          counted(all.runs, "random run", "random runs"))
            : fmt::format("{}{}", sum.whole ? "all " : "", counted(all.pairs, "pair of states", "pairs of states"));
  const bool late = reduction == Reduction::late_reads || reduction == Reduction::joined_reads;
  paragraph(text, head,
            fmt::format("{}: {}, {}, {} of them {}; {:.2f} s", found, pairs, counted(all.steps, "step", "steps"),
                        grouped(all.left_out), late ? "unnoticed" : "in one system alone", all.seconds));
}

void tell_failure(std::string& text, const spec::Scenario& scenario, const Audit& audit) {
  const AuditFailure& failure = *audit.failure;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "\n{} changes what happens", name_of(audit.reduction));
  if (!failure.steps.empty()) {
    fmt::format_to(out, ", after {} ({})\n", steps_in_words(failure.steps.size() - 1),
                   failure.shortest ? "there is no shorter run" : "a shorter one was not ruled out");
    tell_opening(text, failure.steps.front(), scenario);
    tell_steps(text, failure.steps, 1, failure.steps.size() - 1, scenario);
    if (!failure.left_out.empty()) {
      wrapped(text, "  what the reduction had left out before: ", failure.left_out, "; ");
    }
  } else {
    text += "\n";
  }
  paragraph(text, "  expected: ", failure.sentence);
  paragraph(text, "  found: ", failure.clause);
}

std::string verdict_text(const AuditOutcome& outcome) {
  const bool drawn = outcome.options.audit->runs > 0;
  const std::string_view word =
      drawn && outcome.verdict == checker::Verdict::exhausted ? "sampled" : name_of(outcome.verdict);
  const std::string why = outcome.why.empty() ? "" : fmt::format(" - {}", outcome.why);
  if (outcome.failed) return fmt::format("verdict: {}{}; a reduction can't be trusted here\n", word, why);
  if (drawn || outcome.verdict != checker::Verdict::exhausted) {
    return fmt::format("verdict: {}{} - no difference in what was looked at, which says nothing of the rest\n", word,
                       why);
  }
  return fmt::format("verdict: {} - within these bounds each reduction agrees with the system without it\n", word);
}

}  // namespace

std::string audit_text_report(const AuditOutcome& outcome) {
  std::string text;
  tell_ensemble(text, outcome.cfg);
  text += "audited: the reduced system beside the unreduced one, step by step\n";
  wrapped(text, "  bounds: ", bounds_in_words(outcome.options.scope), "; ");
  if (outcome.scenarios > 1) {
    text += fmt::format("  histories: {} of {}\n", grouped(outcome.audited.size()),
                        counted(outcome.scenarios, "exploration", "explorations"));
  }
  if (outcome.options.rules != &spec::zookeeper_rules()) {
    paragraph(text, outcome.options.rules->of == spec::RulesOf::release ? "  OLD RULES: " : "  SEEDED BUG: ",
              fmt::format("{}: {}", outcome.options.rules->name, outcome.options.rules->sentence));
  }
  if (outcome.options.audit->runs > 0) {
    text +=
        fmt::format("  drawn from seed {}; at most {} steps a run\n", outcome.options.audit->seed, audit_steps_max);
  }
  for (const Reduction reduction : {Reduction::dead_votes, Reduction::local_states, Reduction::late_reads,
                                    Reduction::joined_reads, Reduction::histories}) {
    tell_reduction(text, outcome, reduction);
  }
  for (const auto& [scenario, audits] : outcome.audited) {
    for (const Audit& audit : audits) {
      if (audit.failure) tell_failure(text, scenario, audit);
    }
  }
  for (const std::string& warning : outcome.warnings) paragraph(text, "warning: ", warning);
  text += verdict_text(outcome);
  return text;
}

}  // namespace conclave::check
