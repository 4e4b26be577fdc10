// Servers as the others see them, and what each may have heard: the reduction `late-reads`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "conclave/spec/closed_system.hpp"

namespace conclave::spec {

// What is judged where servers read late: claims about states, of which others notice everything.
inline constexpr PropertySet late_properties =
    bit(Property::quorum_took_part) | bit(Property::one_leader_per_round) | bit(Property::no_deadlock);

using LateId = std::uint32_t;  // of one participant; 0 is the unborn server

// On a `latest` network a read that changes nothing but the reader's tables commutes with every step of the others, for
// as long as what was read is on offer. So it is put off until it matters, and all that is kept is what a server *may*
// have read since its tables were last emptied. docs/late-reads.md has the argument.
//
// A late state stands for every server that looks like it to the others and has stored some of what it may have heard.
// What such a server can do next is asked of LocalMachine, that is of the model's step function, with the votes stored
// that the step needs. Each step of the closed system that others notice is to have its like here; not every step here
// has one there.
//
// Thread-safe. Callers on a hot path keep what they have asked for.
class LateMachine {
 public:
  // Does the argument hold in this system? Nothing, or why not.
  static std::optional<std::string> why_not(const ClosedSystem& system);

  // The system must outlive the machine. REQUIRES: !why_not(system).
  explicit LateMachine(ClosedSystem& system);

  // A step of a server that the others notice.
  struct Turn {
    LateId next = 0;
    PropertySet broken = 0;
    std::uint32_t sends = 0;  // fifo: for LocalMachine::sends()
  };

  // For all: REQUIRES 0 <= server < participants, and ids of this machine's.
  // A start, a crash, the end of a role: afterwards nothing has been heard.
  Turn plain(int server, LateId id, Input input);
  // This is on offer: from now on the server may have stored it.
  LateId may_have_heard(int server, LateId id, NotificationId offered);
  // What may come of reading this now, beyond its being stored. In an order that no number decides.
  std::vector<Turn> turns(int server, LateId id, NotificationId offered);
  // fifo: what comes of reading this now for all but the reader's tables. Noticed: its round, its proposal or its role
  // changes. Else what it sends back; 0 is nothing.
  struct Reply {
    bool noticed = false;
    std::uint32_t sends = 0;
  };
  Reply reply(int server, LateId id, NotificationId offered);
  // What a server that may have heard a quorum for its proposal comes to, and how it waits finalizeWait for that: a
  // number of LocalMachine's.
  struct Wait {
    LocalId waits = 0;
    Turn decided;
  };
  std::optional<Wait> wait(int server, LateId id);
  // Without what can't matter where only these votes can.
  LateId cleared(int server, LateId id, VoteSet votes);

  // What was heard, a notification at a time, for those who keep it otherwise than in a number:
  // The server that looks like this one, and may have heard these. REQUIRES: ascending.
  LateId with(int server, LateId id, std::vector<NotificationId> heard);
  // Of what it may have heard: can this bear on wait() and at_least()?
  bool speaks_for_proposal(int server, LateId id, NotificationId heard);
  // And, beside that, on turns() of what is on offer?
  bool speaks_for(NotificationId offered, NotificationId heard);
  // What is still heard after a turn.
  enum class Kept : std::uint8_t { nothing, settled, all };
  static Kept kept(const LocalFacts& before, const LocalFacts& then);

  LocalFacts facts(int server, LateId id);
  Support support(int server, LateId id);
  // The server with none of what it may have heard; a number of LocalMachine's.
  LocalId bare(int server, LateId id);
  // The servers that it stands for with the least stored, where these (a set of participants) have nothing to say now.
  std::vector<LocalId> at_least(int server, LateId id, std::uint32_t silent);
  std::string bytes(int server, LateId id);  // the same in every run
  // How many notifications it may have heard, and which, ascending.
  std::size_t heard(int server, LateId id) { return late(server, id).heard.size(); }
  std::vector<NotificationId> all_heard(int server, LateId id) { return late(server, id).heard; }
  std::size_t count(int server);
  std::size_t bytes_used();

 private:
  struct Late {
    LocalId bare = 0;
    std::vector<NotificationId> heard;  // ascending

    friend auto operator<=>(const Late&, const Late&) = default;
  };
  struct Known {
    std::map<Late, LateId> ids;
    std::deque<const Late*> lates;  // by id: the map's own keys, which stay where they are
    std::deque<LocalFacts> facts;
    std::deque<Support> support;
    std::unordered_map<LocalId, LocalId> bare;
    std::size_t heard = 0;  // notifications in all
  };
  // What may have been heard, looked at as votes.
  struct Vote {
    NotificationId id;
    model::Notification said;
  };

  const Late& late(int server, LateId id);
  LateId intern(int server, Late late);
  LateId after(int server, LocalId next);  // having heard nothing
  LocalId bare_of(int server, LocalId local);
  using Wanted = std::function<bool(const model::Notification&)>;
  std::vector<Vote> votes_of(const Late& late, const Wanted& wanted);
  Wait wait_of(int server, LocalId waits);
  // Who has found a quorum in adopting its proposal waits, discards its own vote for it, and has one of before stored.
  bool may_not_have_heard_itself(int server, const Late& late, const LocalFacts& facts);
  // Are these voters a quorum to whoever counts their votes? There one without a log counts as well.
  [[nodiscard]] bool votes_of_a_quorum(std::uint32_t servers) const;
  // What was heard for its proposal, in its round. REQUIRES: it looks.
  std::vector<Vote> votes_for_proposal(const Late& late, const LocalFacts& facts);
  model::Vote proposed(const LocalFacts& facts);
  std::uint32_t senders_of(const std::vector<Vote>& votes);
  [[nodiscard]] bool shows(int server, LocalId local, const LocalFacts& facts);
  [[nodiscard]] Support support_of(int server, const Late& late, const LocalFacts& facts);
  Turn turn_to(int server, const Late& before, const LocalFacts& facts, const LocalResult& result);
  void add(std::vector<Turn>& turns, const Turn& turn) const;
  void join(int server, const Late& late, const LocalFacts& facts, const Vote& offered, std::vector<Turn>& turns);

  ClosedSystem& system_;
  std::mutex mutex_;
  std::vector<Known> known_;
};

}  // namespace conclave::spec
