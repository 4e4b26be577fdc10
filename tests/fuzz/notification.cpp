// Any bytes after the handshake on a connection to the election port: frames, the same however they are split; each a
// notification, which the election takes from a voter and from a stranger, looking and settled.
#include "conclave/wire/notification.hpp"

#include <optional>
#include <vector>

#include "conclave/model/coarse.hpp"
#include "conclave/wire/frame.hpp"
#include "fuzz.hpp"

namespace {

using namespace conclave;
using fuzzing::check;

struct Frames {
  std::vector<wire::Bytes> bodies;
  std::optional<wire::Reject> reject;

  friend bool operator==(const Frames&, const Frames&) = default;
};

Frames frames_of(wire::ByteView bytes, fuzzing::Split split) {
  wire::FrameDecoder decoder;
  Frames frames;
  fuzzing::feed_in_parts(bytes, split, [&](wire::ByteView part) {
    frames.reject = decoder.feed(part, [&](wire::ByteView body) {
      frames.bodies.emplace_back(body.begin(), body.end());
      return true;
    });
    return !frames.reject;
  });
  return frames;
}

model::Ensemble ensemble_of(bool reconfig) {
  const auto cfg = config::parse_zoo_cfg("server.1=a:1:2\nserver.2=b:1:2\nserver.3=c:1:2\nversion=1", "zoo.cfg", {});
  model::Ensemble ensemble = model::single_configuration(cfg->configuration);
  ensemble.reconfig_enabled = reconfig;
  return ensemble;
}

// A server in the middle of it all.
class Server {
 public:
  explicit Server(bool reconfig) : ensemble_(ensemble_of(reconfig)) {
    peer_ = model::make_peer(ensemble_, model::ServerId{1}, {});
    take(model::Start{});
  }
  void take(const model::Event& event) {
    peer_ = model::react(ensemble_, peer_, event).peer;
    while (model::in_election(peer_) && !peer_.received.empty()) {
      peer_ = model::react(ensemble_, peer_, model::Process{}).peer;
    }
  }
  // As the node does it.
  void receive(model::ServerId from, wire::ByteView body) {
    wire::DecodedNotification decoded = wire::decode_notification(from, body);
    if (decoded.config_text) look_at(*decoded.config_text, decoded.message);
    take(model::Received{decoded.message});
    if (model::in_election(peer_)) take(model::Silence{});
    if (state_of(peer_) == model::ServerState::looking) return;
    take(model::Received{decoded.message});
    take(model::RoleEnded{});
    take(model::Start{});
  }

 private:
  void look_at(std::string_view text, model::Message& message) {
    const auto cfg = wire::parse_config_text(text);
    message.config_text = cfg ? model::ConfigText::parsed : model::ConfigText::unparseable;
    if (!cfg || ensemble_.configurations.full()) return;
    message.config = static_cast<model::ConfigIndex>(ensemble_.configurations.size());
    ensemble_.configurations.push_back(cfg->configuration);
  }

  model::Ensemble ensemble_;
  model::Peer peer_;
};

void written_and_read(wire::ByteView body) {
  const wire::DecodedNotification decoded = wire::decode_notification(model::ServerId{2}, body);
  const model::Message& message = decoded.message;
  const bool today = !decoded.reject && decoded.config_text && message.version == model::notification_version;
  if (!today) return;
  const model::Vote vote{{message.peer_epoch, message.zxid, message.leader},
                         message.round,
                         message.version,
                         static_cast<model::ServerState>(message.state_code)};
  const wire::Bytes again = wire::encode_notification({message.from, vote}, *decoded.config_text);
  check(again.size() <= body.size(), "nothing is added");  // what is behind the configuration is not read
  check(std::equal(again.begin(), again.end(), body.begin()), "a notification is the same once it is written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::ByteView bytes = fuzzing::view_of(data, size);
  const Frames whole = frames_of(bytes, fuzzing::Split::whole);
  for (const fuzzing::Split split : fuzzing::splits) {
    check(frames_of(bytes, split) == whole, "a split makes no difference");
  }
  if (whole.bodies.empty()) return 0;
  Server fixed(false);
  Server changing(true);
  std::int64_t from = 2;
  for (const wire::Bytes& body : whole.bodies) {
    written_and_read(body);
    for (Server* server : {&fixed, &changing}) server->receive(model::ServerId{from}, body);
    from = from == 4 ? 2 : from + 1;  // 2 and 3 vote, 4 is a stranger
  }
  return 0;
}
