#include "conclave/spec/simulation.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace conclave::spec {
namespace {

// All servers of a simulation run one release, so that nobody is answered as a server of an older one.
constexpr int kinds_heard = offers_count - 1;
static_assert(static_cast<int>(Offer::voted) == kinds_heard);

std::uint8_t byte(int server) { return static_cast<std::uint8_t>(server); }

// The world of one run, with what is recorded of it.
class Stage {
 public:
  explicit Stage(const Trial& trial)
      : trial_(trial), steps_(trial.swarm.scenario, trial.swarm.scope, trial.rules), world_(steps_) {
    if (trial_.observer) trial_.observer(world_, nullptr, nullptr);
    note(world_.judge_state());
  }

  World& world() { return world_; }
  RunRecord& record() { return record_; }
  // False: the run is over.
  bool take(const Action& action) {
    const Replay::Step step = world_.take(action);
    record_.schedule.push_back(action);
    if (trial_.observer) trial_.observer(world_, &action, &step);
    note(step.broken);
    return !over();
  }
  bool over() {
    if (!over_ && trial_.interrupt != nullptr && *trial_.interrupt) over_ = true;
    return over_;
  }
  RunRecord end(RunEnd how) {
    if (!over_) record_.end = how;
    return std::move(record_);
  }

 private:
  void note(PropertySet broken) {
    record_.seen |= broken;
    record_.broken = broken & trial_.claims;
    if (record_.broken == 0) return;
    record_.end = RunEnd::broken;
    over_ = true;
  }

  const Trial& trial_;
  LocalSteps steps_;
  World world_;
  RunRecord record_;
  bool over_ = false;
};

// --- with faults -----------------------------------------------------------------------------------------------------

class Chaos {
 public:
  Chaos(const Swarm& swarm, Stage& stage, Random& random)
      : swarm_(swarm), stage_(stage), world_(stage.world()), random_(random), n_(world_.servers()) {
    const auto n = static_cast<std::size_t>(n_);
    if (swarm_.rates.cut > 0) cut_.resize(n * n, false);
    total_speed_ = std::accumulate(swarm_.speeds.begin(), swarm_.speeds.end(), std::uint32_t{0});
  }

  void run() {
    for (int i = 0; i < swarm_.steps && !stage_.over(); ++i) {
      change_connections();
      const auto action = choose();
      if (!action) continue;
      if (!stage_.take(*action)) return;
      lose_what_is_cut(action->server);
    }
  }
  // Faults stop: some come back before they do.
  void come_back() {
    if (swarm_.comeback == Comeback::nobody) return;
    std::vector<int> order(static_cast<std::size_t>(n_));
    std::iota(order.begin(), order.end(), 0);
    random_.shuffle(order);
    for (const int server : order) {
      if (swarm_.comeback == Comeback::some && random_.percent(50)) continue;
      for (const ActionKind kind : {ActionKind::start, ActionKind::restart}) {
        if (kind == ActionKind::restart && swarm_.rates.restart == 0) continue;
        const Action action{kind, byte(server), 0, {}};
        if (world_.possible(action) && !stage_.take(action)) return;
      }
    }
  }

