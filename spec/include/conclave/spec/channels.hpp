// The contents of FIFO channels as small numbers.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "conclave/spec/local_machine.hpp"

namespace conclave::spec {

using ChannelId = std::uint32_t;  // 0 is the empty channel

// Thread-safe, each call takes the lock.
class Channels {
 public:
  Channels() { intern({}); }

  ChannelId intern(const std::vector<NotificationId>& content);
  std::vector<NotificationId> content(ChannelId id);
  std::size_t size();

 private:
  std::mutex mutex_;
  std::deque<std::vector<NotificationId>> contents_;
  std::unordered_map<std::string, ChannelId> ids_;
};

}  // namespace conclave::spec
