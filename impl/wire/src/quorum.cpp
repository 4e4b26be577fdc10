#include "conclave/wire/quorum.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace conclave::wire {
namespace {

constexpr std::int64_t epoch_shift = 32;
constexpr std::string_view signature_text = "BenWasHere";
constexpr std::size_t session_bytes = 12;                   // id, time-out
constexpr std::size_t node_tail_bytes = 8 + 6 * 8 + 3 * 4;  // acl, and StatPersisted
constexpr std::size_t length_bytes = 4;
constexpr std::size_t acl_head_bytes = 8 + length_bytes;    // key, and how many rights
constexpr std::size_t right_head_bytes = 4 + length_bytes;  // permissions, and the length of the scheme
constexpr std::string_view last_path = "/";

std::int32_t number(PacketType type) { return static_cast<std::int32_t>(type); }
std::int64_t first_zxid(model::PeerEpoch epoch) { return first_zxid_of(epoch).value; }

QuorumPacket plain(PacketType type, std::int64_t zxid) { return QuorumPacket{number(type), zxid, std::nullopt}; }

struct Encoding {
  model::ServerId sid;
  std::string_view config_text;

  QuorumPacket operator()(const model::FollowerInfo& info) const {
    const bool participant = info.learner_type == model::LearnerType::participant;
    Bytes data;
    put(data, sid.value);
    put(data, learner_protocol);
    put(data, info.config_version.value);
    return {number(participant ? PacketType::follower_info : PacketType::observer_info),
            first_zxid(info.accepted_epoch), data};
  }
  QuorumPacket operator()(const model::LeaderInfo& info) const {
    Bytes data;
    put(data, learner_protocol);
    return {number(PacketType::leader_info), first_zxid(info.epoch), data};
  }
  QuorumPacket operator()(const model::AckEpoch& ack) const {
    Bytes data;
    put(data, ack.current_epoch ? static_cast<std::int32_t>(ack.current_epoch->value) : std::int32_t{-1});
    return {number(PacketType::ack_epoch), ack.last_zxid.value, data};
  }
  QuorumPacket operator()(const model::Synchronise& history) const {
    return plain(PacketType::diff, history.to.value);
  }
  QuorumPacket operator()(const model::NewLeader& leader) const {
    Bytes data;
    put(data, config_text);
    return {number(PacketType::new_leader), first_zxid(leader.epoch), data};
  }
  QuorumPacket operator()(const model::EpochAck& ack) const { return plain(PacketType::ack, first_zxid(ack.epoch)); }
  QuorumPacket operator()(const model::UpToDate&) const { return plain(PacketType::up_to_date, -1); }
  // Empty, not null: LearnerHandler reads the sessions in it without a look (NullPointerException).
  QuorumPacket operator()(const model::Ping&) const { return {number(PacketType::ping), 0, Bytes{}}; }
};

// Of a buffer, a text or a list; -1 is null.
tl::expected<std::int64_t, QuorumReject> length_of(ByteView bytes, std::int32_t most) {
  const auto length = integer_at_front<std::int32_t>(bytes);
  if (length < -1 || length > most) return tl::unexpected(QuorumReject::data_length);
  return length;
}

std::uint64_t bytes_of(std::int64_t length) { return static_cast<std::uint64_t>(std::max<std::int64_t>(length, 0)); }

}  // namespace

std::string_view name_of(QuorumReject reason) {
  switch (reason) {
    case QuorumReject::data_length: return "data-length";
    case QuorumReject::unknown_type: return "unknown-type";
    case QuorumReject::short_data: return "short-data";
    case QuorumReject::bad_snapshot: return "bad-snapshot";
    case QuorumReject::unknown_sid: return "unknown-sid";
    case QuorumReject::tls_handshake: return "tls-handshake";
    case QuorumReject::learner_limit: return "learner-limit";
    case QuorumReject::silent: return "silent";
    case QuorumReject::unread: return "unread";
    case QuorumReject::has_data: return "has-data";
    case QuorumReject::far_epoch: return "far-epoch";
    case QuorumReject::count_: break;
  }
  return "?";
}

