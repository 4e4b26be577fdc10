// Any bytes on a connection to the quorum port: packets and snapshots, the same however they are split, and the same as
// a reader sees who has all of them at once; each taken by a leader and by a learner.
#include "conclave/wire/quorum.hpp"

#include <optional>
#include <vector>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/model/epoch.hpp"
#include "fuzz.hpp"

namespace {

using namespace conclave;
using fuzzing::check;
using wire::QuorumPacket;
using wire::QuorumReject;

struct Stream {
  std::vector<QuorumPacket> packets;
  std::optional<QuorumReject> reject;

  friend bool operator==(const Stream&, const Stream&) = default;
};

Stream stream_of(wire::ByteView bytes, fuzzing::Split split) {
  wire::QuorumDecoder decoder;
  Stream stream;
  fuzzing::feed_in_parts(bytes, split, [&](wire::ByteView part) {
    stream.reject = decoder.feed(part, [&](const QuorumPacket& packet) {
      stream.packets.push_back(packet);
      return true;
    });
    return !stream.reject;
  });
  return stream;
}

// The decoder's slow twin: reads along the grammar and gives up where the bytes end.
class Twin {
 public:
  explicit Twin(wire::ByteView bytes) : reader_(bytes) {}

  Stream read() {
    Stream stream;
    try {
      for (;;) stream.packets.push_back(packet());
    } catch (const End&) {
    } catch (const QuorumReject& reject) {
      stream.reject = reject;
    }
    return stream;
  }

 private:
  struct End {};

  template <class Integer>
  Integer number() {
    const auto value = reader_.take<Integer>();
    if (!value) throw End{};
    return *value;
  }
  std::int32_t length(std::int32_t most) {
    const auto value = number<std::int32_t>();
    if (value < -1 || value > most) throw QuorumReject::data_length;
    return value;
  }
  wire::ByteView bytes(std::size_t count) {
    const wire::ByteView rest = reader_.rest();
    if (rest.size() < count) throw End{};
    reader_ = wire::Reader(rest.subspan(count));
    return rest.first(count);
  }
  std::optional<wire::ByteView> buffer() {
    const std::int32_t size = length(wire::quorum_data_bytes_max);
    if (size < 0) return std::nullopt;
    return bytes(static_cast<std::size_t>(size));
  }
  std::int32_t list() {
    const auto count = number<std::int32_t>();
    if (count < 0) throw QuorumReject::data_length;
    return count;
  }

  QuorumPacket packet() {
    QuorumPacket packet;
    packet.type = number<std::int32_t>();
    packet.zxid = number<std::int64_t>();
    if (const auto data = buffer()) {
      const wire::ByteView kept = data->first(std::min(data->size(), wire::kept_data_bytes_max));
      packet.data = wire::Bytes(kept.begin(), kept.end());
    }
    const std::int32_t infos = length(wire::auth_infos_max);
    for (std::int32_t i = 0; i < infos; ++i) {
      buffer();
      buffer();
    }
    if (packet.type == static_cast<std::int32_t>(wire::PacketType::snap)) snapshot();
    return packet;
  }
  void snapshot() {
    const std::int32_t sessions = list();
    for (std::int32_t i = 0; i < sessions; ++i) bytes(8 + 4);  // id, time-out
    const std::int32_t acls = list();
    for (std::int32_t i = 0; i < acls; ++i) {
      bytes(8);
      const std::int32_t rights = length(wire::quorum_data_bytes_max);
      for (std::int32_t j = 0; j < rights; ++j) {
        bytes(4);
        buffer();
        buffer();
      }
    }
    for (;;) {
      const auto path = buffer();
      if (path && wire::as_text(*path) == "/") break;
      buffer();
      bytes(8 + 6 * 8 + 3 * 4);
    }
    const auto size = length(wire::quorum_data_bytes_max);
    if (size != 10 || wire::as_text(bytes(10)) != "BenWasHere") throw QuorumReject::bad_snapshot;
  }

  wire::Reader reader_;
};

// Its ensemble is never written: one for all inputs.
const model::Ensemble& ensemble() {
  static const model::Ensemble made = model::single_configuration(
      config::parse_zoo_cfg("server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\n", "zoo.cfg", {})->configuration);
  return made;
}

void written_and_read(const QuorumPacket& packet) {
  const Stream again = stream_of(encode(packet), fuzzing::Split::whole);
  const bool snapshot = packet.type == static_cast<std::int32_t>(wire::PacketType::snap);
  if (!snapshot) check(again.packets.size() == 1 && again.packets[0] == packet, "a packet is the same once written");
  const auto decoded = wire::decode_packet(packet, model::Zxid{7});
  if (!decoded || !decoded->packet) return;
  const model::ServerId sid = decoded->sid.value_or(model::ServerId{2});
  const Stream written = stream_of(wire::encode_packet(*decoded->packet, sid, "cfg"), fuzzing::Split::whole);
  check(written.packets.size() == 1, "what the model says is one packet");
  const auto twice = wire::decode_packet(written.packets[0], model::Zxid{7});
  check(twice && twice->packet == decoded->packet && twice->sid == decoded->sid, "and is read as what it was");
}

void play(const std::vector<QuorumPacket>& packets, const model::EpochEvent& beginning, model::ServerId first) {
  model::EpochPeer peer = model::make_epoch_peer(ensemble(), model::ServerId{3}, {});
  peer = model::epoch_step(ensemble(), peer, beginning).peer;
  model::ServerId from = first;
  for (const QuorumPacket& packet : packets) {
    const auto decoded = wire::decode_packet(packet, peer.durable.last_zxid);
    if (!decoded) return;
    if (decoded->sid) from = *decoded->sid;
    // No leader has a history of a later epoch than its own. Whoever says so all the same is believed, as in ZooKeeper,
    // which then refuses to start.
    const auto* history = decoded->packet ? std::get_if<model::Synchronise>(&*decoded->packet) : nullptr;
    if (history != nullptr && history->to.value >> 32 > peer.learning.epoch.value) return;
    if (decoded->packet) peer = model::epoch_step(ensemble(), peer, model::PacketFrom{from, *decoded->packet}).peer;
    check(model::check(peer.durable) == model::DurableError::none, "a server can start from what is written");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::ByteView bytes = fuzzing::view_of(data, size);
  const Stream twin = Twin(bytes).read();
  for (const fuzzing::Split split : fuzzing::splits) {
    check(stream_of(bytes, split) == twin, "a split makes no difference, nor does the way of reading");
  }
  for (const QuorumPacket& packet : twin.packets) written_and_read(packet);
  play(twin.packets, model::Lead{}, model::ServerId{2});
  play(twin.packets, model::Follow{model::ServerId{1}}, model::ServerId{1});
  return 0;
}
