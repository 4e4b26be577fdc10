#include "clocks.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <tuple>
#include <vector>

namespace conclave::logs {
namespace {

using Words = std::tuple<model::Proposal, model::Round>;

// When a log has each vote of one looking server. A vote that is heard twice tells no time.
std::map<Words, std::int64_t> heard_once(const ServerLog& log, model::ServerId from) {
  std::map<Words, std::vector<std::int64_t>> all;
  for (const Fact& fact : log.facts) {
    const auto* heard = std::get_if<Heard>(&fact.sentence);
    if (heard == nullptr || heard->notification.from != from) continue;
    const model::Vote& vote = heard->notification.vote;
    if (vote.state == model::ServerState::looking) all[{vote.proposal, vote.round}].push_back(fact.time_ms);
  }
  std::map<Words, std::int64_t> once;
  for (const auto& [words, times] : all) {
    if (times.size() == 1) once.emplace(words, times.front());
  }
  return once;
}

// From when a server heard the votes of the other to when that heard them itself; ascending.
std::vector<std::int64_t> differences(const ServerLog& server, const ServerLog& other) {
  const auto own = heard_once(other, other.sid);
  std::vector<std::int64_t> found;
  for (const auto& [words, ms] : heard_once(server, other.sid)) {
    const auto place = own.find(words);
    if (place != own.end()) found.push_back(place->second - ms);
  }
  std::sort(found.begin(), found.end());
  return found;
}

// In the middle of most of them, which are about the same.
std::optional<std::int64_t> middle(const std::vector<std::int64_t>& ascending) {
  if (ascending.empty()) return std::nullopt;
  const std::int64_t ms = ascending[ascending.size() / 2];
  const auto near = std::count_if(ascending.begin(), ascending.end(),
                                  [ms](std::int64_t one) { return std::abs(one - ms) <= clocks_differ_ms; });
  return 3 * static_cast<std::size_t>(near) >= 2 * ascending.size() ? std::optional(ms) : std::nullopt;
}

}  // namespace

std::optional<ClockDifference> clock_difference(const Logs& logs, std::size_t server, std::size_t other) {
  const auto there = differences(logs.servers[server], logs.servers[other]);
  const auto back = differences(logs.servers[other], logs.servers[server]);
  const auto ahead = middle(there);
  const auto behind = middle(back);
  // A message that was long under way is late in one direction.
  if (!ahead || !behind || std::abs(*ahead + *behind) > 2 * clocks_differ_ms) return std::nullopt;
  const std::int64_t ms = (*ahead - *behind) / 2;
  if (std::abs(ms) <= clocks_differ_ms) return std::nullopt;
  return ClockDifference{server, other, ms, there.size() + back.size()};
}

}  // namespace conclave::logs
