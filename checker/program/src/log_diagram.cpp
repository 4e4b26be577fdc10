// `conclave trace --html`: one election of real servers as a picture.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "conclave/check/log_study.hpp"
#include "conclave/check/words.hpp"
#include "diagram_peer.hpp"
#include "log_moments.hpp"

namespace conclave::check {
namespace {

using model::Peer;
using model::ServerState;

// Of what came just before the election, so much is drawn; and of who joined it late, who came by then.
constexpr std::int64_t before_ms = 200;
constexpr std::int64_t joined_ms_max = 60'000;

std::string time_words(std::int64_t ms) { return record::time_to_text(ms * 1'000).substr(11, 12); }

std::string said(const model::Vote& vote) {
  const std::string round = vote.round.value == 1 ? "" : fmt::format(" (r{})", vote.round.value);
  switch (vote.state) {
    case ServerState::looking: return "votes " + id_text(vote.proposal.leader) + round;
    case ServerState::following: return "follows " + id_text(vote.proposal.leader) + round;
    case ServerState::leading: return "leads" + round;
    case ServerState::observing: return "observes " + id_text(vote.proposal.leader) + round;
  }
  return "?";
}

std::string votes_words(const model::VoteTable& table) {
  std::map<std::string, std::vector<std::string>> voters;
  for (const model::Ballot& ballot : table) voters[said(ballot.vote)].push_back(id_text(ballot.from));
  std::vector<std::string> parts;
  parts.reserve(voters.size());
  for (const auto& [words, ids] : voters) parts.push_back(fmt::format("{}: {}", words, join(ids, " ")));
  return join(parts, "; ");
}

std::vector<std::string> cells_of(const std::optional<Peer>& peer) {
  if (!peer) return {"not running", "", "", "", ""};
  std::string state(model::name_of(model::state_of(*peer)));
  if (std::holds_alternative<model::Finalizing>(peer->role)) state += ", waits";
  if (std::holds_alternative<model::BeforeElection>(peer->role)) state += ", idle";
  return {state, std::to_string(peer->clock.value), choice(*peer), votes_words(peer->recvset),
          votes_words(peer->outofelection)};
}

class Drawer {
 public:
  Drawer(const LogStudy& study, const ElectionOutcome& outcome) : study_(study), outcome_(outcome) {}

  Diagram drawn() {
    std::int64_t from_ms = std::numeric_limits<std::int64_t>::max();
    std::int64_t decided_ms = from_ms;
    for (const std::size_t i : outcome_.turns) {
      from_ms = std::min(from_ms, study_.turns[i].began.time_ms);
      decided_ms = std::min(decided_ms, study_.turns[i].end->place.time_ms);
    }
    std::int64_t to_ms = decided_ms;
    for (const std::size_t i : outcome_.turns) {
      const std::int64_t end_ms = study_.turns[i].end->place.time_ms;
      if (end_ms - decided_ms < joined_ms_max) to_ms = std::max(to_ms, end_ms);
    }
    moments_ = moments_of(study_, from_ms - before_ms, to_ms);
    peers_ = moments_.first;
    lanes();
    begin(from_ms);
    for (const LogMoment& moment : moments_.moments) step(moment);
    head();
    facts(from_ms, to_ms);
    return std::move(diagram_);
  }

 private:
  void lanes() {
    diagram_.columns = {"state", "round", "votes for", "heard this round", "heard of settled"};
    diagram_.start_columns = {"ZooKeeper", "state"};
    for (std::size_t i = 0; i < study_.logs.servers.size(); ++i) {
      const std::string named = release_words(study_.releases[i]);
      const std::string release = named.empty() ? "not named" : named;
      diagram_.lanes.push_back({id_text(study_.logs.servers[i].sid), ""});
      diagram_.start_table.push_back({release, cells_of(peers_[i])[0]});
    }
  }

  void begin(std::int64_t from_ms) {
    DiagramStep first;
    first.headline = "the start";
    first.text = fmt::format("{}, before this election", time_words(from_ms - before_ms));
    close_step(first);
    diagram_.steps.push_back(std::move(first));
  }

  void step(const LogMoment& moment) {
    const std::size_t number = diagram_.steps.size();
    DiagramStep drawn;
    drawn.lane = moment.server;
    const std::string id = id_text(study_.logs.servers[moment.server].sid);
    const logs::LogFile& file = study_.logs.files[moment.place.file];
    drawn.text = fmt::format("{}, server {} {}", time_words(moment.place.time_ms), id, moment.text);
    drawn.changes.push_back(fmt::format("{}:{}", file.name, moment.place.line));
    std::optional<Peer>& peer = peers_[moment.server];
    switch (moment.what) {
      case Happening::process_ends:
        drawn.headline = id + "'s log ends";
        drawn.mark = Mark::crash;
        drawn.note = "ends";
        peer.reset();
        break;
      case Happening::process_starts:
        drawn.headline = id + " starts";
        peer = moment.after;
        drawn.ring = "–";
        break;
      case Happening::established:
        drawn.headline = id + " " + moment.text;
        drawn.mark = Mark::leading;
        drawn.ring = id;
        break;
      case Happening::diverges:
        drawn.headline = id + " DIVERGES";
        drawn.outcome = moment.text;
        drawn.mark = Mark::crash;
        drawn.note = "DIVERGES";
        diagram_.failure = true;
        diverges_ = true;
        break;
      case Happening::step: take(moment, id, drawn, number); break;
    }
    close_step(drawn);
    diagram_.steps.push_back(std::move(drawn));
  }

  void take(const LogMoment& moment, const std::string& id, DiagramStep& drawn, std::size_t number) {
    std::optional<Peer>& peer = peers_[moment.server];
    const Peer& before = moment.before;
    const Peer& after = moment.after;
    drawn.ring = choice(after);
    drawn.mark = choice(before) != drawn.ring || model::state_of(before) != model::state_of(after) ? Mark::changed
                                                                                                   : Mark::same;
    if (model::state_of(after) == ServerState::leading) drawn.mark = Mark::leading;
    if (moment.heard) {
      drawn.headline = fmt::format("{} hears {}: {}", id, id_text(moment.heard->from), said(moment.heard->vote));
    } else {
      const std::size_t first = moment.text.find("; ");
      drawn.headline = fmt::format("{} {}", id, moment.text.substr(0, first));
      if (first != std::string::npos) drawn.outcome = moment.text.substr(first + 2);
    }
    if (model::state_of(before) == ServerState::looking && model::state_of(after) != ServerState::looking) {
      drawn.outcome = model::state_of(after) == ServerState::leading ? "LEADS" : "follows " + choice(after);
      drawn.note = drawn.outcome;
    } else if (moment.heard) {
      const std::size_t colon = moment.text.find(": ");
      if (colon != std::string::npos) drawn.outcome = moment.text.substr(colon + 2);
      if (std::holds_alternative<model::Finalizing>(after.role)) drawn.note = "waits";
    }
    if (moment.heard) arrow(moment, drawn, number);
    peer = after;
  }

  // From where its sender said it last, if that is in the picture.
  void arrow(const LogMoment& moment, DiagramStep& drawn, std::size_t number) {
    for (std::size_t i = number - 1; i > 0; --i) {
      const LogMoment& other = moments_.moments[i - 1];
      if (study_.logs.servers[other.server].sid != moment.heard->from || !says(other, moment.heard->vote)) continue;
      DiagramArrow arrow;
      arrow.from_lane = other.server;
      arrow.from_step = i;
      arrow.to_lane = moment.server;
      arrow.to_step = number;
      arrow.settled = moment.heard->vote.state != ServerState::looking;
      arrow.label = said(moment.heard->vote);
      arrow.title = fmt::format("from {}: {}", id_text(moment.heard->from), vote_text(moment.heard->vote));
      drawn.heard = std::move(arrow);
      return;
    }
  }

  void close_step(DiagramStep& drawn) {
    for (std::size_t i = 0; i < peers_.size(); ++i) {
      drawn.strokes.push_back(peers_[i] ? stroke_of(*peers_[i]) : Stroke::down);
      std::vector<DiagramCell>& row = drawn.table.emplace_back();
      const std::vector<std::string> cells = cells_of(peers_[i]);
      for (std::size_t column = 0; column < cells.size(); ++column) {
        DiagramCell cell;
        cell.text = cells[column];
        if (!diagram_.steps.empty() && !cell.text.empty()) {
          const auto& last = diagram_.steps.back().table;
          cell.changed = i < last.size() && last[i][column].text != cell.text;
        }
        row.push_back(std::move(cell));
      }
    }
  }

  void head() {
    diagram_.name = fmt::format("election of server {}, round {}", outcome_.leader.value, outcome_.round.value);
    diagram_.standing = "as its servers logged it";
    const auto& first = study_.turns[outcome_.turns.front()];
    diagram_.sentence =
        fmt::format("Server {} is elected at {}", outcome_.leader.value, time_words(first.end->place.time_ms));
    diagram_.failure = diverges_;
    diagram_.verdict = diverges_ ? "A server did what the model does not allow" : "The model explains all of it";
    diagram_.clause = why_leader(study_, outcome_);
    for (const std::size_t i : outcome_.turns) diagram_.concerned.push_back(study_.turns[i].server);
    std::sort(diagram_.concerned.begin(), diagram_.concerned.end());
    diagram_.concerned.erase(std::unique(diagram_.concerned.begin(), diagram_.concerned.end()),
                             diagram_.concerned.end());
    constexpr std::pair<Stroke, const char*> names[] = {{Stroke::looking, "LOOKING, collects votes"},
                                                        {Stroke::waiting, "LOOKING, has a quorum, waits"},
                                                        {Stroke::following, "FOLLOWING"},
                                                        {Stroke::leading, "LEADING"},
                                                        {Stroke::observing, "OBSERVING"},
                                                        {Stroke::idle, "LOOKING, between elections"},
                                                        {Stroke::down, "not running, or not known"}};
    for (const auto& [stroke, name] : names) {
      const bool occurs =
          std::any_of(diagram_.steps.begin(), diagram_.steps.end(), [stroke = stroke](const auto& one) {
            return std::find(one.strokes.begin(), one.strokes.end(), stroke) != one.strokes.end();
          });
      if (occurs) diagram_.stroke_names.emplace_back(stroke, name);
    }
  }

  void facts(std::int64_t from_ms, std::int64_t to_ms) {
    std::vector<std::string> names;
    for (const logs::LogFile& file : study_.logs.files) names.push_back(file.name);
    diagram_.facts.emplace_back("logs", join(names, ", "));
    diagram_.facts.emplace_back("time", fmt::format("{} to {}, {}", time_words(from_ms), time_words(to_ms),
                                                    record::time_to_text(from_ms * 1'000).substr(0, 10)));
    diagram_.facts.emplace_back("order",
                                "of the logs' clocks, but nobody hears what has not been said; between two "
                                "lines of a log, steps stand where they first could be");
    for (const logs::ClockDifference& one : study_.logs.clocks) {
      diagram_.facts.emplace_back("clocks", clock_words(study_, one) + "; that is taken off its times");
    }
    if (moments_.cut) diagram_.facts.emplace_back("cut", "there is more than can be drawn");
  }

  const LogStudy& study_;
  const ElectionOutcome& outcome_;
  LogMoments moments_;
  std::vector<std::optional<Peer>> peers_;
  Diagram diagram_;
  bool diverges_ = false;
};

}  // namespace

Diagram log_diagram(const LogStudy& study, std::size_t outcome) {
  return Drawer(study, study.outcomes[outcome]).drawn();
}

std::optional<std::size_t> outcome_to_draw(const LogStudy& study) {
  if (study.outcomes.empty()) return std::nullopt;
  for (std::size_t i = 0; i < study.outcomes.size() && !study.findings.empty(); ++i) {
    // The election that comes to an end next after it.
    const Turn& last = study.turns[study.outcomes[i].turns.front()];
    if (last.end->place.time_ms >= study.findings.front().place.time_ms) return i;
  }
  return study.outcomes.size() - 1;
}

}  // namespace conclave::check
