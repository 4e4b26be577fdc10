// The outcome for people and for programs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conclave/check/outcome.hpp"

namespace conclave::check {

// Ends with a newline, each.
std::string text_report(const Outcome& outcome);
std::string json_report(const Outcome& outcome);  // docs/json.md
// A run step by step, with what each step changed.
enum class Shortness : std::uint8_t {
  of_all,       // there is no shorter run to the property, in any scenario
  of_its_end,   // there is none to this state or step, of those that break no claim before
  not_excluded  // another scenario may have a shorter one
};
std::string run_text(const Run& run, const spec::Scenario& scenario, Shortness shortness = Shortness::of_all);
// Its parts: what runs at the start, and the steps numbered `from` to `to`.
void tell_opening(std::string& text, const RunStep& start, const spec::Scenario& scenario);
void tell_steps(std::string& text, const std::vector<RunStep>& steps, std::size_t from, std::size_t to,
                const spec::Scenario& scenario);
// "server 1 reads server 3's proposal: LOOKING leader=3 ..."
std::string action_text(const RunStep& step, const spec::Scenario& scenario);
// What a step changed in a server, a phrase each.
std::vector<std::string> changes_of(const spec::Server& before, const spec::Server& after);
// A run in the Informal Trace Format (docs/json.md). Ends with a newline.
struct ItfHead {
  std::string file;
  std::string property;
  std::string sentence;
  std::optional<std::size_t> cycle_from;  // of a run without end
};
std::string itf_trace(const ItfHead& head, const std::vector<RunStep>& steps, const spec::Scenario& scenario);
std::string_view name_of(spec::ActionKind kind);
std::string_view name_of(spec::Offer offer);
std::string_view name_of(spec::Life life);
// Properties, rules and seeded bugs, each with its sentence.
std::string listing();

}  // namespace conclave::check
