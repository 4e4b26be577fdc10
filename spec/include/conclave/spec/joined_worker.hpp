// One thread's view of a closed system on a `latest` network whose servers read late, with what each may propose and
// may have heard kept beside the state.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "conclave/spec/joined_view.hpp"
#include "conclave/spec/latest_steps.hpp"
#include "conclave/spec/shapes.hpp"

namespace conclave::spec {

// A place is a state of LateWorker's in which nobody has heard anything, with a shape for each server; its facts are
// which members of their shapes the servers may be, and what each may have heard. For checker::JoinExplorer.
template <std::size_t Words, std::size_t HeardWords>
class JoinedWorker : public LatestSteps<JoinedWorker<Words, HeardWords>, Words> {
 public:
  using Base = LatestSteps<JoinedWorker<Words, HeardWords>, Words>;
  using Place = typename Base::State;
  using Facts = PlaceFacts<HeardWords>;
  using Heard = HeardSet<HeardWords>;
  using Base::get;

  // All must outlive the worker.
  JoinedWorker(ClosedSystem& system, LateMachine& late, const Layout& layout, PlaceNumbers& numbers)
      : Base(system, late, layout),
        numbers_(numbers),
        joined_(system, late, numbers.heard, tables_),
        known_(static_cast<std::size_t>(n_)),
        hearing_(static_cast<std::size_t>(n_) * static_cast<std::size_t>(n_)),
        here_(static_cast<std::size_t>(n_)) {}
  // joined_ refers to tables_.
  JoinedWorker(const JoinedWorker&) = delete;
  JoinedWorker& operator=(const JoinedWorker&) = delete;

  template <class Emit>
  void initial(const Emit& emit) {
    Place place = this->initial_state();
    for (int i = 0; i < n_; ++i) become(place, i, get(place, i), of(i) = Facts{});
    emit(place, std::span<const Facts>(here_));
  }

  // Calls emit(Place next, facts, std::uint32_t action code, PropertySet broken by the step) for every step to another
  // place. Gives the properties that the place itself breaks, or a step within it.
  template <class Emit>
  PropertySet successors(const Place& place, std::span<const Facts> facts, const Emit& emit) {
    close(place, facts);
    quiet_ = {};
    PropertySet within = 0;
    const PropertySet judged = this->all_steps(place, [&](Place next, const Action& action, PropertySet broken) {
      const int changed = action.server;
      const LateId member = get(next, changed);
      const Facts before = of(changed);
      become(next, changed, member, of(changed));
      if (next == place) {
        within |= broken;
      } else {
        joined_.keep(changed, view_.at(changed), tables_.facts(changed, member), of(changed).heard);
        emit(next, std::span<const Facts>(here_), action.code(), broken);
      }
      of(changed) = before;
    });
    return judged | within;
  }
  // The facts with all that comes of them without a step to another place: what servers propose once they have read
  // something better, and hear. Until the next call.
  std::span<const Facts> close(const Place& place, std::span<const Facts> facts) {
    load(place);
    std::copy(facts.begin(), facts.end(), here_.begin());
    for (int i = 0; i < n_; ++i) {
      std::vector<LateId>& members = members_[static_cast<std::size_t>(i)];
      members.clear();
      of(i).members.for_each([&](int number) { members.push_back(member_of(i, get(place, i), number)); });
    }
    hear(place);
    clear(votes_here(place));
    return here_;
  }

  // For places that are looked at by themselves; the same in every run.
  bool precedes(const Place& left, const Place& right) {
    return left == right ? false : in_bytes(left) < in_bytes(right);
  }
  // Does the server look like this there, as one of its members?
  bool looks_like(const Place& place, int server, const Facts& own, const LocalFacts& shown) {
    bool found = false;
    own.members.for_each([&](int number) {
      found = found || tables_.facts(server, member_of(server, get(place, server), number)) == shown;
    });
    return found;
  }
  // The shape of a server, and which of its members it is.
  Shapes::Member shape_of(int server, LateId id) {
    FlatMap<Shapes::Member>& map = known(server).shapes;
    if (const Shapes::Member* found = map.find(id)) return *found;
    constexpr int numbers_max = decltype(Facts::members)::bits;
    return *map.add(id, numbers_.shapes.of(server, id, numbers_max));
  }