std::string_view sentence_of(QuorumReject reason) {
  switch (reason) {
    case QuorumReject::data_length: return "a length is negative or beyond what is allowed";
    case QuorumReject::unknown_type: return "the packet is of no type that is known";
    case QuorumReject::short_data: return "the packet's data is too short for its type";
    case QuorumReject::bad_snapshot: return "the snapshot does not end with its signature";
    case QuorumReject::unknown_sid: return "it does not begin by saying which other server it is";
    case QuorumReject::tls_handshake: return "TLS could not be agreed on, or the certificate is not good";
    case QuorumReject::learner_limit: return "too many connections";
    case QuorumReject::silent: return "nothing has come for longer than the limit";
    case QuorumReject::unread: return "what is sent is not read";
    case QuorumReject::has_data: return "the learner has data, which this node can't lead";
    case QuorumReject::far_epoch: return "the learner says that it has accepted an epoch far beyond this server's";
    case QuorumReject::count_: break;
  }
  return "?";
}

Bytes encode(const QuorumPacket& packet) {
  Bytes bytes;
  put(bytes, packet.type);
  put(bytes, packet.zxid);
  put(bytes, packet.data ? static_cast<std::int32_t>(packet.data->size()) : std::int32_t{-1});
  if (packet.data) bytes.insert(bytes.end(), packet.data->begin(), packet.data->end());
  put(bytes, std::int32_t{-1});  // no authinfo
  return bytes;
}

Bytes encode_packet(const model::Packet& packet, model::ServerId sid, std::string_view config_text) {
  return encode(std::visit(Encoding{sid, config_text}, packet));
}

tl::expected<DecodedPacket, QuorumReject> decode_packet(const QuorumPacket& packet, model::Zxid history) {
  if (packet.type < 0 || packet.type > packet_type_max) return tl::unexpected(QuorumReject::unknown_type);
  const model::PeerEpoch epoch{packet.zxid >> epoch_shift};
  const Bytes none;
  Reader data(packet.data ? *packet.data : none);
  switch (static_cast<PacketType>(packet.type)) {
    case PacketType::follower_info:
    case PacketType::observer_info: {
      const bool participant = packet.type == number(PacketType::follower_info);
      const auto sid = data.take<std::int64_t>();
      const auto protocol = data.take<std::int32_t>();
      // Learners from before 3.4 say less, and establish no epochs.
      if (!sid || !protocol || *protocol < learner_protocol) return tl::unexpected(QuorumReject::short_data);
      const auto version = data.take<std::int64_t>();
      const auto type = participant ? model::LearnerType::participant : model::LearnerType::observer;
      return DecodedPacket{model::FollowerInfo{epoch, type, model::ConfigVersion{version.value_or(0)}},
                           model::ServerId{*sid}};
    }
    case PacketType::leader_info: return DecodedPacket{model::LeaderInfo{epoch}, {}};
    case PacketType::ack_epoch: {
      const auto current = data.take<std::int32_t>();
      if (!current) return tl::unexpected(QuorumReject::short_data);
      model::AckEpoch ack{std::nullopt, model::Zxid{packet.zxid}};
      if (*current != -1) ack.current_epoch = model::PeerEpoch{*current};
      return DecodedPacket{ack, {}};
    }
    case PacketType::diff:
    case PacketType::trunc:
    case PacketType::snap: return DecodedPacket{model::Synchronise{history, model::Zxid{packet.zxid}}, {}};
    case PacketType::new_leader: return DecodedPacket{model::NewLeader{epoch}, {}};
    case PacketType::ack: return DecodedPacket{model::EpochAck{epoch}, {}};
    case PacketType::up_to_date: return DecodedPacket{model::UpToDate{}, {}};
    case PacketType::ping: return DecodedPacket{model::Ping{}, {}};
  }
  return DecodedPacket{};
}

// --- the stream -----------------------------------------------------------------------------------------------------

void QuorumDecoder::go_on(Part part, std::uint64_t skipped, std::size_t collected) {
  part_ = part;
  skip_ = skipped;
  collect_ = collected;
  held_.clear();
}

tl::expected<bool, QuorumReject> QuorumDecoder::next(ByteView& bytes) {
  for (;;) {
    const auto passed = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
    skip_ -= passed;
    bytes = bytes.subspan(passed);
    const ByteView part = bytes.first(std::min(collect_ - held_.size(), bytes.size()));
    held_.insert(held_.end(), part.begin(), part.end());
    bytes = bytes.subspan(part.size());
    if (skip_ > 0 || held_.size() < collect_) return false;
    const auto ready = over();
    if (!ready || *ready) return ready;
  }
}

