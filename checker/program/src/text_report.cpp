#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "conclave/check/counterexamples.hpp"
#include "conclave/check/late_run.hpp"
#include "conclave/check/liveness_outcome.hpp"
#include "conclave/check/releases.hpp"
#include "conclave/check/reports.hpp"
#include "conclave/check/words.hpp"
#include "conclave/spec/late_machine.hpp"
#include "conclave/spec/liveness_claims.hpp"
#include "text_parts.hpp"

namespace conclave::check {
namespace {

constexpr std::size_t sets_listed_max = 10;
constexpr std::size_t explorations_listed_max = 10;

// --- what was read -------------------------------------------------------------------------------------------------

void tell_tolerance(std::string& text, const Outcome& outcome) {
  const spec::Tolerance& tolerance = outcome.tolerance;
  if (!tolerance.complete) {
    text += fmt::format("  tolerates: not worked out for more than {} voters\n", spec::tolerance_voters_max);
    return;
  }
  std::vector<std::string> sets;
  for (const auto& set : tolerance.smallest_fatal) {
    if (sets.size() < sets_listed_max) sets.push_back(id_set(set));
  }
  const std::size_t all = tolerance.smallest_fatal.size();
  const std::string more = all > sets.size() ? fmt::format(" and {} more", all - sets.size()) : "";
  const std::string lost =
      tolerance.any_crashes == 0
          ? "no voter may be lost, whichever it is"
          : fmt::format("any {} may be lost",
                        counted(static_cast<std::size_t>(tolerance.any_crashes), "voter", "voters"));
  const std::string oracle =
      outcome.cfg.configuration.kind() == model::QuorumKind::oracle_majority ? " (without the oracle)" : "";
  paragraph(text, "  tolerates: ",
            fmt::format("{}; {}: {}{}{}", lost,
                        all == 1 ? "the one smallest set whose loss stops elections"
                                 : fmt::format("the {} smallest sets whose loss stops elections", grouped(all)),
                        join(sets, " "), more, oracle));
}

// --- what was explored -----------------------------------------------------------------------------------------------

// In the midst of a reconfiguration.
std::string moments_in_words(const Outcome& outcome) {
  const CheckOptions& options = outcome.options;
  std::string text = counted(outcome.scenarios, "moment", "moments");
  const bool all = !options.reconfig->committed && !options.reconfig->seen;
  if (!outcome.cfg.reconfig_enabled) {
    text += all ? ", all that there are of who has the new configuration" : " with who is said to have it";
    if (options.history != HistoryKind::any) return text + ", each with the same histories";
    return text +
           ", each with every order of initial votes; every other one is one of them with servers renamed that are "
           "alike in both configurations. n: has the new one, o: has the old one";
  }
  text += all ? ", all that there are of who has committed the new configuration and who has only seen it"
              : " with who is said to have committed the new configuration, or to have only seen it";
  if (options.history != HistoryKind::any) return text + ", each with the same histories";
  return text +
         ", each with every order of initial votes in which voters that know of it come before those that do not; "
         "every other one is one of them with servers renamed that are alike in both configurations. n: has "
         "committed "
         "the new one, s: has only seen it, o: knows the old one alone";
}

std::string histories_in_words(const Outcome& outcome) {
  const std::string oracle = outcome.cfg.configuration.kind() == model::QuorumKind::oracle_majority
                                 ? ", each with every choice of the server that the oracle grants"
                                 : "";
  const bool some_start = outcome.options.starts &&
                          static_cast<std::size_t>(*outcome.options.starts) < outcome.cfg.configuration.voters();
  if (outcome.options.history == HistoryKind::any) {
    const std::size_t voters = outcome.cfg.configuration.voters();
    const std::size_t explored = oracle.empty() ? outcome.scenarios : outcome.scenarios / (voters + 1);
    const std::string starting = some_start ? fmt::format(" of {} of the voters", *outcome.options.starts) : "";
    const std::string orders = fmt::format("{} of the {} of initial votes{}", explored,
                                           counted(outcome.orders, "order", "orders"), starting);
    if (explored == outcome.orders) return "any: " + orders + oracle;
    if (!outcome.options.releases.empty()) {
      return fmt::format("any: {}{}; every other one is one of them with servers of one release renamed", orders,
                         oracle);
    }
    const bool grouped_quorums = outcome.cfg.configuration.kind() == model::QuorumKind::hierarchical;
    return fmt::format("any: {}{}; every other one is {} with servers renamed, {}", orders, oracle,
                       explored == 1 ? "this" : "one of them",
                       grouped_quorums ? "which keeps groups and weights" : "which a majority can't tell apart");
  }
  const std::string chosen =
      some_start ? fmt::format(", {} choices of the voters that start", outcome.scenarios) : "";
  if (outcome.options.history == HistoryKind::equal) return "equal: all have epoch 0 and zxid 0" + chosen + oracle;
  return "given: " +
         (outcome.explored.empty() || some_start
              ? fmt::format("{} servers named, the others 0:0", outcome.options.histories.size())
              : histories_text(outcome.explored[0].scenario)) +
         chosen + oracle;
}

std::string reductions_in_words(const CheckOptions& options) {
  if (options.reconfig) return "none, for --reconfig: they are argued for one configuration";
  if (options.liveness) return "none, for --liveness: they are argued for what can be reached, not for endless runs";
  if (options.joined_reads) return "dead-votes, late-reads and joined-reads";
  if (options.late_reads) return "dead-votes and late-reads";
  const bool comparable = options.releases.empty() && options.scope.vote_epoch == spec::VoteEpoch::voted;
  if (!comparable) return "none: they are argued for votes that keep their epoch, compared by one rule";
  if (options.scope.clear_dead_votes && options.minimise) return "dead-votes and local-states, where they apply";
  if (options.scope.clear_dead_votes) return "dead-votes, where they apply";
  return options.minimise ? "local-states, where they apply" : "none";
}

// `Counts`: a Report or the Totals of several.
template <class Counts>
std::string numbers(const Counts& counts, std::size_t levels) {
  const double per_second = counts.seconds > 0 ? static_cast<double>(counts.states) / counts.seconds : 0;
  // Where states are looked at again there are no levels.
  const std::string depth = counts.sweeps == 0
                                ? counted(levels, "level", "levels")
                                : fmt::format("looked at {} in {}", counted(counts.looks, "time", "times"),
                                              counted(counts.sweeps, "sweep", "sweeps"));
  return fmt::format("{}, {}, {}; {:.2f} s, {} states/s; {}", counted(counts.states, "state", "states"),
                     counted(counts.steps, "step", "steps"), depth, counts.seconds, rate_in_words(per_second),
                     bytes_in_words(counts.bytes));
}

void tell_explorations(std::string& text, const Outcome& outcome) {
  auto out = std::back_inserter(text);
  const Totals& totals = outcome.totals;
  const bool several = outcome.scenarios > 1;
  for (std::size_t i = 0; several && i < outcome.explored.size() && i < explorations_listed_max; ++i) {
    const auto& [scenario, report] = outcome.explored[i];
    const std::string grants = scenario.oracle_grants ? ", oracle grants " + id_text(*scenario.oracle_grants) : "";
    fmt::format_to(
        out, "  {}{}: {}{}\n", order_in_words(scenario), grants, numbers(report, report.levels.size()),
        report.verdict == checker::Verdict::exhausted ? "" : fmt::format(" ({})", checker::name_of(report.verdict)));
  }
  if (outcome.explored.size() > explorations_listed_max) {
    fmt::format_to(out, "  ... and {} more explorations (--json has them all)\n",
                   outcome.explored.size() - explorations_listed_max);
  }
  // Of several explorations the largest says how much memory was used, and that divided by a sum says nothing.
  const double per_state =
      static_cast<double>(totals.bytes) / static_cast<double>(std::max<std::uint64_t>(totals.states, 1));
  fmt::format_to(out, "  {}{}{}\n",
                 several ? fmt::format("{} of {} explorations: ", outcome.explored.size(), outcome.scenarios) : "",
                 numbers(totals, totals.levels), several ? "" : fmt::format(", {:.1f} B/state", per_state));
  if (!outcome.options.storage.folder.empty()) {
    std::uint64_t written = 0;
    for (const Explored& explored : outcome.explored) written = std::max(written, explored.report.bytes_on_disk);
    fmt::format_to(out, "  on disk: {}\n", written == 0 ? "nothing, there was room" : bytes_in_words(written));
  }
  fmt::format_to(
      out, "  ends, but for starts and faults: {} settled, {} with too few servers running, {} cut by a bound\n",
      grouped(totals.quiet.settled), grouped(totals.quiet.no_quorum), grouped(totals.quiet.cut));
}

void tell_bounds(std::string& text, const Outcome& outcome) {
  text += "explored\n";
  wrapped(text, "  bounds: ", bounds_in_words(outcome.options.scope), "; ");
  if (outcome.options.reconfig) paragraph(text, "  reconfiguration: ", moments_in_words(outcome));
  const bool told = outcome.options.reconfig && outcome.options.history == HistoryKind::any;
  if (!told) paragraph(text, "  histories: ", histories_in_words(outcome));
  text += "  reductions: " + reductions_in_words(outcome.options) + "\n";
  const std::string kept = in_words(outcome.options.storage);
  if (!kept.empty()) paragraph(text, "  states kept: ", kept);
  if (!other_rules(outcome.options)) return;
  std::string title(rules_title(outcome.options));
  for (char& letter : title) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  for (const std::string& sentence : rules_in_sentences(outcome.options)) {
    paragraph(text, "  " + title + ": ", sentence);
  }
}

// --- what was found ------------------------------------------------------------------------------------------------

// Where servers read late, claims about single steps are not.
bool judged_at_all(const Outcome& outcome, spec::Property property) {
  return !outcome.options.late_reads || (spec::late_properties & spec::bit(property)) != 0;
}

void tell_claims(std::string& text, const Outcome& outcome) {
  auto out = std::back_inserter(text);
  const bool whole = outcome.verdict == checker::Verdict::exhausted;
  text += "claims\n";
  std::vector<std::string> elsewhere;
  std::vector<std::string> unjudged;
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    if (!is_claimed(outcome, info.property)) continue;
    const std::uint64_t times = tested_count(outcome, info.property);
    const char* unit = judges_states(info.property) ? "state" : "local step";
    switch (standing_of(outcome, info.property)) {
      case Standing::not_applicable:
        if (outcome.options.reconfig || info.property != spec::Property::no_second_quorum) {
          (judged_at_all(outcome, info.property) ? elsewhere : unjudged).emplace_back(info.name);
        }
        break;
      case Standing::violated:
        fmt::format_to(out, "  VIOLATED  {:<32} after {}\n", info.name,
                       steps_in_words(*outcome.totals.first_seen[static_cast<std::size_t>(info.property)]));
        break;
      case Standing::suspected: fmt::format_to(out, "  SUSPECTED {}\n", info.name); break;
      case Standing::untested: fmt::format_to(out, "  untested  {}\n", info.name); break;
      default:
        // What was not explored to its end has not been shown to hold.
        fmt::format_to(out, "  {:<8}  {:<32} {} in {} {}{}\n", whole ? "holds" : "so far", info.name,
                       counts_all_states(info.property) ? "judged" : "tested", grouped(times), unit,
                       times == 1 ? "" : "s");
    }
  }
  if (!elsewhere.empty()) wrapped(text, "  not claimed in this scope: ", elsewhere, ", ");
  if (!unjudged.empty()) {
    wrapped(text, fmt::format("  not judged with {}: ", late_option(outcome.options)), unjudged, ", ");
  }
}

void tell_others(std::string& text, const Outcome& outcome) {
  std::vector<std::string> excepted;
  std::vector<std::string> refuted;
  std::vector<std::string> reached;
  std::vector<std::string> missed;
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    if (is_claimed(outcome, info.property)) continue;
    const Standing standing = standing_of(outcome, info.property);
    if (standing == Standing::not_applicable) continue;
    const auto steps = outcome.totals.first_seen[static_cast<std::size_t>(info.property)];
    const bool is_refuted = info.kind != spec::PropertyKind::sometimes;
    const std::string seen = steps ? fmt::format("{} ({} after {})", info.name, is_refuted ? "broken" : "first",
                                                 counted(*steps, "step", "steps"))
                                   : fmt::format("{} (not broken here)", info.name);
    if (info.kind == spec::PropertyKind::always)
      excepted.push_back(seen);
    else if (is_refuted)
      refuted.push_back(seen);
    else if (steps)
      reached.push_back(seen);
    else
      missed.emplace_back(info.name);
  }
  if (!excepted.empty()) wrapped(text, "not claimed (--except): ", excepted, ", ");
  if (!refuted.empty()) wrapped(text, "known not to hold: ", refuted, ", ");
  if (!reached.empty()) wrapped(text, "reached: ", reached, ", ");
  if (!missed.empty()) wrapped(text, "not reached: ", missed, ", ");
}

