#include "conclave/spec/renamed_steps.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

namespace conclave::spec {
namespace {

using model::PeerEpoch;
using model::ServerId;
using model::Zxid;

// The voters that take part, the lowest initial vote first, as places among the participants.
std::vector<std::size_t> lowest_first(const Scenario& scenario) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < scenario.participants.size(); ++i) {
    if (scenario.ensemble.configurations[0].votes(scenario.participants[i].id)) order.push_back(i);
  }
  std::sort(order.begin(), order.end(), [&scenario](std::size_t left, std::size_t right) {
    const auto rank = [&scenario](std::size_t place) {
      const Participant& participant = scenario.participants[place];
      return model::Proposal{participant.durable.current_epoch, participant.durable.last_zxid, participant.id};
    };
    return rank(left) < rank(right);
  });
  return order;
}

// Numbers that order the servers as they are ordered already.
enum class Numbers : std::uint8_t {
  ranks,    // one epoch, ascending zxids
  epochs,   // ascending epochs, and zxids that would say the opposite
  largest,  // the largest that there are, two of an epoch
  by_id,    // as far as the ids alone can order them, equal histories
  count_
};

void number(Scenario& scenario, Numbers numbers) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  const std::vector<std::size_t> order = lowest_first(scenario);
  const auto servers = static_cast<std::int64_t>(order.size());
  std::int64_t zxid = 0;
  for (std::int64_t rank = 0; rank < servers; ++rank) {
    const auto at = static_cast<std::size_t>(rank);
    Participant& participant = scenario.participants[order[at]];
    const bool id_is_enough = rank == 0 || scenario.participants[order[at - 1]].id < participant.id;
    if (!id_is_enough) ++zxid;
    std::pair<std::int64_t, std::int64_t> history{1, rank + 1};
    if (numbers == Numbers::epochs) history = {7 * rank, 1'000 - rank};
    if (numbers == Numbers::largest) history = {most - (servers - rank) / 2, most - (servers - rank)};
    if (numbers == Numbers::by_id) history = {0, zxid};
    participant.durable = model::Durable{PeerEpoch{history.first}, PeerEpoch{history.first}, Zxid{history.second}};
  }
}

Counterpart counterpart(const Scenario& scenario, const Scenario& like, Numbers numbers) {
  Counterpart other{like, std::vector<int>(scenario.participants.size())};
  const std::vector<std::size_t> here = lowest_first(scenario);
  const std::vector<std::size_t> there = lowest_first(like);
  // Who does not vote keeps his name; there are as many of them in both, in the same order.
  std::vector<std::size_t> rest_here;
  std::vector<std::size_t> rest_there;
  for (std::size_t i = 0; i < scenario.participants.size(); ++i) {
    if (std::find(here.begin(), here.end(), i) == here.end()) rest_here.push_back(i);
    if (std::find(there.begin(), there.end(), i) == there.end()) rest_there.push_back(i);
  }
  for (std::size_t i = 0; i < here.size(); ++i) other.place[here[i]] = static_cast<int>(there[i]);
  for (std::size_t i = 0; i < rest_here.size(); ++i) other.place[rest_here[i]] = static_cast<int>(rest_there[i]);
  number(other.scenario, numbers);
  return other;
}

std::string in_words(const Scenario& scenario) {
  std::string text;
  for (const Participant& participant : scenario.participants) {
    if (!text.empty()) text += ",";
    text += std::to_string(participant.id.value) + "=" + std::to_string(participant.durable.current_epoch.value) +
            ":" + std::to_string(participant.durable.last_zxid.value);
  }
  return text;
}

std::string input_in_words(Input input, const model::Notification& heard) {
  switch (input) {
    case input::begin: return "begins an election";
    case input::boot: return "starts";
    case input::silence: return "hears nothing during finalizeWait";
    case input::end_role: return "gives up its role";
    case input::resend: return "hears nothing for long";
    case input::process: return "handles a notification";
    case input::publish: return "stores its decision";
    case input::crash: return "crashes";
    default: break;
  }
  return "hears of server " + std::to_string(heard.from.value) + ": " + std::string(name_of(heard.vote.state)) +
         " leader=" + std::to_string(heard.vote.proposal.leader.value) +
         " zxid=" + std::to_string(heard.vote.proposal.zxid.value) +
         " round=" + std::to_string(heard.vote.round.value) +
         " epoch=" + std::to_string(heard.vote.proposal.epoch.value);
}

}  // namespace

std::vector<Counterpart> counterparts(const Scenario& scenario, std::size_t count_max) {
  constexpr auto kinds = static_cast<std::size_t>(Numbers::count_);
  // Every kind of numbers for the order itself, and the others with each in turn.
  const std::vector<Scenario> orders = orders_like(scenario, std::max(count_max, kinds) - kinds + 2);
  std::vector<Counterpart> all;
  for (std::size_t i = 1; i < kinds && all.size() < count_max; ++i) {
    all.push_back(counterpart(scenario, scenario, static_cast<Numbers>(i)));
  }
  for (std::size_t i = 1; i < orders.size() && all.size() < count_max; ++i) {
    all.push_back(counterpart(scenario, orders[i], static_cast<Numbers>(i % kinds)));
  }
  return all;
}

