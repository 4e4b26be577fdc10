// A growing array whose elements stay where they are.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace conclave::spec {

// References stay good while it grows, as with std::deque, whose indexing divides and is several times slower.
template <class Value>
class StableVector {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  const Value& operator[](std::size_t index) const { return (*blocks_[index / block_size])[index % block_size]; }
  void push_back(const Value& value) {
    if (size_ % block_size == 0) blocks_.push_back(std::make_unique<Block>());
    (*blocks_[size_ / block_size])[size_ % block_size] = value;
    ++size_;
  }

 private:
  static constexpr std::size_t block_size = 256;
  using Block = std::array<Value, block_size>;
  std::vector<std::unique_ptr<Block>> blocks_;
  std::size_t size_ = 0;
};

}  // namespace conclave::spec
