// Exploration of places, with one join of facts for each.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cassert>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "conclave/checker/result.hpp"
#include "conclave/checker/threads.hpp"
#include "conclave/checker/transition_system.hpp"

namespace conclave::checker {

// How many kinds of places a system may tell apart.
inline constexpr std::size_t marks_max = 4;

// A system whose states are places with facts: what may be true of a run that has come there. The more facts, the more
// steps are possible, and the more they lead to; so a place with the facts of all its runs joined stands for each of
// them. Facts are joined by |=, which is idempotent, commutative and associative. Each place has as many of them.
//   worker.initial(emit)                   calls emit(place, facts)
//   worker.successors(place, facts, emit)  calls emit(next, facts, action, broken by the step) for each step; gives
//                                          what the place breaks
//   worker.measure(place)                  less than system.measures(): the order in which places are looked at. Any
//                                          will do; the fewer steps lower it, the fewer places are looked at again
//   worker.mark()                          less than marks_max: what kind of place the last one was
//   worker.bytes_used()                    as for the Explorer
// worker() and bytes_used() are called from several threads at once.
template <class System>
concept JoiningSystem = requires(System& system) {
  requires PackableState<typename System::Place>;
  requires std::is_trivially_copyable_v<typename System::Facts>;
  requires std::equality_comparable<typename System::Facts>;
  { system.facts_of_a_place() } -> std::convertible_to<std::size_t>;
  { system.measures() } -> std::convertible_to<std::size_t>;
  { system.bytes_used() } -> std::convertible_to<std::size_t>;
  system.worker();
};

struct JoinResult {
  Verdict verdict = Verdict::exhausted;
  Stop stop = Stop::none;
  std::uint64_t places = 0;
  std::uint64_t looks = 0;  // at places: more than once at those whose facts became more
  std::uint64_t steps = 0;  // as often as they were looked at
  std::uint64_t sweeps = 0;
  PropertyMask broken = 0;                        // by a place or a step
  std::array<std::uint64_t, marks_max> marked{};  // places of each kind, with all their facts
  std::size_t bytes = 0;                          // places, system and workers at the end
  double seconds = 0;
};

// Looks at places in the order of their measure, each with all the facts that have come to it by then; and sweeps again
// over those to which more has come since, until there are none. What is reached then is the least set of places and
// facts that is closed under the steps: it is the same in any order. So are the counts, with any number of threads.
//
// The fixed point of a data-flow analysis (Kildall, "A Unified Approach to Global Program Optimization", POPL 1973).
template <JoiningSystem System>
class JoinExplorer {
 public:
  using Place = typename System::Place;
  using Facts = typename System::Facts;
  using Worker = decltype(std::declval<System&>().worker());

  // The system and the progress must outlive the explorer. Of the limits: threads, memory and time. In the progress,
  // `level` counts sweeps, and its states are those looked at in the sweep and those that wait.
  JoinExplorer(System& system, const Limits& limits, Progress& progress)
      : system_(system), limits_(limits), progress_(progress), facts_(system.facts_of_a_place()) {}
  JoinExplorer(const JoinExplorer&) = delete;
  JoinExplorer& operator=(const JoinExplorer&) = delete;

  // Once. What the system's workers throw comes out of it.
  JoinResult run() {
    const auto began = std::chrono::steady_clock::now();
    deadline_ =
        limits_.time_max.count() == 0 ? std::chrono::steady_clock::time_point::max() : began + limits_.time_max;
    for (int i = 0; i < std::max(1, limits_.threads); ++i) lanes_.push_back(std::make_unique<Lane>(system_));
    waiting_.resize(system_.measures());
    Lane& first = *lanes_[0];
    first.worker.initial(
        [&](const Place& place, std::span<const Facts> facts) { join(place, facts, first.worker.measure(place)); });
    JoinResult result;
    while (stop_ == Stop::none && waits_ > 0) {
      progress_.level = ++result.sweeps;
      progress_.level_expanded = 0;
      for (stage_ = 0; stage_ < waiting_.size() && stop_ == Stop::none; ++stage_) look_at_stage();
    }
    conclude(result);
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return result;
  }

  // Calls visit(place, facts) for every place reached, in no particular order. After run().
  template <class Visit>
  void for_each_place(const Visit& visit) {
    std::vector<Facts> facts(facts_);
    for (Shard& shard : shards_) {
      for (std::uint32_t i = 0; i < shard.places.size(); ++i) {
        shard.copy(i, facts);
        visit(shard.places[i], std::span<const Facts>(facts));
      }
    }
  }

