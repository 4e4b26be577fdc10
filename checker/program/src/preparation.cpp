#include "conclave/check/preparation.hpp"

#include <malloc.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "conclave/check/run.hpp"

namespace conclave::check {
namespace {

int bits_for(std::size_t count) { return static_cast<int>(std::bit_width(count)); }

constexpr const char* too_wide = "a state does not fit into eight words";

}  // namespace

Widening::Widening(spec::ClosedSystem& system, const std::vector<int>& widths)
    : system_(system), widths_(widths.empty() ? system.fields().widths() : widths) {
  plan();
}

void Widening::widen(std::size_t full) {
  for (int i = 0; i < system_.servers(); ++i) {
    int& width = widths_[system_.fields().local(i)];
    width = std::max(width, bits_for(system_.machine().locals(i)));
  }
  for (int from = 0; from < system_.servers(); ++from) {
    for (int to = 0; to < system_.servers(); ++to) {
      const std::size_t field = system_.fields().channel(from, to);
      if (field >= system_.fields().growing() || widths_[field] == 0) continue;
      widths_[field] = std::max(widths_[field], bits_for(system_.channels(from).size()));
    }
  }
  widths_[full] = std::max(widths_[full], layout_->width(full) + 1);
  plan();
}

void Widening::plan() {
  for (words_ = 1;; words_ = words_ < 4 ? words_ + 1 : 8) {
    layout_ = spec::Layout::plan(widths_, system_.fields().growing(), words_);
    if (layout_ || words_ == 8) break;
  }
  if (!layout_) throw ReplayFailed(too_wide);
}

RoomyLayout roomy_layout(const std::vector<int>& widths, std::size_t growing) {
  for (const std::size_t words : {2, 4, 8}) {
    if (auto layout = spec::Layout::plan(widths, growing, words)) return {words, std::move(*layout)};
  }
  throw ReplayFailed(too_wide);
}

bool Allowance::over() {
  if (progress_.interrupt || (timed() && Clock::now() >= deadline_)) return true;
  // Looking takes some microseconds. Half is left for what is to come.
  constexpr std::uint32_t calls_between_looks = 64;
  if (limits_.memory_bytes != 0 && calls_++ % calls_between_looks == 0 && grown() > limits_.memory_bytes / 2) {
    large_ = true;
  }
  return large_;
}

void Allowance::settle(spec::ClosedSystem& system) {
  ::malloc_trim(0);
  const std::size_t counted = system.bytes_used();
  const std::size_t uncounted = grown() > counted ? grown() - counted : 0;
  if (limits_.memory_bytes != 0) limits_.memory_bytes -= std::min(uncounted, limits_.memory_bytes - 1);
}

checker::Limits Allowance::limits() const {
  checker::Limits left = limits_;
  const auto time = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now());
  if (timed()) left.time_max = std::max(time, std::chrono::milliseconds(1));
  return left;
}

std::size_t Allowance::grown() const {
  const std::size_t now = resident_bytes();
  return now > before_ ? now - before_ : 0;
}

std::chrono::milliseconds left_of(std::chrono::milliseconds limit, std::chrono::steady_clock::time_point began,
                                  std::size_t to_come) {
  using std::chrono::milliseconds;
  if (limit.count() == 0) return limit;
  const auto spent = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - began);
  return std::max((limit - spent) / static_cast<milliseconds::rep>(to_come), milliseconds{1});
}

void reset(checker::Progress& progress) {
  progress.states = 0;
  progress.steps = 0;
  progress.expanded = 0;
  progress.level = 0;
  progress.level_states = 0;
  progress.level_expanded = 0;
}

}  // namespace conclave::check
