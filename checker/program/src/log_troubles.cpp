// `conclave trace` of logs: who could not reach whom.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <utility>

#include "conclave/check/log_study.hpp"
#include "conclave/logs/clocks.hpp"

namespace conclave::check {
namespace {

using logs::Fact;
using logs::ServerLog;

// Facts in the order of a log are nearly in that of their times.
bool earlier(const Fact& left, const Fact& right) { return left.time_ms < right.time_ms; }

struct Span {
  std::int64_t from_ms = std::numeric_limits<std::int64_t>::min();
  std::int64_t to_ms = std::numeric_limits<std::int64_t>::max();
};

Span span_of(const ServerLog& log) {
  const auto [first, last] = std::minmax_element(log.facts.begin(), log.facts.end(), earlier);
  return {first->time_ms, last->time_ms};
}

// Has it begun an election in that time, and was not cut off before it could hear of it?
bool looks_in(const ServerLog& log, const Span& span) {
  const auto in_span = [&](const Fact& fact) { return fact.time_ms >= span.from_ms && fact.time_ms <= span.to_ms; };
  const auto begins = std::find_if(log.facts.begin(), log.facts.end(), [&](const Fact& fact) {
    return std::holds_alternative<logs::ElectionBegins>(fact.sentence) && in_span(fact);
  });
  return std::any_of(begins, log.facts.end(), [&](const Fact& fact) {
    return std::holds_alternative<logs::Heard>(fact.sentence) && in_span(fact);
  });
}

// Would the one have heard the other, by what their logs show? Who looks for a leader asks all, and is answered. If the
// other's log is not here, it may have run all the time.
bool would_have_heard(const ServerLog& log, const ServerLog* other) {
  if (log.in_doubt()) return false;
  if (other == nullptr) return looks_in(log, {});
  const Span own = span_of(log);
  const Span others = span_of(*other);
  const Span both{std::max(own.from_ms, others.from_ms), std::min(own.to_ms, others.to_ms)};
  return looks_in(log, both) || looks_in(*other, {both.from_ms, both.to_ms - logs::clocks_differ_ms});
}

const ServerLog* log_of(const LogStudy& study, model::ServerId sid) {
  const auto& servers = study.logs.servers;
  const auto place =
      std::find_if(servers.begin(), servers.end(), [&](const ServerLog& log) { return log.sid == sid; });
  return place == servers.end() ? nullptr : &*place;
}

}  // namespace

void tell_troubles(LogStudy& study) {
  for (std::size_t i = 0; i < study.logs.servers.size(); ++i) {
    const ServerLog& log = study.logs.servers[i];
    std::map<model::ServerId, Trouble> of;
    for (const model::Member& member : study.configuration.members()) {
      const bool other = member.role == model::LearnerType::participant && member.id != log.sid;
      if (other) of[member.id].with = member.id;
    }
    for (const Fact& fact : log.facts) {
      if (const auto* heard = std::get_if<logs::Heard>(&fact.sentence)) {
        const auto place = of.find(heard->notification.from);
        if (place != of.end()) ++place->second.heard;
      }
      const auto* refused = std::get_if<logs::ChannelRefused>(&fact.sentence);
      if (refused == nullptr) continue;
      Trouble& trouble = of[refused->to];
      trouble.with = refused->to;
      trouble.address = refused->address;
      ++trouble.refused;
      const LogPlace place = place_of(fact);
      if (!trouble.first) trouble.first = place;
      trouble.last = place;
    }
    for (auto& [with, trouble] : of) {
      trouble.server = i;
      const bool votes = study.configuration.votes(with);
      if (trouble.heard == 0 && votes) {
        trouble.hearing = would_have_heard(log, log_of(study, with)) ? Hearing::never : Hearing::not_shown;
      }
      if (trouble.refused > 0 || trouble.hearing != Hearing::heard) study.troubles.push_back(std::move(trouble));
    }
  }
}

}  // namespace conclave::check
