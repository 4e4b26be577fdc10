#include "conclave/node/quorum_port.hpp"

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <deque>
#include <optional>
#include <utility>

#include "conclave/node/close_on_exec.hpp"
#include "leader_call.hpp"
#include "learner_listener.hpp"
#include "log.hpp"

namespace conclave::node {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using model::EpochRole;
using model::ServerId;

constexpr std::size_t read_bytes = 4096;

const char* reason_text(model::EndReason reason) {
  switch (reason) {
    case model::EndReason::link_lost: return "the connection to the leader is lost";
    case model::EndReason::limit_over: return "what is waited for has not come in time";
    case model::EndReason::epoch_too_low: return "the leader's epoch is below the one accepted here";
    case model::EndReason::unexpected_packet: return "the leader has sent what is out of place";
    case model::EndReason::quorum_lost: return "not enough followers are connected";
    case model::EndReason::no_history: return "another server has data, and this one keeps none: it can't lead it";
  }
  return "?";
}

bool is_near(const model::Packet& packet, model::PeerEpoch own) {
  const auto* info = std::get_if<model::FollowerInfo>(&packet);
  if (info == nullptr) return true;
  const std::int64_t accepted = info->accepted_epoch.value;
  return accepted >= 0 && accepted - own.value <= epochs_ahead_max && accepted < epoch_last;
}

}  // namespace

struct QuorumPort::Link {
  Link(asio::io_context& io, std::shared_ptr<Connection> connected) : connection(std::move(connected)), silence(io) {}
  std::shared_ptr<Connection> connection;
  std::optional<ServerId> sid;  // a learner's only once it has said it
  asio::steady_timer silence;
  wire::QuorumDecoder decoder;
  std::array<std::byte, read_bytes> buffer{};
  std::deque<wire::Bytes> unsent;
  std::size_t unsent_bytes = 0;
  bool writing = false;
  bool sent_away = false;  // and soon to be closed
  bool closed = false;
};

std::shared_ptr<QuorumPort> QuorumPort::make(asio::io_context& io, const model::Ensemble& ensemble,
                                             QuorumSettings settings, EpochFiles& files, Callbacks callbacks) {
  return std::shared_ptr<QuorumPort>(new QuorumPort(io, ensemble, std::move(settings), files, std::move(callbacks)));
}

QuorumPort::QuorumPort(asio::io_context& io, const model::Ensemble& ensemble, QuorumSettings settings,
                       EpochFiles& files, Callbacks callbacks)
    : io_(io),
      ensemble_(ensemble),
      settings_(std::move(settings)),
      files_(files),
      callbacks_(std::move(callbacks)),
      limit_(io),
      tick_(io) {}

QuorumPort::~QuorumPort() { stop(); }

void QuorumPort::stop() {
  ++role_;
  end_reason_.reset();
  if (const auto listener = std::exchange(listener_, nullptr)) listener->stop();
  if (const auto call = std::exchange(call_, nullptr)) call->stop();
  limit_.cancel();
  tick_.cancel();
  const auto links = std::exchange(links_, {});
  for (const auto& link : links) close(link);
}

void QuorumPort::lead(const model::EpochPeer& peer, std::string config_text) {
  stop();
  peer_ = peer;
  config_text_ = std::move(config_text);
  arm_limit(settings_.init_limit);
  arm_tick();
  listen();
  take(model::Lead{});
}

void QuorumPort::follow(const model::EpochPeer& peer, const model::Follow& elected) {
  stop();
  peer_ = peer;
  leader_ = elected.leader;
  arm_limit(settings_.init_limit);
  take(elected);
}

// --- the model ------------------------------------------------------------------------------------------------------

void QuorumPort::take(const model::EpochEvent& event) {
  const model::EpochTransition made = model::epoch_step(ensemble_, peer_, event);
  peer_ = made.peer;
  if (callbacks_.stepped) callbacks_.stepped(event, made);
  for (const model::EpochEffect& effect : made.effects) {
    if (!apply(effect)) return;
  }
}

