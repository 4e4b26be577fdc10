// One thread's view of a closed system on a `latest` network whose servers read late, with what each may have heard
// kept beside the state.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "conclave/spec/joined_view.hpp"
#include "conclave/spec/latest_steps.hpp"

namespace conclave::spec {

// A place is a state of LateWorker's in which nobody has heard anything; its facts are what each server may have heard.
// Together they do what LateWorker's state does. For checker::JoinExplorer.
template <std::size_t Words, std::size_t HeardWords>
class JoinedWorker : public LatestSteps<JoinedWorker<Words, HeardWords>, Words> {
 public:
  using Base = LatestSteps<JoinedWorker<Words, HeardWords>, Words>;
  using Place = typename Base::State;
  using Heard = HeardSet<HeardWords>;
  using Base::get;

  // All must outlive the worker.
  JoinedWorker(ClosedSystem& system, LateMachine& late, const Layout& layout, HeardBits& bits)
      : Base(system, late, layout),
        joined_(system, late, bits, tables_),
        between_(static_cast<std::size_t>(n_) * static_cast<std::size_t>(n_)),
        ranks_(static_cast<std::size_t>(n_)),
        there_(static_cast<std::size_t>(n_)) {
    for (const Server& blank : system.machine().steps().blanks()) {
      initial_.push_back(model::initial_proposal(system.scenario().ensemble, blank.peer));
    }
  }
  // joined_ refers to tables_.
  JoinedWorker(const JoinedWorker&) = delete;
  JoinedWorker& operator=(const JoinedWorker&) = delete;

  template <class Emit>
  void initial(const Emit& emit) {
    const Place place = this->initial_state();
    std::fill(there_.begin(), there_.end(), Heard{});
    hear(place, everybody);
    clear(place, votes_at(place));
    emit(place, std::span<const Heard>(there_));
  }

  // Calls emit(Place next, facts, std::uint32_t action code, PropertySet broken by the step) for every step that others
  // notice. Gives the properties that the place itself breaks.
  template <class Emit>
  PropertySet successors(const Place& place, std::span<const Heard> heard, const Emit& emit) {
    load(place);
    here_ = heard;
    at_hand_ = &place;
    std::copy(heard.begin(), heard.end(), there_.begin());
    const VoteSet votes_here = votes_at(place);
    quiet_ = {};
    return this->all_steps(place, [&](const Place& next, const Action& action, PropertySet broken) {
      std::copy(heard.begin(), heard.end(), there_.begin());
      const int changed = action.server;
      joined_.keep(changed, view_.at(changed), tables_.facts(changed, get(next, changed)), of(changed));
      hear(next, 1U << static_cast<unsigned>(changed));
      const VoteSet votes = votes_at(next);
      if (votes != votes_here) hear(next, everybody);
      clear(next, votes);
      emit(next, std::span<const Heard>(there_), action.code(), broken);
    });
  }

  // For places that are looked at by themselves; the same in every run.
  bool precedes(const Place& left, const Place& right) {
    return left == right ? false : this->servers_in_bytes(left) < this->servers_in_bytes(right);
  }
  // Of the last place: at its end but for starts and faults, and how.
  enum Mark : std::size_t { goes_on, settled, too_few, cut };
  [[nodiscard]] Mark mark() const {
    if (quiet_.settled > 0) return settled;
    if (quiet_.no_quorum > 0) return too_few;
    return quiet_.cut > 0 ? cut : goes_on;
  }

  // Nearly every step raises it: a server starts, reads a later round or a better proposal, settles, looks again in the
  // next round, crashes; and a restart is one of few. What lowers it is to join who has settled in an earlier round.
  std::size_t measure(const Place& place) {
    std::size_t sum = this->restarts_spent(place) * measures_of_server();
    for (int i = 0; i < n_; ++i) sum += measure_of(i, get(place, i));
    return sum;
  }
  [[nodiscard]] std::size_t measures() const {
    const auto restarts = static_cast<std::size_t>(system_.scope().restarts);
    return (restarts + static_cast<std::size_t>(n_)) * measures_of_server();
  }

  [[nodiscard]] std::size_t bytes_used() const {
    std::size_t sum = tables_.bytes_used() + joined_.bytes_used();
    for (const auto& map : between_) sum += map.bytes_used();
    for (const auto& map : ranks_) sum += map.bytes_used();
    return sum;
  }

