#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "conclave/check/compare.hpp"
#include "conclave/check/election_system.hpp"
#include "conclave/check/preparation.hpp"
#include "conclave/check/retelling.hpp"
#include "conclave/checker/explorer.hpp"

namespace conclave::check {
namespace {

using spec::ClosedSystem;
using spec::LocalId;

// Explores to the end whatever is broken on the way.
template <std::size_t Words>
class ObservedSystem : public ElectionSystem<Words> {
 public:
  using ElectionSystem<Words>::ElectionSystem;
  [[nodiscard]] std::vector<checker::Property> properties() const {
    std::vector<checker::Property> properties = ElectionSystem<Words>::properties();
    for (checker::Property& property : properties) property.mode = checker::Mode::observe;
    return properties;
  }
};

// The local states of all servers at once, by numbers that both systems share.
using Combination = std::array<std::uint32_t, spec::participants_max>;
constexpr std::size_t combinations_max = std::size_t{1} << 24U;

// Everything that others notice of a server, now or by asking it.
std::string noticed(const spec::LocalSteps& steps, const spec::Server& server) {
  spec::LocalFacts facts = spec::facts_without_offers(steps, server);
  std::string bytes = {static_cast<char>(facts.life),        static_cast<char>(facts.state),
                       static_cast<char>(facts.in_election), static_cast<char>(facts.finalizing),
                       static_cast<char>(facts.leader),      static_cast<char>(facts.clock)};
  for (int kind = 0; kind < spec::offers_count; ++kind) {
    const auto offer = spec::offer_of(server, static_cast<spec::Offer>(kind));
    bytes += offer ? spec::encode(*offer) : std::string("-");
  }
  return bytes;
}

// One exploration, whose local states can be asked for when it has ended.
class ExploredNetwork {
 public:
  ExploredNetwork() = default;
  ExploredNetwork(const ExploredNetwork&) = delete;
  ExploredNetwork& operator=(const ExploredNetwork&) = delete;
  virtual ~ExploredNetwork() = default;

  // By participant: the canonical encoding of each local state reached, and the steps of the shortest run to it.
  std::vector<std::map<std::string, std::uint32_t>> locals;
  // A shortest run to a local state of `server`: of several the first in the workers' order.
  virtual std::vector<RunStep> run_to(int server, const std::string& bytes) = 0;
  // Calls visit(Combination) for every state, with numbers from number(server, bytes).
  using Number = std::function<std::uint32_t(int, const std::string&)>;
  virtual void for_each_combination(const Number& number, const std::function<void(const Combination&)>& visit) = 0;
};

template <std::size_t Words>
class ExploredNetworkIn : public ExploredNetwork {
 public:
  using State = spec::PackedState<Words>;

  ExploredNetworkIn(ClosedSystem& system, const spec::Layout& layout, const Request& request,
                    const checker::Limits& limits, checker::Progress& progress, Extent& extent)
      : system_(system), layout_(layout), adapter_(system, layout, request), explorer_(adapter_, limits, progress) {
    const auto result = explorer_.run();
    extent.verdict = result.verdict;
    extent.stop = result.stop;
    extent.states = result.states;
    extent.steps = result.steps;
    extent.bytes = result.bytes;
    extent.seconds = result.seconds;
    for (const auto& finding : result.observations) extent.first_seen[finding.property] = finding.level;
    collect();
  }

  std::vector<RunStep> run_to(int server, const std::string& bytes) override {
    const auto index = static_cast<std::size_t>(server);
    const std::uint32_t level = locals[index].at(bytes);
    LocalId sought = 0;
    while (system_.machine().bytes(server, sought) != bytes) ++sought;
    spec::Worker<Words> worker(system_, layout_);
    std::optional<State> first;
    explorer_.for_each_state([&](const State& state, std::uint32_t at) {
      if (at != level || local(state, server) != sought) return;
      if (!first || worker.precedes(state, *first)) first = state;
    });
    checker::Finding<State> finding;
    finding.state = first.value();
    finding.level = level;
    return Retelling<Words>(system_, layout_).steps(explorer_.trace(finding));
  }