 private:
  static constexpr std::size_t shards = 64;
  static constexpr std::size_t between_looks = 256;  // at places, between two at the clock

  static std::uint64_t hash(const Place& place) {
    const auto words = std::bit_cast<std::array<std::uint64_t, sizeof(Place) / sizeof(std::uint64_t)>>(place);
    std::uint64_t mixed = 0;
    for (const std::uint64_t word : words) {
      mixed = (mixed ^ word) * 0x9e3779b97f4a7c15U;  // 2^64 divided by the golden ratio
      mixed ^= mixed >> 32U;
    }
    return mixed;
  }

  // Places by number, and where they are found: open addressing, at most three quarters full.
  struct Shard {
    std::mutex mutex;
    std::deque<Place> places;
    std::deque<Facts> facts;  // so many for each place
    struct Note {
      bool waits = false;  // it is to be looked at
      std::uint8_t mark = 0;
    };
    std::deque<Note> notes;                                             // by place
    std::vector<std::uint32_t> slots = std::vector<std::uint32_t>(64);  // number + 1; 0 is empty

    // The number of a place, and whether it is new.
    std::pair<std::uint32_t, bool> number_of(const Place& place, std::uint64_t hashed) {
      if (4 * (places.size() + 1) > 3 * slots.size()) grow();
      std::size_t at = hashed & (slots.size() - 1);
      while (slots[at] != 0 && !(places[slots[at] - 1] == place)) at = (at + 1) & (slots.size() - 1);
      if (slots[at] != 0) return {slots[at] - 1, false};
      places.push_back(place);
      slots[at] = static_cast<std::uint32_t>(places.size());
      return {slots[at] - 1, true};
    }
    void copy(std::uint32_t place, std::vector<Facts>& to) const {
      for (std::size_t i = 0; i < to.size(); ++i) to[i] = facts[place * to.size() + i];
    }
    [[nodiscard]] std::size_t bytes_used() const {
      return places.size() * (sizeof(Place) + sizeof(Note)) + facts.size() * sizeof(Facts) +
             slots.size() * sizeof(std::uint32_t);
    }

   private:
    void grow() {
      slots.assign(slots.size() * 2, 0);
      for (std::uint32_t i = 0; i < places.size(); ++i) {
        std::size_t at = hash(places[i]) & (slots.size() - 1);
        while (slots[at] != 0) at = (at + 1) & (slots.size() - 1);
        slots[at] = i + 1;
      }
    }
  };
  // Of one measure: numbers of places, by shard.
  using Stage = std::array<std::vector<std::uint32_t>, shards>;

  struct alignas(64) Lane {
    explicit Lane(System& system) : worker(system.worker()), facts(system.facts_of_a_place()) {}
    Worker worker;
    std::vector<Facts> facts;  // of the place at hand
    std::uint64_t steps = 0;
    std::uint64_t looks = 0;
    PropertyMask broken = 0;
    // What leads to places of the stage at hand, for when it is through: or else it would depend on the threads which
    // of these have been looked at.
    std::vector<std::pair<Place, std::vector<Facts>>> beside;
    std::atomic<std::size_t> bytes{0};  // of the worker
    std::exception_ptr failure;
  };

  void look_at_stage() {
    Stage stage;
    stage.swap(waiting_[stage_]);
    std::size_t places = 0;
    for (const auto& numbers : stage) places += numbers.size();
    if (places == 0) return;
    progress_.level_states = progress_.level_expanded + waits_;
    waits_ -= places;
    next_shard_ = 0;
    in_threads(lanes_.size(), [&](std::size_t i) { work(*lanes_[i], stage); });
    for (const auto& lane : lanes_) {
      if (lane->failure) std::rethrow_exception(lane->failure);
    }
    for (const auto& lane : lanes_) {
      for (const auto& [place, facts] : lane->beside) join(place, facts, stage_);
      lane->beside.clear();
    }
  }

  void work(Lane& lane, const Stage& stage) {
    try {
      for (std::size_t at = next_shard_++; at < shards; at = next_shard_++) {
        for (const std::uint32_t number : stage[at]) {
          look(lane, shards_[at], number);
          if (lane.looks % between_looks == 0 && !report(lane)) return;
        }
      }
      report(lane);
    } catch (...) {
      lane.failure = std::current_exception();
      halt(Stop::interrupted);
    }
  }

