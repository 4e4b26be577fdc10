// Any bytes as the first ones on a connection to the election port: taken or not, the same however they are split; and
// what was understood is understood again once it is written.
#include "conclave/wire/handshake.hpp"

#include <optional>

#include "fuzz.hpp"

namespace {

using namespace conclave;
using fuzzing::check;

struct Outcome {
  std::optional<wire::Reject> reject;
  std::optional<wire::Handshake> handshake;
  std::size_t taken = 0;

  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome outcome_of(wire::ByteView bytes, fuzzing::Split split) {
  wire::HandshakeDecoder decoder;
  Outcome outcome;
  fuzzing::feed_in_parts(bytes, split, [&](wire::ByteView part) {
    const auto taken = decoder.feed(part);
    if (!taken) {
      outcome.reject = taken.error();
      return false;
    }
    check(*taken <= part.size(), "no more is taken than there is");
    check(*taken == part.size() || decoder.handshake(), "what is left over is left over by a whole handshake");
    outcome.taken += *taken;
    return !decoder.handshake();
  });
  outcome.handshake = decoder.handshake();
  return outcome;
}

void written_and_read(const wire::Handshake& handshake) {
  std::size_t length = 0;
  for (const wire::HostPort& address : handshake.addresses) length += to_text(address).size() + 1;
  if (handshake.addresses.empty() || length > static_cast<std::size_t>(wire::address_bytes_max)) return;
  const wire::Bytes bytes = encode(handshake);
  const Outcome again = outcome_of(bytes, fuzzing::Split::whole);
  check(again.handshake == handshake, "a handshake is the same once it is written and read");
  check(again.taken == bytes.size(), "all of it is taken");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const wire::ByteView bytes = fuzzing::view_of(data, size);
  const Outcome whole = outcome_of(bytes, fuzzing::Split::whole);
  for (const fuzzing::Split split : fuzzing::splits) {
    Outcome other = outcome_of(bytes, split);
    // Where it is rejected, how much had been taken before depends on the parts.
    if (whole.reject) other.taken = whole.taken;
    check(other == whole, "a split makes no difference");
  }
  if (whole.handshake) written_and_read(*whole.handshake);
  return 0;
}
