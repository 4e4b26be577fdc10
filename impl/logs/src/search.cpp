// The search for an explanation: replay.hpp says what it is.
#include <algorithm>
#include <deque>
#include <optional>
#include <unordered_map>
#include <utility>

#include "conclave/logs/replay.hpp"
#include "outlook.hpp"
#include "situation.hpp"

namespace conclave::logs {
namespace {

using model::Event;
using model::Notification;
using model::Peer;
using model::ServerState;
using model::Transition;

constexpr std::size_t no_parent = static_cast<std::size_t>(-1);
// Both ends of a wait are read from a clock of milliseconds that may be corrected meanwhile.
constexpr std::int64_t clock_slack_ms = 20;
// From a server to itself, through three of its threads.
constexpr std::int64_t way_back_ms_max = 500;
constexpr std::size_t trails_kept = 10'000;

struct Node {
  Situation situation;
  std::size_t trail = no_parent;  // index of the move that led here
};

struct Trail {
  std::size_t parent = no_parent;
  Move move;
};

class Search {
 public:
  Search(const ServerLog& log, const World& world) : log_(log), world_(world), outlook_(log) {
    ensemble_ = model::single_configuration(world.configuration);
    ensemble_.timing = world.timing;
  }

  Explanation run() {
    for (at_ = 0; at_ < log_.facts.size(); ++at_) {
      std::visit([this](const auto& sentence) { this->pass(sentence); }, log_.facts[at_].sentence);
      done_.situations_max = std::max(done_.situations_max, nodes_.size());
    }
    close();
    expect_nothing_owed();
    keep_best();
    end_gap();
    give_to_processes();
    return std::move(done_);
  }

 private:
  // --- steps that no line shows ------------------------------------------------------------------------------------

  // Adds every situation that can be reached without a line.
  void close() {
    seen_.clear();
    for (std::size_t i = 0; i < nodes_.size(); ++i) seen_.emplace(hash_of(nodes_[i].situation), i);
    for (std::size_t i = 0; i < nodes_.size() && !is_too_much(); ++i) expand(i);
  }

  [[nodiscard]] bool is_too_much() const { return nodes_.size() >= world_.situations_max; }

  void expand(std::size_t index) {
    take_reception(index);
    read_early(index);
    switch (nodes_[index].situation.main) {
      case Main::round: return begin(index);
      case Main::electing: return go_on(index);
      case Main::decided:
        if (nodes_[index].situation.peer.unpublished && outlook_.may_publish(at_))
          add(index, model::VotePublished{}, Main::decided);
        return;
      case Main::settled:
        if (outlook_.may_end_role(at_)) add(index, model::RoleEnded{}, Main::idle);
        return;
      case Main::idle:
      case Main::started:
      case Main::timed_out: return;
    }
  }

  void take_reception(std::size_t index) {
    const Situation& now = nodes_[index].situation;
    if (!now.reception) return;
    const auto& heard = std::get<Heard>(log_.facts[*now.reception].sentence);
    const Event event = model::Received{message_of(heard)};
    Situation next = now;
    next.reception.reset();
    next.queued_ms.push_back(log_.facts[*now.reception].time_ms);  // take() has the last word
    const Main main = now.main;
    // Reception looks at the state once more. If it is still looking then, what it puts into the queue may come after a
    // decision has emptied that.
    const bool late = now.looked && (main == Main::decided || main == Main::settled) && !now.peer.received.full();
    next.looked = false;
    add(index, std::move(next), event, main);
    if (!late) return;
    Situation left_over = nodes_[index].situation;
    left_over.reception.reset();
    left_over.looked = false;
    left_over.peer.received.push_back(heard.notification);
    left_over.queued_ms.push_back(log_.facts[*now.reception].time_ms);
    enter(std::move(left_over), {nodes_[index].trail, {Move::Kind::late, at_, event, {}, {}, false}});
  }

  // Reception reads the state before its line is written, and the other thread may write some in between.
  void read_early(std::size_t index) {
    const auto line = outlook_.overtaken_by(at_);
    const Situation& now = nodes_[index].situation;
    if (!line || now.reception || now.read) return;
    Situation next = now;
    if (!reads(next, std::get<Heard>(log_.facts[*line].sentence))) return;
    next.read = true;
    enter(std::move(next), nodes_[index].trail);
  }

