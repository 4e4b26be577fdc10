// What two networks reach, side by side, for people.
#include <fmt/format.h>

#include <iterator>
#include <numeric>
#include <string>
#include <variant>
#include <vector>

#include "conclave/check/compare.hpp"
#include "conclave/check/reports.hpp"
#include "conclave/check/words.hpp"
#include "text_parts.hpp"

namespace conclave::check {
namespace {

std::size_t sum_of(const std::vector<std::size_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::size_t{0});
}

std::string by_server(const std::vector<std::size_t>& counts, const spec::Scenario& scenario) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    parts.push_back(fmt::format("{} of server {}", grouped(counts[i]), id_text(scenario.participants[i].id)));
  }
  return join(parts, ", ");
}

void tell_extent(std::string& text, const Extent& extent, const spec::Scenario& scenario) {
  const bool whole = extent.verdict == checker::Verdict::exhausted;
  std::string what = fmt::format(
      "{}, {}; {} ({})", counted(extent.states, "state", "states"), counted(extent.steps, "step", "steps"),
      counted(sum_of(extent.locals), "local state", "local states"), by_server(extent.locals, scenario));
  if (extent.combinations) {
    what += fmt::format(" in {}", counted(*extent.combinations, "combination", "combinations"));
  }
  what += fmt::format("; {:.2f} s", extent.seconds);
  if (!whole) what += fmt::format(" ({})", name_of(extent.verdict));
  paragraph(text, fmt::format("  {:<9}", network_text(extent.network)), what);
}

// Properties that are broken, or witnessed, in one of the two alone.
std::vector<std::string> properties_apart(const Comparison& comparison, std::size_t one) {
  std::vector<std::string> words;
  for (const spec::PropertyInfo& info : spec::property_infos()) {
    if ((comparison.applicable & spec::bit(info.property)) == 0) continue;
    const auto place = static_cast<std::size_t>(info.property);
    const auto& seen = comparison.extents[one].first_seen[place];
    if (!seen || comparison.extents[1 - one].first_seen[place]) continue;
    const bool witness = info.kind == spec::PropertyKind::sometimes;
    words.push_back(
        fmt::format("{} ({} after {})", info.name, witness ? "reached" : "broken", steps_in_words(*seen)));
  }
  return words;
}

void tell_only(std::string& text, const Comparison& comparison, std::size_t one, const spec::Scenario& scenario) {
  auto out = std::back_inserter(text);
  const Extent& extent = comparison.extents[one];
  const Extent& other = comparison.extents[1 - one];
  const bool whole = other.verdict == checker::Verdict::exhausted;
  const std::string others = network_text(other.network);
  const std::size_t only = sum_of(extent.only);
  fmt::format_to(out, "{} reaches and {} does not{}\n", network_text(extent.network), others, whole ? "" : " so far");
  if (only == 0) {
    text += "  no local state\n";
  } else {
    paragraph(text, "  ",
              fmt::format("{} ({}); {} of them others can tell from all that {} reaches",
                          counted(only, "local state", "local states"), by_server(extent.only, scenario),
                          grouped(sum_of(extent.only_noticed)), others));
  }
  if (extent.only_combinations) {
    const std::size_t count = *extent.only_combinations;
    text += count == 0 ? "  no combination of local states\n"
                       : fmt::format("  {} of local states\n", counted(count, "combination", "combinations"));
  }
  const std::vector<std::string> properties = properties_apart(comparison, one);
  if (!properties.empty()) wrapped(text, "  ", properties, ", ");
  for (const Reached& reached : extent.examples) {
    paragraph(text, "  such as: ",
              fmt::format("server {} {}", id_text(scenario.participants[static_cast<std::size_t>(reached.server)].id),
                          local_state_text(reached.state)));
    fmt::format_to(out, "    after {} (there is no shorter run):\n", steps_in_words(reached.steps.size() - 1));
    for (std::size_t i = 1; i < reached.steps.size(); ++i) {
      paragraph(text, fmt::format("   {:2}. ", i), action_text(reached.steps[i], scenario));
    }
  }
}

