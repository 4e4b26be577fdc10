// Generators of the election's values, for rapidcheck.
//
//     #include "conclave/testing/generators.hpp"
//     rc::check([](const conclave::model::Proposal& proposal) { ... });
//
// rc::Arbitrary knows every value that makes sense by itself. What only makes sense together (the votes of servers of
// one configuration, a server and what happens to it) comes from the functions in namespace gen, here, in
// situation.hpp and in schedule.hpp. Each generated value is one that the model's own REQUIRES allow.
//
// Generated numbers are few and small on purpose: an election only compares them, and what matters is how often two
// are equal. The sentinels and the extremes of 64 bits come up too.
#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "conclave/model/configuration.hpp"
#include "conclave/model/event.hpp"
#include "conclave/model/peer.hpp"
#include "conclave/model/types.hpp"
#include "conclave/model/vote.hpp"
#include "conclave/testing/show.hpp"

namespace conclave::testing::gen {

// Which kinds of quorum a generator may choose.
struct Kinds {
  bool majority = true;
  bool hierarchical = true;
  bool oracle_majority = true;
};
inline constexpr Kinds any_kind{};
inline constexpr Kinds only_majority{true, false, false};
inline constexpr Kinds only_hierarchical{false, true, false};
inline constexpr Kinds without_oracle{true, true, false};

// True in `percent` of a hundred cases. Shrinks to false.
inline bool chance(int percent) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(0, 100)) >= 100 - percent;
}

// At least `from` and at most `to`, whatever rapidcheck's size is. Shrinks to `from`.
template <class Integer>
Integer between(Integer from, Integer to) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange<Integer>(from, static_cast<Integer>(to + 1)));
}

// One of the items; shrinks to the first.
template <class T>
T one_of(const std::vector<T>& items) {
  return items[between<std::size_t>(0, items.size() - 1)];
}

// 0, 1, 2 ... with the given weights. Shrinks to 0.
inline std::size_t weighted(const std::vector<int>& weights) {
  int sum = 0;
  for (const int weight : weights) sum += weight;
  int left = between(0, sum - 1);
  std::size_t index = 0;
  while (left >= weights[index]) left -= weights[index++];
  return index;
}

template <class Meaning>
rc::Gen<model::Number<Meaning>> number(std::int64_t from, std::int64_t to) {
  return rc::gen::map(rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::int64_t>(from, to + 1)),
                      [](std::int64_t value) { return model::Number<Meaning>{value}; });
}

// A vote for one of `leaders`, as servers of one ensemble utter them: epochs and zxids from a few, rounds near
// `round`.
inline model::Vote pick_vote(const std::vector<model::ServerId>& leaders, model::Round round) {
  constexpr std::int64_t zxids[] = {0, 1, 2, -1};
  const model::Proposal proposal{model::PeerEpoch{between<std::int64_t>(0, 2)},
                                 model::Zxid{zxids[weighted({4, 4, 3, 1})]}, one_of(leaders)};
  constexpr std::int64_t shifts[] = {0, 1, -1};
  const std::int64_t shift = shifts[weighted({6, 2, 2})];
  const auto state = static_cast<model::ServerState>(weighted({6, 2, 2, 1}));
  const auto version = static_cast<std::int32_t>(2 - weighted({4, 1, 1}));
  // Rounds are Java's longs; next to the largest there is none.
  const bool fits = round.value < std::numeric_limits<std::int64_t>::max() && round.value > model::least;
  return model::Vote{proposal, model::Round{fits ? round.value + shift : round.value}, version, state};
}

inline rc::Gen<model::Vote> vote(std::vector<model::ServerId> leaders, model::Round round) {
  return rc::gen::exec([=] { return pick_vote(leaders, round); });
}

// `common`, or a vote that differs from it a little, or another one: tables of such votes hold quorums often, and
// miss them narrowly as often.
inline model::Vote pick_similar(const model::Vote& common, const std::vector<model::ServerId>& leaders) {
  model::Vote made = common;
  switch (weighted({12, 1, 1, 1, 1, 1, 2})) {
    case 1: made.state = static_cast<model::ServerState>(weighted({1, 1, 1})); break;
    case 2: made.version = static_cast<std::int32_t>(between(0, 2)); break;
    case 3: made.proposal.epoch = model::PeerEpoch{between<std::int64_t>(0, 2)}; break;
    case 4: made.proposal.zxid = model::Zxid{between<std::int64_t>(0, 2)}; break;
    case 5: made.proposal.leader = one_of(leaders); break;
    case 6: made = pick_vote(leaders, common.round); break;
    default: break;
  }
  return made;
}

