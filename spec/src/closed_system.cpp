#include "conclave/spec/closed_system.hpp"

#include <bit>
#include <cassert>
#include <utility>

namespace conclave::spec {
namespace {

int bits_for(int largest) { return static_cast<int>(std::bit_width(static_cast<unsigned>(largest))); }

// What local states and channels begin with; a plan hands out more where there is room.
constexpr int local_bits = 6;
constexpr int fifo_local_bits = 9;
int channel_bits(int capacity) { return capacity <= 1 ? 6 : capacity == 2 ? 9 : 12; }

}  // namespace

Fields::Fields(const Scenario& scenario, const Scope& scope)
    : servers_(static_cast<int>(scenario.participants.size())) {
  const bool fifo = scope.network.kind == NetworkKind::fifo;
  for (int i = 0; i < servers_; ++i) widths_.push_back(fifo ? fifo_local_bits : local_bits);
  for (int from = 0; fifo && from < servers_; ++from) {
    for (int to = 0; to < servers_; ++to) {
      const bool used = from != to || scope.grain == Grain::fine;
      widths_.push_back(used ? channel_bits(scope.network.capacity) : 0);
    }
  }
  crashes_ = widths_.size();
  // Without restarts the crashed servers tell how many crashes there were.
  widths_.push_back(scope.restarts > 0 ? bits_for(scope.crashes) : 0);
  widths_.push_back(bits_for(scope.restarts));
  widths_.push_back(bits_for(scope.resends));
  widths_.push_back(bits_for(scope.losses));
  losses_ = widths_.size() - 1;
}

ClosedSystem::ClosedSystem(Scenario scenario, const Scope& scope, const RuleVariant& rules)
    : scenario_(std::move(scenario)),
      scope_(scope),
      rules_(rules),
      fields_(scenario_, scope_),
      machine_(scenario_, scope_, rules_),
      channels_(scenario_.participants.size()) {
  assert(!scenario_.participants.empty() && servers() <= participants_max);
  const model::Configuration& configuration = scenario_.ensemble.configurations[0];
  assert(scenario_.ensemble.configurations.size() <= explored_configurations_max);
  assert(!reconfigures(scenario_) || scope_.network.kind == NetworkKind::latest);
  std::uint32_t founders = 0;
  for (int i = 0; i < servers(); ++i) {
    const bool unlogged = scenario_.participants[static_cast<std::size_t>(i)].durable.last_zxid == model::unlogged;
    if (!unlogged) founders |= 1U << static_cast<unsigned>(i);
    if (!configuration.votes(id(i))) continue;
    voters_ |= 1U << static_cast<unsigned>(i);
    if (configuration.weight_of(id(i)) != model::Weight{0}) electable_ |= 1U << static_cast<unsigned>(i);
  }
  // The argument is about one step per message, and about plain quorums.
  clears_ = may_be_reduced() && scope_.clear_dead_votes && scope_.grain == Grain::coarse &&
            configuration.kind() != model::QuorumKind::oracle_majority && scope_.rounds <= prospect_rounds_max;
  // A server that can't be elected blocks nobody, and who has no log is ignored; observers learn old votes anew.
  const std::uint32_t everybody = (1U << static_cast<unsigned>(servers())) - 1U;
  outlasts_ = clears_ && scope_.timing == TimingKind::timely && scope_.network.kind == NetworkKind::latest &&
              scope_.restarts == 0 && founders == everybody && voters_ == everybody;
  for (int i = 0; i < servers(); ++i) {
    not_before_[static_cast<std::size_t>(i)] = electable(i) ? machine_.not_before(i) : everybody;
  }
  look_who_hears();
  look_for_quorums(founders);
  applicable_ = applicable_in(scope_, scenario_);
}

void ClosedSystem::look_who_hears() {
  const std::size_t sets = reconfigures(scenario_) ? config_sets : first_configuration + 1U;
  for (std::size_t reader = 1; reader < sets; ++reader) {
    for (std::size_t speaker = 1; speaker < sets; ++speaker) {
      for (const bool looking : {false, true}) {
        heard_[reader][speaker][looking ? 1 : 0] =
            who_hears(machine_.steps(), static_cast<ConfigSet>(reader), static_cast<ConfigSet>(speaker), looking);
      }
    }
  }
}

ClosedSystem::Heard ClosedSystem::who_hears(const LocalSteps& steps, ConfigSet readers, ConfigSet speakers,
                                            bool looking) {
  Heard heard{};
  for (int reader = 0; reader < steps.servers(); ++reader) {
    for (int speaker = 0; speaker < steps.servers(); ++speaker) {
      for (int kind = 0; kind < offers_count; ++kind) {
        if (!steps.can_hear({reader, readers}, {speaker, speakers, looking}, static_cast<Offer>(kind))) continue;
        heard[static_cast<std::size_t>(reader)][static_cast<std::size_t>(kind)] |= 1U
                                                                                   << static_cast<unsigned>(speaker);
      }
    }
  }
  return heard;
}

void ClosedSystem::look_for_quorums(std::uint32_t founders) {
  for (std::size_t sought = 1; sought < config_sets; ++sought) {
    for (std::uint32_t set = 0; set < quorums_[sought].size(); ++set) {
      const auto counts = [&](model::ServerId voter) {
        const int i = machine_.steps().index_of(voter);
        return i >= 0 && (set & founders & (1U << static_cast<unsigned>(i))) != 0;
      };
      bool all = true;
      for (std::size_t i = 0; i < scenario_.ensemble.configurations.size(); ++i) {
        if ((sought >> i & 1U) != 0) all = all && scenario_.ensemble.configurations[i].contains_quorum(counts);
      }
      quorums_[sought][set] = all;
    }
  }
}

// The arguments for the reductions are about votes that keep their epoch, compared by one rule and counted in one
// configuration.
bool ClosedSystem::may_be_reduced() const {
  return machine_.steps().reducible() && !is_mixed(scenario_.participants) && scope_.vote_epoch == VoteEpoch::voted &&
         !reconfigures(scenario_);
}

void ClosedSystem::absorb(const QuietCounts& counts) {
  const std::scoped_lock lock(mutex_);
  quiet_.settled += counts.settled;
  quiet_.no_quorum += counts.no_quorum;
  quiet_.cut += counts.cut;
}

QuietCounts ClosedSystem::quiet_counts() {
  const std::scoped_lock lock(mutex_);
  return quiet_;
}

std::size_t ClosedSystem::bytes_used() {
  std::size_t contents = 0;
  for (Channels& channels : channels_) contents += channels.size();
  return machine_.bytes_used() + quotient_.bytes_used() + contents * 128;
}

}  // namespace conclave::spec
