// `conclave trace`, second pass: the files as one story.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "conclave/check/trace_command.hpp"

namespace conclave::check {
namespace {

using record::Moment;
using record::ReadError;

// One file, as far as it has been told.
struct Teller {
  record::Replay replay;
  std::optional<Moment> next;
  bool busy = false;  // somebody waits for it already: recordings that contradict each other
};

class Storyteller {
 public:
  Storyteller(const Survey& survey, bool all) : survey_(survey), all_(all) {}

  tl::expected<std::vector<StoryLine>, ReadError> tell() {
    for (const TracedFile& file : survey_.files) {
      auto replay = record::Replay::open(file.name);
      if (!replay) return tl::unexpected(replay.error());
      tellers_.push_back(Teller{std::move(*replay), std::nullopt});
      advance(tellers_.back());
    }
    while (!error_) {
      Teller* first = nullptr;
      for (Teller& teller : tellers_) {
        if (teller.next && (first == nullptr || teller.next->unix_us < first->next->unix_us)) first = &teller;
      }
      if (first == nullptr) break;
      tell_next(*first);
    }
    if (error_) return tl::unexpected(*error_);
    return std::move(story_);
  }

 private:
  void advance(Teller& teller) {
    auto moment = teller.replay.next();
    if (!moment) {
      error_ = moment.error();
      teller.next.reset();
      return;
    }
    teller.next = std::move(*moment);
  }

  // After whatever it has heard of.
  void tell_next(Teller& teller) {
    teller.busy = true;
    for (const auto& vote : votes_received(*teller.next)) wait_for(vote);
    teller.busy = false;
    if (error_ || !teller.next) return;
    const Moment& moment = *teller.next;
    for (const auto& [direction, vote] : votes_sent(moment)) sent_[direction].insert(vote);
    const model::ServerId sid = moment.run == nullptr ? model::ServerId{0} : moment.run->sid;
    const std::string text = told(moment, all_);
    const auto file = static_cast<std::size_t>(&teller - tellers_.data());
    if (!text.empty()) story_.push_back({moment.unix_us, sid, file, moment.line, text});
    advance(teller);
  }

  void wait_for(const std::pair<Direction, SentVote>& vote) {
    const auto known = survey_.sent.find(vote.first);
    if (known == survey_.sent.end() || known->second.count(vote.second) == 0) return;
    for (std::size_t i = 0; i < tellers_.size(); ++i) {
      if (survey_.files[i].sids.count(vote.first.first) == 0) continue;
      Teller& sender = tellers_[i];
      while (!error_ && sent_[vote.first].count(vote.second) == 0 && sender.next && !sender.busy) tell_next(sender);
    }
  }

  const Survey& survey_;
  bool all_;
  std::vector<Teller> tellers_;
  std::map<Direction, std::set<SentVote>> sent_;
  std::vector<StoryLine> story_;
  std::optional<ReadError> error_;
};

}  // namespace

tl::expected<std::vector<StoryLine>, ReadError> story_of(const Survey& survey, bool all) {
  return Storyteller(survey, all).tell();
}

}  // namespace conclave::check
