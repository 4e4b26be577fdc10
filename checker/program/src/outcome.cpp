#include "conclave/check/outcome.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "conclave/check/exploring.hpp"
#include "conclave/check/late_run.hpp"
#include "conclave/check/liveness_outcome.hpp"
#include "conclave/check/words.hpp"
#include "conclave/spec/zookeeper_bugs.hpp"

namespace conclave::check {
namespace {

using spec::Property;
using spec::PropertyKind;

void add(Totals& totals, const Report& report) {
  totals.states += report.states;
  totals.steps += report.steps;
  totals.levels = std::max(totals.levels, report.levels.size());
  totals.looks += report.looks;
  totals.sweeps = std::max(totals.sweeps, report.sweeps);
  totals.seconds += report.seconds;
  totals.bytes = std::max(totals.bytes, report.bytes);
  totals.applicable |= report.applicable;
  totals.suspected |= report.suspected;
  totals.quiet.settled += report.quiet.settled;
  totals.quiet.no_quorum += report.quiet.no_quorum;
  totals.quiet.cut += report.quiet.cut;
  for (std::size_t i = 0; i < spec::properties_count; ++i) {
    const auto seen = report.first_seen[i];
    if (seen && (!totals.first_seen[i] || *seen < *totals.first_seen[i])) totals.first_seen[i] = seen;
    totals.tested[i] += report.tested[i];
  }
  for (std::size_t i = 0; i < model::rules_count; ++i) totals.rules[i] += report.rules[i];
}

GivenLimits given_limits(const CheckOptions& options) {
  return {options.depth_max, options.time_max_ms, options.memory_bytes};
}

// Changes the verdict where everything was explored and yet not everything is known.
void judge_liveness(Outcome& outcome) {
  if (outcome.verdict != checker::Verdict::exhausted || outcome.violated) return;
  const LivenessOutcome liveness = liveness_of(outcome);
  if (liveness.not_judged.empty() && liveness.eventually == checker::Prospect::holds) return;
  outcome.only_liveness_open = true;
  outcome.verdict = checker::Verdict::bounded;
  if (liveness.not_judged.empty()) {
    outcome.why = fmt::format("a bound cuts off what happens after (--rounds {}{})", outcome.options.scope.rounds,
                              outcome.options.scope.network.kind == spec::NetworkKind::fifo
                                  ? fmt::format(", --resends {}", outcome.options.scope.resends)
                                  : "");
    return;
  }
  outcome.why = liveness.not_judged;
  if (!liveness.limited) outcome.verdict = checker::Verdict::aborted;
}

// Everything was gone through, and something in it may be no run's.
void judge_suspicions(Outcome& outcome) {
  if (outcome.verdict != checker::Verdict::exhausted || outcome.totals.suspected == 0) return;
  outcome.only_suspicions_open = true;
  outcome.verdict = checker::Verdict::bounded;
  outcome.why = fmt::format("late reads come to states that break a claim, and may be no run's: {} can't tell",
                            late_option(outcome.options));
}

// Where nothing else ended it.
void judge_omissions(Outcome& outcome) {
  double expected = 0;
  std::uint64_t states = 0;
  bool other = outcome.verdict != checker::Verdict::bounded;
  for (const Explored& explored : outcome.explored) {
    const Report& report = explored.report;
    other = other || (report.verdict != checker::Verdict::exhausted && report.stop != checker::Stop::omissions);
    expected += report.omissions_expected;
    states += report.states;
  }
  outcome.only_omissions_open = !other;
  if (!other) outcome.why = omissions_in_words(outcome.options.storage, expected, states);
}

void judge(Outcome& outcome) {
  using checker::Verdict;
  for (const Explored& explored : outcome.explored) {
    const Report& report = explored.report;
    const auto& liveness = report.liveness;
    constexpr auto violated = checker::Prospect::violated;
    const bool endless = liveness && (liveness->eventually == violated || liveness->possibly == violated);
    outcome.violated = outcome.violated || endless || !report.violations.empty();
    if (static_cast<int>(report.verdict) <= static_cast<int>(outcome.verdict)) continue;
    outcome.verdict = report.verdict;
    outcome.why = report.trouble.empty() ? stop_in_words(report.stop, given_limits(outcome.options)) : report.trouble;
  }
  judge_omissions(outcome);
  if (!outcome.trouble.empty() && outcome.verdict != Verdict::aborted) {
    outcome.verdict = Verdict::aborted;
    outcome.why = outcome.trouble;
  }
  // Some were not even begun: a violation or the time did that.
  const bool seemed_whole = outcome.verdict == Verdict::exhausted || outcome.only_omissions_open;
  if (outcome.explored.size() < outcome.scenarios && seemed_whole) {
    outcome.only_omissions_open = false;
    outcome.verdict = Verdict::bounded;
    outcome.why = stop_in_words(outcome.violated ? checker::Stop::violation : checker::Stop::time,
                                given_limits(outcome.options));
  }
  if (outcome.options.liveness) judge_liveness(outcome);
  judge_suspicions(outcome);
  outcome.exit_code = code_of(outcome.verdict);
  if (outcome.violated) outcome.exit_code = ExitCode::violated;
}

// What makes a verdict say less than it seems to.
void warn_of_scope(Outcome& outcome) {
  const spec::RuleVariant& rules = *outcome.options.rules;
  // Of an old release other bugs may show all the same.
  if (rules.of != spec::RulesOf::release && outcome.options.scope.rounds < rules.rounds_min) {
    outcome.warnings.push_back(fmt::format("{} can't show within --rounds {}; expected at least --rounds {}",
                                           rules.name, outcome.options.scope.rounds, rules.rounds_min));
  }
  for (const spec::ZooKeeperBug& bug : spec::zookeeper_bugs()) {
    const bool whole = outcome.verdict == checker::Verdict::exhausted && !outcome.violated;
    if (bug.name != rules.name || bug.needs.empty() || !whole) continue;
    outcome.warnings.push_back(fmt::format("{} breaks nothing here; to show it needs {}", bug.name, bug.needs));
  }
  const auto unlogged = [](const spec::Participant& participant) {
    return participant.durable.last_zxid == model::unlogged;
  };
  const bool some_unlogged =
      std::any_of(outcome.explored.begin(), outcome.explored.end(), [&](const Explored& explored) {
        const auto& participants = explored.scenario.participants;
        return std::any_of(participants.begin(), participants.end(), unlogged);
      });
  const bool can_elect = (outcome.totals.applicable & spec::bit(Property::all_settled)) != 0;
  if (some_unlogged && !can_elect) {
    outcome.warnings.emplace_back(
        "nobody can be elected: the servers that have a database (zxid not -1) are no quorum. Such ends are counted "
        "as too few servers running");
  }
}

// Where it was too much, there is a smaller question.
void advise(Outcome& outcome) {
  constexpr std::size_t servers_whole = 5;
  const bool large = !outcome.explored.empty() &&
                     outcome.explored.front().scenario.participants.size() > servers_whole && !outcome.options.starts;
  const bool given_up = std::any_of(outcome.explored.begin(), outcome.explored.end(), [](const Explored& explored) {
    return explored.report.stop == checker::Stop::time || explored.report.stop == checker::Stop::memory;
  });
  if (!large || !given_up || outcome.violated) return;
  outcome.warnings.push_back(fmt::format(
      "more than {} servers are seldom explored to the end; --starts {} explores all elections in which any "
      "{} voters take part",
      servers_whole, servers_whole - 1, servers_whole - 1));
}

void warn(Outcome& outcome) {
  warn_of_scope(outcome);
  advise(outcome);
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    const bool asked = ((outcome.options.claim | outcome.options.show) & spec::bit(info.property)) != 0;
    const Standing standing = standing_of(outcome, info.property);
    if (standing == Standing::not_applicable && asked && !outcome.explored.empty()) {
      outcome.warnings.push_back(fmt::format("{} is not judged in this scope{}{}", info.name,
                                             info.assumes.empty() ? "" : ": it needs ", info.assumes));
    }
    // A run that was cut short need not have reached everything.
    if (outcome.verdict != checker::Verdict::exhausted || outcome.violated) continue;
    if (standing == Standing::not_seen && info.kind == PropertyKind::sometimes) {
      outcome.warnings.push_back(fmt::format("{} was never reached: {}", info.name, info.sentence));
    }
    if (standing == Standing::untested)
      outcome.warnings.push_back(fmt::format("{} was never put to the test", info.name));
  }
}

}  // namespace

