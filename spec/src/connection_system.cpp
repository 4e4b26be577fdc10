#include "conclave/spec/connection_system.hpp"

#include <algorithm>
#include <cassert>

#include "conclave/model/connections.hpp"

namespace conclave::spec {
namespace {

using model::CallAnswer;
using model::CallWanted;
using Kind = ConnectionActionKind;
using Seen = ConnectionProperty;

model::ServerId id_of(int server) { return model::ServerId{server + 1}; }

bool is_over(LinkEnd end) { return end == LinkEnd::ended || end == LinkEnd::crashed || end == LinkEnd::hit; }
bool is_there(const Link& link) { return link.ends[larger] != LinkEnd::none; }
bool is_gone(const Link& link) {
  const bool other_over = link.astray || is_over(link.ends[smaller]);
  return is_over(link.ends[larger]) && other_over && !link.leaving[larger] && !link.leaving[smaller];
}

// One step, taken in a copy of the world.
class Step {
 public:
  Step(const ConnectionScope& scope, const ConnectionRules& rules, const ConnectionWorld& world)
      : scope_(scope), rules_(rules), world(world) {}

  void start(int server) {
    world.up[at(server)] = true;
    for (int peer = 0; peer < scope_.servers; ++peer) {
      if (peer != server) wants_to_tell(server, peer);
    }
  }

  void crash(int server) {
    ++world.crashes;
    world.up[at(server)] = false;
    world.to_send[at(server)] = 0;
    for (int peer = 0; peer < scope_.servers; ++peer) {
      if (peer == server) continue;
      LinkPair& pair = pair_with(server, peer);
      const int side = side_of(server, peer);
      for (Link& link : pair.links) {
        LinkEnd& end = link.ends[at(side)];
        if (end == LinkEnd::running || end == LinkEnd::backlog) end = LinkEnd::crashed;
        link.carries = {};
        link.leaving[at(side)] = false;
      }
      pair.entry[at(side)] = -1;
      pair.queued[at(side)] = pair.last[at(side)] = false;
      pair.due = {};
      pair.call[at(side)] = Call::none;
      if (side == larger) {
        pair.again = false;
        pair.calls = 0;
      }
      tidy(pair);
    }
  }

  void say(int server, int peer) {
    ++world.messages;
    wants_to_tell(server, peer);
  }

  void send(int server, int peer) {
    LinkPair& pair = pair_with(server, peer);
    const int side = side_of(server, peer);
    world.to_send[at(server)] = static_cast<std::uint8_t>(world.to_send[at(server)] & ~(1U << at(peer)));
    if (pair.queued[at(side)]) saw(Seen::overwritten);
    pair.queued[at(side)] = true;
    call_if_wanted(pair, side, Call::under_way);
  }

  // False: the bounds do not allow it.
  bool reach(int server, int peer) {
    LinkPair& pair = pair_with(server, peer);
    const int side = side_of(server, peer);
    const bool astray = pair.call[at(side)] == Call::under_way_astray;
    pair.call[at(side)] = Call::over;
    if (!model::keeps_own_call(id_of(server), id_of(peer))) {
      if (pair.calls == backlog_max) return false;
      ++pair.calls;
      return true;
    }
    const auto place = std::find_if_not(pair.links.begin(), pair.links.end(), is_there);
    if (place == pair.links.end()) return false;
    *place = Link{};
    place->name = ++world.opened;
    place->astray = astray;
    if (!astray) place->ends[smaller] = LinkEnd::backlog;
    enter(server, peer, static_cast<int>(place - pair.links.begin()));
    return true;
  }

  void fail(int server, int peer) {
    pair_with(server, peer).call[at(side_of(server, peer))] = Call::over;
    saw(Seen::refused);
  }
  void expire(int server, int peer) {
    pair_with(server, peer).call[at(side_of(server, peer))] = Call::over;
    saw(Seen::timed_out);
  }

  void done(int server, int peer) {
    LinkPair& pair = pair_with(server, peer);
    const int side = side_of(server, peer);
    pair.call[at(side)] = Call::none;
    if (side != larger) return;
    if (model::calls_again(pair.again, pair.entry[larger] >= 0)) {
      pair.call[larger] = Call::under_way;
      saw(Seen::called_again);
    }
    pair.again = false;
  }

  void hear(int server, int peer) {
    LinkPair& pair = pair_with(server, peer);
    assert(model::answer_call(id_of(server), id_of(peer)) == CallAnswer::call_back);
    --pair.calls;
    const bool ends = pair.entry[larger] >= 0 && !rules_.keeps_old_on_call;
    if (ends) end_entry(pair, larger);
    if (!rules_.calls_back) return;
    const bool there = rules_.calls_wildcard && (scope_.wildcard >> at(peer) & 1U) != 0;
    const bool waits = pair.call[larger] != Call::none;
    if (call_if_wanted(pair, larger, there ? Call::under_way_astray : Call::under_way)) saw(Seen::called_back);
    if (waits) saw(Seen::called_while_calling);
    if (waits && !rules_.forgets_call && !(ends && rules_.forgets_call_of_ended)) pair.again = true;
  }

