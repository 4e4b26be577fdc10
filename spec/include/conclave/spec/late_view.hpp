// One thread's view of servers that read late.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "conclave/spec/flat_map.hpp"
#include "conclave/spec/late_machine.hpp"
#include "conclave/spec/stable_vector.hpp"

namespace conclave::spec {

// Remembers what it has asked of LateMachine, and of LocalMachine about the servers that a late one stands for. What it
// takes and gives is theirs. One thread only.
class LateView {
 public:
  using Turns = std::vector<LateMachine::Turn>;

  // Both must outlive the view.
  LateView(ClosedSystem& system, LateMachine& late)
      : system_(system), late_(late), known_(static_cast<std::size_t>(system.servers())) {}

  const LocalFacts& facts(int server, LateId id) {
    auto& facts = known(server).facts;
    while (facts.size() <= id) facts.push_back(late_.facts(server, static_cast<LateId>(facts.size())));
    return facts[id];
  }
  const Support& support(int server, LateId id) {
    auto& support = known(server).support;
    while (support.size() <= id) support.push_back(late_.support(server, static_cast<LateId>(support.size())));
    return support[id];
  }
  LocalId bare(int server, LateId id) {
    FlatMap<LocalId>& map = known(server).bare;
    if (const LocalId* found = map.find(id)) return *found;
    return *map.add(id, late_.bare(server, id));
  }
  const std::vector<LocalId>& at_least(int server, LateId id, std::uint32_t silent) {
    Known& of_server = known(server);
    const std::uint64_t key = key_of(id, silent);
    if (const auto* found = of_server.least.find(key)) return **found;
    of_server.leasts.push_back(late_.at_least(server, id, silent));
    return **of_server.least.add(key, &of_server.leasts.back());
  }
  LateId heard(int server, LateId id, NotificationId offered) {
    FlatMap<LateId>& map = known(server).heard;
    const std::uint64_t key = key_of(id, offered);
    if (const LateId* found = map.find(key)) return *found;
    return *map.add(key, late_.may_have_heard(server, id, offered));
  }
  LateMachine::Reply reply(int server, LateId id, NotificationId offered) {
    FlatMap<LateMachine::Reply>& map = known(server).replies;
    const std::uint64_t key = key_of(id, offered);
    if (const LateMachine::Reply* found = map.find(key)) return *found;
    return *map.add(key, late_.reply(server, id, offered));
  }
  // A small number for a set of votes, for cleared().
  std::uint32_t number_of(VoteSet votes) {
    if (const std::uint32_t* found = votes_.find(votes)) return *found;
    return *votes_.add(votes, votes_count_++);
  }
  // REQUIRES: number is number_of(votes).
  LateId cleared(int server, LateId id, VoteSet votes, std::uint32_t number) {
    FlatMap<LateId>& map = known(server).cleared;
    const std::uint64_t key = key_of(id, number);
    if (const LateId* found = map.find(key)) return *found;
    return *map.add(key, late_.cleared(server, id, votes));
  }
  const Turns& turns(int server, LateId id, NotificationId offered) {
    Known& of_server = known(server);
    const std::uint64_t key = key_of(id, offered);
    if (const Turns* const* found = of_server.turns.find(key)) return **found;
    of_server.lists.push_back(late_.turns(server, id, offered));
    return **of_server.turns.add(key, &of_server.lists.back());
  }
  // nullptr: it can't have heard a quorum.
  const LateMachine::Wait* wait(int server, LateId id) {
    FlatMap<LateMachine::Wait>& map = known(server).waits;
    const LateMachine::Wait* found = map.find(id);
    if (found == nullptr) found = map.add(id, late_.wait(server, id).value_or(LateMachine::Wait{none, {}}));
    return found->waits == none ? nullptr : found;
  }
  LateMachine::Turn plain(int server, LateId id, Input input) {
    FlatMap<LateMachine::Turn>& map = known(server).plain;
    const std::uint64_t key = key_of(id, input);
    if (const LateMachine::Turn* found = map.find(key)) return *found;
    return *map.add(key, late_.plain(server, id, input));
  }

  // LocalMachine's:
  LocalId read(int server, LocalId local, NotificationId offered) {
    FlatMap<LocalId>& map = known(server).read;
    const std::uint64_t key = key_of(local, offered);
    if (const LocalId* found = map.find(key)) return *found;
    return *map.add(key, system_.machine().apply(server, local, input::receive(offered)).next);
  }
  const LocalFacts& local_facts(int server, LocalId local) {
    auto& locals = known(server).locals;
    while (locals.size() <= local) {
      locals.push_back(system_.machine().facts(server, static_cast<LocalId>(locals.size())));
    }
    return locals[local];
  }

  [[nodiscard]] std::size_t bytes_used() const {
    std::size_t sum = 0;
    for (const Known& known : known_) {
      sum += known.bare.bytes_used() + known.plain.bytes_used() + known.least.bytes_used() +
             known.locals.size() * sizeof(LocalFacts);
      sum += known.heard.bytes_used() + known.turns.bytes_used() + known.waits.bytes_used() +
             known.cleared.bytes_used() + known.read.bytes_used() + known.replies.bytes_used() +
             known.facts.size() * (sizeof(LocalFacts) + sizeof(Support)) + known.lists.size() * 64;
    }
    return sum;
  }

 private:
  static constexpr LocalId none = ~LocalId{0};
  struct Known {
    StableVector<LocalFacts> facts;
    StableVector<Support> support;
    FlatMap<LocalId> bare;                       // by id
    FlatMap<LateId> heard;                       // by id and notification
    FlatMap<LateMachine::Reply> replies;         // likewise
    FlatMap<const Turns*> turns;                 // likewise
    std::deque<Turns> lists;                     // which lie here
    FlatMap<LateMachine::Wait> waits;            // by id
    FlatMap<LateId> cleared;                     // by id and number of a set of votes
    FlatMap<LateMachine::Turn> plain;            // by id and input
    FlatMap<const std::vector<LocalId>*> least;  // by id and who is silent
    std::deque<std::vector<LocalId>> leasts;     // which lie here
    // Of LocalMachine:
    FlatMap<LocalId> read;  // by number and notification
    StableVector<LocalFacts> locals;
  };
  static std::uint64_t key_of(LateId id, std::uint32_t with) { return std::uint64_t{id} << 32U | with; }
  Known& known(int server) { return known_[static_cast<std::size_t>(server)]; }

  ClosedSystem& system_;
  LateMachine& late_;
  std::vector<Known> known_;
  FlatMap<std::uint32_t> votes_;  // numbers for sets of votes
  std::uint32_t votes_count_ = 0;
};

}  // namespace conclave::spec