  // Of the last place: at its end but for starts and faults, and how.
  enum Mark : std::size_t { goes_on, settled, too_few, cut };
  [[nodiscard]] Mark mark() const {
    if (quiet_.settled > 0) return settled;
    if (quiet_.no_quorum > 0) return too_few;
    return quiet_.cut > 0 ? cut : goes_on;
  }

  // Nearly every step raises it: a server starts, reads a later round, settles, looks again in the next round, crashes;
  // and a restart is one of few. What lowers it is to join who has settled in an earlier round.
  std::size_t measure(const Place& place) {
    std::size_t sum = this->restarts_spent(place) * measures_of_server();
    for (int i = 0; i < n_; ++i) sum += measure_of(tables_.facts(i, get(place, i)));
    return sum;
  }
  [[nodiscard]] std::size_t measures() const {
    const auto restarts = static_cast<std::size_t>(system_.scope().restarts);
    return (restarts + static_cast<std::size_t>(n_)) * measures_of_server();
  }

  [[nodiscard]] std::size_t bytes_used() const {
    std::size_t sum = tables_.bytes_used() + joined_.bytes_used();
    for (const auto& map : hearing_) sum += map.bytes_used();
    for (const Known& known : known_) {
      sum += known.shapes.bytes_used() + known.members.bytes_used();
      sum += known.support.size() * (sizeof(SetsOfServer) + sizeof(Support) + 32);
    }
    return sum;
  }

  // LatestSteps':
  const LateMachine::Wait* wait(int server, LateId member) {
    const LateMachine::Wait* wait = tables_.wait(server, joined_.for_proposal(server, member, of(server).heard));
    if (wait == nullptr) return nullptr;
    wait_ = *wait;
    wait_.decided.next = joined_.bare(server, wait_.decided.next);
    return &wait_;
  }
  const std::vector<LateMachine::Turn>& turns(int server, LateId member, NotificationId offered) {
    turns_ = tables_.turns(server, joined_.for_offer(server, member, offered, of(server).heard), offered);
    for (LateMachine::Turn& turn : turns_) turn.next = joined_.bare(server, turn.next);
    return turns_;
  }
  const std::vector<LocalId>& at_least(int server, LateId member, std::uint32_t silent) {
    return tables_.at_least(server, joined_.for_proposal(server, member, of(server).heard), silent);
  }

 private:
  using Base::load;
  using Base::members_;
  using Base::n_;
  using Base::put;
  using Base::quiet_;
  using Base::system_;
  using Base::tables_;
  using Base::view_;

  struct SetsOfServer {
    LateId shape = 0;
    Facts facts;

    friend bool operator==(const SetsOfServer&, const SetsOfServer&) = default;
  };
  struct Hash {
    std::size_t operator()(const SetsOfServer& key) const {
      return mixed_words(key.facts.heard.words, mixed_words(key.facts.members.words, key.shape));
    }
  };
  struct Known {
    FlatMap<Shapes::Member> shapes;  // by member
    FlatMap<LateId> members;         // by shape and number
    std::unordered_map<SetsOfServer, Support, Hash> support;
  };
  // What a reader makes of all that a speaker says.
  struct Hearing {
    Heard heard;                       // it may store
    decltype(Facts::members) members;  // of its shape that it may become
  };
  Known& known(int server) { return known_[static_cast<std::size_t>(server)]; }
  Facts& of(int server) { return here_[static_cast<std::size_t>(server)]; }

  LateId member_of(int server, LateId shape, int number) {
    FlatMap<LateId>& map = known(server).members;
    const std::uint64_t key = std::uint64_t{shape} << 32U | static_cast<std::uint32_t>(number);
    if (const LateId* found = map.find(key)) return *found;
    return *map.add(key, numbers_.shapes.member(server, shape, number));
  }
  // The server is this one, and no other, in that place.
  void become(Place& place, int server, LateId id, Facts& facts) {
    const Shapes::Member member = shape_of(server, id);
    put(place, server, member.shape);
    facts.members = {};
    facts.members.insert(member.number);
  }
  std::string in_bytes(const Place& place) {
    std::string bytes;
    for (int i = 0; i < n_; ++i) bytes += numbers_.shapes.bytes(i, get(place, i), system_.machine());
    return bytes + this->spent_in_bytes(place);
  }

