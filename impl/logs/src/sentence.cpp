#include "conclave/logs/sentence.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

#include "scan.hpp"

namespace conclave::logs {
namespace {

using model::Notification;
using model::PeerEpoch;
using model::Proposal;
using model::Round;
using model::ServerId;
using model::ServerState;
using model::Vote;
using model::Zxid;

std::optional<ServerState> state_named(std::string_view name) {
  for (int i = 0; i < model::server_states; ++i) {
    const auto state = static_cast<ServerState>(i);
    if (model::name_of(state) == name) return state;
  }
  return std::nullopt;
}

std::optional<ServerState> state_in_small_letters(std::string_view name) {
  if (name == "looking") return ServerState::looking;
  if (name == "following") return ServerState::following;
  if (name == "leading") return ServerState::leading;
  if (name == "observing") return ServerState::observing;
  return std::nullopt;
}

ServerState state_until(Scan& scan, std::string_view separator) {
  const auto state = state_named(scan.until(separator));
  if (!state) scan.fail();
  return state.value_or(ServerState::looking);
}

Reading garbled() { return {std::nullopt, true}; }

template <class T>
Reading read(const Scan& scan, T&& sentence) {
  if (!scan.good()) return garbled();
  return {Sentence{std::forward<T>(sentence)}, false};
}

// 3.6 to 3.9: "Notification: my state:LOOKING; n.sid:1, n.state:LOOKING, n.leader:1, n.round:0x1, n.peerEpoch:0x0,
// n.zxid:0x0, message format version:0x2, n.config version:0x0".
Reading notification_with_names(Scan scan) {
  Heard heard;
  Vote& vote = heard.notification.vote;
  heard.my_state = state_until(scan, "; n.sid:");
  heard.notification.from = ServerId{scan.number_until(", n.state:")};
  vote.state = state_until(scan, ", n.leader:");
  vote.proposal.leader = ServerId{scan.number_until(", n.round:0x")};
  vote.round = Round{scan.hexadecimal_until(", n.peerEpoch:0x")};
  vote.proposal.epoch = PeerEpoch{scan.hexadecimal_until(", n.zxid:0x")};
  vote.proposal.zxid = Zxid{scan.hexadecimal_until(", message format version:0x")};
  vote.version = static_cast<std::int32_t>(scan.hexadecimal_until(", n.config version:0x"));
  heard.config = model::ConfigVersion{scan.last_hexadecimal()};
  return read(scan, heard);
}

// 3.4 and 3.5: "Notification: 1 (message format version), 3 (n.leader), 0x0 (n.zxid), 0x1 (n.round), LOOKING (n.state),
// 3 (n.sid), 0x0 (n.peerEpoch) LOOKING (my state)". Before 3.4.6 without a version; before 3.4.3 in decimal; 3.5 has a
// comma behind the epoch, spells it peerEPoch as 3.4.0 does, and may add "0 (n.config version)".
Reading notification_with_remarks(Scan scan) {
  Heard heard;
  Vote& vote = heard.notification.vote;
  if (scan.left().find(" (message format version), ") != std::string_view::npos) {
    vote.version = static_cast<std::int32_t>(scan.hexadecimal_until(" (message format version), "));
  }
  vote.proposal.leader = ServerId{scan.number_until(" (n.leader), ")};
  vote.proposal.zxid = Zxid{scan.number_until(" (n.zxid), ")};
  vote.round = Round{scan.number_until(" (n.round), ")};
  vote.state = state_until(scan, " (n.state), ");
  heard.notification.from = ServerId{scan.number_until(" (n.sid), ")};
  vote.proposal.epoch = PeerEpoch{scan.number_until(" (n.peer")};
  const std::string_view epoch = scan.until(")");
  if (epoch != "Epoch" && epoch != "EPoch") scan.fail();
  if (scan.left().starts_with(",")) scan.skip(",");
  scan.skip(" ");
  heard.my_state = state_until(scan, " (my state)");
  if (scan.good() && !scan.at_end()) {
    heard.config = model::ConfigVersion{scan.hexadecimal_until(" (n.config version)")};
    if (!scan.at_end()) scan.fail();
  }
  return read(scan, heard);
}

Reading notification(Scan scan) {
  if (scan.left().starts_with("my state:")) {
    scan.skip("my state:");
    return notification_with_names(scan);
  }
  return notification_with_remarks(scan);
}

// "My id = 1, proposed zxid=0x0"; 3.4.0: "My id =  1, Proposed zxid = 0".
Reading election(Scan scan) {
  ElectionBegins begins;
  begins.sid = ServerId{decimal(trimmed(scan.until(","))).value_or(model::least)};
  if (begins.sid == model::no_server) scan.fail();
  const std::string_view words = scan.until("roposed zxid");
  if (words != " p" && words != " P") scan.fail();
  scan.until("=");
  const auto zxid = number(trimmed(scan.rest()));
  if (!zxid) scan.fail();
  begins.zxid = Zxid{zxid.value_or(0)};
  return read(scan, begins);
}

Reading time_out(Scan scan) {
  std::string_view rest = scan.rest();
  if (rest.ends_with(" ms")) rest.remove_suffix(3);
  const auto ms = decimal(rest);
  if (!ms) scan.fail();
  return read(scan, TimedOut{static_cast<std::int32_t>(ms.value_or(0))});
}

Reading state_changed(Scan scan) {
  const std::string_view text = scan.rest();
  const std::size_t dash = text.find(" - ");
  const auto state = state_in_small_letters(text.substr(0, dash));
  if (!state) return garbled();
  StateChanged changed{*state, dash == std::string_view::npos, ""};
  if (!changed.first) changed.phase = text.substr(dash + 3);
  return read(scan, changed);
}

// "LEADING - LEADER ELECTION TOOK - 361 MS", before 3.4.14 without the unit.
Reading took(Scan scan) {
  std::string_view rest = scan.rest();
  if (const std::size_t blank = rest.find(' '); blank != std::string_view::npos) rest = rest.substr(0, blank);
  const auto ms = decimal(rest);
  if (!ms) scan.fail();
  return read(scan, ElectionTook{ms.value_or(0)});
}

// "[[1, 3],[1, 3]]": the first of them; 3.5 with blanks within the outer brackets, 3.4 without the inner ones.
std::set<ServerId> supporters(Scan& scan) {
  std::set<ServerId> ids;
  std::string_view list = scan.until("]");
  list.remove_prefix(std::min(list.find_first_not_of("[ "), list.size()));
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    const auto id = decimal(trimmed(list.substr(0, comma)));
    if (!id) scan.fail();
    ids.insert(ServerId{id.value_or(0)});
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return ids;
}

// "..., sids: [[1, 3]]; starting up and setting last processed zxid: 0x100000000". 3.4.0 wrote the number alone.
Reading established(Scan scan) {
  Established one;
  if (scan.left().starts_with(", sids: ")) {
    scan.skip(", sids: ");
    one.supporters = supporters(scan);
  }
  scan.until("setting last processed zxid: ");
  one.zxid = Zxid{scan.last_number()};
  return read(scan, std::move(one));
}

// "3 (newleader), 0x0 (newzxid), 2 (oldleader), 0x0 (oldzxid)"
Reading proposal_updated(Scan scan) {
  ProposalUpdated updated;
  updated.leader = ServerId{scan.number_until(" (newleader), ")};
  updated.zxid = Zxid{scan.number_until(" (newzxid), ")};
  return read(scan, updated);
}

// "from=1, proposed leader=3, proposed zxid=0x0, proposed election epoch=0x1"; 3.4.0 with blanks and decimals.
Reading vote_added(Scan scan) {
  VoteAdded added;
  const auto field = [&scan](std::string_view separator) {
    scan.until("=");
    const auto value = number(trimmed(separator.empty() ? scan.rest() : scan.until(separator)));
    if (!value) scan.fail();
    return value.value_or(0);
  };
  added.from = ServerId{field(",")};
  added.leader = ServerId{field(",")};
  added.zxid = Zxid{field(",")};
  added.round = Round{field("")};
  return read(scan, added);
}

// Before 3.9: "3 (n.leader), 0x0 (n.zxid), 0x1 (n.round), 2 (recipient), 1 (myid), 0x0 (n.peerEpoch) "; since then the
// epoch comes before the round.
Reading notification_sent(Scan scan) {
  NotificationSent sent;
  sent.proposal.leader = ServerId{scan.number_until(" (n.leader), ")};
  sent.proposal.zxid = Zxid{scan.number_until(" (n.zxid), ")};
  const bool epoch_first = scan.left().find(" (n.peerEpoch), ") < scan.left().find(" (n.round), ");
  if (epoch_first) sent.proposal.epoch = PeerEpoch{scan.number_until(" (n.peerEpoch), ")};
  sent.round = Round{scan.number_until(" (n.round), ")};
  sent.to = ServerId{scan.number_until(" (recipient), ")};
  scan.number_until(" (myid)");
  if (!epoch_first) {
    scan.skip(", ");
    sent.proposal.epoch = PeerEpoch{scan.number_until(" (n.peerEpoch)")};
  }
  return read(scan, sent);
}

// "... for non-cluster member sid 7 from sid 1", "... for sid 7 from non-quorum member sid 1"
Reading voter_unknown(Scan scan) {
  if (!scan.left().starts_with("for ")) return {};
  scan.until("sid ");
  VoterUnknown unknown;
  unknown.leader = ServerId{scan.number_until(" from ")};
  scan.until("sid ");
  unknown.from = ServerId{scan.last_number()};
  return read(scan, unknown);
}

Reading channel_refused(Scan scan) {
  ChannelRefused refused;
  refused.to = ServerId{scan.number_until(" at election address ")};
  refused.address = scan.rest();
  return read(scan, refused);
}

// "(myId:1 --> sid:2)"; 3.4: "(2, 1)".
Reading connection_left(Scan scan) {
  scan.until("connection: (");
  ConnectionLeft left;
  if (scan.left().starts_with("myId:")) {
    scan.until("sid:");
    left.to = ServerId{scan.number_until(")")};
  } else {
    left.to = ServerId{scan.number_until(", ")};
  }
  return read(scan, left);
}

Reading connection_broken(Scan scan) { return read(scan, ConnectionBroken{ServerId{scan.number_until(",")}}); }

Reading process_started(Scan scan) {
  ProcessStarted started;
  if (scan.left().starts_with(", myid=")) {
    scan.skip(", myid=");
    started.sid = ServerId{scan.last_number()};
  } else if (!scan.at_end()) {
    return {};
  }
  return read(scan, started);
}

// "Follower sid: 4 : info : localhost:2888:3888:observer": what the leader's configuration says of a learner.
Reading learner_known(Scan scan) {
  LearnerKnown known;
  const std::string_view sid = scan.until(" ");
  const auto number = decimal(sid);
  const std::string_view info = scan.left();
  if (!scan.good() || !number || !info.starts_with(": info : ")) return {};
  known.sid = ServerId{*number};
  known.votes = info.find(":participant") != std::string_view::npos;
  if (!known.votes && info.find(":observer") == std::string_view::npos)
    return {};  // 3.4 has an object's address here
  return read(scan, known);
}

Reading release(Scan scan) {
  const std::string_view text = scan.rest();
  const std::size_t end = text.find_first_not_of("0123456789.");
  return {Sentence{ReleaseNamed{std::string(text.substr(0, end))}}, false};
}

template <bool Longest>
Reading interval(Scan scan) {
  std::string_view rest = scan.rest();
  if (rest.ends_with("ms")) rest = trimmed(rest.substr(0, rest.size() - 2));
  const auto ms = decimal(rest);
  if (!ms || *ms <= 0 || *ms > std::numeric_limits<std::int32_t>::max()) return garbled();
  return {Sentence{IntervalSet{Longest, static_cast<std::int32_t>(*ms)}}, false};
}

Reading connected(Scan scan) { return read(scan, Connected{std::string(scan.rest())}); }
Reading requested(Scan scan) {
  if (scan.left().starts_with("from ")) scan.skip("from ");  // not in 3.4
  return read(scan, ConnectionRequested{std::string(trimmed(scan.rest()))});
}
Reading listens(Scan scan) { return read(scan, ListensAt{std::string(scan.rest())}); }
Reading up_to_date(Scan scan) { return read(scan, UpToDate{}); }

struct Opening {
  std::string_view words;
  Reading (*read)(Scan);
};
// The first that a message begins with counts.
constexpr std::array<Opening, 23> openings = {{
    {"Notification: ", notification},
    {"Notification time out: ", time_out},
    {"New election. My id =", election},
    {"Peer state changed: ", state_changed},
    {"FOLLOWING - LEADER ELECTION TOOK - ", took},
    {"LEADING - LEADER ELECTION TOOK - ", took},
    {"OBSERVING - LEADER ELECTION TOOK - ", took},
    {"Have quorum of supporters", established},
    {"Learner received UPTODATE message", up_to_date},
    {"Successfully connected to leader, using address: ", connected},
    {"Updating proposal: ", proposal_updated},
    {"Adding vote: ", vote_added},
    {"Sending Notification: ", notification_sent},
    {"Ignoring notification ", voter_unknown},
    {"Cannot open channel to ", channel_refused},
    {"Have smaller server identifier, so dropping the ", connection_left},
    {"Connection broken for id ", connection_broken},
    {"Received connection request ", requested},
    {"My election bind port: ", listens},
    {"Starting quorum peer", process_started},
    {"Follower sid: ", learner_known},
    {"Server environment:zookeeper.version=", release},
    {"zookeeper.fastleader.minNotificationInterval = ", interval<false>},
}};

std::optional<Sentence> of_role(std::string_view message) {
  const auto state = state_named(message);
  if (!state) return std::nullopt;
  if (*state == ServerState::looking) return Looking{};
  return RoleTaken{*state};
}

// Sentences of which the beginning says all.
std::optional<Sentence> of_end(std::string_view message) {
  for (const std::string_view words :
       {"Exception when following the leader", "Exception when observing the leader", "Disconnected from leader",
        "Shutdown called", "QuorumPeer main thread exited"}) {
    if (message.starts_with(words)) return RoleLost{std::string(message)};
  }
  for (const std::string_view words : {"restarting leader election", "Restarting Leader Election"}) {
    if (message == words) return ConfigurationChanges{std::string(message)};
  }
  return std::nullopt;
}

bool is_text(char c) { return (c >= ' ' && c <= '~') || c == '\t'; }

enum class Extent : std::uint8_t { begins, is_all };

// Do these words begin a message, or are they all of it, if bytes that are no text may stand for some of their letters?
bool may_be(std::string_view message, std::string_view words, Extent extent) {
  std::vector<bool> matched(words.size() + 1, false);  // so many letters may be in what was looked at
  matched[0] = true;
  for (const char c : message) {
    for (std::size_t i = words.size() + 1; i-- > 0;) {
      const bool taken = i > 0 && matched[i - 1] && (!is_text(c) || c == words[i - 1]);
      matched[i] = taken || (matched[i] && !is_text(c));
    }
    if (extent == Extent::begins && matched.back()) return true;
  }
  return matched.back();
}

// A sentence that matters may be hidden in it.
bool is_damaged(std::string_view message) {
  if (std::all_of(message.begin(), message.end(), is_text)) return false;
  for (int i = 0; i < model::server_states; ++i) {
    if (may_be(message, model::name_of(static_cast<ServerState>(i)), Extent::is_all)) return true;
  }
  return std::any_of(openings.begin(), openings.end(),
                     [&](const Opening& opening) { return may_be(message, opening.words, Extent::begins); });
}

}  // namespace

Reading read_sentence(std::string_view message) {
  message = trimmed(message);
  for (const Opening& opening : openings) {
    if (!message.starts_with(opening.words)) continue;
    Scan scan(message);
    scan.skip(opening.words);
    return opening.read(scan);
  }
  constexpr std::string_view longest = "zookeeper.fastleader.maxNotificationInterval = ";
  if (message.starts_with(longest)) return interval<true>(Scan(message.substr(longest.size())));
  constexpr std::string_view port = " is accepting connections now, my election bind port: ";
  if (const std::size_t at = message.find(port); at != std::string_view::npos) {
    return listens(Scan(message.substr(at + port.size())));
  }
  if (const std::size_t at = message.find(" Received version: "); at != std::string_view::npos) {
    if (message.find(" my version: ") != std::string_view::npos) {
      return {Sentence{ConfigurationChanges{std::string(message)}}, false};
    }
  }
  if (auto role = of_role(message)) return {std::move(role), false};
  if (auto end = of_end(message)) return {std::move(end), false};
  return is_damaged(message) ? garbled() : Reading{};
}

}  // namespace conclave::logs
