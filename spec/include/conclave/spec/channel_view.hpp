// One thread's view of the contents of FIFO channels: what comes of putting a message in and taking one out.
#pragma once

#include <cstdint>
#include <vector>

#include "conclave/spec/closed_system.hpp"
#include "conclave/spec/flat_map.hpp"
#include "conclave/spec/stable_vector.hpp"
#include "conclave/spec/support.hpp"

namespace conclave::spec {

// Remembers what it has asked of ClosedSystem::channels. One thread only.
class ChannelView {
 public:
  explicit ChannelView(ClosedSystem& system)
      : system_(system),
        contents_(static_cast<std::size_t>(system.servers())),
        support_(static_cast<std::size_t>(system.servers())) {}

  struct Popped {
    ChannelId rest = 0;
    NotificationId head = no_notification;
  };

  // The channel with one message more, and without its oldest if it was full.
  ChannelId push(int from, ChannelId before, NotificationId id) {
    const std::uint64_t key = key_of(from, before) << 16U | id;
    if (const ChannelId* after = pushed_.find(key)) return *after;
    std::vector<NotificationId> more = content(from, before);
    if (more.size() == static_cast<std::size_t>(system_.scope().network.capacity)) more.erase(more.begin());
    more.push_back(id);
    return *pushed_.add(key, system_.channels(from).intern(more));
  }

  // REQUIRES: the channel is not empty.
  Popped pop(int from, ChannelId id) {
    if (const Popped* known = popped_.find(key_of(from, id))) return *known;
    std::vector<NotificationId> rest = content(from, id);
    const NotificationId head = rest.front();
    rest.erase(rest.begin());
    return *popped_.add(key_of(from, id), Popped{system_.channels(from).intern(rest), head});
  }

  // Oldest first.
  const std::vector<NotificationId>& content(int from, ChannelId id) {
    auto& known = contents_[static_cast<std::size_t>(from)];
    while (known.size() <= id) {
      known.push_back(system_.channels(from).content(static_cast<ChannelId>(known.size())));
    }
    return known[id];
  }

  // What the messages on their way say about who may be settled on.
  const Support& support(int from, ChannelId id) {
    auto& known = support_[static_cast<std::size_t>(from)];
    while (known.size() <= id) {
      known.push_back(system_.machine().support_carried(content(from, static_cast<ChannelId>(known.size()))));
    }
    return known[id];
  }

  [[nodiscard]] std::size_t bytes_used() const {
    std::size_t contents = 0;
    for (const auto& known : contents_) contents += known.size();
    return pushed_.bytes_used() + popped_.bytes_used() + contents * (sizeof(Support) + 64);
  }

 private:
  static std::uint64_t key_of(int from, ChannelId id) {
    return std::uint64_t{id} << 3U | static_cast<std::uint64_t>(from);
  }
  static_assert(participants_max <= 8, "the key has three bits for the sender");

  ClosedSystem& system_;
  FlatMap<ChannelId> pushed_;
  FlatMap<Popped> popped_;
  std::vector<StableVector<std::vector<NotificationId>>> contents_;
  std::vector<StableVector<Support>> support_;
};

}  // namespace conclave::spec
