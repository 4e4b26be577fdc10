// Order-preserving renamings of the numbers of a situation.
//
// The rules compare ids, epochs, zxids and versions of configurations; they never calculate with them. So a renaming
// that keeps their order, and the sentinels where they are, makes no difference. Rounds are counted up by one, so they
// may only be shifted, all by the same amount.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <ostream>
#include <set>
#include <variant>
#include <vector>

#include "conclave/model/election.hpp"
#include "conclave/testing/situation.hpp"

namespace conclave::testing {

// Calls visit(number&) for every strong number in a value. VoteTable and Configuration keep theirs sorted and have no
// way in, so they are made again; what visit does must preserve the order.
template <class Visit>
class Numbers {
 public:
  explicit Numbers(const Visit& visit) : visit_(visit) {}

  void in(model::Proposal& proposal) const {
    visit_(proposal.epoch);
    visit_(proposal.zxid);
    visit_(proposal.leader);
  }
  void in(model::Vote& vote) const {
    in(vote.proposal);
    visit_(vote.round);
  }
  void in(model::Notification& notification) const {
    visit_(notification.from);
    in(notification.vote);
  }
  void in(model::VoteTable& votes) const {
    model::VoteTable made;
    for (model::Ballot ballot : votes) {
      visit_(ballot.from);
      in(ballot.vote);
      made.put(ballot.from, ballot.vote);
    }
    votes = made;
  }
  void in(model::Durable& durable) const {
    visit_(durable.accepted_epoch);
    visit_(durable.current_epoch);
    visit_(durable.last_zxid);
  }
  void in(model::Role& role) const {
    if (auto* following = std::get_if<model::Following>(&role)) visit_(following->leader);
    if (auto* observing = std::get_if<model::Observing>(&role)) visit_(observing->leader);
  }
  void in(model::Peer& peer) const {
    visit_(peer.id);
    in(peer.durable);
    visit_(peer.clock);
    in(peer.proposal);
    in(peer.current_vote);
    if (peer.unpublished) in(*peer.unpublished);
    in(peer.role);
    for (model::Notification& waiting : peer.received) in(waiting);
    in(peer.recvset);
    in(peer.outofelection);
  }
  void in(model::Message& message) const {
    visit_(message.from);
    visit_(message.leader);
    visit_(message.zxid);
    visit_(message.round);
    visit_(message.peer_epoch);
  }
  void in(model::Event& event) const {
    if (auto* received = std::get_if<model::Received>(&event)) in(received->message);
    if (auto* established = std::get_if<model::EpochEstablished>(&event)) visit_(established->epoch);
  }
  void in(model::Effect& effect) const {
    if (auto* one = std::get_if<model::SendTo>(&effect)) {
      visit_(one->to);
      in(one->notification);
    }
    if (auto* all = std::get_if<model::SendToAll>(&effect)) in(all->notification);
    if (auto* decided = std::get_if<model::Decided>(&effect)) in(decided->vote);
  }
  void in(model::Transition& transition) const {
    in(transition.peer);
    for (model::Effect& effect : transition.effects) in(effect);
  }
  // Generated configurations have addresses 0 or 1, which can be told from outside only by comparing.
  void in(model::Configuration& configuration) const {
    std::vector<model::Member> members(configuration.members().begin(), configuration.members().end());
    for (model::Member& member : members) visit_(member.id);
    model::ConfigVersion version = configuration.version();
    visit_(version);
    const auto at = [&](std::uint64_t addresses) {
      const model::ConfigVersion other{configuration.version().value + 1};
      return model::Configuration::make(
          configuration.kind(), {configuration.members().begin(), configuration.members().size()}, other, addresses);
    };
    const std::uint64_t addresses = configuration.same_as(at(0)) ? 0 : 1;
    configuration = model::Configuration::make(configuration.kind(), members, version, addresses);
  }
  void in(model::Ensemble& ensemble) const {
    for (model::Configuration& configuration : ensemble.configurations) in(configuration);
  }
  void in(Situation& situation) const {
    in(situation.ensemble);
    in(situation.peer);
    in(situation.event);
  }

