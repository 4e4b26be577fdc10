// A second explorer of the closed system, as simple as it can be: whole servers, plain queues, one set of strings.
//
// It shares no table, number, reduction or search with the first; what it takes from spec/ is the encoding of a
// server, the step properties and the assumptions under which properties are claimed. What the two count has to be
// the same.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "conclave/checker/result.hpp"
#include "conclave/model/event.hpp"
#include "conclave/spec/closed_system.hpp"
#include "conclave/spec/properties.hpp"
#include "conclave/spec/rules.hpp"
#include "conclave/spec/server.hpp"

namespace conclave::explore {

// The coarse grain only.
class Twin {
 public:
  Twin(spec::Scenario scenario, const spec::Scope& scope, const spec::RuleVariant& rules = spec::zookeeper_rules());
  Twin(const Twin&) = delete;
  Twin& operator=(const Twin&) = delete;

  struct Counts {
    std::uint64_t states = 0;
    std::uint64_t steps = 0;
    std::vector<checker::LevelCounts> levels;
    spec::QuietCounts quiet;
    std::array<std::optional<std::uint32_t>, spec::properties_count> first_seen;
    bool violated = false;  // a claim was broken
  };
  // As the explorer does, ends with the level in which a claim is first broken; unless it is to go on to the end.
  Counts explore(bool to_the_end = false);

  // Every state and every step that breaks one of these claims, where nothing was broken before; the steps of a
  // shortest such run to each, ascending. And how many states were reached.
  struct Listing {
    std::vector<std::uint32_t> lengths;
    std::uint64_t states = 0;
  };
  Listing list_violations(spec::PropertySet claims);

 private:
  using Notification = model::Notification;

  // A server in one of its states, and what of it the others and the environment go by.
  struct Local {
    std::string bytes;  // encode()
    spec::Life life = spec::Life::unborn;
    model::ServerState state = model::ServerState::looking;
    bool in_election = false;
    bool finalizing = false;
    int leader = -1;
    std::int64_t clock = 0;
    std::optional<Notification> proposal;
    std::optional<Notification> answer;
    std::optional<Notification> as_voted;  // the answer with the epoch of before one was established
    std::int64_t established = 0;          // the round of the leader whose epoch it has
    std::optional<Notification> courtesy;
    std::vector<std::pair<int, std::int64_t>> settled_heard;  // outofelection: who, in which round
    // Also of a server that does not run: the configuration it has committed, and the newer one it has last seen.
    std::size_t committed = 0;
    std::optional<std::size_t> newer;
  };
  struct World {
    std::vector<const Local*> servers;
    std::vector<std::vector<Notification>> channels;  // from * n + to
    int crashes = 0;
    int restarts = 0;
    int resends = 0;
    int losses = 0;
  };
  struct Reaction {
    const Local* next = nullptr;
    std::vector<std::pair<int, Notification>> sends;
    std::vector<std::pair<int, Notification>> answers;  // those of them that are for one server
    spec::PropertySet broken = 0;
  };

  World initial();
  void expand(const World& world);
  void emit(const World& before, const World& next, bool inside, spec::PropertySet broken, bool must_differ = true);
  [[nodiscard]] bool rival_leads(const World& before, const World& next) const;
  void found(spec::PropertySet broken, std::uint32_t level);

  void start(const World& world, int server, bool again);
  void crash(const World& world, int server);
  bool read(const World& world, int reader);
  bool deliver(const World& world, int to);
  void resend(const World& world, int server);
  void establish(const World& world, int server);
  void inner(const World& world, int server, const model::Event& event, const std::string& name);
  void send(World& world, int from, const Reaction& reaction, const World& running) const;
  [[nodiscard]] bool keeps(int from) const { return rules(from).keeps_for_down; }
  void push(World& world, int from, int to, const Notification& notification) const;

  const Reaction& react(int server, const Local* local, const std::vector<model::Event>& events,
                        const std::string& name);
  const Reaction& hear(int server, const Local* local, const Notification& notification);
  const Local* keep(int server, const spec::Server& state);
  [[nodiscard]] bool overtaken(const Local& local, const Notification& notification) const;
  [[nodiscard]] bool would_be_better(int server, const Local* local, const Notification& notification);

  [[nodiscard]] bool lost(const World& world, int server, bool patient) const;
  [[nodiscard]] std::vector<int> supporters_of(const World& world, int leader) const;
  [[nodiscard]] bool quorum(const std::vector<int>& servers, std::size_t configuration = 0) const;
  [[nodiscard]] bool quorums_for(const Local& local, const std::vector<int>& servers) const;
  [[nodiscard]] std::size_t leading_quorums(const World& world) const;
  [[nodiscard]] bool enough_run(const World& world) const;
  [[nodiscard]] bool settled_all(const World& world) const;
  spec::PropertySet judge(const World& world, bool progress, bool held_back);
  spec::PropertySet judge_quiet(const World& world, bool held_back);

  [[nodiscard]] std::int64_t highest_epoch() const;
  [[nodiscard]] bool votes(int server) const;
  [[nodiscard]] bool writes_to(const Local& local, int server) const;
  std::vector<std::optional<Notification>> heard_of(const World& world, int reader, int speaker);
  [[nodiscard]] const spec::RuleVariant& rules(int server) const;
  [[nodiscard]] bool reconfigures() const { return scenario_.ensemble.configurations.size() > 1; }
  [[nodiscard]] bool knows_no_versions(int server) const;
  [[nodiscard]] bool told_as_voted(int reader, int speaker) const;
  [[nodiscard]] model::Message arriving(int reader, const Notification& notification) const;
  [[nodiscard]] int index_of(model::ServerId id) const;
  [[nodiscard]] std::string key_of(const World& world) const;
  [[nodiscard]] bool fifo() const { return scope_.network.kind == spec::NetworkKind::fifo; }
  static const Local& at(const World& world, int server) { return *world.servers[static_cast<std::size_t>(server)]; }
  [[nodiscard]] std::size_t between(int from, int to) const { return static_cast<std::size_t>(from * n_ + to); }

  spec::Scenario scenario_;
  spec::Scope scope_;
  spec::RuleVariant rules_;
  int n_;
  spec::PropertySet applicable_ = 0;
  std::vector<spec::Server> blanks_;
  std::vector<std::unordered_map<std::string, Local>> locals_;
  std::map<std::pair<const Local*, std::string>, Reaction> reactions_;

  std::unordered_set<std::string> seen_;
  std::vector<World> next_level_;
  std::uint32_t level_ = 0;
  bool progress_ = false;
  bool moved_ = false;     // progress, but for hearing again what is long said
  bool old_news_ = false;  // such is the step at hand
  Counts counts_;

  // Instead of the next level, for list_violations().
  struct Out {
    World next;
    std::string key;
    spec::PropertySet broken = 0;
  };
  bool listing_ = false;
  std::vector<Out> out_;          // of the state at hand
  spec::PropertySet judged_ = 0;  // what it breaks itself
};

}  // namespace conclave::explore
