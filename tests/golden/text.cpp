#include "text.hpp"

#include <fmt/format.h>

#include <string_view>

namespace conclave::golden {
namespace {

using namespace conclave::model;

std::string decimal(std::int64_t value) { return value == least ? "least" : fmt::format("{}", value); }

std::string_view name_of(LearnerType type) { return type == LearnerType::observer ? "observer" : "participant"; }

std::string text_of(const std::optional<ConfigIndex>& config) { return config ? fmt::format("{}", *config) : "none"; }

std::string text_of(const std::optional<Vote>& vote) { return vote ? golden::text_of(*vote) : "none"; }

std::string text_of(const Oracle& oracle) {
  return fmt::format("needed={} grants={}", oracle.needed ? "yes" : "no", oracle.grants ? "yes" : "no");
}

class Changes {
 public:
  template <class Value, class Text>
  void add(std::string_view what, const Value& before, const Value& after, const Text& text) {
    if (before == after) return;
    lines_.push_back(fmt::format("{}: {} -> {}", what, text(before), text(after)));
  }

  // Tables only ever gain votes, replace them, or are emptied.
  void add(std::string_view what, const VoteTable& before, const VoteTable& after) {
    bool emptied = false;
    for (const Ballot& ballot : before) emptied = emptied || after.find(ballot.from) == nullptr;
    if (emptied) lines_.push_back(fmt::format("{}: emptied", what));
    for (const Ballot& ballot : after) {
      const Vote* old = before.find(ballot.from);
      if (!emptied && old != nullptr && *old == ballot.vote) continue;
      lines_.push_back(fmt::format("{}[{}]: {}", what, golden::text_of(ballot.from), text_of_said(ballot.vote, 0)));
    }
  }