 private:
  const Visit& visit_;
};

class Renaming {
 public:
  struct Choice {
    std::vector<std::int64_t> gaps;  // at least one, all positive: between a number and the next
    std::int64_t shift = 0;          // of the rounds
    bool epochs_and_zxids = true;    // false: these keep their names

    friend void showValue(const Choice& choice, std::ostream& out) {
      out << "gaps";
      for (const std::int64_t gap : choice.gaps) out << " " << text(gap);
      out << ", rounds shifted by " << choice.shift;
      if (!choice.epochs_and_zxids) out << ", epochs and zxids as they are";
    }
  };

  // The anchors keep their names: zxid -1 is a sentinel, and the model's own constants are a server's proposal before
  // its first election (epoch 0, zxid -1, id -1). So does the least of all numbers.
  Renaming(const Situation& situation, const Choice& choice) : shift_(choice.shift) {
    struct Collect {
      std::set<std::int64_t> ids{-1};
      std::set<std::int64_t> epochs{0};
      std::set<std::int64_t> zxids{model::unlogged.value};
      std::set<std::int64_t> versions{0};
      void operator()(model::ServerId& id) { ids.insert(id.value); }
      void operator()(model::PeerEpoch& epoch) { epochs.insert(epoch.value); }
      void operator()(model::Zxid& zxid) { zxids.insert(zxid.value); }
      void operator()(model::ConfigVersion& version) { versions.insert(version.value); }
      void operator()(model::Round&) {}
    } all;
    Situation copy = situation;
    const auto collect = [&all](auto& number) { all(number); };
    Numbers(collect).in(copy);
    ids_ = names_for(all.ids, choice.gaps, -1);
    versions_ = names_for(all.versions, choice.gaps, 0);
    if (!choice.epochs_and_zxids) return;
    epochs_ = names_for(all.epochs, choice.gaps, 0);
    zxids_ = names_for(all.zxids, choice.gaps, model::unlogged.value);
  }

  template <class T>
  T operator()(T value) const {
    const auto rename = [this](auto& number) { this->give(number); };
    Numbers(rename).in(value);
    return value;
  }

 private:
  using Names = std::map<std::int64_t, std::int64_t>;

  // Numbers above the anchor go up from it, those below go down.
  static Names names_for(const std::set<std::int64_t>& numbers, const std::vector<std::int64_t>& gaps,
                         std::int64_t anchor) {
    Names names{{model::least, model::least}, {anchor, anchor}};
    std::size_t taken = 0;
    const auto next_gap = [&] { return gaps[taken++ % gaps.size()]; };
    std::int64_t name = anchor;
    for (auto number = numbers.upper_bound(anchor); number != numbers.end(); ++number) {
      names[*number] = name += next_gap();
    }
    name = anchor;
    for (auto number = numbers.find(anchor); number != numbers.begin();) {
      if (*--number != model::least) names[*number] = name -= next_gap();
    }
    return names;
  }

  void give(model::ServerId& id) const { id.value = ids_.at(id.value); }
  void give(model::PeerEpoch& epoch) const {
    if (!epochs_.empty()) epoch.value = epochs_.at(epoch.value);
  }
  void give(model::Zxid& zxid) const {
    if (!zxids_.empty()) zxid.value = zxids_.at(zxid.value);
  }
  void give(model::ConfigVersion& version) const { version.value = versions_.at(version.value); }
  void give(model::Round& round) const {
    round.value =
        static_cast<std::int64_t>(static_cast<std::uint64_t>(round.value) + static_cast<std::uint64_t>(shift_));
  }

  std::int64_t shift_;
  Names ids_;
  Names epochs_;  // empty: these keep their names
  Names zxids_;   // the same
  Names versions_;
};

}  // namespace conclave::testing