  // LatestSteps':
  const LateMachine::Wait* wait(int server) {
    const LateId bare = get(*at_hand_, server);
    const LateMachine::Wait* wait = tables_.wait(server, joined_.for_proposal(server, bare, here(server)));
    if (wait == nullptr) return nullptr;
    wait_ = *wait;
    wait_.decided.next = joined_.bare(server, wait_.decided.next);
    return &wait_;
  }
  const std::vector<LateMachine::Turn>& turns(int server, NotificationId offered) {
    const LateId bare = get(*at_hand_, server);
    turns_ = tables_.turns(server, joined_.for_offer(server, bare, offered, here(server)), offered);
    for (LateMachine::Turn& turn : turns_) turn.next = joined_.bare(server, turn.next);
    return turns_;
  }
  const std::vector<LocalId>& at_least(int server, std::uint32_t silent) {
    return tables_.at_least(server, joined_.for_proposal(server, get(*at_hand_, server), here(server)), silent);
  }

 private:
  using Base::load;
  using Base::n_;
  using Base::quiet_;
  using Base::system_;
  using Base::tables_;
  using Base::view_;
  static constexpr std::uint32_t everybody = ~0U;

  Heard& of(int server) { return there_[static_cast<std::size_t>(server)]; }
  [[nodiscard]] const Heard& here(int server) const { return here_[static_cast<std::size_t>(server)]; }

  // What these servers have to say, and all that is to be heard by them, into there_.
  void hear(const Place& place, std::uint32_t servers) {
    for (int i = 0; i < n_; ++i) {
      const LateId bare = get(place, i);
      const LocalFacts& own = tables_.facts(i, bare);
      if (own.life != Life::up || !own.in_election) continue;
      const bool all = (servers >> static_cast<unsigned>(i) & 1U) != 0;
      for (int speaker = 0; speaker < n_; ++speaker) {
        if (!all && (servers >> static_cast<unsigned>(speaker) & 1U) == 0) continue;
        of(i) |= between(i, bare, speaker, get(place, speaker));
      }
    }
  }
  // What the reader may store of what the speaker says.
  const Heard& between(int reader, LateId bare, int speaker, LateId says) {
    FlatMap<Heard>& map =
        between_[static_cast<std::size_t>(reader) * static_cast<std::size_t>(n_) + static_cast<std::size_t>(speaker)];
    const std::uint64_t key = std::uint64_t{bare} << 32U | says;
    if (const Heard* found = map.find(key)) return *found;
    Heard heard;
    for (const bool settled : {true, false}) {
      this->for_each_offer(reader, tables_.facts(reader, bare), speaker, tables_.facts(speaker, says), settled,
                           [&](NotificationId offered, Offer) {
                             if (const auto bit = joined_.stored(reader, bare, offered)) heard.insert(*bit);
                           });
    }
    return *map.add(key, heard);
  }

  // Who may still be settled on, with there_.
  VoteSet votes_at(const Place& place) {
    Support all;
    for (int i = 0; i < n_; ++i) joined_.add_support(i, get(place, i), of(i), all);
    return this->votes_of(place, all);
  }
  void clear(const Place& place, VoteSet votes) {
    const std::uint32_t number = tables_.number_of(votes);
    for (int i = 0; i < n_; ++i) {
      if (tables_.facts(i, get(place, i)).in_election) joined_.clear(i, votes, number, of(i));
    }
  }

  // --- measure -------------------------------------------------------------------------------------------------------

  [[nodiscard]] std::size_t measures_of_round() const { return initial_.size() + 1; }
  [[nodiscard]] std::size_t measures_of_server() const {
    return 2 + static_cast<std::size_t>(system_.scope().rounds) * measures_of_round();
  }
  std::size_t measure_of(int server, LateId bare) {
    FlatMap<std::uint32_t>& known = ranks_[static_cast<std::size_t>(server)];
    if (const std::uint32_t* found = known.find(bare)) return *found;
    const LocalFacts& facts = tables_.facts(server, bare);
    std::size_t measure = 0;
    if (facts.life == Life::down) measure = measures_of_server() - 1;
    if (facts.life == Life::up) {
      measure = 1 + static_cast<std::size_t>(facts.clock - 1) * measures_of_round() + initial_.size();
      if (facts.in_election) {
        const model::Proposal own =
            system_.machine().notification(facts.offers[static_cast<std::size_t>(Offer::proposal)]).vote.proposal;
        measure -= static_cast<std::size_t>(
            std::count_if(initial_.begin(), initial_.end(), [&own](const auto& one) { return !(one < own); }));
      }
    }
    return *known.add(bare, static_cast<std::uint32_t>(measure));
  }

  JoinedView<HeardWords> joined_;
  std::vector<FlatMap<Heard>> between_;        // by reader and speaker; by what both are
  std::vector<FlatMap<std::uint32_t>> ranks_;  // by server
  std::vector<model::Proposal> initial_;
  std::span<const Heard> here_;  // of the place at hand
  const Place* at_hand_ = nullptr;
  std::vector<Heard> there_;  // of the next one
  LateMachine::Wait wait_;
  std::vector<LateMachine::Turn> turns_;
};

}  // namespace conclave::spec
