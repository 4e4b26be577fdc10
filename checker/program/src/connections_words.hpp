// Steps and states of connections in words.
#pragma once

#include <string>
#include <vector>

#include "conclave/check/connections_command.hpp"

namespace conclave::check {

// What a step is. `before` and `after` are the worlds around it.
std::string connections_action_text(const std::vector<model::ServerId>& ids, const spec::ConnectionAction& action,
                                    const spec::ConnectionWorld& before, const spec::ConnectionWorld& after);
// What has changed for the server that acted, one sentence each.
std::vector<std::string> connections_changes(const std::vector<model::ServerId>& ids,
                                             const spec::ConnectionAction& action,
                                             const spec::ConnectionWorld& before, const spec::ConnectionWorld& after);
// Which part of a claim fails in the world that a run ends in.
std::string connections_clause(const std::vector<model::ServerId>& ids, const spec::ConnectionScope& scope,
                               spec::ConnectionProperty property, const spec::ConnectionWorld& world);

}  // namespace conclave::check
