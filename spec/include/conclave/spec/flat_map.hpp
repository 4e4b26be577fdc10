// A hash map from 64-bit keys to small values, for what a thread has already asked of the shared tables.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace conclave::spec {

// Open addressing, linear probing, at most half full. Values must be trivially copyable. One thread only.
// std::unordered_map costs two cache misses and 64 bytes where this costs one and 16 to 32; the lookups here are most
// of what an exploration does.
template <class Value>
class FlatMap {
 public:
  FlatMap() : slots_(1024) {}

  // nullptr if the key is not there. REQUIRES: key is not the largest 64-bit number.
  [[nodiscard]] const Value* find(std::uint64_t key) const {
    for (std::size_t at = start(key);; at = (at + 1) & (slots_.size() - 1)) {
      const Slot& slot = slots_[at];
      if (slot.key == key) return &slot.value;
      if (slot.key == empty) return nullptr;
    }
  }

  // REQUIRES: the key is not there.
  const Value* add(std::uint64_t key, const Value& value) {
    if (2 * (used_ + 1) > slots_.size()) grow();
    ++used_;
    return &place(key, value)->value;
  }

  [[nodiscard]] std::size_t bytes_used() const { return slots_.size() * sizeof(Slot); }

 private:
  static constexpr std::uint64_t empty = ~std::uint64_t{0};
  struct Slot {
    std::uint64_t key = empty;
    Value value{};
  };

  [[nodiscard]] std::size_t start(std::uint64_t key) const {
    std::uint64_t mixed = key * 0x9e3779b97f4a7c15U;  // 2^64 divided by the golden ratio
    mixed ^= mixed >> 32U;
    return static_cast<std::size_t>(mixed) & (slots_.size() - 1);
  }
  Slot* place(std::uint64_t key, const Value& value) {
    std::size_t at = start(key);
    while (slots_[at].key != empty) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = Slot{key, value};
    return &slots_[at];
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2);
    old.swap(slots_);
    for (const Slot& slot : old) {
      if (slot.key != empty) place(slot.key, slot.value);
    }
  }

  std::vector<Slot> slots_;
  std::size_t used_ = 0;
};

}  // namespace conclave::spec
