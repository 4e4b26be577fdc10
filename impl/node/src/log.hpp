// Where a node logs to, in ZooKeeper's words.
#pragma once

#include <spdlog/spdlog.h>

#include <utility>

#include "conclave/node/seldom.hpp"

namespace conclave::node::log {

// The logger that spdlog knows as "conclave" when the first line is written; where there is none, one that is silent.
// A library must not write into the streams of a program that has not asked for it.
spdlog::logger& logger();

template <class... Arguments>
void debug(spdlog::format_string_t<Arguments...> format, Arguments&&... arguments) {
  logger().debug(format, std::forward<Arguments>(arguments)...);
}
template <class... Arguments>
void info(spdlog::format_string_t<Arguments...> format, Arguments&&... arguments) {
  logger().info(format, std::forward<Arguments>(arguments)...);
}
template <class... Arguments>
void warn(spdlog::format_string_t<Arguments...> format, Arguments&&... arguments) {
  logger().warn(format, std::forward<Arguments>(arguments)...);
}
template <class... Arguments>
void error(spdlog::format_string_t<Arguments...> format, Arguments&&... arguments) {
  logger().error(format, std::forward<Arguments>(arguments)...);
}

// What others can provoke, as often as they like. The count of those left out comes with the next one.
template <class... Arguments>
void seldom(Seldom& limit, spdlog::level::level_enum level, spdlog::format_string_t<Arguments...> format,
            Arguments&&... arguments) {
  if (!logger().should_log(level)) return;
  const auto left_out = limit.admit(Seldom::Clock::now());
  if (!left_out) return;
  if (*left_out > 0) logger().log(level, "{} lines of this kind have been left out", *left_out);
  logger().log(level, format, std::forward<Arguments>(arguments)...);
}

}  // namespace conclave::node::log
