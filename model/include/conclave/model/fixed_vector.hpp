// A vector with a fixed capacity and no allocation: the one container of the model.
#pragma once

#include <cassert>
#include <cstddef>
#include <type_traits>

namespace conclave::model {

// Holds up to Capacity values of T in place.
//
// Copying moves only the values that are there, so that a peer with three servers does not pay for the
// capacity of a hundred and twenty-eight. T must be default constructible and copyable; indices are 0-based.
// Usable in constant expressions. Not synchronised: a value like any other.
template <class T, std::size_t Capacity>
class FixedVector {
 public:
  using value_type = T;

  constexpr FixedVector() {
    // A constant expression may not hold indeterminate values; at run time nobody reads past size_.
    if (std::is_constant_evaluated()) {
      for (T& item : items_) item = T{};
    }
  }
  constexpr FixedVector(const FixedVector& other) : FixedVector() { assign(other); }
  constexpr FixedVector& operator=(const FixedVector& other) {
    if (this != &other) assign(other);
    return *this;
  }

  static constexpr std::size_t capacity() { return Capacity; }
  [[nodiscard]] constexpr std::size_t size() const { return size_; }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
  [[nodiscard]] constexpr bool full() const { return size_ == Capacity; }
  constexpr void clear() { size_ = 0; }

  // REQUIRES: !full().
  constexpr void push_back(const T& item) {
    assert(!full());
    items_[size_++] = item;
  }
  // REQUIRES: index <= size() and !full(). Keeps the order of what follows.
  constexpr void insert(std::size_t index, const T& item) {
    assert(index <= size_ && !full());
    for (std::size_t i = size_; i > index; --i) items_[i] = items_[i - 1];
    items_[index] = item;
    ++size_;
  }
  // REQUIRES: index < size(). Keeps the order of what follows.
  constexpr void erase(std::size_t index) {
    assert(index < size_);
    for (std::size_t i = index + 1; i < size_; ++i) items_[i - 1] = items_[i];
    --size_;
  }

  constexpr T& operator[](std::size_t index) {
    assert(index < size_);
    return items_[index];
  }
  constexpr const T& operator[](std::size_t index) const {
    assert(index < size_);
    return items_[index];
  }
  constexpr T* begin() { return items_; }
  constexpr T* end() { return items_ + size_; }
  constexpr const T* begin() const { return items_; }
  constexpr const T* end() const { return items_ + size_; }

  friend constexpr bool operator==(const FixedVector& left, const FixedVector& right) {
    if (left.size_ != right.size_) return false;
    for (std::size_t i = 0; i < left.size_; ++i) {
      if (!(left.items_[i] == right.items_[i])) return false;
    }
    return true;
  }

 private:
  constexpr void assign(const FixedVector& other) {
    size_ = other.size_;
    for (std::size_t i = 0; i < size_; ++i) items_[i] = other.items_[i];
  }

  // An array of the language, not std::array: default-initialising the latter inside a constexpr constructor
  // is refused by clang 14.
  T items_[Capacity];  // NOLINT(modernize-avoid-c-arrays)
  std::size_t size_ = 0;
};

}  // namespace conclave::model
