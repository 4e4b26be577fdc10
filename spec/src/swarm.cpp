#include "conclave/spec/swarm.hpp"

#include <algorithm>
#include <cstddef>

#include "conclave/model/configuration.hpp"

namespace conclave::spec {
namespace {

model::Ensemble majority_of(int voters) {
  std::vector<model::Member> members;
  for (int id = 1; id <= voters; ++id) {
    members.push_back(model::Member{model::ServerId{id}, model::LearnerType::participant, {}, {}});
  }
  return model::single_configuration(model::Configuration::make(model::QuorumKind::majority, members));
}

// Small numbers: the rules only compare. Ties are drawn often, for then the ids decide.
std::vector<Participant> draw_histories(const model::Ensemble& ensemble, Random& random) {
  const auto epochs = random.one_of<std::uint32_t>({1, 1, 2, 4});
  const auto zxids = random.one_of<std::uint32_t>({1, 2, 4, 16});
  const auto unlogged_percent = random.one_of<std::uint32_t>({0, 0, 0, 10, 30});
  std::vector<Participant> histories;
  for (const model::Member& member : ensemble.configurations[0].members()) {
    const std::int64_t epoch = random.below(epochs);
    const std::int64_t zxid = random.below(zxids);
    model::Durable durable{model::PeerEpoch{epoch}, model::PeerEpoch{epoch}, model::Zxid{zxid}};
    if (random.percent(unlogged_percent)) durable = model::Durable{{}, {}, model::unlogged};
    histories.push_back(Participant{member.id, durable});
  }
  return histories;
}

Scenario draw_scenario(const SwarmBounds& bounds, Random& random) {
  const auto sizes = static_cast<std::uint32_t>(bounds.servers_max - bounds.servers_min + 1);
  const model::Ensemble ensemble =
      bounds.ensemble ? *bounds.ensemble : majority_of(bounds.servers_min + static_cast<int>(random.below(sizes)));
  std::vector<Participant> histories;
  if (bounds.histories) {
    histories = *bounds.histories;
  } else if (!bounds.equal_histories) {
    histories = draw_histories(ensemble, random);
  }
  Scenario scenario = given_history(ensemble, histories);
  const model::Configuration& configuration = ensemble.configurations[0];
  if (configuration.kind() == model::QuorumKind::oracle_majority && random.percent(70)) {
    const auto place = random.below(static_cast<std::uint32_t>(scenario.participants.size()));
    const model::ServerId granted = scenario.participants[place].id;
    if (configuration.votes(granted)) scenario.oracle_grants = granted;
  }
  return scenario;
}

Scope draw_scope(const SwarmBounds& bounds, Random& random) {
  Scope scope;
  scope.clear_dead_votes = false;
  scope.rounds = rounds_max;
  const Network fifo{NetworkKind::fifo, random.one_of({1, 2, 3, 8, fifo_capacity_max})};
  const Network drawn = random.percent(50) ? Network{} : fifo;
  scope.network = bounds.network.value_or(drawn);
  const TimingKind timing = random.percent(65) ? TimingKind::async : TimingKind::timely;
  scope.timing = bounds.timing.value_or(timing);
  const StartKind start = random.percent(75) ? StartKind::staggered : StartKind::together;
  scope.start = bounds.start.value_or(start);
  const Grain grain = random.percent(70) ? Grain::coarse : Grain::fine;
  scope.grain = bounds.grain.value_or(grain);
  const bool any = random.percent(25) && scope.timing == TimingKind::async;
  scope.role_end = bounds.role_end.value_or(any ? RoleEnd::any : RoleEnd::lost);
  return scope;
}

std::uint32_t drawn_rate(Random& random) { return random.one_of<std::uint32_t>({0, 0, 0, 0, 1, 3, 10, 30}); }

void draw_faults(Swarm& swarm, Random& random) {
  Rates& rates = swarm.rates;
  Scope& scope = swarm.scope;
  const bool timely = scope.timing == TimingKind::timely;
  const bool fifo = scope.network.kind == NetworkKind::fifo;
  const auto servers = static_cast<int>(swarm.scenario.participants.size());
  rates.crash = drawn_rate(random);
  rates.restart = drawn_rate(random);
  rates.lose = drawn_rate(random);
  rates.cut = drawn_rate(random);
  rates.heal = random.one_of<std::uint32_t>({3, 10, 30, 100});
  rates.resend = random.one_of<std::uint32_t>({0, 1, 10, 50});
  swarm.down_max = random.one_of({1, (servers - 1) / 2, (servers - 1) / 2, servers});
  // Messages that are faster than waits are neither lost nor held up.
  if (timely) rates.lose = rates.cut = 0;
  if (!fifo) rates.lose = rates.resend = 0;
  if (rates.crash == 0) rates.restart = 0;
  scope.crashes = rates.crash > 0 ? faults_max : 0;
  scope.restarts = rates.restart > 0 ? faults_max : 0;
  scope.losses = rates.lose + rates.cut > 0 && fifo ? faults_max : 0;
  scope.resends = fifo ? faults_max : 0;
}

}  // namespace

Swarm draw_swarm(const SwarmBounds& bounds, Random& random) {
  Swarm swarm;
  swarm.scenario = draw_scenario(bounds, random);
  swarm.scope = draw_scope(bounds, random);
  draw_faults(swarm, random);
  Rates& rates = swarm.rates;
  rates.silence = random.one_of<std::uint32_t>({3, 30, 100, 300});
  rates.end_role = random.one_of<std::uint32_t>({1, 10, 100});
  rates.start = random.one_of<std::uint32_t>({2, 10, 100, 1000});
  rates.fresh = random.one_of<std::uint32_t>({10, 70, 95, 100});
  const bool uneven = random.percent(50);
  const auto servers = static_cast<int>(swarm.scenario.participants.size());
  for (int i = 0; i < servers; ++i) {
    swarm.speeds.push_back(uneven ? random.one_of<std::uint32_t>({1, 4, 16, 64}) : 1);
  }
  swarm.burst = random.one_of<std::uint32_t>({1, 1, 4, 16});
  const int most = bounds.steps_max > 0 ? bounds.steps_max : std::max(500, 50 * servers);
  swarm.steps = 1 + static_cast<int>(random.below(static_cast<std::uint32_t>(most)));
  swarm.comeback = random.one_of({Comeback::nobody, Comeback::some, Comeback::everybody, Comeback::everybody});
  return swarm;
}

}  // namespace conclave::spec
