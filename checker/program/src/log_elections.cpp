// `conclave trace` of logs: the explanations as elections and as a story.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "conclave/check/log_study.hpp"
#include "conclave/check/words.hpp"
#include "trace_parts.hpp"

namespace conclave::check {
namespace {

using model::Event;
using model::Peer;
using model::Rule;
using model::ServerId;
using model::ServerState;

bool of_main(const logs::Sentence& sentence) {
  return std::holds_alternative<logs::Looking>(sentence) || std::holds_alternative<logs::ElectionBegins>(sentence) ||
         std::holds_alternative<logs::TimedOut>(sentence) || std::holds_alternative<logs::StateChanged>(sentence) ||
         std::holds_alternative<logs::RoleTaken>(sentence);
}

// Goes through one server's explanation and tells it.
class Teller {
 public:
  Teller(LogStudy& study, std::size_t server)
      : study_(study),
        server_(server),
        log_(study.logs.servers[server]),
        walk_(log_, study.explanations[server], study.worlds[server]) {}

  void tell() {
    std::size_t fact = 0;
    while (walk_.next()) {
      for (; fact < walk_.move->fact; ++fact) pass(fact);
      take();
    }
    for (; fact < log_.facts.size(); ++fact) pass(fact);
    close_turn();
  }

 private:
  // --- lines -------------------------------------------------------------------------------------------------------

  void pass(std::size_t fact) {
    const logs::Fact& at = log_.facts[fact];
    if (std::holds_alternative<logs::ProcessStarted>(at.sentence)) {
      close_turn();
      why_.clear();
    }
    if (const auto* lost = std::get_if<logs::RoleLost>(&at.sentence); lost != nullptr && why_.empty()) {
      why_ = lost->why;
    }
    const auto* refused = std::get_if<logs::ChannelRefused>(&at.sentence);
    if (refused != nullptr && turn_ && !turn_->end) ++turn_->refused[refused->to];
    if (const auto* led = std::get_if<logs::Established>(&at.sentence)) {
      say(place_of(at), fmt::format("is established in epoch {}", led->zxid.value >> 32));
    }
    if (std::holds_alternative<logs::UpToDate>(at.sentence)) say(place_of(at), "is up to date with its leader");
  }

  // --- steps -------------------------------------------------------------------------------------------------------

  void take() {
    if (walk_.move->kind == logs::Move::Kind::process) return say(log_place_of(log_, walk_), "starts");
    if (walk_.move->kind != logs::Move::Kind::step) return;
    const Event& event = walk_.move->event;
    const LogPlace place = log_place_of(log_, walk_);
    if (std::holds_alternative<model::Start>(event)) begin(place);
    if (std::holds_alternative<model::RoleEnded>(event)) end_role(place);
    if (std::holds_alternative<model::NotificationTimeout>(event) && turn_) ++turn_->timeouts;
    std::optional<ServerId> by;
    if (std::holds_alternative<model::Process>(event) && !walk_.before.received.empty()) {
      by = walk_.before.received[0].from;
      if (turn_) turn_->heard.emplace(*by, place);
    }
    if (turn_) note(place, by);
    std::string text = told_step(walk_.before, event, walk_.made, walk_.ensemble);
    if (!text.empty()) say(place, text);
  }

  void begin(const LogPlace& place) {
    close_turn();
    turn_ = Turn{};
    turn_->server = server_;
    turn_->began = place;
    turn_->initial = walk_.made.peer.proposal;
    turn_->round = walk_.made.peer.clock;
    agreed_ms_.reset();
  }

  void end_role(const LogPlace& place) {
    if (turn_) turn_->role_ended = place;
    if (turn_) turn_->why_ended = why_;
    say(place, why_.empty() ? "gives up its role" : "gives up its role: " + why_);
    why_.clear();
  }

  void note(const LogPlace& place, std::optional<ServerId> by) {
    const model::RuleSet& rules = walk_.made.rules;
    const Peer& after = walk_.made.peer;
    const bool later = rules.has(Rule::join_later_round_with_theirs) || rules.has(Rule::join_later_round_with_own);
    if (later || rules.has(Rule::adopt_better_vote)) {
      turn_->changes.push_back({place, by, after.proposal, after.clock, later});
    }
    if (rules.has(Rule::begin_finalizing)) agreed_ms_ = place.time_ms;
    if (rules.has(Rule::finalizing_requeue)) agreed_ms_.reset();
    for (const model::Effect& effect : walk_.made.effects) {
      const auto* decided = std::get_if<model::Decided>(&effect);
      if (decided == nullptr) continue;
      TurnEnd end{place, decided->state, decided->vote, rules.has(Rule::decide_by_silence), {}, std::nullopt};
      if (end.by_silence) {
        for (const ServerId id : supporters_of(walk_.before)) end.agreed.insert(id);
        if (agreed_ms_) end.waited_ms = std::max<std::int64_t>(0, place.time_ms - *agreed_ms_);
      }
      turn_->end = std::move(end);
    }
  }

