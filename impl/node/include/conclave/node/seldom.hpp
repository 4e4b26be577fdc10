// How often something is said that anybody can provoke.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace conclave::node {

// Lets so many through in each stretch of time, and counts the others. Not synchronised.
class Seldom {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr int most = 20;  // in a stretch
  static constexpr std::chrono::seconds stretch{10};

  // Nothing: not this one. Otherwise how many have not been let through since the last one that was.
  std::optional<std::uint64_t> admit(Clock::time_point now) {
    if (!began_ || now - *began_ >= stretch) {
      began_ = now;
      admitted_ = 0;
    }
    if (admitted_ == most) {
      ++left_out_;
      return std::nullopt;
    }
    ++admitted_;
    return std::exchange(left_out_, 0);
  }

 private:
  std::optional<Clock::time_point> began_;
  int admitted_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace conclave::node