void tell_rules(std::string& text, const Outcome& outcome) {
  std::vector<std::string> never;
  std::size_t taken = 0;
  const bool reconfigures = outcome.options.reconfig.has_value();
  for (const model::RuleInfo& info : model::rule_infos) {
    const bool was_taken = outcome.totals.rules[static_cast<std::size_t>(info.rule)] > 0;
    if (was_taken) ++taken;
    if (!was_taken && !is_out_of_reach(info.rule, reconfigures)) never.emplace_back(info.name);
  }
  // Late reads take no more steps of a server than they need.
  if (never.empty() || taken == 0 || outcome.options.late_reads) return;
  wrapped(text,
          fmt::format("rules: {} taken; not taken (beside those for malformed messages{}): ", taken,
                      reconfigures ? " and late configurations" : " and new configurations"),
          never, ", ");
}

void tell_runs(std::string& text, const Outcome& outcome) {
  const bool all = outcome.explored.size() == outcome.scenarios;
  for (const auto& [scenario, report] : outcome.explored) {
    for (const Run& run : report.shown)
      text.append("\n").append(run_text(run, scenario, all ? Shortness::of_all : Shortness::not_excluded));
  }
  for (const auto& [exploration, run] : counterexamples_of(outcome)) {
    const auto shortest = outcome.totals.first_seen[static_cast<std::size_t>(run->property)];
    const Shortness shortness = outcome.shorter_not_excluded        ? Shortness::not_excluded
                                : run->steps.size() - 1 == shortest ? Shortness::of_all
                                                                    : Shortness::of_its_end;
    text.append("\n").append(run_text(*run, outcome.explored[exploration].scenario, shortness));
  }
}

