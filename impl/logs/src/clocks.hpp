// How far the clocks of two logs are apart. Private to the comparison.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "conclave/logs/crossing.hpp"

namespace conclave::logs {

// Between the lines of two machines; also the time for which a message may be under way.
inline constexpr std::int64_t clocks_differ_ms = 5'000;

// By the votes that each of two servers heard from the other, and the other from itself. Nothing: they do not tell, or
// it is no more than what is allowed anyway.
[[nodiscard]] std::optional<ClockDifference> clock_difference(const Logs& logs, std::size_t server,
                                                              std::size_t other);

}  // namespace conclave::logs