  void accept(int server, int peer) {
    LinkPair& pair = pair_with(server, peer);
    assert(model::answer_call(id_of(server), id_of(peer)) == CallAnswer::take_it);
    const auto place = std::find_if(pair.links.begin(), pair.links.end(),
                                    [](const Link& link) { return link.ends[smaller] == LinkEnd::backlog; });
    enter(server, peer, static_cast<int>(place - pair.links.begin()));
  }

  void write(int server, int peer, int number) {
    LinkPair& pair = pair_with(server, peer);
    pair.queued[at(side_of(server, peer))] = false;
    put(server, peer, number);
  }

  void read(int server, int peer, int number) {
    LinkPair& pair = pair_with(server, peer);
    const int from = other_side(side_of(server, peer));
    pair.links[at(number)].carries[at(from)] = false;
    pair.due[at(from)] = false;
    saw(Seen::arrived);
  }

  void close(int server, int peer, int number) {
    LinkPair& pair = pair_with(server, peer);
    end(pair, side_of(server, peer), number);
    tidy(pair);
  }

  void leave(int server, int peer, int number) {
    LinkPair& pair = pair_with(server, peer);
    const int side = side_of(server, peer);
    pair.links[at(number)].leaving[at(side)] = false;
    pair.entry[at(side)] = -1;
    tidy(pair);
  }

 private:
  const ConnectionScope& scope_;
  const ConnectionRules& rules_;

 public:
  ConnectionWorld world;
  PropertySet seen = 0;

 private:
  static std::size_t at(int index) { return static_cast<std::size_t>(index); }
  LinkPair& pair_with(int server, int peer) { return world.pairs[pair_of(server, peer)]; }
  void saw(ConnectionProperty property) { seen |= bit(property); }

  void wants_to_tell(int server, int peer) {
    LinkPair& pair = pair_with(server, peer);
    const int side = side_of(server, peer);
    world.to_send[at(server)] = static_cast<std::uint8_t>(world.to_send[at(server)] | 1U << at(peer));
    pair.due[at(side)] = world.up[at(peer)];
    for (Link& link : pair.links) link.carries[at(side)] = false;  // no longer the newest
  }

  bool call_if_wanted(LinkPair& pair, int side, Call call) {
    if (model::call_wanted(pair.entry[at(side)] >= 0, pair.call[at(side)] != Call::none) != CallWanted::now)
      return false;
    pair.call[at(side)] = call;
    return true;
  }

  // A connection gets its worker, and is the one that counts.
  void enter(int server, int peer, int number) {
    LinkPair& pair = pair_with(server, peer);
    const int side = side_of(server, peer);
    pair.links[at(number)].ends[at(side)] = LinkEnd::running;
    const int old = pair.entry[at(side)];
    if (rules_.registers_first) pair.entry[at(side)] = static_cast<std::int8_t>(number);
    if (old >= 0 && rules_.ends_old) {
      note_end(pair, side, old);
      end(pair, side, old);
    }
    if (!rules_.registers_first) pair.entry[at(side)] = static_cast<std::int8_t>(number);
    if (rules_.sends_last && model::sends_last_again(!pair.queued[at(side)], pair.last[at(side)])) {
      saw(Seen::last_sent_again);
      put(server, peer, number);
    }
    tidy(pair);
  }

  void end_entry(LinkPair& pair, int side) {
    note_end(pair, side, pair.entry[at(side)]);
    end(pair, side, pair.entry[at(side)]);
    tidy(pair);
  }
  void note_end(const LinkPair& pair, int side, int number) {
    const Link& link = pair.links[at(number)];
    const LinkEnd other = link.ends[at(other_side(side))];
    saw(Seen::old_one_ended);
    if (!link.astray && (other == LinkEnd::crashed || other == LinkEnd::hit)) saw(Seen::half_open_ended);
  }

  // SendWorker.finish. What was on its way to this end is lost.
  void end(LinkPair& pair, int side, int number) {
    Link& link = pair.links[at(number)];
    if (link.ends[at(side)] != LinkEnd::running) return;
    link.ends[at(side)] = LinkEnd::ended;
    link.carries[at(other_side(side))] = false;
    if (rules_.registers_first) {
      link.leaving[at(side)] = true;
      pair.entry[at(side)] = -1;
    } else if (pair.entry[at(side)] == number) {
      pair.entry[at(side)] = -1;
    }
  }