std::string violated_names(const Outcome& outcome) {
  std::vector<std::string> names;
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    if (standing_of(outcome, info.property) == Standing::violated) names.emplace_back(info.name);
  }
  for (const auto& [scenario, report] : outcome.explored) {
    if (!report.liveness) continue;
    if (report.liveness->lasso) names.emplace_back(spec::eventually_settled.name);
    if (!report.liveness->to_hopeless.empty()) names.emplace_back(spec::settled_reachable.name);
  }
  return join(names, ", ");
}

bool judges_a_claim(const Outcome& outcome) {
  const auto& infos = spec::property_infos();
  return std::any_of(infos.begin(), infos.end(), [&outcome](const spec::PropertyInfo& info) {
    return is_claimed(outcome, info.property) && standing_of(outcome, info.property) != Standing::not_applicable;
  });
}

std::size_t untested_claims(const Outcome& outcome) {
  const auto infos = spec::property_infos();
  return static_cast<std::size_t>(std::count_if(infos.begin(), infos.end(), [&](const spec::PropertyInfo& info) {
    return standing_of(outcome, info.property) == Standing::untested;
  }));
}

// What was gone through with --late-reads to its end. False: something else ended it.
bool tell_late_verdict(std::string& text, const Outcome& outcome, const std::string& bounds) {
  if (outcome.only_suspicions_open) {
    paragraph(
        text, "",
        fmt::format("What was gone through includes the like of every run within these bounds. Some of it breaks "
                    "a claim, and may be no run's: without {} it is judged. Bounds: {}.",
                    late_option(outcome.options), bounds));
    text += fmt::format("verdict: {} - {}\n", checker::name_of(outcome.verdict), outcome.why);
    return true;
  }
  if (outcome.verdict != checker::Verdict::exhausted || !outcome.options.late_reads) return false;
  paragraph(text, "",
            fmt::format("What was gone through includes the like of every run of this ensemble within these bounds, "
                        "and nowhere does a claim about states fail. Claims about single steps were not judged. "
                        "Bounds: {}. Beyond them nothing is said.",
                        bounds));
  const std::size_t untested = untested_claims(outcome);
  if (!judges_a_claim(outcome)) {
    text += "verdict: exhausted - no claim about states was judged\n";
  } else if (untested > 0) {
    text += fmt::format(
        "verdict: exhausted - no claim about states fails within these bounds, and {} {} never put to "
        "the test\n",
        untested, untested == 1 ? "was" : "were");
  } else {
    text += "verdict: exhausted - every claim about states holds within these bounds\n";
  }
  return true;
}

