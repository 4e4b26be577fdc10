#include "connections_words.hpp"

#include <fmt/format.h>

#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

using spec::Call;
using spec::ConnectionAction;
using spec::ConnectionWorld;
using spec::Link;
using spec::LinkEnd;
using spec::LinkPair;
using Kind = spec::ConnectionActionKind;

std::size_t at(int index) { return static_cast<std::size_t>(index); }
const LinkPair& pair_with(const ConnectionWorld& world, int server, int peer) {
  return world.pairs[spec::pair_of(server, peer)];
}

// The first connection of a run is a, the second b.
std::string name_of_link(const Link& link) { return std::string(1, static_cast<char>('a' + link.name - 1)); }
std::string entry_text(const LinkPair& pair, int side) {
  const int entry = pair.entry[at(side)];
  return entry < 0 ? "none" : name_of_link(pair.links[at(entry)]);
}

// One step of one server, with all that it takes to tell it.
struct Telling {
  std::string server;
  std::string peer;
  int side;
  const LinkPair& was;
  const LinkPair& is;
  std::string link;  // the one that the step is about
  LinkEnd other;     // its other end, before

  [[nodiscard]] bool calls_now() const {
    const Call before = was.call[at(side)];
    const Call after = is.call[at(side)];
    const bool under_way = after == Call::under_way || after == Call::under_way_astray;
    return under_way && (before == Call::none || before == Call::over);
  }
  [[nodiscard]] std::string send() const {
    const std::string queued = fmt::format("server {} queues what it wants to tell {}", server, peer);
    if (calls_now()) return queued + ", and calls it";
    return queued + (was.entry[at(side)] >= 0 ? "" : ", and is calling it already");
  }
  [[nodiscard]] std::string reach() const {
    if (side == spec::smaller) return fmt::format("server {} reaches {}, says who it is, and hangs up", server, peer);
    if (was.call[at(side)] == Call::under_way_astray) {
      return fmt::format("server {} calls {} at 0.0.0.0, and so reaches itself: connection {}", server, peer,
                         entry_text(is, side));
    }
    return fmt::format("server {} reaches {}: connection {}", server, peer, entry_text(is, side));
  }
  [[nodiscard]] std::string hear() const {
    const std::string call = fmt::format("server {} takes the call of {}", server, peer);
    if (calls_now()) return call + ", and calls back";
    if (is.again) return call + "; it is calling already, and will call back afterwards";
    if (was.call[at(side)] != Call::none) return call + "; it is calling already, and does not call back";
    return call + (is.entry[at(side)] >= 0 ? "; it has a connection, and does not call back" : ", and does nothing");
  }
  [[nodiscard]] std::string write() const {
    const bool gone = other == LinkEnd::ended || other == LinkEnd::crashed || other == LinkEnd::hit;
    return fmt::format("server {} writes what it has for {} into connection {}{}", server, peer, link,
                       gone ? ", whose other end is gone" : "");
  }
  [[nodiscard]] std::string accept() const {
    return fmt::format("server {} takes connection {}, which {} has opened", server, entry_text_or_running(), peer);
  }
  // With registers_first the entry may be gone at once.
  [[nodiscard]] std::string entry_text_or_running() const {
    for (const Link& link_now : was.links) {
      if (link_now.ends[spec::smaller] == LinkEnd::backlog) return name_of_link(link_now);
    }
    return entry_text(is, side);
  }
};

std::string text_of(const Telling& step, Kind kind) {
  switch (kind) {
    case Kind::start: return fmt::format("server {} starts, and wants to tell all others something", step.server);
    case Kind::crash: return fmt::format("server {} crashes without a word", step.server);
    case Kind::say: return fmt::format("server {} wants to tell {} something", step.server, step.peer);
    case Kind::send: return step.send();
    case Kind::reach: return step.reach();
    case Kind::fail: return fmt::format("server {} is told that {} does not run", step.server, step.peer);
    case Kind::expire: return fmt::format("server {} gives up calling {}", step.server, step.peer);
    case Kind::done:
      return fmt::format("server {}'s call of {} is over{}", step.server, step.peer,
                         step.calls_now() ? "; it calls back now" : "");
    case Kind::hear: return step.hear();
    case Kind::accept: return step.accept();
    case Kind::write: return step.write();
    case Kind::read: return fmt::format("server {} gets what {} told it, over {}", step.server, step.peer, step.link);
    case Kind::close:
      return fmt::format("server {} finds connection {} closed by {}", step.server, step.link, step.peer);
    case Kind::reset:
      return fmt::format("server {} learns that nobody is at the other end of {}", step.server, step.link);
    case Kind::leave: return fmt::format("a thread of server {} that served {} ends", step.server, step.link);
    case Kind::count_: break;
  }
  return "?";
}

