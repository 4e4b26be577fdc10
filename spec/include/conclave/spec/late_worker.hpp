// One thread's view of a closed system on a `latest` network whose servers read late: states into successor states, by
// tables.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conclave/spec/latest_steps.hpp"

namespace conclave::spec {

// The same interface as Worker's. What a server may have heard is part of its number.
template <std::size_t Words>
class LateWorker : public LatestSteps<LateWorker<Words>, Words> {
 public:
  using Base = LatestSteps<LateWorker<Words>, Words>;
  using State = typename Base::State;
  using Base::get;

  // All must outlive the worker.
  LateWorker(ClosedSystem& system, LateMachine& late, const Layout& layout) : Base(system, late, layout) {}

  template <class Emit>
  void initial(const Emit& emit) {
    State state = this->initial_state();
    hear(state, everybody);
    clear(state, votes_of(state, support_of(state)));
    emit(state);
  }

  // Calls emit(State next, std::uint32_t action code, PropertySet broken by the step) for every step that others
  // notice. Gives the properties that the state itself breaks.
  template <class Emit>
  PropertySet successors(const State& state, const Emit& emit) {
    load(state);
    for (int i = 0; i < n_; ++i) members_[static_cast<std::size_t>(i)].assign(1, get(state, i));
    votes_here_ = votes_of(state, support_of(state));
    return this->all_steps(state, [&](State next, const Action& action, PropertySet broken) {
      emit(hear_and_clear(next, action.server), action.code(), broken);
    });
  }

  bool precedes(const State& left, const State& right) {
    return left == right ? false : canonical(left) < canonical(right);
  }
  // The state in bytes, the same in every run.
  std::string canonical(const State& state) { return this->servers_in_bytes(state); }
  // How many notifications its servers may have heard.
  std::size_t heard(const State& state) { return this->heard_in(state); }
  [[nodiscard]] std::size_t bytes_used() const { return tables_.bytes_used(); }

  // LatestSteps':
  const LateMachine::Wait* wait(int server, LateId member) { return tables_.wait(server, member); }
  const std::vector<LateMachine::Turn>& turns(int server, LateId member, NotificationId offered) {
    return tables_.turns(server, member, offered);
  }
  const std::vector<LocalId>& at_least(int server, LateId member, std::uint32_t silent) {
    return tables_.at_least(server, member, silent);
  }

 private:
  using Base::clear;
  using Base::load;
  using Base::members_;
  using Base::n_;
  using Base::put;
  using Base::support_of;
  using Base::tables_;
  using Base::votes_of;

  // A state that a step of one server has led to from the state at hand, with all that may have been heard in it, and
  // without what can't matter any more. Where the same votes can matter as before, nobody has more to hear but of that
  // server, which has to hear of all.
  State hear_and_clear(State next, int changed) {
    hear(next, 1U << static_cast<unsigned>(changed));
    const VoteSet votes = votes_of(next, support_of(next));
    if (votes != votes_here_) hear(next, everybody);
    clear(next, votes);
    return next;
  }
  static constexpr std::uint32_t everybody = ~0U;
  // What these servers have to say, and all that is to be heard by them.
  void hear(State& state, std::uint32_t servers) {
    for (int i = 0; i < n_; ++i) {
      const LateId before = get(state, i);
      const LocalFacts& own = tables_.facts(i, before);
      if (own.life != Life::up || !own.in_election) continue;
      LateId id = before;
      const bool all = (servers >> static_cast<unsigned>(i) & 1U) != 0;
      for (int speaker = 0; speaker < n_; ++speaker) {
        if (!all && (servers >> static_cast<unsigned>(speaker) & 1U) == 0) continue;
        const LocalFacts& other = tables_.facts(speaker, get(state, speaker));
        for (const bool settled : {true, false}) {
          this->for_each_offer(i, own, speaker, other, settled,
                               [&](NotificationId offered, Offer) { id = tables_.heard(i, id, offered); });
        }
      }
      if (id != before) put(state, i, id);
    }
  }

  VoteSet votes_here_ = 0;  // that can matter in the state at hand
};

}  // namespace conclave::spec
