// An exploration that writes checkpoints and goes on from one.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "conclave/check/checkpoint.hpp"
#include "conclave/check/election_system.hpp"
#include "conclave/checker/explorer.hpp"

namespace conclave::check {

// Where the body begins: what has to be known before there is an explorer.
struct ResumedSystem {
  spec::SavedSystem system;
  std::vector<int> widths;  // of the packed state's fields
  double seconds = 0;       // that it has taken so far
};
ResumedSystem get_resumed(CheckpointReader& in);
void put_resumed(CheckpointWriter& out, const ResumedSystem& resumed);

// Used by run()'s thread alone. All must outlive it.
template <std::size_t Words>
class Checkpoints {
 public:
  using State = spec::PackedState<Words>;
  using Explorer = checker::Explorer<ElectionSystem<Words>>;

  // `spent_s`: what earlier explorations have taken.
  Checkpoints(Explorer& explorer, spec::ClosedSystem& system, const std::vector<int>& widths, const Request& request,
              Identity identity, double spent_s)
      : explorer_(explorer),
        system_(system),
        widths_(widths),
        request_(request.checkpoint),
        identity_(std::move(identity)),
        spent_s_(spent_s) {
    if (request_.write_to.empty()) return;
    explorer_.at_barrier([this](const checker::Barrier<State>& barrier) {
      last_ = barrier;
      quiet_ = system_.saved_quiet();
      if (seconds_since(written_at_) >= request_.every_s) write();
    });
  }

  // What the explorer has to know, and its set of states. Throws BadCheckpoint. REQUIRES: get_resumed() was called.
  void resume(CheckpointReader& in) {
    checker::Barrier<State> barrier;
    for (std::uint64_t left = in.number(); left > 0; --left) {
      const std::uint64_t states = in.number();
      barrier.levels.push_back(checker::LevelCounts{states, in.number()});
    }
    for (std::uint64_t left = in.number(); left > 0; --left) barrier.findings.push_back(get_finding(in));
    for (std::uint64_t left = in.number(); left > 0; --left) barrier.several.push_back(get_finding(in));
    barrier.level = static_cast<std::uint32_t>(in.number());
    barrier.level_states = in.number();
    auto& set = explorer_.visited();
    bool fits = true;
    for (std::size_t part = 0; part < checker::StateSet<State>::partitions; ++part) {
      std::uint64_t level = 0;
      std::size_t added = 0;
      for (std::uint64_t runs = in.number(); runs > 0; --runs) {
        const std::uint64_t at = in.number();
        for (; level < at; ++level) fits = set.close(part, static_cast<checker::Level>(level), added) && fits;
        const std::uint64_t states = in.number();
        const std::string raw = in.bytes();
        const std::vector<State> run =
            checker::decoded_run<State>(std::vector<std::uint8_t>(raw.begin(), raw.end()), states);
        fits = fits && set.insert(part, run, static_cast<checker::Level>(level), added);
      }
      for (; level <= barrier.level; ++level) {
        fits = set.close(part, static_cast<checker::Level>(level), added) && fits;
      }
    }
    if (!fits) throw std::bad_alloc();
    if (!in.over()) throw BadCheckpoint("the checkpoint goes on after its end");
    report_.resumed = barrier.level;
    explorer_.resume(std::move(barrier));
  }

  // When a limit or a signal has ended it: from the last barrier on, nothing is lost.
  void write_last() {
    if (last_ && !(report_.written && report_.level == last_->level)) write();
  }
  [[nodiscard]] const CheckpointReport& report() const { return report_; }

 private:
  using Clock = std::chrono::steady_clock;
  static double seconds_since(Clock::time_point then) {
    return std::chrono::duration<double>(Clock::now() - then).count();
  }

  // That it fails is no reason to stop.
  void write() {
    try {
      CheckpointWriter out(request_.write_to, identity_);
      put_barrier(out);
      out.finish();
      report_.written = true;
      report_.level = last_->level;
      report_.states = last_->level_states;
      for (const checker::LevelCounts& level : last_->levels) report_.states += level.states;
      report_.error.clear();
    } catch (const std::system_error& failure) {
      report_.error = request_.write_to + ": " + failure.code().message();
    }
    written_at_ = Clock::now();
  }
  void put_barrier(CheckpointWriter& out) {
    ResumedSystem resumed{system_.saved(), widths_, spent_s_ + seconds_since(began_)};
    resumed.system.quiet = quiet_;
    put_resumed(out, resumed);
    out.number(last_->levels.size());
    for (const checker::LevelCounts& level : last_->levels) {
      out.number(level.states);
      out.number(level.steps);
    }
    out.number(last_->findings.size());
    for (const auto& finding : last_->findings) put_finding(out, finding);
    out.number(last_->several.size());
    for (const auto& finding : last_->several) put_finding(out, finding);
    out.number(last_->level);
    out.number(last_->level_states);
    auto& set = explorer_.visited();
    for (std::size_t part = 0; part < checker::StateSet<State>::partitions; ++part) {
      std::vector<std::pair<checker::Level, std::pair<std::uint64_t, std::vector<std::uint8_t>>>> runs;
      const auto last = static_cast<checker::Level>(last_->level);
      checker::for_each_run(set, part, last, [&](checker::Level level, std::uint64_t states, const auto& bytes) {
        runs.emplace_back(level, std::pair(states, bytes));
      });
      out.number(runs.size());
      for (const auto& [level, run] : runs) {
        out.number(level);
        out.number(run.first);
        out.bytes({reinterpret_cast<const char*>(run.second.data()), run.second.size()});
      }
    }
  }

  static void put_state(CheckpointWriter& out, const State& state) {
    for (const std::uint64_t word : state.words) out.number(word);
  }
  static State get_state(CheckpointReader& in) {
    State state{};
    for (std::uint64_t& word : state.words) word = in.number();
    return state;
  }
  static void put_finding(CheckpointWriter& out, const checker::Finding<State>& finding) {
    out.number(finding.property);
    out.number(finding.by_step ? 1 : 0);
    put_state(out, finding.from);
    out.number(finding.action);
    put_state(out, finding.state);
    out.number(finding.level);
    out.number(finding.also);
  }
  static checker::Finding<State> get_finding(CheckpointReader& in) {
    checker::Finding<State> finding;
    finding.property = static_cast<std::size_t>(in.number());
    if (finding.property >= spec::properties_count) throw BadCheckpoint("the checkpoint names no property");
    finding.by_step = in.number() != 0;
    finding.from = get_state(in);
    finding.action = static_cast<std::uint32_t>(in.number());
    finding.state = get_state(in);
    finding.level = static_cast<std::uint32_t>(in.number());
    finding.also = in.number();
    return finding;
  }

  Explorer& explorer_;
  spec::ClosedSystem& system_;
  const std::vector<int>& widths_;
  CheckpointRequest request_;
  Identity identity_;
  double spent_s_;
  Clock::time_point began_ = Clock::now();
  Clock::time_point written_at_ = began_;
  std::optional<checker::Barrier<State>> last_;
  std::array<std::uint64_t, 3> quiet_{};
  CheckpointReport report_;
};

}  // namespace conclave::check
