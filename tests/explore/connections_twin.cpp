#include "connections_twin.hpp"

#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace conclave::tests {
namespace {

using spec::ConnectionProperty;
using spec::PropertySet;

enum class Socket { unaccepted, open, closed, silent, silent_and_written };
bool is_dead(Socket socket) { return socket >= Socket::closed; }

// What the larger server has opened. Both sides have a socket, a worker's thread and what was written but not read.
struct Wire {
  int owner;  // the larger server
  int guest;  // the smaller one; the owner itself at 0.0.0.0
  int meant;  // whom the owner believes to have called
  std::map<int, Socket> sockets;
  std::map<int, std::deque<int>> written;  // by writer, numbers of messages
  std::set<int> lingering;                 // ended workers whose threads have not ended
};

enum class Dial { idle, dialling, dialling_itself, returned };

// What one server knows of another.
struct View {
  int newest = 0;  // number of what it wanted to tell last
  int queued = 0;
  int sent = 0;
  bool owed = false;
  Dial dial = Dial::idle;
  bool call_again = false;
  int callers = 0;  // hellos of the smaller server that nobody has read yet
  int registered = 0;
};
struct Server {
  bool runs = false;
  std::set<int> wishes;
  std::map<int, View> views;
};
struct World {
  std::vector<Server> servers;
  std::map<int, Wire> wires;  // by number, in the order in which they were opened
  int wires_opened = 0;
  int messages_made = 0;
  int crashes = 0;
  int extra_messages = 0;
};

class Plain {
 public:
  Plain(const spec::ConnectionScope& scope, const spec::ConnectionRules& rules) : scope_(scope), rules_(rules) {}

  ConnectionsTwinResult run() {
    World start;
    start.servers.resize(static_cast<std::size_t>(scope_.servers));
    for (int i = 0; i < scope_.servers; ++i) {
      for (int j = 0; j < scope_.servers; ++j) {
        if (i != j) server(start, i).views[j] = View{};
      }
    }
    std::set<std::string> known{text(start)};
    std::vector<World> level{start};
    while (!level.empty() && !result_.violated) {
      result_.levels.push_back(level.size());
      next_.clear();
      for (const World& world : level) expand(world);
      level.clear();
      for (World& world : next_) {
        if (known.insert(text(world)).second) level.push_back(std::move(world));
      }
      for (const auto& info : spec::connection_property_infos()) {
        const bool broken = info.kind == spec::PropertyKind::always && (result_.seen & bit(info.property)) != 0;
        result_.violated = result_.violated || broken;
      }
    }
    if (!result_.violated) look_for_circles();
    return result_;
  }

 private:
  static Server& server(World& world, int i) { return world.servers[static_cast<std::size_t>(i)]; }
  static const Server& server(const World& world, int i) { return world.servers[static_cast<std::size_t>(i)]; }
  static View& view(World& world, int of, int on) { return server(world, of).views.at(on); }
  static const View& view(const World& world, int of, int on) { return server(world, of).views.at(on); }
  void saw(ConnectionProperty property) { result_.seen |= bit(property); }
  [[nodiscard]] bool away(int i) const { return (scope_.out_of_reach >> static_cast<unsigned>(i) & 1U) != 0; }

  // The newest message is all that later steps depend on.
  static bool carries_newest(const World& world, const Wire& wire, int from) {
    const int to = from == wire.owner ? wire.meant : wire.owner;
    const auto place = wire.written.find(from);
    if (place == wire.written.end()) return false;
    for (const int number : place->second) {
      if (number == view(world, from, to).newest) return true;
    }
    return false;
  }
  static std::string text(const World& world) {
    std::string all;
    const auto add = [&all](int value) { all += std::to_string(value) + ","; };
    for (int i = 0; i < static_cast<int>(world.servers.size()); ++i) {
      add(server(world, i).runs ? 1 : 0);
      for (const int wish : server(world, i).wishes) add(wish);
      for (const auto& [other, own] : server(world, i).views) {
        all += ";";
        for (const bool flag : {own.queued != 0, own.sent != 0, own.owed, own.call_again}) add(flag ? 1 : 0);
        add(static_cast<int>(own.dial));
        add(own.callers);
        int position = 0;
        int registered = 0;
        for (const auto& [number, wire] : world.wires) {
          const bool between = wire.owner == std::max(i, other) && wire.meant == std::min(i, other);
          if (between) ++position;
          if (between && number == own.registered) registered = position;
        }
        add(registered);
      }
      all += "\n";
    }
    std::map<std::pair<int, int>, std::string> wires;
    for (const auto& [number, wire] : world.wires) {
      std::string& line = wires[{wire.owner, wire.meant}];
      line += wire.guest == wire.owner ? "self" : "wire";
      for (const auto& [end, socket] : wire.sockets) {
        line += std::to_string(static_cast<int>(socket)) + (wire.lingering.contains(end) ? "l" : "");
        line += carries_newest(world, wire, end) && wire.guest != wire.owner ? "+" : "-";
      }
    }
    for (const auto& [ends, line] : wires)
      all += std::to_string(ends.first) + std::to_string(ends.second) + line + " ";
    add(world.crashes);
    add(world.extra_messages);
    return all;
  }

