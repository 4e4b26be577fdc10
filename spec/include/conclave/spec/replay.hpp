// A run told step by step with the servers themselves: no numbers, no tables, no reduction.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "conclave/spec/closed_system.hpp"
#include "conclave/spec/local_steps.hpp"

namespace conclave::spec {

// Takes the actions of a run and applies each to the servers through the model's step function (LocalSteps), with the
// channels as plain queues. What the explorer found by walking tables has to come out here again.
class Replay {
 public:
  // The initial state. Of `applicable` properties it tells which are broken. What is given must outlive the replay.
  explicit Replay(ClosedSystem& system);
  Replay(const LocalSteps& steps, PropertySet applicable);

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
    PropertySet tested = 0;                    // put to the test by this step
    model::RuleSet rules;                      // that this step took
  };
  // `watched`: the property whose failure is to be put into words.
  Step take(const Action& action, std::optional<Property> watched = std::nullopt);

  [[nodiscard]] const std::vector<Server>& servers() const { return servers_; }
  // fifo: what is in the channels, by receiver and sender, oldest first.
  [[nodiscard]] std::vector<Message> under_way() const;
  // fifo: how many messages are on their way from one server to another.
  [[nodiscard]] std::size_t under_way(int from, int to) const { return channels_[place(from, to)].size(); }
  // fifo: the message that is to come `number`-th, counted from 0. REQUIRES: number < under_way(from, to).
  [[nodiscard]] const model::Notification& coming(int from, int to, std::size_t number) const {
    return channels_[place(from, to)][number].notification;
  }
  // latest: what a server offers, and the step since which it has. 0: the start.
  struct Offered {
    std::size_t since = 0;
    std::optional<model::Notification> what;
  };
  [[nodiscard]] const Offered& offered(int server, Offer kind) const {
    return offers_[static_cast<std::size_t>(server) * offers_count + static_cast<std::size_t>(kind)];
  }

 private:
  struct Sent {
    std::size_t at = 0;
    model::Notification notification;
  };
  using Channel = std::vector<Sent>;

  void perform(const Action& action, Step& step, std::optional<Property> watched);
  std::optional<Sent> sent_of(const Action& action);
  void note_offers(int server);
  void apply(int server, Input how, const model::Notification& heard, Step& step, std::optional<Property> watched);
  void start(int server, Step& step, std::optional<Property> watched);
  void judge_lead(int server, Step& step, std::optional<Property> watched);
  // Does `from` keep what it sends to `to`, which does not run, until that does?
  [[nodiscard]] bool keeps_for(int from, int to) const;
  void crash(int server, Step& step, std::optional<Property> watched);
  void send(int from, const model::Effects& effects, Step& step);
  void push(int from, int to, const model::Notification& notification, Step& step);
  void pop(int from, int to, bool heard, Step& step);
  Channel& channel(int from, int to) { return channels_[place(from, to)]; }
  [[nodiscard]] std::size_t place(int from, int to) const {
    return static_cast<std::size_t>(from) * static_cast<std::size_t>(steps_.servers()) + static_cast<std::size_t>(to);
  }
  Server& at(int server) { return servers_[static_cast<std::size_t>(server)]; }
  [[nodiscard]] bool fifo() const { return steps_.scope().network.kind == NetworkKind::fifo; }
  [[nodiscard]] bool coarse() const { return steps_.scope().grain == Grain::coarse; }

  const LocalSteps& steps_;
  PropertySet applicable_;
  std::vector<Server> servers_;
  std::vector<Channel> channels_;
  std::vector<Offered> offers_;  // offers_count for each server
  std::size_t taken_ = 0;
};

}  // namespace conclave::spec