// In order: what follows a write happens once the write is done. False: the role is over.
bool QuorumPort::apply(const model::EpochEffect& effect) {
  if (const auto* accepted = std::get_if<model::WriteAccepted>(&effect)) {
    files_.write_accepted(accepted->epoch);
  } else if (const auto* current = std::get_if<model::WriteCurrent>(&effect)) {
    files_.write_current(current->epoch);
  } else if (const auto* connecting = std::get_if<model::Connect>(&effect)) {
    connect(connecting->info);
  } else if (const auto* sending = std::get_if<model::SendPacket>(&effect)) {
    if (const auto link = link_of(sending->to)) send(link, sending->packet);
  } else if (const auto* ended = std::get_if<model::Disconnect>(&effect)) {
    log::seldom(seldom_, spdlog::level::warn, "server {} is sent away", ended->from.value);
    if (const auto link = link_of(ended->from)) send_away(link);
  } else if (const auto* established = std::get_if<model::Established>(&effect)) {
    if (peer_.role == EpochRole::leading) limit_.cancel();
    callbacks_.established(established->leader, established->epoch);
  } else if (const auto* over = std::get_if<model::RoleOver>(&effect)) {
    end(over->reason);
    return false;
  }
  return true;
}

void QuorumPort::end(model::EndReason why) {
  stop();
  end_reason_ = why;
  callbacks_.over(reason_text(why));
}

void QuorumPort::arm_limit(std::chrono::milliseconds limit) {
  limit_.expires_after(limit);
  limit_.async_wait([weak = weak_from_this(), role = role_](error_code error) {
    const auto self = weak.lock();
    if (error || !self || self->role_ != role) return;
    if (self->limit_.expiry() > std::chrono::steady_clock::now()) return;
    self->take(model::LimitOver{});
  });
}

// Leader.lead: twice a tick, pings each time. The look for a quorum is as frequent here.
void QuorumPort::arm_tick() {
  tick_.expires_after(settings_.tick_time / 2);
  tick_.async_wait([weak = weak_from_this(), role = role_](error_code error) {
    const auto self = weak.lock();
    if (error || !self || self->role_ != role) return;
    self->arm_tick();
    self->take(model::Tick{});
  });
}

// --- a leader's side ------------------------------------------------------------------------------------------------

tl::expected<void, std::string> QuorumPort::can_listen() const {
  return LearnerListener::can_listen(io_, settings_.addresses.at(settings_.own), settings_.listen_on_all_ips);
}

// Without the port nobody can follow: the limit is as good as over, as in ZooKeeper, whose leader does not come to be.
void QuorumPort::listen() {
  LearnerListener::Callbacks callbacks;
  callbacks.accepted = [weak = weak_from_this(), role = role_](Socket socket) {
    const auto self = weak.lock();
    if (self && self->role_ == role) self->accepted(std::move(socket));
  };
  callbacks.failed = [weak = weak_from_this(), role = role_](const std::string& why) {
    const auto self = weak.lock();
    if (!self || self->role_ != role) return;
    log::error("{}", why);
    self->take(model::LimitOver{});
  };
  listener_ = LearnerListener::make(io_, settings_.addresses.at(settings_.own), settings_.listen_on_all_ips,
                                    std::move(callbacks));
  listener_->listen();
}

void QuorumPort::accepted(Socket socket) {
  const std::uint64_t role = role_;
  make_room();
  if (role_ != role) return;
  const auto link = std::make_shared<Link>(io_, settings_.transport->answer(std::move(socket)));
  begin(link);
  link->connection->async_handshake([weak = weak_from_this(), link](const HandshakeOutcome& outcome) {
    const auto self = weak.lock();
    if (!self || link->closed) return;
    if (outcome.wrong.empty()) return self->read(link);
    log::debug("no TLS with a learner: {}", outcome.wrong);
    self->reject(link, wire::QuorumReject::tls_handshake);
  });
}

// For one more connection. The oldest goes first that has not said who it is, or else that is nobody of the
// configuration; a server that belongs to it has one connection, so there are not more of them than there is room for.
void QuorumPort::make_room() {
  if (links_.size() < learners_max) return;
  const model::Configuration& committed = ensemble_.configurations[peer_.committed];
  const auto oldest = [this](const auto& fits) {
    const auto place = std::find_if(links_.begin(), links_.end(), fits);
    return place == links_.end() ? nullptr : *place;
  };
  auto link = oldest([](const auto& one) { return !one->sid; });
  if (!link) link = oldest([&](const auto& one) { return committed.find(*one->sid) == nullptr; });
  if (!link) link = links_.front();
  reject(link, wire::QuorumReject::learner_limit);
}