  // --- what a step does ----------------------------------------------------------------------------------------------

  static void wish(World& world, int from, int to) {
    view(world, from, to).newest = ++world.messages_made;
    view(world, from, to).owed = server(world, to).runs;
    server(world, from).wishes.insert(to);
  }
  static void sweep(World& world) {
    for (auto place = world.wires.begin(); place != world.wires.end();) {
      bool over = place->second.lingering.empty();
      for (const auto& [end, socket] : place->second.sockets) over = over && is_dead(socket);
      place = over ? world.wires.erase(place) : std::next(place);
    }
  }
  // A worker is told to finish.
  void finish(World& world, int number, int self) {
    Wire& wire = world.wires.at(number);
    if (wire.sockets.at(self) != Socket::open) return;
    const int peer = self == wire.owner ? wire.meant : wire.owner;
    wire.sockets.at(self) = Socket::closed;
    if (peer != self) wire.written[peer].clear();
    View& own = view(world, self, peer);
    if (rules_.registers_first) wire.lingering.insert(self);
    if (rules_.registers_first || own.registered == number) own.registered = 0;
  }
  void note_finished(const World& world, int number, int self) {
    const Wire& wire = world.wires.at(number);
    saw(ConnectionProperty::old_one_ended);
    for (const auto& [end, socket] : wire.sockets) {
      const bool silent = socket == Socket::silent || socket == Socket::silent_and_written;
      if (end != self && silent) saw(ConnectionProperty::half_open_ended);
    }
  }
  void write(World& world, int number, int self, int peer, int message) {
    Wire& wire = world.wires.at(number);
    view(world, self, peer).sent = message;
    if (wire.guest == wire.owner) return;
    Socket& other = wire.sockets.at(peer);
    if (!is_dead(other)) {
      wire.written[self].push_back(message);
      return;
    }
    saw(ConnectionProperty::written_in_vain);
    if (other == Socket::silent) other = Socket::silent_and_written;
  }
  void begin_worker(World& world, int number, int self, int peer) {
    View& own = view(world, self, peer);
    const int old = own.registered;
    world.wires.at(number).sockets.at(self) = Socket::open;
    if (rules_.registers_first) own.registered = number;
    if (old != 0 && rules_.ends_old) {
      note_finished(world, old, self);
      finish(world, old, self);
    }
    if (!rules_.registers_first) own.registered = number;
    if (rules_.sends_last && own.queued == 0 && own.sent != 0) {
      saw(ConnectionProperty::last_sent_again);
      write(world, number, self, peer, own.sent);
    }
  }
  void crash(World& world, int self) {
    ++world.crashes;
    Server& own = server(world, self);
    own.runs = false;
    own.wishes.clear();
    for (auto& [other, known] : own.views) {
      known = View{};
      view(world, other, self).owed = false;
    }
    for (auto& [number, wire] : world.wires) {
      if (wire.owner != self && wire.guest != self) continue;
      wire.written.clear();
      wire.lingering.erase(self);
      Socket& socket = wire.sockets.at(self);
      if (!is_dead(socket)) socket = Socket::silent;
    }
  }

  // --- which steps there are -----------------------------------------------------------------------------------------

