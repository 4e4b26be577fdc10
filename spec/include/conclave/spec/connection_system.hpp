// The closed system of connections: servers that call each other, crash without a word, and tell each other something.
//
// A call is under way, has succeeded or failed, or waits in the called server's backlog; a connection is one from the
// moment at which the larger server has opened it. Of messages only this matters: whether the newest one of each
// direction has arrived, and if not, where it is. An older one that arrives changes nothing.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "conclave/spec/connection_rules.hpp"
#include "conclave/spec/layout.hpp"

namespace conclave::spec {

enum class ConnectionActionKind : std::uint8_t {
  start,   // `server` starts, and wants to tell all others something
  crash,   // ... stops without a word: no connection is closed
  say,     // ... wants to tell `peer` something
  send,    // toSend: what it wants to tell `peer` is queued, and `peer` called if there is no connection
  reach,   // its call reaches `peer`
  fail,    // ... is refused: `peer` does not run
  expire,  // ... is given up
  done,    // ... is over
  hear,    // it takes a call of the smaller `peer`
  accept,  // it takes what the larger `peer` has opened
  write,   // SendWorker: what is queued goes into connection `number`
  read,    // RecvWorker: something arrives over it
  close,   // ... has been closed by `peer`
  reset,   // ... has nobody at its other end
  leave,   // the thread of a worker that has ended ends (registers_first)
  count_
};
struct ConnectionAction {
  ConnectionActionKind kind = ConnectionActionKind::start;
  std::uint8_t server = 0;
  std::uint8_t peer = 0;    // start, crash: `server`
  std::uint8_t number = 0;  // of a connection between the two, from 0, in the order in which they were opened

  [[nodiscard]] constexpr std::uint32_t code() const {
    return static_cast<std::uint32_t>(kind) << 16U | static_cast<std::uint32_t>(server) << 8U |
           static_cast<std::uint32_t>(peer) << 4U | number;
  }
  static constexpr ConnectionAction from(std::uint32_t code) {
    return ConnectionAction{static_cast<ConnectionActionKind>(code >> 16U),
                            static_cast<std::uint8_t>(code >> 8U & 0xffU),
                            static_cast<std::uint8_t>(code >> 4U & 0xfU), static_cast<std::uint8_t>(code & 0xfU)};
  }
  friend constexpr bool operator==(const ConnectionAction&, const ConnectionAction&) = default;
};

// One end of a connection.
enum class LinkEnd : std::uint8_t {
  none,     // there is no such connection
  backlog,  // of the smaller server: opened, not yet taken
  running,  // has a worker
  ended,    // closed; the other end will be told
  crashed,  // its server crashed without a word
  hit       // ... and something was written to it since
};
// The two sides of a pair of servers.
enum Side : std::uint8_t { larger = 0, smaller = 1 };
constexpr int other_side(int side) { return 1 - side; }

struct Link {
  std::array<LinkEnd, 2> ends{LinkEnd::none, LinkEnd::none};
  std::array<bool, 2> carries{};  // by sender: its newest message
  std::array<bool, 2> leaving{};  // an ended worker's thread has still to end (registers_first)
  bool astray = false;            // the larger server has connected to itself
  std::uint8_t name = 0;          // for telling, and no part of a state: the how manieth that was opened
};
enum class Call : std::uint8_t { none, under_way, under_way_astray, over };

inline constexpr int links_max = 6;
inline constexpr int backlog_max = 7;

struct LinkPair {
  std::array<Link, links_max> links{};       // in the order in which they were opened, none between them
  std::array<std::int8_t, 2> entry{-1, -1};  // senderWorkerMap: the number of a link
  std::array<bool, 2> queued{};
  std::array<bool, 2> last{};  // something was sent (lastMessageSent)
  std::array<bool, 2> due{};   // the newest message has not arrived, and both have run since it was said
  std::array<Call, 2> call{};
  bool again = false;      // the larger server has been called while it was calling
  std::uint8_t calls = 0;  // of the smaller server, not yet taken

  friend bool operator==(const LinkPair&, const LinkPair&) = default;
};

inline constexpr std::size_t link_pairs_max = connection_servers_max * (connection_servers_max - 1) / 2;
constexpr std::size_t pair_of(int one, int two) {  // {0 1}, {0 2}, {1 2}
  return one + two == 1 ? 0 : static_cast<std::size_t>(one + two - 1);
}
constexpr int side_of(int server, int peer) { return server > peer ? larger : smaller; }

struct ConnectionWorld {
  std::array<bool, connection_servers_max> up{};
  std::array<std::uint8_t, connection_servers_max> to_send{};  // a bit for each server it wants to tell something
  std::array<LinkPair, link_pairs_max> pairs{};
  std::uint8_t crashes = 0;
  std::uint8_t messages = 0;
  std::uint8_t opened = 0;  // connections, for their names
};

// Thread-safe: nothing in it changes.
class ConnectionSystem {
 public:
  static constexpr std::size_t words = link_pairs_max + 1;
  using State = PackedState<words>;
  using Sink = std::function<void(const ConnectionWorld& next, ConnectionAction action, PropertySet seen)>;

  ConnectionSystem(const ConnectionScope& scope, const ConnectionRules& rules) : scope_(scope), rules_(rules) {}

  [[nodiscard]] const ConnectionScope& scope() const { return scope_; }
  static State pack(const ConnectionWorld& world);
  static ConnectionWorld unpack(const State& state);

  // Calls the sink for each step. Gives the properties that the state itself breaks or witnesses. `cut` counts steps
  // that were not taken because a pair would have had more than links_max links or backlog_max calls.
  PropertySet successors(const ConnectionWorld& world, const Sink& sink, std::uint64_t& cut) const;

 private:
  ConnectionScope scope_;
  ConnectionRules rules_;
};

}  // namespace conclave::spec
