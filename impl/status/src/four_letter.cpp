#include "conclave/status/four_letter.hpp"

#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "conclave/status/addresses.hpp"
#include "conclave/status/version.hpp"

namespace conclave::status {
namespace {

using node::NodeStatus;

constexpr std::string_view telnet_close = "telnet close";
constexpr std::array<std::byte, word_bytes> telnet_bytes{std::byte{0xff}, std::byte{0xf4}, std::byte{0xff},
                                                         std::byte{0xfd}};
constexpr std::array<std::string_view, 18> known_words{"conf", "cons", "crst", "dirs", "dump", "envi",
                                                       "gtmk", "ruok", "stmk", "srst", "srvr", "stat",
                                                       "wchc", "wchp", "wchs", "mntr", "isro", "hash"};
constexpr int tick_time_default_ms = 3000;     // QuorumPeerConfig
constexpr int max_client_cnxns_default = 60;   // the same
constexpr double java_scientific_from = 1e7;   // Double.toString
constexpr double java_average_steps = 10'000;  // AvgMinMaxCounter.getAvg has four decimals

std::string line(std::string_view key, const auto& value) { return fmt::format("{}={}\n", key, value); }

std::string trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\f";
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(blanks) - first + 1));
}

std::string_view mode_of(const NodeStatus& node) {
  switch (node.state) {
    case model::ServerState::leading: return "leader";
    case model::ServerState::observing: return "observer";
    default: return "follower";
  }
}

// A leader begins its epoch, which it has accepted itself, with the epoch's first zxid; a learner has what it had
// (ZooKeeperServer.setZxid). What keeps no history has processed nothing.
std::int64_t processed_zxid(const NodeStatus& node) {
  const std::int64_t last = std::max(node.last_zxid.value, std::int64_t{0});
  if (node.state != model::ServerState::leading || !node.established) return last;
  return std::max(last, model::first_zxid_of(node.accepted_epoch).value);
}

// --- srvr, stat -----------------------------------------------------------------------------------------------------

std::string clients(const Shown& shown) {
  std::string text = "Clients:\n";
  for (const ClientConnection& one : shown.client.connections) {
    text += fmt::format(" /{}[{}](queued=0,recved={},sent={})\n", one.address, one.answered ? 0 : 1, one.received,
                        one.sent);
  }
  return text + "\n";
}

std::string server_stats(const Shown& shown, bool with_clients) {
  std::string text = fmt::format("Zookeeper version: {}\n", full_version());
  if (with_clients) text += clients(shown);
  text += "Latency min/avg/max: 0/0.0/0\n";
  text += fmt::format("Received: {}\nSent: {}\nConnections: {}\nOutstanding: 0\n", shown.client.received,
                      shown.client.sent, shown.client.connections.size());
  text += fmt::format("Zxid: 0x{:x}\nMode: {}\nNode count: 0\n",
                      static_cast<std::uint64_t>(processed_zxid(shown.node)), mode_of(shown.node));
  // No proposal was ever sent: BufferStats.INIT_VALUE.
  if (shown.node.state == model::ServerState::leading) text += "Proposal sizes last/min/max: -1/-1/-1\n";
  return text;
}

// --- conf -----------------------------------------------------------------------------------------------------------

// What ZooKeeper shows for data: the folder that it has made in the one it was given.
std::string data_folder(const std::optional<std::string>& folder) {
  if (!folder) return {};
  std::error_code error;
  const auto absolute = std::filesystem::absolute(*folder, error);
  return ((error ? std::filesystem::path(*folder) : absolute) / "version-2").lexically_normal().string();
}

std::uintmax_t bytes_in(const std::string& folder) {
  std::uintmax_t bytes = 0;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(folder, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (!entry->is_regular_file(ignored)) continue;
    const std::uintmax_t size = entry->file_size(ignored);
    if (!ignored) bytes += size;
  }
  return bytes;
}

std::string ports_of(const Shown& shown, std::uint16_t config::Address::*port) {
  std::string text;
  for (const config::ServerLine& server : shown.cfg.servers) {
    if (server.id != shown.node.sid) continue;
    for (const config::Address& address : server.addresses) {
      text += (text.empty() ? "" : "|") + std::to_string(address.*port);
    }
  }
  return text;
}