RenamedSteps::RenamedSteps(const Scenario& scenario, const Counterpart& other, const Scope& scope,
                           const RuleVariant& rules)
    : other_(other), here_(scenario, scope, rules), there_(other.scenario, scope, rules) {}

std::optional<std::string> RenamedSteps::difference(int server, const Server& before, Input input,
                                                    const model::Notification& heard) const {
  const int place = other_.place[static_cast<std::size_t>(server)];
  const LocalSteps::Outcome here = here_.compute(server, before, input, heard);
  model::Notification heard_there = heard;
  rename(heard_there);
  const LocalSteps::Outcome there = there_.compute(place, renamed(server, before), input, heard_there);

  std::string what;
  if (encode(renamed(server, here.server)) != encode(there.server)) what = "its state afterwards";
  model::Effects effects;
  for (model::Effect effect : here.effects) {
    rename(effect);
    effects.push_back(effect);
  }
  if (!(effects == there.effects)) what += std::string(what.empty() ? "" : ", ") + "what it sends";
  if (!(here.rules == there.rules)) what += std::string(what.empty() ? "" : ", ") + "the rules it takes";
  const bool judged = here.findings.broken == there.findings.broken && here.findings.tested == there.findings.tested;
  if (!judged) what += std::string(what.empty() ? "" : ", ") + "the properties that are broken or tested";
  if (what.empty()) return std::nullopt;
  return "with histories " + in_words(here_.scenario()) + " server " + std::to_string(here_.id(server).value) + " " +
         input_in_words(input, heard) + "; with histories " + in_words(other_.scenario) + " server " +
         std::to_string(there_.id(place).value) + ", which takes its place, differs in " + what;
}

int RenamedSteps::place_of(ServerId id) const {
  const int here = here_.index_of(id);
  return here < 0 ? -1 : other_.place[static_cast<std::size_t>(here)];
}

void RenamedSteps::rename(ServerId& id) const {
  if (const int place = place_of(id); place >= 0) id = there_.id(place);
}

// Epoch and zxid stand for the server they come from. Others, if there should be any, stay as they are.
void RenamedSteps::rename(model::Proposal& proposal) const {
  const int here = here_.index_of(proposal.leader);
  if (here < 0) return;
  const model::Durable& old = here_.scenario().participants[static_cast<std::size_t>(here)].durable;
  const int place = other_.place[static_cast<std::size_t>(here)];
  const model::Durable& now = other_.scenario.participants[static_cast<std::size_t>(place)].durable;
  proposal.leader = there_.id(place);
  if (proposal.epoch == old.current_epoch) proposal.epoch = now.current_epoch;
  if (proposal.zxid == old.last_zxid) proposal.zxid = now.last_zxid;
}

void RenamedSteps::rename(model::Vote& vote) const { rename(vote.proposal); }

void RenamedSteps::rename(model::Notification& notification) const {
  rename(notification.from);
  rename(notification.vote);
}

void RenamedSteps::rename(model::VoteTable& table) const {
  model::VoteTable made;
  for (model::Ballot ballot : table) {
    rename(ballot.from);
    rename(ballot.vote);
    made.put(ballot.from, ballot.vote);
  }
  table = made;
}

void RenamedSteps::rename(model::Effect& effect) const {
  if (auto* one = std::get_if<model::SendTo>(&effect)) {
    rename(one->to);
    rename(one->notification);
  }
  if (auto* all = std::get_if<model::SendToAll>(&effect)) rename(all->notification);
  if (auto* decided = std::get_if<model::Decided>(&effect)) rename(decided->vote);
}

Server RenamedSteps::renamed(int server, const Server& state) const {
  const Server& blank = there_.blank(other_.place[static_cast<std::size_t>(server)]);
  if (state.life != Life::up) {
    Server still = blank;
    still.life = state.life;
    return still;
  }
  Server other = state;
  if (other.proposal) rename(*other.proposal);
  model::Peer& peer = other.peer;
  const model::Peer& identity = blank.peer;
  peer.id = identity.id;
  peer.learner_type = identity.learner_type;
  peer.committed = identity.committed;
  peer.last_seen = identity.last_seen;
  peer.durable = identity.durable;
  peer.oracle = identity.oracle;
  rename(peer.proposal);
  rename(peer.current_vote);
  if (peer.unpublished) rename(*peer.unpublished);
  if (auto* following = std::get_if<model::Following>(&peer.role)) rename(following->leader);
  if (auto* observing = std::get_if<model::Observing>(&peer.role)) rename(observing->leader);
  for (model::Notification& waiting : peer.received) rename(waiting);
  rename(peer.recvset);
  rename(peer.outofelection);
  return other;
}

}  // namespace conclave::spec
