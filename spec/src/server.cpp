#include "conclave/spec/server.hpp"

#include <cassert>
#include <cstddef>

namespace conclave::spec {
namespace {

using model::Notification;
using model::Vote;

// One list of fields for both directions: an archive reads or writes each in turn.
class Writer {
 public:
  static constexpr bool reading = false;
  // Zigzag and varint: small numbers of either sign take one byte.
  void number(std::int64_t& value) {
    const auto plain = static_cast<std::uint64_t>(value);
    std::uint64_t folded = (plain << 1U) ^ (value < 0 ? ~std::uint64_t{0} : std::uint64_t{0});
    while (folded >= 0x80U) {
      bytes.push_back(static_cast<char>((folded & 0x7fU) | 0x80U));
      folded >>= 7U;
    }
    bytes.push_back(static_cast<char>(folded));
  }
  std::string bytes;
};

class Reader {
 public:
  static constexpr bool reading = true;
  explicit Reader(const std::string& source) : bytes(source) {}
  void number(std::int64_t& value) {
    std::uint64_t folded = 0;
    for (unsigned shift = 0;; shift += 7U) {
      assert(at < bytes.size());
      const auto byte = static_cast<std::uint8_t>(bytes[at++]);
      folded |= static_cast<std::uint64_t>(byte & 0x7fU) << shift;
      if ((byte & 0x80U) == 0) break;
    }
    const std::uint64_t sign = (folded & 1U) != 0 ? ~std::uint64_t{0} : std::uint64_t{0};
    value = static_cast<std::int64_t>((folded >> 1U) ^ sign);
  }
  const std::string& bytes;
  std::size_t at = 0;
};

template <class Archive, class Small>
void small(Archive& archive, Small& value) {
  auto wide = static_cast<std::int64_t>(value);
  archive.number(wide);
  value = static_cast<Small>(wide);
}

// Two members, of which the first is below `below`, as one number: the first alone where the second is 0.
template <class Archive, class First, class Second>
void both(Archive& archive, First& first, unsigned below, Second& second) {
  auto number = static_cast<unsigned>(first) + below * static_cast<unsigned>(second);
  small(archive, number);
  first = static_cast<First>(number % below);
  second = static_cast<Second>(number / below);
}

template <class Archive>
void fields(Archive& archive, Vote& vote, model::ConfigIndex& config) {
  archive.number(vote.proposal.epoch.value);
  archive.number(vote.proposal.zxid.value);
  archive.number(vote.proposal.leader.value);
  archive.number(vote.round.value);
  small(archive, vote.version);
  both(archive, vote.state, model::server_states, config);
}

template <class Archive>
void fields(Archive& archive, Vote& vote) {
  model::ConfigIndex none = 0;
  fields(archive, vote, none);
}

template <class Archive>
void fields(Archive& archive, Notification& notification) {
  archive.number(notification.from.value);
  fields(archive, notification.vote, notification.config);
}

template <class Archive, class Value>
void fields(Archive& archive, std::optional<Value>& value) {
  bool present = value.has_value();
  small(archive, present);
  if constexpr (Archive::reading) value = present ? std::optional<Value>(Value{}) : std::nullopt;
  if (present) fields(archive, *value);
}

template <class Archive>
void fields(Archive& archive, Established& established) {
  archive.number(established.round);
  archive.number(established.voted_epoch.value);
}

template <class Archive>
void fields(Archive& archive, model::TrackedSupport& support) {
  small(archive, support.committed);
  small(archive, support.last_seen);
}

template <class Archive>
void fields(Archive& archive, model::VoteTable& table) {
  std::size_t size = table.size();
  small(archive, size);
  if constexpr (Archive::reading) {
    table.clear();
    for (std::size_t i = 0; i < size; ++i) {
      model::Ballot ballot{};
      archive.number(ballot.from.value);
      fields(archive, ballot.vote);
      table.put(ballot.from, ballot.vote);
    }
  } else {
    for (model::Ballot ballot : table) {
      archive.number(ballot.from.value);
      fields(archive, ballot.vote);
    }
  }
}

template <class Archive>
void fields(Archive& archive, model::Role& role) {
  std::size_t index = role.index();
  small(archive, index);
  std::int64_t leader = 0;
  if (const auto* following = std::get_if<model::Following>(&role)) leader = following->leader.value;
  if (const auto* observing = std::get_if<model::Observing>(&role)) leader = observing->leader.value;
  archive.number(leader);
  if constexpr (Archive::reading) {
    const model::ServerId id{leader};
    const model::Role roles[] = {model::BeforeElection{}, model::Polling{},     model::Finalizing{},
                                 model::Leading{},        model::Following{id}, model::Observing{id}};
    static_assert(std::size(roles) == std::variant_size_v<model::Role>);
    role = roles[index];
  }
}

// Of the peer's members these are missing: id, durable state and oracle, which never change in a scenario, the
// time-out's length, which a network without clocks can't notice, and what a reconfiguration changes, which a server
// keeps that does not run (see `configurations_of`).
template <class Archive>
void fields(Archive& archive, model::Peer& peer) {
  archive.number(peer.clock.value);
  Vote proposal{peer.proposal, {}, 0, {}};
  fields(archive, proposal);
  peer.proposal = proposal.proposal;
  fields(archive, peer.current_vote);
  fields(archive, peer.unpublished);
  fields(archive, peer.role);
  std::size_t waiting = peer.received.size();
  small(archive, waiting);
  for (std::size_t i = 0; i < waiting; ++i) {
    if constexpr (Archive::reading) peer.received.push_back(Notification{});
    fields(archive, peer.received[i]);
  }
  fields(archive, peer.recvset);
  fields(archive, peer.outofelection);
  fields(archive, peer.tracked);
}

// What a server knows of configurations, as a number: 0 if it has never known another than 0. Then its learner type is
// the one that it began with.
constexpr auto many = static_cast<unsigned>(model::configurations_max);
unsigned configurations_of(const model::Peer& peer) {
  if (peer.committed == 0 && !peer.last_seen) return 0;
  const unsigned seen = peer.last_seen ? 1U + *peer.last_seen : 0U;
  const unsigned observes = peer.learner_type == model::LearnerType::observer ? 1U : 0U;
  return 1U + observes + 2U * (peer.committed + many * seen);
}
void set_configurations(model::Peer& peer, unsigned number) {
  peer.committed = 0;
  peer.last_seen.reset();
  if (number-- == 0) return;
  peer.learner_type = number % 2 == 0 ? model::LearnerType::participant : model::LearnerType::observer;
  peer.committed = static_cast<model::ConfigIndex>(number / 2 % many);
  const unsigned seen = number / 2 / many;
  if (seen != 0) peer.last_seen = static_cast<model::ConfigIndex>(seen - 1);
}

template <class Archive>
void fields(Archive& archive, Server& server) {
  constexpr unsigned lives = 3;
  unsigned configurations = configurations_of(server.peer);
  both(archive, server.life, lives, configurations);
  if constexpr (Archive::reading) set_configurations(server.peer, configurations);
  if (server.life != Life::up) return;
  fields(archive, server.proposal);
  fields(archive, server.peer);
  fields(archive, server.established);
}

}  // namespace

std::string encode(const Server& server) {
  Writer writer;
  Server copy = server;
  fields(writer, copy);
  return writer.bytes;
}

std::string encode(const Notification& notification) {
  Writer writer;
  Notification copy = notification;
  fields(writer, copy);
  return writer.bytes;
}

Server decode(const std::string& bytes, const Server& blank) {
  Reader reader(bytes);
  Server server = blank;
  fields(reader, server);
  assert(reader.at == bytes.size());
  return server;
}

Notification decode_notification(const std::string& bytes) {
  Reader reader(bytes);
  Notification notification{};
  fields(reader, notification);
  assert(reader.at == bytes.size());
  return notification;
}

Server blank_server(const Scenario& scenario, int index) {
  const Participant& participant = scenario.participants[static_cast<std::size_t>(index)];
  Server server;
  server.peer = model::make_peer(scenario.ensemble, participant.id, participant.durable, participant.committed);
  server.peer.last_seen = participant.last_seen;
  server.peer.oracle = model::Oracle{true, scenario.oracle_grants == participant.id};
  return server;
}

std::optional<Notification> offer_of(const Server& server, Offer kind) {
  if (server.life != Life::up) return std::nullopt;
  if (kind == Offer::proposal) return server.proposal;
  const model::Peer& peer = server.peer;
  const Vote& current = peer.current_vote;
  if (kind == Offer::courtesy) {
    return Notification{peer.id, Vote{current.proposal, peer.clock, model::notification_version, state_of(peer)},
                        peer.committed};
  }
  // What reception answers now, which between a decision and its publication is the old vote. A server that looks again
  // has put its proposal in place of any answer: there is one slot for each receiver (QuorumCnxManager.queueSendMap).
  const model::ServerState now = state_of(peer);
  if (now == model::ServerState::looking) return std::nullopt;
  Notification answer{peer.id, Vote{current.proposal, current.round, model::notification_version, now},
                      peer.committed};
  if (kind == Offer::voted && server.established) answer.vote.proposal.epoch = server.established->voted_epoch;
  return answer;
}

}  // namespace conclave::spec