std::string configuration(const Shown& shown) {
  const config::ZooCfg& cfg = shown.cfg;
  const int tick_time = cfg.tick_time_ms.value_or(tick_time_default_ms);
  const auto session_timeout = [tick_time](const std::optional<int>& setting, int ticks) {
    return setting && *setting != -1 ? std::int64_t{*setting} : std::int64_t{tick_time} * ticks;
  };
  const std::string data = data_folder(cfg.data_dir);
  const std::string log = cfg.data_log_dir ? data_folder(cfg.data_log_dir) : data;
  const auto client = client_address_of(cfg, shown.node.sid, true);
  std::string text = line("clientPort", client ? int{client->port} : -1);
  text += line("secureClientPort", cfg.secure_client_port.value_or(0) == 0 ? -1 : int{*cfg.secure_client_port});
  text += line("dataDir", data) + line("dataDirSize", bytes_in(data));
  text += line("dataLogDir", log) + line("dataLogSize", bytes_in(log));
  text += line("tickTime", tick_time);
  text += line("maxClientCnxns", cfg.max_client_cnxns.value_or(max_client_cnxns_default));
  text += line("minSessionTimeout", session_timeout(cfg.min_session_timeout_ms, 2));
  text += line("maxSessionTimeout", session_timeout(cfg.max_session_timeout_ms, 20));
  text += line("clientPortListenBacklog", cfg.client_port_listen_backlog.value_or(-1));
  text += line("serverId", shown.node.sid.value);
  text += line("initLimit", cfg.init_limit_ticks.value_or(0)) + line("syncLimit", cfg.sync_limit_ticks.value_or(0));
  text += line("electionAlg", 3);
  text += line("electionPort", ports_of(shown, &config::Address::election_port));
  text += line("quorumPort", ports_of(shown, &config::Address::quorum_port));
  text += line("peerType", shown.node.type == model::LearnerType::observer ? 1 : 0);
  return text + "membership: \n" + to_config_text(cfg);
}

// --- envi -----------------------------------------------------------------------------------------------------------

std::string environment() {
  utsname system{};
  ::uname(&system);
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "<NA>" : value);
  };
  std::error_code error;
  const auto folder = std::filesystem::current_path(error);
  std::string text = "Environment:\n" + line("zookeeper.version", full_version());
  text += line("host.name", system.nodename);
  // There is no Java; ZooKeeper has the same words for what is not known.
  for (const std::string_view key : {"java.version", "java.vendor", "java.home", "java.class.path",
                                     "java.library.path", "java.io.tmpdir", "java.compiler"}) {
    text += line(key, "<NA>");
  }
  text += line("os.name", system.sysname) + line("os.arch", system.machine) + line("os.version", system.release);
  text += line("user.name", variable("USER")) + line("user.home", variable("HOME"));
  return text + line("user.dir", error ? "<NA>" : folder.string());
}

// --- mntr -----------------------------------------------------------------------------------------------------------

class Monitor {
 public:
  void put(std::string name, const auto& value) { values_.push_back({std::move(name), fmt::format("{}", value)}); }

  // AvgMinMaxCounter.values, milliseconds.
  void put(std::string_view name, const node::DurationHistogram& durations) {
    const auto ms = [](node::Clock::duration duration) {
      return std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    };
    const double count = durations.count() == 0 ? 1 : static_cast<double>(durations.count());
    const double average = seconds(durations.sum()) * 1000 / count;
    put(fmt::format("avg_{}", name), java_double(std::round(average * java_average_steps) / java_average_steps));
    put(fmt::format("min_{}", name), ms(durations.least()));
    put(fmt::format("max_{}", name), ms(durations.most()));
    put(fmt::format("cnt_{}", name), durations.count());
    put(fmt::format("sum_{}", name), ms(durations.sum()));
  }
  std::vector<MonitorValue> take() { return std::move(values_); }

 private:
  std::vector<MonitorValue> values_;
};

void put_leader(Monitor& monitor, const NodeStatus& node, std::int64_t role_ms) {
  std::size_t learners = 0;
  std::size_t followers = 0;
  std::size_t observers = 0;
  for (const node::PeerStatus& peer : node.peers) {
    if (!peer.learner) continue;
    ++learners;
    if (*peer.learner != model::LearnerPhase::up_to_date) continue;
    ++(peer.type == model::LearnerType::observer ? observers : followers);
  }
  monitor.put("learners", learners);
  monitor.put("synced_followers", followers);
  monitor.put("synced_non_voting_followers", 0);
  monitor.put("synced_observers", observers);
  monitor.put("pending_syncs", 0);
  monitor.put("leader_uptime", role_ms);
}

}  // namespace

