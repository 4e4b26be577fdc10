// The two questions that a server is asked from outside.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "conclave/model/configuration.hpp"
#include "conclave/model/types.hpp"
#include "conclave/model/vote.hpp"
#include "conclave/status/survey.hpp"
#include "conclave/wire/bytes.hpp"
#include "conclave/wire/frame.hpp"
#include "conclave/wire/handshake.hpp"

namespace conclave::status {

using Endpoints = boost::asio::ip::tcp::resolver::results_type;

struct VoteAnswer {
  std::optional<model::Vote> vote;
  bool same_members = true;
  std::string error;  // where there is no vote
};

// On one address of a server's election port: whom do you follow?
//
// A real server first says again what it last said to this id, which may be old, and only then answers. So a second
// question goes out with the first answer, and the second answer counts: whatever comes after the first is new.
class VoteQuestion : public std::enable_shared_from_this<VoteQuestion> {
 public:
  using Over = std::function<void(const VoteAnswer&)>;

  // Asks as ids[first_id], and as the next ones where that fails. The configuration is the one to compare with; it must
  // outlive the loop's run. The question keeps itself in the loop, and must not keep the loop.
  VoteQuestion(boost::asio::io_context& loop, wire::HostPort address, std::vector<model::ServerId> ids,
               std::size_t first_id, const model::Configuration& configuration, Over over);
  void start(boost::asio::io_context& loop);

 private:
  static constexpr int attempts_max = 3;

  void connect();
  void ask();
  void read();
  bool heard(wire::ByteView body);
  void again(const std::string& error);
  void end(const std::string& error) { over_({std::nullopt, true, error}); }

  wire::HostPort address_;
  std::vector<model::ServerId> ids_;
  std::size_t id_;
  const model::Configuration& configuration_;
  Over over_;
  boost::asio::ip::tcp::socket socket_;
  Endpoints endpoints_;
  wire::Bytes out_;
  std::array<std::byte, 4096> buffer_{};
  wire::FrameDecoder decoder_;
  int answers_ = 0;
  int attempts_ = 0;
  bool asked_again_ = false;
};

// On its client port: srvr.
class ServingQuestion : public std::enable_shared_from_this<ServingQuestion> {
 public:
  using Over = std::function<void(const std::optional<ServingAnswer>&, const std::string& error)>;

  ServingQuestion(boost::asio::io_context& loop, wire::HostPort address, Over over);
  void start(boost::asio::io_context& loop);

 private:
  void connect();
  void ask();
  void read();

  wire::HostPort address_;
  Over over_;
  boost::asio::ip::tcp::socket socket_;
  Endpoints endpoints_;
  std::string answer_;
};

}  // namespace conclave::status