void tell_verdict(std::string& text, const Outcome& outcome) {
  auto out = std::back_inserter(text);
  for (const std::string& warning : outcome.warnings) paragraph(text, "warning: ", warning);
  const std::string bounds = fmt::format(
      "{}{}", spec::describe(outcome.options.scope),
      outcome.options.starts ? fmt::format(", at most {} voters ever start", *outcome.options.starts) : "");
  const std::string bug = rules_of_verdict(outcome.options);
  text += "\n";
  if (outcome.violated) {
    if (outcome.options.counterexamples > 1) paragraph(text, "", counterexamples_in_words(outcome) + ".");
    paragraph(text, "",
              fmt::format("Within these bounds a run breaks what is claimed ({}). Bounds: {}.{}",
                          violated_names(outcome), bounds, bug));
    fmt::format_to(out, "verdict: violated - {}\n", violated_names(outcome));
    return;
  }
  if (tell_late_verdict(text, outcome, bounds)) return;
  if (outcome.verdict == checker::Verdict::exhausted) {
    paragraph(
        text, "",
        fmt::format(
            "Every run of this ensemble within these bounds was explored, and in none does a claim fail. Bounds: {}. "
            "Beyond them nothing is said.{}",
            bounds, bug));
    const std::size_t untested = untested_claims(outcome);
    if (untested == 0) {
      text += "verdict: exhausted - every claim holds within these bounds\n";
    } else {
      fmt::format_to(out,
                     "verdict: exhausted - no claim fails within these bounds, and {} {} never put to the test\n",
                     untested, untested == 1 ? "was" : "were");
    }
    return;
  }
  if (outcome.only_liveness_open) {
    paragraph(
        text, "",
        fmt::format("Every run of this ensemble within these bounds was explored, and in none does a claim about "
                    "states and steps fail. Whether every election ends is not known. Bounds: {}.{}",
                    bounds, bug));
    fmt::format_to(out, "verdict: {} - {}\n", checker::name_of(outcome.verdict), outcome.why);
    return;
  }
  if (outcome.only_omissions_open) {
    paragraph(text, "",
              fmt::format("All states that were found within these bounds were looked at, but some may not have been "
                          "found. No claim failed in the others, which does not show that none fails. Bounds: {}.{}",
                          bounds, bug));
    fmt::format_to(out, "verdict: {} - {}\n", checker::name_of(outcome.verdict), outcome.why);
    return;
  }
  paragraph(text, "",
            fmt::format(
                "Only a part of the runs was explored: {} in {} of {}. No claim failed in that part, which does not "
                "show that none fails. Bounds: {}.{}",
                counted(outcome.totals.states, "state", "states"), outcome.explored.size(),
                counted(outcome.scenarios, "exploration", "explorations"), bounds, bug));
  fmt::format_to(out, "verdict: {} - {}\n", checker::name_of(outcome.verdict), outcome.why);
}

}  // namespace

std::string text_report(const Outcome& outcome) {
  std::string text;
  tell_ensemble(text, outcome.cfg);
  tell_tolerance(text, outcome);
  if (outcome.next) {
    text += "reconfigured to ";
    tell_ensemble(text, *outcome.next);
    if (!outcome.cfg.reconfig_enabled) {
      paragraph(text, "  note: ",
                outcome.cfg.file +
                    " has no reconfigEnabled=true, so nobody takes over the new configuration that "
                    "another server tells of. Only servers that were given it have it.");
    }
  }
  tell_bounds(text, outcome);
  tell_explorations(text, outcome);
  tell_claims(text, outcome);
  tell_liveness(text, outcome);
  tell_others(text, outcome);
  tell_rules(text, outcome);
  tell_runs(text, outcome);
  tell_liveness_runs(text, outcome);
  tell_outputs(text, outcome.outputs);
  tell_verdict(text, outcome);
  return text;
}

}  // namespace conclave::check