  // --- facts ---------------------------------------------------------------------------------------------------------

  // What all have to say is heard by all; and who reads something better proposes it, and looks the same.
  void hear(const Place& place) {
    for (bool more = true; more;) {
      more = false;
      for (int i = 0; i < n_; ++i) {
        if (view_.at(i).life != Life::up || !view_.at(i).in_election) continue;
        // There may be more of them meanwhile.
        for (std::size_t k = 0; k < this->members(i).size(); ++k) {
          for (int speaker = 0; speaker < n_; ++speaker) more = hear(place, i, this->members(i)[k], speaker) || more;
        }
      }
    }
  }
  // A server does not hear itself. Gives whether it may propose more.
  bool hear(const Place& place, int reader, LateId member, int speaker) {
    if (reader == speaker) return false;
    bool more = false;
    for (const LateId other : this->members(speaker)) {
      const Hearing& hearing = between(reader, member, speaker, other);
      of(reader).heard |= hearing.heard;
      if ((hearing.members & of(reader).members) == hearing.members) continue;
      hearing.members.for_each([&](int number) {
        if (of(reader).members.contains(number)) return;
        of(reader).members.insert(number);
        members_[static_cast<std::size_t>(reader)].push_back(member_of(reader, get(place, reader), number));
        more = true;
      });
    }
    return more;
  }
  const Hearing& between(int reader, LateId member, int speaker, LateId says) {
    FlatMap<Hearing>& map =
        hearing_[static_cast<std::size_t>(reader) * static_cast<std::size_t>(n_) + static_cast<std::size_t>(speaker)];
    const std::uint64_t key = std::uint64_t{member} << 32U | says;
    if (const Hearing* found = map.find(key)) return *found;
    Hearing hearing;
    const LateId shape = shape_of(reader, member).shape;
    for (const bool settled : {true, false}) {
      this->for_each_offer(reader, tables_.facts(reader, member), speaker, tables_.facts(speaker, says), settled,
                           [&](NotificationId offered, Offer) {
                             if (const auto bit = joined_.stored(reader, member, offered)) hearing.heard.insert(*bit);
                             for (const LateMachine::Turn& turn : tables_.turns(reader, member, offered)) {
                               const Shapes::Member then = shape_of(reader, turn.next);
                               if (then.shape == shape) hearing.members.insert(then.number);
                             }
                           });
    }
    return *map.add(key, hearing);
  }
  // Who may still be settled on.
  VoteSet votes_here(const Place& place) {
    Support all;
    for (int i = 0; i < n_; ++i) all.add(support(i, get(place, i)));
    return this->votes_of(place, all);
  }
  const Support& support(int server, LateId shape) {
    auto& map = known(server).support;
    const SetsOfServer key{shape, of(server)};
    if (const auto found = map.find(key); found != map.end()) return found->second;
    Support sum;
    for (const LateId member : this->members(server)) joined_.add_support(server, member, of(server).heard, sum);
    return map.emplace(key, sum).first->second;
  }
  void clear(VoteSet votes) {
    const std::uint32_t number = tables_.number_of(votes);
    for (int i = 0; i < n_; ++i) {
      if (view_.at(i).in_election) joined_.clear(i, votes, number, of(i).heard);
    }
  }

  // --- measure -------------------------------------------------------------------------------------------------------

  [[nodiscard]] std::size_t measures_of_server() const {
    return 2 + static_cast<std::size_t>(system_.scope().rounds) * 2;
  }
  [[nodiscard]] std::size_t measure_of(const LocalFacts& facts) const {
    if (facts.life == Life::unborn) return 0;
    if (facts.life == Life::down) return measures_of_server() - 1;
    return static_cast<std::size_t>(facts.clock) * 2 - (facts.in_election ? 1 : 0);
  }

  PlaceNumbers& numbers_;
  JoinedView<HeardWords> joined_;
  std::vector<Known> known_;
  std::vector<FlatMap<Hearing>> hearing_;  // by reader and speaker; by what both are
  std::vector<Facts> here_;                // of the place at hand, or of one next to it
  LateMachine::Wait wait_;
  std::vector<LateMachine::Turn> turns_;
};

}  // namespace conclave::spec