 private:
  // Some connections are cut, or all are mended.
  void change_connections() {
    if (cut_.empty()) return;
    if (random_.below(1000) < swarm_.rates.heal) cut_.assign(cut_.size(), false);
    if (random_.below(1000) >= swarm_.rates.cut) return;
    const int first = some_server();
    const std::uint32_t how = random_.below(3);  // one connection, one server, two halves
    const int second = some_server();
    std::vector<bool> side(static_cast<std::size_t>(n_));
    for (int i = 0; i < n_; ++i) side[static_cast<std::size_t>(i)] = how == 2 ? random_.percent(50) : i == first;
    for (int i = 0; i < n_; ++i) {
      for (int j = 0; j < n_; ++j) {
        const bool apart = side[static_cast<std::size_t>(i)] != side[static_cast<std::size_t>(j)];
        const bool meant = how != 0 || i == second || j == second;
        if (apart && meant) cut_[place(i, j)] = true;
      }
    }
    for (int i = 0; i < n_ && !stage_.over(); ++i) lose_what_is_cut(i);
  }
  // fifo: what a server has just sent over a connection that is cut, and what comes to it over one.
  void lose_what_is_cut(int server) {
    if (cut_.empty() || world_.scope().network.kind != NetworkKind::fifo) return;
    for (int other = 0; other < n_; ++other) {
      if (!cut_[place(server, other)]) continue;
      for (const auto& [to, from] : {std::pair{other, server}, std::pair{server, other}}) {
        const Action lost{ActionKind::lose, byte(to), byte(from), {}};
        while (world_.possible(lost)) {
          if (!stage_.take(lost)) return;
        }
      }
    }
  }
  [[nodiscard]] std::size_t place(int from, int to) const {
    return static_cast<std::size_t>(from) * static_cast<std::size_t>(n_) + static_cast<std::size_t>(to);
  }

  int some_server() { return static_cast<int>(random_.below(static_cast<std::uint32_t>(n_))); }
  int by_speed() {
    std::uint32_t left = random_.below(total_speed_);
    for (int i = 0; i < n_; ++i) {
      const std::uint32_t speed = swarm_.speeds[static_cast<std::size_t>(i)];
      if (left < speed) return i;
      left -= speed;
    }
    return n_ - 1;
  }

  std::optional<Action> choose() {
    if (random_.below(swarm_.burst) == 0) acting_ = by_speed();
    for (int tries = 0; tries <= 2 * n_; ++tries) {
      if (const auto action = choose_for(acting_)) return action;
      acting_ = tries < n_ ? by_speed() : tries - n_;
      acting_ %= n_;
    }
    return std::nullopt;
  }

  struct Choice {
    Action action;
    std::uint32_t rate;
  };
  void offer(const Action& action, std::uint32_t rate) {
    if (rate > 0 && world_.possible(action)) choices_.push_back(Choice{action, rate});
  }
  std::optional<Action> choose_for(int server) {
    choices_.clear();
    const Rates& rates = swarm_.rates;
    const auto plain = [&](ActionKind kind, std::uint32_t rate) { offer(Action{kind, byte(server), 0, {}}, rate); };
    const Life life = world_.facts(server).life;
    if (life == Life::unborn) plain(ActionKind::start, rates.start);
    if (life == Life::down) plain(ActionKind::restart, rates.restart);
    if (life == Life::up) {
      if (const auto hearing = something_to_hear(server)) choices_.push_back(Choice{*hearing, rates.hear});
      if (rates.lose > 0) {
        offer(Action{ActionKind::lose, byte(server), byte(some_server()), {}}, rates.lose);
      }
      plain(ActionKind::process, rates.hear);
      plain(ActionKind::publish, rates.hear);
      plain(ActionKind::begin, rates.hear);
      plain(ActionKind::silence, rates.silence);
      plain(ActionKind::resend, rates.resend);
      if (ends_roles_now(server)) plain(ActionKind::end_role, rates.end_role);
      if (rates.crash > 0 && down() < swarm_.down_max) plain(ActionKind::crash, rates.crash);
    }
    std::uint32_t sum = 0;
    for (const Choice& choice : choices_) sum += choice.rate;
    if (sum == 0) return std::nullopt;
    std::uint32_t left = random_.below(sum);
    for (const Choice& choice : choices_) {
      if (left < choice.rate) return choice.action;
      left -= choice.rate;
    }
    return std::nullopt;
  }
  // Whether all is at rest takes long to find out, and is found out now and then.
  bool ends_roles_now(int server) {
    if (world_.facts(server).state == model::ServerState::looking) return false;
    return world_.scope().role_end == RoleEnd::any || random_.percent(5);
  }
  [[nodiscard]] int down() const {
    int count = 0;
    for (int i = 0; i < n_; ++i) count += world_.facts(i).life == Life::down ? 1 : 0;
    return count;
  }

