#include <fmt/format.h>

#include <cmath>
#include <initializer_list>
#include <string_view>
#include <utility>

#include "conclave/status/pages.hpp"
#include "conclave/status/version.hpp"

namespace conclave::status {
namespace {

using node::NodeStatus;

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

// Prometheus' text format: a metric's HELP and TYPE, then its samples. Label values here are words, numbers and
// versions; none has a character that would need escaping.
class Exposition {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = name;
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }
  void sample(const auto& value, Labels labels = {}) { line(name_, value, labels); }
  void gauge(std::string_view name, std::string_view help, const auto& value) {
    family(name, "gauge", help);
    sample(value);
  }
  void counter(std::string_view name, std::string_view help, const auto& value) {
    family(name, "counter", help);
    sample(value);
  }

  // Cumulative, as Prometheus wants it.
  void histogram(std::string_view name, std::string_view help, const node::DurationHistogram& durations) {
    family(name, "histogram", help);
    std::uint64_t count = 0;
    const std::string bucket = std::string(name) + "_bucket";
    for (std::size_t i = 0; i < node::DurationHistogram::bounds_ms.size(); ++i) {
      count += durations.counts()[i];
      const std::string bound = fmt::format("{}", static_cast<double>(node::DurationHistogram::bounds_ms[i]) / 1000);
      line(bucket, count, {{"le", bound}});
    }
    line(bucket, durations.count(), {{"le", "+Inf"}});
    line(std::string(name) + "_sum", seconds(durations.sum()), {});
    line(std::string(name) + "_count", durations.count(), {});
  }
  std::string take() { return std::move(text_); }

 private:
  void line(std::string_view name, const auto& value, Labels labels) {
    text_ += name;
    for (std::string_view before = "{"; const auto& [key, label] : labels) {
      text_ += fmt::format("{}{}=\"{}\"", before, key, label);
      before = ",";
    }
    if (labels.size() > 0) text_ += '}';
    text_ += fmt::format(" {}\n", value);
  }

