#include "conclave/spec/layout.hpp"

#include <algorithm>
#include <numeric>

namespace conclave::spec {

// First fit, widest first: good enough for a few dozen fields, and the same every time.
bool Layout::place(const std::vector<int>& widths, std::size_t words, std::vector<Field>& fields) {
  std::vector<std::size_t> order(widths.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&widths](std::size_t left, std::size_t right) { return widths[left] > widths[right]; });
  // The engine of the checker keeps the state of all ones for itself: one bit stays unused.
  std::vector<int> used(words, 0);
  used.back() = 1;
  fields.assign(widths.size(), Field{});
  for (const std::size_t field : order) {
    if (widths[field] == 0) continue;  // always 0, wherever it is said to lie; not where a full word ends
    std::size_t word = 0;
    while (word < words && used[word] + widths[field] > 64) ++word;
    if (word == words) return false;
    const std::uint64_t mask = (std::uint64_t{1} << static_cast<unsigned>(widths[field])) - 1;
    // In the last word the unused bit is the lowest.
    fields[field] = Field{mask, static_cast<std::uint8_t>(word), static_cast<std::uint8_t>(used[word]),
                          static_cast<std::uint8_t>(widths[field])};
    used[word] += widths[field];
  }
  return true;
}

std::optional<Layout> Layout::plan(std::vector<int> widths, std::size_t growing, std::size_t words) {
  Layout layout;
  if (!place(widths, words, layout.fields_)) return std::nullopt;
  constexpr int width_max = 24;
  for (bool grown = true; grown;) {
    grown = false;
    for (std::size_t field = 0; field < growing; ++field) {
      if (widths[field] >= width_max) continue;
      ++widths[field];
      if (place(widths, words, layout.fields_)) {
        grown = true;
      } else {
        --widths[field];
      }
    }
  }
  place(widths, words, layout.fields_);
  return layout;
}

}  // namespace conclave::spec
