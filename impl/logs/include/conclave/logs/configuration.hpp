// Who votes, as far as logs tell.
#pragma once

#include <set>
#include <string>

#include "conclave/logs/server_log.hpp"
#include "conclave/model/configuration.hpp"

namespace conclave::logs {

// Who takes part, and how that is known. Logs say nothing of groups and weights.
struct Membership {
  std::set<model::ServerId> voters;     // were heard to vote, or are called
  std::set<model::ServerId> observers;  // say so themselves, or a leader says so
  std::set<model::ServerId> silent;     // voters of whom no vote was heard
};
[[nodiscard]] Membership membership_of(const Logs& logs);

// Majorities of them.
[[nodiscard]] model::Configuration configuration_of(const Membership& membership);

// "3.8.0", as a server's log names it at last; empty if it does not.
[[nodiscard]] std::string release_of(const ServerLog& log);

}  // namespace conclave::logs
