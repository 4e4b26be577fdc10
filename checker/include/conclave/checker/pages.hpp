// Zeroed memory straight from the operating system, given back to it at once.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace conclave::checker {

// An array of zero bytes. Why not std::vector: the allocator keeps what a growing table gives back, and the memory
// limit is about what the process really holds. Throws std::bad_alloc.
template <class Item>
class Pages {
  static_assert(std::is_trivially_copyable_v<Item>);

 public:
  Pages() = default;
  explicit Pages(std::size_t count) : bytes_(count * sizeof(Item)) {
    void* memory = ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    items_ = static_cast<Item*>(memory);
    // All pages at once and writable. Left to itself, a page that is read before it is written faults twice, and the
    // second time every core is interrupted. Where the kernel can't, it will do it page by page.
    static_cast<void>(::madvise(memory, bytes_, MADV_POPULATE_WRITE));
  }
  Pages(Pages&& other) noexcept
      : items_(std::exchange(other.items_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  Pages& operator=(Pages&& other) noexcept {
    std::swap(items_, other.items_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Pages() {
    if (items_ != nullptr) ::munmap(items_, bytes_);
  }

  Item& operator[](std::size_t index) { return items_[index]; }
  const Item& operator[](std::size_t index) const { return items_[index]; }

 private:
  Item* items_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace conclave::checker
