// `conclave trace`, first pass: each file by itself, and what they say of each other.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "conclave/check/trace_command.hpp"
#include "conclave/check/words.hpp"

namespace conclave::check {
namespace {

using model::ServerId;
using record::Moment;
using record::ReadError;

struct Ensemble {
  std::string file;
  std::size_t line = 0;
  std::vector<model::Member> members;
  [[nodiscard]] std::string ids() const {
    std::set<ServerId> all;
    for (const model::Member& member : members) all.insert(member.id);
    return id_set({all.begin(), all.end()});
  }
};

class Surveyor {
 public:
  tl::expected<Survey, ReadError> look_at(const std::vector<std::string>& files) {
    for (const std::string& name : files) {
      auto replay = record::Replay::open(name);
      if (!replay) return tl::unexpected(replay.error());
      survey_.files.push_back(TracedFile{name, {}, 0, 0, 0, 0, {}});
      for (;;) {
        const auto moment = replay->next();
        if (!moment) return tl::unexpected(moment.error());
        if (!*moment) break;
        take(**moment);
      }
      file().not_looked_at = replay->not_looked_at();
      file().lines += file().not_looked_at;
    }
    compare();
    return std::move(survey_);
  }

 private:
  TracedFile& file() { return survey_.files.back(); }

  void take(const Moment& moment) {
    using Kind = Moment::Kind;
    ++file().lines;
    if (moment.kind == Kind::cut) file().cut_lines.push_back(moment.line);
    if (moment.run == nullptr) return;
    const ServerId sid = moment.run->sid;
    if (moment.kind == Kind::run_began) {
      ++file().runs;
      file().sids.insert(sid);
      survey_.spans[sid].push_back({moment.unix_us, moment.unix_us});
      note_ensemble(moment);
    }
    survey_.spans[sid].back().to_us = moment.unix_us;
    if (moment.kind == Kind::election || moment.kind == Kind::epoch) ++file().steps;
    for (const auto& [direction, vote] : votes_sent(moment)) survey_.sent[direction].insert(vote);
    const ReceivedVote here{survey_.files.size() - 1, moment.line, moment.unix_us};
    for (const auto& vote : votes_received(moment)) survey_.received.emplace(vote, here);
    note_established(moment);
    if (!moment.difference) return;
    survey_.unsure.insert(sid);
    const record::Difference& difference = *moment.difference;
    survey_.findings.push_back(
        {file().name, moment.line, sid, difference.event, difference.field, difference.recorded, difference.model});
  }

  // A configuration may change between runs; but files of two ensembles are no one story.
  void note_ensemble(const Moment& moment) {
    const auto& members = moment.run->ensemble.configurations[0].members();
    Ensemble here{file().name, moment.line, {members.begin(), members.end()}};
    if (!first_) first_ = here;
    if (first_->members == here.members || !survey_.notes.empty()) return;
    survey_.notes.push_back(fmt::format("{}:{} is of servers {}, {}:{} of servers {}: of one ensemble, each?",
                                        here.file, here.line, here.ids(), first_->file, first_->line, first_->ids()));
  }

  void note_established(const Moment& moment) {
    if (moment.kind != Moment::Kind::epoch) return;
    for (const model::EpochEffect& effect : moment.epoch_made->effects) {
      const auto* established = std::get_if<model::Established>(&effect);
      if (established == nullptr || established->leader != moment.run->sid) continue;
      const auto [place, fresh] = leaders_.emplace(
          established->epoch, TraceFinding{file().name, moment.line, moment.run->sid, "", "", "", ""});
      if (fresh) continue;
      const TraceFinding& first = place->second;
      survey_.findings.push_back(
          {file().name, moment.line, moment.run->sid, "an epoch is established twice", "epoch",
           std::to_string(established->epoch.value),
           fmt::format("established by server {} in {}:{}", first.sid.value, first.file, first.line)});
    }
  }

  // What was heard has been said, as far as the one who said it has a recording of that time.
  void compare() {
    for (const auto& [vote, here] : survey_.received) {
      const ServerId from = vote.first.first;
      const auto spans = survey_.spans.find(from);
      if (spans == survey_.spans.end() || survey_.unsure.count(from) > 0) continue;
      const std::int64_t at_us = here.unix_us;
      const bool covered = std::any_of(spans->second.begin(), spans->second.end(), [at_us](const Span& span) {
        return span.from_us <= at_us && at_us <= span.to_us;
      });
      const auto sent = survey_.sent.find(vote.first);
      const bool said = sent != survey_.sent.end() && sent->second.count(vote.second) > 0;
      if (!covered || said) continue;
      const auto& [proposal, round, version, state] = vote.second;
      survey_.findings.push_back({survey_.files[here.file].name, here.line, vote.first.second,
                                  "a notification that its sender has not sent", "event",
                                  fmt::format("from server {}: {} round={} state={}", from.value,
                                              proposal_text(proposal), round.value, state),
                                  fmt::format("nothing like it in server {}'s recording", from.value)});
    }
  }

  Survey survey_;
  std::map<model::PeerEpoch, TraceFinding> leaders_;
  std::optional<Ensemble> first_;
};

}  // namespace

tl::expected<Survey, ReadError> survey(const std::vector<std::string>& files) { return Surveyor().look_at(files); }

std::vector<std::pair<Direction, SentVote>> votes_sent(const Moment& moment) {
  std::vector<std::pair<Direction, SentVote>> votes;
  if (moment.kind != Moment::Kind::election) return votes;
  const auto add = [&](ServerId to, const model::Vote& vote) {
    if (to == moment.run->sid) return;
    votes.emplace_back(Direction{moment.run->sid, to},
                       SentVote{vote.proposal, vote.round, vote.version, static_cast<std::int32_t>(vote.state)});
  };
  for (const model::Effect& effect : moment.made->effects) {
    if (const auto* one = std::get_if<model::SendTo>(&effect)) {
      add(one->to, one->notification.vote);
    } else if (const auto* all = std::get_if<model::SendToAll>(&effect)) {
      for_each_voter(moment.run->ensemble, moment.made->peer, [&](ServerId to) { add(to, all->notification.vote); });
    }
  }
  return votes;
}

std::vector<std::pair<Direction, SentVote>> votes_received(const Moment& moment) {
  if (moment.kind != Moment::Kind::election) return {};
  const auto* received = std::get_if<model::Received>(moment.event);
  if (received == nullptr || received->message.format != model::MessageFormat::versioned) return {};
  const model::Message& message = received->message;
  const model::Proposal proposal{message.peer_epoch, message.zxid, message.leader};
  return {{Direction{message.from, moment.run->sid},
           SentVote{proposal, message.round, message.version, message.state_code}}};
}

}  // namespace conclave::check