std::string java_double(double value) {
  std::array<char, 64> buffer{};
  const bool scientific = value >= java_scientific_from;
  const auto format = scientific ? std::chars_format::scientific : std::chars_format::fixed;
  const char* const end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format).ptr;
  std::string text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
  std::string exponent;
  if (const std::size_t e = text.find('e'); e != std::string::npos) {
    exponent = "E" + std::to_string(std::atoi(text.c_str() + e + 1));
    text.resize(e);
  }
  if (text.find('.') == std::string::npos) text += ".0";
  return text + exponent;
}

std::optional<std::string_view> word_of(wire::ByteView four_bytes) {
  if (std::equal(four_bytes.begin(), four_bytes.end(), telnet_bytes.begin(), telnet_bytes.end())) return telnet_close;
  const auto* const known = std::find(known_words.begin(), known_words.end(), wire::as_text(four_bytes));
  if (known == known_words.end()) return std::nullopt;
  return *known;
}

// FourLetterCommands.isEnabled. Words that there are not may be in it; they do nothing.
Whitelist::Whitelist(const std::optional<std::string>& setting) {
  std::string_view rest = setting ? std::string_view(*setting) : std::string_view();
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    const std::string word = trimmed(rest.substr(0, comma));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
    if (word == "*") {
      for (const std::string_view known : known_words) words_.emplace(known);
      words_.emplace(telnet_close);
      break;
    }
    if (!word.empty()) words_.insert(word);
  }
  words_.emplace("srvr");
}

std::string not_in_whitelist(std::string_view word) {
  return fmt::format("{} is not executed because it is not in the whitelist.\n", word);
}

std::optional<std::string> answer_of(std::string_view word, const Shown& shown) {
  if (word == telnet_close) return std::nullopt;
  if (word == "ruok") return "imok";
  if (word == "envi") return environment();
  // Clients that look for a server that can write ask this one: there is none here, whatever it leads.
  if (word == "isro") return "null";
  const std::string refusal = std::string(not_serving) + "\n";
  if (!is_running(shown.node)) return refusal;
  if (word == "srvr") return server_stats(shown, false);
  if (word == "stat") return server_stats(shown, true);
  if (word == "conf") return configuration(shown);
  if (word == "mntr") {
    std::string text;
    for (const MonitorValue& value : monitor_values(shown)) {
      text += fmt::format("zk_{}\t{}\n", value.name, value.value);
    }
    return text;
  }
  return refusal;
}

std::vector<MonitorValue> monitor_values(const Shown& shown) {
  const NodeStatus& node = shown.node;
  const std::int64_t role_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(node.now - node.statistics.state_since()).count();
  Monitor monitor;
  monitor.put("version", full_version());
  monitor.put("server_state", mode_of(node));
  monitor.put("peer_state", detailed_state(node));
  if (node.state == model::ServerState::observing) monitor.put("observer_master_id", node.leader.value);
  // Of the data that there is not.
  for (const char* name :
       {"ephemerals_count", "znode_count", "watch_count", "approximate_data_size", "global_sessions",
        "local_sessions", "outstanding_requests", "min_latency", "max_latency"}) {
    monitor.put(name, 0);
  }
  monitor.put("avg_latency", "0.0");
  monitor.put("num_alive_connections", shown.client.connections.size());
  monitor.put("packets_received", shown.client.received);
  monitor.put("packets_sent", shown.client.sent);
  monitor.put("open_file_descriptor_count", shown.process.open_descriptors);
  monitor.put("max_file_descriptor_count", shown.process.descriptors_max);
  monitor.put("uptime", role_ms);
  monitor.put("quorum_size", node.voters);
  if (node.state == model::ServerState::leading) put_leader(monitor, node, role_ms);
  monitor.put("looking_count", node.statistics.elections());
  monitor.put("proposal_count", 0);
  monitor.put("connection_rejected", shown.client.tcp.refused + shown.client.tcp.evicted);
  monitor.put("cnxn_closed_without_zk_server_running",
              shown.client.rejected[static_cast<std::size_t>(ClientReject::session)]);
  monitor.put("sessionless_connections_expired", shown.client.tcp.timed_out);
  monitor.put("election_time", node.statistics.election_time());
  monitor.put("unavailable_time", node.statistics.unavailable_time());
  return monitor.take();
}

}  // namespace conclave::status
