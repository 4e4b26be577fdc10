#include "conclave/logs/crossing.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "conclave/logs/clocks.hpp"

namespace conclave::logs {
namespace {

using model::Peer;
using model::PeerEpoch;
using model::Round;
using model::ServerId;
using model::ServerState;
using model::Vote;

// To whom something is said.
enum class Audience : std::uint8_t { voters, one, non_voters };
// Did it say that? Of some answers no log tells what was in them.
enum class Said : std::uint8_t { yes, no, unknown };
using Words = std::tuple<Audience, ServerId, model::Proposal, Round, ServerState>;

Words words_of(Audience audience, ServerId to, const Vote& vote) {
  return {audience, to, vote.proposal, vote.round, vote.state};
}

// The epochs that the servers with a log here have led.
using Led = std::map<ServerId, std::set<PeerEpoch>>;

// All that one server may have said: its explained steps, and for each answer of reception, which is a thread of its
// own, the answers in every situation that the answer's lines leave open.
class Speaker {
 public:
  Speaker(const ServerLog& log, const Explanation& explanation, const World& world, const Led& led)
      : world_(world), led_(led), walk_(log, explanation, world) {
    bool more = walk_.next();
    for (std::size_t fact = 0; fact <= log.facts.size(); ++fact) {
      for (; more && walk_.move->fact == fact; more = walk_.next()) take();
      if (fact < log.facts.size())
        std::visit([&](const auto& sentence) { this->line(sentence); }, log.facts[fact].sentence);
    }
  }

  [[nodiscard]] Said said(ServerId to, bool votes, const Vote& vote) const {
    if (may_have_said(to, votes, vote)) return Said::yes;
    if (!votes) return of_unknown_vote_.count({vote.state, vote.round}) > 0 ? Said::unknown : Said::no;
    const auto left = of_vote_before_.find(vote.state);
    return left != of_vote_before_.end() && vote.round < left->second ? Said::unknown : Said::no;
  }

 private:
  [[nodiscard]] bool may_have_said(ServerId to, bool votes, const Vote& vote) const {
    if (votes && said_.count(words_of(Audience::voters, {}, vote)) > 0) return true;
    if (said_.count(votes ? words_of(Audience::one, to, vote) : words_of(Audience::non_voters, {}, vote)) > 0) {
      return true;
    }
    // The epoch of a leader without a log is not known; all else is.
    Vote of_any_epoch = vote;
    of_any_epoch.proposal.epoch = PeerEpoch{0};
    const auto fits = [&](const Words& words) {
      const auto any = any_epoch_.find(words);
      return any != any_epoch_.end() && vote.proposal.epoch > any->second;
    };
    if (!votes) return fits(words_of(Audience::non_voters, {}, of_any_epoch));
    return fits(words_of(Audience::one, to, of_any_epoch)) || fits(words_of(Audience::voters, {}, of_any_epoch));
  }

  void take() {
    if (walk_.move->kind == Move::Kind::process || walk_.move->kind == Move::Kind::resume) {
      states_.clear();
      asked_.reset();
      updated_.clear();
      of_unknown_epoch_ = false;
      vote_known_ = walk_.move->kind == Move::Kind::process;
    }
    // It began no election, and what it votes with is not known.
    if (walk_.move->kind == Move::Kind::process && !walk_.move->durable) {
      of_unknown_vote_.insert({ServerState::looking, Round{0}});
    }
    if (walk_.move->durable) assumed_ = walk_.move->assumed;
    for (const model::Effect& effect : walk_.made.effects) {
      const auto* all = std::get_if<model::SendToAll>(&effect);
      if (all == nullptr) continue;
      const Vote& vote = all->notification.vote;
      said_.insert(words_of(Audience::voters, {}, vote));
      if (assumed_ && vote.proposal.leader == walk_.made.peer.id) keep_any_epoch(vote, Audience::voters, {});
    }
    if (!vote_known_ && walk_.move->kind == Move::Kind::step) note_unknown_vote(walk_.before, walk_.made.peer);
    remember();
  }

  // Its log begins in the midst of a process: until the first decision is published, its vote is one of before.
  void note_unknown_vote(const Peer& before, const Peer& after) {
    vote_known_ = after.current_vote.round != model::no_round;
    of_unknown_vote_.insert({model::state_of(before), before.clock});
    if (vote_known_) return;
    of_unknown_vote_.insert({model::state_of(after), after.clock});
    if (after.unpublished) of_vote_before_.emplace(model::state_of(after), after.clock);
  }

  void remember() {
    if (asked_ && !states_.empty()) read_again(states_.back(), walk_.made.peer);
    states_.push_back(walk_.made.peer);
    if (asked_) answer(states_.back(), *asked_, Audience::one);
    answer_non_voters(states_.back());
  }

  // Reception looks at the state when it decides what to answer, and once more when it writes the answer. In between
  // the other thread may have changed it: the vote is that of before, the state the new one.
  void read_again(const Peer& before, const Peer& after) {
    const ServerState now = model::state_of(after);
    if (model::state_of(before) == now) return;
    written_as_ = now;
    answer(before, *asked_, Audience::one);
    written_as_.reset();
  }