tl::expected<bool, QuorumReject> QuorumDecoder::over() {
  switch (part_) {
    case Part::head: {
      const ByteView head(held_);
      packet_.type = integer_at_front<std::int32_t>(head);
      packet_.zxid = integer_at_front<std::int64_t>(head.subspan(4));
      const auto length = length_of(head.subspan(12), quorum_data_bytes_max);
      if (!length) return tl::unexpected(length.error());
      data_length_ = *length;
      if (*length < 0) {
        go_on(Part::infos, 0, length_bytes);
      } else {
        go_on(Part::data, 0, std::min<std::size_t>(static_cast<std::size_t>(*length), kept_data_bytes_max));
      }
      return false;
    }
    case Part::data: {
      const std::size_t more = static_cast<std::size_t>(data_length_) - held_.size();
      packet_.data = held_;
      go_on(Part::infos, more, length_bytes);
      return false;
    }
    case Part::infos: {
      const auto count = length_of(held_, auth_infos_max);
      if (!count) return tl::unexpected(count.error());
      left_ = 2 * std::max<std::int64_t>(*count, 0);  // a scheme and an id each
      return after_infos(0);
    }
    case Part::info: {
      const auto length = length_of(held_, quorum_data_bytes_max);
      if (!length) return tl::unexpected(length.error());
      --left_;
      return after_infos(bytes_of(*length));
    }
    case Part::end:
      if (packet_.type == number(PacketType::snap)) {
        go_on(Part::sessions, 0, length_bytes);
        return false;
      }
      go_on(Part::head, 0, head_bytes);
      return true;
    default: return over_in_snapshot();
  }
}

tl::expected<bool, QuorumReject> QuorumDecoder::after_infos(std::uint64_t skipped) {
  if (left_ > 0) {
    go_on(Part::info, skipped, length_bytes);
  } else {
    go_on(Part::end, skipped, 0);
  }
  return false;
}

// SerializeUtils.serializeSnapshot: sessions, access control lists, nodes up to the path "/", and a signature.
tl::expected<bool, QuorumReject> QuorumDecoder::over_in_snapshot() {
  std::int64_t length = 0;
  if (part_ != Part::path && part_ != Part::signature) {
    const ByteView number = ByteView(held_).last(length_bytes);
    const auto read = length_of(number, quorum_data_bytes_max);
    if (!read) return tl::unexpected(read.error());
    length = *read;
  }
  switch (part_) {
    case Part::sessions:
      if (length < 0) return tl::unexpected(QuorumReject::data_length);
      go_on(Part::acls, static_cast<std::uint64_t>(length) * session_bytes, length_bytes);
      return false;
    case Part::acls:
      if (length < 0) return tl::unexpected(QuorumReject::data_length);
      left_ = length;
      return next_acl(0);
    case Part::acl: rights_ = length; return next_right(0);
    case Part::right: go_on(Part::right_id, bytes_of(length), length_bytes); return false;
    case Part::right_id: --rights_; return next_right(bytes_of(length));
    case Part::path_length:
      if (length == static_cast<std::int64_t>(last_path.size())) {
        go_on(Part::path, 0, last_path.size());
      } else {
        go_on(Part::node, bytes_of(length), length_bytes);
      }
      return false;
    case Part::path:
      go_on(as_text(held_) == last_path ? Part::signature_length : Part::node, 0, length_bytes);
      return false;
    case Part::node: go_on(Part::path_length, bytes_of(length) + node_tail_bytes, length_bytes); return false;
    case Part::signature_length:
      if (length != static_cast<std::int64_t>(signature_text.size()))
        return tl::unexpected(QuorumReject::bad_snapshot);
      go_on(Part::signature, 0, signature_text.size());
      return false;
    default:  // the signature
      if (as_text(held_) != signature_text) return tl::unexpected(QuorumReject::bad_snapshot);
      go_on(Part::head, 0, head_bytes);
      return true;
  }
}

tl::expected<bool, QuorumReject> QuorumDecoder::next_acl(std::uint64_t skipped) {
  if (left_ > 0) {
    --left_;
    go_on(Part::acl, skipped, acl_head_bytes);
  } else {
    go_on(Part::path_length, skipped, length_bytes);
  }
  return false;
}

tl::expected<bool, QuorumReject> QuorumDecoder::next_right(std::uint64_t skipped) {
  if (rights_ <= 0) return next_acl(skipped);
  go_on(Part::right, skipped, right_head_bytes);
  return false;
}

}  // namespace conclave::wire
