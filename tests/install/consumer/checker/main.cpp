// A user's own system: two jugs of 3 and 5 litres. The claim that no jug ever holds 4 is broken in six steps.
#include <conclave/checker/explorer.hpp>
#include <conclave/model/coarse.hpp>
#include <conclave/spec/properties.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <vector>

namespace {

struct Jugs {
  std::uint32_t small = 0;
  std::uint32_t large = 0;
  friend bool operator==(const Jugs&, const Jugs&) = default;
};

struct Puzzle {
  using State = Jugs;
  struct Worker {
    template <class Emit>
    void initial(const Emit& emit) const {
      emit(Jugs{});
    }
    template <class Emit>
    conclave::checker::PropertyMask successors(const Jugs& jugs, const Emit& emit) const {
      const std::uint32_t right = std::min(jugs.small, 5 - jugs.large);
      const std::uint32_t left = std::min(jugs.large, 3 - jugs.small);
      const std::array next = {Jugs{3, jugs.large},
                               Jugs{jugs.small, 5},
                               Jugs{0, jugs.large},
                               Jugs{jugs.small, 0},
                               Jugs{jugs.small - right, jugs.large + right},
                               Jugs{jugs.small + left, jugs.large - left}};
      for (std::uint32_t action = 0; action < next.size(); ++action) emit(next[action], action, 0);
      return jugs.large == 4 ? 1 : 0;
    }
    bool precedes(const Jugs& a, const Jugs& b) const {
      return a.small != b.small ? a.small < b.small : a.large < b.large;
    }
  };
  Worker worker() const { return {}; }
  std::vector<conclave::checker::Property> properties() const { return {{"never-four", "no jug ever holds four"}}; }
  std::size_t bytes_used() const { return 0; }
};

}  // namespace

int main() {
  Puzzle puzzle;
  conclave::checker::Progress progress;
  conclave::checker::Explorer<Puzzle> explorer(puzzle, {}, progress);
  const auto result = explorer.run();
  if (result.violations.empty()) return 1;
  std::printf("four litres after %zu steps\n", explorer.trace(result.violations.front()).size() - 1);

  using namespace conclave::model;
  const std::array voters = {ServerId{1}};
  const Ensemble alone = single_configuration(Configuration::majority(voters));
  Peer peer = react(alone, make_peer(alone, voters[0], {}), Start{}).peer;
  peer = react(alone, peer, Silence{}).peer;
  std::printf("one server alone: %s\n", name_of(state_of(peer)).data());
  std::printf("%zu properties of elections\n", conclave::spec::property_infos().size());
  return 0;
}
