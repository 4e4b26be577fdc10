#include "notes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "conclave/config/host.hpp"
#include "conclave/model/configuration.hpp"
#include "conclave/model/types.hpp"
#include "server_line.hpp"
#include "text.hpp"

namespace conclave::config {
namespace {

using model::LearnerType;
using model::QuorumKind;
using Notes = std::vector<std::string>;

// QuorumPeerConfig.parseProperties, and checkValidity for what is not run standalone.
void note_missing(const ZooCfg& cfg, Notes& notes) {
  // With its version in it the text is what ZooKeeper keeps of a configuration by itself (zoo.cfg.dynamic.next).
  if (cfg.configuration.version().value > 0 && !cfg.dynamic_file) return;
  const bool ensemble = cfg.configuration.voters() > 1 || !cfg.standalone_enabled;
  std::vector<std::string> missing;
  if (!cfg.data_dir) missing.emplace_back("dataDir");
  if (ensemble && !cfg.init_limit_ticks) missing.emplace_back("initLimit");
  if (ensemble && !cfg.sync_limit_ticks) missing.emplace_back("syncLimit");
  if (missing.empty()) return;
  const bool one = missing.size() == 1;
  notes.push_back(fmt::format("{} {} not set: ZooKeeper does not start without {}.", listed(missing),
                              one ? "is" : "are", one ? "it" : "them"));
}

void note_number_of_voters(const ZooCfg& cfg, Notes& notes) {
  const std::size_t voters = cfg.configuration.voters();
  const QuorumKind kind = cfg.configuration.kind();
  if (voters == 1 && cfg.standalone_enabled) {
    notes.emplace_back(
        "There is a single server: ZooKeeper would run it standalone, without an election, unless "
        "standaloneEnabled=false.");
  } else if (voters == 1) {
    notes.emplace_back("There is a single participant: no failure is tolerated.");
  } else if (voters == 2 && kind == QuorumKind::majority) {
    notes.emplace_back(
        "There are 2 participants, and a quorum takes both: no failure is tolerated, which makes them less available "
        "than a single server.");
  } else if (voters % 2 == 0 && kind == QuorumKind::majority) {
    notes.push_back(
        fmt::format("There are {} participants, an even number: they tolerate {} {}, as many as {} would.", voters,
                    voters / 2 - 1, voters / 2 == 2 ? "failure" : "failures", voters - 1));
  }
  if (kind == QuorumKind::oracle_majority && voters > 2) {
    // QuorumOracleMaj.containsQuorum looks at the number, FastLeaderElection.receivedLeadingNotification does not.
    notes.push_back(
        fmt::format("The oracle makes up for a quorum only where there are at most 2 participants; here are {}. It "
                    "still lets a server that it does not grant the lead follow a leader without a quorum.",
                    voters));
  }
}

void note_roles(const ZooCfg& cfg, Notes& notes) {
  if (!cfg.peer_type) return;
  const auto has_role = [&cfg](LearnerType role) {
    return std::any_of(cfg.servers.begin(), cfg.servers.end(),
                       [role](const ServerLine& server) { return server.role == role; });
  };
  if (!has_role(*cfg.peer_type)) {
    notes.push_back(
        fmt::format("peerType={} disagrees with the server lines, none of which has that role: ZooKeeper "
                    "warns, and follows the server lines.",
                    name_of(*cfg.peer_type)));
  }
}

// ZooKeeper's documentation allows 1 to 255, since session ids begin with the lowest 8 bits of the server's id.
void note_large_ids(const ZooCfg& cfg, Notes& notes) {
  std::vector<std::string> outside;
  for (const ServerLine& server : cfg.servers) {
    if (server.id.value < 1 || server.id.value > 255) outside.push_back(fmt::format("{}", server.id.value));
  }
  if (outside.empty()) return;
  notes.push_back(
      fmt::format("ZooKeeper documents server ids from 1 to 255, of which session ids keep 8 bits; "
                  "elections work with {} too.",
                  listed(outside)));
}

void note_weights(const ZooCfg& cfg, Notes& notes) {
  if (cfg.configuration.kind() != QuorumKind::hierarchical) return;
  std::vector<std::string> never_leaders;
  std::vector<std::string> heavy_observers;
  for (const model::Member& member : cfg.configuration.members()) {
    const std::int64_t weight = member.weight ? member.weight->value : 0;
    if (member.role == LearnerType::participant && weight == 0) {
      never_leaders.push_back(fmt::format("{}", member.id.value));
    }
    if (member.role == LearnerType::observer && member.group && weight != 0) {
      heavy_observers.push_back(fmt::format("{}", member.id.value));
    }
  }
  if (!never_leaders.empty()) {
    notes.push_back(fmt::format("{} {} weight 0: votes for such a server count nothing, and it is never elected.",
                                listed(never_leaders), never_leaders.size() == 1 ? "has" : "have"));
    notes.back().insert(0, never_leaders.size() == 1 ? "Server " : "Servers ");
  }
  for (const model::Group& group : cfg.configuration.groups()) {
    if (group.weight.value != 0) continue;
    notes.push_back(fmt::format(
        "Group {} has weight 0 and is not counted among the groups of which a quorum takes more than half.",
        group.id));
  }
  if (!heavy_observers.empty()) {
    notes.push_back(
        fmt::format("The weight of {} {} counts in the total of its group although observers never vote, "
                    "which makes quorums harder to reach.",
                    heavy_observers.size() == 1 ? "observer" : "observers", listed(heavy_observers)));
  }
}

// Not refused: the quorum port is only listened on by a leader, so that two servers may have the same for a while.
void note_shared_ports(const ZooCfg& cfg, Notes& notes) {
  std::map<std::pair<std::string, std::uint16_t>, model::ServerId> election_ports;  // no two servers have the same
  for (const ServerLine& server : cfg.servers) {
    for (const Address& address : server.addresses) {
      election_ports.emplace(std::pair{canonical_host(address.host), address.election_port}, server.id);
    }
  }
  for (const ServerLine& server : cfg.servers) {
    for (const Address& address : server.addresses) {
      const auto other = election_ports.find({canonical_host(address.host), address.quorum_port});
      if (other == election_ports.end() || other->second == server.id) continue;
      const auto [lower_id, higher_id] = std::minmax(server.id.value, other->second.value);
      notes.push_back(
          fmt::format("server.{} and server.{} both have {}: only one of them can listen there, and a leader whose "
                      "quorum port is taken can't lead.",
                      lower_id, higher_id, host_and_port(address.host, address.quorum_port)));
    }
  }
}

// A switch that is misspelt is no setting of ZooKeeper's, and says nothing.
void note_tls(const ZooCfg& cfg, Notes& notes) {
  if (cfg.wants_tls() || cfg.ssl_quorum_values.empty()) return;
  notes.push_back(
      fmt::format("{} is set, and neither sslQuorum nor portUnification is true: servers talk without TLS.",
                  in_quotes("ssl.quorum." + cfg.ssl_quorum_values.begin()->first)));
}

}  // namespace

std::vector<std::string> notes_on(const ZooCfg& cfg) {
  Notes notes;
  note_missing(cfg, notes);
  note_number_of_voters(cfg, notes);
  note_roles(cfg, notes);
  note_large_ids(cfg, notes);
  note_weights(cfg, notes);
  note_shared_ports(cfg, notes);
  note_tls(cfg, notes);
  return notes;
}

}  // namespace conclave::config
