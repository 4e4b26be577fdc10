// What is claimed of elections, by name.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "conclave/model/event.hpp"
#include "conclave/spec/scope.hpp"

namespace conclave::spec {

enum class Property : std::uint8_t {
  // Claims about single steps of a server.
  quorum_behind_decision,
  decided_is_initial,
  decided_as_recent_as_voters,
  proposals_rise,
  weightless_never_elected,
  leader_said_so,
  better_votes_adopted,
  joins_settled_quorum,
  joins_round_quorum,
  elections_end_settled,
  decided_round_begun,
  unlogged_not_counted,
  // Claims about states.
  quorum_took_part,
  one_leader_per_round,
  no_deadlock,
  no_second_quorum,
  // Known not to hold.
  single_leading,
  decided_as_recent_as_supporters,
  no_rival_lead,
  // Has to happen, or the rest says nothing.
  some_leading,
  some_following,
  some_observing,
  late_joiner,
  round_overtaken,
  all_settled,
  count_
};
inline constexpr std::size_t properties_count = static_cast<std::size_t>(Property::count_);

enum class PropertyKind : std::uint8_t {
  always,     // claimed; a violation is an error
  refuted,    // known not to hold; the run that shows it is recorded
  sometimes,  // has to be reached; a warning where it is not
};

struct PropertyInfo {
  Property property;
  PropertyKind kind;
  std::string_view name;
  std::string_view sentence;
  std::string_view assumes;  // under which it is claimed (always), or needed to be seen (refuted, sometimes)
  std::string_view reason;   // who relies on it in ZooKeeper, or why it does not hold
};

// In the order of the enumeration.
std::span<const PropertyInfo> property_infos();
const PropertyInfo& info_of(Property property);
// nullptr if there is none of that name.
const PropertyInfo* find_property(std::string_view name);

// Do the assumptions of the property hold in this scope? Outside them it is neither claimed nor expected.
bool applies(Property property, const Scope& scope, const Scenario& scenario);

// Sets of properties, one bit each.
using PropertySet = std::uint64_t;
static_assert(properties_count <= 64);
constexpr PropertySet bit(Property property) { return PropertySet{1} << static_cast<unsigned>(property); }
// Those that apply.
PropertySet applicable_in(const Scope& scope, const Scenario& scenario);

// One fine step of one server, as seen by the step properties.
struct LocalStep {
  const Scenario& scenario;
  const model::Peer& before;
  const model::Event& event;
  const model::Transition& after;
};
struct Findings {
  PropertySet broken = 0;  // always and refuted: violated by this step; sometimes: witnessed by it
  PropertySet tested = 0;  // the step put them to the test
};
// Judges a step by definitions of their own, written naively: nothing of model/'s predicates is called.
Findings judge(const LocalStep& step);

// Why the step broke the property, in words; empty if it did not.
std::string explain(Property property, const LocalStep& step);

}  // namespace conclave::spec