Telling telling_of(const std::vector<model::ServerId>& ids, const ConnectionAction& action,
                   const ConnectionWorld& before, const ConnectionWorld& after) {
  const int server = action.server;
  // Of a start or a crash no pair is looked at.
  const int peer = action.peer == server ? (server == 0 ? 1 : 0) : action.peer;
  const LinkPair& was = pair_with(before, server, peer);
  const int side = spec::side_of(server, peer);
  const Link& link = was.links[action.number];
  return Telling{id_text(ids[at(server)]),
                 id_text(ids[at(peer)]),
                 side,
                 was,
                 pair_with(after, server, peer),
                 name_of_link(link),
                 link.ends[at(spec::other_side(side))]};
}

bool told_by_itself(Kind kind) { return kind == Kind::start || kind == Kind::crash || kind == Kind::say; }

}  // namespace

std::string connections_action_text(const std::vector<model::ServerId>& ids, const ConnectionAction& action,
                                    const ConnectionWorld& before, const ConnectionWorld& after) {
  return text_of(telling_of(ids, action, before, after), action.kind);
}

std::vector<std::string> connections_changes(const std::vector<model::ServerId>& ids, const ConnectionAction& action,
                                             const ConnectionWorld& before, const ConnectionWorld& after) {
  std::vector<std::string> changes;
  if (told_by_itself(action.kind)) return changes;
  const Telling step = telling_of(ids, action, before, after);
  const std::size_t side = at(step.side);
  const std::string old = entry_text(step.was, step.side);
  const std::string now = entry_text(step.is, step.side);
  if (old != now) changes.push_back(fmt::format("its connection to {}: {} -> {}", step.peer, old, now));
  const bool repeats =
      (action.kind == Kind::reach || action.kind == Kind::accept) && step.is.last[side] && !step.is.queued[side];
  if (repeats) changes.push_back(fmt::format("what it told {} last is sent again", step.peer));
  return changes;
}

std::string connections_clause(const std::vector<model::ServerId>& ids, const spec::ConnectionScope& scope,
                               spec::ConnectionProperty property, const ConnectionWorld& world) {
  for (int one = 0; one < scope.servers; ++one) {
    for (int two = one + 1; two < scope.servers; ++two) {
      const LinkPair& pair = pair_with(world, one, two);
      const std::string first = id_text(ids[at(one)]);
      const std::string second = id_text(ids[at(two)]);
      const int entry = pair.entry[spec::larger];
      const bool both = world.up[at(one)] && world.up[at(two)];
      const bool same = entry >= 0 && entry == pair.entry[spec::smaller] && !pair.links[at(entry)].astray;
      if (property == spec::ConnectionProperty::connected_at_rest && both && !same) {
        return fmt::format("servers {} and {} run and wait for nothing; connection of {} to {}: {}, of {} to {}: {}",
                           first, second, first, second, entry_text(pair, spec::smaller), second, first,
                           entry_text(pair, spec::larger));
      }
      for (const int side : {spec::smaller, spec::larger}) {
        const std::string& from = side == spec::smaller ? first : second;
        const std::string& to = side == spec::smaller ? second : first;
        if (property == spec::ConnectionProperty::message_arrives && both && pair.due[at(side)]) {
          return fmt::format("what {} told {} last has not arrived, and nothing is under way", from, to);
        }
        std::vector<std::string> senders;
        for (const Link& link : pair.links) {
          if (link.ends[at(side)] == LinkEnd::running) senders.push_back(name_of_link(link));
        }
        if (property == spec::ConnectionProperty::one_sender && senders.size() > 1) {
          return fmt::format("server {} sends to {} over {}", from, to, join(senders, " and "));
        }
      }
    }
  }
  return "";
}

}  // namespace conclave::check
