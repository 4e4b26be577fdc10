// A system of one's own under Conclave's explorer: N servers agree on the largest id by telling each other.
//
//     votes N [THREADS]      N is 2, 3 or 4; prints how many states there are and how long that took
//
// Each server proposes itself at first and has told every other so. deliver(j, i): server i takes the oldest message of
// j; unless it has decided, it writes down that j votes so, and if that is more than its own proposal, proposes it too
// and tells all. decide(i): nothing is on its way to i, and more than half of the votes it knows are its proposal.
#include <bit>
#include <conclave/checker/explorer.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace checker = conclave::checker;

template <int N>
struct Votes {
  // A state is one word. Two states are the same if and only if their words are, and the explorer keeps nothing else.
  struct State {
    std::uint64_t word = 0;
    friend bool operator==(const State&, const State&) = default;
  };
  struct Field {
    int at = 0;
    int bits = 0;
    [[nodiscard]] constexpr std::uint64_t of(State state) const { return state.word >> at & ((1ULL << bits) - 1); }
    constexpr void set(State& state, std::uint64_t value) const { state.word ^= (of(state) ^ value) << at; }
  };

  // Server i never votes for less than i. So votes are counted from i, and fields get narrower.
  struct Layout {
    Field proposal[N];    // minus the own id
    Field decided[N];     // 0 or 1
    Field heard[N][N];    // [i][j]: what i last heard of j, minus j, plus one; 0 if nothing
    Field channel[N][N];  // [j][i]: votes on their way, a bit each: j's votes rise, so a set has their order
    int bits = 0;
    constexpr Layout() {
      const auto take = [this](Field& field, int width) { bits += (field = Field{bits, width}).bits; };
      for (int i = 0; i < N; ++i) {
        take(proposal[i], static_cast<int>(std::bit_width(unsigned{N} - 1U - static_cast<unsigned>(i))));
        take(decided[i], 1);
        for (int j = 0; j < N; ++j) {
          if (j != i) take(heard[j][i], static_cast<int>(std::bit_width(unsigned{N} - static_cast<unsigned>(i))));
          if (j != i) take(channel[i][j], N - i);
        }
      }
    }
  };
  static constexpr Layout at{};
  static_assert(at.bits < 64, "all ones is never a state, and a word has to be enough");

  struct Worker {
    void initial(const auto& emit) const {
      State state;
      for (int i = 0; i < N; ++i) {
        for (int k = 0; k < N; ++k) at.channel[i][k].set(state, k == i ? 0 : 1);
      }
      emit(state);
    }

    checker::PropertyMask successors(State state, const auto& emit) const {
      std::uint64_t chosen = 0;  // who has been decided for, a bit each
      for (int i = 0; i < N; ++i) {
        const bool decided = at.decided[i].of(state) != 0;
        const int proposal = i + static_cast<int>(at.proposal[i].of(state));
        if (decided) chosen |= 1ULL << proposal;
        bool silent = true;
        int supporters = 1;
        for (int j = 0; j < N; ++j) {
          if (j == i) continue;
          supporters += static_cast<int>(at.heard[i][j].of(state)) == proposal - j + 1 ? 1 : 0;
          if (at.channel[j][i].of(state) == 0) continue;
          silent = false;
          emit(deliver(state, j, i, decided, proposal), static_cast<std::uint32_t>(j * N + i), 0);
        }
        if (decided || !silent || 2 * supporters <= N) continue;
        State next = state;
        at.decided[i].set(next, 1);
        emit(next, static_cast<std::uint32_t>(i * N + i), 0);
      }
      return std::popcount(chosen) > 1 ? 1 : 0;
    }

    static State deliver(State next, int from, int to, bool decided, int proposal) {
      const std::uint64_t votes = at.channel[from][to].of(next);
      const int vote = from + std::countr_zero(votes);
      at.channel[from][to].set(next, votes & (votes - 1));
      if (decided) return next;
      at.heard[to][from].set(next, static_cast<std::uint64_t>(vote - from) + 1);
      if (vote <= proposal) return next;
      at.proposal[to].set(next, static_cast<std::uint64_t>(vote - to));
      for (int k = 0; k < N; ++k) {
        if (k != to) next.word |= 1ULL << (vote - to) << at.channel[to][k].at;
      }
      return next;
    }

    bool precedes(State a, State b) const { return a.word < b.word; }
  };

  Worker worker() const { return {}; }
  std::vector<checker::Property> properties() const { return {{"agreement", "the decided have one vote"}}; }
  std::size_t bytes_used() const { return 0; }
};

template <int N>
int explore(int threads) {
  Votes<N> votes;
  checker::Progress progress;
  checker::Limits limits;
  limits.threads = threads;
  checker::Explorer<Votes<N>> explorer(votes, limits, progress);
  const auto result = explorer.run();
  std::printf("%d servers, %d threads: %lu states, %lu steps, %zu levels, %.3f s, %.1f B/state\n", N, threads,
              result.states, result.steps, result.levels.size(), result.seconds,
              static_cast<double>(result.bytes) / static_cast<double>(result.states));
  if (!result.violations.empty()) std::printf("agreement is broken\n");
  return result.violations.empty() ? 0 : 1;
}

int main(int argc, char** argv) {
  const int servers = argc > 1 ? std::atoi(argv[1]) : 0;
  const int threads = argc > 2 ? std::atoi(argv[2]) : 1;
  if (servers == 2) return explore<2>(threads);
  if (servers == 3) return explore<3>(threads);
  if (servers == 4) return explore<4>(threads);
  std::fprintf(stderr, "usage: votes N [THREADS]: expected 2, 3 or 4 servers\n");
  return 2;
}