  void for_each_combination(const Number& number, const std::function<void(const Combination&)>& visit) override {
    const int servers = system_.servers();
    std::vector<std::vector<std::uint32_t>> numbers(static_cast<std::size_t>(servers));
    for (int i = 0; i < servers; ++i) {
      auto& own = numbers[static_cast<std::size_t>(i)];
      for (LocalId id = 0; id < system_.machine().locals(i); ++id)
        own.push_back(number(i, system_.machine().bytes(i, id)));
    }
    explorer_.for_each_state([&](const State& state, std::uint32_t) {
      Combination combination{};
      for (int i = 0; i < servers; ++i) {
        const auto index = static_cast<std::size_t>(i);
        combination[index] = numbers[index][local(state, i)];
      }
      visit(combination);
    });
  }

 private:
  void collect() {
    const int servers = system_.servers();
    constexpr std::uint32_t never = ~std::uint32_t{0};
    std::vector<std::vector<std::uint32_t>> levels(static_cast<std::size_t>(servers));
    for (int i = 0; i < servers; ++i) levels[static_cast<std::size_t>(i)].assign(system_.machine().locals(i), never);
    explorer_.for_each_state([&](const State& state, std::uint32_t level) {
      for (int i = 0; i < servers; ++i) {
        std::uint32_t& least = levels[static_cast<std::size_t>(i)][local(state, i)];
        least = std::min(least, level);
      }
    });
    locals.resize(static_cast<std::size_t>(servers));
    for (int i = 0; i < servers; ++i) {
      const auto index = static_cast<std::size_t>(i);
      for (std::size_t id = 0; id < levels[index].size(); ++id) {
        if (levels[index][id] == never) continue;
        locals[index].emplace(system_.machine().bytes(i, static_cast<LocalId>(id)), levels[index][id]);
      }
    }
  }
  [[nodiscard]] LocalId local(const State& state, int server) const {
    return layout_.get(state, system_.fields().local(server));
  }

  ClosedSystem& system_;
  const spec::Layout& layout_;
  ObservedSystem<Words> adapter_;
  checker::Explorer<ObservedSystem<Words>> explorer_;
};

// One network's system, explored.
class Half {
 public:
  Half(const spec::Scenario& scenario, const CompareRequest& request, const spec::Network& network,
       const checker::Limits& limits, checker::Progress& progress, Extent& extent)
      : request_(request_in(request, network)), system_(scenario, request_.scope, *request.rules) {
    extent.network = network;
    Allowance allowance(limits, progress);
    allowance.settle(system_);
    widening_.emplace(system_);
    while (explored_ == nullptr) {
      try {
        reset(progress);
        const checker::Limits left = allowance.limits();
        const std::size_t words = widening_->words();
        const auto explore = [&](auto size) {
          explored_ = std::make_unique<ExploredNetworkIn<size()>>(system_, widening_->layout(), request_, left,
                                                                  progress, extent);
        };
        with_wide_words(words, explore);
      } catch (const spec::LayoutFull& full) {
        widening_->widen(full.field());
      }
    }
    for (const auto& known : explored_->locals) extent.locals.push_back(known.size());
  }

  ClosedSystem& system() { return system_; }
  ExploredNetwork& explored() { return *explored_; }

 private:
  static Request request_in(const CompareRequest& request, const spec::Network& network) {
    Request own;
    own.scope = request.scope;
    own.scope.network = network;
    own.scope.clear_dead_votes = false;
    if (network.kind == spec::NetworkKind::latest) own.scope.losses = own.scope.resends = 0;
    own.rules = request.rules;
    own.minimise = false;
    return own;
  }

