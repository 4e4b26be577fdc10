// The fields of the model's types, by name. docs/recordings.md has the same names.
#pragma once

#include <array>
#include <string_view>

#include "codec.hpp"
#include "conclave/model/configuration.hpp"
#include "conclave/model/epoch_state.hpp"
#include "conclave/model/event.hpp"
#include "conclave/model/peer.hpp"

namespace conclave::record {

using Texts = std::string_view;

template <>
struct Names<model::ServerState> {
  static constexpr std::array<Texts, 4> all = {"LOOKING", "FOLLOWING", "LEADING", "OBSERVING"};
};
template <>
struct Names<model::LearnerType> {
  static constexpr std::array<Texts, 2> all = {"participant", "observer"};
};
template <>
struct Names<model::QuorumKind> {
  static constexpr std::array<Texts, 3> all = {"majority", "hierarchical", "oracle-majority"};
};
template <>
struct Names<model::MessageFormat> {
  static constexpr std::array<Texts, 4> all = {"too-short", "without-epoch", "without-version", "versioned"};
};
template <>
struct Names<model::ConfigText> {
  static constexpr std::array<Texts, 4> all = {"absent", "bad-length", "unparseable", "parsed"};
};
template <>
struct Names<model::Timer> {
  static constexpr std::array<Texts, 2> all = {"notification", "finalize"};
};
template <>
struct Names<model::EpochRole> {
  static constexpr std::array<Texts, 3> all = {"none", "leading", "learning"};
};
template <>
struct Names<model::LeadPhase> {
  static constexpr std::array<Texts, 4> all = {"collecting", "proposing", "synchronising", "established"};
};
template <>
struct Names<model::LearnerPhase> {
  static constexpr std::array<Texts, 6> all = {"waiting-for-epoch", "told-epoch",        "waiting-for-quorum",
                                               "told-new-leader",   "waiting-for-start", "up-to-date"};
};
template <>
struct Names<model::LearnPhase> {
  static constexpr std::array<Texts, 5> all = {"registering", "accepted", "synchronised", "acknowledged",
                                               "up-to-date"};
};
template <>
struct Names<model::EndReason> {
  static constexpr std::array<Texts, 6> all = {"link-lost",         "limit-over",  "epoch-too-low",
                                               "unexpected-packet", "quorum-lost", "no-history"};
};
template <>
struct Names<model::Role> {
  static constexpr std::array<Texts, 6> all = {"before-election", "polling",   "finalizing",
                                               "leading",         "following", "observing"};
};
template <>
struct Names<model::Event> {
  static constexpr std::array<Texts, 9> all = {
      "start",          "received",   "process",           "silence",    "notification-timeout",
      "vote-published", "role-ended", "epoch-established", "oracle-read"};
};
template <>
struct Names<model::Effect> {
  static constexpr std::array<Texts, 6> all = {"send",      "send-to-all", "reconnect-all",
                                               "arm-timer", "decided",     "configuration-adopted"};
};
template <>
struct Names<model::Packet> {
  static constexpr std::array<Texts, 8> all = {"follower-info", "leader-info", "ack-epoch",  "synchronise",
                                               "new-leader",    "ack",         "up-to-date", "ping"};
};
template <>
struct Names<model::EpochEvent> {
  static constexpr std::array<Texts, 6> all = {"lead", "follow", "packet", "link-lost", "limit-over", "tick"};
};
template <>
struct Names<model::EpochEffect> {
  static constexpr std::array<Texts, 8> all = {"write-accepted", "write-current", "write-history", "connect",
                                               "send",           "disconnect",    "established",   "role-over"};
};

// Alternatives without fields.
template <class Archive, class T>
requires std::is_empty_v<T>
void describe(Archive&, T&) {}

// --- votes and servers ----------------------------------------------------------------------------------------------

template <class Archive>
void describe(Archive& archive, model::Proposal& proposal) {
  auto& [epoch, zxid, leader] = proposal;
  archive("leader", leader);
  archive("zxid", zxid);
  archive("epoch", epoch);
}
template <class Archive>
void describe(Archive& archive, model::Vote& vote) {
  auto& [proposal, round, version, state] = vote;
  describe(archive, proposal);
  archive("round", round);
  archive("version", version);
  archive("state", state);
}
template <class Archive>
void describe(Archive& archive, model::Notification& notification) {
  auto& [from, vote, config] = notification;
  static_cast<void>(config);  // 0 where it waits to be handled
  archive("from", from);
  describe(archive, vote);
}
template <class Archive>
void describe(Archive& archive, model::Ballot& ballot) {
  auto& [from, vote] = ballot;
  archive("from", from);
  describe(archive, vote);
}
template <class Archive>
void describe(Archive& archive, model::Durable& durable) {
  auto& [accepted, current, zxid] = durable;
  archive("accepted_epoch", accepted);
  archive("current_epoch", current);
  archive("zxid", zxid);
}
template <class Archive>
void describe(Archive& archive, model::Oracle& oracle) {
  auto& [needed, grants] = oracle;
  archive("needed", needed);
  archive("grants", grants);
}
template <class Archive>
void describe(Archive& archive, model::TrackedSupport& support) {
  auto& [committed, last_seen] = support;
  archive("committed", committed);
  archive("last_seen", last_seen);
}
template <class Archive>
void describe(Archive& archive, model::Following& following) {
  auto& [leader] = following;
  archive("leader", leader);
}
template <class Archive>
void describe(Archive& archive, model::Observing& observing) {
  auto& [leader] = observing;
  archive("leader", leader);
}

// A table is read back nowhere.
template <>
inline Json encode(const model::VoteTable& table) {
  Json list = Json::array();
  for (const model::Ballot& ballot : table) list.push_back(encode(ballot));
  return list;
}
inline void describe(JsonWriter& archive, model::Peer& peer) {
  auto& [id, learner_type, committed, last_seen, durable, oracle, clock, proposal, vote, unpublished, role, received,
         recvset, outofelection, timeout_ms, tracked] = peer;
  archive("id", id);
  archive("learner_type", learner_type);
  archive("configuration", committed);
  archive("last_seen_configuration", last_seen);
  archive("durable", durable);
  archive("oracle", oracle);
  archive("round", clock);
  archive("proposal", proposal);
  archive("vote", vote);
  archive("unpublished", unpublished);
  archive("role", role);
  archive("received", received);
  archive("recvset", recvset);
  archive("outofelection", outofelection);
  archive("timeout_ms", timeout_ms);
  archive("tracked", tracked);
}

// --- events and effects of the election -----------------------------------------------------------------------------

template <class Archive>
void describe(Archive& archive, model::Message& message) {
  auto& [from, format, state, leader, zxid, round, epoch, version, config_text, config] = message;
  archive("from", from);
  archive("format", format);
  archive("state", state);
  archive("leader", leader);
  archive("zxid", zxid);
  archive("round", round);
  archive("epoch", epoch);
  archive("version", version);
  archive("config_text", config_text);
  archive("configuration", config);
}
template <class Archive>
void describe(Archive& archive, model::Received& received) {
  auto& [message] = received;
  describe(archive, message);
}
template <class Archive>
void describe(Archive& archive, model::NotificationTimeout& timeout) {
  auto& [delivered] = timeout;
  archive("delivered", delivered);
}
template <class Archive>
void describe(Archive& archive, model::EpochEstablished& established) {
  auto& [epoch] = established;
  archive("epoch", epoch);
}
template <class Archive>
void describe(Archive& archive, model::OracleRead& read) {
  auto& [oracle] = read;
  describe(archive, oracle);
}
template <class Archive>
void describe(Archive& archive, model::SendTo& send) {
  auto& [to, notification] = send;
  archive("to", to);
  describe(archive, notification);
  archive("configuration", notification.config);
}
template <class Archive>
void describe(Archive& archive, model::SendToAll& send) {
  auto& [notification] = send;
  describe(archive, notification);
  archive("configuration", notification.config);
}
template <class Archive>
void describe(Archive& archive, model::ArmTimer& timer) {
  auto& [which, ms] = timer;
  archive("timer", which);
  archive("ms", ms);
}
template <class Archive>
void describe(Archive& archive, model::Decided& decided) {
  auto& [state, vote] = decided;
  archive("as", state);
  describe(archive, vote);
}
template <class Archive>
void describe(Archive& archive, model::ConfigurationAdopted& adopted) {
  auto& [config, restarted] = adopted;
  archive("configuration", config);
  archive("restarted", restarted);
}

// --- epochs ---------------------------------------------------------------------------------------------------------

template <class Archive>
void describe(Archive& archive, model::Standing& standing) {
  auto& [epoch, zxid] = standing;
  archive("current_epoch", epoch);
  archive("zxid", zxid);
}
template <class Archive>
void describe(Archive& archive, model::FollowerInfo& info) {
  auto& [epoch, type, version] = info;
  archive("accepted_epoch", epoch);
  archive("learner_type", type);
  archive("config_version", version);
}
template <class Archive>
void describe(Archive& archive, model::AckEpoch& ack) {
  auto& [epoch, zxid] = ack;
  archive("current_epoch", epoch);
  archive("zxid", zxid);
}
template <class Archive>
void describe(Archive& archive, model::Synchronise& synchronise) {
  auto& [from, to] = synchronise;
  archive("zxid_from", from);
  archive("zxid_to", to);
}
// LEADERINFO, NEWLEADER, ACK and the two writes of epochs: a single epoch.
template <class Archive, class T>
void describe_epoch(Archive& archive, T& value) {
  auto& [epoch] = value;
  archive("epoch", epoch);
}
template <class Archive>
void describe(Archive& archive, model::LeaderInfo& packet) {
  describe_epoch(archive, packet);
}
template <class Archive>
void describe(Archive& archive, model::NewLeader& packet) {
  describe_epoch(archive, packet);
}
template <class Archive>
void describe(Archive& archive, model::EpochAck& packet) {
  describe_epoch(archive, packet);
}
template <class Archive>
void describe(Archive& archive, model::WriteAccepted& write) {
  describe_epoch(archive, write);
}
template <class Archive>
void describe(Archive& archive, model::WriteCurrent& write) {
  describe_epoch(archive, write);
}
template <class Archive>
void describe(Archive& archive, model::WriteHistory& write) {
  auto& [zxid] = write;
  archive("zxid", zxid);
}
template <class Archive>
void describe(Archive& archive, model::Follow& follow) {
  auto& [leader, zxid] = follow;
  archive("leader", leader);
  archive("zxid", zxid);
}
template <class Archive>
void describe(Archive& archive, model::PacketFrom& packet_from) {
  auto& [from, packet] = packet_from;
  archive("from", from);
  archive("packet", packet);
}
template <class Archive>
void describe(Archive& archive, model::LinkLost& lost) {
  auto& [with] = lost;
  archive("with", with);
}
template <class Archive>
void describe(Archive& archive, model::Connect& connect) {
  auto& [leader, info] = connect;
  archive("leader", leader);
  describe(archive, info);
}
template <class Archive>
void describe(Archive& archive, model::SendPacket& send) {
  auto& [to, packet] = send;
  archive("to", to);
  archive("packet", packet);
}
template <class Archive>
void describe(Archive& archive, model::Disconnect& disconnect) {
  auto& [from] = disconnect;
  archive("from", from);
}
template <class Archive>
void describe(Archive& archive, model::Established& established) {
  auto& [leader, epoch] = established;
  archive("leader", leader);
  archive("epoch", epoch);
}
template <class Archive>
void describe(Archive& archive, model::RoleOver& over) {
  auto& [reason] = over;
  archive("reason", reason);
}
template <class Archive>
void describe(Archive& archive, model::LearnerLink& link) {
  auto& [sid, phase, zxid] = link;
  archive("sid", sid);
  archive("phase", phase);
  archive("zxid", zxid);
}
template <class Archive>
void describe(Archive& archive, model::LeadingEpoch& leading) {
  auto& [phase, standing, epoch, connected, accepted, acknowledged, refused, learners] = leading;
  archive("phase", phase);
  archive("standing", standing);
  archive("epoch", epoch);
  archive("connected", connected);
  archive("accepted", accepted);
  archive("acknowledged", acknowledged);
  archive("refused", refused);
  archive("learners", learners);
}
template <class Archive>
void describe(Archive& archive, model::LearningEpoch& learning) {
  auto& [leader, phase, epoch, history] = learning;
  archive("leader", leader);
  archive("phase", phase);
  archive("epoch", epoch);
  archive("zxid", history);
}
template <class Archive>
void describe(Archive& archive, model::EpochPeer& peer) {
  auto& [id, learner_type, committed, last_seen, durable, role, leading, learning] = peer;
  archive("id", id);
  archive("learner_type", learner_type);
  archive("configuration", committed);
  archive("last_seen_configuration", last_seen);
  archive("durable", durable);
  archive("role", role);
  archive("leading", leading);
  archive("learning", learning);
}

// --- ensembles ------------------------------------------------------------------------------------------------------

template <class Archive>
void describe(Archive& archive, model::Member& member) {
  auto& [id, role, weight, group] = member;
  archive("id", id);
  archive("role", role);
  archive("weight", weight);
  archive("group", group);
}
template <class Archive>
void describe(Archive& archive, model::Timing& timing) {
  auto& [finalize_wait_ms, interval_min_ms, interval_max_ms] = timing;
  archive("finalize_wait_ms", finalize_wait_ms);
  archive("notification_interval_min_ms", interval_min_ms);
  archive("notification_interval_max_ms", interval_max_ms);
}

// A configuration is made, not filled in.
template <>
inline Json encode(const model::Configuration& configuration) {
  return Json{{"quorums", encode(configuration.kind())},
              {"version", encode(configuration.version())},
              {"addresses", configuration.addresses()},
              {"members", encode(configuration.members())}};
}
template <>
inline model::Configuration decode(const Json& json, const std::string& path) {
  JsonReader reader(json, path);
  model::QuorumKind kind{};
  model::ConfigVersion version{0};
  std::uint64_t addresses = 0;
  model::FixedVector<model::Member, model::servers_max> members;
  reader("quorums", kind);
  reader("version", version);
  reader("addresses", addresses);
  reader("members", members);
  reader.has_no_more();
  auto made = model::Configuration::make(kind, {members.begin(), members.size()}, version, addresses);
  if (made.error() != model::ConfigurationError::none) wrong(path, json, "members that make quorums");
  return made;
}
template <class Archive>
void describe(Archive& archive, model::Ensemble& ensemble) {
  auto& [configurations, timing, reconfig_enabled] = ensemble;
  archive("configurations", configurations);
  archive("timing", timing);
  archive("reconfig_enabled", reconfig_enabled);
}

}  // namespace conclave::record