// The votes of some of `voters`, most of them alike.
inline rc::Gen<model::VoteTable> vote_table(std::vector<model::ServerId> voters, model::Vote common) {
  return rc::gen::exec([=] {
    model::VoteTable votes;
    for (const model::ServerId voter : voters) {
      if (chance(70)) votes.put(voter, pick_similar(common, voters));
    }
    return votes;
  });
}

// A server of a hierarchical configuration: groups 1 to 3, weights 0 to 3, zero often enough to matter.
inline model::Member pick_member(std::int64_t id, model::QuorumKind kind, int observer_percent) {
  model::Member member{model::ServerId{id}, model::LearnerType::participant, {}, {}};
  if (chance(observer_percent)) member.role = model::LearnerType::observer;
  if (kind != model::QuorumKind::hierarchical) return member;
  const bool participant = member.role == model::LearnerType::participant;
  if (participant || chance(30)) member.group = between<std::int64_t>(1, 3);
  constexpr std::int64_t weights[] = {1, 1, 2, 3, 0};
  const bool must = member.group && !participant;
  if (must || chance(80)) member.weight = model::Weight{weights[weighted({3, 2, 2, 2, 2})]};
  return member;
}

inline model::QuorumKind pick_kind(Kinds kinds) {
  std::vector<model::QuorumKind> all;
  if (kinds.majority) all.push_back(model::QuorumKind::majority);
  if (kinds.hierarchical) all.push_back(model::QuorumKind::hierarchical);
  if (kinds.oracle_majority) all.push_back(model::QuorumKind::oracle_majority);
  return one_of(all);
}

// What a configuration is made of.
struct Draft {
  model::QuorumKind kind;
  std::vector<model::Member> members;
  model::ConfigVersion version;
  std::uint64_t addresses;

  [[nodiscard]] model::Configuration make() const {
    return model::Configuration::make(kind, members, version, addresses);
  }
};

inline model::ConfigVersion pick_version() { return model::ConfigVersion{between<std::int64_t>(0, 3)}; }

inline Draft pick_draft(std::size_t servers_max, Kinds kinds) {
  Draft draft{pick_kind(kinds), {}, pick_version(), between<std::uint64_t>(0, 1)};
  const auto servers = between<std::size_t>(1, servers_max);
  for (std::size_t i = 1; i <= servers; ++i) {
    const bool last_hope = i == servers && draft.members.empty();
    if (last_hope || !chance(10)) {
      draft.members.push_back(pick_member(static_cast<std::int64_t>(i), draft.kind, 15));
    }
  }
  return draft;
}

// A valid configuration of some of the servers 1 ... servers_max, at least one, observers among them.
inline rc::Gen<model::Configuration> configuration(std::size_t servers_max, Kinds kinds = any_kind) {
  return rc::gen::exec([=] { return pick_draft(servers_max, kinds).make(); });
}

// One to configurations_max configurations that share servers, as a committed one and those proposed after it do.
inline rc::Gen<model::Ensemble> ensemble(std::size_t servers_max, Kinds kinds = any_kind,
                                         std::size_t configurations_max = 3) {
  return rc::gen::exec([=] {
    model::Ensemble made;
    const Draft first = pick_draft(servers_max, kinds);
    made.configurations.push_back(first.make());
    const std::size_t count = 1 + weighted({4, 3, 3}) % configurations_max;
    while (made.configurations.size() < count) {
      // The same members under another version are no news to an election.
      Draft draft = chance(25) ? first : pick_draft(servers_max, kinds);
      draft.version = pick_version();
      made.configurations.push_back(draft.make());
    }
    made.reconfig_enabled = chance(50);
    return made;
  });
}

// Every server that some configuration names, ascending.
inline std::vector<model::ServerId> servers_of(const model::Ensemble& ensemble) {
  std::vector<model::ServerId> servers;
  for (const model::Configuration& configuration : ensemble.configurations) {
    for (const model::Member& member : configuration.members()) servers.push_back(member.id);
  }
  std::sort(servers.begin(), servers.end());
  servers.erase(std::unique(servers.begin(), servers.end()), servers.end());
  return servers;
}

}  // namespace conclave::testing::gen