  void line(const Heard& heard) {
    if (states_.empty()) return;
    asked_ = message_of(heard);
    for (const Peer& state : states_) answer(state, *asked_, Audience::one);
  }
  void line(const Established&) { established(); }
  void line(const UpToDate&) { established(); }
  // A line of the other thread: what it did before it is over.
  void line(const Looking&) { forget(); }
  void line(const ElectionBegins&) { forget(); }
  void line(const TimedOut&) { forget(); }
  void line(const StateChanged&) { forget(); }
  void line(const RoleTaken&) { forget(); }
  template <class Other>
  void line(const Other&) {}

  // From now on, at a moment that no line shows, its last decision's vote has the new epoch, until it decides anew.
  void established() {
    if (states_.empty() || model::state_of(states_.back()) == ServerState::looking) return;
    const Peer& state = states_.back();
    decided_ = state.unpublished ? *state.unpublished : state.current_vote;
    updated_.clear();
    const auto led = led_.find(decided_.proposal.leader);
    of_unknown_epoch_ = led == led_.end();
    if (!of_unknown_epoch_) {
      const StepFunction step = world_.step_at(walk_.move->fact);
      const Peer published = step(walk_.ensemble, state, model::VotePublished{}).peer;
      for (const PeerEpoch epoch : led->second) {
        if (epoch <= decided_.proposal.epoch) continue;
        updated_.push_back(step(walk_.ensemble, published, model::EpochEstablished{epoch}).peer.current_vote);
      }
    }
    if (asked_) answer(states_.back(), *asked_, Audience::one);
    answer_non_voters(states_.back());
  }

  void forget() {
    if (states_.size() > 1) states_.erase(states_.begin(), states_.end() - 1);
  }

  // One that is not among the voters is answered at once, and its question is not logged.
  void answer_non_voters(const Peer& state) {
    model::Message question;
    question.from = model::no_server;
    question.config_text = model::ConfigText::parsed;
    answer(state, question, Audience::non_voters);
  }

  void answer(const Peer& state, const model::Message& question, Audience audience) {
    note(state, question, audience);
    if (state.current_vote != decided_) return;
    if (of_unknown_epoch_) note_any_epoch(state, question, audience);
    for (const Vote& vote : updated_) {
      Peer later = state;
      later.current_vote = vote;
      note(later, question, audience);
    }
  }

  void note(const Peer& state, const model::Message& question, Audience audience) {
    for_each_answer(state, question, [&](const Vote& vote) {
      const ServerId to = audience == Audience::one ? question.from : ServerId{};
      said_.insert(words_of(audience, to, vote));
      if (assumed_ && vote.proposal.leader == state.id) keep_any_epoch(vote, audience, to);
    });
  }

  void note_any_epoch(const Peer& state, const model::Message& question, Audience audience) {
    for_each_answer(state, question, [&](const Vote& vote) {
      keep_any_epoch(vote, audience, audience == Audience::one ? question.from : ServerId{});
    });
  }

  // The same vote with any later epoch.
  void keep_any_epoch(Vote vote, Audience audience, ServerId to) {
    const PeerEpoch above = vote.proposal.epoch;
    vote.proposal.epoch = PeerEpoch{0};
    const auto [place, fresh] = any_epoch_.emplace(words_of(audience, to, vote), above);
    if (!fresh) place->second = std::min(place->second, above);
  }

  template <class Visit>
  void for_each_answer(const Peer& state, const model::Message& question, const Visit& visit) {
    const model::Transition made = world_.step_at(walk_.move->fact)(walk_.ensemble, state, model::Received{question});
    for (const model::Effect& effect : made.effects) {
      const auto* one = std::get_if<model::SendTo>(&effect);
      if (one == nullptr || one->to != question.from) continue;
      Vote vote = one->notification.vote;
      if (written_as_) vote.state = *written_as_;
      visit(vote);
    }
  }

