// What one server logged, explained by the model.
//
// Two threads of a server write its log: WorkerReceiver says what it has heard and then puts it into a queue, and
// QuorumPeer takes from the queue, decides, and says little. When it takes, no line tells. So the explanation is
// searched: the set of all situations is kept that the server may be in, given the lines so far. Between two lines each
// of them may take every step that the model allows and the log does not show; a line keeps those situations that fit.
// Where none is left, no order of the threads explains the line: that is a divergence.
//
// All steps are taken by a step function of the model. No rule of the election is known here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "conclave/logs/server_log.hpp"
#include "conclave/model/configuration.hpp"
#include "conclave/model/event.hpp"
#include "conclave/model/peer.hpp"

namespace conclave::logs {

using StepFunction = model::Transition (*)(const model::Ensemble&, const model::Peer&, const model::Event&);

// A place where the server did what the model does not allow.
struct Divergence {
  std::size_t fact = 0;  // index into ServerLog::facts
  std::string what;      // in words
  std::string logged;
  std::string model;
};

// A step of the explanation that was found, taken before the fact of that index was logged.
struct Move {
  enum class Kind : std::uint8_t {
    process,  // a process starts; nothing of the one before is left but what is on its disk
    resume,   // the log begins within a process, or goes on after a divergence: an election is about to begin
    step,     // an event of the model
    late      // reception saw a looking server, and queued after that had decided and emptied the queue
  };
  Kind kind{};
  std::size_t fact = 0;
  model::Event event;
  // Before a Start: what the server votes with, and its clock before, as its own notifications tell. Of a process that
  // starts: the same, as its first election tells; nothing if it began none.
  std::optional<model::Durable> durable;
  std::optional<model::Round> clock;
  bool assumed = false;  // the log ends before a notification of its own tells the epoch: it may be a later one
};

// Facts of which nothing can be said, as what came before is not known.
struct Gap {
  std::size_t from = 0;
  std::size_t to = 0;  // the first that is known again, or the number of facts
};

struct Explanation {
  std::vector<Move> moves;
  std::vector<Divergence> divergences;
  std::vector<Divergence> given_up;  // as much is possible there as can't be followed
  std::vector<Gap> gaps;
  std::size_t heard = 0;             // notifications in the log
  std::vector<std::size_t> unknown;  // of these, facts in a gap
  std::size_t situations_max = 0;    // the most that were possible at once
};

// What has to be known beside the log. `timing` is what a process begins with until its log says otherwise.
struct World {
  model::Configuration configuration;
  model::Timing timing;
  StepFunction step = nullptr;  // by which rules it goes at first
  // A log that leaves more open is not being followed any more; each situation is some 40 KB.
  std::size_t situations_max = 5'000;
  // From which facts on it goes by others: it was started again as another release.
  std::map<std::size_t, StepFunction> later_steps{};

  [[nodiscard]] StepFunction step_at(std::size_t fact) const {
    const auto behind = later_steps.upper_bound(fact);
    return behind == later_steps.begin() ? step : std::prev(behind)->second;
  }
};

// REQUIRES: the configuration has the server as a member, or the server is an observer that it does not list.
[[nodiscard]] Explanation explain(const ServerLog& log, const World& world);

// Takes the moves of an explanation again, one by one. The log, the explanation and the world must outlive it.
class Walk {
 public:
  Walk(const ServerLog& log, const Explanation& explanation, const World& world);

  // False: there are no more. Afterwards the members below are of that move.
  bool next();

  const Move* move = nullptr;
  model::Peer before;
  model::Transition made;  // made.peer is the server afterwards
  model::Ensemble ensemble;

 private:
  const ServerLog& log_;
  const Explanation& explanation_;
  const World& world_;
  std::size_t at_ = 0;
  std::size_t fact_ = 0;  // up to which the log's intervals have been taken over
};

// The message that a line "Notification: ..." is of. The configuration that came with it is taken for the own one.
[[nodiscard]] model::Message message_of(const Heard& heard);

}  // namespace conclave::logs
