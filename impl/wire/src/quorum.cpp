#include "conclave/wire/quorum.hpp"

#include <string>
#include <utility>

namespace conclave::wire {
namespace {

constexpr std::int64_t epoch_shift = 32;
constexpr std::string_view signature_text = "BenWasHere";
constexpr std::size_t session_bytes = 12;                   // id, time-out
constexpr std::size_t node_tail_bytes = 8 + 6 * 8 + 3 * 4;  // acl, and StatPersisted

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

// Reads jute's records; gives up where bytes are missing.
class Jute {
 public:
  explicit Jute(ByteView bytes) : reader_(bytes), all_(bytes.size()) {}

  template <class Integer>
  bool read(Integer& value) {
    const auto taken = reader_.take<Integer>();
    if (!taken) return missing();
    value = *taken;
    return true;
  }
  bool skip(std::size_t count) {
    if (reader_.rest().size() < count) return missing();
    reader_ = Reader(reader_.rest().subspan(count));
    return true;
  }
  // A buffer or a string. -1 is null.
  bool read(std::optional<ByteView>& value) {
    std::int32_t length = 0;
    if (!read(length)) return false;
    value.reset();
    if (length == -1) return true;
    if (length < 0 || length > quorum_data_bytes_max) return wrong();
    const ByteView rest = reader_.rest();
    if (rest.size() < static_cast<std::size_t>(length)) return missing();
    value = rest.first(static_cast<std::size_t>(length));
    return skip(static_cast<std::size_t>(length));
  }
  bool skip_buffer() {
    std::optional<ByteView> ignored;
    return read(ignored);
  }
  // The length of a list.
  bool read_count(std::int32_t& count, std::int32_t most) {
    if (!read(count)) return false;
    return count >= -1 && count <= most ? true : wrong();
  }
  [[nodiscard]] std::size_t taken() const { return all_ - reader_.rest().size(); }
  [[nodiscard]] bool is_wrong() const { return wrong_; }

 private:
  static bool missing() { return false; }
  bool wrong() {
    wrong_ = true;
    return false;
  }
  Reader reader_;
  std::size_t all_;
  bool wrong_ = false;
};

tl::expected<bool, QuorumReject> incomplete(const Jute& jute) {
  if (jute.is_wrong()) return tl::unexpected(QuorumReject::data_length);
  return false;
}

}  // namespace

std::string_view name_of(QuorumReject reason) {
  switch (reason) {
    case QuorumReject::data_length: return "data-length";
    case QuorumReject::unknown_type: return "unknown-type";
    case QuorumReject::short_data: return "short-data";
    case QuorumReject::bad_snapshot: return "bad-snapshot";
    case QuorumReject::unknown_sid: return "unknown-sid";
    case QuorumReject::learner_limit: return "learner-limit";
    case QuorumReject::silent: return "silent";
    case QuorumReject::unread: return "unread";
    case QuorumReject::has_data: return "has-data";
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
    case QuorumReject::learner_limit: return "too many connections";
    case QuorumReject::silent: return "nothing has come for longer than the limit";
    case QuorumReject::unread: return "what is sent is not read";
    case QuorumReject::has_data: return "the learner has data, which this node can't lead";
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
    case PacketType::snap: return DecodedPacket{model::Synchronise{history, history}, {}};
    case PacketType::new_leader: return DecodedPacket{model::NewLeader{epoch}, {}};
    case PacketType::ack: return DecodedPacket{model::EpochAck{epoch}, {}};
    case PacketType::up_to_date: return DecodedPacket{model::UpToDate{}, {}};
    case PacketType::ping: return DecodedPacket{model::Ping{}, {}};
  }
  return DecodedPacket{};
}

void QuorumDecoder::drop(std::size_t count) {
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(count));
}

tl::expected<bool, QuorumReject> QuorumDecoder::next(QuorumPacket& packet) {
  while (part_ != Part::packet) {
    const auto gone_on = skip();
    if (!gone_on) return gone_on;
    if (!*gone_on) return false;
    if (part_ != Part::packet) continue;
    packet = std::move(snap_);
    return true;
  }
  Jute jute(bytes_);
  std::optional<ByteView> data;
  std::int32_t infos = 0;
  bool whole =
      jute.read(packet.type) && jute.read(packet.zxid) && jute.read(data) && jute.read_count(infos, auth_infos_max);
  for (; whole && infos > 0; --infos) whole = jute.skip_buffer() && jute.skip_buffer();
  if (!whole) return incomplete(jute);
  packet.data.reset();
  if (data) packet.data = Bytes(data->begin(), data->end());
  drop(jute.taken());
  if (packet.type != number(PacketType::snap)) return true;
  snap_ = packet;
  part_ = Part::sessions;
  left_ = -1;
  return next(packet);
}

// SerializeUtils.serializeSnapshot: sessions, access control lists, nodes up to the path "/", and a signature.
tl::expected<bool, QuorumReject> QuorumDecoder::skip() {
  Jute jute(bytes_);
  switch (part_) {
    case Part::sessions:
    case Part::acls: {
      if (left_ < 0) {
        if (!jute.read(left_)) return incomplete(jute);
        if (left_ < 0) return tl::unexpected(QuorumReject::data_length);
      } else if (left_ == 0) {
        part_ = part_ == Part::sessions ? Part::acls : Part::path;
        left_ = -1;
      } else if (part_ == Part::sessions) {
        if (!jute.skip(session_bytes)) return incomplete(jute);
        --left_;
      } else {
        std::int64_t key = 0;
        std::int32_t rights = 0;
        bool whole = jute.read(key) && jute.read_count(rights, quorum_data_bytes_max);
        for (; whole && rights > 0; --rights) whole = jute.skip(4) && jute.skip_buffer() && jute.skip_buffer();
        if (!whole) return incomplete(jute);
        --left_;
      }
      break;
    }
    case Part::path: {
      std::optional<ByteView> path;
      if (!jute.read(path)) return incomplete(jute);
      if (path && as_text(*path) == "/") {
        part_ = Part::signature;
      } else if (!jute.skip_buffer() || !jute.skip(node_tail_bytes)) {
        return incomplete(jute);
      }
      break;
    }
    case Part::signature: {
      std::optional<ByteView> signature;
      if (!jute.read(signature)) return incomplete(jute);
      if (!signature || as_text(*signature) != signature_text) return tl::unexpected(QuorumReject::bad_snapshot);
      part_ = Part::packet;
      break;
    }
    case Part::packet: break;
  }
  drop(jute.taken());
  return true;
}

}  // namespace conclave::wire
