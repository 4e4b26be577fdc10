// Who votes, as far as logs tell.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "conclave/logs/server_log.hpp"
#include "conclave/model/configuration.hpp"

namespace conclave::logs {

// Who takes part, and how that is known. Logs say nothing of groups and weights.
struct Membership {
  std::set<model::ServerId> voters;     // were heard to vote, or are called; if none were, those that log
  std::set<model::ServerId> observers;  // say so themselves, or a leader says so
  std::set<model::ServerId> silent;     // voters of whom no vote was heard
};
[[nodiscard]] Membership membership_of(const Logs& logs);

// Majorities of them.
[[nodiscard]] model::Configuration configuration_of(const Membership& membership);

// A release, as "3.8.0", from a fact on: a process that starts, or the beginning of the log.
struct Release {
  std::size_t from = 0;
  std::string name;  // empty: the log does not name it

  friend bool operator==(const Release&, const Release&) = default;
};
// At least one, by ascending facts; each is another than the one before. A process that does not name its own, as it
// ended too early, has that of the one before; the beginning of a log, that of the one behind.
[[nodiscard]] std::vector<Release> releases_of(const ServerLog& log);

}  // namespace conclave::logs
