// The model's values in the words of the scripts.
#pragma once

#include <string>
#include <vector>

#include "conclave/model/election.hpp"

namespace conclave::golden {

std::string text_of(model::ServerId id);
std::string text_of(model::Zxid zxid);
std::string text_of(model::PeerEpoch epoch);
std::string text_of(const model::Proposal& proposal);  // leader=3 zxid=0x100000001 epoch=1
std::string text_of(const model::Vote& vote);          // the same with round, and version where it is not 0
// As a notification says it: FOLLOWING leader=3 zxid=0x100000001 round=1 epoch=1.
// The version is left out if it is `usual_version`.
std::string text_of_said(const model::Vote& vote, std::int32_t usual_version);
std::string text_of(const model::Message& message);
std::string text_of(const model::Role& role);  // LOOKING (polling), FOLLOWING 3
std::string text_of(const model::RuleSet& rules);
std::string text_of(const model::Configuration& configuration);
std::string text_of(model::ConfigurationError error);

// One line for each part of the server that is not as it was. `notification_timeout_ms` and `tracked` have none: the
// first is what the timer says, the second shows when an oracle is asked again.
std::vector<std::string> changes(const model::Peer& before, const model::Peer& after);

// All of it, for `show`.
std::vector<std::string> describe(const model::Peer& peer);

}  // namespace conclave::golden