  // The newest message of `server`, if it is not one that has still to be queued, goes into a connection.
  void put(int server, int peer, int number) {
    LinkPair& pair = pair_with(server, peer);
    const int side = side_of(server, peer);
    Link& link = pair.links[at(number)];
    LinkEnd& other = link.ends[at(other_side(side))];
    const bool newest = (world.to_send[at(server)] >> at(peer) & 1U) == 0;
    pair.last[at(side)] = true;
    if (link.astray) return;  // it tells itself
    if (other == LinkEnd::running || other == LinkEnd::backlog) {
      link.carries[at(side)] = newest;
    } else {
      saw(Seen::written_in_vain);
      if (other == LinkEnd::crashed) other = LinkEnd::hit;
    }
  }

  // Links whose ends are both over are forgotten.
  static void tidy(LinkPair& pair) {
    std::size_t kept = 0;
    std::array<std::int8_t, links_max> number{};
    for (std::size_t i = 0; i < pair.links.size(); ++i) {
      const bool stays = is_there(pair.links[i]) && !is_gone(pair.links[i]);
      number[i] = stays ? static_cast<std::int8_t>(kept) : std::int8_t{-1};
      if (stays) pair.links[kept++] = pair.links[i];
    }
    for (; kept < pair.links.size(); ++kept) pair.links[kept] = Link{};
    for (std::int8_t& entry : pair.entry) {
      if (entry >= 0) entry = number[static_cast<std::size_t>(entry)];
    }
  }
};

// All steps out of one world.
class Expansion {
 public:
  Expansion(const ConnectionScope& scope, const ConnectionRules& rules, const ConnectionWorld& world,
            const ConnectionSystem::Sink& sink, std::uint64_t& cut)
      : scope_(scope), rules_(rules), world_(world), sink_(sink), cut_(cut) {}

  PropertySet run() {
    for (int server = 0; server < scope_.servers; ++server) {
      if (is_out_of_reach(server)) continue;
      if (world_.up[at(server)]) {
        free(server);
        own(server);
      } else {
        emit(Kind::start, server, server, 0, [&](Step& step) { step.start(server); });
      }
    }
    return judge();
  }

 private:
  static std::size_t at(int index) { return static_cast<std::size_t>(index); }
  [[nodiscard]] bool is_out_of_reach(int server) const { return (scope_.out_of_reach >> at(server) & 1U) != 0; }
  [[nodiscard]] const LinkPair& pair_with(int server, int peer) const { return world_.pairs[pair_of(server, peer)]; }

  static ConnectionAction action_of(Kind kind, int server, int peer, int number) {
    return ConnectionAction{kind, static_cast<std::uint8_t>(server), static_cast<std::uint8_t>(peer),
                            static_cast<std::uint8_t>(number)};
  }
  template <class Take>
  void emit(Kind kind, int server, int peer, int number, const Take& take) {
    Step step(scope_, rules_, world_);
    take(step);
    sink_(step.world, action_of(kind, server, peer, number), step.seen);
  }
  // A step that has to happen: while there is one, the system is not at rest.
  template <class Take>
  void emit_due(Kind kind, int server, int peer, int number, const Take& take) {
    at_rest_ = false;
    emit(kind, server, peer, number, take);
  }

  void free(int server) {
    if (world_.crashes < scope_.crashes) {
      emit(Kind::crash, server, server, 0, [&](Step& step) { step.crash(server); });
    }
    if (world_.messages >= scope_.messages) return;
    for (int peer = 0; peer < scope_.servers; ++peer) {
      const bool wants_to = (world_.to_send[at(server)] >> at(peer) & 1U) != 0;
      if (peer == server || wants_to) continue;
      emit(Kind::say, server, peer, 0, [&](Step& step) { step.say(server, peer); });
    }
  }

  // With waits_for_call, whoever calls does nothing else until it has an answer.
  [[nodiscard]] bool is_held_up(int server) const {
    if (!rules_.waits_for_call) return false;
    for (int peer = 0; peer < scope_.servers; ++peer) {
      const bool calls = peer != server && pair_with(server, peer).call[at(side_of(server, peer))] != Call::none;
      if (calls) return true;
    }
    return false;
  }

