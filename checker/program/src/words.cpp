#include "conclave/check/words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <tuple>

#include "conclave/spec/reconfiguration.hpp"

namespace conclave::check {

std::string_view version() { return CONCLAVE_VERSION; }

std::string grouped(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string bytes_in_words(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> units = {"B", "KiB", "MiB", "GiB", "TiB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (amount >= 1024 && unit + 1 < units.size()) {
    amount /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", amount, units[unit]);
}

std::string clock_time(double seconds) {
  // Whoever is still there in a hundred days may take it for more.
  const auto whole = static_cast<std::uint64_t>(std::clamp(std::round(seconds), 0.0, 8'640'000.0));
  const std::uint64_t hours = whole / 3600;
  const std::uint64_t minutes = whole / 60 % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60);
  return fmt::format("{}:{:02}", minutes, whole % 60);
}

std::string rate_in_words(double per_second) {
  if (per_second >= 1e6) return fmt::format("{:.1f} M", per_second / 1e6);
  if (per_second >= 1e3) return fmt::format("{:.0f} k", per_second / 1e3);
  return fmt::format("{:.0f}", per_second);
}

std::string how_many(int number, std::string_view one, std::string_view several) {
  if (number == 0) return fmt::format("no {}", one);
  return fmt::format("{} {}", number, number == 1 ? one : several);
}

std::string steps_in_words(std::size_t number) {
  return fmt::format("{} {}", number, number == 1 ? "step" : "steps");
}

std::string zxid_text(model::Zxid zxid) {
  if (zxid.value == model::least) return "none";
  return zxid.value < 0 ? std::to_string(zxid.value) : fmt::format("{:#x}", zxid.value);
}

std::string id_text(model::ServerId id) {
  return id == model::no_server ? std::string("nobody") : std::to_string(id.value);
}

std::string id_set(const std::vector<model::ServerId>& ids) {
  std::vector<std::string> texts;
  texts.reserve(ids.size());
  for (const model::ServerId id : ids) texts.push_back(id_text(id));
  return fmt::format("{{{}}}", join(texts, " "));
}

std::string proposal_text(const model::Proposal& proposal) {
  const std::string epoch = proposal.epoch.value == model::least ? "none" : std::to_string(proposal.epoch.value);
  return fmt::format("leader={} zxid={} epoch={}", id_text(proposal.leader), zxid_text(proposal.zxid), epoch);
}

std::string vote_text(const model::Vote& vote) {
  const std::string epoch =
      vote.proposal.epoch.value == model::least ? "none" : std::to_string(vote.proposal.epoch.value);
  return fmt::format("{} leader={} zxid={} round={} epoch={}", name_of(vote.state), id_text(vote.proposal.leader),
                     zxid_text(vote.proposal.zxid), vote.round.value, epoch);
}

std::vector<std::string> bounds_in_words(const spec::Scope& scope) {
  std::vector<std::string> words;
  const bool latest = scope.network.kind == spec::NetworkKind::latest;
  words.emplace_back(scope.start == spec::StartKind::staggered ? "each server starts at any moment or never"
                                                               : "all servers start together");
  words.push_back(how_many(scope.rounds, "round", "rounds"));
  words.push_back(how_many(scope.crashes, "crash", "crashes"));
  words.push_back(how_many(scope.restarts, "restart", "restarts"));
  if (latest) {
    words.emplace_back("a server's latest notification can be read at any time, earlier ones never (latest)");
  } else {
    words.push_back(fmt::format("FIFO channels of {} that drop their oldest when full (fifo:{})",
                                how_many(scope.network.capacity, "message", "messages"), scope.network.capacity));
    words.push_back(how_many(scope.losses, "message lost", "messages lost"));
    words.push_back(how_many(scope.resends, "resend", "resends"));
  }
  words.emplace_back(scope.timing == spec::TimingKind::async ? "finalizeWait may end at any time (async)"
                                                             : "messages are faster than finalizeWait (timely)");
  if (scope.rounds > 1) {
    words.emplace_back(scope.role_end == spec::RoleEnd::any ? "a role may end at any time (any)"
                                                            : "a role ends when what it stands on is lost (lost)");
  }
  if (scope.vote_epoch == spec::VoteEpoch::established) {
    words.emplace_back("votes get the new epoch once it is established (established)");
  }
  words.emplace_back(scope.grain == spec::Grain::coarse ? "a message is handled in one step (coarse)"
                                                        : "reception and main loop in steps of their own (fine)");
  return words;
}

namespace {

using Rank = std::tuple<std::int64_t, std::int64_t, std::int64_t>;
Rank rank_of(const spec::Participant& participant) {
  return {participant.durable.current_epoch.value, participant.durable.last_zxid.value, participant.id.value};
}

const char* mark_of(spec::Knowledge knowledge) {
  switch (knowledge) {
    case spec::Knowledge::none: return "o";
    case spec::Knowledge::seen: return "s";
    case spec::Knowledge::committed: return "n";
  }
  return "?";
}

}  // namespace

std::string order_in_words(const spec::Scenario& scenario) {
  std::vector<spec::Participant> voters;
  for (const spec::Participant& participant : scenario.participants) {
    if (spec::votes_in_any(scenario.ensemble, participant.id)) voters.push_back(participant);
  }
  std::sort(voters.begin(), voters.end(),
            [](const auto& left, const auto& right) { return rank_of(left) > rank_of(right); });
  std::vector<std::string> texts;
  texts.reserve(voters.size());
  for (const spec::Participant& voter : voters) {
    texts.push_back(id_text(voter.id) + (reconfigures(scenario) ? mark_of(knowledge_of(voter)) : ""));
  }
  return join(texts, " > ");
}

std::string knowledge_in_words(const spec::Scenario& scenario) {
  std::vector<std::string> parts;
  const auto add = [&](std::string_view what, spec::Knowledge knowledge) {
    std::vector<model::ServerId> ids;
    for (const spec::Participant& participant : scenario.participants) {
      if (knowledge_of(participant) == knowledge) ids.push_back(participant.id);
    }
    if (!ids.empty()) parts.push_back(fmt::format("{} {}", what, id_set(ids)));
  };
  add("committed by", spec::Knowledge::committed);
  add("last seen by", spec::Knowledge::seen);
  add("unknown to", spec::Knowledge::none);
  return join(parts, ", ");
}

std::string histories_text(const spec::Scenario& scenario) {
  std::vector<std::string> texts;
  for (const spec::Participant& participant : scenario.participants) {
    texts.push_back(fmt::format("{}={}:{}", id_text(participant.id), participant.durable.current_epoch.value,
                                zxid_text(participant.durable.last_zxid)));
  }
  return join(texts, ",");
}

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  return fmt::format("{}", fmt::join(parts, between));
}

void wrapped(std::string& text, std::string_view head, const std::vector<std::string>& parts,
             std::string_view between) {
  constexpr std::size_t width = 110;
  const std::string indent(head.empty() ? 0 : head.find_first_not_of(' ') + 4, ' ');
  std::string line(head);
  bool empty = true;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string part = parts[i] + std::string(i + 1 < parts.size() ? between : "");
    if (!empty && line.size() + part.size() > width) {
      text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
      line = indent;
    }
    line += part;
    empty = false;
  }
  text += line + "\n";
}

std::vector<std::string> words_of(const std::string& sentence) {
  std::vector<std::string> words;
  std::size_t from = 0;
  while (from < sentence.size()) {
    const std::size_t space = std::min(sentence.find(' ', from), sentence.size());
    words.push_back(sentence.substr(from, space - from));
    from = space + 1;
  }
  return words;
}

std::string stop_in_words(checker::Stop stop, const GivenLimits& limits) {
  switch (stop) {
    case checker::Stop::depth: return fmt::format("--depth {} was reached", limits.depth);
    case checker::Stop::time:
      return fmt::format("--time {} s was reached", static_cast<double>(limits.time_ms) / 1000);
    case checker::Stop::memory:
      if (!limits.memory_bytes) return "the available memory was used up (--memory sets a limit)";
      return fmt::format("--memory {} was reached", bytes_in_words(*limits.memory_bytes));
    case checker::Stop::interrupted: return "a signal";
    case checker::Stop::violation: return "a claim was violated";
    case checker::Stop::omissions: return "states may have been missed";
    case checker::Stop::disk: return "the disk";
    case checker::Stop::none: break;
  }
  return "";
}

}  // namespace conclave::check
