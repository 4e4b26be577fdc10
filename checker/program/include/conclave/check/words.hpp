// Numbers, votes and bounds in words: what all reports share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conclave/checker/result.hpp"
#include "conclave/model/types.hpp"
#include "conclave/model/vote.hpp"
#include "conclave/spec/scope.hpp"

namespace conclave::check {

std::string_view version();

std::string grouped(std::uint64_t number);        // 4,312,345
std::string bytes_in_words(std::uint64_t bytes);  // 64.2 MiB
std::string clock_time(double seconds);           // 0:07, 12:34, 1:02:03
std::string rate_in_words(double per_second);     // 850 k, 5.3 M
// "1 crash", "no crash", "2 crashes".
std::string how_many(int number, std::string_view one, std::string_view several);

// "1 step", "0 steps".
std::string steps_in_words(std::size_t number);
std::string zxid_text(model::Zxid zxid);                      // 0x200000005, or -1
std::string id_text(model::ServerId id);                      // 3, or nobody
std::string id_set(const std::vector<model::ServerId>& ids);  // {1 2 3}
// As ZooKeeper's log has it: LOOKING leader=3 zxid=0x3 round=1 epoch=1
std::string vote_text(const model::Vote& vote);
std::string proposal_text(const model::Proposal& proposal);  // leader=3 zxid=0x3 epoch=1

// Adds parts one after the other, separated, on lines that a terminal shows whole. `head` begins the first of them; the
// others are indented by four more than it is.
void wrapped(std::string& text, std::string_view head, const std::vector<std::string>& parts,
             std::string_view between);
std::vector<std::string> words_of(const std::string& sentence);  // between blanks

// Those that were given on the command line.
struct GivenLimits {
  std::uint32_t depth = 0;
  std::int64_t time_ms = 0;
  std::optional<std::size_t> memory_bytes;
};
// Why an exploration has ended; empty where it was at its end.
std::string stop_in_words(checker::Stop stop, const GivenLimits& limits);

// Each bound as a phrase that an operator understands.
std::vector<std::string> bounds_in_words(const spec::Scope& scope);
// The voters' initial votes, best first: "5 > 4 > 3"; in the midst of a reconfiguration "4s > 2n > 1o".
std::string order_in_words(const spec::Scenario& scenario);
// In the midst of a reconfiguration: "committed by {1}, last seen by {2}, unknown to {3}", of the new configuration.
std::string knowledge_in_words(const spec::Scenario& scenario);
// "1=0:0x1 2=0:0x2", as --history takes it.
std::string histories_text(const spec::Scenario& scenario);
std::string join(const std::vector<std::string>& parts, std::string_view between);

}  // namespace conclave::check