  void close_turn() {
    if (turn_) study_.turns.push_back(std::move(*turn_));
    turn_.reset();
  }

  void say(const LogPlace& place, const std::string& text) {
    study_.story.push_back({place.time_ms * 1'000, log_.sid, place.file, place.line, text});
  }

  LogStudy& study_;
  std::size_t server_;
  const logs::ServerLog& log_;
  logs::Walk walk_;
  std::optional<Turn> turn_;
  std::optional<std::int64_t> agreed_ms_;
  std::string why_;
};

// The epoch that a leader was established in during a role.
std::optional<model::PeerEpoch> epoch_of(const LogStudy& study, const Turn& turn) {
  const logs::ServerLog& log = study.logs.servers[turn.server];
  for (const logs::Fact& fact : log.facts) {
    if (fact.time_ms < turn.end->place.time_ms) continue;
    if (fact.file == turn.end->place.file && fact.line < turn.end->place.line) continue;
    if (std::holds_alternative<logs::Looking>(fact.sentence)) break;
    if (std::holds_alternative<logs::ProcessStarted>(fact.sentence)) break;
    if (const auto* led = std::get_if<logs::Established>(&fact.sentence)) {
      return model::PeerEpoch{led->zxid.value >> 32};
    }
  }
  return std::nullopt;
}

// Who decided for one leader in one round belongs together, until that leader begins another election.
void gather(LogStudy& study) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < study.turns.size(); ++i) {
    if (study.turns[i].end) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t left, std::size_t right) {
    return study.turns[left].end->place.time_ms < study.turns[right].end->place.time_ms;
  });
  std::map<std::pair<ServerId, model::Round>, std::size_t> open;
  for (const std::size_t i : order) {
    const Turn& turn = study.turns[i];
    const std::pair key{turn.end->vote.proposal.leader, turn.end->vote.round};
    const bool leads = turn.end->state == ServerState::leading;
    auto place = open.find(key);
    if (place != open.end()) {
      const ElectionOutcome& last = study.outcomes[place->second];
      const bool led = std::any_of(last.turns.begin(), last.turns.end(), [&](std::size_t other) {
        return study.turns[other].end->state == ServerState::leading;
      });
      const bool again = std::any_of(last.turns.begin(), last.turns.end(),
                                     [&](std::size_t other) { return study.turns[other].server == turn.server; });
      // A process that starts again has the rounds of the one before.
      if ((leads && led) || (again && !led)) place = open.end();
    }
    if (place == open.end()) {
      study.outcomes.push_back({key.first, key.second, {}, std::nullopt});
      place = open.insert_or_assign(key, study.outcomes.size() - 1).first;
    }
    ElectionOutcome& outcome = study.outcomes[place->second];
    outcome.turns.push_back(i);
    if (leads) outcome.epoch = epoch_of(study, turn);
  }
}

}  // namespace

LogPlace log_place_of(const logs::ServerLog& log, const logs::Walk& walk) {
  const std::size_t fact = walk.move->fact;
  const auto next_of_main = [&] {
    const auto begin = log.facts.begin() + static_cast<std::ptrdiff_t>(fact);
    const auto next = std::find_if(begin, log.facts.end(), [](const logs::Fact& at) { return of_main(at.sentence); });
    return place_of(next == log.facts.end() ? log.facts.back() : *next);
  };
  if (walk.move->kind != logs::Move::Kind::step) return place_of(log.facts[std::min(fact, log.facts.size() - 1)]);
  const Event& event = walk.move->event;
  const bool late = model::state_of(walk.made.peer) != model::state_of(walk.before) ||
                    std::holds_alternative<model::Start>(event) ||
                    std::holds_alternative<model::NotificationTimeout>(event);
  return late || fact == 0 ? next_of_main() : place_of(log.facts[fact - 1]);
}

void tell_elections(LogStudy& study) {
  for (std::size_t i = 0; i < study.logs.servers.size(); ++i) Teller(study, i).tell();
  std::stable_sort(study.turns.begin(), study.turns.end(),
                   [](const Turn& left, const Turn& right) { return left.began.time_ms < right.began.time_ms; });
  std::stable_sort(study.story.begin(), study.story.end(),
                   [](const StoryLine& left, const StoryLine& right) { return left.unix_us < right.unix_us; });
  gather(study);
}

}  // namespace conclave::check
