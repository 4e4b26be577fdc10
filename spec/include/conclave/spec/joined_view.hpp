// One thread's view of servers that read late, where what each may have heard is kept beside it, as bits.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "conclave/spec/heard_set.hpp"
#include "conclave/spec/late_view.hpp"
#include "conclave/spec/mixed_words.hpp"

namespace conclave::spec {

// A server is a number of LateMachine's that has heard nothing, `bare` here, and a set of what it may have heard. What
// LateMachine says of both together depends on few of the notifications: it is asked with those alone, and the answer
// is remembered. So there are hundreds of questions where there would be one for every set. One thread only.
template <std::size_t Words>
class JoinedView {
 public:
  using Set = HeardSet<Words>;

  // All must outlive the view.
  JoinedView(ClosedSystem& system, LateMachine& late, HeardBits& bits, LateView& tables)
      : system_(system),
        late_(late),
        bits_(bits),
        tables_(tables),
        known_(static_cast<std::size_t>(system.servers())) {}

  // The bit for what may be stored: none if it is not, by such a server. Throws HeardFull.
  std::optional<int> stored(int server, LateId bare, NotificationId offered) {
    if (tables_.heard(server, bare, offered) == bare) return std::nullopt;
    const int bit = bits_.bit_of(server, offered, Set::bits);
    see(server, bit + 1);
    return bit;
  }

  // The server with those alone of what it may have heard that bear on wait() and at_least() ...
  LateId for_proposal(int server, LateId bare, const Set& heard) {
    return narrowed(server, bare, heard & bearing_on_proposal(server, bare, heard));
  }
  // ... and on turns() of what is on offer.
  LateId for_offer(int server, LateId bare, NotificationId offered, const Set& heard) {
    if (is_looking(offered)) return bare;
    const Set& settled = picked(server, known(server).for_settled[offered], heard,
                                [&](NotificationId one) { return late_.speaks_for(offered, one); });
    return narrowed(server, bare, heard & (settled | bearing_on_proposal(server, bare, heard)));
  }
  // The same server, having heard nothing.
  LateId bare(int server, LateId id) {
    FlatMap<LateId>& map = known(server).bare;
    if (const LateId* found = map.find(id)) return *found;
    return *map.add(id, late_.with(server, id, {}));
  }

  // What it has still heard after a turn.
  void keep(int server, const LocalFacts& before, const LocalFacts& then, Set& heard) {
    const LateMachine::Kept kept = LateMachine::kept(before, then);
    if (kept == LateMachine::Kept::nothing) heard = {};
    if (kept != LateMachine::Kept::settled) return;
    heard &= picked(server, known(server).settled, heard, [this](NotificationId one) { return !is_looking(one); });
  }
  // Without what can't matter where only these votes can. REQUIRES: number is LateView::number_of(votes).
  void clear(int server, VoteSet votes, std::uint32_t number, Set& heard) {
    if (heard == Set{}) return;
    heard &= picked(server, known(server).mattering[number], heard,
                    [&](NotificationId one) { return system_.machine().matters(one, votes); });
  }
  // LateMachine::support() is the union of what each notification gives.
  void add_support(int server, LateId bare, const Set& heard, Support& sum) {
    sum.add(tables_.support(server, bare));
    if (heard == Set{}) return;
    Known& of_server = known(server);
    see(server, heard.end());
    std::vector<Support>& given = of_server.given[bare];
    while (given.size() < of_server.notifications.size()) {
      const LateId one = late_.with(server, bare, {of_server.notifications[given.size()]});
      given.push_back(tables_.support(server, one));
    }
    heard.for_each([&](int bit) { sum.add(given[static_cast<std::size_t>(bit)]); });
  }

  [[nodiscard]] std::size_t bytes_used() const {
    std::size_t sum = 0;
    for (const Known& known : known_) {
      sum += known.bare.bytes_used() + known.narrowed.size() * (sizeof(Key) + 32) +
             known.given.size() * (known.notifications.size() * sizeof(Support) + 64) +
             (known.for_proposal.size() + known.for_settled.size() + known.mattering.size()) * (sizeof(Picked) + 48);
    }
    return sum;
  }

 private:
  // Those of the notifications with the first `asked` bits that something is true of.
  struct Picked {
    Set set;
    int asked = 0;
  };
  struct Key {
    LateId bare;
    Set heard;

    friend bool operator==(const Key&, const Key&) = default;
  };
  struct Hash {
    std::size_t operator()(const Key& key) const { return mixed_words(key.heard.words, key.bare); }
  };
  struct Known {
    std::vector<NotificationId> notifications;  // by bit, those seen so far
    std::unordered_map<Key, LateId, Hash> narrowed;
    FlatMap<LateId> bare;                             // by id
    std::unordered_map<LateId, Picked> for_proposal;  // by bare
    std::unordered_map<NotificationId, Picked> for_settled;
    std::unordered_map<std::uint32_t, Picked> mattering;  // by number of a set of votes
    Picked settled;
    std::unordered_map<LateId, std::vector<Support>> given;  // by bare and bit
  };
  Known& known(int server) { return known_[static_cast<std::size_t>(server)]; }

  void see(int server, int end) {
    std::vector<NotificationId>& seen = known(server).notifications;
    while (seen.size() < static_cast<std::size_t>(end)) {
      seen.push_back(bits_.notification(server, static_cast<int>(seen.size())));
    }
  }
  template <class Test>
  const Set& picked(int server, Picked& picked, const Set& heard, const Test& test) {
    const int end = heard.end();
    see(server, end);
    for (; picked.asked < end; ++picked.asked) {
      if (test(known(server).notifications[static_cast<std::size_t>(picked.asked)])) picked.set.insert(picked.asked);
    }
    return picked.set;
  }
  const Set& bearing_on_proposal(int server, LateId bare, const Set& heard) {
    return picked(server, known(server).for_proposal[bare], heard,
                  [&](NotificationId one) { return late_.speaks_for_proposal(server, bare, one); });
  }
  LateId narrowed(int server, LateId bare, const Set& heard) {
    if (heard == Set{}) return bare;
    auto& map = known(server).narrowed;
    const Key key{bare, heard};
    if (const auto found = map.find(key); found != map.end()) return found->second;
    std::vector<NotificationId> notifications;
    heard.for_each(
        [&](int bit) { notifications.push_back(known(server).notifications[static_cast<std::size_t>(bit)]); });
    std::sort(notifications.begin(), notifications.end());
    const LateId id = late_.with(server, bare, std::move(notifications));
    map.emplace(key, id);
    return id;
  }
  bool is_looking(NotificationId id) {
    while (looking_.size() <= id) {
      const auto next = static_cast<NotificationId>(looking_.size());
      looking_.push_back(next != no_notification &&
                         system_.machine().notification(next).vote.state == model::ServerState::looking);
    }
    return looking_[id];
  }

  ClosedSystem& system_;
  LateMachine& late_;
  HeardBits& bits_;
  LateView& tables_;
  std::vector<Known> known_;
  std::vector<bool> looking_;  // by notification
};

}  // namespace conclave::spec
