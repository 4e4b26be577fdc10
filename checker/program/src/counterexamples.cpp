#include "conclave/check/counterexamples.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>
#include <vector>

#include "conclave/check/words.hpp"
#include "text_parts.hpp"

namespace conclave::check {
namespace {

std::size_t length_of(const Run& run) { return run.steps.size() - 1; }

std::size_t asked_for(const Outcome& outcome) { return static_cast<std::size_t>(outcome.options.counterexamples); }

// What ended the search; empty if it came to its end.
std::string why_no_more(const Outcome& outcome) {
  const CheckOptions& options = outcome.options;
  const GivenLimits limits{options.depth_max, options.time_max_ms, options.memory_bytes};
  for (const Explored& explored : outcome.explored) {
    const Report& report = explored.report;
    if (report.stop == checker::Stop::none || report.stop == checker::Stop::violation) continue;
    return report.trouble.empty() ? stop_in_words(report.stop, limits) : report.trouble;
  }
  if (outcome.explored.size() == outcome.scenarios) return "";
  return outcome.trouble.empty() ? stop_in_words(checker::Stop::time, limits) : outcome.trouble;
}

}  // namespace

std::vector<Counterexample> counterexamples_of(const Outcome& outcome) {
  std::vector<Counterexample> all;
  for (std::size_t i = 0; i < outcome.explored.size(); ++i) {
    for (const Run& run : outcome.explored[i].report.violations) all.push_back({i, &run});
  }
  std::stable_sort(all.begin(), all.end(), [](const Counterexample& left, const Counterexample& right) {
    return length_of(*left.run) < length_of(*right.run);
  });
  return all;
}

std::optional<std::uint32_t> length_to_beat(const Outcome& outcome) {
  const std::vector<Counterexample> all = counterexamples_of(outcome);
  if (all.size() < asked_for(outcome)) return std::nullopt;
  return static_cast<std::uint32_t>(length_of(*all[asked_for(outcome) - 1].run));
}

void keep_first_counterexamples(Outcome& outcome) {
  const std::vector<Counterexample> all = counterexamples_of(outcome);
  std::set<const Run*> kept;
  spec::PropertySet shown = 0;
  for (const auto& [exploration, run] : all) {
    const bool first = length_of(*run) == length_of(*all.front().run) && (shown & spec::bit(run->property)) == 0;
    if (kept.size() >= asked_for(outcome) && !first) continue;
    kept.insert(run);
    shown |= spec::bit(run->property);
  }
  for (Explored& explored : outcome.explored) {
    std::vector<Run> left;
    for (Run& run : explored.report.violations) {
      if (kept.contains(&run)) left.push_back(std::move(run));
    }
    explored.report.violations = std::move(left);
  }
}

std::string counterexamples_in_words(const Outcome& outcome) {
  if (outcome.options.counterexamples == 1) return "";
  const std::size_t found = counterexamples_of(outcome).size();
  const std::string number = counted(found, "counterexample", "counterexamples");
  if (found >= asked_for(outcome)) return fmt::format("{}, as many as were asked for; there may be more", number);
  const std::string why = why_no_more(outcome);
  return fmt::format("{}; {} were asked for, and {}", number, asked_for(outcome),
                     why.empty() ? "within these bounds no other run breaks a claim for the first time"
                                 : fmt::format("there may be more beyond the limit: {}", why));
}

}  // namespace conclave::check