  void look(Lane& lane, Shard& shard, std::uint32_t number) {
    Place place;
    {
      const std::scoped_lock lock(shard.mutex);
      place = shard.places[number];
      shard.copy(number, lane.facts);
      shard.notes[number].waits = false;
    }
    ++lane.looks;
    lane.broken |= lane.worker.successors(
        place, std::span<const Facts>(lane.facts),
        [&](const Place& next, std::span<const Facts> facts, std::uint32_t, PropertyMask by_step) {
          ++lane.steps;
          lane.broken |= by_step;
          const std::size_t measure = lane.worker.measure(next);
          if (measure == stage_) {
            lane.beside.emplace_back(next, std::vector<Facts>(facts.begin(), facts.end()));
          } else {
            join(next, facts, measure);
          }
        });
    const std::scoped_lock lock(shard.mutex);
    shard.notes[number].mark = static_cast<std::uint8_t>(lane.worker.mark());
  }

  void join(const Place& place, std::span<const Facts> facts, std::size_t measure) {
    assert(measure < waiting_.size());
    const std::uint64_t hashed = hash(place);
    const std::size_t at = hashed >> 58U;
    static_assert(shards == 64);
    Shard& shard = shards_[at];
    const std::scoped_lock lock(shard.mutex);
    const auto [number, fresh] = shard.number_of(place, hashed);
    bool more = fresh;
    if (fresh) {
      for (const Facts& one : facts) shard.facts.push_back(one);
      shard.notes.emplace_back();
      progress_.states.fetch_add(1, std::memory_order_relaxed);
    } else {
      for (std::size_t i = 0; i < facts_; ++i) {
        Facts& known = shard.facts[number * facts_ + i];
        const Facts before = known;
        known |= facts[i];
        more = more || !(known == before);
      }
    }
    if (!more || shard.notes[number].waits) return;
    shard.notes[number].waits = true;
    waiting_[measure][at].push_back(number);  // which the shard's lock guards
    waits_.fetch_add(1, std::memory_order_relaxed);
  }

  // Tells the progress, and looks whether to go on.
  bool report(Lane& lane) {
    const std::uint64_t looks = std::exchange(lane.looks, 0);
    progress_.expanded += looks;
    progress_.level_expanded += looks;
    progress_.steps += std::exchange(lane.steps, 0);
    lane.bytes = lane.worker.bytes_used();
    progress_.bytes = bytes_used();
    if (limits_.memory_bytes != 0 && progress_.bytes > limits_.memory_bytes) halt(Stop::memory);
    if (progress_.interrupt) halt(Stop::interrupted);
    if (std::chrono::steady_clock::now() >= deadline_) halt(Stop::time);
    return stop_ == Stop::none;
  }
  std::size_t bytes_used() {
    std::size_t bytes = system_.bytes_used() + waits_ * sizeof(std::uint32_t);
    for (const auto& lane : lanes_) bytes += lane->bytes;
    for (Shard& shard : shards_) {
      const std::scoped_lock lock(shard.mutex);
      bytes += shard.bytes_used();
    }
    return bytes;
  }

  void halt(Stop why) {
    Stop none = Stop::none;
    stop_.compare_exchange_strong(none, why);
  }

  void conclude(JoinResult& result) {
    for (const auto& lane : lanes_) result.broken |= lane->broken;
    for (const Shard& shard : shards_) {
      for (const auto& note : shard.notes) ++result.marked[note.mark];
    }
    result.stop = stop_;
    const bool by_user = result.stop == Stop::time || (result.stop == Stop::memory && limits_.memory_is_users);
    if (result.stop != Stop::none) result.verdict = by_user ? Verdict::bounded : Verdict::aborted;
    result.places = progress_.states;
    result.looks = progress_.expanded;
    result.steps = progress_.steps;
    result.bytes = bytes_used();
  }

  System& system_;
  Limits limits_;
  Progress& progress_;
  std::size_t facts_;  // of a place
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::array<Shard, shards> shards_;
  std::vector<Stage> waiting_;  // by measure
  std::atomic<std::size_t> waits_{0};
  std::size_t stage_ = 0;
  std::atomic<std::size_t> next_shard_{0};
  std::atomic<Stop> stop_{Stop::none};
  std::chrono::steady_clock::time_point deadline_;
};

}  // namespace conclave::checker
