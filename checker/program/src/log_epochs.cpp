// `conclave trace` of logs: the epochs that leaders say, held against each other and against what their followers say.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "conclave/check/log_study.hpp"
#include "conclave/logs/clocks.hpp"

namespace conclave::check {
namespace {

using model::ServerId;

std::string where(const LogStudy& study, const logs::Fact& fact) {
  return fmt::format("{}:{}", study.logs.files[fact.file].name, fact.line);
}

// An epoch has one leader, ever.
void note_epochs_led_twice(LogStudy& study) {
  std::map<model::PeerEpoch, std::pair<ServerId, const logs::Fact*>> led;
  for (const logs::ServerLog& log : study.logs.servers) {
    for (const logs::Fact& fact : log.facts) {
      const auto* established = std::get_if<logs::Established>(&fact.sentence);
      if (established == nullptr) continue;
      const model::PeerEpoch epoch{established->zxid.value >> 32};
      const auto [place, fresh] = led.emplace(epoch, std::pair(log.sid, &fact));
      if (fresh) continue;
      const auto& [other, first] = place->second;
      study.findings.push_back({place_of(fact),
                                log.sid,
                                "leads an epoch that was led before",
                                fmt::format("epoch {}", epoch.value),
                                fmt::format("led by server {} already: {}:{}", other.value,
                                            study.logs.files[first->file].name, first->line),
                                {}});
    }
  }
}

// A server's time in the role of a leader, and the line that says in which epoch.
struct Reign {
  std::int64_t from_ms = 0;
  std::int64_t to_ms = 0;
  const logs::Fact* established = nullptr;
};

std::vector<Reign> reigns_of(const logs::ServerLog& log) {
  std::vector<Reign> reigns;
  bool leads = false;
  for (const logs::Fact& fact : log.facts) {
    if (const auto* role = std::get_if<logs::RoleTaken>(&fact.sentence)) {
      leads = role->state == model::ServerState::leading;
      if (leads) reigns.push_back({fact.time_ms, fact.time_ms, nullptr});
    }
    if (!leads) continue;
    reigns.back().to_ms = fact.time_ms;
    if (std::holds_alternative<logs::Established>(fact.sentence)) reigns.back().established = &fact;
    leads = !std::holds_alternative<logs::Looking>(fact.sentence) &&
            !std::holds_alternative<logs::ProcessStarted>(fact.sentence);
  }
  return reigns;
}

// Who was up to date with its leader has that one's epoch on its disk, and votes with it (Learner.syncWithLeader).
class FollowersEpochs {
 public:
  FollowersEpochs(LogStudy& study, std::size_t server)
      : study_(study),
        server_(server),
        log_(study.logs.servers[server]),
        walk_(log_, study.explanations[server], study.worlds[server]) {
    for (std::size_t i = 0; i < study.logs.servers.size(); ++i) index_[study.logs.servers[i].sid] = i;
  }

  void note() {
    std::size_t fact = 0;
    while (walk_.next()) {
      for (; fact < walk_.move->fact; ++fact) pass(log_.facts[fact]);
      take();
    }
  }

 private:
  void pass(const logs::Fact& fact) {
    if (std::holds_alternative<logs::UpToDate>(fact.sentence)) up_to_date_ms_ = fact.time_ms;
  }

  void take() {
    using Kind = logs::Move::Kind;
    for (const model::Effect& effect : walk_.made.effects) {
      const auto* decided = std::get_if<model::Decided>(&effect);
      if (decided == nullptr) continue;
      leader_ = decided->vote.proposal.leader;
      up_to_date_ms_.reset();
    }
    if (walk_.move->kind == Kind::process || walk_.move->kind == Kind::resume) up_to_date_ms_.reset();
    if (!std::holds_alternative<model::Start>(walk_.move->event) || walk_.move->kind != Kind::step) return;
    if (up_to_date_ms_ && walk_.move->durable && !walk_.move->assumed && votes()) compare();
    up_to_date_ms_.reset();
  }

  [[nodiscard]] bool votes() const { return walk_.made.peer.learner_type == model::LearnerType::participant; }

  void compare() {
    const auto index = index_.find(leader_);
    if (index == index_.end() || index->second == server_) return;
    const std::int64_t ms = *up_to_date_ms_;
    const model::PeerEpoch epoch = walk_.move->durable->current_epoch;
    const logs::Fact* other = nullptr;
    for (const Reign& reign : reigns_of(study_.logs.servers[index->second])) {
      if (reign.to_ms < ms - logs::clocks_differ_ms || reign.from_ms > ms + logs::clocks_differ_ms) continue;
      if (reign.established == nullptr || epoch_of(*reign.established) == epoch) return;
      other = reign.established;
    }
    if (other == nullptr) return;
    note_finding(study_, log_,
                 {log_place_of(log_, walk_),
                  log_.sid,
                  "votes with another epoch than its leader was established in",
                  fmt::format("epoch {}", epoch.value),
                  fmt::format("epoch {} of server {}, with which it was up to date: {}", epoch_of(*other).value,
                              leader_.value, where(study_, *other)),
                  {}});
  }

  static model::PeerEpoch epoch_of(const logs::Fact& fact) {
    return model::PeerEpoch{std::get<logs::Established>(fact.sentence).zxid.value >> 32};
  }

  LogStudy& study_;
  std::size_t server_;
  const logs::ServerLog& log_;
  logs::Walk walk_;
  std::map<ServerId, std::size_t> index_;
  ServerId leader_{0};
  std::optional<std::int64_t> up_to_date_ms_;
};

}  // namespace

void note_epochs(LogStudy& study) {
  note_epochs_led_twice(study);
  for (std::size_t i = 0; i < study.logs.servers.size(); ++i) FollowersEpochs(study, i).note();
}

}  // namespace conclave::check