  // May reception have this line to say? If so, what it says is no longer to come.
  bool reads(Situation& now, const Heard& heard) const {
    if (model::state_of(now.peer) != heard.my_state) return false;
    if (heard.notification.from != log_.sid) return true;
    if (now.owed.empty() || !same(now.owed.front(), heard.notification)) return false;
    now.owed.erase(now.owed.begin());
    return true;
  }

  void begin(std::size_t index) {
    const auto start = outlook_.start_at(at_);
    if (!start) return;
    for (const Beginning& beginning : outlook_.beginnings(*start, clock_known_, epoch_, world_.configuration)) {
      Situation next = nodes_[index].situation;
      const Move move{Move::Kind::step, at_, model::Start{}, beginning.durable, beginning.clock, beginning.assumed};
      give(next.peer, ensemble_, move);
      take(std::move(next), Main::started, nodes_[index].trail, move);
    }
  }

  void go_on(std::size_t index) {
    const Peer& peer = nodes_[index].situation.peer;
    if (!peer.received.empty()) return add(index, model::Process{}, Main::electing);
    const bool finalizing = std::holds_alternative<model::Finalizing>(peer.role);
    const std::int64_t wait_ms = finalizing ? ensemble_.timing.finalize_wait_ms : peer.notification_timeout_ms;
    if (!outlook_.may_have_waited(at_, nodes_[index].situation.taken_ms + wait_ms - clock_slack_ms)) return;
    if (finalizing) return add(index, model::Silence{}, Main::electing);
    if (!outlook_.may_time_out(at_)) return;
    for (const bool delivered : {true, false}) add(index, model::NotificationTimeout{delivered}, Main::timed_out);
  }

  void add(std::size_t index, const Event& event, Main main) { add(index, nodes_[index].situation, event, main); }
  void add(std::size_t index, Situation next, const Event& event, Main main) {
    take(std::move(next), main, nodes_[index].trail, Move{Move::Kind::step, at_, event, {}, {}, false});
  }

  void take(Situation next, Main main, std::size_t parent, const Move& move) {
    const Transition made = world_.step_at(move.fact)(ensemble_, next.peer, move.event);
    const bool was_looking = model::state_of(next.peer) == ServerState::looking;
    if (std::holds_alternative<model::Process>(move.event)) {
      const std::int64_t queued_ms = next.queued_ms.front();
      next.taken_ms = std::max(next.taken_ms, queued_ms);
      next.queued_ms.erase(next.queued_ms.begin());
      if (made.rules.has(model::Rule::finalizing_requeue)) next.queued_ms.push_back(queued_ms);
    }
    next.peer = made.peer;
    next.main = main;
    if (next.peer.received.empty()) next.queued_ms.clear();
    if (made.rules.has(model::Rule::drop_oldest_received)) next.queued_ms.erase(next.queued_ms.begin());
    next.queued_ms.resize(next.peer.received.size());  // what reception did not queue
    if (model::state_of(next.peer) != ServerState::looking) next.taken_ms = 0;
    if (was_looking && model::state_of(next.peer) != ServerState::looking) {
      if (!outlook_.may_decide(at_, model::state_of(next.peer))) return;
      // With an oracle a wait that is over may decide, and then says nothing.
      next.main = Main::decided;
    }
    const bool heard_by_itself = model::valid_voter(ensemble_, next.peer, next.peer.id);
    for (const model::Effect& effect : made.effects) {
      if (!heard_by_itself) break;
      if (const auto* all = std::get_if<model::SendToAll>(&effect)) next.owed.push_back(all->notification);
      const auto* one = std::get_if<model::SendTo>(&effect);
      if (one != nullptr && one->to == next.peer.id) next.owed.push_back(one->notification);
    }
    enter(std::move(next), {parent, move});
  }

  void enter(Situation next, const Trail& trail) {
    if (!is_new(next)) return;
    trails_.push_back(trail);
    nodes_.push_back({std::move(next), trails_.size() - 1});
  }
  // By no move of the model: the trail stays as it is.
  void enter(Situation next, std::size_t trail) {
    if (is_new(next)) nodes_.push_back({std::move(next), trail});
  }

