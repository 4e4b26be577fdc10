// `conclave trace` of logs: INFO names a leader only by the address that its followers connect to.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "conclave/check/log_study.hpp"
#include "conclave/check/logged_address.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

using model::ServerId;

// A server that has decided to follow, and then connected.
struct Connection {
  LogPlace place;
  std::size_t server = 0;  // index into LogStudy::logs.servers
  ServerId decided{0};
  std::string address;
};

// Places of the server's log that the model does not explain, or can't.
std::set<std::pair<std::size_t, std::size_t>> unexplained_in(const LogStudy& study, ServerId sid) {
  std::set<std::pair<std::size_t, std::size_t>> places;
  for (const std::vector<LogFinding>* findings : {&study.findings, &study.doubts}) {
    for (const LogFinding& one : *findings) {
      if (one.sid == sid) places.insert({one.place.file, one.place.line});
    }
  }
  return places;
}

std::vector<Connection> connections_of(const LogStudy& study, std::size_t server) {
  std::map<std::pair<std::size_t, std::size_t>, ServerId> decided_at;  // file, line
  for (const Turn& turn : study.turns) {
    if (turn.server != server || !turn.end || turn.end->state == model::ServerState::leading) continue;
    decided_at[{turn.end->place.file, turn.end->place.line}] = turn.end->vote.proposal.leader;
  }
  std::vector<Connection> found;
  std::optional<ServerId> leader;
  const logs::ServerLog& log = study.logs.servers[server];
  const std::set<std::pair<std::size_t, std::size_t>> unexplained = unexplained_in(study, log.sid);
  bool guessed = false;  // after a line that is not explained, up to the next election
  for (const logs::Fact& fact : log.facts) {
    const bool anew = std::holds_alternative<logs::Looking>(fact.sentence) ||
                      std::holds_alternative<logs::ProcessStarted>(fact.sentence);
    guessed = (guessed && !anew) || unexplained.count({fact.file, fact.line}) != 0;
    const auto decided = decided_at.find({fact.file, fact.line});
    if (decided != decided_at.end()) leader = decided->second;
    if (anew || guessed) leader.reset();
    const auto* connected = std::get_if<logs::Connected>(&fact.sentence);
    if (connected == nullptr || !leader) continue;
    found.push_back({place_of(fact), server, *leader, connected->address});
  }
  return found;
}

// Whose quorum port it is, by the configuration file.
std::optional<ServerId> by_configuration(const LogStudy& study, const std::string& address) {
  const auto logged = logged_address(address);
  if (!logged) return std::nullopt;
  std::vector<ServerId> found;
  for (const config::ServerLine& server : study.addresses) {
    const bool its = std::any_of(server.addresses.begin(), server.addresses.end(), [&](const config::Address& one) {
      return fit_of(*logged, one.host, one.quorum_port) == Fit::same;
    });
    if (its) found.push_back(server.id);
  }
  return found.size() == 1 ? std::optional(found.front()) : std::nullopt;
}

}  // namespace

void note_other_leaders(LogStudy& study) {
  std::map<std::string, std::vector<Connection>> by_address;
  for (std::size_t i = 0; i < study.logs.servers.size(); ++i) {
    for (Connection& one : connections_of(study, i)) by_address[one.address].push_back(std::move(one));
  }
  for (const auto& [address, connections] : by_address) {
    std::map<ServerId, std::size_t> votes;
    for (const Connection& one : connections) ++votes[one.decided];
    const auto most = std::max_element(
        votes.begin(), votes.end(), [](const auto& left, const auto& right) { return left.second < right.second; });
    const std::optional<ServerId> known = by_configuration(study, address);
    const ServerId whose = known.value_or(most->first);
    for (const Connection& one : connections) {
      if (one.decided == whose) continue;
      const logs::ServerLog& log = study.logs.servers[one.server];
      note_finding(study, log,
                   {one.place,
                    log.sid,
                    "connects to another leader than it has decided for",
                    address,
                    fmt::format("server {}; that address is server {}'s, {}", id_text(one.decided), id_text(whose),
                                known ? "by the configuration" : "as others that follow it show"),
                    {}});
    }
  }
}

}  // namespace conclave::check
