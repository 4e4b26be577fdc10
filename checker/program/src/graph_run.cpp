#include "conclave/check/graph_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "conclave/check/graph_builder.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

void entitle(StateGraph& graph, const GraphWish& wish, std::uint64_t in_all, bool whole) {
  const std::uint64_t all = std::max<std::uint64_t>(in_all, graph.nodes.size());
  const char* least = whole ? "" : "at least ";
  const std::string number = fmt::format("{} of {}{}", grouped(graph.nodes.size()), least, grouped(all));
  switch (wish.of) {
    case GraphOf::states:
      graph.what = "the states, from the start on";
      graph.shown = number + (all == 1 ? " state" : " states");
      break;
    case GraphOf::runs:
      graph.what = "the runs that are shown, and what is one step beside them";
      graph.shown = number + (all == 1 ? " state" : " states");
      break;
    case GraphOf::server:
      graph.what = fmt::format("server {}, as the others see it", id_text(wish.server));
      graph.shown = number + (all == 1 ? " role" : " roles");
      break;
  }
  graph.wish = wish;
  graph.cut = graph.nodes.size() < all || !whole;
}

}  // namespace

template <std::size_t Words>
StateGraph draw_graph(spec::ClosedSystem& system, const spec::Layout& layout, const GraphWish& wish,
                      const GraphSource<Words>& source, checker::Explorer<ElectionSystem<Words>>& explorer,
                      const std::function<bool()>& over) {
  GraphBuilder<Words> builder(system, layout, wish);
  StateGraph graph;
  bool whole = source.whole;
  std::uint64_t in_all = 0;
  if (wish.of == GraphOf::states) {
    graph = builder.states(source.levels);
    in_all = source.states;
  } else if (wish.of == GraphOf::runs) {
    graph = builder.around(source.runs);
    in_all = graph.nodes_in_all;
    whole = true;
  } else {
    ServerGraph server(system, wish);
    bool ended = false;
    explorer.for_each_state([&](const spec::PackedState<Words>& state, std::uint32_t level) {
      ended = ended || over();
      if (!ended) builder.look_at(state, level, server);
    });
    whole = whole && !ended;
    graph = server.draw();
    in_all = graph.nodes_in_all;
  }
  entitle(graph, wish, in_all, whole);
  return graph;
}

template StateGraph draw_graph(spec::ClosedSystem&, const spec::Layout&, const GraphWish&, const GraphSource<1>&,
                               checker::Explorer<ElectionSystem<1>>&, const std::function<bool()>&);
template StateGraph draw_graph(spec::ClosedSystem&, const spec::Layout&, const GraphWish&, const GraphSource<2>&,
                               checker::Explorer<ElectionSystem<2>>&, const std::function<bool()>&);
template StateGraph draw_graph(spec::ClosedSystem&, const spec::Layout&, const GraphWish&, const GraphSource<3>&,
                               checker::Explorer<ElectionSystem<3>>&, const std::function<bool()>&);
template StateGraph draw_graph(spec::ClosedSystem&, const spec::Layout&, const GraphWish&, const GraphSource<4>&,
                               checker::Explorer<ElectionSystem<4>>&, const std::function<bool()>&);
template StateGraph draw_graph(spec::ClosedSystem&, const spec::Layout&, const GraphWish&, const GraphSource<8>&,
                               checker::Explorer<ElectionSystem<8>>&, const std::function<bool()>&);

}  // namespace conclave::check