  std::optional<Action> something_to_hear(int server) {
    const bool fifo = world_.scope().network.kind == NetworkKind::fifo;
    const bool fresh_first = !fifo && random_.percent(swarm_.rates.fresh);
    for (const bool fresh : {true, false}) {
      if (fresh && !fresh_first) continue;
      const int from = some_server();
      const int first_kind = static_cast<int>(random_.below(kinds_heard));
      for (int i = 0; i < n_; ++i) {
        const int other = (from + i) % n_;
        if (!cut_.empty() && cut_[place(server, other)]) continue;
        for (int kind = 0; kind < (fifo ? 1 : kinds_heard); ++kind) {
          const auto offer = static_cast<Offer>(fifo ? 0 : (first_kind + kind) % kinds_heard);
          const Action action{fifo ? ActionKind::deliver : ActionKind::read, byte(server), byte(other), offer};
          if (world_.possible(action) && (!fresh || world_.unread(server, other, offer))) return action;
        }
      }
    }
    return std::nullopt;
  }

  const Swarm& swarm_;
  Stage& stage_;
  World& world_;
  Random& random_;
  int n_;
  int acting_ = 0;
  std::uint32_t total_speed_ = 0;
  std::vector<bool> cut_;  // by from and to; empty: never
  std::vector<Choice> choices_;
};

// --- without faults --------------------------------------------------------------------------------------------------

class Calm {
 public:
  Calm(Stage& stage, Random& random) : stage_(stage), world_(stage.world()), random_(random) {
    order_.resize(static_cast<std::size_t>(world_.servers()));
    std::iota(order_.begin(), order_.end(), 0);
  }

  RunEnd settle() {
    for (int rest = 0; rest < rests_max; ++rest) {
      come_to_rest();
      if (stage_.over()) return RunEnd::interrupted;
      if (!world_.quorum_runs()) return RunEnd::no_quorum;
      if (world_.all_settled()) return RunEnd::settled;
      // Once nothing moves the notification time-outs come first, and what they bring is waited for. Only where that
      // brings nobody further the longest time-outs run out.
      const std::vector<model::Role> before = roles();
      const bool resent = resend();
      if (stage_.over() || roles() != before) continue;
      const bool ended = end_lost_roles();
      if (!resent && !ended && !stage_.over() && !chatters())
        return world_.stuck() ? RunEnd::stuck : RunEnd::unsettled;
    }
    return RunEnd::unsettled;
  }

 private:
  // Until nobody has anything to hear or do, and no wait runs out.
  void come_to_rest() {
    constexpr int sweeps_max = 1000;  // a conversation that does not end is not waited for
    for (int sweep = 0; sweep < sweeps_max && !stage_.over(); ++sweep) {
      if (!talk() && !each(ActionKind::silence)) return;
    }
  }

