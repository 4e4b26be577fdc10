// What the four-letter words and the pages are made from: everything at one moment, as values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/node/node_status.hpp"
#include "conclave/status/tcp_service.hpp"

namespace conclave::status {

// A connection to the client port, for `stat`.
struct ClientConnection {
  std::string address;  // "127.0.0.1:49540"
  bool answered = false;
  std::uint64_t received = 0;  // "packets", as ZooKeeper counts: a word is one
  std::uint64_t sent = 0;
};

// Why a connection to the client port ended without a four-letter word.
enum class ClientReject : std::uint8_t {
  session,  // a client wanted a session; there is no data here
  no_word,  // four bytes that are neither a word nor a possible length
  cut,      // closed inside its first four bytes
  count_
};
inline constexpr std::size_t client_rejects_count = static_cast<std::size_t>(ClientReject::count_);
[[nodiscard]] std::string_view name_of(ClientReject reason);

struct ClientPortStatus {
  std::uint64_t received = 0;                  // words, also those that are not in the whitelist
  std::uint64_t sent = 0;                      // answers
  std::map<std::string, std::uint64_t> words;  // by word, those that were answered
  std::uint64_t not_in_whitelist = 0;
  std::array<std::uint64_t, client_rejects_count> rejected{};
  TcpCounters tcp;
  std::vector<ClientConnection> connections;  // that are open
};

enum class HttpReject : std::uint8_t { malformed, header_too_large, body_too_large, cut, count_ };
inline constexpr std::size_t http_rejects_count = static_cast<std::size_t>(HttpReject::count_);
[[nodiscard]] std::string_view name_of(HttpReject reason);

struct HttpStatus {
  std::map<unsigned, std::uint64_t> answers;  // by status code
  std::array<std::uint64_t, http_rejects_count> rejected{};
  TcpCounters tcp;
};

// Of this process. What can't be read is 0.
struct ProcessFigures {
  double cpu_seconds = 0;
  double start_time_seconds = 0;  // since 1970
  std::uint64_t resident_bytes = 0;
  std::uint64_t virtual_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t descriptors_max = 0;
};
[[nodiscard]] ProcessFigures process_figures();

struct Shown {
  const config::ZooCfg& cfg;  // must outlive this
  node::NodeStatus node;
  ClientPortStatus client;
  HttpStatus http;
  ProcessFigures process;
};

// Seconds, as a floating point number.
[[nodiscard]] inline double seconds(node::Clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace conclave::status
