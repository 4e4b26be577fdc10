// The commands that make something happen, and those that ask a predicate.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "interpreter.hpp"
#include "text.hpp"

namespace conclave::golden {

using namespace conclave::model;

namespace {

// LOOKING and so on, or any number.
std::int32_t state_code_of(const std::string& word) {
  for (std::int32_t code = 0; code < server_states; ++code) {
    if (word == model::name_of(static_cast<ServerState>(code))) return code;
  }
  return small_number_of(word, "state");
}

ServerState state_of(const std::string& word) {
  const std::int32_t code = state_code_of(word);
  if (code < 0 || code >= server_states) throw BadScript(fmt::format("expected a state, found '{}'", word));
  return static_cast<ServerState>(code);
}

// 4,0x0,0: leader, zxid and epoch, in the order of FastLeaderElection.totalOrderPredicate.
Proposal proposal_of(const std::string& words) {
  const std::vector<std::int64_t> numbers = numbers_of(words, "vote");
  if (numbers.size() != 3) throw BadScript(fmt::format("expected leader,zxid,epoch, found '{}'", words));
  return Proposal{PeerEpoch{numbers[2]}, Zxid{numbers[1]}, ServerId{numbers[0]}};
}

Vote vote_of(Arguments& arguments) {
  const ServerState state = state_of(arguments.required("state"));
  const Proposal proposal{PeerEpoch{arguments.number("epoch", 0)}, Zxid{arguments.number("zxid", 0)},
                          ServerId{arguments.required_number("leader")}};
  return Vote{proposal, Round{arguments.number("round", 1)}, arguments.small_number("version", 0), state};
}

std::pair<ServerId, ServerId> link_of(const std::string& word) {
  const std::size_t arrow = word.find("->");
  if (arrow == std::string::npos) throw BadScript(fmt::format("expected a link as in 2->1, found '{}'", word));
  return {ServerId{number_of(word.substr(0, arrow), "from")}, ServerId{number_of(word.substr(arrow + 2), "to")}};
}

}  // namespace

// --- events -----------------------------------------------------------------------------------------------------

void Interpreter::each(Arguments& arguments, const std::string& what, const Event& event) {
  const std::vector<ServerId> ids = servers_of(arguments);
  arguments.finish();
  for (const ServerId id : ids) world_.happen(id, fmt::format("{}: {}", text_of(id), what), event);
}

void Interpreter::start(Arguments& arguments) { each(arguments, "start", Start{}); }
void Interpreter::silence(Arguments& arguments) { each(arguments, "silence", Silence{}); }
void Interpreter::end_role(Arguments& arguments) { each(arguments, "end of role", RoleEnded{}); }

void Interpreter::process(Arguments& arguments) {
  if (world_.grain == Grain::coarse)
    throw BadScript("process: expected grain fine (coarse leaves nothing to process)");
  each(arguments, "process", Process{});
}

void Interpreter::publish(Arguments& arguments) {
  if (world_.grain == Grain::coarse) throw BadScript("publish: expected grain fine (coarse publishes at once)");
  each(arguments, "publish", VotePublished{});
}

void Interpreter::time_out(Arguments& arguments) {
  const bool delivered = arguments.yes("delivered", true);
  each(arguments, delivered ? "time-out" : "time-out, nothing delivered", NotificationTimeout{delivered});
}

void Interpreter::establish(Arguments& arguments) {
  const PeerEpoch epoch{arguments.required_number("epoch")};
  each(arguments, fmt::format("epoch {} established", text_of(epoch)), EpochEstablished{epoch});
}

void Interpreter::oracle(Arguments& arguments) {
  const bool needed = arguments.yes("needed", true);
  const bool grants = arguments.yes("grants", false);
  each(arguments, "oracle", OracleRead{Oracle{needed, grants}});
}

void Interpreter::receive(Arguments& arguments) {
  const std::vector<ServerId> ids = servers_of(arguments);
  Message message;
  message.from = ServerId{arguments.required_number("from")};
  const std::string format = arguments.value("format").value_or("versioned");
  if (format == "short") {
    message.format = MessageFormat::too_short;
  } else if (format == "28") {
    message.format = MessageFormat::without_epoch;
  } else if (format == "40") {
    message.format = MessageFormat::without_version;
  } else if (format != "versioned") {
    throw BadScript(fmt::format("format: expected short, 28, 40 or versioned, found '{}'", format));
  }
  if (message.format != MessageFormat::too_short) {
    message.state_code = state_code_of(arguments.required("state"));
    message.leader = ServerId{arguments.required_number("leader")};
    message.zxid = Zxid{arguments.number("zxid", 0)};
    message.round = Round{arguments.number("round", 1)};
  }
  const bool has_epoch = message.format != MessageFormat::too_short && message.format != MessageFormat::without_epoch;
  if (has_epoch) message.peer_epoch = PeerEpoch{arguments.number("epoch", 0)};
  if (message.format == MessageFormat::versioned) {
    message.version = arguments.small_number("version", notification_version);
    take_config_text(arguments, message);
  }
  const std::int64_t times = arguments.number("times", 1);
  arguments.finish();
  for (const ServerId id : ids) {
    for (std::int64_t time = 1; time < times; ++time) world_.receive(id, message);
    if (times > 1) {  // only the last one is shown
      world_.take_said();
      world_.say(fmt::format("the last of {}:", times));
    }
    world_.receive(id, message);
  }
}

void Interpreter::take_config_text(Arguments& arguments, Message& message) {
  message.config_text = ConfigText::parsed;
  const std::string given = arguments.value("config").value_or("0");
  if (given == "absent") {
    message.config_text = ConfigText::absent;
  } else if (given == "bad") {
    message.config_text = ConfigText::bad_length;
  } else if (given == "unparseable") {
    message.config_text = ConfigText::unparseable;
  } else {
    Arguments index("receive config=" + given);
    message.config = config_index(index, "config", 0);
  }
}

// --- links ------------------------------------------------------------------------------------------------------

void Interpreter::deliver(Arguments& arguments) {
  const auto [from, to] = link_of(arguments.word("a link, as in 2->1"));
  arguments.finish();
  world_.deliver(from, to);
}

void Interpreter::drop(Arguments& arguments) {
  const auto [from, to] = link_of(arguments.word("a link, as in 2->1"));
  arguments.finish();
  world_.drop(from, to);
}

void Interpreter::deliver_all(Arguments& arguments) {
  std::vector<ServerId> among;
  for (const std::int64_t id : arguments.numbers("among")) among.push_back(ServerId{id});
  arguments.finish();
  const std::size_t delivered = world_.deliver_all(among);
  world_.say(fmt::format("{} delivered", delivered));
}

// --- predicates -------------------------------------------------------------------------------------------------

void Interpreter::answer(Arguments& arguments, const std::string& question, bool yes) {
  const bool wanted = arguments.yes("want", yes);
  arguments.finish();
  if (wanted != yes) throw BadScript(fmt::format("expected {} to be {}", question, wanted ? "yes" : "no"));
  world_.say(fmt::format("{}: {}", question, yes ? "yes" : "no"));
}

// FastLeaderElection.totalOrderPredicate, by the one way in which step() shows it whoever votes: a server that is
// finalizing `current` puts `new` back into its queue if that is better, and throws it away if not.
void Interpreter::predicate(Arguments& arguments) {
  const Proposal proposed = proposal_of(arguments.required("new"));
  const Proposal current = proposal_of(arguments.required("current"));
  const ConfigIndex config = config_index(arguments, "config", 0);
  const Configuration& configuration = world_.ensemble.configurations[config];
  Peer peer = make_peer(world_.ensemble, configuration.members()[0].id, Durable{}, config);
  peer.role = Role{Finalizing{}};
  peer.proposal = current;
  peer.received.push_back(Notification{peer.id, Vote{proposed, Round{0}, 0, ServerState::looking}});
  const RuleSet rules = step(world_.ensemble, peer, Process{}).rules;
  if (rules.has(Rule::restart_for_unknown_weight)) {
    arguments.finish();
    return world_.say("the new leader has no weight");
  }
  answer(arguments, "better", rules.has(Rule::finalizing_requeue));
}

// Puts a vote into the table that the next `support` is about.
void Interpreter::vote(Arguments& arguments) {
  const std::vector<ServerId> ids = servers_of(arguments);
  const Vote vote = vote_of(arguments);
  arguments.finish();
  for (const ServerId id : ids) votes_.put(id, vote);
}

// FastLeaderElection.getVoteTracker(...).hasAllQuorums() over the table of `vote`, and checkLeader where `server` and
// its `clock` are given.
void Interpreter::support(Arguments& arguments) {
  const Vote probe = vote_of(arguments);
  const ConfigIndex config = config_index(arguments, "config", 0);
  std::vector<std::string> equal;
  for (const Ballot& ballot : votes_) {
    if (votes_equal(probe, ballot.vote)) equal.push_back(text_of(ballot.from));
  }
  world_.say(fmt::format("equal votes: {}", equal.empty() ? "none" : fmt::format("{}", fmt::join(equal, ","))));
  if (arguments.has("server")) {
    Peer peer;
    peer.id = ServerId{arguments.required_number("server")};
    peer.clock = Round{arguments.required_number("clock")};
    const bool confirmed = ZooKeeperRules::leader_confirmed(peer, votes_, probe.proposal.leader, probe.round);
    world_.say(fmt::format("leader confirmed: {}", confirmed ? "yes" : "no"));
  }
  const bool quorum = world_.ensemble.configurations[config].contains_quorum([this, &probe](ServerId id) {
    const Vote* found = votes_.find(id);
    return found != nullptr && votes_equal(probe, *found);
  });
  votes_.clear();
  answer(arguments, "quorum", quorum);
}

void Interpreter::quorum(Arguments& arguments) {
  const std::vector<std::int64_t> acks = arguments.numbers("acks");
  const ConfigIndex config = config_index(arguments, "config", 0);
  const bool contains = world_.ensemble.configurations[config].contains_quorum(
      [&acks](ServerId id) { return std::find(acks.begin(), acks.end(), id.value) != acks.end(); });
  answer(arguments, "quorum", contains);
}

}  // namespace conclave::golden