  bool is_new(const Situation& situation) {
    const std::size_t hash = hash_of(situation);
    const auto [from, to] = seen_.equal_range(hash);
    for (auto place = from; place != to; ++place) {
      if (nodes_[place->second].situation == situation) return false;
    }
    seen_.emplace(hash, nodes_.size());
    return true;
  }

  // --- lines -------------------------------------------------------------------------------------------------------

  // Keeps what fits. `fits` may change the situation, and then it has to fit. If nothing does, the line is this one.
  template <class Fits>
  void keep(const char* what, const std::string& logged, const Fits& fits) {
    keep(what, logged, fits, at_);
  }
  template <class Fits>
  void keep(const char* what, const std::string& logged, const Fits& fits, std::size_t line) {
    if (nodes_.empty()) return;
    close();
    std::deque<Node> kept;
    for (Node& node : nodes_) {
      Situation situation = node.situation;
      if (fits(situation)) kept.push_back({std::move(situation), node.trail});
    }
    if (kept.empty() || is_too_much()) return diverge(what, logged, line);
    nodes_ = std::move(kept);
    // Where only one is left, what led to it is settled.
    if (nodes_.size() > 1 || trails_.size() < trails_kept) return;
    keep_best();
    nodes_.front().trail = no_parent;
  }

  void diverge(const char* what, const std::string& logged, std::size_t line) {
    const Node* best = &nodes_.back();
    for (const Node& node : nodes_) {
      if (node.situation.reception) continue;
      best = &node;
    }
    std::vector<Divergence>& of = is_too_much() ? done_.given_up : done_.divergences;
    of.push_back({line, what, logged, told_situation(best->situation, ensemble_)});
    nodes_ = {*best};
    lose(line);
  }

  // From that line on nothing is known, up to the next process or election.
  void lose(std::size_t line) {
    keep_best();
    nodes_.clear();
    lost_ = line;
  }
  void end_gap() {
    if (lost_ && *lost_ < at_) done_.gaps.push_back({*lost_, at_});
    lost_.reset();
  }

  // The explanation so far is that of the situation with the least left open; earlier ones took their steps earlier.
  // What no line confirms any more, a decision or a wait that is over, is not assumed.
  void keep_best() {
    const Node* best = nullptr;
    const auto open = [](const Situation& of) {
      const bool assumed = of.main == Main::decided || of.main == Main::timed_out;
      return std::pair(of.peer.received.size() + (of.reception ? 1U : 0U) + (assumed ? model::received_max : 0U),
                       of.owed.size());
    };
    for (const Node& node : nodes_) {
      if (best == nullptr || open(node.situation) < open(best->situation)) best = &node;
    }
    if (best == nullptr) return;
    std::vector<Move> moves;
    for (std::size_t i = best->trail; i != no_parent; i = trails_[i].parent) moves.push_back(trails_[i].move);
    done_.moves.insert(done_.moves.end(), moves.rbegin(), moves.rend());
    trails_.clear();
  }

  // What a process votes with it has from its start on, and only its first election tells.
  void give_to_processes() {
    Move* process = nullptr;
    for (Move& move : done_.moves) {
      if (move.kind == Move::Kind::process) process = &move;
      if (move.kind == Move::Kind::resume) process = nullptr;
      if (process == nullptr || move.kind != Move::Kind::step || !move.durable) continue;
      process->durable = move.durable;
      process->assumed = move.assumed;
      process = nullptr;
    }
  }

  void begin_anew(Move::Kind kind, Main main) {
    keep_best();
    end_gap();
    nodes_.clear();
    Situation fresh;
    fresh.peer = model::make_peer(ensemble_, log_.sid, model::Durable{});
    if (model::Member const* self = world_.configuration.find(log_.sid); self == nullptr) {
      fresh.peer.learner_type = model::LearnerType::observer;
    }
    fresh.main = main;
    trails_.push_back({no_parent, Move{kind, at_, {}, {}, {}, false}});
    nodes_.push_back({std::move(fresh), 0});
    epoch_ = {};
  }

  // What a server sends to itself takes no network: with a role of some length behind it, it has come back.
  void expect_nothing_owed() {
    if (nodes_.empty() || !role_ms_ || at_ == 0) return;
    if (log_.facts[at_ - 1].time_ms - *role_ms_ < way_back_ms_max) return;
    const auto fits = [](const Situation& now) {
      return std::none_of(now.owed.begin(), now.owed.end(),
                          [](const Notification& own) { return own.vote.state == ServerState::looking; });
    };
    keep("has not heard what it sent to itself", "nothing like it", fits, at_ - 1);
  }

