// Which votes can still matter in a state, and in those that one step leads to.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "conclave/spec/channel_view.hpp"
#include "conclave/spec/closed_system.hpp"
#include "conclave/spec/layout.hpp"
#include "conclave/spec/state_view.hpp"
#include "conclave/spec/support.hpp"

namespace conclave::spec {

// To be the first to settle on X in a round takes a quorum of looking votes for X, so X is out once those that support
// it or may yet, anywhere, are no quorum. docs/dead-votes.md has the argument. One thread only.
template <std::size_t Words>
class Prospects {
 public:
  using State = PackedState<Words>;

  // All must outlive this.
  Prospects(ClosedSystem& system, const Layout& layout, ChannelView& channels)
      : system_(system), layout_(layout), channels_(channels), n_(system.servers()) {}

  // From now on this state is the one at hand; `view` shows its servers, and `own` gives what each adds.
  template <class Own>
  void load(const State& state, const StateView& view, const Own& own) {
    Support all;
    for (int i = 0; i < n_; ++i) {  // those before it, and then, the other way, those after it
      others_[static_cast<std::size_t>(i)] = all;
      all.add(own(i));
    }
    Support behind;
    for (int i = n_ - 1; i >= 0; --i) {
      others_[static_cast<std::size_t>(i)].add(behind);
      behind.add(own(i));
    }
    view_ = &view;
    if (fifo()) load_channels(state, all);
    now_ = votes_of(all, state, -1, Life::unborn);
  }
  [[nodiscard]] VoteSet now() const { return now_; }

  // The votes that can matter in `next`, which a step of `changed` has led to; `own` is what its new local state
  // adds, and `life` whether it still lives.
  VoteSet after(const State& next, int changed, const Support& own, Life life) {
    Support support = others_[static_cast<std::size_t>(changed)];
    support.add(own);
    for (int other = 0; fifo() && other < n_; ++other) {
      add_channel(next, changed, other, support);
      add_channel(next, other, changed, support);
    }
    return votes_of(support, next, changed, life);
  }

 private:
  [[nodiscard]] bool fifo() const { return system_.scope().network.kind == NetworkKind::fifo; }
  [[nodiscard]] ChannelId channel(const State& state, int from, int to) const {
    return from == to ? 0 : layout_.get(state, system_.fields().channel(from, to));
  }
  void add_channel(const State& state, int from, int to, Support& support) {
    if (const ChannelId content = channel(state, from, to)) support.add(channels_.support(from, content));
  }
  // A step of a server changes no channels but its own.
  void load_channels(const State& state, Support& all) {
    for (int from = 0; from < n_; ++from) {
      for (int to = 0; to < n_; ++to) {
        const ChannelId content = channel(state, from, to);
        if (content == 0) continue;
        const Support& carried = channels_.support(from, content);
        all.add(carried);
        for (int i = 0; i < n_; ++i) {
          if (i != from && i != to) others_[static_cast<std::size_t>(i)].add(carried);
        }
      }
    }
  }
  // Who may be settled on, and (shifted) who may gather a quorum though the wait for something better will not end.
  [[nodiscard]] VoteSet votes_of(const Support& support, const State& state, int changed, Life life) {
    const std::uint32_t open = system_.outlasts() ? leaders_open(support.settled, changed, life) : ~0U;
    const auto spent = [&](std::size_t field) { return static_cast<int>(layout_.get(state, field)); };
    const Fields& fields = system_.fields();
    const std::uint64_t anew = system_.support_anew(support, spent(fields.crashes()), spent(fields.restarts()));
    VoteSet held = 0;
    const VoteSet votes = system_.supported(support, anew, open, held);
    return votes | (held & ~votes) << held_shift;
  }

  // timely: nobody's wait ends while something better can be read. With c crashes left, one of any c + 1 servers that
  // are up stays up, and what it says can be read by all. So whose initial vote comes before theirs will not be the
  // first to be settled on - unless somebody is settled on who comes before it, for then they may say so too.
  [[nodiscard]] std::uint32_t leaders_open(VoteSet settled, int changed, Life life) {
    std::uint32_t up = 0;
    std::uint32_t down = 0;
    for (int i = 0; i < n_; ++i) {
      const Life now = i == changed ? life : view_->at(i).life;
      if (now == Life::up) up |= 1U << static_cast<unsigned>(i);
      if (now == Life::down) down |= 1U << static_cast<unsigned>(i);
    }
    // Seldom another question than a moment ago.
    if (up != asked_.up || down != asked_.down || settled != asked_.settled) {
      asked_ = Asked{up, down, settled, leaders_open_where(up, down, settled)};
    }
    return asked_.open;
  }
  [[nodiscard]] std::uint32_t leaders_open_where(std::uint32_t up, std::uint32_t down, VoteSet settled) const {
    const int crashes_left = system_.scope().crashes - std::popcount(down);
    std::uint32_t open = ~0U;
    for (int i = 0; i < n_; ++i) {
      // Itself and those that come after it; who can't be elected holds nobody back.
      const std::uint32_t holding = up & system_.electable() & system_.not_before(i);
      if (system_.electable(i) && std::popcount(holding) > crashes_left) open &= system_.not_before(i);
    }
    for (int round = 0; round < system_.scope().rounds; ++round, settled >>= participants_max) {
      for (int leader = 0; leader < n_; ++leader) {
        if ((settled >> static_cast<unsigned>(leader) & 1U) != 0) open |= system_.not_before(leader);
      }
    }
    return open;
  }

  ClosedSystem& system_;
  const Layout& layout_;
  ChannelView& channels_;
  int n_;
  const StateView* view_ = nullptr;
  std::array<Support, participants_max> others_{};  // what all but one server add, without that server's channels
  VoteSet now_ = 0;
  struct Asked {
    std::uint32_t up = ~0U;  // never: there are fewer participants
    std::uint32_t down = 0;
    VoteSet settled = 0;
    std::uint32_t open = 0;
  };
  Asked asked_;  // the last question to leaders_open(), and the answer
};

}  // namespace conclave::spec