  void emit(World world, bool has_to_happen) {
    sweep(world);
    ++result_.steps;
    if (has_to_happen) {
      rests_ = false;
      due_.push_back(next_.size());
    }
    next_.push_back(std::move(world));
  }

  void expand(const World& world) {
    rests_ = true;
    due_.clear();
    for (int i = 0; i < scope_.servers; ++i) {
      if (away(i)) continue;
      if (server(world, i).runs) {
        choose(world, i);
        proceed(world, i);
      } else {
        World next = world;
        server(next, i).runs = true;
        for (const auto& [other, known] : server(world, i).views) wish(next, i, other);
        emit(next, false);
      }
    }
    judge(world);
    const std::string from = text(world);
    for (const std::size_t index : due_) {
      World after = next_[index];
      graph_[from].insert(text(after));
    }
  }

  void choose(const World& world, int self) {
    if (world.crashes < scope_.crashes) {
      World next = world;
      crash(next, self);
      emit(next, false);
    }
    for (const auto& [other, known] : server(world, self).views) {
      if (world.extra_messages == scope_.messages || server(world, self).wishes.contains(other)) continue;
      World next = world;
      ++next.extra_messages;
      wish(next, self, other);
      emit(next, false);
    }
  }

  [[nodiscard]] bool stuck(const World& world, int self) const {
    bool dials = false;
    for (const auto& [other, known] : server(world, self).views) dials = dials || known.dial != Dial::idle;
    return rules_.waits_for_call && dials;
  }

  void proceed(const World& world, int self) {
    const auto& wishes = server(world, self).wishes;
    if (!wishes.empty() && !stuck(world, self)) {
      World next = world;
      const int peer = *wishes.begin();
      View& own = view(next, self, peer);
      server(next, self).wishes.erase(peer);
      if (own.queued != 0) saw(ConnectionProperty::overwritten);
      own.queued = own.newest;
      if (own.registered == 0 && own.dial == Dial::idle) own.dial = Dial::dialling;
      emit(next, true);
    }
    for (const auto& [peer, known] : server(world, self).views) {
      dial(world, self, peer);
      if (known.callers > 0 && !stuck(world, self)) answer(world, self, peer);
      take_first(world, self, peer);
      for (const auto& [number, wire] : world.wires) {
        const bool own = (wire.owner == self && wire.meant == peer) || (wire.guest == self && wire.owner == peer);
        if (own) serve(world, self, peer, number);
      }
    }
  }

  void dial(const World& world, int self, int peer) {
    const View& known = view(world, self, peer);
    World next = world;
    View& own = view(next, self, peer);
    if (known.dial == Dial::returned) {
      own.dial = Dial::idle;
      if (std::exchange(own.call_again, false) && own.registered == 0) {
        own.dial = Dial::dialling;
        saw(ConnectionProperty::called_again);
      }
      return emit(next, true);
    }
    if (known.dial == Dial::idle) return;
    own.dial = Dial::returned;
    const bool itself = known.dial == Dial::dialling_itself;
    if (itself || server(world, peer).runs) {
      if (self < peer) {
        ++view(next, peer, self).callers;
      } else {
        const int number = ++next.wires_opened;
        Wire wire{self, itself ? self : peer, peer, {{self, Socket::open}}, {}, {}};
        if (!itself) wire.sockets[peer] = Socket::unaccepted;
        next.wires.emplace(number, wire);
        begin_worker(next, number, self, peer);
      }
      return emit(next, true);
    }
    if (away(peer) && rules_.waits_for_call) return;
    saw(away(peer) ? ConnectionProperty::timed_out : ConnectionProperty::refused);
    emit(next, true);
  }

  void answer(const World& world, int self, int peer) {
    World next = world;
    View& own = view(next, self, peer);
    --own.callers;
    const bool ends = own.registered != 0 && !rules_.keeps_old_on_call;
    if (ends) {
      note_finished(next, own.registered, self);
      finish(next, own.registered, self);
    }
    if (rules_.calls_back) {
      const bool busy = own.dial != Dial::idle;
      if (busy) {
        saw(ConnectionProperty::called_while_calling);
        if (!rules_.forgets_call && !(rules_.forgets_call_of_ended && ends)) own.call_again = true;
      } else if (own.registered == 0) {
        const bool anywhere = (scope_.wildcard >> static_cast<unsigned>(peer) & 1U) != 0;
        own.dial = rules_.calls_wildcard && anywhere ? Dial::dialling_itself : Dial::dialling;
        saw(ConnectionProperty::called_back);
      }
    }
    emit(next, true);
  }