  void end_role() {
    expect_nothing_owed();
    role_ms_.reset();
  }

  void pass(const ProcessStarted&) {
    close();
    end_role();
    clock_known_ = true;
    ensemble_.timing = world_.timing;
    begin_anew(Move::Kind::process, Main::idle);
  }
  void pass(const IntervalSet& set) {
    (set.longest ? ensemble_.timing.notification_interval_max_ms : ensemble_.timing.notification_interval_min_ms) =
        set.ms;
  }
  void pass(const Looking&) {
    end_role();
    if (nodes_.empty()) {
      clock_known_ = false;
      return begin_anew(Move::Kind::resume, Main::round);
    }
    keep("comes round to look for a leader", "LOOKING", [](Situation& now) {
      const bool fits = now.main == Main::idle;
      now.main = Main::round;
      return fits;
    });
  }
  void pass(const ElectionBegins& begins) {
    keep("begins an election", "zxid=" + zxid_words(begins.zxid), [&](Situation& now) {
      const bool fits = now.main == Main::started && begins.sid == log_.sid && now.peer.proposal.zxid == begins.zxid;
      now.main = Main::electing;
      now.taken_ms = log_.facts[at_].time_ms;
      return fits;
    });
    clock_known_ = true;
    epoch_ = {};
    if (!nodes_.empty()) epoch_.floor = lowest_epoch();
  }
  void pass(const Heard& heard) {
    ++done_.heard;
    latest_epoch_ = std::max(latest_epoch_, heard.notification.vote.proposal.epoch);
    if (nodes_.empty()) return done_.unknown.push_back(at_);
    const bool own = heard.notification.from == log_.sid;
    const auto fits = [&](Situation& now) {
      if (now.reception || !(now.read || reads(now, heard))) return false;
      now.read = false;
      now.reception = at_;
      now.looked = model::state_of(now.peer) == ServerState::looking;
      return true;
    };
    keep(own ? "hears itself" : "hears another",
         "my state " + std::string(model::name_of(heard.my_state)) + "; server " +
             std::to_string(heard.notification.from.value) + ": " + told_vote(heard.notification.vote),
         fits);
    if (nodes_.empty()) done_.unknown.push_back(at_);
  }
  void pass(const TimedOut& out) {
    keep("has waited in vain", "next wait " + std::to_string(out.ms) + " ms", [&](Situation& now) {
      const bool fits = now.main == Main::timed_out && now.peer.notification_timeout_ms == out.ms;
      now.main = Main::electing;
      now.taken_ms = log_.facts[at_].time_ms;
      return fits;
    });
  }
  void pass(const StateChanged& changed) {
    const char* what = changed.state == ServerState::looking ? "gives up its role" : "changes its state";
    const std::string phase = changed.first ? "" : " - " + changed.phase;
    keep(what, std::string(model::name_of(changed.state)) + phase, [&](Situation& now) {
      if (model::state_of(now.peer) != changed.state) return false;
      if (changed.state == ServerState::looking) return now.main == Main::idle;
      return now.main == (changed.first ? Main::decided : Main::settled);
    });
  }
  void pass(const RoleTaken& taken) {
    role_ms_ = log_.facts[at_].time_ms;
    latest_before_role_ = latest_epoch_;
    keep("takes up its role", std::string(model::name_of(taken.state)), [&](Situation& now) {
      const bool fits =
          now.main == Main::decided && !now.peer.unpublished && model::state_of(now.peer) == taken.state;
      now.main = Main::settled;
      return fits;
    });
  }
  void pass(const Established& established) {
    epoch_.exactly = model::PeerEpoch{established.zxid.value >> 32};
    latest_epoch_ = std::max(latest_epoch_, *epoch_.exactly);
    if (nodes_.empty()) return;
    const auto acknowledges = [&](model::ServerId id) { return established.supporters->count(id) > 0; };
    const bool quorum = !established.supporters || world_.configuration.contains_quorum(acknowledges);
    const bool is_new = *epoch_.exactly > latest_before_role_;
    const char* what = !quorum   ? "leads without a quorum"
                       : !is_new ? "leads an epoch that is not new"
                                 : "leads an epoch";
    keep(what, established_words(established), [&](Situation& now) {
      return quorum && is_new && now.main == Main::settled && model::state_of(now.peer) == ServerState::leading &&
             *epoch_.exactly > now.peer.current_vote.proposal.epoch;
    });
    establish(model::EpochEstablished{*epoch_.exactly});
  }
  // Its vote has the epoch from now on (Leader.startZkServer, QuorumPeer.updateElectionVote).
  void establish(const model::EpochEstablished& event) {
    for (Node& node : nodes_) {
      if (model::state_of(node.situation.peer) != ServerState::leading) continue;
      node.situation.peer = world_.step(ensemble_, node.situation.peer, event).peer;
      trails_.push_back({node.trail, Move{Move::Kind::step, at_, event, {}, {}, false}});
      node.trail = trails_.size() - 1;
    }
  }
  void pass(const UpToDate&) {
    if (nodes_.empty()) return;
    keep("is up to date with its leader", "UPTODATE", [&](Situation& now) {
      const ServerState state = model::state_of(now.peer);
      return now.main == Main::settled && (state == ServerState::following || state == ServerState::observing);
    });
    // The epoch of a leader that was established when this server joined it is in the vote already.
    if (!nodes_.empty()) epoch_.floor = nodes_.front().situation.peer.current_vote.proposal.epoch;
  }
  void pass(const VoteAdded& added) {
    keep("counts a vote", "of server " + std::to_string(added.from.value), [&](Situation& now) {
      const model::Vote* vote = now.peer.recvset.find(added.from);
      return now.main == Main::electing && vote != nullptr && vote->proposal.leader == added.leader &&
             vote->proposal.zxid == added.zxid && vote->round == added.round;
    });
  }
  void pass(const ProposalUpdated& updated) {
    keep("changes its proposal", "server " + std::to_string(updated.leader.value), [&](Situation& now) {
      return (now.main == Main::started || now.main == Main::electing) &&
             now.peer.proposal.leader == updated.leader && now.peer.proposal.zxid == updated.zxid;
    });
  }
  void pass(const NotificationSent& sent) {
    keep("sends its proposal", "leader " + std::to_string(sent.proposal.leader.value), [&](Situation& now) {
      return (now.main == Main::electing || now.main == Main::timed_out) && now.peer.proposal == sent.proposal &&
             now.peer.clock == sent.round;
    });
  }
  // From here on it is not known who votes.
  void pass(const ConfigurationChanges&) {
    close();
    lose(at_);
  }
  template <class Other>
  void pass(const Other&) {}

