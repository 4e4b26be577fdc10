#include "questions.hpp"

#include <boost/asio/connect.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <string_view>
#include <utility>

#include "conclave/node/lookup.hpp"
#include "conclave/wire/notification.hpp"

namespace conclave::status {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t srvr_bytes_max = std::size_t{16} << 10U;
constexpr const char* hung_up = "it hangs up";

}  // namespace

// --- the election port ----------------------------------------------------------------------------------------------

VoteQuestion::VoteQuestion(asio::io_context& loop, wire::HostPort address, std::vector<model::ServerId> ids,
                           std::size_t first_id, const model::Configuration& configuration, Over over)
    : address_(std::move(address)),
      ids_(std::move(ids)),
      id_(first_id),
      configuration_(configuration),
      over_(std::move(over)),
      socket_(loop) {}

void VoteQuestion::start(asio::io_context& loop) {
  node::look_up(loop, address_.host, address_.port,
                [self = shared_from_this()](error_code error, const Endpoints& endpoints) {
                  if (error) return self->end(error.message());
                  self->endpoints_ = endpoints;
                  self->connect();
                });
}

void VoteQuestion::connect() {
  asio::async_connect(socket_, endpoints_, [self = shared_from_this()](error_code error, const tcp::endpoint&) {
    if (error) return self->end(error.message());
    // The address is one that nobody calls back.
    self->out_ =
        encode(wire::Handshake{self->ids_[self->id_ % self->ids_.size()], {{"0.0.0.0", self->address_.port}}});
    self->ask();
  });
}

// As a looking observer asks, in a format without a configuration: nothing in it can change a server.
void VoteQuestion::ask() {
  const model::Proposal nobody{model::PeerEpoch{model::least}, model::Zxid{model::least}, model::no_server};
  const wire::Bytes frame = wire::encode_frame(wire::encode_notification_without_config(
      {model::no_server, {nobody, model::Round{0}, 1, model::ServerState::looking}}));
  out_.insert(out_.end(), frame.begin(), frame.end());
  asio::async_write(socket_, asio::buffer(out_.data(), out_.size()),
                    [self = shared_from_this()](error_code error, std::size_t) {
                      if (error) return self->again(error.message());
                      self->out_.clear();
                      self->read();
                    });
}

void VoteQuestion::read() {
  socket_.async_read_some(asio::buffer(buffer_), [self = shared_from_this()](error_code error, std::size_t count) {
    if (error) return self->again(hung_up);
    bool more = true;
    const auto wrong = self->decoder_.feed(wire::ByteView(self->buffer_.data(), count), [&](wire::ByteView body) {
      more = self->heard(body);
      return more;
    });
    if (!more) return;
    if (wrong) return self->end(std::string(sentence_of(*wrong)));
    if (self->answers_ == 0 || self->asked_again_) return self->read();
    self->asked_again_ = true;
    self->ask();
  });
}

// False: that was all.
bool VoteQuestion::heard(wire::ByteView body) {
  // What came before the second question went out may all be old.
  ++answers_;
  if (!asked_again_) return true;
  const wire::DecodedNotification decoded = wire::decode_notification(model::no_server, body);
  if (decoded.reject) {
    end(std::string(sentence_of(*decoded.reject)));
    return false;
  }
  const model::Message& message = decoded.message;
  VoteAnswer answer;
  answer.vote = model::Vote{{message.peer_epoch, message.zxid, message.leader},
                            message.round,
                            message.version,
                            static_cast<model::ServerState>(message.state_code)};
  if (decoded.config_text) {
    const auto cfg = wire::parse_config_text(*decoded.config_text);
    answer.same_members = cfg && cfg->configuration.members() == configuration_.members();
  }
  error_code ignored;
  socket_.close(ignored);
  over_(answer);
  return false;
}

// Somebody else may ask with the same id at the same time, and have taken this one's place.
void VoteQuestion::again(const std::string& error) {
  if (++attempts_ >= attempts_max) return end(error);
  ++id_;
  answers_ = 0;
  asked_again_ = false;
  decoder_ = {};
  error_code ignored;
  socket_.close(ignored);
  connect();
}

// --- the client port ------------------------------------------------------------------------------------------------

ServingQuestion::ServingQuestion(asio::io_context& loop, wire::HostPort address, Over over)
    : address_(std::move(address)), over_(std::move(over)), socket_(loop) {}

void ServingQuestion::start(asio::io_context& loop) {
  node::look_up(loop, address_.host, address_.port,
                [self = shared_from_this()](error_code error, const Endpoints& endpoints) {
                  if (error) return self->over_(std::nullopt, error.message());
                  self->endpoints_ = endpoints;
                  self->connect();
                });
}

void ServingQuestion::connect() {
  asio::async_connect(socket_, endpoints_, [self = shared_from_this()](error_code error, const tcp::endpoint&) {
    if (error) return self->over_(std::nullopt, error.message());
    self->ask();
  });
}

void ServingQuestion::ask() {
  constexpr std::string_view word = "srvr";
  asio::async_write(socket_, asio::buffer(word.data(), word.size()),
                    [self = shared_from_this()](error_code error, std::size_t) {
                      if (error) return self->over_(std::nullopt, error.message());
                      self->read();
                    });
}

void ServingQuestion::read() {
  asio::async_read(socket_, asio::dynamic_buffer(answer_, srvr_bytes_max),
                   [self = shared_from_this()](error_code, std::size_t) {
                     error_code ignored;
                     self->socket_.close(ignored);
                     auto answer = parse_srvr(self->answer_);
                     if (answer) return self->over_(answer, "");
                     self->over_(std::nullopt, self->answer_.empty() ? hung_up : "no answer to srvr");
                   });
}

}  // namespace conclave::status
