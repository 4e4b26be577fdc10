#include "conclave/logs/configuration.hpp"

#include <algorithm>
#include <vector>

namespace conclave::logs {
namespace {

using model::ServerId;

class Census {
 public:
  explicit Census(const Logs& logs) {
    for (const ServerLog& log : logs.servers) {
      self_ = log.sid;
      logging_.insert(self_);
      for (const Fact& fact : log.facts)
        std::visit([this](const auto& sentence) { this->take(sentence); }, fact.sentence);
    }
  }

  Membership counted() {
    for (const auto& from : {votes_, called_}) note_voters(from);
    if (found_.voters.empty()) note_voters(logging_);
    std::set_difference(found_.voters.begin(), found_.voters.end(), votes_.begin(), votes_.end(),
                        std::inserter(found_.silent, found_.silent.end()));
    return std::move(found_);
  }

 private:
  void note_voters(const std::set<ServerId>& ids) {
    for (const ServerId id : ids) {
      if (found_.observers.count(id) == 0) found_.voters.insert(id);
    }
  }
  // Of those that do not vote reception logs nothing.
  void take(const Heard& heard) { votes_.insert(heard.notification.from); }
  void take(const ElectionBegins& begins) {
    (begins.zxid.value == model::least ? found_.observers : votes_).insert(self_);
  }
  void take(const LearnerKnown& known) { (known.votes ? called_ : found_.observers).insert(known.sid); }
  void take(const ChannelRefused& refused) { called_.insert(refused.to); }
  void take(const ConnectionLeft& left) { called_.insert(left.to); }
  template <class Other>
  void take(const Other&) {}

  ServerId self_{0};
  std::set<ServerId> votes_;
  std::set<ServerId> called_;
  std::set<ServerId> logging_;
  Membership found_;
};

}  // namespace

Membership membership_of(const Logs& logs) { return Census(logs).counted(); }

model::Configuration configuration_of(const Membership& membership) {
  std::vector<model::Member> members;
  for (const ServerId id : membership.voters) members.push_back({id, model::LearnerType::participant, {}, {}});
  for (const ServerId id : membership.observers) {
    if (membership.voters.count(id) == 0) members.push_back({id, model::LearnerType::observer, {}, {}});
  }
  return model::Configuration::make(model::QuorumKind::majority, members);
}

std::vector<Release> releases_of(const ServerLog& log) {
  std::vector<Release> releases = {{0, ""}};
  std::size_t process = 0;
  for (std::size_t i = 0; i < log.facts.size(); ++i) {
    if (std::holds_alternative<ProcessStarted>(log.facts[i].sentence)) process = i;
    const auto* named = std::get_if<ReleaseNamed>(&log.facts[i].sentence);
    if (named == nullptr || named->version == releases.back().name) continue;
    if (releases.back().name.empty()) {
      releases.back().name = named->version;
    } else {
      releases.push_back({process, named->version});
    }
  }
  return releases;
}

}  // namespace conclave::logs
