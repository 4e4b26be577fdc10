// A closed system whose servers read late, for checker::JoinExplorer.
#pragma once

#include <cstddef>

#include "conclave/spec/joined_worker.hpp"

namespace conclave::check {

// Words for what each server may have heard: as a rule, and where those are too few. Of eight servers in three rounds
// there are some 340 notifications that one may hear: each proposes at most eight votes in a round, and settles once.
inline constexpr std::size_t heard_words = 2;
inline constexpr std::size_t heard_words_wide = 8;

template <std::size_t Words, std::size_t HeardWords>
class JoinedSystem {
 public:
  using Worker = spec::JoinedWorker<Words, HeardWords>;
  using Place = typename Worker::Place;
  using Facts = typename Worker::Facts;

  // All must outlive this.
  JoinedSystem(spec::ClosedSystem& system, spec::LateMachine& late, const spec::Layout& layout,
               spec::PlaceNumbers& numbers)
      : system_(system), late_(late), layout_(layout), numbers_(numbers), measures_(worker().measures()) {}

  Worker worker() { return Worker(system_, late_, layout_, numbers_); }
  [[nodiscard]] std::size_t facts_of_a_place() const { return static_cast<std::size_t>(system_.servers()); }
  [[nodiscard]] std::size_t measures() const { return measures_; }
  std::size_t bytes_used() { return system_.bytes_used() + late_.bytes_used(); }

 private:
  spec::ClosedSystem& system_;
  spec::LateMachine& late_;
  const spec::Layout& layout_;
  spec::PlaceNumbers& numbers_;
  std::size_t measures_;
};

}  // namespace conclave::check
