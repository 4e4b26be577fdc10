// A run told step by step with the servers themselves: no numbers, no tables, no reduction.
#pragma once

#include <cstddef>
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

  // A message from one participant to another, and the step that sent it: 0 is the start, 1 the first that was taken.
  struct Message {
    int from = 0;
    int to = 0;
    std::size_t sent_at = 0;
    model::Notification notification;
  };
  struct Step {
    bool possible = true;                      // false: no such message or fault here; nothing has changed
    std::optional<model::Notification> heard;  // what the action was about, if about a notification
    std::size_t sent_at = 0;                   // read, deliver, lose: the step that sent it
    std::vector<Message> gone;                 // fifo: nobody will hear them: lost, dropped, their receiver crashed
    PropertySet broken = 0;                    // by this step
    std::string clause;                        // of the watched property, if this step broke it
  };
  // `watched`: the property whose failure is to be put into words.
  Step take(const Action& action, Property watched);

  [[nodiscard]] const std::vector<Server>& servers() const { return servers_; }
  // fifo: what is in the channels, by receiver and sender, oldest first.
  [[nodiscard]] std::vector<Message> under_way() const;

 private:
  struct Sent {
    std::size_t at = 0;
    model::Notification notification;
  };
  using Channel = std::deque<Sent>;
  // latest: since when a server has offered what it offers.
  struct Offered {
    std::size_t since = 0;
    std::optional<model::Notification> what;
  };

  void perform(const Action& action, Step& step, Property watched);
  std::optional<Sent> sent_of(const Action& action);
  void note_offers();
  void apply(int server, Input how, const model::Notification& heard, Step& step, Property watched);
  void start(int server, Step& step, Property watched);
  void crash(int server, Step& step, Property watched);
  void send(int from, const model::Effects& effects, Step& step);
  void push(int from, int to, const model::Notification& notification, Step& step);
  void pop(int from, int to, bool heard, Step& step);
  [[nodiscard]] int index_of(model::ServerId id) const;
  Channel& channel(int from, int to) { return channels_[place(from, to)]; }
  [[nodiscard]] std::size_t place(int from, int to) const {
    return static_cast<std::size_t>(from) * static_cast<std::size_t>(system_.servers()) +
           static_cast<std::size_t>(to);
  }
  Server& at(int server) { return servers_[static_cast<std::size_t>(server)]; }
  [[nodiscard]] bool fifo() const { return system_.scope().network.kind == NetworkKind::fifo; }
  [[nodiscard]] bool coarse() const { return system_.scope().grain == Grain::coarse; }

  ClosedSystem& system_;
  std::vector<Server> servers_;
  std::vector<Channel> channels_;
  std::vector<Offered> offers_;  // offers_count for each server
  std::size_t taken_ = 0;
};

}  // namespace conclave::spec