  void take_first(const World& world, int self, int peer) {
    for (const auto& [number, wire] : world.wires) {
      if (wire.guest != self || wire.owner != peer || wire.sockets.at(self) != Socket::unaccepted) continue;
      World next = world;
      begin_worker(next, number, self, peer);
      return emit(next, true);
    }
  }

  void serve(const World& world, int self, int peer, int number) {
    const Wire& wire = world.wires.at(number);
    if (wire.lingering.contains(self)) {
      World next = world;
      next.wires.at(number).lingering.erase(self);
      view(next, self, peer).registered = 0;
      emit(next, true);
    }
    if (wire.sockets.at(self) != Socket::open) return;
    if (view(world, self, peer).queued != 0) {
      World next = world;
      write(next, number, self, peer, std::exchange(view(next, self, peer).queued, 0));
      emit(next, true);
    }
    if (wire.guest == wire.owner) return;
    if (carries_newest(world, wire, peer)) {
      World next = world;
      next.wires.at(number).written.at(peer).clear();
      view(next, peer, self).owed = false;
      saw(ConnectionProperty::arrived);
      emit(next, true);
    }
    const Socket other = wire.sockets.at(peer);
    if (!is_dead(other)) return;
    World next = world;
    finish(next, number, self);
    const bool told = other == Socket::silent_and_written && server(world, peer).runs;
    emit(next, told || other == Socket::closed);
  }

  // --- judging -------------------------------------------------------------------------------------------------------

  void judge(const World& world) {
    std::map<std::pair<int, int>, int> workers;
    for (const auto& [number, wire] : world.wires) {
      for (const auto& [end, socket] : wire.sockets) {
        if (socket == Socket::open && ++workers[{end, end == wire.owner ? wire.meant : wire.owner}] > 1) {
          saw(ConnectionProperty::one_sender);
        }
      }
    }
    if (!rests_) return;
    for (int i = 0; i < scope_.servers; ++i) {
      for (int j = 0; j < i; ++j) {
        if (!server(world, i).runs || !server(world, j).runs) continue;
        const int number = view(world, i, j).registered;
        const bool same = number != 0 && number == view(world, j, i).registered;
        saw(same ? ConnectionProperty::connected : ConnectionProperty::connected_at_rest);
        if (same && world.crashes > 0) saw(ConnectionProperty::reconnected);
        if (view(world, i, j).owed || view(world, j, i).owed) saw(ConnectionProperty::message_arrives);
      }
    }
  }

  // Kahn: takes away what nothing leads to any more; what is left lies on or behind a circle.
  void look_for_circles() {
    std::map<std::string, int> before;
    for (const auto& [from, all] : graph_) {
      for (const std::string& to : all) ++before[to];
    }
    std::vector<std::string> free;
    for (const auto& [from, all] : graph_) {
      if (!before.contains(from)) free.push_back(from);
    }
    std::size_t taken = 0;
    while (!free.empty()) {
      const std::string from = free.back();
      free.pop_back();
      ++taken;
      const auto place = graph_.find(from);
      if (place == graph_.end()) continue;
      for (const std::string& to : place->second) {
        if (--before[to] == 0) free.push_back(to);
      }
    }
    std::set<std::string> all;
    for (const auto& [from, ends] : graph_) {
      all.insert(from);
      all.insert(ends.begin(), ends.end());
    }
    result_.comes_to_rest = taken == all.size();
  }

  spec::ConnectionScope scope_;
  spec::ConnectionRules rules_;
  std::vector<World> next_;
  std::vector<std::size_t> due_;
  bool rests_ = true;
  std::map<std::string, std::set<std::string>> graph_;
  ConnectionsTwinResult result_;
};

}  // namespace

ConnectionsTwinResult explore_connections_plainly(const spec::ConnectionScope& scope,
                                                  const spec::ConnectionRules& rules) {
  return Plain(scope, rules).run();
}

}  // namespace conclave::tests
