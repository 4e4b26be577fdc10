// Where the small numbers of a global state lie in its words.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <vector>

namespace conclave::spec {

// A global state: the local states' numbers, the channels' and the spent budgets, in fields of fixed width. Exact: two
// states are equal if and only if their words are.
template <std::size_t Words>
struct PackedState {
  std::array<std::uint64_t, Words> words;

  // States that differ in the first servers alone are neighbours (see checker/transition_system.hpp): with five servers
  // in one word, the first two.
  [[nodiscard]] std::uint64_t neighbourhood() const {
    constexpr unsigned near_bits = 26;
    std::uint64_t mixed = words[0] >> near_bits;
    for (std::size_t i = 1; i < Words; ++i) mixed = mixed * 0x9e3779b97f4a7c15U + words[i];
    return mixed;
  }
  friend bool operator==(const PackedState& left, const PackedState& right) {
    std::uint64_t difference = 0;
    for (std::size_t i = 0; i < Words; ++i) difference |= left.words[i] ^ right.words[i];
    return difference == 0;
  }
};

// A field has got a number too large for its width. The exploration is done again with a wider layout.
class LayoutFull : public std::exception {
 public:
  explicit LayoutFull(std::size_t field) : field_(field) {}
  [[nodiscard]] std::size_t field() const { return field_; }
  [[nodiscard]] const char* what() const noexcept override { return "a field of the packed state is too narrow"; }

 private:
  std::size_t field_;
};

// Fields of given widths (bits, 0 to 32), none of them across two words.
class Layout {
 public:
  // nullopt if the widths do not fit. Bits that are left over are shared among the first `growing` fields, which are
  // those whose numbers are not known beforehand.
  static std::optional<Layout> plan(std::vector<int> widths, std::size_t growing, std::size_t words);

  [[nodiscard]] std::size_t fields() const { return fields_.size(); }
  [[nodiscard]] int width(std::size_t field) const { return fields_[field].width; }

  template <std::size_t Words>
  [[nodiscard]] std::uint32_t get(const PackedState<Words>& state, std::size_t field) const {
    const Field& place = fields_[field];
    return static_cast<std::uint32_t>(state.words[place.word] >> place.shift & place.mask);
  }
  // Throws LayoutFull.
  template <std::size_t Words>
  void set(PackedState<Words>& state, std::size_t field, std::uint32_t value) const {
    const Field& place = fields_[field];
    if (value > place.mask) throw LayoutFull(field);
    std::uint64_t& word = state.words[place.word];
    word = (word & ~(place.mask << place.shift)) | (std::uint64_t{value} << place.shift);
  }

 private:
  struct Field {
    std::uint64_t mask;
    std::uint8_t word;
    std::uint8_t shift;
    std::uint8_t width;
  };
  static bool place(const std::vector<int>& widths, std::size_t words, std::vector<Field>& fields);

  std::vector<Field> fields_;
};

}  // namespace conclave::spec
