// The election looks at the order of ids, epochs and zxids, and at nothing else about them.
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cstdint>
#include <type_traits>
#include <variant>
#include <vector>

#include "check.hpp"
#include "checkers.hpp"
#include "conclave/model/coarse.hpp"
#include "conclave/model/election.hpp"
#include "conclave/testing/situation.hpp"
#include "renaming.hpp"

namespace conclave::testing {
namespace {

using namespace model;

// From the old 28-byte notification the epoch is read out of the zxid's upper half: there the two can't be renamed
// apart, and no renaming of zxids keeps all the halves. Such a message keeps them.
bool epoch_from_zxid(const Event& event) {
  const auto* received = std::get_if<Received>(&event);
  return received != nullptr && received->message.format == MessageFormat::without_epoch;
}

bool extreme_rounds(const Situation& now) {
  bool extreme = false;
  const auto look = [&extreme](auto& number) {
    constexpr std::int64_t far = std::int64_t{1} << 40;
    const bool round = std::is_same_v<decltype(number), Round&>;
    extreme = extreme || (round && (number.value > far || number.value < -far));
  };
  Situation copy = now;
  Numbers(look).in(copy);
  return extreme;
}

// `restarts`: a server that restarts begins with round 0, whatever the others count, so its rounds stay.
Renaming pick_renaming(const Situation& now, bool restarts) {
  const Renaming::Choice choice = *rc::gen::exec([&] {
    Renaming::Choice made;
    const auto most = gen::between<std::int64_t>(1, 12);
    for (int i = 0; i < 6; ++i) {
      const bool huge = gen::chance(10);
      made.gaps.push_back(gen::between<std::int64_t>(1, most) << (huge ? 40 : 0));
    }
    const auto shift = gen::between<std::int64_t>(0, 2000);
    if (!restarts && !extreme_rounds(now)) made.shift = shift - 1000;
    made.epochs_and_zxids = !epoch_from_zxid(now.event);
    return made;
  });
  RC_CLASSIFY(choice.shift != 0, "rounds shifted");
  RC_CLASSIFY(!choice.epochs_and_zxids, "28 bytes");
  return Renaming(now, choice);
}

void same(const Transition& renamed_after, const Transition& after_renamed) {
  RC_ASSERT(renamed_after.peer == after_renamed.peer);
  RC_ASSERT(renamed_after.effects == after_renamed.effects);
  RC_ASSERT(renamed_after.rules == after_renamed.rules);
}

TEST(Renaming, StepCommutesWithEveryOrderPreservingRenaming) {
  holds(20'000, [] {
    const auto now = *gen::any_situation();
    const Transition after = step(now.ensemble, now.peer, now.event);
    const Renaming rename = pick_renaming(now, after.rules.has(Rule::restart_for_newer_config));
    const Situation other = rename(now);
    same(rename(after), step(other.ensemble, other.peer, other.event));
  });
}

TEST(Renaming, ReactCommutesWithEveryOrderPreservingRenaming) {
  holds(20'000, [] {
    const auto now = *gen::any_situation();
    const Transition after = react(now.ensemble, now.peer, now.event);
    const Renaming rename = pick_renaming(now, after.rules.has(Rule::restart_for_newer_config));
    const Situation other = rename(now);
    same(rename(after), react(other.ensemble, other.peer, other.event));
  });
}

TEST(Renaming, KeepsTheSentinelsAndTheOrder) {
  holds(5'000, [](const Zxid& one, const Zxid& other, const PeerEpoch& epoch) {
    Situation now{single_configuration(Configuration::majority({}, {})), {}, Start{}};
    now.peer.durable = Durable{epoch, epoch, one};
    now.peer.proposal.zxid = other;
    const Renaming rename(now, {{*rc::gen::inRange<std::int64_t>(1, 100)}, 0, true});
    RC_ASSERT((one <=> other) == (rename(Proposal{epoch, one, {-1}}) <=> rename(Proposal{epoch, other, {-1}})));
    RC_ASSERT(rename(Proposal{{least}, unlogged, {least}}) == (Proposal{{least}, unlogged, {least}}));
  });
}

}  // namespace
}  // namespace conclave::testing