namespace rc {

// All of the strong numbers: ServerId, Zxid, PeerEpoch, Round, ConfigVersion, Weight.
template <class Meaning>
struct Arbitrary<conclave::model::Number<Meaning>> {
  static Gen<conclave::model::Number<Meaning>> arbitrary() {
    constexpr std::int64_t least = conclave::model::least;
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    return gen::map(
        gen::weightedOneOf<std::int64_t>({{12, gen::resize(kNominalSize, gen::inRange<std::int64_t>(0, 4))},
                                          {2, gen::element<std::int64_t>(-1, -2, least, least + 1, most, 1LL << 32)},
                                          {1, gen::arbitrary<std::int64_t>()}}),
        [](std::int64_t value) { return conclave::model::Number<Meaning>{value}; });
  }
};

template <>
struct Arbitrary<conclave::model::Proposal> {
  static Gen<conclave::model::Proposal> arbitrary() {
    using namespace conclave::model;
    return gen::apply(
        [](PeerEpoch epoch, Zxid zxid, ServerId leader) {
          return Proposal{epoch, zxid, leader};
        },
        gen::arbitrary<PeerEpoch>(), gen::arbitrary<Zxid>(), gen::arbitrary<ServerId>());
  }
};

template <>
struct Arbitrary<conclave::model::ServerState> {
  static Gen<conclave::model::ServerState> arbitrary() {
    using conclave::model::ServerState;
    return gen::element(ServerState::looking, ServerState::following, ServerState::leading, ServerState::observing);
  }
};

template <>
struct Arbitrary<conclave::model::Vote> {
  static Gen<conclave::model::Vote> arbitrary() {
    using namespace conclave::model;
    return gen::apply(
        [](const Proposal& proposal, Round round, std::int32_t version, ServerState state) {
          return Vote{proposal, round, version, state};
        },
        gen::arbitrary<Proposal>(), gen::arbitrary<Round>(), gen::element<std::int32_t>(0, 1, 2, -1),
        gen::arbitrary<ServerState>());
  }
};

template <>
struct Arbitrary<conclave::model::Notification> {
  static Gen<conclave::model::Notification> arbitrary() {
    using namespace conclave::model;
    return gen::apply(
        [](ServerId from, const Vote& vote) {
          return Notification{from, vote};
        },
        gen::arbitrary<ServerId>(), gen::arbitrary<Vote>());
  }
};

template <>
struct Arbitrary<conclave::model::Durable> {
  static Gen<conclave::model::Durable> arbitrary() {
    using namespace conclave::model;
    return gen::apply(
        [](PeerEpoch accepted, PeerEpoch current, Zxid zxid) {
          return Durable{accepted, current, zxid};
        },
        gen::arbitrary<PeerEpoch>(), gen::arbitrary<PeerEpoch>(), gen::arbitrary<Zxid>());
  }
};

template <>
struct Arbitrary<conclave::model::Configuration> {
  static Gen<conclave::model::Configuration> arbitrary() { return conclave::testing::gen::configuration(7); }
};

template <>
struct Arbitrary<conclave::model::Ensemble> {
  static Gen<conclave::model::Ensemble> arbitrary() { return conclave::testing::gen::ensemble(5); }
};

// Its configuration is 0, the one that every ensemble has.
template <>
struct Arbitrary<conclave::model::Message> {
  static Gen<conclave::model::Message> arbitrary() {
    using namespace conclave::model;
    return gen::exec([] {
      Message message;
      message.from = *gen::arbitrary<ServerId>();
      message.format = static_cast<MessageFormat>(3 - conclave::testing::gen::weighted({9, 1, 1, 1}));
      message.state_code = conclave::testing::gen::between(-1, server_states);
      message.leader = *gen::arbitrary<ServerId>();
      message.zxid = *gen::arbitrary<Zxid>();
      message.round = *gen::arbitrary<Round>();
      message.peer_epoch = *gen::arbitrary<PeerEpoch>();
      message.version = conclave::testing::gen::between(-1, 3);
      message.config_text = static_cast<ConfigText>(3 - conclave::testing::gen::weighted({6, 1, 1, 1}));
      return message;
    });
  }
};

template <>
struct Arbitrary<conclave::model::Event> {
  static Gen<conclave::model::Event> arbitrary() {
    using namespace conclave::model;
    return gen::oneOf(gen::just(Event{Start{}}),
                      gen::map(gen::arbitrary<Message>(), [](const Message& m) { return Event{Received{m}}; }),
                      gen::just(Event{Process{}}), gen::just(Event{Silence{}}),
                      gen::map(gen::arbitrary<bool>(), [](bool d) { return Event{NotificationTimeout{d}}; }),
                      gen::just(Event{VotePublished{}}), gen::just(Event{RoleEnded{}}),
                      gen::map(gen::arbitrary<PeerEpoch>(), [](PeerEpoch e) { return Event{EpochEstablished{e}}; }),
                      gen::apply(
                          [](bool n, bool g) {
                            return Event{OracleRead{Oracle{n, g}}};
                          },
                          gen::arbitrary<bool>(), gen::arbitrary<bool>()));
  }
};

}  // namespace rc
