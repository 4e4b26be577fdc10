// Runs the commands of one golden script against the model.
#pragma once

#include <string>

#include "arguments.hpp"
#include "world.hpp"

namespace conclave::golden {

// One world, from empty. README.md lists the commands. Not thread-safe.
class Interpreter {
 public:
  // What the command prints: lines, each with its newline, none of them empty; "ok" if there is nothing to say.
  // Throws BadScript on a bad command and on a requirement that does not hold.
  std::string run(const std::string& line);

  // All rules that have fired so far.
  [[nodiscard]] const model::RuleSet& fired() const { return world_.fired(); }

 private:
  using Command = void (Interpreter::*)(Arguments&);
  static Command command_called(const std::string& name);

  // The ensemble.
  void configuration(Arguments& arguments);
  void reconfig(Arguments& arguments);
  void timing(Arguments& arguments);
  void grain(Arguments& arguments);
  void output(Arguments& arguments);
  // Servers.
  void server(Arguments& arguments);
  void crash(Arguments& arguments);
  void restart(Arguments& arguments);
  void durable(Arguments& arguments);
  void current_vote(Arguments& arguments);
  void show(Arguments& arguments);
  void require(Arguments& arguments);
  // Events.
  void start(Arguments& arguments);
  void receive(Arguments& arguments);
  void take_config_text(Arguments& arguments, model::Message& message);
  void process(Arguments& arguments);
  void silence(Arguments& arguments);
  void time_out(Arguments& arguments);
  void publish(Arguments& arguments);
  void end_role(Arguments& arguments);
  void establish(Arguments& arguments);
  void oracle(Arguments& arguments);
  // Links.
  void deliver(Arguments& arguments);
  void deliver_all(Arguments& arguments);
  void drop(Arguments& arguments);
  // Predicates.
  void predicate(Arguments& arguments);
  void vote(Arguments& arguments);
  void support(Arguments& arguments);
  void quorum(Arguments& arguments);

  std::vector<model::ServerId> servers_of(Arguments& arguments);
  void each(Arguments& arguments, const std::string& what, const model::Event& event);
  model::ConfigIndex config_index(Arguments& arguments, const std::string& key, std::int64_t otherwise);
  void answer(Arguments& arguments, const std::string& question, bool yes);

  World world_;
  model::VoteTable votes_;  // of `vote` and `support`
};

}  // namespace conclave::golden
