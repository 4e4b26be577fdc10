// What is claimed of the connections between servers, what is explored for it, and which rules may be broken on
// purpose.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "conclave/spec/properties.hpp"

namespace conclave::spec {

// The bounds of an exploration. Servers are numbered from 0, ids ascending. Each starts at any moment or never, and
// tells all others something when it does.
struct ConnectionScope {
  int servers = 2;                 // 2 or 3
  int crashes = 2;                 // all together; a server that has crashed may start again at any moment
  int messages = 1;                // to one other server, beyond those of the starts; all together
  std::uint32_t wildcard = 0;      // a bit for each server that says that its address is 0.0.0.0
  std::uint32_t out_of_reach = 0;  // a bit for each server of which nothing is heard: who calls it waits
};
inline constexpr int connection_servers_max = 3;
inline constexpr int connection_crashes_max = 7;
inline constexpr int connection_messages_max = 7;

enum class ConnectionProperty : std::uint8_t {
  // Claims.
  connected_at_rest,
  message_arrives,
  one_sender,
  // Has to happen, or the rest says nothing.
  connected,
  reconnected,
  arrived,
  overwritten,
  called_back,
  old_one_ended,
  half_open_ended,
  written_in_vain,
  last_sent_again,
  refused,
  called_while_calling,
  called_again,
  timed_out,
  count_
};
inline constexpr std::size_t connection_properties_count = static_cast<std::size_t>(ConnectionProperty::count_);

struct ConnectionPropertyInfo {
  ConnectionProperty property;
  PropertyKind kind;
  std::string_view name;
  std::string_view sentence;
};
std::span<const ConnectionPropertyInfo> connection_property_infos();  // in the order of the enumeration
constexpr PropertySet bit(ConnectionProperty property) { return PropertySet{1} << static_cast<unsigned>(property); }

// Each switch is a rule as it must not be.
struct ConnectionRules {
  bool keeps_old_on_call = false;  // who is called by a smaller server does not end its old connection first
  bool registers_first = false;    // the new worker is entered before the old one ends, and an end removes any entry
  bool waits_for_call = false;     // a server does nothing else while it opens a connection, for which no time is set
  bool calls_wildcard = false;     // a server is called back at 0.0.0.0 if that is what it says
  bool forgets_call = false;       // a call back that has to wait is not made
  bool forgets_call_of_ended = false;  // ... if the connection that it ended is the one just opened
  bool sends_last = true;              // over a new connection, if nothing newer waits
  bool ends_old = true;                // a new connection ends the old one
  bool calls_back = true;              // a call of a smaller server is answered with one
};
struct ConnectionRuleVariant {
  std::string_view name;
  std::string_view sentence;
  std::string_view method;  // ZooKeeper's, for one of its own bugs
  std::string_view needs;   // to show; may be empty
  ConnectionRules rules;
};
const ConnectionRuleVariant& connection_rules();
std::span<const ConnectionRuleVariant> seeded_connection_bugs();
const ConnectionRuleVariant* find_seeded_connection_bug(std::string_view name);  // nullptr if there is none

}  // namespace conclave::spec
