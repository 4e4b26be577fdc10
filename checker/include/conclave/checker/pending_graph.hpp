// The reached states in which something is still to come, and their steps, as a graph.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <iterator>
#include <limits>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include "conclave/checker/explorer.hpp"
#include "conclave/checker/fairness.hpp"
#include "conclave/checker/threads.hpp"

namespace conclave::checker {

// The graph would not fit into the memory that is left for it.
class GraphTooLarge : public std::exception {
 public:
  explicit GraphTooLarge(std::size_t bytes) : bytes_(bytes) {}
  [[nodiscard]] std::size_t bytes() const { return bytes_; }  // that it would take, at least
  [[nodiscard]] const char* what() const noexcept override { return "the graph of states is too large"; }

 private:
  std::size_t bytes_;
};

// Somebody has set Progress::interrupt.
class GraphInterrupted : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "interrupted"; }
};

// Limits::time_max has passed.
class GraphOutOfTime : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override { return "out of time"; }
};

using Vertex = std::uint32_t;

// Numbers for states, found again by open addressing. Not synchronised; find() may be called from several threads.
template <PackableState State>
class StateIndex {
 public:
  // Keeps a reference. REQUIRES: all are different, and fewer than 2^32 - 1.
  explicit StateIndex(const std::vector<State>& states)
      : states_(states), slots_(states.size() + states.size() / 2 + 8, none) {
    for (std::size_t i = 0; i < states.size(); ++i) {
      std::size_t slot = start(states[i]);
      while (slots_[slot] != none) slot = next(slot);
      slots_[slot] = static_cast<Vertex>(i);
    }
  }
  static constexpr Vertex none = std::numeric_limits<Vertex>::max();

  // none if it is not among them.
  [[nodiscard]] Vertex find(const State& state) const {
    for (std::size_t slot = start(state); slots_[slot] != none; slot = next(slot)) {
      if (states_[slots_[slot]] == state) return slots_[slot];
    }
    return none;
  }
  static constexpr std::size_t bytes_per_state = sizeof(Vertex) * 3 / 2;

 private:
  using Words = std::array<std::uint64_t, sizeof(State) / sizeof(std::uint64_t)>;

  [[nodiscard]] std::size_t start(const State& state) const {
    std::uint64_t mixed = 0;
    for (const std::uint64_t word : std::bit_cast<Words>(state)) {
      mixed = (mixed ^ word ^ (mixed >> 29U)) * 0x9e3779b97f4a7c15U;
      mixed ^= mixed >> 32U;
    }
    mixed *= 0xff51afd7ed558ccdU;
    return static_cast<std::size_t>(((mixed >> 32U) * slots_.size()) >> 32U);
  }
  [[nodiscard]] std::size_t next(std::size_t slot) const { return slot + 1 == slots_.size() ? 0 : slot + 1; }

  const std::vector<State>& states_;
  std::vector<Vertex> slots_;
};

// One vertex for each reached state in which something is pending, and two more: `discharged` stands for all others,
// `beyond` for what a bound has cut off. One edge for each step, with its class; steps of the environment are no edges.
// An edge to `beyond` is a step that would be possible but for a bound.
template <FairSystem System>
class PendingGraph {
 public:
  using State = typename System::State;
  // Boost.Graph's compressed sparse rows.
  using Rows = boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, boost::no_property,
                                                  boost::no_property, Vertex, std::uint64_t>;
  static constexpr Vertex discharged = 0;
  static constexpr Vertex beyond = 1;
  static constexpr Vertex first = 2;

  // Expands every reached state once more, in limits.threads threads. Both must outlive the graph; the exploration
  // has to be through. Throws GraphTooLarge where the limit on memory would be broken, GraphOutOfTime where the graph
  // takes longer than limits.time_max from now on, GraphInterrupted, and what the
  // system's workers throw.
  PendingGraph(System& system, Explorer<System>& explorer, const Limits& limits, Progress& progress)
      : limits_(limits), progress_(progress), bytes_besides_(progress.bytes) {
    collect(system, explorer);
    std::vector<Chunk> chunks((states_.size() + chunk_states - 1) / chunk_states);
    const StateIndex<State> index(states_);
    expand(system, index, chunks);
    link(chunks);
  }

  [[nodiscard]] const Rows& rows() const { return rows_; }
  [[nodiscard]] Vertex vertices() const { return static_cast<Vertex>(states_.size()) + first; }
  // REQUIRES: vertex >= first.
  [[nodiscard]] const State& state(Vertex vertex) const { return states_[vertex - first]; }
  [[nodiscard]] Level level(Vertex vertex) const { return levels_[vertex - first]; }
  [[nodiscard]] std::uint64_t edges() const { return marks_.size(); }

