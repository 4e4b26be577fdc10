// How far the clocks of the servers are apart, by what they heard of each other.
#pragma once

#include <cstdint>

#include "conclave/logs/server_log.hpp"

namespace conclave::logs {

// Between the lines of two machines; also the time for which a message may be under way.
inline constexpr std::int64_t clocks_differ_ms = 5'000;

// Clocks that may be the same but for so much are taken for the same.
inline constexpr std::int64_t clocks_alike_ms = 100;

// Finds the clocks that are apart from the others', and puts their servers' times on the clock of one of these. Nobody
// hears a vote before it was sent: a vote that is heard bounds the difference of two clocks from one side, one that
// goes the other way from the other. Where there are both, each server gets one difference that the bounds allow, also
// those by way of third servers.
// REQUIRES: the logs are as they were read.
void correct_clocks(Logs& logs);

}  // namespace conclave::logs
