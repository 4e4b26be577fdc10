#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "conclave/status/pages.hpp"
#include "conclave/status/version.hpp"
#include "conclave/wire/handshake.hpp"

namespace conclave::status {
namespace {

using Json = nlohmann::ordered_json;
using node::NodeStatus;

// "none": of a server that keeps no history, or that proposes nobody.
std::string zxid_text(model::Zxid zxid) {
  return zxid == model::no_history ? "none" : fmt::format("0x{:x}", static_cast<std::uint64_t>(zxid.value));
}

std::string_view type_name(model::LearnerType type) {
  return type == model::LearnerType::observer ? "observer" : "participant";
}

// Milliseconds with three decimals.
double ms(node::Clock::duration duration) {
  return static_cast<double>(std::chrono::duration_cast<std::chrono::microseconds>(duration).count()) / 1000;
}

std::string_view learner_phase(model::LearnerPhase phase) {
  switch (phase) {
    case model::LearnerPhase::waiting_for_epoch: return "waiting-for-epoch";
    case model::LearnerPhase::told_epoch: return "told-epoch";
    case model::LearnerPhase::waiting_for_quorum: return "waiting-for-quorum";
    case model::LearnerPhase::told_new_leader: return "told-new-leader";
    case model::LearnerPhase::waiting_for_start: return "waiting-for-start";
    case model::LearnerPhase::up_to_date: return "up-to-date";
  }
  return "?";
}

Json durations_json(const node::DurationHistogram& durations) {
  Json buckets = Json::array();
  for (std::size_t i = 0; i < durations.counts().size(); ++i) {
    const bool last = i == node::DurationHistogram::bounds_ms.size();
    buckets.push_back({{"upToMs", last ? Json(nullptr) : Json(node::DurationHistogram::bounds_ms[i])},
                       {"count", durations.counts()[i]}});
  }
  return {{"count", durations.count()},    {"sumMs", ms(durations.sum())},   {"minMs", ms(durations.least())},
          {"maxMs", ms(durations.most())}, {"lastMs", ms(durations.last())}, {"buckets", std::move(buckets)}};
}

Json heard_json(const node::Heard& heard, node::Clock::time_point now) {
  const bool known = heard.state_code >= 0 && heard.state_code < model::server_states;
  return {{"state", known ? Json(name_of(static_cast<model::ServerState>(heard.state_code))) : Json(nullptr)},
          {"leader", heard.leader.value},
          {"epoch", heard.epoch.value},
          {"zxid", zxid_text(heard.zxid)},
          {"round", heard.round.value},
          {"agoMs", ms(now - heard.at)}};
}

Json peers_json(const NodeStatus& node) {
  Json peers = Json::array();
  for (const node::PeerStatus& peer : node.peers) {
    Json addresses = Json::array();
    for (const wire::HostPort& address : peer.election_addresses) addresses.push_back(to_text(address));
    peers.push_back({{"sid", peer.sid.value},
                     {"type", type_name(peer.type)},
                     {"electionAddresses", std::move(addresses)},
                     {"self", peer.self},
                     {"connected", peer.connected},
                     {"lastHeard", peer.heard ? heard_json(*peer.heard, node.now) : Json(nullptr)},
                     {"learner", peer.learner ? Json(learner_phase(*peer.learner)) : Json(nullptr)}});
  }
  return peers;
}

template <class Reason, std::size_t count>
Json reasons_json(const std::array<std::uint64_t, count>& counts) {
  Json reasons = Json::object();
  for (std::size_t i = 0; i < count; ++i) reasons[std::string(name_of(static_cast<Reason>(i)))] = counts[i];
  return reasons;
}

Json with_tcp(Json rejected, const TcpCounters& tcp) {
  rejected["connection-limit"] = tcp.evicted;
  rejected["address-limit"] = tcp.refused;
  rejected["timeout"] = tcp.timed_out;
  return rejected;
}

Json election_port_json(const NodeStatus& node) {
  auto rejected = node.connections.rejected;
  for (std::size_t i = 0; i < rejected.size(); ++i) rejected[i] += node.notifications_rejected[i];
  return {{"connectionsOpened", node.connections.opened},
          {"notificationsSent", node.connections.sent},
          {"notificationsReceived", node.connections.received},
          {"rejected", reasons_json<wire::Reject>(rejected)}};
}

Json client_port_json(const ClientPortStatus& client) {
  Json rejected = with_tcp(reasons_json<ClientReject>(client.rejected), client.tcp);
  rejected["not-in-whitelist"] = client.not_in_whitelist;
  return {{"connectionsOpened", client.tcp.opened},
          {"connections", client.connections.size()},
          {"words", client.words},
          {"rejected", std::move(rejected)}};
}

Json http_json(const HttpStatus& http) {
  Json answers = Json::object();
  for (const auto& [code, count] : http.answers) answers[std::to_string(code)] = count;
  return {{"connectionsOpened", http.tcp.opened},
          {"answers", std::move(answers)},
          {"rejected", with_tcp(reasons_json<HttpReject>(http.rejected), http.tcp)}};
}

}  // namespace

std::string status_json(const Shown& shown) {
  const NodeStatus& node = shown.node;
  const node::Statistics& statistics = node.statistics;
  const bool looking = node.state == model::ServerState::looking;
  Json json{
      {"format", status_format},
      {"version", version()},
      {"sid", node.sid.value},
      {"type", type_name(node.type)},
      {"state", name_of(node.state)},
      {"detailedState", detailed_state(node)},
      {"leader", looking ? Json(nullptr) : Json(node.leader.value)},
      {"established", node.established},
      {"running", is_running(node)},
      {"round", node.round.value},
      {"acceptedEpoch", node.accepted_epoch.value},
      {"currentEpoch", node.current_epoch.value},
      {"vote",
       {{"leader", node.vote.leader.value}, {"epoch", node.vote.epoch.value}, {"zxid", zxid_text(node.vote.zxid)}}},
      {"configVersion", node.config_version.value},
      {"stateMs", ms(node.now - statistics.state_since())},
      {"uptimeMs", ms(node.now - statistics.process_began())},
      {"voters", node.voters},
      {"peers", peers_json(node)},
      {"elections",
       {{"started", statistics.elections()},
        {"decided",
         {{"FOLLOWING", statistics.decisions(model::ServerState::following)},
          {"LEADING", statistics.decisions(model::ServerState::leading)},
          {"OBSERVING", statistics.decisions(model::ServerState::observing)}}},
        {"rolesEnded", statistics.roles_ended()},
        {"electionTime", durations_json(statistics.election_time())},
        {"unavailableTime", durations_json(statistics.unavailable_time())}}},
      {"electionPort", election_port_json(node)},
      {"quorumPort",
       {{"connectionsOpened", node.quorum.opened},
        {"packetsSent", node.quorum.sent},
        {"packetsReceived", node.quorum.received},
        {"rejected", reasons_json<wire::QuorumReject>(node.quorum.rejected)}}},
      {"clientPort", client_port_json(shown.client)},
      {"http", http_json(shown.http)}};
  // Host names come from a file, and may be no UTF-8.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace conclave::status
