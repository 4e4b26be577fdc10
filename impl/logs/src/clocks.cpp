#include "conclave/logs/clocks.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace conclave::logs {
namespace {

// Time zones are multiples of that apart.
constexpr std::int64_t zone_ms = 15 * 60'000;

using Words = std::tuple<model::Proposal, model::Round>;

Words words_of(const Heard& heard) { return {heard.notification.vote.proposal, heard.notification.vote.round}; }

// When a vote was first sent or heard. One of two elections tells no time: which is meant is not known.
class FirstTimes {
 public:
  void note(const Words& words, std::size_t election, std::int64_t ms) {
    const auto [place, fresh] = times_.emplace(words, std::pair(election, std::optional(ms)));
    if (!fresh && place->second.first != election) place->second.second.reset();
  }
  [[nodiscard]] std::optional<std::int64_t> of(const Words& words) const {
    const auto place = times_.find(words);
    return place == times_.end() ? std::nullopt : place->second.second;
  }
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const auto& [words, time] : times_) {
      if (time.second) visit(words, *time.second);
    }
  }

 private:
  std::map<Words, std::pair<std::size_t, std::optional<std::int64_t>>> times_;  // in which election, and when
};

// What one log has of the votes of looking servers.
struct Votes {
  FirstTimes sent;  // not before that
  std::map<model::ServerId, FirstTimes> heard;
};

// No line says when a vote is sent. It is after the line of the election's begin, and after the vote of another that
// brought it; and not after it has come back to its sender.
class Reader {
 public:
  explicit Reader(const ServerLog& log) : sid_(log.sid) {
    for (const Fact& fact : log.facts) {
      if (std::holds_alternative<ProcessStarted>(fact.sentence)) begin(std::nullopt);
      if (std::holds_alternative<ElectionBegins>(fact.sentence)) begin(fact.time_ms);
      if (std::holds_alternative<RoleTaken>(fact.sentence)) offered_.clear();
      const auto* heard = std::get_if<Heard>(&fact.sentence);
      const bool looking = heard != nullptr && heard->notification.vote.state == model::ServerState::looking;
      if (looking) take(*heard, fact.time_ms);
    }
  }

  Votes votes;

 private:
  void begin(std::optional<std::int64_t> ms) {
    ++election_;
    began_ms_ = ms;
    initial_ = true;
  }

  void take(const Heard& heard, std::int64_t ms) {
    const Words words = words_of(heard);
    const model::ServerId from = heard.notification.from;
    if (from != sid_) {
      offered_.emplace(words, ms);
      votes.heard[from].note(words, election_, ms);
      return;
    }
    const bool initial = std::exchange(initial_, false) && heard.notification.vote.proposal.leader == sid_;
    const auto offered = offered_.find(words);
    if (!began_ms_ || (!initial && offered == offered_.end())) return;
    votes.sent.note(words, election_, initial ? *began_ms_ : std::max(*began_ms_, offered->second));
  }

  model::ServerId sid_;
  std::size_t election_ = 0;
  std::optional<std::int64_t> began_ms_;
  bool initial_ = true;                    // it has not heard itself in this election
  std::map<Words, std::int64_t> offered_;  // by others, since its last role: what it may take from its queue
};

// How far a clock is ahead of another: within these, as so many votes say, and others do not.
struct Bounds {
  std::int64_t least_ms = 0;
  std::int64_t most_ms = 0;
  std::size_t votes = 0;
  std::size_t against = 0;
};

// What most votes allow; nothing if a third of them does not. REQUIRES: both ascending.
std::optional<Bounds> agreed(const std::vector<std::int64_t>& least, const std::vector<std::int64_t>& most) {
  const auto below = [&](std::int64_t ms) { return std::upper_bound(least.begin(), least.end(), ms); };
  const auto above = [&](std::int64_t ms) { return std::lower_bound(most.begin(), most.end(), ms); };
  const auto fitting = [&](std::int64_t ms) {
    return static_cast<std::size_t>((below(ms) - least.begin()) + (most.end() - above(ms)));
  };
  std::size_t best = 0;
  std::int64_t best_ms = 0;
  for (const std::vector<std::int64_t>* all : {&least, &most}) {
    for (const std::int64_t ms : *all) {
      if (fitting(ms) <= best) continue;
      best = fitting(ms);
      best_ms = ms;
    }
  }
  const std::size_t votes = least.size() + most.size();
  if (below(best_ms) == least.begin() || above(best_ms) == most.end() || 3 * best < 2 * votes) return std::nullopt;
  return Bounds{*(below(best_ms) - 1), *above(best_ms), best, votes - best};
}

// From when the one heard the other's votes to when that had sent them; ascending.
std::vector<std::int64_t> sent_after_heard(const Votes& one, model::ServerId other_sid, const Votes& other) {
  std::vector<std::int64_t> found;
  const auto heard = one.heard.find(other_sid);
  if (heard == one.heard.end()) return found;
  heard->second.for_each([&](const Words& words, std::int64_t heard_ms) {
    if (const auto sent_ms = other.sent.of(words)) found.push_back(*sent_ms - heard_ms);
  });
  std::sort(found.begin(), found.end());
  return found;
}

class Comparison {
 public:
  explicit Comparison(const std::vector<ServerLog>& logs)
      : votes_(logs.size(), 0), against_(logs.size(), 0), ahead_ms_(logs.size()) {
    std::vector<Votes> votes;
    votes.reserve(logs.size());
    for (const ServerLog& log : logs) votes.push_back(Reader(log).votes);
    most_.assign(logs.size(), std::vector<std::int64_t>(logs.size(), unbounded));
    for (std::size_t i = 0; i < logs.size(); ++i) {
      most_[i][i] = 0;
      for (std::size_t j = i + 1; j < logs.size(); ++j) {
        std::vector<std::int64_t> most = sent_after_heard(votes[j], logs[i].sid, votes[i]);
        for (std::int64_t& ms : most) ms = -ms;
        std::reverse(most.begin(), most.end());
        note(i, j, agreed(sent_after_heard(votes[i], logs[j].sid, votes[j]), most));
      }
    }
    make_consistent();
  }

