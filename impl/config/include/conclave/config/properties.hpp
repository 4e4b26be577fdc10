// Java's Properties format, as java.util.Properties.load reads it.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace conclave::config {

struct Property {
  std::string key;
  std::string value;
  int line = 0;  // where its first line begins, 1-based

  friend bool operator==(const Property&, const Property&) = default;
};

// The one thing that can be wrong with such a file: \u without four hexadecimal digits.
struct BadEscape {
  int line = 0;
  std::string found;
};

// All key-value pairs in the order of the file. A key that comes twice is there twice (Java keeps the last).
//
// Bytes over 127 are passed through, so that UTF-8 stays UTF-8 (Java would take them for Latin-1). As in Java, a byte
// order mark is the beginning of the first key.
[[nodiscard]] tl::expected<std::vector<Property>, BadEscape> parse_properties(std::string_view text);

}  // namespace conclave::config