  // An edge, by its number.
  struct Step {
    Vertex target;
    FairClass fair_class;
    Stocks stocks;
    std::size_t number;
  };
  // Calls visit(step) for each edge out of the vertex.
  template <class Visit>
  void for_each_step(Vertex vertex, const Visit& visit) const {
    auto [edge, end] = boost::out_edges(vertex, rows_);
    for (; edge != end; ++edge) {
      const std::size_t number = number_of(*edge);
      visit(Step{boost::target(*edge, rows_), marks_[number].fair_class, stocks_[marks_[number].stocks], number});
    }
  }
  using Edge = typename boost::graph_traits<Rows>::edge_descriptor;
  [[nodiscard]] std::size_t number_of(const Edge& edge) const {
    return static_cast<std::size_t>(boost::get(boost::edge_index, rows_, edge));
  }
  [[nodiscard]] FairClass fair_class(std::size_t number) const { return marks_[number].fair_class; }
  [[nodiscard]] std::size_t bytes_used() const {
    return states_.size() * bytes_per_state + marks_.size() * bytes_per_edge;
  }

 private:
  static constexpr std::size_t chunk_states = 4096;
  static constexpr std::size_t bytes_per_state =
      sizeof(State) + sizeof(Level) + sizeof(std::uint64_t) + StateIndex<State>::bytes_per_state;
  // What is kept of a step besides where it leads.
  struct Mark {
    FairClass fair_class;
    std::uint8_t stocks;  // an index: there are few combinations
  };
  static constexpr std::size_t bytes_per_edge = sizeof(Vertex) + sizeof(Mark);

  // The edges of neighbouring vertices, on their way into the rows.
  struct Chunk {
    std::vector<std::uint32_t> degrees;
    std::vector<Vertex> targets;
    std::vector<Mark> marks;
  };

  void look(std::size_t bytes) const {
    if (limits_.memory_bytes != 0 && bytes_besides_ + bytes > limits_.memory_bytes) {
      throw GraphTooLarge(bytes_besides_ + bytes);
    }
    if (progress_.interrupt.load(std::memory_order_relaxed)) throw GraphInterrupted();
    if (limits_.time_max.count() != 0 && std::chrono::steady_clock::now() >= began_ + limits_.time_max) {
      throw GraphOutOfTime();
    }
  }

  void collect(System& system, Explorer<System>& explorer) {
    auto worker = system.worker();
    std::size_t count = 0;
    std::size_t seen = 0;
    explorer.for_each_state([&](const State& state, std::uint32_t) {
      count += worker.pending(state) ? 1U : 0U;
      if (++seen % chunk_states == 0) look(count * bytes_per_state);
    });
    look(count * bytes_per_state);
    if (count >= StateIndex<State>::none - first) throw GraphTooLarge(count * bytes_per_state);
    states_.reserve(count);
    levels_.reserve(count);
    explorer.for_each_state([&](const State& state, std::uint32_t level) {
      if (!worker.pending(state)) return;
      states_.push_back(state);
      levels_.push_back(static_cast<Level>(level));
    });
  }

  void expand(System& system, const StateIndex<State>& index, std::vector<Chunk>& chunks) {
    std::atomic<std::size_t> next{0};
    std::atomic<std::uint64_t> edges{0};
    std::vector<std::exception_ptr> failures(static_cast<std::size_t>(std::max(1, limits_.threads)));
    const auto work = [&](std::exception_ptr& failure) {
      try {
        auto worker = system.worker();
        for (std::size_t i = next++; i < chunks.size(); i = next++) {
          expand_chunk(worker, index, i * chunk_states, chunks[i]);
          edges += chunks[i].targets.size();
          // While the rows are filled, what has gone into them is given back chunk by chunk.
          look(states_.size() * bytes_per_state + edges * bytes_per_edge);
        }
      } catch (...) {
        failure = std::current_exception();
        next = chunks.size();
      }
    };
    in_threads(failures.size(), [&](std::size_t i) { work(failures[i]); });
    for (const std::exception_ptr& failure : failures) {
      if (failure) std::rethrow_exception(failure);
    }
  }

