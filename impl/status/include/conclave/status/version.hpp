// Which version this is.
#pragma once

#include <string>
#include <string_view>

namespace conclave::status {

[[nodiscard]] std::string_view version();     // "0.1.0"
[[nodiscard]] std::string_view build_date();  // "2026-01-31 12:00 UTC"

// As ZooKeeper's Version.getFullVersion: whose protocol is spoken, what this is, and when it was built:
// "3.8.0-conclave-0.1.0, built on 2026-01-31 12:00 UTC".
[[nodiscard]] std::string full_version();

}  // namespace conclave::status
