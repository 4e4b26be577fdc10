// What the rest of a log says of the moment before it. Private to the search.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "conclave/logs/server_log.hpp"
#include "conclave/model/configuration.hpp"
#include "conclave/model/peer.hpp"

namespace conclave::logs {

// What a server's current epoch must be since its last role.
struct EpochBound {
  std::optional<model::PeerEpoch> exactly;  // it led this one
  std::optional<model::PeerEpoch> floor;    // it had this one, or was up to date with its leader, in the same process
};

// What a server may begin an election with.
struct Beginning {
  model::Durable durable;
  std::optional<model::Round> clock;  // before the election; absent where it is known already
  bool assumed = false;               // no notification of its own tells
};

// A step that no line shows is possible only if the next line of the thread that takes it is one that can follow. That
// is what this knows: it looks ahead in the log, once for all.
class Outlook {
 public:
  explicit Outlook(const ServerLog& log);

  // REQUIRES for all: `fact` is an index into the facts, or their number.
  // May lookForLeader have begun? Then the fact that says so, or the end of what the process has logged.
  [[nodiscard]] std::optional<std::size_t> start_at(std::size_t fact) const;
  [[nodiscard]] bool may_time_out(std::size_t fact) const;
  [[nodiscard]] bool may_decide(std::size_t fact, model::ServerState state) const;
  // May a wait be over that does not end before that time, by the log's clock?
  [[nodiscard]] bool may_have_waited(std::size_t fact, std::int64_t not_before_ms) const;
  [[nodiscard]] bool may_publish(std::size_t fact) const;
  [[nodiscard]] bool may_end_role(std::size_t fact) const;
  // The next line of reception's in this process, if QuorumPeer has one before it.
  [[nodiscard]] std::optional<std::size_t> overtaken_by(std::size_t fact) const;

  // What the election that begins with the fact may begin with. The zxid stands there; the epoch, and where it is not
  // known the clock, in the server's own notifications that follow. Empty: nothing tells.
  [[nodiscard]] std::vector<Beginning> beginnings(std::size_t fact, bool clock_known, const EpochBound& epoch,
                                                  const model::Configuration& configuration) const;

 private:
  // The next line of QuorumPeer's; nullptr: its process logs none any more.
  [[nodiscard]] const Sentence* next_of_main(std::size_t fact) const;

  // The time before which a step was taken that no line before the next of QuorumPeer's shows.
  [[nodiscard]] std::int64_t latest_ms(std::size_t fact) const;

  const ServerLog& log_;
  std::vector<std::size_t> next_;        // for each fact: the next one that is QuorumPeer's, or a process that starts
  std::vector<std::size_t> next_heard_;  // for each fact: the next one that is reception's, or a process that starts
};

std::string zxid_words(model::Zxid zxid);

}  // namespace conclave::logs
