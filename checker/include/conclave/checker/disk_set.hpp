// A set of states that goes to disk when memory is short.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "conclave/checker/run_store.hpp"
#include "conclave/checker/state_set.hpp"
#include "conclave/checker/visited_set.hpp"

namespace conclave::checker {

// Exact. A partition lies in memory until it has no more room there; then all of it is written out, as one sorted run
// for each level, and what comes of the level at hand is a candidate: whether it was there before is found out when the
// level is closed, by one walk through all runs of the partition (delayed duplicate detection, as in Stern and Dill,
// "Using Magnetic Disk instead of Main Memory in the Murphi Verifier", 1998). So each level reads what is on the disk
// once, and that is the price.
template <PackableState State>
class DiskSet final : public StateSet<State> {
  using Base = StateSet<State>;
  using Words = WordsOf<State>;

 public:
  using Base::partitions;

  // The folder is where the files without names are made. Throws std::system_error.
  explicit DiskSet(const std::string& folder) : store_(partitions, folder) {}

  void set_bytes_max(std::size_t bytes_max) override { near_.set_bytes_max(bytes_max); }
  [[nodiscard]] std::size_t bytes_used() const override { return near_.bytes_used(); }
  [[nodiscard]] std::uint64_t bytes_on_disk() const override { return store_.bytes_in_files(); }

  [[nodiscard]] bool insert(std::size_t partition, std::span<const State> states, Level level,
                            std::size_t& added) override {
    for (std::size_t tries = 0; tries <= partitions; ++tries) {
      {
        const std::scoped_lock lock(parts_[partition].mutex);
        if (insert_near(partition, states, level, added)) return true;
        write_out(partition, level);
        if (insert_near(partition, states, level, added)) return true;
      }
      // What was free now, another thread has taken. No two partitions are locked at once.
      const std::size_t other = next_other_++ % partitions;
      const std::scoped_lock lock(parts_[other].mutex);
      write_out(other, level);
    }
    return false;
  }

  [[nodiscard]] bool close(std::size_t partition, Level level, std::size_t& added) override {
    Partition& part = parts_[partition];
    const std::scoped_lock lock(part.mutex);
    const std::size_t counted = std::exchange(part.counted, 0);
    if (!part.far) return true;
    write_out(partition, level);
    if (part.candidates.empty()) return true;
    const RunPlace fresh = subtract(partition);
    part.candidates.clear();
    if (fresh.states > 0) part.levels.push_back({level, fresh});
    added += static_cast<std::size_t>(fresh.states) - counted;
    return true;
  }

  void collect(std::size_t partition, Level level, std::vector<State>& states) override {
    Partition& part = parts_[partition];
    const std::scoped_lock lock(part.mutex);
    if (!part.far) return near_.collect(partition, level, states);
    append_level(store_, partition, part.levels, level, states);
  }

  [[nodiscard]] bool exact() const override { return true; }
  [[nodiscard]] double omissions_expected() const override { return 0; }

 private:
  struct alignas(64) Partition {
    std::mutex mutex;
    bool far = false;         // on disk from now on; what is in memory are candidates
    std::size_t counted = 0;  // states of the level at hand that insert() has called new; they are
    std::vector<LevelRun> levels;
    std::vector<RunPlace> candidates;
  };

  bool insert_near(std::size_t partition, std::span<const State> states, Level level, std::size_t& added) {
    Partition& part = parts_[partition];
    std::size_t fresh = 0;
    const bool fits = near_.insert(partition, states, level, fresh);
    if (!part.far) {
      part.counted += fresh;
      added += fresh;
    }
    return fits;
  }

  // Empties memory of a partition, which is locked. What has the level `open`, not closed yet, becomes a run of
  // candidates.
  void write_out(std::size_t partition, Level open) {
    Partition& part = parts_[partition];
    part.far = true;
    auto taken = near_.take(partition);
    std::sort(taken.begin(), taken.end(), [](const auto& left, const auto& right) {
      if (left.second != right.second) return left.second < right.second;
      return words_less(words_of(left.first), words_of(right.first));
    });
    for (std::size_t i = 0; i < taken.size();) {
      const Level level = taken[i].second;
      RunWriter<State> writer(store_, partition);
      for (; i < taken.size() && taken[i].second == level; ++i) writer.put(words_of(taken[i].first));
      const RunPlace place = writer.finish();
      if (level == open) {
        part.candidates.push_back(place);
      } else {
        part.levels.push_back({level, place});
      }
    }
  }

  // The candidates that are in no run of an earlier level, as a run.
  RunPlace subtract(std::size_t partition) {
    const Partition& part = parts_[partition];
    // Together no more than some megabytes, however many runs there are.
    constexpr std::size_t buffers = std::size_t{8} << 20U;
    const std::size_t buffer =
        std::min(RunReader<State>::buffer_usual, buffers / (part.levels.size() + part.candidates.size()));
    std::vector<RunReader<State>> candidates;
    std::vector<RunReader<State>> known;
    for (const RunPlace& place : part.candidates) candidates.emplace_back(store_, partition, place, buffer);
    for (const LevelRun& run : part.levels) known.emplace_back(store_, partition, run.place, buffer);
    RunWriter<State> fresh(store_, partition);
    while (std::optional<Words> words = next_of(candidates)) {
      if (!contains(known, *words)) fresh.put(*words);
    }
    return fresh.finish();
  }
  // The least that the runs still have, which they have no more then.
  static std::optional<Words> next_of(std::vector<RunReader<State>>& runs) {
    std::optional<Words> least;
    for (const auto& run : runs) {
      if (!run.over() && (!least || words_less(run.head(), *least))) least = run.head();
    }
    if (!least) return least;
    for (auto& run : runs) {
      if (!run.over() && run.head() == *least) run.next();
    }
    return least;
  }
  // REQUIRES: asked in ascending order.
  static bool contains(std::vector<RunReader<State>>& runs, const Words& words) {
    bool found = false;
    for (auto& run : runs) {
      while (!run.over() && words_less(run.head(), words)) run.next();
      found = found || (!run.over() && run.head() == words);
    }
    return found;
  }

  VisitedSet<State> near_;
  RunStore store_;
  std::array<Partition, partitions> parts_;
  std::atomic<std::size_t> next_other_{0};  // to be written out where there is no room
};

}  // namespace conclave::checker
