#include "conclave/check/progress_display.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

using namespace std::chrono_literals;

constexpr auto terminal_interval = 250ms;
constexpr auto first_line_after = 10s;
constexpr auto line_interval = 30s;
constexpr auto rate_window = 4s;
constexpr std::size_t columns_default = 80;

std::size_t columns() {
  winsize size{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return columns_default;
  return size.ws_col;
}

}  // namespace

void Remaining::see(std::uint64_t level, std::uint64_t states) {
  if (level == level_) {
    size_ = states;
    return;
  }
  // A level that went by unseen leaves nothing to compare with.
  size_before_ = level == level_ + 1 ? size_ : 0;
  level_ = level;
  size_ = states;
}

std::optional<double> Remaining::states(std::uint64_t level_expanded) const {
  if (size_before_ == 0 || size_ >= size_before_) return std::nullopt;
  const double ratio = static_cast<double>(size_) / static_cast<double>(size_before_);
  const double later = static_cast<double>(size_) * ratio / (1 - ratio);
  const double now = size_ > level_expanded ? static_cast<double>(size_ - level_expanded) : 0;
  return now + later;
}

ProgressDisplay::ProgressDisplay(const checker::Progress& progress, std::string label, Going going)
    : progress_(progress), label_(std::move(label)), going_(going), terminal_(isatty(STDERR_FILENO) == 1) {
  try {
    thread_ = std::thread([this] { work(); });
  } catch (const std::system_error&) {  // no thread to be had: the exploration goes on unseen
  }
}

ProgressDisplay::~ProgressDisplay() {
  {
    const std::scoped_lock lock(mutex_);
    done_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (terminal_ && shown_) {
    std::fputs("\r\033[K", stderr);
    std::fflush(stderr);
  }
}

void ProgressDisplay::work() {
  // Levels go by too quickly to be looked at only when a line is due.
  const auto interval = terminal_interval;
  auto due = began_ + (terminal_ ? Clock::duration(terminal_interval) : Clock::duration(first_line_after));
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, interval, [this] { return done_; })) {
    look();
    const auto now = Clock::now();
    if (now < due) continue;
    show(line());
    due = now + (terminal_ ? Clock::duration::zero() : Clock::duration(line_interval));
  }
}

void ProgressDisplay::look() {
  const auto now = Clock::now();
  samples_.push_back(Sample{now, progress_.states, progress_.expanded});
  while (samples_.size() > 2 && now - samples_.front().when > rate_window) samples_.pop_front();
  remaining_.see(progress_.level, progress_.level_states);
}

std::string ProgressDisplay::line() const {
  const Sample& first = samples_.front();
  const Sample& last = samples_.back();
  const double seconds = std::chrono::duration<double>(last.when - first.when).count();
  const auto rate = [seconds](std::uint64_t from, std::uint64_t to) {
    return seconds > 0 && to > from ? static_cast<double>(to - from) / seconds : 0.0;
  };
  const std::uint64_t expanded = progress_.level_expanded;
  const std::uint64_t level_states = progress_.level_states;
  const std::uint64_t queue = level_states > expanded ? level_states - expanded : 0;
  const auto left = remaining_.states(expanded);
  const double speed = rate(first.expanded, last.expanded);
  const bool known = left && speed > 0 && going_ == Going::by_level;
  const std::string estimate = known ? clock_time(*left / speed) + " left" : "unknown";
  const char* level = going_ == Going::by_level ? "level" : "sweep";
  const auto with = [&](const std::string& states, const std::string& queued) {
    return fmt::format("{}{} states, {}/s, {} {}, queue {}, {}, {}, est. {}", label_, states,
                       rate_in_words(rate(first.states, last.states)), level, progress_.level.load(), queued,
                       bytes_in_words(progress_.bytes),
                       clock_time(std::chrono::duration<double>(last.when - began_).count()), estimate);
  };
  std::string full = with(grouped(last.states), grouped(queue));
  if (!terminal_ || full.size() < columns()) return full;
  // What the estimate says is more than the last digits of the numbers.
  return with(rate_in_words(static_cast<double>(last.states)), rate_in_words(static_cast<double>(queue)));
}

void ProgressDisplay::show(const std::string& text) {
  if (terminal_) {
    // One column less: a full line would wrap on some terminals.
    static_cast<void>(std::fputs(("\r\033[K" + text.substr(0, columns() - 1)).c_str(), stderr));
  } else {
    static_cast<void>(std::fputs((text + "\n").c_str(), stderr));
  }
  std::fflush(stderr);
  shown_ = true;
}

}  // namespace conclave::check
