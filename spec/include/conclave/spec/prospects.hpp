// Which votes can still matter in a state, and in those that one step leads to.
#pragma once

#include <array>
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

  // From now on this state is the one at hand; `view` shows its servers.
  void load(const State& state, const StateView& view) {
    Support all;
    for (int i = 0; i < n_; ++i) {
      all.add(view.at(i));
      Support& others = others_[static_cast<std::size_t>(i)];
      others = Support{};
      for (int j = 0; j < n_; ++j) {
        if (j != i) others.add(view.at(j));
      }
    }
    if (fifo()) load_channels(state, all);
    now_ = votes_of(all);
  }
  [[nodiscard]] VoteSet now() const { return now_; }

  // The votes that can matter in `next`, which a step of `changed` has led to; `own` is what its new local state adds.
  VoteSet after(const State& next, int changed, const Support& own) {
    Support support = others_[static_cast<std::size_t>(changed)];
    support.add(own);
    for (int other = 0; fifo() && other < n_; ++other) {
      add_channel(next, changed, other, support);
      add_channel(next, other, changed, support);
    }
    return votes_of(support);
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
  [[nodiscard]] VoteSet votes_of(const Support& support) const {
    VoteSet votes = support.settled;
    for (int round = 0; round < system_.scope().rounds; ++round) {
      std::uint64_t sets = support.by_round[static_cast<std::size_t>(round)];
      for (int leader = 0; leader < n_; ++leader, sets >>= 8U) {
        if (system_.quorum_among(static_cast<std::uint32_t>(sets & 0xffU))) votes |= vote_bit(leader, round + 1);
      }
    }
    return votes;
  }

  ClosedSystem& system_;
  const Layout& layout_;
  ChannelView& channels_;
  int n_;
  std::array<Support, participants_max> others_{};  // what all but one server add, without that server's channels
  VoteSet now_ = 0;
};

}  // namespace conclave::spec
