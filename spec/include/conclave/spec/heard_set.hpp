// Sets of notifications that a server may have heard, as bits.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "conclave/spec/local_machine.hpp"

namespace conclave::spec {

template <std::size_t Words>
struct HeardSet {
  static constexpr int bits = static_cast<int>(Words) * 64;

  std::array<std::uint64_t, Words> words{};

  void insert(int bit) { words[static_cast<std::size_t>(bit) / 64] |= std::uint64_t{1} << (bit % 64); }
  [[nodiscard]] bool contains(int bit) const {
    return (words[static_cast<std::size_t>(bit) / 64] >> (bit % 64) & 1U) != 0;
  }
  // One more than the largest of its bits; 0 if it has none.
  [[nodiscard]] int end() const {
    for (std::size_t i = Words; i > 0; --i) {
      if (words[i - 1] != 0) return static_cast<int>(i * 64) - std::countl_zero(words[i - 1]);
    }
    return 0;
  }
  [[nodiscard]] std::size_t size() const {
    std::size_t sum = 0;
    for (const std::uint64_t word : words) sum += static_cast<std::size_t>(std::popcount(word));
    return sum;
  }
  // Calls visit(bit) for each, in ascending order.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (std::size_t i = 0; i < Words; ++i) {
      for (std::uint64_t rest = words[i]; rest != 0; rest &= rest - 1) {
        visit(static_cast<int>(i * 64) + std::countr_zero(rest));
      }
    }
  }
  HeardSet& operator|=(const HeardSet& other) {
    for (std::size_t i = 0; i < Words; ++i) words[i] |= other.words[i];
    return *this;
  }
  HeardSet& operator&=(const HeardSet& other) {
    for (std::size_t i = 0; i < Words; ++i) words[i] &= other.words[i];
    return *this;
  }
  friend HeardSet operator&(HeardSet left, const HeardSet& right) { return left &= right; }
  friend HeardSet operator|(HeardSet left, const HeardSet& right) { return left |= right; }
  friend bool operator==(const HeardSet&, const HeardSet&) = default;
};

// A set has too few bits for all that may be heard, or proposed. The exploration is done again with more.
class HeardFull : public std::exception {
 public:
  [[nodiscard]] const char* what() const noexcept override {
    return "more may be heard or proposed than was planned";
  }
};

// Which bit stands for which notification, for each server: numbers in the order in which they are asked for, which
// nothing but the place of a bit depends on. Thread-safe.
class HeardBits {
 public:
  explicit HeardBits(int servers) : known_(static_cast<std::size_t>(servers)) {}

  // REQUIRES: 0 <= server < servers. Throws HeardFull where that would be bit `bits_max` or a later one.
  int bit_of(int server, NotificationId heard, int bits_max) {
    const std::scoped_lock lock(mutex_);
    Known& known = known_[static_cast<std::size_t>(server)];
    const auto [place, fresh] = known.bits.emplace(heard, static_cast<int>(known.notifications.size()));
    if (fresh) known.notifications.push_back(heard);
    if (place->second >= bits_max) throw HeardFull();
    return place->second;
  }
  // REQUIRES: the bit has been given out.
  NotificationId notification(int server, int bit) {
    const std::scoped_lock lock(mutex_);
    return known_[static_cast<std::size_t>(server)].notifications[static_cast<std::size_t>(bit)];
  }
  std::size_t count(int server) {
    const std::scoped_lock lock(mutex_);
    return known_[static_cast<std::size_t>(server)].notifications.size();
  }

 private:
  struct Known {
    std::unordered_map<NotificationId, int> bits;
    std::vector<NotificationId> notifications;  // by bit
  };
  std::mutex mutex_;
  std::vector<Known> known_;
};

}  // namespace conclave::spec
