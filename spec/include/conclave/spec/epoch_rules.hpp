// What is claimed of epochs, what is explored for it, and which rules may be broken on purpose.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "conclave/model/epoch.hpp"
#include "conclave/spec/properties.hpp"

namespace conclave::spec {

// The bounds of an exploration. Stops and elections have none of their own: a server may stop at any moment, between
// any two writes, any number of times, and be elected or follow whoever leads; the number of epochs ends it.
struct EpochScope {
  int epochs = 2;                     // no leader proposes an epoch beyond
  int transactions = 1;               // that established leaders log, all together
  int stops = -1;                     // crashes and ends of roles; -1: any number
  std::uint32_t without_history = 0;  // participants that keep none, as conclave's node; a bit for each, from 0
  bool observers = false;             // the configuration's take part: they follow, and never lead
  bool ticks = false;                 // leaders notice lost connections, and look once a tick for their quorum
};
inline constexpr int epochs_max = 7;
inline constexpr int transactions_max = 7;
inline constexpr int stops_max = 63;

enum class EpochProperty : std::uint8_t {
  // Claims.
  one_leader_per_epoch,
  epochs_rise,
  as_recent_as_quorum,
  committed_survives,
  accepted_not_below_current,
  written_never_falls,
  zxid_of_established,
  kept_by_quorum,
  // Has to happen, or the rest says nothing.
  leader_established,
  learner_up_to_date,
  observer_up_to_date,
  leader_gives_up,
  second_epoch,
  epoch_refused,
  accepted_before,
  learner_ahead,
  history_truncated,
  transaction_committed,
  // Of interest.
  two_established,
  unstartable,
  count_
};
inline constexpr std::size_t epoch_properties_count = static_cast<std::size_t>(EpochProperty::count_);

struct EpochPropertyInfo {
  EpochProperty property;
  PropertyKind kind;
  std::string_view name;
  std::string_view sentence;
  std::string_view reason;  // who relies on it in ZooKeeper
};
std::span<const EpochPropertyInfo> epoch_property_infos();  // in the order of the enumeration
// Can it be broken or seen within this scope at all? Where not, it is no part of a report.
bool in_scope(EpochProperty property, const EpochScope& scope);
constexpr PropertySet bit(EpochProperty property) { return PropertySet{1} << static_cast<unsigned>(property); }

using EpochStepFunction = model::EpochTransition (*)(const model::Ensemble&, const model::EpochPeer&,
                                                     const model::EpochEvent&);
struct EpochRuleVariant {
  std::string_view name;
  std::string_view sentence;
  EpochStepFunction step;
  bool leader_late = false;     // a leader may be counted after its learners: a second Lead lets it be
  std::string_view needs{};     // what an exploration has to have for it to show; empty: less than the default bounds
  std::string_view releases{};  // of one of ZooKeeper's own: which had it
};
const EpochRuleVariant& zookeeper_epoch_rules();
std::span<const EpochRuleVariant> seeded_epoch_bugs();
const EpochRuleVariant* find_seeded_epoch_bug(std::string_view name);  // nullptr if there is none

}  // namespace conclave::spec
