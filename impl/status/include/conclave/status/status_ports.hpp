// What a node shows to the outside, put together: its client port, and pages where they are wanted.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "conclave/config/zoo_cfg.hpp"
#include "conclave/model/types.hpp"
#include "conclave/node/node_status.hpp"
#include "conclave/status/client_port.hpp"
#include "conclave/status/http_port.hpp"
#include "conclave/wire/handshake.hpp"

namespace conclave::status {

struct StatusSettings {
  model::ServerId sid{0};
  config::ZooCfg cfg;
  std::vector<wire::HostPort> http;  // besides those of the configuration
};

// Single-threaded: calls have to come from the thread that runs the io_context.
class StatusPorts {
 public:
  using Source = std::function<node::NodeStatus()>;  // asked for each answer

  // What `source` looks at must outlive the ports.
  StatusPorts(boost::asio::io_context& io, StatusSettings settings, Source source);
  ~StatusPorts();
  StatusPorts(const StatusPorts&) = delete;
  StatusPorts& operator=(const StatusPorts&) = delete;

  // Binds whatever is asked for. The error says which address and why.
  [[nodiscard]] tl::expected<void, std::string> listen();
  void stop();
  [[nodiscard]] Shown shown() const;
  [[nodiscard]] const ClientPort& client_port() const { return *client_; }
  [[nodiscard]] const HttpPort& http_port() const { return *http_; }

 private:
  StatusSettings settings_;
  Source source_;
  std::shared_ptr<ClientPort> client_;
  std::shared_ptr<HttpPort> http_;
};

}  // namespace conclave::status
