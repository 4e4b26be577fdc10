// What an exploration of an election needs before it can begin, and when it has to begin anew.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <vector>

#include "conclave/check/memory.hpp"
#include "conclave/checker/result.hpp"
#include "conclave/spec/closed_system.hpp"
#include "conclave/spec/layout.hpp"

namespace conclave::check {

// Finds a layout, and a wider one whenever a field turns out too narrow. The numbers of local states and channels that
// an exploration has given out stay good for the next, which therefore starts with all it needs to know.
class Widening {
 public:
  // The system must outlive this. `widths`: to begin with; empty for what the system needs at the least.
  // Throws ReplayFailed where no layout is wide enough.
  explicit Widening(spec::ClosedSystem& system, const std::vector<int>& widths = {});

  [[nodiscard]] std::size_t words() const { return words_; }
  [[nodiscard]] const spec::Layout& layout() const { return *layout_; }
  [[nodiscard]] const std::vector<int>& widths() const { return widths_; }

  // `full`: the field that was too narrow.
  void widen(std::size_t full);

 private:
  void plan();

  spec::ClosedSystem& system_;
  std::vector<int> widths_;
  std::size_t words_ = 1;
  std::optional<spec::Layout> layout_;
};

// The first layout of two, four or eight words that fits. Throws ReplayFailed where none does.
struct RoomyLayout {
  std::size_t words;
  spec::Layout layout;
};
RoomyLayout roomy_layout(const std::vector<int>& widths, std::size_t growing);

// Calls call(std::integral_constant<std::size_t, words>) for a layout of so many words.
template <class Call>
auto with_words(std::size_t words, const Call& call) {
  switch (words) {
    case 1: return call(std::integral_constant<std::size_t, 1>{});
    case 2: return call(std::integral_constant<std::size_t, 2>{});
    case 3: return call(std::integral_constant<std::size_t, 3>{});
    case 4: return call(std::integral_constant<std::size_t, 4>{});
    default: return call(std::integral_constant<std::size_t, 8>{});
  }
}

// The same for fewer sizes, of which each is large enough: where speed matters less than the size of the program.
template <class Call>
auto with_wide_words(std::size_t words, const Call& call) {
  if (words <= 2) return call(std::integral_constant<std::size_t, 2>{});
  if (words <= 4) return call(std::integral_constant<std::size_t, 4>{});
  return call(std::integral_constant<std::size_t, 8>{});
}

// What limits leave to an exploration after its preparations, which count as well.
class Allowance {
  using Clock = std::chrono::steady_clock;

 public:
  // The progress must outlive this.
  Allowance(const checker::Limits& limits, const checker::Progress& progress)
      : limits_(limits), progress_(progress), deadline_(Clock::now() + limits.time_max) {}

  // Have the preparations to end? From any thread.
  bool over();
  // REQUIRES: the preparations have ended. What they need not keep goes back to the operating system.
  void settle(spec::ClosedSystem& system);
  // Of now.
  [[nodiscard]] checker::Limits limits() const;

 private:
  [[nodiscard]] bool timed() const { return limits_.time_max.count() != 0; }
  [[nodiscard]] std::size_t grown() const;

  checker::Limits limits_;
  const checker::Progress& progress_;
  Clock::time_point deadline_;
  std::size_t before_ = resident_bytes();
  std::atomic<std::uint32_t> calls_{0};
  std::atomic<bool> large_{false};
};

// What is left of a limit on time, where there is one, divided among so many that are to come: at least a millisecond,
// for nothing is none.
std::chrono::milliseconds left_of(std::chrono::milliseconds limit, std::chrono::steady_clock::time_point began,
                                  std::size_t to_come = 1);

// For another exploration; an interrupt stays.
void reset(checker::Progress& progress);

}  // namespace conclave::check
