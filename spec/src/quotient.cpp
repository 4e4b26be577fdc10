#include "conclave/spec/quotient.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "conclave/spec/closed_system.hpp"

namespace conclave::spec {
namespace {

// The inputs that matter between a start and a crash, as columns: silence, the end of the role, the notifications.
constexpr std::size_t plain_columns = 2;
Input input_of(std::size_t column) {
  if (column == 0) return input::silence;
  if (column == 1) return input::end_role;
  return input::receive(static_cast<NotificationId>(column - plain_columns + 1));
}

bool possible(ClosedSystem& system, int server, const LocalFacts& facts, std::size_t column) {
  if (facts.life != Life::up) return false;
  if (column == 0) return facts.finalizing;
  if (column == 1) return facts.state != model::ServerState::looking && facts.clock < system.scope().rounds;
  if (!facts.in_election) return false;
  const auto id = static_cast<NotificationId>(column - plain_columns + 1);
  return !(system.machine().notification(id).from == system.id(server));
}

// One server's automaton as plain tables.
struct Automaton {
  std::size_t locals = 0;
  std::size_t columns = 0;
  std::vector<LocalFacts> facts;
  std::vector<LocalId> next;        // [local * columns + column]
  std::vector<PropertySet> broken;  // likewise
};

// Splits classes until the automaton's steps respect them (Moore). `columns`: the inputs that are looked at.
class Refinement {
 public:
  Refinement(const Automaton& automaton, std::vector<std::size_t> columns)
      : automaton_(automaton), columns_(std::move(columns)), classes_(automaton.locals) {}

  const std::vector<std::uint32_t>& run() {
    std::size_t count = split(outputs_words + columns_.size(),
                              [this](std::size_t local, std::uint32_t* row) { outputs(local, row); });
    for (;;) {
      const std::size_t finer =
          split(1 + columns_.size(), [this](std::size_t local, std::uint32_t* row) { steps(local, row); });
      if (finer == count) return classes_;
      count = finer;
    }
  }

 private:
  static constexpr std::size_t outputs_words = 4 + offers_count;

  void outputs(std::size_t local, std::uint32_t* row) const {
    const LocalFacts& facts = automaton_.facts[local];
    *row++ = static_cast<std::uint32_t>(facts.life) | static_cast<std::uint32_t>(facts.state) << 8U;
    *row++ = (facts.in_election ? 1U : 0U) | (facts.finalizing ? 2U : 0U);
    *row++ = static_cast<std::uint8_t>(facts.leader);
    *row++ = static_cast<std::uint16_t>(facts.clock);
    for (const NotificationId offer : facts.offers) *row++ = offer;
    for (const std::size_t column : columns_) {
      static_assert(properties_count <= 32);
      *row++ = static_cast<std::uint32_t>(automaton_.broken[local * automaton_.columns + column]);
    }
  }
  void steps(std::size_t local, std::uint32_t* row) const {
    *row++ = classes_[local];
    for (const std::size_t column : columns_) {
      *row++ = classes_[automaton_.next[local * automaton_.columns + column]];
    }
  }

  // Local states of equal rows are one class, numbered in the order in which they come. Gives how many there are.
  // The rows lie in one array, and a table of open addressing has the first local state of each class: a map of
  // vectors spent most of its time on memory.
  template <class Describe>
  std::size_t split(std::size_t words, const Describe& describe) {
    rows_.resize(automaton_.locals * words);
    const std::size_t mask = std::bit_ceil(2 * automaton_.locals) - 1;
    table_.assign(mask + 1, none);
    std::vector<std::uint32_t> finer(automaton_.locals);
    std::uint32_t count = 0;
    for (std::uint32_t local = 0; local < automaton_.locals; ++local) {
      std::uint32_t* row = &rows_[local * words];
      describe(local, row);
      std::size_t at = hash(row, words) & mask;
      while (table_[at] != none && !std::equal(row, row + words, &rows_[table_[at] * words])) at = (at + 1) & mask;
      if (table_[at] == none) {
        table_[at] = local;
        finer[local] = count++;
      } else {
        finer[local] = finer[table_[at]];
      }
    }
    classes_.swap(finer);
    return count;
  }
  static std::size_t hash(const std::uint32_t* row, std::size_t words) {
    std::uint64_t mixed = words;
    for (std::size_t i = 0; i < words; ++i) {
      mixed = (mixed ^ row[i]) * 0x9e3779b97f4a7c15U;
      mixed ^= mixed >> 29U;
    }
    return static_cast<std::size_t>(mixed);
  }