// --- a learner's side -----------------------------------------------------------------------------------------------

// Who refuses does not lead any more.
void QuorumPort::connect(const model::FollowerInfo& info) {
  const auto addresses = settings_.addresses.find(leader_);
  if (addresses == settings_.addresses.end()) return;
  LeaderCall::Callbacks callbacks;
  callbacks.no_handshake = [weak = weak_from_this()](const std::string& why) {
    const auto self = weak.lock();
    if (!self) return;
    log::seldom(self->seldom_, spdlog::level::warn, "no connection to leader {}: {}", self->leader_.value, why);
  };
  callbacks.done = [weak = weak_from_this(), role = role_, info](const std::shared_ptr<Connection>& connection) {
    const auto self = weak.lock();
    if (!self || self->role_ != role) return;
    self->call_.reset();
    if (!connection) return self->take(model::LinkLost{self->leader_});
    const auto link = std::make_shared<Link>(self->io_, connection);
    link->sid = self->leader_;
    self->begin(link);
    self->read(link);
    self->send(link, model::Packet{info});
  };
  call_ = LeaderCall::make(io_, settings_.transport, addresses->second, std::move(callbacks));
  call_->begin();
}

// --- connections ----------------------------------------------------------------------------------------------------

void QuorumPort::begin(const std::shared_ptr<Link>& link) {
  close_on_exec(link->connection->socket());
  error_code ignored;
  link->connection->socket().set_option(tcp::no_delay(true), ignored);
  links_.push_back(link);
  ++counters_.opened;
  if (peer_.role == EpochRole::leading) watch(link);
}

void QuorumPort::read(const std::shared_ptr<Link>& link) {
  link->connection->async_read_some(
      asio::buffer(link->buffer), [weak = weak_from_this(), link](error_code error, std::size_t count) {
        const auto self = weak.lock();
        if (!self || link->closed || link->sent_away) return;
        if (error) return self->lose(link);
        const auto wrong =
            link->decoder.feed(wire::ByteView(link->buffer.data(), count),
                               [&](const wire::QuorumPacket& packet) { return self->heard(link, packet); });
        if (link->closed || link->sent_away) return;
        if (wrong) return self->reject(link, *wrong);
        self->read(link);
      });
}

// False: the connection is over.
bool QuorumPort::heard(const std::shared_ptr<Link>& link, const wire::QuorumPacket& packet) {
  ++counters_.received;
  const auto decoded = wire::decode_packet(packet, peer_.durable.last_zxid);
  if (!decoded) {
    reject(link, decoded.error());
    return false;
  }
  if (decoded->packet && !is_near(*decoded->packet, peer_.durable.accepted_epoch)) {
    reject(link, wire::QuorumReject::far_epoch);
    return false;
  }
  if (decoded->sid) {
    // A learner that has come back: its old connection is replaced, here as in the model.
    const bool allowed = peer_.role == EpochRole::leading && !link->sid && *decoded->sid != settings_.own;
    if (!allowed) {
      reject(link, wire::QuorumReject::unknown_sid);
      return false;
    }
    if (const auto old = link_of(*decoded->sid)) close(old);
    link->sid = decoded->sid;
  }
  if (!link->sid) {
    reject(link, wire::QuorumReject::unknown_sid);
    return false;
  }
  if (peer_.role == EpochRole::learning) {
    const bool acknowledged = peer_.learning.phase >= model::LearnPhase::acknowledged;
    if (acknowledged || packet.type == static_cast<std::int32_t>(wire::PacketType::new_leader)) {
      arm_limit(settings_.sync_limit);
    }
  }
  // What belongs to the broadcast is not stored, and so not acknowledged.
  if (decoded->packet) hand_on(link, *decoded->packet);
  if (link->closed || link->sent_away) return false;
  if (peer_.role == EpochRole::leading) watch(link);
  return true;
}

// Of an empty history, which is not the same as none: it stays empty, and nobody with another one can be led with it.
void QuorumPort::hand_on(const std::shared_ptr<Link>& link, model::Packet packet) {
  const model::Zxid own = peer_.durable.last_zxid;
  if (auto* history = std::get_if<model::Synchronise>(&packet); history != nullptr && keeps_history(peer_.durable)) {
    history->to = own;
  }
  const auto* ack = std::get_if<model::AckEpoch>(&packet);
  const bool leads = peer_.role == EpochRole::leading && ack != nullptr && keeps_history(peer_.durable);
  if (leads && ack->last_zxid != own && ack->last_zxid != model::no_history) {
    return reject(link, wire::QuorumReject::has_data);
  }
  take(model::PacketFrom{*link->sid, packet});
}