bool judges_states(Property property) {
  return property == Property::quorum_took_part || property == Property::one_leader_per_round ||
         property == Property::no_deadlock || property == Property::single_leading ||
         property == Property::no_rival_lead || property == Property::no_second_quorum ||
         property == Property::all_settled;
}

bool counts_all_states(Property property) { return judges_states(property) && property != Property::no_deadlock; }

bool is_claimed(const Outcome& outcome, Property property) {
  const spec::PropertySet bit = spec::bit(property);
  const bool by_nature = spec::info_of(property).kind == PropertyKind::always && (outcome.options.except & bit) == 0;
  return by_nature || (outcome.options.claim & bit) != 0;
}

std::uint64_t tested_count(const Outcome& outcome, Property property) {
  const Totals& totals = outcome.totals;
  if (!judges_states(property)) return totals.tested[static_cast<std::size_t>(property)];
  if (property == Property::no_deadlock) return totals.quiet.settled;  // other ends are excused
  // They say something of states in which somebody has decided. Where a decision is possible at all there are some.
  const std::uint64_t decisions = totals.rules[static_cast<std::size_t>(model::Rule::decide_by_silence)] +
                                  totals.rules[static_cast<std::size_t>(model::Rule::join_same_round)] +
                                  totals.rules[static_cast<std::size_t>(model::Rule::join_out_of_election)] +
                                  totals.rules[static_cast<std::size_t>(model::Rule::time_out_oracle_decides)] +
                                  totals.rules[static_cast<std::size_t>(model::Rule::oracle_follows)];
  return decisions > 0 ? totals.states : 0;
}

Standing standing_of(const Outcome& outcome, Property property) {
  if ((outcome.totals.applicable & spec::bit(property)) == 0) return Standing::not_applicable;
  const bool seen = outcome.totals.first_seen[static_cast<std::size_t>(property)].has_value();
  if (!is_claimed(outcome, property)) return seen ? Standing::seen : Standing::not_seen;
  if (seen) return Standing::violated;
  if ((outcome.totals.suspected & spec::bit(property)) != 0) return Standing::suspected;
  return tested_count(outcome, property) > 0 ? Standing::holds : Standing::untested;
}

std::string_view name_of(Standing standing) {
  switch (standing) {
    case Standing::holds: return "holds";
    case Standing::violated: return "violated";
    case Standing::suspected: return "suspected";
    case Standing::untested: return "untested";
    case Standing::not_applicable: return "not-applicable";
    case Standing::seen: return "seen";
    case Standing::not_seen: return "not-seen";
  }
  return "?";
}

void conclude(Outcome& outcome) {
  for (const Explored& explored : outcome.explored) add(outcome.totals, explored.report);
  judge(outcome);
  warn(outcome);
}

}  // namespace conclave::check
