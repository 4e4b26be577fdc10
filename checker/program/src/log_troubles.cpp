// `conclave trace` of logs: who could not reach whom.
#include <map>
#include <utility>

#include "conclave/check/log_study.hpp"

namespace conclave::check {

void tell_troubles(LogStudy& study) {
  for (std::size_t i = 0; i < study.logs.servers.size(); ++i) {
    const logs::ServerLog& log = study.logs.servers[i];
    std::map<model::ServerId, Trouble> of;
    for (const model::Member& member : study.configuration.members()) {
      const bool other = member.role == model::LearnerType::participant && member.id != log.sid;
      if (other) of[member.id].with = member.id;
    }
    for (const logs::Fact& fact : log.facts) {
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
      trouble.never_heard = trouble.heard == 0 && !log.incomplete;
      if (trouble.refused > 0 || trouble.never_heard) study.troubles.push_back(std::move(trouble));
    }
  }
}

}  // namespace conclave::check
