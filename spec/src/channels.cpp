#include "conclave/spec/channels.hpp"

namespace conclave::spec {

ChannelId Channels::intern(const std::vector<NotificationId>& content) {
  std::string key;
  for (const NotificationId id : content) {
    key.push_back(static_cast<char>(id & 0xffU));
    key.push_back(static_cast<char>(id >> 8U));
  }
  const std::scoped_lock lock(mutex_);
  const auto [place, fresh] = ids_.emplace(key, static_cast<ChannelId>(contents_.size()));
  if (fresh) contents_.push_back(content);
  return place->second;
}

std::vector<NotificationId> Channels::content(ChannelId id) {
  const std::scoped_lock lock(mutex_);
  return contents_[id];
}

std::size_t Channels::size() {
  const std::scoped_lock lock(mutex_);
  return contents_.size();
}

}  // namespace conclave::spec
