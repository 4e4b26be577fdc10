#include "log_moments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "trace_parts.hpp"

namespace conclave::check {
namespace {

using model::Peer;
using model::ServerState;

// A picture of more can't be read.
constexpr std::size_t moments_max = 400;

// One server's part of it.
class Collector {
 public:
  Collector(const LogStudy& study, std::size_t server, std::int64_t from_ms, std::int64_t to_ms)
      : study_(study),
        server_(server),
        from_ms_(from_ms),
        to_ms_(to_ms),
        log_(study.logs.servers[server]),
        walk_(log_, study.explanations[server], study.worlds[server]) {}

  void collect() {
    std::size_t fact = 0;
    while (walk_.next()) {
      for (; fact < walk_.move->fact; ++fact) pass(fact);
      take();
    }
    for (; fact < log_.facts.size(); ++fact) pass(fact);
  }

  std::optional<Peer> first;
  std::deque<LogMoment> moments;

 private:
  void pass(std::size_t fact) {
    const logs::Fact& at = log_.facts[fact];
    if (std::holds_alternative<logs::ProcessStarted>(at.sentence) && fact > 0) {
      add(place_of(log_.facts[fact - 1]), Happening::process_ends, "its log ends here; it starts again later", {});
      peer_.reset();
    }
    if (const auto* led = std::get_if<logs::Established>(&at.sentence)) {
      add(place_of(at), Happening::established, fmt::format("is established in epoch {}", led->zxid.value >> 32), {});
    }
    for (const LogFinding& finding : study_.findings) {
      if (finding.place.file != at.file || finding.place.line != at.line) continue;
      add(place_of(at), Happening::diverges,
          fmt::format("{}; logged: {}; the model: {}", finding.what, finding.logged, finding.model), {});
    }
  }

  void take() {
    const LogPlace place = log_place_of(log_, walk_);
    const logs::Move::Kind kind = walk_.move->kind;
    if (kind == logs::Move::Kind::process || kind == logs::Move::Kind::resume) {
      peer_ = walk_.made.peer;
      const bool starts = kind == logs::Move::Kind::process;
      return add(place, Happening::process_starts, starts ? "starts" : "is there when its log begins", {});
    }
    const Peer before = walk_.before;
    peer_ = walk_.made.peer;
    std::optional<model::Notification> heard;
    if (std::holds_alternative<model::Process>(walk_.move->event) && !before.received.empty() &&
        before.received[0].from != log_.sid) {
      heard = before.received[0];
    }
    std::string text = told_step(before, walk_.move->event, walk_.made, walk_.ensemble);
    if (std::holds_alternative<model::RoleEnded>(walk_.move->event)) text = "gives up its role";
    if (text.empty() && heard) text = fmt::format("hears server {}", heard->from.value);
    if (!text.empty()) add(place, Happening::step, std::move(text), heard);
    if (!moments.empty() && moments.back().what == Happening::step) moments.back().before = before;
  }

  void add(const LogPlace& place, Happening what, std::string text, const std::optional<model::Notification>& heard) {
    if (place.time_ms > to_ms_) return;
    if (place.time_ms < from_ms_) {
      first = peer_;
      if (what == Happening::process_ends) first.reset();
      return;
    }
    LogMoment moment{server_, place, what, {}, {}, std::move(text), heard};
    if (peer_) moment.after = *peer_;
    moment.before = moment.after;
    moments.push_back(std::move(moment));
  }

  const LogStudy& study_;
  std::size_t server_;
  std::int64_t from_ms_;
  std::int64_t to_ms_;
  const logs::ServerLog& log_;
  logs::Walk walk_;
  std::optional<Peer> peer_;
};

// All of them in one order.
class Merger {
 public:
  explicit Merger(std::vector<std::deque<LogMoment>> parts) : parts_(std::move(parts)), busy_(parts_.size(), false) {}

  LogMoments merged(const LogStudy& study) {
    for (;;) {
      std::size_t next = parts_.size();
      for (std::size_t i = 0; i < parts_.size(); ++i) {
        if (parts_[i].empty()) continue;
        if (next == parts_.size() || parts_[i].front().place.time_ms < parts_[next].front().place.time_ms) next = i;
      }
      if (next == parts_.size()) return std::move(all_);
      if (all_.moments.size() >= moments_max) {
        all_.cut = true;
        return std::move(all_);
      }
      emit(study, next);
    }
  }

 private:
  // After what it has heard.
  void emit(const LogStudy& study, std::size_t server) {
    const std::optional<model::Notification> heard = parts_[server].front().heard;
    if (heard) {
      busy_[server] = true;
      for (std::size_t i = 0; i < parts_.size(); ++i) {
        if (study.logs.servers[i].sid == heard->from) until_said(study, i, heard->vote);
      }
      busy_[server] = false;
    }
    if (parts_[server].empty()) return;
    all_.moments.push_back(std::move(parts_[server].front()));
    parts_[server].pop_front();
  }

  void until_said(const LogStudy& study, std::size_t sender, const model::Vote& vote) {
    const auto said = [&](const LogMoment& moment) { return moment.server == sender && says(moment, vote); };
    if (std::any_of(all_.moments.begin(), all_.moments.end(), said)) return;
    if (std::none_of(parts_[sender].begin(), parts_[sender].end(), said)) return;
    while (!busy_[sender] && !parts_[sender].empty()) {
      const bool this_one = said(parts_[sender].front());
      emit(study, sender);
      if (this_one) return;
    }
  }

  std::vector<std::deque<LogMoment>> parts_;
  std::vector<bool> busy_;
  LogMoments all_;
};

}  // namespace

bool says(const LogMoment& moment, const model::Vote& vote) {
  if (moment.what != Happening::step) return false;
  const Peer& peer = moment.after;
  if (vote.state == ServerState::looking) {
    return model::in_election(peer) && peer.proposal == vote.proposal && peer.clock == vote.round;
  }
  const model::Vote& decided = peer.unpublished ? *peer.unpublished : peer.current_vote;
  return model::state_of(peer) == vote.state && decided.proposal.leader == vote.proposal.leader;
}

LogMoments moments_of(const LogStudy& study, std::int64_t from_ms, std::int64_t to_ms) {
  std::vector<std::deque<LogMoment>> parts;
  std::vector<std::optional<Peer>> first;
  for (std::size_t i = 0; i < study.logs.servers.size(); ++i) {
    Collector collector(study, i, from_ms, to_ms);
    collector.collect();
    parts.push_back(std::move(collector.moments));
    first.push_back(std::move(collector.first));
  }
  LogMoments all = Merger(std::move(parts)).merged(study);
  all.first = std::move(first);
  return all;
}

}  // namespace conclave::check