std::string verdict_text(const CompareOutcome& outcome) {
  const std::string head = fmt::format("verdict: {}", name_of(outcome.verdict));
  if (outcome.verdict != checker::Verdict::exhausted) {
    return fmt::format("{} - {}; what was not reached may still be\n", head, outcome.why);
  }
  std::array<std::size_t, 2> only{};
  std::array<bool, 2> apart{};
  for (const auto& [scenario, comparison] : outcome.compared) {
    for (std::size_t i = 0; i < 2; ++i) {
      only[i] += sum_of(comparison.extents[i].only);
      apart[i] = apart[i] || comparison.extents[i].only_combinations.value_or(0) > 0;
    }
  }
  const std::string one = network_text(outcome.options.compare->networks[0]);
  const std::string other = network_text(outcome.options.compare->networks[1]);
  const auto covers = [&](const std::string& left, const std::string& right, bool combinations) {
    return fmt::format("{} - within these bounds {} reaches every local state that {} does{}\n", head, left, right,
                       combinations ? ", though not in every combination" : "");
  };
  if (only[0] == 0 && only[1] == 0) {
    return fmt::format("{} - within these bounds both reach the same local states{}\n", head,
                       apart[0] || apart[1] ? ", though not in the same combinations" : ", in the same combinations");
  }
  if (only[1] == 0) return covers(one, other, apart[1]);
  if (only[0] == 0) return covers(other, one, apart[0]);
  return fmt::format("{} - within these bounds neither reaches all that the other does\n", head);
}

std::string ballots_text(const model::VoteTable& table) {
  std::vector<std::string> words;
  for (const model::Ballot& ballot : table) {
    words.push_back(fmt::format("{}: {} leader={} round={}", id_text(ballot.from), model::name_of(ballot.vote.state),
                                id_text(ballot.vote.proposal.leader), ballot.vote.round.value));
  }
  return join(words, ", ");
}

}  // namespace

std::string network_text(const spec::Network& network) {
  return network.kind == spec::NetworkKind::latest ? "latest" : fmt::format("fifo:{}", network.capacity);
}

std::string local_state_text(const spec::Server& server) {
  if (server.life != spec::Life::up) return std::string(name_of(server.life));
  const model::Peer& peer = server.peer;
  std::string text = fmt::format("{} in round {}", model::name_of(state_of(peer)), peer.clock.value);
  if (const auto* following = std::get_if<model::Following>(&peer.role)) {
    return text + " behind server " + id_text(following->leader);
  }
  if (!model::in_election(peer)) return text;
  text += fmt::format(", proposes {}", proposal_text(peer.proposal));
  if (std::holds_alternative<model::Finalizing>(peer.role)) text += ", waits finalizeWait";
  if (peer.recvset.size() > 0) text += "; votes of " + ballots_text(peer.recvset);
  if (peer.outofelection.size() > 0) text += "; settled votes of " + ballots_text(peer.outofelection);
  return text;
}

std::string compare_text_report(const CompareOutcome& outcome) {
  std::string text;
  auto out = std::back_inserter(text);
  tell_ensemble(text, outcome.cfg);
  text += "compared: what two networks reach, without any reduction\n";
  std::vector<std::string> bounds;
  spec::Scope fifo = outcome.options.scope;
  for (const spec::Network& network : outcome.options.compare->networks) {
    if (network.kind == spec::NetworkKind::fifo) fifo.network = network;
  }
  wrapped(text, "  bounds: ", bounds_in_words(fifo), "; ");
  for (const auto& [scenario, comparison] : outcome.compared) {
    if (outcome.scenarios > 1) fmt::format_to(out, "order of initial votes: {}\n", order_in_words(scenario));
    for (const Extent& extent : comparison.extents) tell_extent(text, extent, scenario);
    for (std::size_t i = 0; i < 2; ++i) tell_only(text, comparison, i, scenario);
  }
  text += verdict_text(outcome);
  return text;
}

}  // namespace conclave::check