  static constexpr std::uint32_t none = ~std::uint32_t{0};
  const Automaton& automaton_;
  std::vector<std::size_t> columns_;
  std::vector<std::uint32_t> classes_;
  std::vector<std::uint32_t> rows_;
  std::vector<std::uint32_t> table_;
};

Automaton automaton_of(ClosedSystem& system, int server) {
  LocalMachine& machine = system.machine();
  Automaton automaton;
  automaton.locals = machine.locals(server);
  automaton.columns = plain_columns + machine.notifications();
  automaton.broken.resize(automaton.locals * automaton.columns);
  automaton.next.resize(automaton.locals * automaton.columns);
  for (std::size_t local = 0; local < automaton.locals; ++local) {
    automaton.facts.push_back(machine.facts(server, static_cast<LocalId>(local)));
    for (std::size_t column = 0; column < automaton.columns; ++column) {
      const std::size_t cell = local * automaton.columns + column;
      automaton.next[cell] = static_cast<LocalId>(local);
      if (!possible(system, server, automaton.facts[local], column)) continue;
      const LocalResult result = machine.apply(server, static_cast<LocalId>(local), input_of(column));
      automaton.next[cell] = result.next;
      automaton.broken[cell] = result.broken & system.applicable();
    }
  }
  return automaton;
}

// Throws what one of the tasks threw. With fewer threads where the system has no more to give.
void in_parallel(int threads, int tasks, const std::function<void(int)>& task) {
  std::atomic<int> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    try {
      for (int i = next++; i < tasks; i = next++) task(i);
    } catch (...) {
      next = tasks;
      const std::scoped_lock lock(mutex);
      failure = std::current_exception();
    }
  };
  std::vector<std::thread> pool;
  pool.reserve(static_cast<std::size_t>(threads));
  try {
    for (int i = 1; i < std::min(threads, tasks); ++i) pool.emplace_back(work);
  } catch (const std::exception&) {  // as many as there are
  }
  work();
  for (std::thread& thread : pool) thread.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

bool Quotient::build(ClosedSystem& system, int threads, const Enough& enough) {
  const bool latest = system.scope().network.kind == NetworkKind::latest;
  if (!system.clears() || !latest || system.scope().rounds > 1) return false;
  const bool closed = close(system, threads, enough);
  if (closed) {
    representatives_.resize(static_cast<std::size_t>(system.servers()));
    in_parallel(threads, system.servers(), [&](int server) { minimise(system, server, enough); });
  }
  // The closure goes beyond what is ever reached: its steps are no coverage, and take memory.
  system.machine().forget_results();
  built_ = closed && !enough();
  if (!built_) representatives_ = {};
  return built_;
}

// Every local state on every notification, until neither new states nor new notifications come.
bool Quotient::close(ClosedSystem& system, int threads, const Enough& enough) {
  LocalMachine& machine = system.machine();
  const int servers = system.servers();
  for (int i = 0; i < servers; ++i) machine.apply(i, 0, input::begin);
  for (;;) {
    const std::size_t notifications = machine.notifications();
    std::size_t locals = 0;
    for (int i = 0; i < servers; ++i) locals += machine.locals(i);
    std::atomic<bool> feasible{notifications <= static_cast<std::size_t>(notifications_max)};
    in_parallel(threads, servers, [&](int server) {
      for (LocalId local = 0; feasible && local < machine.locals(server); ++local) {
        const LocalFacts facts = machine.facts(server, local);
        for (std::size_t column = 0; column < plain_columns + notifications; ++column) {
          if (possible(system, server, facts, column)) machine.apply(server, local, input_of(column));
        }
        if (machine.locals(server) > locals_max / static_cast<std::size_t>(servers) || enough()) feasible = false;
      }
    });
    if (!feasible) return false;
    std::size_t now = 0;
    for (int i = 0; i < servers; ++i) now += machine.locals(i);
    if (now == locals && machine.notifications() == notifications) return true;
  }
}

void Quotient::minimise(ClosedSystem& system, int server, const Enough& enough) {
  const Automaton automaton = automaton_of(system, server);
  std::vector<std::string> bytes;
  for (std::size_t local = 0; local < automaton.locals; ++local) {
    bytes.push_back(system.machine().bytes(server, static_cast<LocalId>(local)));
  }
  auto& by_votes = representatives_[static_cast<std::size_t>(server)];
  by_votes.resize(std::size_t{1} << static_cast<unsigned>(system.servers()));
  for (VoteSet votes = 0; votes < by_votes.size() && !enough(); ++votes) {
    std::vector<std::size_t> columns = {0, 1};
    for (std::size_t column = plain_columns; column < automaton.columns; ++column) {
      const auto id = static_cast<NotificationId>(column - plain_columns + 1);
      if (system.machine().may_come(id, votes)) columns.push_back(column);
    }
    const std::vector<std::uint32_t> classes = Refinement(automaton, columns).run();
    constexpr LocalId none = ~LocalId{0};
    std::vector<LocalId> first(automaton.locals, none);
    for (LocalId local = 0; local < automaton.locals; ++local) {
      LocalId& best = first[classes[local]];
      if (best == none || bytes[local] < bytes[best]) best = local;
    }
    by_votes[votes].resize(automaton.locals);
    for (LocalId local = 0; local < automaton.locals; ++local) {
      by_votes[votes][local] = static_cast<Narrow>(first[classes[local]]);
    }
  }
}

}  // namespace conclave::spec
