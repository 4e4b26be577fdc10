// Tells on stderr how an exploration gets on.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "conclave/checker/result.hpp"

namespace conclave::check {

// Sizes of the levels seen so far, and what they let one expect. Once levels shrink, they are expected to go on
// shrinking at the rate of the last two, which is mostly too pessimistic.
class Remaining {
 public:
  void see(std::uint64_t level, std::uint64_t states);
  // States that are probably still to be expanded; nothing while levels grow.
  [[nodiscard]] std::optional<double> states(std::uint64_t level_expanded) const;

 private:
  std::uint64_t level_ = 0;
  std::uint64_t size_ = 0;
  std::uint64_t size_before_ = 0;  // 0: not known
};

// On a terminal one line that is rewritten four times a second; elsewhere a line after 10 s and then every 30 s.
// A thread of its own does it, from construction to destruction; that clears the line.
class ProgressDisplay {
 public:
  // Does the exploration go level by level, or in sweeps over what waits? Of these nothing tells how many will come.
  enum class Going : std::uint8_t { by_level, by_sweep };
  // `label` goes in front: which of several explorations this is. The progress must outlive the display.
  ProgressDisplay(const checker::Progress& progress, std::string label, Going going = Going::by_level);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

 private:
  using Clock = std::chrono::steady_clock;
  struct Sample {
    Clock::time_point when;
    std::uint64_t states;
    std::uint64_t expanded;
  };

  void work();
  void look();
  [[nodiscard]] std::string line() const;
  void show(const std::string& text);

  const checker::Progress& progress_;
  std::string label_;
  Going going_;
  bool terminal_;
  bool shown_ = false;
  Clock::time_point began_ = Clock::now();
  std::deque<Sample> samples_;  // of the last seconds
  Remaining remaining_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool done_ = false;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace conclave::check
