#include "outlook.hpp"

#include <algorithm>
#include <variant>

namespace conclave::logs {
namespace {

using model::PeerEpoch;
using model::Round;
using model::ServerState;

// Lines of two threads may be in another order than their times, but not by so much.
constexpr std::int64_t set_back_ms = 1'000;

bool of_main(const Sentence& sentence) {
  return std::holds_alternative<ProcessStarted>(sentence) || std::holds_alternative<Looking>(sentence) ||
         std::holds_alternative<ElectionBegins>(sentence) || std::holds_alternative<TimedOut>(sentence) ||
         std::holds_alternative<StateChanged>(sentence) || std::holds_alternative<RoleTaken>(sentence);
}

}  // namespace

Outlook::Outlook(const ServerLog& log)
    : log_(log), next_(log.facts.size() + 1, log.facts.size()), next_heard_(log.facts.size() + 1, log.facts.size()) {
  for (std::size_t i = log.facts.size(); i-- > 0;) {
    const Sentence& sentence = log.facts[i].sentence;
    next_[i] = of_main(sentence) ? i : next_[i + 1];
    const bool heard = std::holds_alternative<Heard>(sentence) || std::holds_alternative<ProcessStarted>(sentence);
    next_heard_[i] = heard ? i : next_heard_[i + 1];
  }
}

std::optional<std::size_t> Outlook::overtaken_by(std::size_t fact) const {
  const std::size_t line = next_heard_[fact];
  if (line == log_.facts.size() || next_[fact] > line) return std::nullopt;
  if (!std::holds_alternative<Heard>(log_.facts[line].sentence)) return std::nullopt;
  return line;
}

const Sentence* Outlook::next_of_main(std::size_t fact) const {
  const std::size_t next = next_[fact];
  if (next == log_.facts.size() || std::holds_alternative<ProcessStarted>(log_.facts[next].sentence)) return nullptr;
  return &log_.facts[next].sentence;
}

std::optional<std::size_t> Outlook::start_at(std::size_t fact) const {
  const Sentence* next = next_of_main(fact);
  if (next == nullptr || !std::holds_alternative<ElectionBegins>(*next)) return std::nullopt;
  return next_[fact];
}

bool Outlook::may_time_out(std::size_t fact) const {
  const Sentence* next = next_of_main(fact);
  return next == nullptr || std::holds_alternative<TimedOut>(*next);
}

bool Outlook::may_decide(std::size_t fact, ServerState state) const {
  const Sentence* next = next_of_main(fact);
  if (next == nullptr) return true;
  if (const auto* changed = std::get_if<StateChanged>(next)) return changed->first && changed->state == state;
  const auto* taken = std::get_if<RoleTaken>(next);
  return taken != nullptr && taken->state == state;
}

std::int64_t Outlook::latest_ms(std::size_t fact) const {
  std::size_t next = next_[fact];
  if (next_of_main(fact) == nullptr) --next;  // there is none in this process: its last line of any thread
  return log_.facts[next].time_ms;
}

bool Outlook::may_have_waited(std::size_t fact, std::int64_t not_before_ms) const {
  if (latest_ms(fact) >= not_before_ms) return true;
  // A clock that was put back in between says nothing.
  const auto earlier = [](const Fact& later, const Fact& before) {
    return later.time_ms + set_back_ms < before.time_ms;
  };
  // `fact` may be the end of the log, where there is no line.
  for (std::size_t i = std::min(fact, log_.facts.size() - 1);
       i-- > 0 && !std::holds_alternative<ElectionBegins>(log_.facts[i].sentence);) {
    if (earlier(log_.facts[i + 1], log_.facts[i])) return true;
  }
  return false;
}

bool Outlook::may_publish(std::size_t fact) const {
  const Sentence* next = next_of_main(fact);
  return next == nullptr || std::holds_alternative<RoleTaken>(*next);
}

bool Outlook::may_end_role(std::size_t fact) const {
  const Sentence* next = next_of_main(fact);
  if (next == nullptr || std::holds_alternative<Looking>(*next)) return true;
  const auto* changed = std::get_if<StateChanged>(next);
  return changed != nullptr && changed->state == ServerState::looking;
}

std::vector<Beginning> Outlook::beginnings(std::size_t fact, bool clock_known, const EpochBound& epoch,
                                           const model::Configuration& configuration) const {
  const auto& begins = std::get<ElectionBegins>(log_.facts[fact].sentence);
  const model::PeerEpoch of_zxid{begins.zxid.value < 0 ? 0 : begins.zxid.value >> 32};
  std::vector<Beginning> found;
  const auto add = [&](PeerEpoch its_epoch, std::optional<Round> clock) {
    const bool fits = its_epoch >= of_zxid && (!epoch.exactly || its_epoch == *epoch.exactly) &&
                      (!epoch.floor || its_epoch >= *epoch.floor);
    const Beginning one{{its_epoch, its_epoch, begins.zxid}, clock, false};
    const auto same = [&](const Beginning& other) { return other.durable == one.durable && other.clock == clock; };
    if (fits && std::none_of(found.begin(), found.end(), same)) found.push_back(one);
  };
  bool told = false;
  for (std::size_t i = fact + 1; i < log_.facts.size(); ++i) {
    const Sentence& sentence = log_.facts[i].sentence;
    if (std::holds_alternative<ElectionBegins>(sentence) || std::holds_alternative<ProcessStarted>(sentence)) break;
    // At DEBUG, also where the process ends before it hears itself.
    const auto* sent = std::get_if<NotificationSent>(&sentence);
    if (sent != nullptr && sent->proposal.leader == log_.sid && sent->proposal.zxid == begins.zxid) {
      told = true;
      add(sent->proposal.epoch, clock_known ? std::nullopt : std::optional(Round{sent->round.value - 1}));
    }
    const auto* heard = std::get_if<Heard>(&sentence);
    if (heard == nullptr) continue;
    const model::Vote& vote = heard->notification.vote;
    if (!configuration.votes(log_.sid)) {
      // It does not hear itself. It knows only rounds of others.
      if (!clock_known) add(of_zxid, Round{vote.round.value - 1});
      continue;
    }
    const bool own = heard->notification.from == log_.sid && vote.state == ServerState::looking &&
                     vote.proposal.leader == log_.sid && vote.proposal.zxid == begins.zxid;
    if (!own) continue;
    told = true;
    add(vote.proposal.epoch, clock_known ? std::nullopt : std::optional(Round{vote.round.value - 1}));
  }
  if (told || !found.empty()) return found;
  // The log ends, or all that it has is another's. What it votes with then matters to nothing that can be seen.
  const PeerEpoch assumed = epoch.exactly.value_or(std::max(of_zxid, epoch.floor.value_or(of_zxid)));
  add(assumed, clock_known ? std::nullopt : std::optional(Round{0}));
  for (Beginning& beginning : found) beginning.assumed = true;
  return found;
}

}  // namespace conclave::logs
