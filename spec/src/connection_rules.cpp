#include "conclave/spec/connection_rules.hpp"

#include <array>

namespace conclave::spec {
namespace {

constexpr ConnectionPropertyInfo infos[] = {
    {ConnectionProperty::connected_at_rest, PropertyKind::always, "connected-at-rest",
     "When nothing is under way any more, two servers that run have one connection, and each counts on the same "
     "one."},
    {ConnectionProperty::message_arrives, PropertyKind::always, "message-arrives",
     "When nothing is under way any more, what a server told another last has arrived, if both have run since."},
    {ConnectionProperty::one_sender, PropertyKind::always, "one-sender",
     "No server ever sends to another over two connections."},
    {ConnectionProperty::connected, PropertyKind::sometimes, "connected",
     "Two servers are connected, and nothing is under way."},
    {ConnectionProperty::reconnected, PropertyKind::sometimes, "reconnected",
     "They are after a crash of one of them."},
    {ConnectionProperty::arrived, PropertyKind::sometimes, "arrived", "What a server told another last arrives."},
    {ConnectionProperty::overwritten, PropertyKind::sometimes, "overwritten",
     "A message takes the place of one that was still queued."},
    {ConnectionProperty::called_back, PropertyKind::sometimes, "called-back",
     "A server calls back a smaller one that has called."},
    {ConnectionProperty::old_one_ended, PropertyKind::sometimes, "old-one-ended",
     "A new connection ends an old one that was in use."},
    {ConnectionProperty::half_open_ended, PropertyKind::sometimes, "half-open-ended",
     "A call, or a new connection, ends one whose other end has crashed without a word."},
    {ConnectionProperty::written_in_vain, PropertyKind::sometimes, "written-in-vain",
     "A message goes into a connection whose other end is gone."},
    {ConnectionProperty::last_sent_again, PropertyKind::sometimes, "last-sent-again",
     "What was sent last is sent again over a new connection."},
    {ConnectionProperty::refused, PropertyKind::sometimes, "refused", "A server that does not run is called."},
    {ConnectionProperty::called_while_calling, PropertyKind::sometimes, "called-while-calling",
     "A smaller server calls one that is just calling it."},
    {ConnectionProperty::called_again, PropertyKind::sometimes, "called-again",
     "A call back that had to wait is made."},
    {ConnectionProperty::timed_out, PropertyKind::sometimes, "timed-out",
     "A call to a server out of reach is given up."},
};
static_assert(std::size(infos) == connection_properties_count);

constexpr ConnectionRuleVariant unchanged{"conclave", "the rules as they are", "", "", {}};

constexpr ConnectionRules with(bool ConnectionRules::*rule, bool value) {
  ConnectionRules rules;
  rules.*rule = value;
  return rules;
}
constexpr std::array bugs = {
    // Made up.
    ConnectionRuleVariant{"no-call-back", "a server that a smaller one calls does not call back", "", "",
                          with(&ConnectionRules::calls_back, false)},
    ConnectionRuleVariant{"old-one-stays", "a new connection does not end the old one", "", "",
                          with(&ConnectionRules::ends_old, false)},
    ConnectionRuleVariant{"last-not-again", "what was sent last is not sent again over a new connection", "", "",
                          with(&ConnectionRules::sends_last, false)},
    // ZooKeeper's own, read from what their corrections changed: 8d2ae2849, f427447d7 (two), 0287c9572, and of 2781 the
    // difference that was proposed (271023946).
    ConnectionRuleVariant{"zk-453", "a server that a smaller one calls keeps the connection that it believes to have",
                          "QuorumCnxManager.receiveConnection", "a crash and a restart",
                          with(&ConnectionRules::keeps_old_on_call, true)},
    ConnectionRuleVariant{"zk-822-entry",
                          "a new connection is entered before the old one ends, and whichever ends removes the entry",
                          "SendWorker.finish, initiateConnection, receiveConnection", "",
                          with(&ConnectionRules::registers_first, true)},
    ConnectionRuleVariant{"zk-822-time-out",
                          "while a server opens a connection it does nothing else, and it never gives up",
                          "QuorumCnxManager.connectOne", "a server out of reach (--out-of-reach)",
                          with(&ConnectionRules::waits_for_call, true)},
    ConnectionRuleVariant{"zk-2164", "a server that says that its address is 0.0.0.0 is called back there",
                          "QuorumCnxManager.handleConnection", "a server that says so (--wildcard)",
                          with(&ConnectionRules::calls_wildcard, true)},
    ConnectionRuleVariant{"zk-2781", "a call back that comes while a call is under way is not made",
                          "QuorumCnxManager.initiateConnectionAsync", "", with(&ConnectionRules::forgets_call, true)},
    ConnectionRuleVariant{
        "zk-2781-race", "... that is, one that has ended the very connection which the call under way has opened",
        "QuorumCnxManager.handleConnection", "", with(&ConnectionRules::forgets_call_of_ended, true)},
};

}  // namespace

std::span<const ConnectionPropertyInfo> connection_property_infos() { return infos; }
const ConnectionRuleVariant& connection_rules() { return unchanged; }
std::span<const ConnectionRuleVariant> seeded_connection_bugs() { return bugs; }
const ConnectionRuleVariant* find_seeded_connection_bug(std::string_view name) {
  for (const ConnectionRuleVariant& bug : bugs) {
    if (bug.name == name) return &bug;
  }
  return nullptr;
}

}  // namespace conclave::spec
