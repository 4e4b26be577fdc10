// One thread's view of which local states stand for which.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "conclave/spec/closed_system.hpp"
#include "conclave/spec/flat_map.hpp"

namespace conclave::spec {

// Remembers what it has asked of ClosedSystem::canonical. One thread only.
class CanonicalView {
 public:
  // The system must outlive the view.
  explicit CanonicalView(ClosedSystem& system)
      : system_(system), columns_(static_cast<std::size_t>(system.servers())) {}

  // A small number for a set of votes, for canonical_of().
  std::uint32_t number_of(VoteSet votes) {
    if (votes < numbers_.size()) {  // one round: small sets, by far the most asked for
      std::uint32_t& number = numbers_[votes];
      if (number == unknown) number = count_++;
      return number;
    }
    if (const std::uint32_t* known = larger_.find(votes)) return *known;
    return *larger_.add(votes, count_++);
  }

  // ClosedSystem::canonical. REQUIRES: set is number_of(votes).
  LocalId canonical_of(int server, LocalId raw, VoteSet votes, std::uint32_t set) {
    auto& columns = columns_[static_cast<std::size_t>(server)];
    if (columns.size() <= set) columns.resize(set + 1U);
    auto& column = columns[set];
    if (column.size() <= raw) column.resize(raw + raw / 4U + 64U, unknown);
    if (column[raw] == unknown) column[raw] = system_.canonical(server, raw, votes);
    return column[raw];
  }

  [[nodiscard]] std::size_t bytes_used() const {
    std::size_t sum = numbers_.size() * sizeof(std::uint32_t) + larger_.bytes_used();
    for (const auto& columns : columns_) {
      for (const auto& column : columns) sum += column.capacity() * sizeof(LocalId);
    }
    return sum;
  }

 private:
  static constexpr std::uint32_t unknown = ~std::uint32_t{0};

  ClosedSystem& system_;
  std::vector<std::uint32_t> numbers_ = std::vector<std::uint32_t>(std::size_t{1} << 16U, unknown);
  FlatMap<std::uint32_t> larger_;
  std::uint32_t count_ = 0;
  // [server][number of vote set][local]: a state's servers are looked up under one set, so they lie close together.
  std::vector<std::vector<std::vector<LocalId>>> columns_;
};

}  // namespace conclave::spec
