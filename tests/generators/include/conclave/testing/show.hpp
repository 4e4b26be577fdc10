// The model's values as one line of text each, for the messages of failing tests.
//
// text(value) gives a string. The showValue overloads, which rapidcheck looks for, have to be in the namespace of
// the values themselves: they are found by argument.
#pragma once

#include <cstdint>
#include <ostream>
#include <sstream>
#include <string>
#include <variant>

#include "conclave/model/configuration.hpp"
#include "conclave/model/event.hpp"
#include "conclave/model/peer.hpp"
#include "conclave/model/rule.hpp"
#include "conclave/model/types.hpp"
#include "conclave/model/vote.hpp"

namespace conclave::testing {

// The parts, one after the other. (g++ 12 warns falsely of `"text" + std::string` when it optimises.)
template <class... Parts>
std::string words(const Parts&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

// Small numbers as people write them, large ones (a zxid of a real ensemble) in hexadecimal.
inline std::string text(std::int64_t value) {
  constexpr std::int64_t small_max = 1'000'000'000;
  if (value == model::least) return "least";
  if (value > -small_max && value < small_max) return std::to_string(value);
  std::ostringstream out;
  out << "0x" << std::hex << static_cast<std::uint64_t>(value);
  return out.str();
}

template <class Meaning>
std::string text(const model::Number<Meaning>& number) {
  return text(number.value);
}

inline std::string text(const model::Proposal& proposal) {
  return words("leader ", text(proposal.leader), ", epoch ", text(proposal.epoch), ", zxid ", text(proposal.zxid));
}

inline std::string text(const model::Vote& vote) {
  return words("{", text(vote.proposal), ", round ", text(vote.round), ", ", model::name_of(vote.state), ", v",
               vote.version, "}");
}

inline std::string text(const model::Notification& notification) {
  return words(text(notification.from), " says ", text(notification.vote));
}

inline std::string text(const model::VoteTable& votes) {
  std::string line;
  for (const model::Ballot& ballot : votes) {
    line += words(line.empty() ? "" : ", ", text(ballot.from), ": ", text(ballot.vote));
  }
  return words("[", line, "]");
}

inline std::string text(const model::Durable& durable) {
  return words("accepted epoch ", text(durable.accepted_epoch), ", current epoch ", text(durable.current_epoch),
               ", zxid ", text(durable.last_zxid));
}

inline std::string text(const model::Member& member) {
  std::string line = text(member.id);
  if (member.role == model::LearnerType::observer) line += " observer";
  if (member.group) line += words(" group ", *member.group);
  if (member.weight) line += words(" weight ", text(*member.weight));
  return line;
}

inline std::string text(model::QuorumKind kind) {
  switch (kind) {
    case model::QuorumKind::majority: return "majority";
    case model::QuorumKind::hierarchical: return "hierarchical";
    case model::QuorumKind::oracle_majority: return "oracle majority";
  }
  return "?";
}

inline std::string text(const model::Configuration& configuration) {
  std::string line = words(text(configuration.kind()), " v", text(configuration.version()), " {");
  bool first = true;
  for (const model::Member& member : configuration.members()) {
    line += words(first ? "" : "; ", text(member));
    first = false;
  }
  return words(line, "}");
}

inline std::string text(const model::Ensemble& ensemble) {
  std::string line;
  for (const model::Configuration& configuration : ensemble.configurations) {
    line += words(line.empty() ? "" : " | ", text(configuration));
  }
  return words(line, ensemble.reconfig_enabled ? ", reconfiguration enabled" : "");
}

inline std::string text(const model::Role& role) {
  struct Name {
    std::string operator()(const model::BeforeElection&) const { return "before election"; }
    std::string operator()(const model::Polling&) const { return "polling"; }
    std::string operator()(const model::Finalizing&) const { return "finalizing"; }
    std::string operator()(const model::Leading&) const { return "LEADING"; }
    std::string operator()(const model::Following& to) const { return words("FOLLOWING ", text(to.leader)); }
    std::string operator()(const model::Observing& to) const { return words("OBSERVING ", text(to.leader)); }
  };
  return std::visit(Name{}, role);
}

// What of a peer a reader of a run wants to see. text(Peer) has everything.
inline std::string brief(const model::Peer& peer) {
  std::string line = words(text(peer.role), ", round ", text(peer.clock));
  if (model::in_election(peer)) line += words(", proposes ", text(peer.proposal));
  if (!peer.received.empty()) line += words(", ", peer.received.size(), " received");
  if (peer.unpublished) line += ", decision not yet published";
  return line;
}

inline std::string text(const model::Peer& peer) {
  std::string line = words("server ", text(peer.id));
  if (peer.learner_type == model::LearnerType::observer) line += " (observer)";
  line += words(": ", text(peer.role), ", round ", text(peer.clock));
  line += words(", committed #", int{peer.committed});
  if (peer.last_seen) line += words(", last seen #", int{*peer.last_seen});
  line += words("\n  durable: ", text(peer.durable));
  line += words("\n  proposal: ", text(peer.proposal));
  line += words("\n  current vote: ", text(peer.current_vote));
  if (peer.unpublished) line += words("\n  unpublished: ", text(*peer.unpublished));
  for (const model::Notification& waiting : peer.received) line += words("\n  received: ", text(waiting));
  line += words("\n  recvset: ", text(peer.recvset), "\n  outofelection: ", text(peer.outofelection));
  line += words("\n  time-out ", peer.notification_timeout_ms, " ms, oracle ");
  line += std::string(peer.oracle.needed ? "needed" : "not needed");
  line += peer.oracle.grants ? ", grants" : ", denies";
  if (peer.tracked) {
    line += words(", tracked ", peer.tracked->committed ? "enough" : "not enough", "/",
                  peer.tracked->last_seen ? "enough" : "not enough");
  }
  return line;
}

inline std::string text(const model::Message& message) {
  constexpr const char* formats[] = {"too short", "28 bytes", "40 bytes", "versioned"};
  constexpr const char* texts[] = {"absent", "bad length", "unparseable", "#"};
  std::string line = words("from ", text(message.from), " (");
  line += formats[static_cast<std::size_t>(message.format)];
  line += words(", v", message.version, "): state code ");
  line += words(message.state_code, ", leader ", text(message.leader), ", zxid ", text(message.zxid), ", epoch ",
                text(message.peer_epoch), ", round ", text(message.round), ", configuration ");
  line += texts[static_cast<std::size_t>(message.config_text)];
  return words(line, message.config_text == model::ConfigText::parsed ? std::to_string(message.config) : "");
}

inline std::string text(const model::Event& event) {
  struct Name {
    std::string operator()(const model::Start&) const { return "start"; }
    std::string operator()(const model::Received& r) const { return words("received ", text(r.message)); }
    std::string operator()(const model::Process&) const { return "process"; }
    std::string operator()(const model::Silence&) const { return "silence"; }
    std::string operator()(const model::NotificationTimeout& t) const {
      return t.delivered ? "notification time-out, delivered" : "notification time-out, nothing delivered";
    }
    std::string operator()(const model::VotePublished&) const { return "vote published"; }
    std::string operator()(const model::RoleEnded&) const { return "role ended"; }
    std::string operator()(const model::EpochEstablished& e) const {
      return words("epoch ", text(e.epoch), " established");
    }
    std::string operator()(const model::OracleRead& read) const {
      return words("oracle read: ", read.oracle.needed ? "needed" : "not needed",
                   read.oracle.grants ? ", grants" : ", denies");
    }
  };
  return std::visit(Name{}, event);
}

inline std::string text(const model::Effect& effect) {
  struct Name {
    std::string operator()(const model::SendTo& to) const {
      return words("send to ", text(to.to), " #", int{to.notification.config}, ": ", text(to.notification));
    }
    std::string operator()(const model::SendToAll& all) const {
      return words("send to all #", int{all.notification.config}, ": ", text(all.notification));
    }
    std::string operator()(const model::ReconnectAll&) const { return "reconnect all"; }
    std::string operator()(const model::ArmTimer& arm) const {
      return words("arm ", arm.timer == model::Timer::finalize ? "finalize " : "notification ", arm.ms, " ms");
    }
    std::string operator()(const model::Decided& decided) const {
      return words("decided, ", model::name_of(decided.state), ": ", text(decided.vote));
    }
    std::string operator()(const model::ConfigurationAdopted& adopted) const {
      return words("configuration #", int{adopted.config}, adopted.restarted ? " adopted, restarted" : " adopted");
    }
  };
  return std::visit(Name{}, effect);
}

inline std::string text(const model::RuleSet& rules) {
  std::string line;
  for (std::size_t i = 0; i < model::rules_count; ++i) {
    const auto rule = static_cast<model::Rule>(i);
    if (rules.has(rule)) line += words(line.empty() ? "" : " ", model::name_of(rule));
  }
  return line;
}

inline std::string text(const model::Transition& transition) {
  std::string line = text(transition.peer);
  for (const model::Effect& effect : transition.effects) line += words("\n  effect: ", text(effect));
  return words(line, "\n  rules: ", text(transition.rules));
}

}  // namespace conclave::testing

namespace conclave::model {

template <class Meaning>
void showValue(const Number<Meaning>& value, std::ostream& out) {
  out << testing::text(value);
}
inline void showValue(const Proposal& value, std::ostream& out) { out << testing::text(value); }
inline void showValue(const Vote& value, std::ostream& out) { out << testing::text(value); }
inline void showValue(const VoteTable& value, std::ostream& out) { out << testing::text(value); }
inline void showValue(const Notification& value, std::ostream& out) { out << testing::text(value); }
inline void showValue(const Durable& value, std::ostream& out) { out << testing::text(value); }
inline void showValue(const Member& value, std::ostream& out) { out << testing::text(value); }
inline void showValue(const Configuration& value, std::ostream& out) { out << testing::text(value); }
inline void showValue(const Ensemble& value, std::ostream& out) { out << testing::text(value); }
inline void showValue(const Role& value, std::ostream& out) { out << testing::text(value); }
inline void showValue(const Peer& value, std::ostream& out) { out << testing::text(value); }
inline void showValue(const Message& value, std::ostream& out) { out << testing::text(value); }
inline void showValue(const Event& value, std::ostream& out) { out << testing::text(value); }
inline void showValue(const Effect& value, std::ostream& out) { out << testing::text(value); }
inline void showValue(const Transition& value, std::ostream& out) { out << testing::text(value); }

}  // namespace conclave::model
