// Waits for an event in the thread that runs everything.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>

namespace conclave::node {

// Runs whatever happens until it is so; false: it has not become so in time.
inline bool run_until(boost::asio::io_context& io, const std::function<bool()>& so, std::chrono::seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!so()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    io.restart();
    io.run_one_for(std::chrono::milliseconds{20});
  }
  return true;
}

}  // namespace conclave::node
