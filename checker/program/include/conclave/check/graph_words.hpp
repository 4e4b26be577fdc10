// The words in a graph: fewer than in a run's text, for many of them stand side by side.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "conclave/spec/closed_system.hpp"
#include "conclave/spec/local_machine.hpp"
#include "conclave/spec/properties.hpp"
#include "conclave/spec/server.hpp"

namespace conclave::check {

// "FOLLOWING 2, round 1": what others can tell of a server.
std::string role_line(const spec::Server& server);
// "knows 2 3 votes 3": what it has heard in its election; empty where that is nothing.
std::string votes_line(const spec::Server& server);
// "3 reads 1: votes 2". `heard`: what is heard or lost, where the step is about a notification.
std::string step_label(const spec::Scenario& scenario, const spec::Action& action,
                       const std::optional<model::Notification>& heard);
// The properties of a set that are not to be broken, by name: claims, and those known not to hold.
std::vector<std::string> broken_names(spec::PropertySet broken);

// Words for the numbers that a system has given out. The system must outlive it.
class GraphWords {
 public:
  explicit GraphWords(spec::ClosedSystem& system) : system_(system) {}

  // A whole state: local states by server, contents of channels by sender and receiver (fifo only).
  std::vector<std::string> lines(const std::vector<spec::LocalId>& locals,
                                 const std::vector<spec::ChannelId>& channels);
  std::string label(const spec::Action& action, spec::NotificationId heard);

 private:
  spec::ClosedSystem& system_;
};

}  // namespace conclave::check
