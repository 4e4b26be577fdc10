// How a world is packed into words: exactly, so two worlds are equal if and only if their words are.
#include "conclave/spec/connection_system.hpp"

namespace conclave::spec {
namespace {

// Fields one after the other, from the lowest bit.
class Bits {
 public:
  explicit Bits(std::uint64_t& word) : word_(word) {}
  template <class Value>
  void put(Value value, int width) {
    word_ |= static_cast<std::uint64_t>(value) << used_;
    used_ += width;
  }
  template <class Value>
  void get(Value& value, int width) {
    value = static_cast<Value>(word_ >> used_ & ((std::uint64_t{1} << width) - 1));
    used_ += width;
  }

 private:
  std::uint64_t& word_;
  int used_ = 0;
};

// A link in nine bits: the combinations of its ends that there are, and four flags. Without a link all are zero.
constexpr int ends_bits = 5;
constexpr int link_bits = ends_bits + 4;
constexpr int end_values = 6;
static_assert(static_cast<int>(LinkEnd::hit) == end_values - 1);
constexpr unsigned number_of(const Link& link) {
  if (link.ends[larger] == LinkEnd::none) return 0;
  // The larger server's end is never in a backlog; the smaller one's is none where the link is astray.
  return 1 + (static_cast<unsigned>(link.ends[larger]) - 2) * end_values + static_cast<unsigned>(link.ends[smaller]);
}
constexpr void set_ends(Link& link, unsigned number) {
  if (number == 0) return;
  link.ends[larger] = static_cast<LinkEnd>((number - 1) / end_values + 2);
  link.ends[smaller] = static_cast<LinkEnd>((number - 1) % end_values);
  link.astray = link.ends[smaller] == LinkEnd::none;
}
static_assert((end_values - 2) * end_values < 1 << ends_bits);
constexpr int entry_bits = 3;
static_assert(links_max * link_bits + 2 * entry_bits <= 64 && links_max < 1 << entry_bits);
constexpr int calls_bits = 3;
static_assert(backlog_max < 1 << calls_bits);

}  // namespace

ConnectionSystem::State ConnectionSystem::pack(const ConnectionWorld& world) {
  State state{};
  Bits rest(state.words[link_pairs_max]);
  for (std::size_t i = 0; i < link_pairs_max; ++i) {
    Bits bits(state.words[i]);
    const LinkPair& pair = world.pairs[i];
    for (const Link& link : pair.links) {
      bits.put(number_of(link), ends_bits);
      for (const bool carries : link.carries) bits.put(carries, 1);
      for (const bool leaving : link.leaving) bits.put(leaving, 1);
    }
    for (const std::int8_t entry : pair.entry) bits.put(entry + 1, entry_bits);
    for (const auto& flags : {pair.queued, pair.last, pair.due}) {
      for (const bool flag : flags) rest.put(flag, 1);
    }
    for (const Call call : pair.call) rest.put(call, 2);
    rest.put(pair.again, 1);
    rest.put(pair.calls, calls_bits);
  }
  for (const bool up : world.up) rest.put(up, 1);
  for (const std::uint8_t servers : world.to_send) rest.put(servers, 3);
  rest.put(world.crashes, 4);
  rest.put(world.messages, 4);
  return state;
}

ConnectionWorld ConnectionSystem::unpack(const State& state) {
  ConnectionWorld world;
  State copy = state;
  Bits rest(copy.words[link_pairs_max]);
  for (std::size_t i = 0; i < link_pairs_max; ++i) {
    Bits bits(copy.words[i]);
    LinkPair& pair = world.pairs[i];
    for (Link& link : pair.links) {
      unsigned number = 0;
      bits.get(number, ends_bits);
      set_ends(link, number);
      for (bool& carries : link.carries) bits.get(carries, 1);
      for (bool& leaving : link.leaving) bits.get(leaving, 1);
    }
    for (std::int8_t& entry : pair.entry) {
      bits.get(entry, entry_bits);
      entry = static_cast<std::int8_t>(entry - 1);
    }
    for (auto* flags : {&pair.queued, &pair.last, &pair.due}) {
      for (bool& flag : *flags) rest.get(flag, 1);
    }
    for (Call& call : pair.call) rest.get(call, 2);
    rest.get(pair.again, 1);
    rest.get(pair.calls, calls_bits);
  }
  for (bool& up : world.up) rest.get(up, 1);
  for (std::uint8_t& servers : world.to_send) rest.get(servers, 3);
  rest.get(world.crashes, 4);
  rest.get(world.messages, 4);
  return world;
}

}  // namespace conclave::spec
