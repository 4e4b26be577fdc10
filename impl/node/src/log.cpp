#include "log.hpp"

#include <spdlog/sinks/null_sink.h>

#include <memory>

namespace conclave::node::log {

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> found = [] {
    std::shared_ptr<spdlog::logger> known = spdlog::get("conclave");
    if (!known) known = std::make_shared<spdlog::logger>("conclave", std::make_shared<spdlog::sinks::null_sink_mt>());
    return known;
  }();
  return *found;
}

}  // namespace conclave::node::log
