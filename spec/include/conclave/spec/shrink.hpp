// Makes a failing list smaller while it still fails (delta debugging: Zeller and Hildebrandt, 2002).
#pragma once

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace conclave::spec {

// Leaves out pieces, large ones first and those at the end before those at the beginning, as long as `fails` says that
// what is left still fails. `fails` takes a list and may make it smaller itself, where it knows that less is enough.
// In the end no single item can be left out, unless fails() has said no where it could not judge any more.
// REQUIRES: the list fails.
template <class Item, class Fails>
std::vector<Item> shrink(std::vector<Item> items, const Fails& fails) {
  std::size_t piece = std::max<std::size_t>(items.size() / 2, 1);
  for (;;) {
    bool smaller = false;
    for (std::size_t end = items.size(); end > 0;) {
      const std::size_t begin = end > piece ? end - piece : 0;
      std::vector<Item> less(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(begin));
      less.insert(less.end(), items.begin() + static_cast<std::ptrdiff_t>(end), items.end());
      end = begin;
      if (!fails(less)) continue;
      items = std::move(less);
      end = std::min(end, items.size());
      smaller = true;
    }
    if (piece == 1 && !smaller) return items;
    piece = smaller ? std::clamp<std::size_t>(piece, 1, std::max<std::size_t>(items.size() / 2, 1))
                    : std::max<std::size_t>(piece / 2, 1);
  }
}

}  // namespace conclave::spec
