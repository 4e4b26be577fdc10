#include "interpreter.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "text.hpp"

namespace conclave::golden {

using namespace conclave::model;

namespace {

void add_members(const std::vector<std::int64_t>& ids, LearnerType role, std::map<std::int64_t, Member>& members) {
  for (const std::int64_t id : ids) {
    if (!members.emplace(id, Member{ServerId{id}, role, {}, {}}).second) {
      throw BadScript(fmt::format("expected each member once, {} is there twice", id));
    }
  }
}

// groups=1:2:3/4:5 numbers its groups from 1; weights=4:0,5:0.
void add_groups_and_weights(Arguments& arguments, std::map<std::int64_t, Member>& members) {
  const auto member = [&members](const std::string& word) -> Member& {
    const auto found = members.find(number_of(word, "member"));
    if (found == members.end()) throw BadScript(fmt::format("expected a member, found '{}'", word));
    return found->second;
  };
  if (const auto groups = arguments.value("groups")) {
    std::int64_t id = 0;
    for (const std::string& group : split(*groups, '/')) {
      ++id;
      for (const std::string& word : split(group, ':')) member(word).group = id;
    }
  }
  if (const auto weights = arguments.value("weights")) {
    for (const std::string& pair : split(*weights, ',')) {
      const std::vector<std::string> parts = split(pair, ':');
      if (parts.size() != 2) throw BadScript(fmt::format("weights: expected server:weight, found '{}'", pair));
      member(parts[0]).weight = Weight{number_of(parts[1], "weight")};
    }
  }
}

QuorumKind kind_of(const std::string& word) {
  if (word == "majority") return QuorumKind::majority;
  if (word == "hierarchical") return QuorumKind::hierarchical;
  if (word == "oracle") return QuorumKind::oracle_majority;
  throw BadScript(fmt::format("kind: expected majority, hierarchical or oracle, found '{}'", word));
}

}  // namespace

// --- the ensemble -----------------------------------------------------------------------------------------------

void Interpreter::configuration(Arguments& arguments) {
  std::map<std::int64_t, Member> by_id;
  const std::string usual_kind = arguments.has("groups") ? "hierarchical" : "majority";
  const QuorumKind kind = kind_of(arguments.value("kind").value_or(usual_kind));
  add_members(arguments.numbers("voters"), LearnerType::participant, by_id);
  add_members(arguments.numbers("observers"), LearnerType::observer, by_id);
  add_groups_and_weights(arguments, by_id);
  const ConfigVersion version{arguments.number("version", 0)};
  const auto addresses = static_cast<std::uint64_t>(arguments.number("addresses", 0));
  arguments.finish();
  std::vector<Member> members;
  members.reserve(by_id.size());
  for (const auto& [id, member] : by_id) members.push_back(member);
  const Configuration made = Configuration::make(kind, members, version, addresses);
  if (made.error() != ConfigurationError::none) return world_.say("no configuration: " + text_of(made.error()));
  if (world_.ensemble.configurations.full()) throw BadScript("expected no more configurations than the model holds");
  world_.say(fmt::format("configuration {}: {}", world_.ensemble.configurations.size(), text_of(made)));
  world_.ensemble.configurations.push_back(made);
}

void Interpreter::reconfig(Arguments& arguments) {
  const std::string word = arguments.word("enabled or disabled");
  arguments.finish();
  if (word != "enabled" && word != "disabled") throw BadScript("reconfig: expected enabled or disabled");
  world_.ensemble.reconfig_enabled = word == "enabled";
}

void Interpreter::timing(Arguments& arguments) {
  Timing& timing = world_.ensemble.timing;
  timing.finalize_wait_ms = arguments.small_number("finalize", timing.finalize_wait_ms);
  timing.notification_interval_min_ms = arguments.small_number("min", timing.notification_interval_min_ms);
  timing.notification_interval_max_ms = arguments.small_number("max", timing.notification_interval_max_ms);
  arguments.finish();
}

void Interpreter::grain(Arguments& arguments) {
  const std::string word = arguments.word("fine or coarse");
  arguments.finish();
  if (word != "fine" && word != "coarse") throw BadScript("grain: expected fine or coarse");
  world_.grain = word == "fine" ? Grain::fine : Grain::coarse;
}

void Interpreter::output(Arguments& arguments) {
  const std::string word = arguments.word("full, brief or roles");
  arguments.finish();
  if (word != "full" && word != "brief" && word != "roles") throw BadScript("output: expected full, brief or roles");
  world_.output = word == "full" ? Output::full : word == "brief" ? Output::brief : Output::roles;
}

// --- servers ----------------------------------------------------------------------------------------------------

std::vector<ServerId> Interpreter::servers_of(Arguments& arguments) {
  std::vector<ServerId> ids;
  for (const std::int64_t id : numbers_of(arguments.word("a server, as in 1 or 1,2 or 0..6"), "server")) {
    ids.push_back(ServerId{id});
  }
  return ids;
}

ConfigIndex Interpreter::config_index(Arguments& arguments, const std::string& key, std::int64_t otherwise) {
  const std::int64_t index = arguments.number(key, otherwise);
  const std::size_t there = world_.ensemble.configurations.size();
  if (index < 0 || static_cast<std::size_t>(index) >= there) {
    throw BadScript(fmt::format("{}: expected one of {} configurations, found {}", key, there, index));
  }
  return static_cast<ConfigIndex>(index);
}

void Interpreter::server(Arguments& arguments) {
  const std::vector<ServerId> ids = servers_of(arguments);
  Durable durable;
  durable.current_epoch = PeerEpoch{arguments.number("epoch", 0)};
  durable.accepted_epoch = PeerEpoch{arguments.number("accepted", durable.current_epoch.value)};
  durable.last_zxid = Zxid{arguments.number("zxid", 0)};
  const ConfigIndex config = config_index(arguments, "config", 0);
  std::optional<ConfigIndex> last_seen;
  if (arguments.has("last-seen")) last_seen = config_index(arguments, "last-seen", 0);
  arguments.finish();
  for (const ServerId id : ids) {
    Peer peer = make_peer(world_.ensemble, id, durable, config);
    peer.last_seen = last_seen;
    world_.create(peer);
  }
}

void Interpreter::crash(Arguments& arguments) {
  const std::vector<ServerId> ids = servers_of(arguments);
  arguments.finish();
  for (const ServerId id : ids) world_.crash(id);
}

void Interpreter::restart(Arguments& arguments) {
  const std::vector<ServerId> ids = servers_of(arguments);
  arguments.finish();
  for (const ServerId id : ids) world_.restart(id);
}

void Interpreter::durable(Arguments& arguments) {
  const std::vector<ServerId> ids = servers_of(arguments);
  for (const ServerId id : ids) {
    Durable& durable = world_.durable(id);
    Arguments each = arguments;
    durable.current_epoch = PeerEpoch{each.number("epoch", durable.current_epoch.value)};
    durable.accepted_epoch = PeerEpoch{each.number("accepted", durable.current_epoch.value)};
    durable.last_zxid = Zxid{each.number("zxid", durable.last_zxid.value)};
    each.finish();
    world_.say(fmt::format("{}: epoch={} accepted={} zxid={}", text_of(id), text_of(durable.current_epoch),
                           text_of(durable.accepted_epoch), text_of(durable.last_zxid)));
  }
}

// What a test of ZooKeeper does with QuorumPeer.setCurrentVote behind the election's back.
void Interpreter::current_vote(Arguments& arguments) {
  const std::vector<ServerId> ids = servers_of(arguments);
  for (const ServerId id : ids) {
    Vote& current = world_.peer(id).current_vote;
    const Vote before = current;
    Arguments each = arguments;
    current.proposal.leader = ServerId{each.number("leader", before.proposal.leader.value)};
    current.proposal.zxid = Zxid{each.number("zxid", before.proposal.zxid.value)};
    current.proposal.epoch = PeerEpoch{each.number("epoch", before.proposal.epoch.value)};
    current.round = Round{each.number("round", before.round.value)};
    each.finish();
    world_.say(fmt::format("{}: current vote: {} -> {}", text_of(id), text_of(before), text_of(current)));
  }
}

void Interpreter::show(Arguments& arguments) {
  const std::optional<std::string> word = arguments.word_if_any();
  arguments.finish();
  if (word == "links") return world_.show_links();
  if (word) {
    for (const std::int64_t id : numbers_of(*word, "server")) {
      for (const std::string& line : describe(world_.peer(ServerId{id}))) world_.say(line);
    }
    return;
  }
  for (const ServerId id : world_.ids()) {
    if (!world_.running(id)) {
      world_.say(fmt::format("{}: crashed", text_of(id)));
      continue;
    }
    const Peer& peer = world_.peer(id);
    world_.say(fmt::format("{}: {}, clock {}, current vote {}", text_of(id), text_of(peer.role), peer.clock.value,
                           text_of(peer.current_vote)));
  }
}

// What a test of ZooKeeper asserts: it holds, or the script fails, whatever output is expected.
void Interpreter::require(Arguments& arguments) {
  const std::vector<ServerId> ids = servers_of(arguments);
  for (const ServerId id : ids) {
    const Peer& peer = world_.peer(id);
    Arguments each = arguments;
    const auto holds = [&id](const std::string& what, const std::string& wanted, const std::string& found) {
      if (wanted == found) return;
      throw BadScript(fmt::format("server {}: expected {} {}, found {}", id.value, what, wanted, found));
    };
    const std::string state(model::name_of(model::state_of(peer)));
    holds("state", each.value("state").value_or(state), state);
    const Vote& vote = peer.unpublished ? *peer.unpublished : peer.current_vote;
    const std::string leader = text_of(vote.proposal.leader);
    holds("leader", each.value("leader").value_or(leader), leader);
    const std::string clock = fmt::format("{}", peer.clock.value);
    holds("clock", each.value("clock").value_or(clock), clock);
    each.finish();
  }
}

// --- one command ------------------------------------------------------------------------------------------------

Interpreter::Command Interpreter::command_called(const std::string& name) {
  static const std::map<std::string, Command> commands = {
      {"configuration", &Interpreter::configuration},
      {"reconfig", &Interpreter::reconfig},
      {"timing", &Interpreter::timing},
      {"grain", &Interpreter::grain},
      {"output", &Interpreter::output},
      {"server", &Interpreter::server},
      {"crash", &Interpreter::crash},
      {"restart", &Interpreter::restart},
      {"durable", &Interpreter::durable},
      {"current-vote", &Interpreter::current_vote},
      {"show", &Interpreter::show},
      {"require", &Interpreter::require},
      {"start", &Interpreter::start},
      {"receive", &Interpreter::receive},
      {"process", &Interpreter::process},
      {"silence", &Interpreter::silence},
      {"time-out", &Interpreter::time_out},
      {"publish", &Interpreter::publish},
      {"end-role", &Interpreter::end_role},
      {"establish", &Interpreter::establish},
      {"oracle", &Interpreter::oracle},
      {"deliver", &Interpreter::deliver},
      {"deliver-all", &Interpreter::deliver_all},
      {"drop", &Interpreter::drop},
      {"predicate", &Interpreter::predicate},
      {"vote", &Interpreter::vote},
      {"support", &Interpreter::support},
      {"quorum", &Interpreter::quorum},
  };
  const auto found = commands.find(name);
  if (found != commands.end()) return found->second;
  std::vector<std::string> names;
  names.reserve(commands.size());
  for (const auto& [known, command] : commands) names.push_back(known);
  throw BadScript(fmt::format("expected a command ({}), found '{}'", fmt::join(names, ", "), name));
}

std::string Interpreter::run(const std::string& line) {
  Arguments arguments(line);
  world_.take_said();  // of a command that failed
  (this->*command_called(arguments.command()))(arguments);
  const std::string said = world_.take_said();
  return said.empty() ? "ok\n" : said;
}

}  // namespace conclave::golden