  template <class Worker>
  void expand_chunk(Worker& worker, const StateIndex<State>& index, std::size_t from, Chunk& chunk) {
    const std::size_t end = std::min(from + chunk_states, states_.size());
    std::vector<std::uint8_t> known;
    for (std::size_t i = from; i < end; ++i) {
      const std::size_t before = chunk.targets.size();
      const auto add = [&](Vertex target, FairClass fair_class, const Stocks& stocks) {
        chunk.targets.push_back(target);
        chunk.marks.push_back({fair_class, number_of(stocks, known)});
      };
      worker.fair_steps(
          states_[i],
          [&](const State& next, std::uint32_t, FairClass fair_class, const Stocks& stocks) {
            if (fair_class == environment) return;
            const Vertex found = index.find(next);
            add(found == StateIndex<State>::none ? discharged : found + first, fair_class, stocks);
          },
          [&](FairClass fair_class) { add(beyond, fair_class, {}); });
      chunk.degrees.push_back(static_cast<std::uint32_t>(chunk.targets.size() - before));
    }
    chunk.targets.shrink_to_fit();
    chunk.marks.shrink_to_fit();
  }

  // `known`: those that the caller has met already.
  std::uint8_t number_of(const Stocks& stocks, std::vector<std::uint8_t>& known) {
    for (const std::uint8_t number : known) {
      if (stocks_[number] == stocks) return number;
    }
    const std::scoped_lock lock(mutex_);
    std::size_t number = 0;
    while (number < stocks_count_ && !(stocks_[number] == stocks)) ++number;
    if (number == stocks_.size()) throw std::length_error("more than 256 combinations of stocks");
    if (number == stocks_count_) stocks_[stocks_count_++] = stocks;
    known.push_back(static_cast<std::uint8_t>(number));
    return known.back();
  }

  // Hands the chunks' edges to the rows one after another, in the order of their sources, each chunk gone once passed.
  class Stream {
   public:
    using iterator_category = std::input_iterator_tag;
    using value_type = std::pair<Vertex, Vertex>;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = const value_type&;

    explicit Stream(std::uint64_t end) : count_(end) {}
    Stream(std::vector<Chunk>& chunks, std::vector<Mark>& marks) : chunks_(&chunks), marks_(&marks) {
      source_ = first;
      find();
    }
    const value_type& operator*() const { return edge_; }
    const value_type* operator->() const { return &edge_; }
    Stream& operator++() {
      ++count_;
      ++target_;
      ++of_source_;
      find();
      return *this;
    }
    Stream operator++(int) {
      Stream before = *this;
      ++*this;
      return before;
    }
    friend bool operator==(const Stream& left, const Stream& right) { return left.count_ == right.count_; }

   private:
    // Goes on to where there is an edge, if there is one left.
    void find() {
      while (chunk_ < chunks_->size()) {
        Chunk& chunk = (*chunks_)[chunk_];
        while (in_chunk_ < chunk.degrees.size() && of_source_ == chunk.degrees[in_chunk_]) {
          of_source_ = 0;
          ++in_chunk_;
          ++source_;
        }
        if (in_chunk_ < chunk.degrees.size()) {
          edge_ = {source_, chunk.targets[target_]};
          return;
        }
        marks_->insert(marks_->end(), chunk.marks.begin(), chunk.marks.end());
        chunk = Chunk{};
        ++chunk_;
        in_chunk_ = target_ = 0;
      }
    }

    std::vector<Chunk>* chunks_ = nullptr;
    std::vector<Mark>* marks_ = nullptr;
    std::uint64_t count_ = 0;  // edges passed
    std::size_t chunk_ = 0;
    std::size_t in_chunk_ = 0;  // the source, within its chunk
    std::size_t target_ = 0;    // within the chunk
    std::uint32_t of_source_ = 0;
    Vertex source_ = 0;
    value_type edge_{};
  };

  void link(std::vector<Chunk>& chunks) {
    std::uint64_t edges = 0;
    for (const Chunk& chunk : chunks) edges += chunk.targets.size();
    marks_.reserve(edges);
    rows_ = Rows(boost::edges_are_sorted, Stream(chunks, marks_), Stream(edges), vertices(), edges);
  }

  Limits limits_;
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  Progress& progress_;
  std::size_t bytes_besides_;
  std::vector<State> states_;
  std::vector<Level> levels_;
  std::vector<Mark> marks_;  // by edge
  std::mutex mutex_;
  std::array<Stocks, 256> stocks_{};  // entries stay as they are once they are given out
  std::size_t stocks_count_ = 0;
  Rows rows_;
};

}  // namespace conclave::checker
