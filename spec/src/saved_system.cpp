// Every number of a restored system means what it meant in the saved one.
#include "conclave/spec/saved_system.hpp"

#include <algorithm>
#include <stdexcept>

#include "conclave/spec/closed_system.hpp"

namespace conclave::spec {
namespace {

// A file that another program has made up, with a right checksum.
void require(bool holds) {
  if (!holds) throw std::invalid_argument("the numbers of a saved system do not fit together");
}

}  // namespace

SavedMachine LocalMachine::saved() {
  const std::scoped_lock lock(mutex_);
  SavedMachine saved;
  for (std::size_t i = 1; i < notifications_.size(); ++i) saved.notifications.push_back(encode(notifications_[i]));
  for (const Known& known : known_) {
    auto& locals = saved.locals.emplace_back();
    for (const std::string* bytes : known.bytes) locals.push_back(*bytes);
    auto& results = saved.results.emplace_back();
    for (const auto& [key, result] : known.results) {
      results.push_back(SavedResult{key, result.next, result.sends, result.broken});
    }
    std::sort(results.begin(), results.end(),
              [](const SavedResult& left, const SavedResult& right) { return left.key < right.key; });
  }
  for (std::size_t i = 1; i < sends_.size(); ++i) {
    auto& sends = saved.sends.emplace_back();
    for (const Sent& sent : sends_[i]) sends.push_back(SavedSend{sent.to, sent.notification});
  }
  saved.rules = rule_counts_;
  saved.tested = tested_counts_;
  return saved;
}

void LocalMachine::restore(const SavedMachine& saved) {
  const std::scoped_lock lock(mutex_);
  require(saved.locals.size() == known_.size() && saved.results.size() == known_.size());
  for (std::size_t i = 0; i < saved.notifications.size(); ++i) {
    require(intern(decode_notification(saved.notifications[i])) == i + 1);
  }
  for (std::size_t server = 0; server < known_.size(); ++server) {
    const auto& locals = saved.locals[server];
    for (std::size_t local = 0; local < locals.size(); ++local) {
      const int index = static_cast<int>(server);
      require(intern(index, decode(locals[local], steps_.blank(index))) == local);
    }
    for (const SavedResult& result : saved.results[server]) {
      require(result.next < locals.size() && result.key >> 32U < locals.size() && result.sends <= saved.sends.size());
      known_[server].results.emplace(result.key, LocalResult{result.next, result.sends, result.broken});
    }
  }
  require(notifications_.size() == saved.notifications.size() + 1);
  for (const auto& some : saved.sends) {
    std::vector<Sent> sends;
    for (const SavedSend& send : some) {
      require(send.to < known_.size() && send.notification < notifications_.size());
      sends.push_back(Sent{send.to, send.notification});
    }
    require(send_ids_.emplace(key_of(sends), static_cast<std::uint32_t>(sends_.size())).second);
    sends_.push_back(sends);
  }
  rule_counts_ = saved.rules;
  tested_counts_ = saved.tested;
}

SavedSystem ClosedSystem::saved() {
  SavedSystem saved;
  saved.machine = machine_.saved();
  for (Channels& channels : channels_) {
    auto& contents = saved.channels.emplace_back();
    for (std::size_t i = 0; i < channels.size(); ++i) contents.push_back(channels.content(static_cast<ChannelId>(i)));
  }
  saved.representatives = quotient_.representatives();
  saved.quiet = saved_quiet();
  return saved;
}

std::array<std::uint64_t, 3> ClosedSystem::saved_quiet() {
  const QuietCounts quiet = quiet_counts();
  return {quiet.settled, quiet.no_quorum, quiet.cut};
}

void ClosedSystem::restore(const SavedSystem& saved) {
  machine_.restore(saved.machine);
  require(saved.channels.size() == channels_.size());
  for (std::size_t from = 0; from < channels_.size(); ++from) {
    for (std::size_t i = 0; i < saved.channels[from].size(); ++i) {
      require(channels_[from].intern(saved.channels[from][i]) == i);
    }
  }
  quotient_.restore(saved.representatives);
  const std::scoped_lock lock(mutex_);
  quiet_ = QuietCounts{saved.quiet[0], saved.quiet[1], saved.quiet[2]};
}

}  // namespace conclave::spec
