#include "conclave/wire/quorum.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "support.hpp"

namespace conclave::wire {
namespace {

using model::PeerEpoch;
using model::ServerId;
using model::Zxid;

std::vector<QuorumPacket> packets_of(const std::vector<ByteView>& parts) {
  QuorumDecoder decoder;
  std::vector<QuorumPacket> packets;
  for (const ByteView part : parts) {
    const auto wrong = decoder.feed(part, [&](const QuorumPacket& packet) {
      packets.push_back(packet);
      return true;
    });
    EXPECT_FALSE(wrong) << sentence_of(*wrong);
  }
  return packets;
}

std::optional<QuorumReject> reject_of(ByteView bytes) {
  QuorumDecoder decoder;
  return decoder.feed(bytes, [](const QuorumPacket&) { return true; });
}

// Type, zxid, data, no authinfo: as real servers send them.
const Bytes follower_info = from_hex(
    "0000000b 0000000500000000 00000014 0000000000000002 00010000 0000000000000000"
    "ffffffff");

TEST(Quorum, ByteForByte) {
  const auto text = [](const model::Packet& packet) { return encode_packet(packet, ServerId{2}, "cfg"); };
  EXPECT_EQ(text(model::FollowerInfo{PeerEpoch{5}, model::LearnerType::participant, {}}), follower_info);
  EXPECT_EQ(text(model::LeaderInfo{PeerEpoch{6}}), from_hex("00000011 0000000600000000 00000004 00010000 ffffffff"));
  EXPECT_EQ(text(model::AckEpoch{PeerEpoch{4}, Zxid{0x400000009}}),
            from_hex("00000012 0000000400000009 00000004 00000004 ffffffff"));
  EXPECT_EQ(text(model::AckEpoch{std::nullopt, Zxid{9}}),
            from_hex("00000012 0000000000000009 00000004 ffffffff ffffffff"));
  EXPECT_EQ(text(model::Synchronise{Zxid{9}, Zxid{9}}), from_hex("0000000d 0000000000000009 ffffffff ffffffff"));
  EXPECT_EQ(text(model::NewLeader{PeerEpoch{6}}),
            joined(from_hex("0000000a 0000000600000000 00000003"), "cfg\xff\xff\xff\xff"));
  EXPECT_EQ(text(model::EpochAck{PeerEpoch{6}}), from_hex("00000003 0000000600000000 ffffffff ffffffff"));
  EXPECT_EQ(text(model::Ping{}), from_hex("00000005 0000000000000000 00000000 ffffffff"));
  EXPECT_EQ(text(model::UpToDate{}), from_hex("0000000c ffffffffffffffff ffffffff ffffffff"));
}

TEST(Quorum, RoundTrip) {
  const model::Packet packets[] = {
      model::FollowerInfo{PeerEpoch{5}, model::LearnerType::participant, model::ConfigVersion{3}},
      model::FollowerInfo{PeerEpoch{5}, model::LearnerType::observer, model::ConfigVersion{0}},
      model::LeaderInfo{PeerEpoch{0xffffffff >> 1}},
      model::AckEpoch{PeerEpoch{4}, Zxid{7}},
      model::AckEpoch{std::nullopt, Zxid{7}},
      model::Synchronise{Zxid{7}, Zxid{7}},
      model::NewLeader{PeerEpoch{6}},
      model::EpochAck{PeerEpoch{6}},
      model::UpToDate{},
      model::Ping{}};
  for (const model::Packet& packet : packets) {
    const auto read = packets_of({encode_packet(packet, ServerId{2}, "cfg")});
    ASSERT_EQ(read.size(), 1U);
    const auto decoded = decode_packet(read[0], Zxid{7});
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->packet, packet);
    EXPECT_EQ(decoded->sid.has_value(), std::holds_alternative<model::FollowerInfo>(packet));
  }
}

// SNAP, two sessions, one list of rights, the root, /a, the end, and the signature.
Bytes snapshot() {
  Bytes bytes = from_hex(
      "0000000f 0000000100000002 ffffffff ffffffff"
      "00000002 000000000000000100001388 000000000000000200001388"
      "00000001 0000000000000001 00000001 0000001f 00000005");
  put(bytes, std::string_view("world"));
  put(bytes, std::int32_t{6});
  put(bytes, std::string_view("anyone"));
  for (const std::string_view path : {"", "/a"}) {
    put(bytes, static_cast<std::int32_t>(path.size()));
    put(bytes, path);
    put(bytes, std::int32_t{4});
    put(bytes, std::string_view("data"));
    bytes.insert(bytes.end(), 68, std::byte{7});
  }
  put(bytes, std::int32_t{1});
  put(bytes, std::string_view("/"));
  put(bytes, std::int32_t{10});
  put(bytes, std::string_view("BenWasHere"));
  return bytes;
}

TEST(Quorum, ASnapshotIsSkippedWhereverItIsSplit) {
  Bytes bytes = snapshot();
  bytes.insert(bytes.end(), follower_info.begin(), follower_info.end());
  const ByteView all(bytes);
  for (std::size_t split = 0; split <= bytes.size(); ++split) {
    const auto packets = packets_of({all.first(split), all.subspan(split)});
    ASSERT_EQ(packets.size(), 2U) << split;
    EXPECT_EQ(packets[0].type, 15);
    EXPECT_EQ(packets[1].type, 11);
  }
}

// A packet of 387 MiB, and one access control list with a hundred rights of 6 MiB: all of it is passed over, and so is
// what is longer than jute.maxbuffer usually lets it be.
TEST(Quorum, NothingIsHeldOfWhatIsNotLookedAt) {
  const Bytes part(std::size_t{3} << 20U, std::byte{'x'});
  QuorumDecoder decoder;
  int packets = 0;
  const auto feed = [&](ByteView bytes) {
    const auto wrong = decoder.feed(bytes, [&](const QuorumPacket& packet) {
      ++packets;
      EXPECT_LE(packet.data.value_or(Bytes{}).size(), kept_data_bytes_max);
      return true;
    });
    ASSERT_FALSE(wrong);
    ASSERT_LE(decoder.held_bytes(), 2 * kept_data_bytes_max);
  };
  const auto feed_text = [&] {
    feed(from_hex("00300000"));
    feed(part);
  };
  feed(from_hex("00000005 0000000000000000"));
  feed_text();
  feed(from_hex("00000040"));
  for (int i = 0; i < 2 * auth_infos_max; ++i) feed_text();
  EXPECT_EQ(packets, 1);
  feed(from_hex("0000000f 0000000000000000 ffffffff ffffffff 00000000 00000001 0000000000000001 00000064"));
  for (int i = 0; i < 100; ++i) {
    feed(from_hex("0000001f"));
    feed_text();
    feed_text();
  }
  feed(joined(joined(from_hex("00000001"), "/"), std::string_view("\0\0\0\x0a"
                                                                  "BenWasHere",
                                                                  14)));
  EXPECT_EQ(packets, 2);
}

TEST(Quorum, WrongLengthsAndTypes) {
  EXPECT_EQ(reject_of(from_hex("0000000b 0000000000000000 fffffffe")), QuorumReject::data_length);
  EXPECT_EQ(reject_of(from_hex("0000000b 0000000000000000 ffffffff 7fffffff")), QuorumReject::data_length);
  EXPECT_EQ(decode_packet(QuorumPacket{20, 0, {}}, Zxid{0}).error(), QuorumReject::unknown_type);
  EXPECT_EQ(decode_packet(QuorumPacket{-1, 0, {}}, Zxid{0}).error(), QuorumReject::unknown_type);
  EXPECT_EQ(decode_packet(QuorumPacket{11, 0, {}}, Zxid{0}).error(), QuorumReject::short_data);
  EXPECT_EQ(decode_packet(QuorumPacket{18, 0, from_hex("0000")}, Zxid{0}).error(), QuorumReject::short_data);
  EXPECT_FALSE(decode_packet(QuorumPacket{2, 0, {}}, Zxid{0})->packet);  // PROPOSAL
  Bytes unsigned_one = snapshot();
  unsigned_one.back() = std::byte{'x'};
  EXPECT_EQ(reject_of(unsigned_one), QuorumReject::bad_snapshot);
  unsigned_one[unsigned_one.size() - 4] = std::byte{0x80};  // no length, however much it looks like a negative one
  EXPECT_EQ(reject_of(unsigned_one), QuorumReject::bad_snapshot);
}

TEST(Quorum, StopsWhereItIsTold) {
  QuorumDecoder decoder;
  Bytes two = follower_info;
  two.insert(two.end(), follower_info.begin(), follower_info.end());
  int taken = 0;
  EXPECT_FALSE(decoder.feed(two, [&](const QuorumPacket&) { return ++taken == 0; }));
  EXPECT_EQ(taken, 1);
}

TEST(Quorum, TypesOfTheBroadcastSayNothing) {
  for (const std::int32_t type : {0, 1, 2, 4, 6, 19}) {
    const auto decoded = decode_packet(QuorumPacket{type, 0, {}}, Zxid{0});
    ASSERT_TRUE(decoded) << type;
    EXPECT_FALSE(decoded->packet) << type;
  }
}

TEST(Quorum, WhoLearnsSaysWhoItIsAndWhatItSpeaks) {
  const auto decode = [](std::string_view data) { return decode_packet({11, 0, from_hex(data)}, Zxid{0}); };
  for (const std::string_view data : {"00010000", "0000000000000002", "0000000000000002 0000ffff"}) {
    EXPECT_EQ(decode(data).error(), QuorumReject::short_data) << data;
  }
  const model::Packet expected = model::FollowerInfo{PeerEpoch{0}, model::LearnerType::participant, {0}};
  EXPECT_EQ(decode("0000000000000002 00010000")->packet, expected);  // its configuration is optional
  EXPECT_TRUE(decode("0000000000000002 00010001"));
}

TEST(Quorum, AHistoryComesFromTheLearnersOwn) {
  for (const std::int32_t type : {13, 14, 15}) {
    const model::Packet expected = model::Synchronise{Zxid{7}, Zxid{9}};
    EXPECT_EQ(decode_packet(QuorumPacket{type, 9, {}}, Zxid{7})->packet, expected);
  }
}

TEST(Quorum, NoDataIsNotEmptyData) {
  const auto data = [](const model::Packet& packet) {
    return packets_of({encode_packet(packet, ServerId{2}, "")}).at(0).data;
  };
  EXPECT_EQ(data(model::Ping{}), Bytes{});
  EXPECT_EQ(data(model::NewLeader{PeerEpoch{6}}), Bytes{});
  EXPECT_EQ(data(model::UpToDate{}), std::nullopt);
}

TEST(Quorum, AuthinfoIsPassedOverWhereverItIsSplit) {
  for (const std::string_view data : {"ffffffff", "00000000", "00000001 07"}) {
    Bytes bytes = from_hex("00000005 0000000000000000");
    const Bytes rest = from_hex(data);
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    // Two of them: a scheme and an id each, of which one is null.
    bytes = joined(joined(joined(bytes, as_text(from_hex("00000002 00000002"))), "xy"),
                   as_text(from_hex("00000001 07 ffffffff 00000003 010203")));
    bytes.insert(bytes.end(), follower_info.begin(), follower_info.end());
    for (std::size_t split = 0; split <= bytes.size(); ++split) {
      const ByteView all(bytes);
      const auto packets = packets_of({all.first(split), all.subspan(split)});
      ASSERT_EQ(packets.size(), 2U) << split;
      EXPECT_EQ(packets[0].data.has_value(), data != "ffffffff");
      EXPECT_EQ(encode(packets[1]), follower_info);
    }
  }
  EXPECT_EQ(reject_of(from_hex("00000005 0000000000000000 ffffffff 00000001 fffffffe")), QuorumReject::data_length);
}

// What follows SNAP: sessions, lists, and then paths.
std::optional<QuorumReject> reject_of_snapshot(std::string_view hex) {
  Bytes bytes = from_hex("0000000f 0000000100000002 ffffffff ffffffff");
  const Bytes rest = from_hex(hex);
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  return reject_of(bytes);
}

TEST(Quorum, WrongLengthsInASnapshot) {
  EXPECT_EQ(reject_of_snapshot("ffffffff"), QuorumReject::data_length);           // sessions
  EXPECT_EQ(reject_of_snapshot("7fffffff"), std::nullopt);                        // many are no fault
  EXPECT_EQ(reject_of_snapshot("00000000 ffffffff"), QuorumReject::data_length);  // access control lists
  EXPECT_EQ(reject_of_snapshot("00000000 7fffffff"), std::nullopt);
  EXPECT_EQ(reject_of_snapshot("00000000 00000001 0000000000000001 fffffffe"), QuorumReject::data_length);
  EXPECT_EQ(reject_of_snapshot("00000000 00000000 fffffffe"), QuorumReject::data_length);  // a path
  EXPECT_EQ(reject_of_snapshot("00000000 00000000 7fffffff"), std::nullopt);
  EXPECT_EQ(reject_of_snapshot("00000000 00000000 00000001 2f 00000009"), QuorumReject::bad_snapshot);
}

TEST(Quorum, APathOfOneCharacterIsNotTheEnd) {
  for (const std::string_view path : {"!", "a"}) {
    Bytes bytes = from_hex("0000000f 0000000100000002 ffffffff ffffffff 00000000 00000000 00000001");
    put(bytes, path);
    put(bytes, std::int32_t{0});
    bytes.insert(bytes.end(), 68, std::byte{7});
    bytes = joined(joined(joined(bytes, as_text(from_hex("00000001"))), "/"), as_text(from_hex("0000000a")));
    put(bytes, std::string_view("BenWasHere"));
    EXPECT_EQ(packets_of({bytes}).size(), 1U) << path;
  }
}

TEST(Quorum, NothingIsHeldOfANode) {
  QuorumDecoder decoder;
  Bytes bytes = from_hex("0000000f 0000000100000002 ffffffff ffffffff 00000000 00000000 00000000 00100000");
  bytes.insert(bytes.end(), 1U << 20U, std::byte{'x'});
  EXPECT_FALSE(decoder.feed(bytes, [](const QuorumPacket&) { return true; }));
  EXPECT_LE(decoder.held_bytes(), 2 * kept_data_bytes_max);
}

TEST(QuorumRejects, HaveANameAndASentenceEach) {
  std::set<std::string_view> names;
  std::set<std::string_view> sentences;
  for (std::size_t i = 0; i < quorum_rejects_count; ++i) {
    names.insert(name_of(static_cast<QuorumReject>(i)));
    sentences.insert(sentence_of(static_cast<QuorumReject>(i)));
  }
  EXPECT_EQ(names.size(), quorum_rejects_count);
  EXPECT_EQ(sentences.size(), quorum_rejects_count);
  EXPECT_EQ(names.count("?") + sentences.count("?"), 0U);
  for (const QuorumReject none : {QuorumReject::count_, static_cast<QuorumReject>(255)}) {
    EXPECT_EQ(name_of(none), "?");
    EXPECT_EQ(sentence_of(none), "?");
  }
}

RC_GTEST_PROP(QuorumProperty, AnyBytesAreTaken, (const std::vector<std::uint8_t>& noise)) {
  Bytes bytes = snapshot();
  bytes.insert(bytes.end(), follower_info.begin(), follower_info.end());
  for (const std::uint8_t value : noise) {
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = static_cast<std::byte>(value);
  }
  QuorumDecoder whole;
  QuorumDecoder split;
  int first = 0;
  int second = 0;
  const auto wrong = whole.feed(bytes, [&](const QuorumPacket& packet) {
    ++first;
    (void)decode_packet(packet, Zxid{0});
    return true;
  });
  const auto half = *rc::gen::inRange<std::size_t>(0, bytes.size());
  const auto count = [&](const QuorumPacket&) { return ++second > 0; };
  auto also = split.feed(ByteView(bytes).first(half), count);
  if (!also) also = split.feed(ByteView(bytes).subspan(half), count);
  RC_ASSERT(also == wrong);
  RC_ASSERT(first == second);
}

}  // namespace
}  // namespace conclave::wire
