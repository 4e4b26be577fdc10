// `--counterexamples N`: up to N runs that break claims, over all explorations of one call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conclave/check/outcome.hpp"

namespace conclave::check {

inline constexpr int counterexamples_max = 1000;  // each is told step by step

// The runs that break claims, by length; of equally short ones those of the earlier exploration first.
struct Counterexample {
  std::size_t exploration;  // index into Outcome::explored
  const Run* run;
};
std::vector<Counterexample> counterexamples_of(const Outcome& outcome);
// The steps that another run must stay below to be among those that were asked for; nothing while any length will do.
std::optional<std::uint32_t> length_to_beat(const Outcome& outcome);
// Keeps the first, as many as were asked for. As in a single exploration, none of the shortest that is the first of its
// claim goes.
void keep_first_counterexamples(Outcome& outcome);
// "3 counterexamples; 5 were asked for, and ...". Empty where only the first was asked for. REQUIRES: conclude().
std::string counterexamples_in_words(const Outcome& outcome);

}  // namespace conclave::check
