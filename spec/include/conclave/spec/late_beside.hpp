// Late reads beside the unreduced system, as a transition system of its own.
//
// Its states are pairs: where a run has come to without any reduction, and the like of it where servers read late. That
// each step of a run which others notice has its like from every reached pair is a simulation: late reads may come to
// more, and never to less.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "conclave/spec/late_fifo_worker.hpp"
#include "conclave/spec/late_worker.hpp"
#include "conclave/spec/side_by_side.hpp"
#include "conclave/spec/worker.hpp"

namespace conclave::spec {

// What a pair can lack.
enum class Lack : std::uint8_t {
  like,    // a step that others notice has none
  judged,  // a claim that the state breaks is kept by its like
  count_
};
inline constexpr std::size_t lacks_count = static_cast<std::size_t>(Lack::count_);
constexpr std::uint64_t bit(Lack lack) { return std::uint64_t{1} << static_cast<unsigned>(lack); }
constexpr std::string_view sentence_of(Lack lack) {
  switch (lack) {
    case Lack::like: return "what a server does and others notice has its like with late reads";
    case Lack::judged: return "a claim about states that is broken is broken with late reads as well";
    case Lack::count_: break;
  }
  return "?";
}

// Do they look alike to everybody else, who does not see that a server waits for something better? `plain` is a state
// of Worker's, `late` one of `worker`, a late one, both laid out alike.
template <class Late, std::size_t Words>
bool late_looks_like(ClosedSystem& system, Late& worker, const Layout& layout, const PackedState<Words>& plain,
                     const PackedState<Words>& late) {
  const Fields& fields = system.fields();
  std::vector<LocalFacts> shown;
  for (int i = 0; i < system.servers(); ++i) {
    shown.push_back(system.machine().facts(i, layout.get(plain, fields.local(i))));
    shown.back().finalizing = false;
  }
  return layout.get(plain, fields.crashes()) == layout.get(late, fields.crashes()) &&
         layout.get(plain, fields.restarts()) == layout.get(late, fields.restarts()) &&
         worker.looks_like(late, shown);
}

// `Late`: LateWorker or LateFifoWorker, as the network is, or what has their interface. The same interface as
// SideBySide's. One thread only.
template <std::size_t Words, class Late = LateWorker<Words>>
class LateBeside {
 public:
  using State = PairState<Words>;
  using Side = PackedState<Words>;

  // All must outlive this, and what else `Late` needs. REQUIRES: !LateMachine::why_not(system).
  template <class... More>
  LateBeside(ClosedSystem& system, LateMachine& late, const Layout& layout, More&... more)
      : system_(system), layout_(layout), plain_(system, layout, false), reads_late_(system, late, layout, more...) {}

  template <class Emit>
  void initial(const Emit& emit) {
    Side first{};
    plain_.initial([&first](const Side& state) { first = state; });
    reads_late_.initial([&](const Side& state) { emit(State{first, state}); });
  }

  // The sets that are emitted and given back are of Lack. Of several likes the one that may have heard the most.
  template <class Emit>
  std::uint64_t successors(const State& state, const Emit& emit) {
    likes_.clear();
    const PropertySet late_judged =
        reads_late_.successors(state.reduced, [this](const Side& next, std::uint32_t action, PropertySet) {
          likes_.push_back({Action::from(action), next});
        });
    const PropertySet judged = plain_.successors(state.plain, [&](const Side& next, std::uint32_t code, PropertySet) {
      ++compared_;
      if (alike(next, state.reduced)) {
        ++unmatched_;
        return emit(State{next, state.reduced}, code, 0);
      }
      const Side* best = like_of(next, Action::from(code));
      emit(State{next, best == nullptr ? state.reduced : *best}, code, best == nullptr ? bit(Lack::like) : 0);
    });
    return (judged & late_properties & ~late_judged) != 0 ? bit(Lack::judged) : 0;
  }

  bool precedes(const State& left, const State& right) {
    if (!(left.plain == right.plain)) return plain_.precedes(left.plain, right.plain);
    return reads_late_.precedes(left.reduced, right.reduced);
  }

  // Steps of the unreduced system, and those of them that nobody notices.
  [[nodiscard]] std::uint64_t compared() const { return compared_; }
  [[nodiscard]] std::uint64_t unmatched() const { return unmatched_; }
  [[nodiscard]] std::size_t bytes_used() const { return plain_.bytes_used() + reads_late_.bytes_used(); }

 private:
  struct Like {
    Action action;
    Side state{};
  };

  // On a fifo network another step of the server may leave other messages on their way.
  const Side* like_of(const Side& plain, const Action& action) {
    const bool fifo = system_.scope().network.kind == NetworkKind::fifo;
    const Side* best = nullptr;
    std::size_t most = 0;
    for (const Like& like : likes_) {
      if (fifo ? like.action != action : like.action.server != action.server) continue;
      if (!alike(plain, like.state)) continue;
      const std::size_t heard = reads_late_.heard(like.state);
      if (best != nullptr && heard <= most) continue;
      best = &like.state;
      most = heard;
    }
    return best;
  }
  bool alike(const Side& plain, const Side& late) {
    return late_looks_like(system_, reads_late_, layout_, plain, late);
  }

  ClosedSystem& system_;
  const Layout& layout_;
  Worker<Words> plain_;
  Late reads_late_;
  std::vector<Like> likes_;
  std::uint64_t compared_ = 0;
  std::uint64_t unmatched_ = 0;
};

}  // namespace conclave::spec
