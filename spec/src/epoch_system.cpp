#include "conclave/spec/epoch_system.hpp"

#include <bit>

namespace conclave::spec {
namespace {

constexpr int local_bits = 10;
constexpr int channel_bits = 4;

int bits_for(int largest) { return static_cast<int>(std::bit_width(static_cast<unsigned>(largest))); }

std::vector<model::ServerId> participants_of(const model::Configuration& configuration, bool observers) {
  std::vector<model::ServerId> participants;
  for (const model::Member& member : configuration.members()) {
    if (observers || configuration.votes(member.id)) participants.push_back(member.id);
  }
  return participants;
}

}  // namespace

EpochFields::EpochFields(int servers, const EpochScope& scope) : servers_(servers), epochs_(scope.epochs) {
  for (int i = 0; i < servers; ++i) widths_.push_back(local_bits);
  for (int from = 0; from < servers; ++from) {
    for (int to = 0; to < servers; ++to) widths_.push_back(from == to ? 0 : channel_bits);
  }
  for (int i = 0; i < servers; ++i) widths_.push_back(epoch_link_bits);
  for (int epoch = 1; epoch <= scope.epochs; ++epoch) widths_.push_back(bits_for(servers));
  widths_.push_back(scope.transactions > 0 ? bits_for(scope.epochs) + 3 : 0);
  widths_.push_back(bits_for(scope.transactions));
  widths_.push_back(scope.stops > 0 ? bits_for(scope.stops) : 0);
}

EpochSystem::EpochSystem(const model::Configuration& configuration, const EpochScope& scope,
                         const EpochRuleVariant& rules)
    : ensemble_(model::single_configuration(configuration)),
      scope_(scope),
      participants_(participants_of(configuration, scope.observers)),
      fields_(servers(), scope_),
      machine_(ensemble_, participants_, scope_.without_history, rules),
      channels_(participants_.size()) {
  for (std::uint32_t set = 0; set < quorums_.size(); ++set) {
    quorums_[set] = configuration.contains_quorum([&](model::ServerId voter) {
      for (int i = 0; i < servers(); ++i) {
        if (id(i) == voter) return (set >> static_cast<unsigned>(i) & 1U) != 0;
      }
      return false;
    });
  }
}

void EpochSystem::absorb_cut(std::uint64_t steps) {
  const std::scoped_lock lock(mutex_);
  cut_ += steps;
}
std::uint64_t EpochSystem::cut() {
  const std::scoped_lock lock(mutex_);
  return cut_;
}
std::size_t EpochSystem::bytes_used() {
  std::size_t contents = 0;
  for (Channels& channels : channels_) contents += channels.size();
  return machine_.bytes_used() + contents * 128;
}

}  // namespace conclave::spec
