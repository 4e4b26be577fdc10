// One random run of an election: steps and faults as its swarm has them, then a time without faults in which the
// ensemble has to settle.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "conclave/spec/properties.hpp"
#include "conclave/spec/rules.hpp"
#include "conclave/spec/swarm.hpp"
#include "conclave/spec/world.hpp"

namespace conclave::spec {

// How a run ended.
enum class RunEnd : std::uint8_t {
  settled,    // all that run on one that leads
  no_quorum,  // those that run and have a database are too few
  broken,     // a claim failed in a step or a state
  stuck,      // a quorum runs and has not settled, and nothing can happen any more (no-deadlock)
  unsettled,  // the same, and after far more than enough time things still happen (eventually-settled)
  interrupted
};

// What becomes of an ensemble once nobody starts or fails any more. Every message arrives before anybody's patience
// ends; then finalizeWait runs out, then the notification time-outs, and last initLimit and syncLimit.
inline constexpr int rests_max = 200;  // far more than is needed: nearly all runs need fewer than five

// Sees each step after it was taken, and a start of all together before the first (no action, no step).
using StepObserver = std::function<void(const World&, const Action*, const Replay::Step*)>;

struct RunRecord {
  std::vector<Action> schedule;  // all that was chosen
  std::size_t calm_from = 0;     // schedule: when faults stopped
  RunEnd end = RunEnd::interrupted;
  PropertySet broken = 0;  // broken: the claims
  PropertySet seen = 0;    // of all properties: broken or witnessed at some time
};

struct Trial {
  const Swarm& swarm;
  const RuleVariant& rules;
  PropertySet claims = 0;  // a run ends where one of them fails
  std::uint64_t seed = 0;
  const StepObserver& observer;
  const std::atomic<bool>* interrupt = nullptr;
};
RunRecord simulate_run(const Trial& trial);

// The same with given choices: actions that are not possible are passed over. `calm`: afterwards the time without
// faults comes. The schedule that is given back has what was taken, up to the failure.
RunRecord follow_schedule(const Trial& trial, const std::vector<Action>& schedule, bool calm);

// A server as everything that tells it from another one in another state, its history included, in bytes.
std::string local_state(const World& world, int server);

}  // namespace conclave::spec