// A follower of ZooKeeper's looks again at once, and would come back dozens of times a second. Where this leader keeps
// no history, and can give it none ever, it is told so a tick later; until then nothing of what it says is heard.
void QuorumPort::send_away(const std::shared_ptr<Link>& link) {
  if (keeps_history(peer_.durable)) return close(link);
  link->sid.reset();
  link->sent_away = true;
  link->silence.expires_after(settings_.tick_time);
  link->silence.async_wait([weak = weak_from_this(), link](error_code error) {
    const auto self = weak.lock();
    if (!error && self && !link->closed) self->close(link);
  });
}

// A learner that is silent for too long is lost (LearnerHandler's socket time-out): initLimit until it has acknowledged
// NEWLEADER, syncLimit from then on.
void QuorumPort::watch(const std::shared_ptr<Link>& link) {
  const auto& learners = peer_.leading.learners;
  const auto learner = std::find_if(learners.begin(), learners.end(),
                                    [&link](const model::LearnerLink& one) { return one.sid == link->sid; });
  const bool settled = learner != learners.end() && learner->phase >= model::LearnerPhase::waiting_for_start;
  link->silence.expires_after(settled ? settings_.sync_limit : settings_.init_limit);
  link->silence.async_wait([weak = weak_from_this(), link](error_code error) {
    const auto self = weak.lock();
    if (error || !self || link->closed || link->silence.expiry() > std::chrono::steady_clock::now()) return;
    self->reject(link, wire::QuorumReject::silent);
  });
}

void QuorumPort::send(const std::shared_ptr<Link>& link, const model::Packet& packet) {
  link->unsent.push_back(wire::encode_packet(packet, settings_.own, config_text_));
  link->unsent_bytes += link->unsent.back().size();
  if (link->unsent_bytes > unsent_bytes_max) return reject_later(link, wire::QuorumReject::unread);
  pump(link);
}

void QuorumPort::pump(const std::shared_ptr<Link>& link) {
  if (link->closed || link->writing || link->unsent.empty()) return;
  link->writing = true;
  const wire::Bytes& front = link->unsent.front();
  link->connection->async_write(asio::buffer(front.data(), front.size()),
                                [weak = weak_from_this(), link](error_code error, std::size_t) {
                                  const auto self = weak.lock();
                                  if (!self || link->closed) return;
                                  if (error) return self->lose(link);
                                  ++self->counters_.sent;
                                  link->writing = false;
                                  link->unsent_bytes -= link->unsent.front().size();
                                  link->unsent.pop_front();
                                  self->pump(link);
                                });
}

void QuorumPort::reject(const std::shared_ptr<Link>& link, wire::QuorumReject why) {
  ++counters_.rejected[static_cast<std::size_t>(why)];
  log::seldom(seldom_, spdlog::level::warn, "a connection to the quorum port is closed: {}", sentence_of(why));
  lose(link);
}

// The effects of a step are still being applied, so the model can't be told yet.
void QuorumPort::reject_later(const std::shared_ptr<Link>& link, wire::QuorumReject why) {
  asio::post(io_, [weak = weak_from_this(), link, why] {
    const auto self = weak.lock();
    if (self && !link->closed) self->reject(link, why);
  });
}

// The other side is gone, or has to go: closes, and tells the model.
void QuorumPort::lose(const std::shared_ptr<Link>& link) {
  if (link->closed) return;
  const std::optional<ServerId> sid = link->sid;
  close(link);
  if (sid) take(model::LinkLost{*sid});
}

void QuorumPort::close(const std::shared_ptr<Link>& link) {
  link->closed = true;
  link->silence.cancel();
  link->connection->close();
  // Last, and by address: the reference may lie in the list.
  links_.remove_if([own = link.get()](const auto& one) { return one.get() == own; });
}

std::shared_ptr<QuorumPort::Link> QuorumPort::link_of(ServerId sid) {
  const auto place = std::find_if(links_.begin(), links_.end(), [sid](const auto& link) { return link->sid == sid; });
  return place == links_.end() ? nullptr : *place;
}

}  // namespace conclave::node
