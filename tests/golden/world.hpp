// The servers of a script, and the notifications on their way between them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "conclave/model/coarse.hpp"
#include "script.hpp"

namespace conclave::golden {

// coarse: react(), what a single-threaded node does. fine: step(), each thread of ZooKeeper by itself.
enum class Grain : std::uint8_t { coarse, fine };
// full: each step with its rules, effects and changes. brief: one line for each. roles: what becomes of roles alone.
enum class Output : std::uint8_t { full, brief, roles };

// Links are FIFO, lose nothing by themselves, and hold nothing for a server that is not running: unlike ZooKeeper's
// connections, they do not repeat the last message to a server that comes later. What a script's servers are sent by
// others comes in through receive(). Throws BadScript on what can't be.
class World {
 public:
  model::Ensemble ensemble;
  Grain grain = Grain::coarse;
  Output output = Output::full;

  void create(const model::Peer& peer);
  void crash(model::ServerId id);
  void restart(model::ServerId id);

  [[nodiscard]] std::vector<model::ServerId> ids() const;
  [[nodiscard]] bool running(model::ServerId id) const;
  // Of a running server.
  [[nodiscard]] model::Peer& peer(model::ServerId id);
  [[nodiscard]] model::Durable& durable(model::ServerId id);

  void happen(model::ServerId id, const std::string& what, const model::Event& event);
  void receive(model::ServerId to, const model::Message& message);

  void deliver(model::ServerId from, model::ServerId to);
  void drop(model::ServerId from, model::ServerId to);
  // Round robin over the links between `among` until they are empty. Returns how many were delivered.
  std::size_t deliver_all(const std::vector<model::ServerId>& among);
  void show_links();

  void say(const std::string& line) { said_ += line + '\n'; }
  std::string take_said() { return std::exchange(said_, {}); }

  [[nodiscard]] const model::RuleSet& fired() const { return fired_; }

 private:
  struct Server {
    model::Peer peer;
    bool running = true;
  };
  using Link = std::pair<model::ServerId, model::ServerId>;  // from, to

  Server& known(model::ServerId id);
  model::Message take(const Link& link);
  void send(model::ServerId from, const model::Effects& effects);
  void put(const Link& link, const model::Message& message);
  [[nodiscard]] std::vector<model::ServerId> receivers(const model::Peer& peer) const;
  [[nodiscard]] std::string text_of_effect(const model::Peer& peer, const model::Effect& effect) const;
  void report(const std::string& what, const model::Peer& before, const model::Transition& done);

  std::map<model::ServerId, Server> servers_;
  std::map<Link, std::deque<model::Message>> links_;
  std::string said_;
  model::RuleSet fired_;
};

}  // namespace conclave::golden