  const World& world_;
  const Led& led_;
  Walk walk_;
  std::vector<Peer> states_;  // since the last line of QuorumPeer's
  std::optional<model::Message> asked_;
  std::optional<ServerState> written_as_;  // the state of an answer, where it is another one by then
  Vote decided_{};                         // the vote of its last decision whose leader was established
  std::vector<Vote> updated_;              // what it became, if that epoch is known: one of these
  bool of_unknown_epoch_ = false;
  bool vote_known_ = true;
  // Its answers with a vote of which nothing is known: to those that do not vote, whose round is its clock; and to
  // voters, whose round is below that one.
  std::set<std::pair<ServerState, Round>> of_unknown_vote_;
  std::map<ServerState, Round> of_vote_before_;
  bool assumed_ = false;  // of this election no line tells with which epoch it began
  std::set<Words> said_;
  std::map<Words, PeerEpoch> any_epoch_;  // with the epoch left out: the one that it must be above
};

// The times of which a server's log and its explanation tell.
class Coverage {
 public:
  // `within_ms`: so far the times of this log and others' may be apart beyond what is allowed for.
  Coverage(const ServerLog& log, const Explanation& explanation, std::int64_t within_ms) : within_ms_(within_ms) {
    first_ms_ = log.facts.front().time_ms;
    last_ms_ = log.facts.back().time_ms;
    for (const Gap& gap : explanation.gaps) {
      const auto of_gap = std::minmax_element(log.facts.begin() + static_cast<std::ptrdiff_t>(gap.from),
                                              log.facts.begin() + static_cast<std::ptrdiff_t>(gap.to), earlier);
      unknown_ms_.emplace_back(of_gap.first->time_ms, of_gap.second->time_ms);
    }
  }
  [[nodiscard]] bool comes_near(std::int64_t ms) const { return within(first_ms_, last_ms_, ms, may_differ_ms()); }
  // Beyond either end of a log nothing is missing: it may have been cut there.
  [[nodiscard]] bool covers(std::int64_t ms) const { return within(first_ms_, last_ms_, ms, -within_ms_); }
  [[nodiscard]] bool apart_from(const Coverage& other) const {
    return last_ms_ < other.first_ms_ || other.last_ms_ < first_ms_;
  }
  [[nodiscard]] bool unknown_at(std::int64_t ms) const {
    return std::any_of(unknown_ms_.begin(), unknown_ms_.end(),
                       [&](const auto& gap) { return within(gap.first, gap.second, ms, may_differ_ms()); });
  }

 private:
  [[nodiscard]] std::int64_t may_differ_ms() const { return clocks_differ_ms + within_ms_; }
  static bool within(std::int64_t from_ms, std::int64_t to_ms, std::int64_t ms, std::int64_t give_or_take_ms) {
    return ms >= from_ms - give_or_take_ms && ms <= to_ms + give_or_take_ms;
  }
  static bool earlier(const Fact& left, const Fact& right) { return left.time_ms < right.time_ms; }

  std::int64_t within_ms_;
  std::int64_t first_ms_ = 0;
  std::int64_t last_ms_ = 0;
  std::vector<std::pair<std::int64_t, std::int64_t>> unknown_ms_;  // first and last
};

// What the correction of clocks leaves open, at most.
std::int64_t give_or_take_ms(const Logs& logs) {
  std::int64_t most = 0;
  for (const ClockDifference& one : logs.clocks) most = std::max(most, one.give_or_take_ms);
  return most;
}

}  // namespace

Crossing cross(const Logs& logs, const std::vector<Explanation>& explanations, const std::vector<World>& worlds) {
  Led led;
  for (const ServerLog& log : logs.servers) {
    led[log.sid];
    for (const Fact& fact : log.facts) {
      if (const auto* one = std::get_if<Established>(&fact.sentence)) {
        led[log.sid].insert(PeerEpoch{one->zxid.value >> 32});
      }
    }
  }
  const std::int64_t within_ms = give_or_take_ms(logs);
  std::map<ServerId, std::pair<Speaker, Coverage>> speakers;
  std::set<ServerId> in_doubt;
  for (std::size_t i = 0; i < logs.servers.size(); ++i) {
    const ServerLog& log = logs.servers[i];
    if (log.in_doubt()) in_doubt.insert(log.sid);
    speakers.emplace(
        log.sid, std::pair(Speaker(log, explanations[i], worlds[i], led), Coverage(log, explanations[i], within_ms)));
  }
  Crossing crossing;
  const std::size_t servers = logs.servers.size();
  for (std::size_t i = 0; i < servers; ++i) {
    for (std::size_t j = i + 1; j < servers; ++j) {
      const Coverage& other = speakers.at(logs.servers[j].sid).second;
      if (speakers.at(logs.servers[i].sid).second.apart_from(other)) crossing.apart.emplace_back(i, j);
    }
  }
  crossing.found.resize(servers);
  crossing.uncovered.resize(servers);
  crossing.undecided.resize(servers);
  for (std::size_t i = 0; i < servers; ++i) {
    const ServerLog& log = logs.servers[i];
    for (std::size_t fact = 0; fact < log.facts.size(); ++fact) {
      const auto* heard = std::get_if<Heard>(&log.facts[fact].sentence);
      if (heard == nullptr || heard->notification.from == log.sid) continue;
      const auto speaker = speakers.find(heard->notification.from);
      const std::int64_t ms = log.facts[fact].time_ms;
      if (speaker == speakers.end() || !speaker->second.second.comes_near(ms)) {
        ++crossing.uncovered[i];
        continue;
      }
      Said said =
          speaker->second.first.said(log.sid, worlds[i].configuration.votes(log.sid), heard->notification.vote);
      if (said == Said::no && in_doubt.count(heard->notification.from) > 0) said = Said::unknown;
      if (said == Said::yes) {
        ++crossing.found[i];
      } else if (!speaker->second.second.covers(ms)) {
        ++crossing.uncovered[i];
      } else if (said == Said::unknown || speaker->second.second.unknown_at(ms)) {
        crossing.undecided[i].push_back(fact);
      } else {
        crossing.unsaid.push_back({i, fact});
      }
    }
  }
  return crossing;
}

}  // namespace conclave::logs
