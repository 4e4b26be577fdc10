// Where a node logs to, in ZooKeeper's words.
#pragma once

#include <spdlog/spdlog.h>

#include <utility>

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

}  // namespace conclave::node::log
