// What a server says of its elections: the sentences of QuorumPeer, FastLeaderElection, QuorumCnxManager, Learner and
// Leader that matter, in the words of ZooKeeper 3.4 to 3.9.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>

#include "conclave/model/peer.hpp"
#include "conclave/model/types.hpp"
#include "conclave/model/vote.hpp"

namespace conclave::logs {

struct ProcessStarted {  // "Starting quorum peer, myid=1"; before 3.5 without the number
  std::optional<model::ServerId> sid;
};
struct ReleaseNamed {   // "Server environment:zookeeper.version=3.8.0-..."
  std::string version;  // "3.8.0"
};
struct IntervalSet {     // "zookeeper.fastleader.minNotificationInterval = 200 ms"
  bool longest = false;  // the maximum
  std::int32_t ms = 0;
};
struct Looking {};       // "LOOKING": QuorumPeer's loop comes round
struct ElectionBegins {  // "New election. My id = 1, proposed zxid=0x0"
  model::ServerId sid{0};
  model::Zxid zxid{0};
};
// "Notification: ...", by the thread WorkerReceiver.
struct Heard {
  model::ServerState my_state{};
  model::Notification notification{};
  std::optional<model::ConfigVersion> config;  // not before 3.5
};
struct TimedOut {  // "Notification time out: 400 ms": what the next wait is
  std::int32_t ms = 0;
};
struct StateChanged {  // "Peer state changed: following - discovery", from 3.5.6 on
  model::ServerState state{};
  bool first = true;  // nothing follows the state's name: it has only now been set
  std::string phase;  // "discovery", "broadcast", ...
};
struct RoleTaken {  // "LEADING", "FOLLOWING", "OBSERVING": QuorumPeer's loop comes round after an election
  model::ServerState state{};
};
struct ElectionTook {  // "FOLLOWING - LEADER ELECTION TOOK - 361 MS"
  std::int64_t ms = 0;
};
struct Connected {  // "Successfully connected to leader, using address: ..."
  std::string address;
};
// "Have quorum of supporters, sids: [[1, 2]]; starting up and setting last processed zxid: 0x100000000"
struct Established {
  model::Zxid zxid{0};
  std::optional<std::set<model::ServerId>> supporters{};  // of the committed configuration; not before 3.4.6
};
struct UpToDate {};  // "Learner received UPTODATE message"
struct RoleLost {    // why a role ends, as it says
  std::string why;
};
// DEBUG: what the thread QuorumPeer makes of a notification.
struct ProposalUpdated {
  model::ServerId leader{0};
  model::Zxid zxid{0};
};
struct VoteAdded {
  model::ServerId from{0};
  model::ServerId leader{0};
  model::Zxid zxid{0};
  model::Round round{0};
};
struct NotificationSent {
  model::ServerId to{0};
  model::Proposal proposal{};
  model::Round round{0};
};
struct VoterUnknown {  // "Ignoring notification ...": its sender, or whom it proposes, is no voter here
  model::ServerId leader{0};
  model::ServerId from{0};
};
// The configuration is no longer the one that the server started with, or the election is made anew: from here on a log
// does not say what has to be known.
struct ConfigurationChanges {
  std::string how;
};
struct LearnerKnown {  // "Follower sid: 1 : info : host:2888:3888:participant", by the leader, from 3.5 on
  model::ServerId sid{0};
  bool votes = true;
};
struct ChannelRefused {  // "Cannot open channel to 3 at election address ..."
  model::ServerId to{0};
  std::string address;
};
struct ConnectionLeft {  // "Have smaller server identifier, so dropping the connection": the other will call
  model::ServerId to{0};
};
struct ConnectionBroken {
  model::ServerId with{0};
};
struct ListensAt {  // "... my election bind port: ..."
  std::string address;
};
struct ConnectionRequested {
  std::string address;
};

using Sentence =
    std::variant<ProcessStarted, ReleaseNamed, IntervalSet, Looking, ElectionBegins, Heard, TimedOut, StateChanged,
                 RoleTaken, ElectionTook, Connected, Established, UpToDate, RoleLost, ProposalUpdated, VoteAdded,
                 NotificationSent, VoterUnknown, ConfigurationChanges, LearnerKnown, ChannelRefused, ConnectionLeft,
                 ConnectionBroken, ListensAt, ConnectionRequested>;

// What came of a message.
struct Reading {
  std::optional<Sentence> sentence;  // nothing: it says nothing of elections
  bool garbled = false;              // it begins like one that does, and goes on in no known way
};
[[nodiscard]] Reading read_sentence(std::string_view message);

}  // namespace conclave::logs
