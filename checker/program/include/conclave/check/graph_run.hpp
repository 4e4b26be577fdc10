// The graph of an exploration that is over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "conclave/check/election_system.hpp"
#include "conclave/check/state_graph.hpp"
#include "conclave/checker/explorer.hpp"

namespace conclave::check {

// A run from the initial state on.
template <std::size_t Words>
struct GraphRun {
  std::vector<checker::TraceStep<spec::PackedState<Words>>> steps;
  std::size_t cycle_from = std::numeric_limits<std::size_t>::max();  // from steps[cycle_from] on, over and over
};

// What is drawn of it, and what it was.
template <std::size_t Words>
struct GraphSource {
  std::vector<GraphRun<Words>> runs;  // those that are shown, in their order
  std::uint64_t states = 0;           // that were reached
  std::uint32_t levels = 0;           // whose steps were explored
  bool whole = false;                 // everything was explored
};

// Of all states that were reached, where one server is wished for; that takes about as long as it took one thread to
// explore them, unless `over()` ends it before. Throws spec::LayoutFull.
template <std::size_t Words>
StateGraph draw_graph(spec::ClosedSystem& system, const spec::Layout& layout, const GraphWish& wish,
                      const GraphSource<Words>& source, checker::Explorer<ElectionSystem<Words>>& explorer,
                      const std::function<bool()>& over);

}  // namespace conclave::check
