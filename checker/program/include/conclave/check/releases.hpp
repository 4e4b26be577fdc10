// Which rules the servers of a check run: today's, a seeded bug's, an old release's, or several releases beside each
// other, as during a rolling upgrade.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conclave/check/options.hpp"

namespace conclave::check {

// "1=3.4.5,2=3.4.6". `wrong` says what is wrong where there is no result.
std::optional<ServerRules> parse_releases(std::string_view text, std::string& wrong);

// Not only today's rules?
bool other_rules(const CheckOptions& options);
// How a report heads them: old rules, seeded bug or mixed rules.
std::string_view rules_title(const CheckOptions& options);
// What is different, a sentence for each kind of server.
std::vector<std::string> rules_in_sentences(const CheckOptions& options);
// In short: "zookeeper-3.4.5", or "1=zookeeper-3.4.5,others=zookeeper".
std::string rules_name(const CheckOptions& options);
// A sentence for the end of a verdict, with a space before it; empty for today's rules.
std::string rules_of_verdict(const CheckOptions& options);

}  // namespace conclave::check