  Request request_;
  ClosedSystem system_;
  std::optional<Widening> widening_;
  std::unique_ptr<ExploredNetwork> explored_;
};

// What `one` reaches and `other` does not.
void set_apart(Half& one, Half& other, Extent& extent) {
  struct Candidate {
    bool noticed;
    std::uint32_t level;
    int server;
    std::string bytes;
  };
  std::vector<Candidate> candidates;
  for (int i = 0; i < one.system().servers(); ++i) {
    const auto index = static_cast<std::size_t>(i);
    const auto& own = one.explored().locals[index];
    const auto& others = other.explored().locals[index];
    std::set<std::string> known;
    for (const auto& [bytes, level] : others) {
      known.insert(
          noticed(other.system().machine().steps(), decode(bytes, other.system().machine().steps().blank(i))));
    }
    std::size_t only = 0;
    std::size_t only_noticed = 0;
    for (const auto& [bytes, level] : own) {
      if (others.count(bytes) != 0) continue;
      const spec::Server state = decode(bytes, one.system().machine().steps().blank(i));
      const bool is_noticed = known.count(noticed(one.system().machine().steps(), state)) == 0;
      ++only;
      only_noticed += is_noticed ? 1 : 0;
      candidates.push_back(Candidate{is_noticed, level, i, bytes});
    }
    extent.only.push_back(only);
    extent.only_noticed.push_back(only_noticed);
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& left, const Candidate& right) {
    if (left.noticed != right.noticed) return left.noticed;
    return std::tie(left.level, left.server, left.bytes) < std::tie(right.level, right.server, right.bytes);
  });
  if (candidates.size() > examples_max) candidates.resize(examples_max);
  for (const Candidate& candidate : candidates) {
    Reached example;
    example.server = candidate.server;
    example.state = decode(candidate.bytes, one.system().machine().steps().blank(candidate.server));
    example.noticed = candidate.noticed;
    example.steps = one.explored().run_to(candidate.server, candidate.bytes);
    extent.examples.push_back(std::move(example));
  }
}

// Sorted, each once. Nothing where there are more than can be kept.
std::optional<std::vector<Combination>> combinations_of(Half& half, const ExploredNetwork::Number& number) {
  std::vector<Combination> all;
  bool fits = true;
  const auto tidy_up = [&all] {
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
  };
  half.explored().for_each_combination(number, [&](const Combination& combination) {
    if (!fits) return;
    all.push_back(combination);
    if (all.size() < combinations_max) return;
    tidy_up();
    fits = all.size() < combinations_max / 2;
  });
  if (!fits) return std::nullopt;
  tidy_up();
  return all;
}

void compare_combinations(Half& one, Half& other, std::array<Extent, 2>& extents) {
  std::array<std::unordered_map<std::string, std::uint32_t>, spec::participants_max> numbers;
  const auto number = [&numbers](int server, const std::string& bytes) {
    auto& own = numbers[static_cast<std::size_t>(server)];
    return own.emplace(bytes, static_cast<std::uint32_t>(own.size())).first->second;
  };
  const auto first = combinations_of(one, number);
  const auto second = combinations_of(other, number);
  if (!first || !second) return;
  const auto missing = [](const std::vector<Combination>& from, const std::vector<Combination>& in) {
    return static_cast<std::size_t>(std::count_if(from.begin(), from.end(), [&in](const Combination& combination) {
      return !std::binary_search(in.begin(), in.end(), combination);
    }));
  };
  extents[0].combinations = first->size();
  extents[1].combinations = second->size();
  extents[0].only_combinations = missing(*first, *second);
  extents[1].only_combinations = missing(*second, *first);
}

}  // namespace

Comparison compare(const spec::Scenario& scenario, const CompareRequest& request, checker::Progress& progress) {
  Comparison comparison;
  checker::Limits limits = request.limits;
  limits.memory_bytes /= 2;
  limits.time_max /= 2;
  const auto half = [&](std::size_t index) {
    return std::make_unique<Half>(scenario, request, request.options.networks[index], limits, progress,
                                  comparison.extents[index]);
  };
  const auto one = half(0);
  const auto other = half(1);
  comparison.applicable = one->system().applicable() & other->system().applicable();
  set_apart(*one, *other, comparison.extents[0]);
  set_apart(*other, *one, comparison.extents[1]);
  compare_combinations(*one, *other, comparison.extents);
  return comparison;
}

}  // namespace conclave::check