  void own(int server) {
    const bool free_to_call = !is_held_up(server);
    // One thread sends to one server after the other (FastLeaderElection's WorkerSender).
    for (int peer = 0; peer < scope_.servers; ++peer) {
      if ((world_.to_send[at(server)] >> at(peer) & 1U) == 0) continue;
      if (free_to_call) emit_due(Kind::send, server, peer, 0, [&](Step& step) { step.send(server, peer); });
      break;
    }
    for (int peer = 0; peer < scope_.servers; ++peer) {
      if (peer == server) continue;
      call(server, peer);
      const LinkPair& pair = pair_with(server, peer);
      const auto waits = [](const Link& link) { return link.ends[smaller] == LinkEnd::backlog; };
      if (side_of(server, peer) == larger) {
        if (pair.calls > 0 && free_to_call) {
          emit_due(Kind::hear, server, peer, 0, [&](Step& step) { step.hear(server, peer); });
        }
      } else if (std::any_of(pair.links.begin(), pair.links.end(), waits)) {
        emit_due(Kind::accept, server, peer, 0, [&](Step& step) { step.accept(server, peer); });
      }
      for (int number = 0; number < links_max && is_there(pair.links[at(number)]); ++number) {
        work(server, peer, number);
      }
    }
  }

  void call(int server, int peer) {
    const Call call = pair_with(server, peer).call[at(side_of(server, peer))];
    if (call == Call::over) emit_due(Kind::done, server, peer, 0, [&](Step& step) { step.done(server, peer); });
    if (call == Call::under_way_astray || (call == Call::under_way && world_.up[at(peer)])) {
      at_rest_ = false;
      Step step(scope_, rules_, world_);
      if (step.reach(server, peer)) {
        sink_(step.world, action_of(Kind::reach, server, peer, 0), step.seen);
      } else {
        ++cut_;
      }
    } else if (call == Call::under_way && !is_out_of_reach(peer)) {
      emit_due(Kind::fail, server, peer, 0, [&](Step& step) { step.fail(server, peer); });
    } else if (call == Call::under_way && !rules_.waits_for_call) {
      emit_due(Kind::expire, server, peer, 0, [&](Step& step) { step.expire(server, peer); });
    }
  }

  void work(int server, int peer, int number) {
    const LinkPair& pair = pair_with(server, peer);
    const Link& link = pair.links[at(number)];
    const int side = side_of(server, peer);
    if (link.astray && side == smaller) return;
    if (link.leaving[at(side)]) {
      emit_due(Kind::leave, server, peer, number, [&](Step& step) { step.leave(server, peer, number); });
    }
    if (link.ends[at(side)] != LinkEnd::running) return;
    ++workers_[at(server)][at(peer)];
    if (pair.queued[at(side)]) {
      emit_due(Kind::write, server, peer, number, [&](Step& step) { step.write(server, peer, number); });
    }
    if (link.carries[at(other_side(side))]) {
      emit_due(Kind::read, server, peer, number, [&](Step& step) { step.read(server, peer, number); });
    }
    const auto close = [&](Step& step) { step.close(server, peer, number); };
    switch (link.ends[at(other_side(side))]) {
      case LinkEnd::ended: emit_due(Kind::close, server, peer, number, close); break;
      case LinkEnd::hit:
        if (world_.up[at(peer)]) at_rest_ = false;
        [[fallthrough]];
      case LinkEnd::crashed: emit(Kind::reset, server, peer, number, close); break;
      case LinkEnd::none:
      case LinkEnd::backlog:
      case LinkEnd::running: break;
    }
  }

  [[nodiscard]] PropertySet judge() const {
    PropertySet seen = 0;
    for (const auto& workers : workers_) {
      for (const int count : workers) {
        if (count > 1) seen |= bit(Seen::one_sender);
      }
    }
    if (!at_rest_) return seen;
    for (int one = 0; one < scope_.servers; ++one) {
      for (int two = one + 1; two < scope_.servers; ++two) {
        if (world_.up[at(one)] && world_.up[at(two)]) seen |= judge(pair_with(one, two));
      }
    }
    return seen;
  }
  [[nodiscard]] PropertySet judge(const LinkPair& pair) const {
    PropertySet seen = 0;
    const int entry = pair.entry[larger];
    const bool same = entry >= 0 && entry == pair.entry[smaller] && !pair.links[at(entry)].astray;
    seen |= bit(same ? Seen::connected : Seen::connected_at_rest);
    if (same && world_.crashes > 0) seen |= bit(Seen::reconnected);
    if (pair.due[larger] || pair.due[smaller]) seen |= bit(Seen::message_arrives);
    return seen;
  }

  const ConnectionScope& scope_;
  const ConnectionRules& rules_;
  const ConnectionWorld& world_;
  const ConnectionSystem::Sink& sink_;
  std::uint64_t& cut_;
  bool at_rest_ = true;
  std::array<std::array<int, connection_servers_max>, connection_servers_max> workers_{};
};

}  // namespace

PropertySet ConnectionSystem::successors(const ConnectionWorld& world, const Sink& sink, std::uint64_t& cut) const {
  return Expansion(scope_, rules_, world, sink, cut).run();
}

}  // namespace conclave::spec