  // Everybody once, in any order: all that is there to be heard and done. False: nothing was.
  bool talk() {
    random_.shuffle(order_);
    bool moved = false;
    for (const int server : order_) {
      moved = work(server) || moved;
      const int from = static_cast<int>(random_.below(static_cast<std::uint32_t>(world_.servers())));
      for (int i = 0; i < world_.servers(); ++i) {
        if (stage_.over()) return moved;
        const int other = (from + i) % world_.servers();
        while (hear(server, other)) {
          moved = true;
          if (stage_.over()) return moved;
          work(server);
        }
      }
    }
    return moved;
  }
  bool hear(int server, int other) {
    if (world_.scope().network.kind == NetworkKind::fifo) {
      // What comes while it is listening is for the next time: two could go on talking for ever.
      const Action deliver{ActionKind::deliver, byte(server), byte(other), {}};
      if (!world_.possible(deliver)) return false;
      if (!world_.is_chatter(server, other)) return stage_.take(deliver), true;
      // Goes on for as long as anybody learns from it.
      const auto& peer = world_.replay().servers()[static_cast<std::size_t>(server)].peer;
      const model::Peer before = peer;
      stage_.take(deliver);
      return !(peer == before);
    }
    for (int kind = 0; kind < offers_count; ++kind) {
      const auto offer = static_cast<Offer>(kind);
      const Action read{ActionKind::read, byte(server), byte(other), offer};
      if (!world_.unread(server, other, offer) || !world_.possible(read)) continue;
      stage_.take(read);
      return true;
    }
    return false;
  }
  // The fine grain's threads.
  bool work(int server) {
    bool moved = false;
    for (bool more = true; more;) {
      more = false;
      for (const ActionKind kind : {ActionKind::process, ActionKind::publish, ActionKind::begin}) {
        const Action action{kind, byte(server), 0, {}};
        if (stage_.over() || !world_.possible(action)) continue;
        stage_.take(action);
        more = moved = true;
      }
    }
    return moved;
  }
  bool each(ActionKind kind) {
    bool moved = false;
    for (const int server : order_) {
      const Action action{kind, byte(server), 0, {}};
      if (stage_.over() || !world_.possible(action)) continue;
      stage_.take(action);
      moved = true;
    }
    return moved;
  }
  [[nodiscard]] bool chatters() const {
    if (world_.scope().network.kind != NetworkKind::fifo) return false;
    for (int i = 0; i < world_.servers(); ++i) {
      for (int j = 0; j < world_.servers(); ++j) {
        if (world_.replay().under_way(i, j) > 0 && world_.facts(j).life == Life::up) return true;
      }
    }
    return false;
  }
  // One after the other: each asks all, and hears what they answer.
  bool resend() {
    bool moved = false;
    const std::vector<int> order = order_;
    for (const int server : order) {
      const Action action{ActionKind::resend, byte(server), 0, {}};
      if (stage_.over() || !world_.possible(action)) continue;
      stage_.take(action);
      come_to_rest();
      moved = true;
    }
    return moved;
  }
  [[nodiscard]] std::vector<model::Role> roles() const {
    std::vector<model::Role> all;
    for (const Server& server : world_.replay().servers()) all.push_back(server.peer.role);
    return all;
  }
  bool end_lost_roles() {
    bool moved = false;
    for (const int server : order_) {
      const LocalFacts& facts = world_.facts(server);
      if (facts.life != Life::up || facts.state == model::ServerState::looking || !world_.role_lost(server)) continue;
      const Action action{ActionKind::end_role, byte(server), 0, {}};
      if (stage_.over() || !world_.possible(action)) continue;
      stage_.take(action);
      moved = true;
    }
    return moved;
  }

  Stage& stage_;
  World& world_;
  Random& random_;
  std::vector<int> order_;
};

}  // namespace

RunRecord simulate_run(const Trial& trial) {
  Random random(trial.seed);
  Stage stage(trial);
  Chaos chaos(trial.swarm, stage, random);
  chaos.run();
  if (!stage.over()) chaos.come_back();
  stage.record().calm_from = stage.record().schedule.size();
  if (stage.over()) return stage.end(RunEnd::interrupted);
  return stage.end(Calm(stage, random).settle());
}

RunRecord follow_schedule(const Trial& trial, const std::vector<Action>& schedule, bool calm) {
  Random random(trial.seed);
  Stage stage(trial);
  for (const Action& action : schedule) {
    if (stage.over()) break;
    if (stage.world().possible(action)) stage.take(action);
  }
  stage.record().calm_from = stage.record().schedule.size();
  if (!calm || stage.over()) return stage.end(RunEnd::interrupted);
  return stage.end(Calm(stage, random).settle());
}

std::string local_state(const World& world, int server) {
  const Participant& one = world.steps().scenario().participants[static_cast<std::size_t>(server)];
  std::string bytes = encode(world.replay().servers()[static_cast<std::size_t>(server)]);
  for (const std::int64_t number : {one.id.value, one.durable.current_epoch.value, one.durable.last_zxid.value}) {
    bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  return bytes;
}

}  // namespace conclave::spec
