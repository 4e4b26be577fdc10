// One thread's view of what may still be on its way where servers read late.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "conclave/spec/closed_system.hpp"
#include "conclave/spec/flat_map.hpp"
#include "conclave/spec/stable_vector.hpp"
#include "conclave/spec/support.hpp"

namespace conclave::spec {

// What a sender may have on its way to one reader: each message once. Whatever is there can be read, and read again.
// First, in an order that no number decides, those that can be read at any time; then, oldest first, those that are out
// of the way once a later one has been read. What is said for a second time, with something else between, joins the
// first: then nobody knows before and after what it is read.
//
// Remembers what it has worked out. One thread only.
class LateChannels {
 public:
  struct Content {
    std::vector<NotificationId> messages;
    std::size_t any_time = 0;  // so many at the front
  };

  // The system must outlive the view.
  explicit LateChannels(ClosedSystem& system)
      : system_(system),
        contents_(static_cast<std::size_t>(system.servers())),
        support_(static_cast<std::size_t>(system.servers())) {}

  const Content& content(int from, ChannelId id) {
    auto& known = contents_[static_cast<std::size_t>(from)];
    while (known.size() <= id) {
      known.push_back(decoded(system_.channels(from).content(static_cast<ChannelId>(known.size()))));
    }
    return known[id];
  }
  // The channel with one message more.
  ChannelId append(int from, ChannelId before, NotificationId message) {
    const std::uint64_t key = key_of(from, before) << 16U | message;
    if (const ChannelId* after = appended_.find(key)) return *after;
    Content more = content(from, before);
    const auto place = std::find(more.messages.begin(), more.messages.end(), message);
    const auto at = static_cast<std::size_t>(place - more.messages.begin());
    if (place == more.messages.end()) {
      more.messages.push_back(message);
    } else if (at >= more.any_time && at + 1 != more.messages.size()) {
      more.any_time = more.messages.size();
      std::sort(more.messages.begin(), more.messages.end(), [this](NotificationId left, NotificationId right) {
        return encode(system_.machine().notification(left)) < encode(system_.machine().notification(right));
      });
    }
    return *appended_.add(key, intern(from, more));
  }
  // After the message at this place has been read. It stays, as one of several that say the same.
  ChannelId after_reading(int from, ChannelId id, std::size_t place) {
    const Content& now = content(from, id);
    if (place <= now.any_time) return id;
    const std::uint64_t key = key_of(from, id) << 16U | place;
    if (const ChannelId* rest = read_.find(key)) return *rest;
    Content rest = now;
    rest.messages.erase(rest.messages.begin() + static_cast<std::ptrdiff_t>(now.any_time),
                        rest.messages.begin() + static_cast<std::ptrdiff_t>(place));
    return *read_.add(key, intern(from, rest));
  }
  // Without some of its first 32 messages; bit 0 is the first.
  ChannelId without(int from, ChannelId id, std::uint32_t messages) {
    if (messages == 0) return id;
    const std::uint64_t key = key_of(from, id) << 32U | messages;
    if (const ChannelId* rest = without_.find(key)) return *rest;
    const Content& now = content(from, id);
    Content rest;
    for (std::size_t i = 0; i < now.messages.size(); ++i) {
      if (i < 32 && (messages >> i & 1U) != 0) continue;
      rest.messages.push_back(now.messages[i]);
      if (i < now.any_time) ++rest.any_time;
    }
    return *without_.add(key, intern(from, rest));
  }

  // What the messages say about who may be settled on.
  const Support& support(int from, ChannelId id) {
    auto& known = support_[static_cast<std::size_t>(from)];
    while (known.size() <= id) {
      const Content& next = content(from, static_cast<ChannelId>(known.size()));
      known.push_back(system_.machine().support_carried(next.messages));
    }
    return known[id];
  }

  [[nodiscard]] std::size_t bytes_used() const {
    std::size_t contents = 0;
    for (const auto& known : contents_) contents += known.size();
    return appended_.bytes_used() + read_.bytes_used() + without_.bytes_used() + contents * (sizeof(Support) + 72);
  }

 private:
  static std::uint64_t key_of(int from, ChannelId id) {
    return std::uint64_t{id} << 3U | static_cast<std::uint64_t>(from);
  }
  static_assert(participants_max <= 8, "the key has three bits for the sender");

  // no_notification stands between the two kinds, where there are both.
  static Content decoded(const std::vector<NotificationId>& stored) {
    Content content;
    for (const NotificationId id : stored) {
      if (id == no_notification) {
        content.any_time = content.messages.size();
      } else {
        content.messages.push_back(id);
      }
    }
    return content;
  }
  ChannelId intern(int from, const Content& content) {
    std::vector<NotificationId> stored = content.messages;
    if (content.any_time > 0) {
      stored.insert(stored.begin() + static_cast<std::ptrdiff_t>(content.any_time), no_notification);
    }
    return system_.channels(from).intern(stored);
  }

  ClosedSystem& system_;
  FlatMap<ChannelId> appended_;
  FlatMap<ChannelId> read_;
  FlatMap<ChannelId> without_;
  std::vector<StableVector<Content>> contents_;
  std::vector<StableVector<Support>> support_;
};

}  // namespace conclave::spec