  [[nodiscard]] model::PeerEpoch lowest_epoch() const {
    model::PeerEpoch lowest = nodes_.front().situation.peer.durable.current_epoch;
    for (const Node& node : nodes_) lowest = std::min(lowest, node.situation.peer.durable.current_epoch);
    return lowest;
  }

  // What of a notification a log shows and a copy of it can't have otherwise: the format of old ones has no version.
  static bool same(const Notification& left, const Notification& right) {
    return left.from == right.from && left.vote.proposal == right.vote.proposal &&
           left.vote.round == right.vote.round && left.vote.state == right.vote.state;
  }

  const ServerLog& log_;
  const World& world_;
  Outlook outlook_;
  model::Ensemble ensemble_;
  Explanation done_;
  std::deque<Node> nodes_;
  std::vector<Trail> trails_;
  std::unordered_multimap<std::size_t, std::size_t> seen_;
  std::size_t at_ = 0;
  std::optional<std::size_t> lost_ = 0;  // since when nothing is known
  bool clock_known_ = false;
  std::optional<std::int64_t> role_ms_;  // since when the server is in its role
  EpochBound epoch_;
  // Who votes with an epoch has it from a leader that a quorum had accepted. So a leader that is elected later, with a
  // quorum of which one has accepted it too, has a later one (Leader.getEpochToPropose).
  model::PeerEpoch latest_epoch_{model::least};
  model::PeerEpoch latest_before_role_{model::least};
};

}  // namespace

Explanation explain(const ServerLog& log, const World& world) { return Search(log, world).run(); }

}  // namespace conclave::logs
