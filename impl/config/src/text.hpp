// Java's small text functions, as ZooKeeper's configuration uses them, and what messages need.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conclave/model/types.hpp"

namespace conclave::config {

// String.trim: without all that is not above the space, at both ends.
[[nodiscard]] std::string_view trimmed(std::string_view text);

// String.split: one part if there is no separator, and no empty parts at the end.
[[nodiscard]] std::vector<std::string_view> split(std::string_view text, char separator);

// Long.parseLong: a sign is allowed, nothing else is. Digits are ASCII's alone (Java takes any alphabet's).
[[nodiscard]] std::optional<std::int64_t> parse_long(std::string_view text, int base = 10);

[[nodiscard]] std::string lower(std::string_view text);

// Participant or observer in any case, blanks around it ignored.
[[nodiscard]] std::optional<model::LearnerType> parse_role(std::string_view text);
[[nodiscard]] std::string_view name_of(model::LearnerType role);

// For messages: in quotes, shortened if very long, no byte in it that could upset a terminal.
[[nodiscard]] std::string in_quotes(std::string_view text);

// "1", "1 and 2", "1, 2 and 3".
[[nodiscard]] std::string listed(const std::vector<std::string>& items);

}  // namespace conclave::config
