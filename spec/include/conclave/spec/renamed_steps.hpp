// Ranks instead of values, and one order for all that a symmetry maps onto each other: does a server do the same under
// other names and with other histories of the same order?
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "conclave/model/event.hpp"
#include "conclave/spec/local_steps.hpp"
#include "conclave/spec/rules.hpp"
#include "conclave/spec/scope.hpp"

namespace conclave::spec {

// A scenario beside another that every_history() leaves out for its sake.
struct Counterpart {
  Scenario scenario;
  std::vector<int> place;  // by participant: who it is in this scenario
};

// The scenario itself with other numbers of the same order, and others of its orders (see orders_like) with the same
// numbers and others. At most `count_max`; the first are the most different. REQUIRES: from every_history(), and no
// server has rules of its own.
std::vector<Counterpart> counterparts(const Scenario& scenario, std::size_t count_max);

// Takes single steps in a scenario and in its counterpart. Values in, values out; nothing is remembered.
class RenamedSteps {
 public:
  // All references must outlive this.
  RenamedSteps(const Scenario& scenario, const Counterpart& other, const Scope& scope, const RuleVariant& rules);

  // What the server of this scenario does on this input, in words, if its counterpart does not do the same.
  [[nodiscard]] std::optional<std::string> difference(int server, const Server& before, Input input,
                                                      const model::Notification& heard) const;

 private:
  [[nodiscard]] int place_of(model::ServerId id) const;
  void rename(model::ServerId& id) const;
  void rename(model::Proposal& proposal) const;
  void rename(model::Vote& vote) const;
  void rename(model::Notification& notification) const;
  void rename(model::VoteTable& table) const;
  void rename(model::Effect& effect) const;
  [[nodiscard]] Server renamed(int server, const Server& state) const;

  const Counterpart& other_;
  LocalSteps here_;
  LocalSteps there_;
};

}  // namespace conclave::spec
