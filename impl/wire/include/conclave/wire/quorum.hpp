// The quorum port's packets, as bytes: QuorumPacket, and what Leader, LearnerHandler and Learner put into it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

#include "conclave/model/epoch_state.hpp"
#include "conclave/wire/bytes.hpp"

namespace conclave::wire {

// Leader's constants; the rest are of the broadcast.
enum class PacketType : std::int32_t {
  ack = 3,
  ping = 5,
  new_leader = 10,
  follower_info = 11,
  up_to_date = 12,
  diff = 13,
  trunc = 14,
  snap = 15,
  observer_info = 16,
  leader_info = 17,
  ack_epoch = 18
};
inline constexpr std::int32_t packet_type_max = 19;

// Of the data of a packet and of each part of a snapshot: whatever jute.maxbuffer an ensemble may have. What is not
// looked at is passed over, and none of it is held.
inline constexpr std::int32_t quorum_data_bytes_max = std::numeric_limits<std::int32_t>::max();
inline constexpr std::int32_t auth_infos_max = 64;
inline constexpr std::int32_t learner_protocol = 0x10000;

// What comes in on the quorum port and is not taken; the connection is closed.
enum class QuorumReject : std::uint8_t {
  data_length,    // of the data, of a string, or of a list
  unknown_type,   // none of Leader's
  short_data,     // the data is too short for the type
  bad_snapshot,   // it does not end with its signature
  unknown_sid,    // it speaks before it has said who it is, says it twice, or says that it is this server
  learner_limit,  // too many connections
  silent,         // for longer than the limit
  unread,         // it does not read what it is sent
  has_data,       // a learner whose transactions this leader does not have
  tls_handshake,  // TLS could not be agreed on, or the certificate is not good
  far_epoch,      // a learner that has accepted an epoch far beyond this leader's, or a negative one
  count_          // how many there are
};
inline constexpr std::size_t quorum_rejects_count = static_cast<std::size_t>(QuorumReject::count_);

[[nodiscard]] std::string_view name_of(QuorumReject reason);      // for counters: words with dashes
[[nodiscard]] std::string_view sentence_of(QuorumReject reason);  // for people

// So much of a packet's data is kept as is looked at: FOLLOWERINFO has the most, 20 bytes.
inline constexpr std::size_t kept_data_bytes_max = 64;

struct QuorumPacket {
  std::int32_t type = 0;
  std::int64_t zxid = 0;
  std::optional<Bytes> data;  // read: the first kept_data_bytes_max of it

  friend bool operator==(const QuorumPacket&, const QuorumPacket&) = default;
};
[[nodiscard]] Bytes encode(const QuorumPacket& packet);

// The packets of model/ as `sid` sends them. `config_text` goes with NEWLEADER. A history is announced as DIFF: what
// there is none of need not be sent.
[[nodiscard]] Bytes encode_packet(const model::Packet& packet, model::ServerId sid, std::string_view config_text);

// The other way. Nothing: a packet of the broadcast, which says nothing about epochs. `history`: what DIFF, TRUNC and
// SNAP are read as bringing from there to the leader's.
struct DecodedPacket {
  std::optional<model::Packet> packet;
  std::optional<model::ServerId> sid;  // FOLLOWERINFO and OBSERVERINFO
};
[[nodiscard]] tl::expected<DecodedPacket, QuorumReject> decode_packet(const QuorumPacket& packet,
                                                                      model::Zxid history);

// Takes packets in whatever parts they come, and passes over the snapshot that follows SNAP. It holds no more of what
// has come than kept_data_bytes_max, however long data, lists and snapshot are. Not thread-safe. After a reject
// it must not be fed again.
class QuorumDecoder {
 public:
  // Calls take(QuorumPacket) for each that is complete; SNAP once its snapshot is over. Where it returns false the rest
  // is thrown away.
  template <class Take>
  [[nodiscard]] std::optional<QuorumReject> feed(ByteView bytes, const Take& take) {
    for (;;) {
      const auto ready = next(bytes);
      if (!ready) return ready.error();
      if (!*ready) return std::nullopt;
      const QuorumPacket packet = std::exchange(packet_, QuorumPacket{});
      if (!take(packet)) return std::nullopt;
    }
  }

  [[nodiscard]] std::size_t held_bytes() const { return held_.capacity(); }

 private:
  // What the bytes are of that are collected now. Of the packet: its type, zxid and the length of its data; the data;
  // the length of its authinfo; the lengths of their texts; nothing. Of the snapshot: numbers of sessions, of access
  // control lists; the key of one and its length; of one of its rights, and the length of its scheme; the length of
  // its id; the length of a node's path; the path, if it may be "/"; the length of the node's data; the signature's.
  enum class Part : std::uint8_t {
    head,
    data,
    infos,
    info,
    end,
    sessions,
    acls,
    acl,
    right,
    right_id,
    path_length,
    path,
    node,
    signature_length,
    signature
  };
  // Passes over so many bytes, and then collects so many.
  void go_on(Part part, std::uint64_t skipped, std::size_t collected);
  // Is packet_ ready? Takes from the front of `bytes` what it needs.
  tl::expected<bool, QuorumReject> next(ByteView& bytes);
  tl::expected<bool, QuorumReject> over();  // the part is: on to the next
  tl::expected<bool, QuorumReject> over_in_snapshot();
  tl::expected<bool, QuorumReject> after_infos(std::uint64_t skipped);
  tl::expected<bool, QuorumReject> next_acl(std::uint64_t skipped);
  tl::expected<bool, QuorumReject> next_right(std::uint64_t skipped);

  Part part_ = Part::head;
  std::uint64_t skip_ = 0;
  std::size_t collect_ = head_bytes;
  Bytes held_;  // of what is collected
  std::int64_t data_length_ = 0;
  std::int64_t left_ = 0;  // texts of the authinfo; access control lists
  std::int64_t rights_ = 0;
  QuorumPacket packet_;

  static constexpr std::size_t head_bytes = 16;
};

}  // namespace conclave::wire