  std::vector<ClockDifference> differences() {
    std::vector<ClockDifference> found;
    for (;;) {
      const auto reference = next_reference();
      if (!reference) return found;
      ahead_ms_[*reference] = 0;
      for (const bool alike_ones : {true, false}) {
        for (std::size_t i = 0; i < ahead_ms_.size(); ++i) {
          if (ahead_ms_[i] || !known(*reference, i) || alike(*reference, i) != alike_ones) continue;
          ahead_ms_[i] = ahead_ms(*reference, i);
          if (*ahead_ms_[i] != 0) found.push_back(difference(*reference, i));
        }
      }
    }
  }

 private:
  // Of the sum of two of them nothing overflows.
  static constexpr std::int64_t unbounded = std::numeric_limits<std::int64_t>::max() / 4;

  void note(std::size_t i, std::size_t j, const std::optional<Bounds>& bounds) {
    if (!bounds) return;
    most_[i][j] = bounds->most_ms;
    most_[j][i] = -bounds->least_ms;
    for (const std::size_t server : {i, j}) {
      votes_[server] += bounds->votes;
      against_[server] += bounds->against;
    }
  }

  // Bounds by way of third servers. If there is no difference that all allow, the clocks have changed meanwhile: so
  // much is given to each bound that there is one.
  void make_consistent() {
    const auto direct = most_;
    for (std::int64_t more_ms = 1; !close(); more_ms *= 2) {
      most_ = direct;
      for (std::size_t i = 0; i < most_.size(); ++i) {
        for (std::size_t j = 0; j < most_.size(); ++j) {
          if (i != j && known(i, j)) most_[i][j] += more_ms;
        }
      }
    }
  }

  // False: they contradict each other.
  bool close() {
    const std::size_t servers = most_.size();
    for (std::size_t by = 0; by < servers; ++by) {
      for (std::size_t i = 0; i < servers; ++i) {
        for (std::size_t j = 0; j < servers; ++j) {
          if (known(i, by) && known(by, j)) most_[i][j] = std::min(most_[i][j], most_[i][by] + most_[by][j]);
        }
      }
      // What comes of a contradiction would grow without end.
      for (std::size_t i = 0; i < servers; ++i) {
        if (most_[i][i] < 0) return false;
      }
    }
    return true;
  }

  [[nodiscard]] bool known(std::size_t i, std::size_t j) const { return most_[i][j] != unbounded; }
  [[nodiscard]] bool alike(std::size_t i, std::size_t j) const {
    return known(i, j) && -most_[j][i] <= clocks_alike_ms && most_[i][j] >= -clocks_alike_ms;
  }

  // Of those that are left, the one whose clock most others have.
  [[nodiscard]] std::optional<std::size_t> next_reference() const {
    std::optional<std::size_t> best;
    std::size_t most_alike = 0;
    for (std::size_t i = 0; i < ahead_ms_.size(); ++i) {
      if (ahead_ms_[i]) continue;
      std::size_t alike_ones = 0;
      for (std::size_t j = 0; j < ahead_ms_.size(); ++j) alike_ones += alike(i, j) ? 1U : 0U;
      if (alike_ones <= most_alike) continue;
      most_alike = alike_ones;
      best = i;
    }
    return best;
  }

  // None at all or that of a time zone, if the servers before it allow that; else in the middle of what they do.
  [[nodiscard]] std::int64_t ahead_ms(std::size_t reference, std::size_t i) const {
    std::int64_t least = -unbounded;
    std::int64_t most = unbounded;
    for (std::size_t k = 0; k < ahead_ms_.size(); ++k) {
      if (!ahead_ms_[k] || !known(reference, k)) continue;
      least = std::max(least, *ahead_ms_[k] - most_[i][k]);
      most = std::min(most, *ahead_ms_[k] + most_[k][i]);
    }
    const std::int64_t middle = least + (most - least) / 2;
    const std::int64_t zones = (middle + (middle < 0 ? -1 : 1) * zone_ms / 2) / zone_ms * zone_ms;
    for (const std::int64_t usual : {std::int64_t{0}, zones}) {
      if (least <= usual + clocks_alike_ms && most >= usual - clocks_alike_ms) return usual;
    }
    return middle;
  }

  [[nodiscard]] ClockDifference difference(std::size_t reference, std::size_t i) const {
    const std::int64_t ms = *ahead_ms_[i];
    const std::int64_t within = std::max(most_[reference][i] - ms, ms + most_[i][reference]);
    return {i, reference, ms, within, votes_[i], against_[i]};
  }

  std::vector<std::vector<std::int64_t>> most_;  // [i][j]: by which the clock of j is ahead of that of i, at most
  std::vector<std::size_t> votes_;               // of each server: that bound its clock
  std::vector<std::size_t> against_;
  std::vector<std::optional<std::int64_t>> ahead_ms_;  // of each server, as far as it is settled
};

}  // namespace

void correct_clocks(Logs& logs) {
  logs.clocks = Comparison(logs.servers).differences();
  for (const ClockDifference& one : logs.clocks) {
    for (Fact& fact : logs.servers[one.server].facts) {
      fact.time_ms -= one.ahead_ms;
      fact.ahead_ms = one.ahead_ms;
    }
  }
}

}  // namespace conclave::logs
