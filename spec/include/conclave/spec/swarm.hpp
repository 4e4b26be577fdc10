// What one random run is like: each draws its ensemble, its network, its faults and how often they come. Runs that are
// all alike miss what only shows where some fault never happens, or happens all the time ("swarm testing": Groce,
// Zhang, Eide, Chen, Regehr, ISSTA 2012).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "conclave/spec/random.hpp"
#include "conclave/spec/scope.hpp"

namespace conclave::spec {

// How often something is chosen, beside `hear` for hearing something. 0: never.
struct Rates {
  std::uint32_t hear = 100;
  std::uint32_t silence = 0;
  std::uint32_t end_role = 0;
  std::uint32_t resend = 0;
  std::uint32_t start = 0;
  std::uint32_t crash = 0;
  std::uint32_t restart = 0;
  std::uint32_t lose = 0;
  std::uint32_t cut = 0;    // of a thousand steps so many begin with connections cut
  std::uint32_t heal = 0;   // likewise with all of them mended
  std::uint32_t fresh = 0;  // of a hundred, so often what is unread is read before what is not
};

// Who starts or restarts of those that are down when faults stop.
enum class Comeback : std::uint8_t { nobody, some, everybody };

// One run, but for its choices of steps.
struct Swarm {
  Scenario scenario;
  Scope scope;  // the bounds say which faults there are; the simulation keeps no count of them
  Rates rates;
  std::vector<std::uint32_t> speeds;  // of the servers, beside each other
  std::uint32_t burst = 1;            // so many steps in a row are one server's, on average
  int down_max = 0;                   // at most so many are down after crashes
  int steps = 0;                      // before faults stop
  Comeback comeback = Comeback::everybody;
};

// What a draw may choose from. What is empty is drawn.
struct SwarmBounds {
  std::optional<model::Ensemble> ensemble;  // otherwise majorities of servers_min to servers_max voters 1, 2, ...
  int servers_min = 5;
  int servers_max = 5;
  std::optional<Network> network;
  std::optional<TimingKind> timing;
  std::optional<StartKind> start;
  std::optional<Grain> grain;
  std::optional<RoleEnd> role_end;
  bool equal_histories = false;
  std::optional<std::vector<Participant>> histories;  // by id; of who is not there epoch 0, zxid 0
  int steps_max = 0;                                  // 0: by the number of servers
};

Swarm draw_swarm(const SwarmBounds& bounds, Random& random);

}  // namespace conclave::spec
