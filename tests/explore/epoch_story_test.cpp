// Runs of the epoch phase that were written by hand, where an exploration would have to be too large to find them.
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "conclave/spec/epoch_worker.hpp"
#include "conclave/spec/layout.hpp"

namespace conclave::tests {
namespace {

using spec::EpochAction;
using spec::EpochActionKind;
using spec::EpochProperty;

// How far a run came, and what it has shown.
struct Told {
  std::string impossible;  // the first step that can't be taken; empty: none
  spec::PropertySet seen = 0;
};
// Ids from 1: the voters, and then the observers.
model::Configuration servers(int voters, int observers) {
  std::vector<model::Member> members;
  for (int i = 1; i <= voters + observers; ++i) {
    const auto role = i > voters ? model::LearnerType::observer : model::LearnerType::participant;
    members.push_back(model::Member{model::ServerId{i}, role, {}, {}});
  }
  return model::Configuration::make(model::QuorumKind::majority, members);
}

bool shows(const Told& told, EpochProperty property) { return (told.seen & spec::bit(property)) != 0; }

// One step a line: what happens, to which server, and with which other (ids). Lines that begin with `old` or `today`
// are only of runs with such rules.
Told tell(const std::string& story, const std::string& age, const model::Configuration& configuration,
          const spec::EpochScope& scope, const spec::EpochRuleVariant& rules) {
  const std::map<std::string, EpochActionKind> kinds{
      {"lead", EpochActionKind::lead},   {"follow", EpochActionKind::follow}, {"deliver", EpochActionKind::deliver},
      {"write", EpochActionKind::write}, {"stop", EpochActionKind::stop},     {"count", EpochActionKind::count}};
  spec::EpochSystem system(configuration, scope, rules);
  const auto layout = spec::Layout::plan(system.fields().widths(), system.fields().growing(), 8);
  spec::EpochWorker<8> worker(system, layout.value());
  spec::PackedState<8> state{};
  Told told;
  std::istringstream lines(story);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string kind;
    int server = 1;
    int other = 1;
    words >> kind;
    if (kind == "old" || kind == "today") {
      if (kind != age) continue;
      words >> kind;
    }
    words >> server >> other;
    const EpochAction action{kinds.at(kind), static_cast<std::uint8_t>(server - 1),
                             static_cast<std::uint8_t>(other - 1)};
    std::optional<spec::PackedState<8>> next;
    worker.successors(state, [&](const auto& reached, std::uint32_t code, spec::PropertySet seen) {
      if (code != action.code()) return;
      next = reached;
      told.seen |= seen;
    });
    if (!next) {
      told.impossible = line;
      break;
    }
    state = *next;
  }
  told.seen |= worker.successors(state, [](const auto&, std::uint32_t, spec::PropertySet) {});
  return told;
}

// ZOOKEEPER-1270. Server 2 accepts epoch 1 of server 1, and then leads. Three that have accepted none make an epoch
// without it: 1 again. Its own word then counts for both leaders, though nobody accepts an epoch twice.
const std::string leader_comes_late = R"(lead 1
old count 1
follow 2 1
deliver 1 2
follow 3 1
deliver 1 3
write 1
deliver 2 1
write 2
deliver 1 2
stop 2
lead 2
stop 3
follow 3 2
follow 4 2
follow 5 2
deliver 2 3
deliver 2 4
today write 2
deliver 2 5
old write 2
deliver 4 2
write 4
deliver 2 4
deliver 5 2
write 5
deliver 2 5
old count 2
write 2
deliver 4 2
deliver 4 2
write 4
deliver 2 4
deliver 5 2
deliver 5 2
write 5
deliver 2 5
stop 3
follow 3 1
deliver 1 3
deliver 3 1
write 3
deliver 1 3
write 1
deliver 3 1
deliver 3 1
write 3
deliver 1 3
stop 4
follow 4 1
deliver 1 4
deliver 4 1
old deliver 1 4
old deliver 4 1
old deliver 4 1
old write 4
old deliver 1 4
)";

TEST(EpochStories, ALeaderThatIsNotWaitedForCountsTwice) {
  const spec::EpochScope scope{2, 0, 4};
  const Told old = tell(leader_comes_late, "old", servers(5, 0), scope, *spec::find_seeded_epoch_bug("zk-1270"));
  EXPECT_EQ(old.impossible, "");
  EXPECT_TRUE(shows(old, EpochProperty::one_leader_per_epoch));
  // Today it says before all that it has accepted epoch 1, and proposes 2: who has accepted that refuses 1.
  const Told today = tell(leader_comes_late, "today", servers(5, 0), scope, spec::zookeeper_epoch_rules());
  EXPECT_EQ(today.impossible, "");
  EXPECT_TRUE(shows(today, EpochProperty::epoch_refused));
  EXPECT_FALSE(shows(today, EpochProperty::one_leader_per_epoch));
}

// ZOOKEEPER-2959. Servers 2 and 3 have an epoch; server 1 makes the same one with an observer. Who comes then is not
// asked any more when it has accepted it, and whom else.
const std::string with_an_observer = R"(lead 2
follow 3 2
deliver 2 3
write 2
deliver 3 2
write 3
deliver 2 3
write 2
deliver 3 2
deliver 3 2
write 3
deliver 2 3
lead 1
follow 4 1
deliver 1 4
write 1
deliver 4 1
write 4
deliver 1 4
write 1
stop 3
follow 3 1
deliver 1 3
deliver 3 1
deliver 1 3
deliver 3 1
deliver 3 1
write 3
deliver 1 3
)";

TEST(EpochStories, AnObserverThatCountsMakesASecondLeaderInAnEpoch) {
  spec::EpochScope scope{1, 0, 1};
  scope.observers = true;
  const Told old = tell(with_an_observer, "old", servers(3, 1), scope, *spec::find_seeded_epoch_bug("zk-2959"));
  EXPECT_EQ(old.impossible, "");
  EXPECT_TRUE(shows(old, EpochProperty::one_leader_per_epoch));
  // Today server 1 has nothing to write: it waits for a voter.
  const Told today = tell(with_an_observer, "today", servers(3, 1), scope, spec::zookeeper_epoch_rules());
  EXPECT_EQ(today.impossible, "write 1");
  EXPECT_TRUE(shows(today, EpochProperty::leader_established));
}

// By weights: one group of 1, 2 and the observer 3, each of weight 1. Of its three, one is not more than half.
TEST(EpochStories, AnObserverCountsByItsWeight) {
  std::vector<model::Member> members;
  for (int i = 1; i <= 3; ++i) {
    const auto role = i == 3 ? model::LearnerType::observer : model::LearnerType::participant;
    members.push_back(model::Member{model::ServerId{i}, role, model::Weight{1}, 1});
  }
  const auto configuration = model::Configuration::make(model::QuorumKind::hierarchical, members);
  ASSERT_EQ(configuration.error(), model::ConfigurationError::none);
  spec::EpochScope scope{1, 0, 0};
  scope.observers = true;
  const std::string story = "lead 1\nfollow 3 1\ndeliver 1 3\nwrite 1\n";
  EXPECT_EQ(tell(story, "old", configuration, scope, *spec::find_seeded_epoch_bug("zk-2959")).impossible, "");
  EXPECT_EQ(tell(story, "today", configuration, scope, spec::zookeeper_epoch_rules()).impossible, "write 1");
  // Elsewhere than in those phases it counts for nothing.
  EXPECT_EQ(tell(story, "old", configuration, scope, *spec::find_seeded_epoch_bug("zk-1294")).impossible, "write 1");
}

}  // namespace
}  // namespace conclave::tests
