// A look at all servers of a configuration from outside: whom each says that it follows.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/model/types.hpp"
#include "conclave/model/vote.hpp"
#include "conclave/wire/handshake.hpp"

namespace conclave::status {

inline constexpr std::chrono::milliseconds survey_timeout_default{3000};

// What is asked on an election port is asked as one of these: larger than any sensible id, so that the server keeps the
// connection and does not call back, and no voter, so that it answers at once. Only a few, because a ZooKeeper server
// remembers each id for as long as it runs. Several, because it keeps one connection for each.
inline constexpr std::size_t probe_ids_count = 16;
[[nodiscard]] std::vector<model::ServerId> probe_ids(const config::ZooCfg& cfg);

struct SurveySettings {
  std::chrono::milliseconds timeout =
      survey_timeout_default;          // for everything together; all servers are asked at once
  std::optional<model::ServerId> own;  // the server whose file this is, if that is known
};

// What a server answered to `srvr`.
struct ServingAnswer {
  bool serving = false;  // false: "This ZooKeeper instance is not currently serving requests", and nothing else
  std::string mode;      // leader, follower, observer, standalone
  model::Zxid zxid{0};   // last processed
  std::string version;
};

struct ServerReport {
  model::ServerId sid{0};
  model::LearnerType type = model::LearnerType::participant;
  std::vector<wire::HostPort> election;
  std::optional<wire::HostPort> client;  // nothing: not known
  std::optional<model::Vote> vote;       // as the election port says; the state is the server's
  std::string vote_error;                // why there is none
  bool same_members = true;              // has the server the members, roles and weights of the file?
  std::optional<ServingAnswer> serving;  // as the client port says
  std::string serving_error;             // why there is none
};

// Asks every server of the configuration, on its election port and, where it is known, on its client port. Returns when
// all have answered or the time is over. Sorted by id.
//
// Blocks. Names are looked up in threads of their own, which may outlive the call where a lookup takes longer than the
// time; nothing waits for them.
[[nodiscard]] std::vector<ServerReport> survey(const config::ZooCfg& cfg, const SurveySettings& settings);

// Where a server's client port may be: its server line says it; or the file's clientPort is its own; or no two servers
// share a host, and the others have the same clientPort, as ensembles over several machines do.
[[nodiscard]] std::optional<wire::HostPort> client_address_to_ask(const config::ZooCfg& cfg,
                                                                  const config::ServerLine& server,
                                                                  const std::optional<model::ServerId>& own);

// The text of a whole answer to `srvr`; nothing if it is none.
[[nodiscard]] std::optional<ServingAnswer> parse_srvr(std::string_view text);

// What the answers together say.
struct Verdict {
  std::optional<model::ServerId> leader;   // the one with the most recent vote among those that say they lead
  model::PeerEpoch epoch{0};               // of its vote, or of its zxid where only that is known
  std::vector<model::ServerId> followers;  // voters that agree with it, itself included
  bool quorum = false;                     // are these a quorum?
  // Has the leader got beyond its election? Its client port says so; where that is not known, its epoch does: that of
  // an election is 0 before the first leader, while no later one can be told from outside.
  bool established = false;
};
// What `conclave status` is after: a leader, established, with a quorum that follows it.
[[nodiscard]] inline bool is_good(const Verdict& verdict) { return verdict.quorum && verdict.established; }
[[nodiscard]] Verdict verdict_of(const config::ZooCfg& cfg, const std::vector<ServerReport>& reports);

}  // namespace conclave::status