  std::string text_;
  std::string name_;
};

void put_role(Exposition& page, const NodeStatus& node) {
  page.family("conclave_build_info", "gauge", "Which version this is; always 1.");
  page.sample(1, {{"version", version()}});
  page.family("conclave_server_info", "gauge", "Which server this is; always 1.");
  const bool observer = node.type == model::LearnerType::observer;
  page.sample(1, {{"sid", std::to_string(node.sid.value)}, {"type", observer ? "observer" : "participant"}});
  page.family("conclave_state", "gauge", "1 for the state that the server is in, 0 for the others.");
  for (const auto state : {model::ServerState::looking, model::ServerState::following, model::ServerState::leading,
                           model::ServerState::observing}) {
    page.sample(node.state == state ? 1 : 0, {{"state", name_of(state)}});
  }
  page.gauge("conclave_established", "1 if the leader's epoch is established, as far as this server knows.",
             node.established ? 1 : 0);
  page.gauge("conclave_running", "1 if the server has got as far as it can: it no longer says 'not serving'.",
             is_running(node) ? 1 : 0);
  page.gauge("conclave_leader_sid", "Id of the leader; -1 while the server looks for one.",
             node.state == model::ServerState::looking ? -1 : node.leader.value);
  page.gauge("conclave_round", "Logical clock of the elections.", node.round.value);
  page.gauge("conclave_current_epoch", "The epoch of the newest history that the server has seen.",
             node.current_epoch.value);
  page.gauge("conclave_accepted_epoch", "The newest epoch that the server has promised itself to.",
             node.accepted_epoch.value);
  page.gauge("conclave_config_version", "Version of the configuration in use.", node.config_version.value);
  page.gauge("conclave_state_duration_seconds", "For how long the server has been looking, or in its role.",
             seconds(node.now - node.statistics.state_since()));
}

void put_peers(Exposition& page, const NodeStatus& node) {
  page.gauge("conclave_voters", "Voters of the configuration.", node.voters);
  page.family("conclave_peer_connected", "gauge", "1 if there is a connection to the server's election port.");
  for (const node::PeerStatus& peer : node.peers) {
    if (!peer.self) page.sample(peer.connected ? 1 : 0, {{"peer", std::to_string(peer.sid.value)}});
  }
  page.family("conclave_peer_silence_seconds", "gauge",
              "Time since the server's last notification, where one has come; settled servers send none.");
  for (const node::PeerStatus& peer : node.peers) {
    if (peer.heard) page.sample(seconds(node.now - peer.heard->at), {{"peer", std::to_string(peer.sid.value)}});
  }
  std::size_t learners = 0;
  std::size_t synced = 0;
  for (const node::PeerStatus& peer : node.peers) {
    if (!peer.learner) continue;
    ++learners;
    if (*peer.learner == model::LearnerPhase::up_to_date) ++synced;
  }
  page.gauge("conclave_learners", "Servers connected to this leader's quorum port.", learners);
  page.gauge("conclave_learners_synced", "Those of them that are up to date with its epoch.", synced);
}

void put_elections(Exposition& page, const node::Statistics& statistics) {
  page.counter("conclave_elections_started_total", "Elections that this server has begun.", statistics.elections());
  page.family("conclave_elections_decided_total", "counter", "Elections that ended in a decision, by what followed.");
  for (const auto state :
       {model::ServerState::following, model::ServerState::leading, model::ServerState::observing}) {
    page.sample(statistics.decisions(state), {{"state", name_of(state)}});
  }
  page.counter("conclave_roles_ended_total", "Roles that came to an end, so that the server looked again.",
               statistics.roles_ended());
  page.histogram("conclave_election_duration_seconds", "From LOOKING to the decision.", statistics.election_time());
  page.histogram("conclave_unavailable_duration_seconds",
                 "From LOOKING to an established epoch, over as many elections as that took.",
                 statistics.unavailable_time());
}

void put_messages(Exposition& page, const Shown& shown) {
  const NodeStatus& node = shown.node;
  page.counter("conclave_notifications_sent_total", "Votes sent to other servers.", node.connections.sent);
  page.counter("conclave_notifications_received_total", "Votes received from other servers.",
               node.connections.received);
  page.counter("conclave_quorum_packets_sent_total", "Packets sent on the quorum port.", node.quorum.sent);
  page.counter("conclave_quorum_packets_received_total", "Packets received on the quorum port.",
               node.quorum.received);
  page.family("conclave_connections_opened_total", "counter", "Connections, whoever opened them.");
  page.sample(node.connections.opened, {{"port", "election"}});
  page.sample(node.quorum.opened, {{"port", "quorum"}});
  page.sample(shown.client.tcp.opened, {{"port", "client"}});
  page.sample(shown.http.tcp.opened, {{"port", "http"}});
  page.family("conclave_four_letter_words_total", "counter", "Four-letter words that were answered.");
  for (const auto& [word, count] : shown.client.words) page.sample(count, {{"word", word}});
  page.family("conclave_http_answers_total", "counter", "Answers over HTTP, by status.");
  for (const auto& [code, count] : shown.http.answers) page.sample(count, {{"code", std::to_string(code)}});
}

void put_tcp(Exposition& page, std::string_view port, const TcpCounters& tcp) {
  page.sample(tcp.evicted, {{"port", port}, {"reason", "connection-limit"}});
  page.sample(tcp.refused, {{"port", port}, {"reason", "address-limit"}});
  page.sample(tcp.timed_out, {{"port", port}, {"reason", "timeout"}});
}

// Every reason is there from the start, with 0: what appears only with its first event can't be watched for it.
void put_rejected(Exposition& page, const Shown& shown) {
  page.family("conclave_rejected_total", "counter", "What came in and was not taken, by port and reason.");
  for (std::size_t i = 0; i < wire::rejects_count; ++i) {
    page.sample(shown.node.connections.rejected[i] + shown.node.notifications_rejected[i],
                {{"port", "election"}, {"reason", name_of(static_cast<wire::Reject>(i))}});
  }
  for (std::size_t i = 0; i < wire::quorum_rejects_count; ++i) {
    page.sample(shown.node.quorum.rejected[i],
                {{"port", "quorum"}, {"reason", name_of(static_cast<wire::QuorumReject>(i))}});
  }
  for (std::size_t i = 0; i < client_rejects_count; ++i) {
    page.sample(shown.client.rejected[i], {{"port", "client"}, {"reason", name_of(static_cast<ClientReject>(i))}});
  }
  page.sample(shown.client.not_in_whitelist, {{"port", "client"}, {"reason", "not-in-whitelist"}});
  put_tcp(page, "client", shown.client.tcp);
  for (std::size_t i = 0; i < http_rejects_count; ++i) {
    page.sample(shown.http.rejected[i], {{"port", "http"}, {"reason", name_of(static_cast<HttpReject>(i))}});
  }
  put_tcp(page, "http", shown.http.tcp);
}

// The names that all of Prometheus' client libraries have.
void put_process(Exposition& page, const ProcessFigures& process) {
  page.counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", process.cpu_seconds);
  page.gauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.",
             fmt::format("{:.2f}", process.start_time_seconds));
  page.gauge("process_resident_memory_bytes", "Resident memory size in bytes.", process.resident_bytes);
  page.gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.", process.virtual_bytes);
  page.gauge("process_open_fds", "Number of open file descriptors.", process.open_descriptors);
  page.gauge("process_max_fds", "Maximum number of open file descriptors.", process.descriptors_max);
}

}  // namespace

std::string metrics_text(const Shown& shown) {
  Exposition page;
  put_role(page, shown.node);
  put_peers(page, shown.node);
  put_elections(page, shown.node.statistics);
  put_messages(page, shown);
  put_rejected(page, shown);
  put_process(page, shown.process);
  return page.take();
}

}  // namespace conclave::status