  std::vector<std::string> take() { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
};

void add_table(std::vector<std::string>& lines, std::string_view what, const VoteTable& votes) {
  for (const Ballot& ballot : votes) {
    lines.push_back(fmt::format("{}[{}]: {}", what, golden::text_of(ballot.from), text_of_said(ballot.vote, 0)));
  }
}

}  // namespace

std::string text_of(ServerId id) { return id == no_server ? "none" : fmt::format("{}", id.value); }

std::string text_of(Zxid zxid) { return zxid.value < 0 ? decimal(zxid.value) : fmt::format("{:#x}", zxid.value); }

std::string text_of(PeerEpoch epoch) { return decimal(epoch.value); }

std::string text_of(const Proposal& proposal) {
  return fmt::format("leader={} zxid={} epoch={}", text_of(proposal.leader), text_of(proposal.zxid),
                     text_of(proposal.epoch));
}

std::string text_of(const Vote& vote) {
  const std::string version = vote.version == 0 ? "" : fmt::format(" version={}", vote.version);
  return fmt::format("leader={} zxid={} round={} epoch={}{}", text_of(vote.proposal.leader),
                     text_of(vote.proposal.zxid), decimal(vote.round.value), text_of(vote.proposal.epoch), version);
}

std::string text_of_said(const Vote& vote, std::int32_t usual_version) {
  Vote unversioned = vote;
  unversioned.version = 0;
  const std::string version = vote.version == usual_version ? "" : fmt::format(" version={}", vote.version);
  return fmt::format("{} {}{}", model::name_of(vote.state), text_of(unversioned), version);
}

std::string text_of(const Message& message) {
  if (message.format == MessageFormat::too_short) return "a message that is too short";
  const bool known = message.state_code >= 0 && message.state_code < server_states;
  const std::string state = known ? std::string(model::name_of(static_cast<ServerState>(message.state_code)))
                                  : fmt::format("state {}", message.state_code);
  std::string text = fmt::format("{} leader={} zxid={} round={}", state, text_of(message.leader),
                                 text_of(message.zxid), decimal(message.round.value));
  if (message.format == MessageFormat::without_epoch) return text + " in 28 bytes";
  text += " epoch=" + text_of(message.peer_epoch);
  if (message.format == MessageFormat::without_version) return text + " in 40 bytes";
  if (message.version != notification_version) text += fmt::format(" version={}", message.version);
  if (message.version <= 1) return text;
  switch (message.config_text) {
    case ConfigText::absent: return text + ", ends before the configuration";
    case ConfigText::bad_length: return text + ", a configuration of impossible length";
    case ConfigText::unparseable: return text + ", an unparseable configuration";
    case ConfigText::parsed: return message.config == 0 ? text : text + fmt::format(" config={}", message.config);
  }
  return text;
}

std::string text_of(const Role& role) {
  struct Text {
    std::string operator()(const BeforeElection&) const { return "LOOKING (before election)"; }
    std::string operator()(const Polling&) const { return "LOOKING (polling)"; }
    std::string operator()(const Finalizing&) const { return "LOOKING (finalizing)"; }
    std::string operator()(const Leading&) const { return "LEADING"; }
    std::string operator()(const Following& role) const { return "FOLLOWING " + text_of(role.leader); }
    std::string operator()(const Observing& role) const { return "OBSERVING " + text_of(role.leader); }
  };
  return std::visit(Text{}, role);
}

std::string text_of(const RuleSet& rules) {
  std::string text;
  for (const RuleInfo& info : rule_infos) {
    if (!rules.has(info.rule)) continue;
    if (!text.empty()) text += ", ";
    text += info.name;
  }
  return text.empty() ? "none" : text;
}

std::string text_of(ConfigurationError error) {
  switch (error) {
    case ConfigurationError::none: return "none";
    case ConfigurationError::no_members: return "no members";
    case ConfigurationError::too_many_members: return "too many members";
    case ConfigurationError::duplicate_member: return "a member twice";
    case ConfigurationError::participant_without_group: return "a participant without a group";
    case ConfigurationError::grouped_without_weight: return "an observer in a group, without a weight";
    case ConfigurationError::negative_weight: return "a negative weight";
    case ConfigurationError::group_too_heavy: return "a group too heavy";
  }
  return "?";
}

std::string text_of(const Configuration& configuration) {
  std::string voters;
  std::string observers;
  for (const Member& member : configuration.members()) {
    const bool voter = member.role == LearnerType::participant;
    std::string& list = voter ? voters : observers;
    if (!list.empty()) list += ',';
    list += text_of(member.id);
    if (member.weight) list += fmt::format("(weight {})", member.weight->value);
  }
  std::string_view kind = "majority";
  if (configuration.kind() == QuorumKind::hierarchical) kind = "hierarchical";
  if (configuration.kind() == QuorumKind::oracle_majority) kind = "majority with an oracle";
  std::string text = fmt::format("version {}, {}, voters {}", configuration.version().value, kind, voters);
  if (!observers.empty()) text += ", observers " + observers;
  for (const Group& group : configuration.groups()) {
    text += fmt::format(", group {} of weight {}", group.id, group.weight.value);
  }
  return text;
}

std::vector<std::string> changes(const Peer& before, const Peer& after) {
  const auto plain = [](const auto& value) { return text_of(value); };
  const auto count = [](std::size_t value) { return fmt::format("{}", value); };
  Changes lines;
  lines.add("role", before.role, after.role, plain);
  lines.add("clock", before.clock, after.clock, [](Round round) { return decimal(round.value); });
  lines.add("proposal", before.proposal, after.proposal, plain);
  lines.add("current vote", before.current_vote, after.current_vote, plain);
  lines.add("unpublished vote", before.unpublished, after.unpublished, plain);
  lines.add("queue", before.received.size(), after.received.size(), count);
  lines.add("recvset", before.recvset, after.recvset);
  lines.add("outofelection", before.outofelection, after.outofelection);
  lines.add("configuration", before.committed, after.committed, count);
  lines.add("last seen configuration", before.last_seen, after.last_seen, plain);
  lines.add("learner type", before.learner_type, after.learner_type, [](LearnerType type) { return name_of(type); });
  lines.add("oracle", before.oracle, after.oracle, plain);
  return lines.take();
}

std::vector<std::string> describe(const Peer& peer) {
  std::vector<std::string> lines;
  lines.push_back(fmt::format("server {}: {}, {}", text_of(peer.id), text_of(peer.role), name_of(peer.learner_type)));
  lines.push_back(fmt::format("durable: epoch={} accepted={} zxid={}", text_of(peer.durable.current_epoch),
                              text_of(peer.durable.accepted_epoch), text_of(peer.durable.last_zxid)));
  lines.push_back(fmt::format("configuration: {}, last seen {}", peer.committed, text_of(peer.last_seen)));
  lines.push_back("clock: " + decimal(peer.clock.value));
  lines.push_back("proposal: " + text_of(peer.proposal));
  lines.push_back("current vote: " + text_of(peer.current_vote));
  if (peer.unpublished) lines.push_back("unpublished vote: " + text_of(*peer.unpublished));
  if (in_election(peer)) lines.push_back(fmt::format("notification time-out: {} ms", peer.notification_timeout_ms));
  add_table(lines, "recvset", peer.recvset);
  add_table(lines, "outofelection", peer.outofelection);
  for (const Notification& waiting : peer.received) {
    lines.push_back(
        fmt::format("queue: {} from {}", text_of_said(waiting.vote, notification_version), text_of(waiting.from)));
  }
  return lines;
}

}  // namespace conclave::golden
