// A run told step by step with the servers themselves: no numbers, no tables, no reduction.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "conclave/spec/closed_system.hpp"

namespace conclave::spec {

// Takes the actions of a run and applies each to the servers through the model's step function, as compute() does, with
// the channels as plain queues. What the explorer found by walking tables has to come out here again.
class Replay {
 public:
  // The initial state. The system must outlive the replay.
  explicit Replay(ClosedSystem& system);

  struct Step {
    bool possible = true;                      // false: no such message or fault here; nothing has changed
    std::optional<model::Notification> heard;  // what the action was about, if about a notification
    PropertySet broken = 0;                    // by this step
    std::string clause;                        // of the watched property, if this step broke it
  };
  // `watched`: the property whose failure is to be put into words.
  Step take(const Action& action, Property watched);

  [[nodiscard]] const std::vector<Server>& servers() const { return servers_; }

 private:
  using Channel = std::deque<model::Notification>;

  std::optional<model::Notification> notification_of(const Action& action);
  void apply(int server, Input how, const model::Notification& heard, Step& step, Property watched);
  void start(int server, Step& step, Property watched);
  void crash(int server, Step& step, Property watched);
  void send(int from, const model::Effects& effects);
  void push(int from, int to, const model::Notification& notification);
  [[nodiscard]] int index_of(model::ServerId id) const;
  Channel& channel(int from, int to) {
    return channels_[static_cast<std::size_t>(from) * static_cast<std::size_t>(system_.servers()) +
                     static_cast<std::size_t>(to)];
  }
  Server& at(int server) { return servers_[static_cast<std::size_t>(server)]; }
  [[nodiscard]] bool fifo() const { return system_.scope().network.kind == NetworkKind::fifo; }
  [[nodiscard]] bool coarse() const { return system_.scope().grain == Grain::coarse; }

  ClosedSystem& system_;
  std::vector<Server> servers_;
  std::vector<Channel> channels_;
};

}  // namespace conclave::spec
